"""A simulated car as the shell holds it: its battery and contactors, what its driver wants, its conversation.

Attached it shares a plant with a simulated charger, which moves it; detached it learns from what the charger reports, so that it can run
against any charger. No network here: `vehicle` brings the connection, `pair` one in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from iso15118.exi import Message
from iso15118.messages.v20.common import ChargeLoopRes
from iso15118.messages.v20.delivery import PowerDeliveryRes
from iso15118.messages.v20.rational import number
from iso15118.power import Setpoint, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.service.conversation import Conversation
from iso15118.service.evse import epoch
from iso15118.service.log import Log
from iso15118.service.parties import Scribe
from iso15118.service.seen import Watcher
from iso15118.session import evcc
from iso15118.session.commands import Command
from iso15118.session.events import Event
from iso15118.session.snapshot import EvccSnapshot
from iso15118.session.value_added import Selected
from iso15118.sim.battery import Battery
from iso15118.sim.onboard import OnBoardCharger
from iso15118.sim.vehicle import SimulatedVehicle, Trip
from iso15118.units import MICROSECONDS, Second, Watt
from iso15118.value import Value, replace

if TYPE_CHECKING:
    from iso15118.service.capture import Tap
    from iso15118.service.wallet import Wallet

Driver: TypeAlias = Conversation[Any, EvccSnapshot]
Step: TypeAlias = Callable[[Any, Event, EvccSnapshot], tuple[Any, Sequence[Command]]]


class Leg(NamedTuple):
    """A part of the plan of a Scheduled session: `power` W (+ into the vehicle) for `seconds` of the charge loop."""

    seconds: Second
    power: Watt


class CarConfig(Value, kw_only=True):
    """What the car is and wants."""

    name: str = "car"
    interface: str = "lo"
    session: evcc.Config = evcc.Config()
    wallet: Wallet | None = None
    """Its contracts and keys; None: it pays by other means."""
    battery: Callable[[], Battery] = Battery
    """Makes the battery: it is no value, each car needs its own."""
    onboard: Callable[[], OnBoardCharger] = OnBoardCharger
    """Makes the on-board charger."""
    trip: Trip = Trip()
    provide: Callable[[tuple[Selected, ...]], None] | None = None
    """Told which value-added services are in use from now on; at the end none."""
    plan: tuple[Leg, ...] = ()
    """What to ask for in Scheduled mode, one after the other, then stop; empty: to charge as fast as it goes, to the target."""


class Car:
    """One simulated car."""

    def __init__(
        self,
        config: CarConfig,
        *,
        detached: bool = True,
        step: Step = evcc.step,
        clock: Callable[[], int] = epoch,
        log: Log | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """`clock`: microseconds since the epoch, asked once. `step`: another one for tests."""
        self.config = config
        self.metal = SimulatedVehicle(config.battery(), config.trip, detached=detached, onboard=config.onboard())
        self.conversation: Driver | None = None
        self.loops = 0
        """Charge loops answered so far."""
        self._detached = detached
        self._step = step
        self._log = log or Log()
        self._loop = loop or asyncio.get_running_loop()
        self._clock_offset = clock() / MICROSECONDS - self._loop.time()
        self._loop_began: Second | None = None
        self._watchers: list[Watcher] = []
        self._ends = tuple(accumulate(leg.seconds for leg in config.plan))

    def snapshot(self) -> EvccSnapshot:
        """The car's world at this moment."""
        now, metal, trip = self._loop.time(), self.metal, self.config.trip
        reading, limits = metal.reading(now), metal.limits()
        onboard, power = metal.ac_abilities(limits), self._wanted(now)
        current = power / max(reading.battery_voltage.value, 1.0)
        current = max(min(current, limits.charge_current), -limits.discharge_current)
        return EvccSnapshot(
            now=now,
            clock=int((now + self._clock_offset) * MICROSECONDS),
            reading=reading,
            limits=limits,
            need=metal.wish(now, limits),
            target_current=current,
            target_voltage=limits.min_voltage if current < 0 else limits.max_voltage,
            onboard=onboard,
            target_power=max(min(power, onboard.limits.charge_power), -onboard.limits.discharge_power),
            soc=reading.soc.value,
            minimum_soc=trip.min_soc,
            target_soc=trip.target_soc,
            capacity=metal.battery.capacity,
            grid_event=int(metal.onboard.curbed),
            complete=self._complete(now, reading.soc.value),
        )

    @property
    def paused(self) -> evcc.Paused | None:
        """What the car keeps of a session that pauses: the next one joins it. None: no session pauses."""
        if self.conversation is None or self.conversation.session.phase is not Phase.ENDED:
            return None
        kept: evcc.Paused | None = self.conversation.session.paused
        return kept

    async def rest(self) -> None:
        """Wait out a pause, as long as it was planned."""
        if self.paused is not None and self.paused.wake is not None:
            await asyncio.sleep(max(0.0, self.paused.wake - self._loop.time()))

    def converse(self, *, scribe: Scribe | None = None, tap: Tap | None = None, session: evcc.Config | None = None) -> Driver:
        """A new conversation, to be given a connection; behind a pause it joins the session, and the plan has gone on.

        `session`: what it wants this time; None: as ever.
        """
        paused = self.paused
        self.loops, self._loop_began = 0, self._loop_began if paused else None
        self.conversation = Conversation(
            evcc.begin(self.wish(session), paused),
            self._step,
            snapshot=self.snapshot,
            perform=self._apply,
            safe=VehicleSetpoint(),
            provide=self.config.provide,
            consult=None if self.config.wallet is None else self.config.wallet.consulted,
            heard=self._heard,
            name=self.config.name,
            log=self._log,
            scribe=scribe,
            tap=tap,
            loop=self._loop,
        )
        for watcher in self._watchers:
            self.conversation.subscribe(watcher)
        return self.conversation

    def wish(self, session: evcc.Config | None = None) -> evcc.Config:
        """What is wanted of the next session: with the contracts that are in the wallet by then."""
        wanted, wallet = session or self.config.session, self.config.wallet
        return wanted if wallet is None else replace(wanted, plug_and_charge=wallet.wanted(wanted.plug_and_charge))

    def subscribe(self, watcher: Watcher) -> None:
        """`watcher` sees this car's conversations from the next one on."""
        self._watchers.append(watcher)

    def _apply(self, setpoint: Setpoint | VehicleSetpoint) -> None:
        if isinstance(setpoint, Setpoint):
            raise TypeError("a charger's set-point is not for a vehicle's metal")
        self.metal.apply(setpoint)

    def _heard(self, message: Message) -> None:
        """Count loops; a detached car takes the charger's word for what is at its inlet, before the session measures there."""
        if isinstance(message, ChargeLoopRes):
            self.loops += 1
            if self._loop_began is None:
                self._loop_began = self._loop.time()
        if not self._detached:
            return
        if self.metal.on_mains:
            if isinstance(message, PowerDeliveryRes) and not message.response_code.startswith("FAILED"):
                self.metal.connect(self._loop.time())
            return
        voltage = _said(message, "evse_present_voltage")
        if isinstance(message, PowerDeliveryRes) and not self.metal.conducting:
            # It reports no voltage; a charger that agrees to go on holds what it has pre-charged.
            voltage = self.metal.battery.open_circuit_voltage
        if voltage is not None:
            self.metal.observe(voltage, _said(message, "evse_present_current") or 0.0, self._loop.time())

    def _wanted(self, now: Second) -> Watt:
        """The power of the plan's present leg; without a plan as much as goes."""
        if not self.config.plan:
            return float("inf")
        passed = 0.0 if self._loop_began is None else now - self._loop_began
        leg = next((leg for leg, end in zip(self.config.plan, self._ends, strict=True) if passed < end), None)
        return 0.0 if leg is None else leg.power

    def _complete(self, now: Second, soc: float) -> bool:
        if self.config.plan:
            return self._loop_began is not None and now - self._loop_began >= self._ends[-1]
        return self.config.session.loops is None and soc >= self.config.trip.target_soc


def _said(message: Message, field: str) -> float | None:
    value = getattr(message, field, None)
    return None if value is None else number(value)
