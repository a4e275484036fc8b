"""A car on the bench, and the one who drives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from iso15118.errors import LocalError
from iso15118.service.car import Car, CarConfig, Leg
from iso15118.service.car import Driver as Conversation
from iso15118.service.journal import Journal, at_inlet
from iso15118.service.misbehave import Wiring
from iso15118.service.seen import Ended
from iso15118.service.vehicle import Vehicle
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from iso15118.sim.battery import Battery
from iso15118.sim.misbehaviour import Misbehaviour
from iso15118.testing.charger import Charger
from iso15118.testing.side import PATIENCE, Side, members, wiring_of
from iso15118.units import Second, Watt
from iso15118.value import replace


class Driver(Side):
    """What a test holds of a car. It plugs in and connects when its block begins."""

    def __init__(self, charger: Charger, car: Car) -> None:
        super().__init__(Journal(lambda: at_inlet(car.snapshot().reading)))
        self.car = car
        self.charger = charger
        car.subscribe(self.saw)

    @property
    def conversation(self) -> Conversation:
        """Its present session, or its last one. Raises LocalError where it has not connected yet."""
        if self.car.conversation is None:
            raise LocalError("the car has not connected yet")
        return self.car.conversation

    @property
    def soc(self) -> float:
        """State of charge, percent."""
        return self.car.metal.battery.soc

    @property
    def power(self) -> Watt:
        """W at the inlet, + into the vehicle."""
        return at_inlet(self.car.snapshot().reading)[2]

    def stop(self, why: str = "the driver leaves") -> None:
        """End the session in order."""
        self.conversation.stop(why)

    def unplug(self) -> None:
        """Pull the plug, whatever flows: pilot A, and the connection is gone."""
        self.car.metal.plugged = False
        self.conversation.drop("unplugged")

    async def loops(self, number: int, within: Second = PATIENCE) -> None:
        """Wait for so many more exchanges of the charge loop."""
        before = self.car.loops
        await self.sees(lambda _: self.car.loops >= before + number, within)

    async def ended(self, within: Second = PATIENCE) -> Ended:
        """How its session ended. Raises TimeoutError."""
        async with asyncio.timeout(within):
            return await asyncio.shield(self.conversation.ended)


@asynccontextmanager
async def car(
    charger: Charger,
    *,
    services: Iterable[ServiceID | str] | None = None,
    control_modes: Iterable[ControlMode | str] | None = None,
    plan: Iterable[tuple[Second, Watt]] | None = None,
    soc: float | None = None,
    target_soc: float | None = None,
    departure: Second | None = None,
    misbehaviour: Misbehaviour | Sequence[Misbehaviour] | None = None,
    config: CarConfig | None = None,
    **session: Any,
) -> AsyncIterator[Driver]:
    """A car at `charger` for as long as the block lasts: plugged in and connected; at the end it is gone, if it is still there.

    `plan`: seconds and W (+ into the vehicle) for the Scheduled mode. What is None stands as `config` has it. `session`: other fields of
    `session.evcc.Config`. Raises LocalError for a wish that cannot be, TypeError for a field that is none.
    """
    config = config or CarConfig()
    trip = config.trip
    if services is not None:
        session["services"] = wanted = members(ServiceID, services)
        trip = replace(trip, bidirectional=not BIDIRECTIONAL.isdisjoint(wanted))
    if control_modes is not None:
        session["control_modes"] = members(ControlMode, control_modes)
    if target_soc is not None:
        trip = replace(trip, target_soc=target_soc)
    if departure is not None:
        trip = replace(trip, departure=departure)
    config = replace(
        config,
        session=replace(config.session, **session),
        trip=trip,
        plan=config.plan if plan is None else tuple(Leg(*leg) for leg in plan),
        battery=config.battery if soc is None else partial(Battery, soc=soc),
    )
    wiring = wiring_of(misbehaviour)
    async with _in_memory(charger, config, wiring) if charger.pair is not None else _on_loopback(charger, config, wiring) as driver:
        yield driver


@asynccontextmanager
async def _in_memory(charger: Charger, config: CarConfig, wiring: Wiring | None) -> AsyncIterator[Driver]:
    pair = charger.pair
    if pair is None:
        raise LocalError("this charger is reached by its port")
    pair.plug(config)
    pair.car_wiring = wiring
    driver = Driver(charger, pair.car)
    pair.connect()
    await asyncio.sleep(0)
    try:
        yield driver
    finally:
        await _leave(driver)
        pair.plug(None)


@asynccontextmanager
async def _on_loopback(charger: Charger, config: CarConfig, wiring: Wiring | None) -> AsyncIterator[Driver]:
    vehicle = Vehicle(config, sdp_port=charger.sdp_port, wiring=wiring, detached=False)
    driver = Driver(charger, vehicle.car)
    charger.outlet.plug(vehicle.car.metal)
    session = asyncio.create_task(vehicle.run())
    speaks = asyncio.create_task(driver.sees(lambda _: True))
    try:
        await asyncio.wait({session, speaks}, return_when=asyncio.FIRST_COMPLETED)
        if driver.car.conversation is None:
            await session  # why it has found no charger
        yield driver
    finally:
        await _leave(driver)
        charger.outlet.plug(None)
        session.cancel()
        speaks.cancel()
        await asyncio.gather(session, speaks, return_exceptions=True)


async def _leave(driver: Driver) -> None:
    """The session ends, here and at the charger, before the plug is pulled."""
    conversation = driver.car.conversation
    if conversation is None:
        return
    if not conversation.ended.done():
        conversation.drop("the car leaves")
        await conversation.ended
    if driver.charger.evse.busy:
        await driver.charger.ended()
    await driver.charger.rest()
