"""A site for tests: real sessions at each outlet, all in virtual time, a meter at the connection, other loads, and a trace of metal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from iso15118.grid.meters import Lines
from iso15118.grid.prices import Prices
from iso15118.grid.series import Series
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.hal.board import AC_BOARD, Board
from iso15118.power import Command
from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import EPOCH, Pair, PairResult
from iso15118.service.seen import Noted, Seen
from iso15118.service.site import SiteController
from iso15118.service.site_outlet import StationOutlet
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, Pricing, ServiceID, Variants, service_of
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import Trip
from iso15118.units import MICROSECONDS
from iso15118.value import replace

DYNAMIC, SCHEDULED = ControlMode.DYNAMIC, ControlMode.SCHEDULED


def works(count: int, *, limit: float = 100e3, dc: bool = True, **words: Any) -> Site:
    """One connection with a meter."""
    evse = {"dc": dc, "charge": 50e3 if dc else 11_040.0, "discharge": 10e3, "most": 80.0 if dc else 16.0, **words}
    connection = Circuit(name="grid", import_limit=limit, metered=True)
    return Site(name="works", circuits=(connection,), evses=tuple(Evse(name=str(n), circuit="grid", **evse) for n in range(count)))


def car(
    mode: ControlMode, *, soc: float = 40.0, target: float = 80.0, hours: float = 4.0, capacity: float = 60e3, dc: bool = True, **wish: Any
) -> CarConfig:
    """A car that wants `target` percent in so many hours."""
    session = evcc.Config(control_modes=(mode,), services=services_of(dc), **wish)
    trip = Trip(departure=hours * 3600.0, target_soc=target, min_soc=min(20.0, soc))
    return CarConfig(session=session, trip=trip, battery=partial(Battery, capacity, soc))


def services_of(dc: bool) -> tuple[ServiceID, ...]:
    """Those of one kind of current."""
    return (ServiceID.DC_BPT, ServiceID.DC) if dc else (ServiceID.AC_BPT, ServiceID.AC)


class Hourly:
    """A market with a price for each hour of the day (UTC)."""

    def __init__(self, *prices: float, retail: float | None = None) -> None:
        self.hours, self.retail = prices, retail

    def prices(self, now: float) -> tuple[Prices, Series | None]:
        """From this quarter of an hour on."""
        start = now - now % 900.0
        values = tuple(self.hours[int((start + 900.0 * k) % 86_400.0 // 3600.0)] for k in range(144))
        told = None if self.retail is None else Series(start, 900.0, tuple(value + self.retail for value in values))
        return Prices(import_price=Series(start, 900.0, values), export_price=Series(start, 900.0, (0.05,) * 144)), told

    def at(self, moment: float) -> float:
        """Of a kWh."""
        return self.hours[int(moment % 86_400.0 // 3600.0)]


def outlet(name: str, *, dc: bool = True, pricing: Pricing = Pricing.NONE) -> EvseConfig:
    """An outlet of a simulated board."""
    offered = tuple(service_of(service, variants=Variants(pricing=(pricing,))) for service in services_of(dc))
    return EvseConfig(name=name, board=Board() if dc else AC_BOARD, session=secc.Config(services=offered))


class World:
    """A site that is led, and what happens in it."""

    def __init__(self, site: Site, cars: dict[str, CarConfig], *, pricing: Pricing = Pricing.NONE, pace: float = 1.0, **words: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.pace = pace
        self.other: Lines = (0.0, 0.0, 0.0)
        """A of other loads in L1, L2, L3."""
        self.meter = True
        """Is it plugged in?"""
        self.jump = 0.0
        """s by which the wall clock is wrong."""
        self.pairs = {
            name: Pair(
                outlet(name, dc=site.evse(name).dc, pricing=pricing),
                replace(config, name=f"car {name}", session=replace(config.session, evcc_id=f"CAR{name}")),
                period=0.05,
            )
            for name, config in cars.items()
        }
        self.notes: list[str] = []
        self.commanded: dict[str, float] = dict.fromkeys(cars, 0.0)
        """W that metal was last told, + into the car."""
        self.trace: list[tuple[float, float, float]] = []
        """Time, W that all metal was told, W of all budgets; ten times a second."""
        self.outlets: dict[str, StationOutlet] = {}
        for name, pair in self.pairs.items():
            self.outlets[name] = StationOutlet(pair.evse, begun=partial(self.begun, name), pace=pace)
            pair.evse.subscribe(self._saw)
            self._tap(name, pair)
        self.site = SiteController(site, self.outlets, clock=self.clock, pace=pace, **words)
        self._running: dict[str, asyncio.Task[PairResult]] = {}

    def clock(self) -> float:
        """The wall clock."""
        return EPOCH / MICROSECONDS + self.loop.time() * self.pace + self.jump

    def begun(self, name: str) -> None:
        self.site.begun(name)

    def _saw(self, seen: Seen) -> None:
        if isinstance(seen, Noted):
            self.notes.append(seen.text)

    def _tap(self, name: str, pair: Pair) -> None:
        told = pair.guard.command

        def command(command: Command, now: float) -> bool:
            setpoint = command.setpoint
            if setpoint.target is not None:
                self.commanded[name] = setpoint.target.active.total
            else:
                self.commanded[name] = setpoint.current * pair.actuator.reading.voltage.value
            return told(command, now)

        pair.guard.command = command  # type: ignore[method-assign]

    def _measure(self) -> None:
        if self.meter:
            looked = (outlet.look(self.site.site.evse(name)) for name, outlet in self.outlets.items())
            drawn = [seen.reading.currents for seen in looked if seen.reading]
            lines = [load + sum(currents[line] for currents in drawn) for line, load in enumerate(self.other)]
            self.site.measured("grid", (lines[0], lines[1], lines[2]))
        if self.site.budgets:
            budgets = sum(budget.charge for budget in self.site.budgets.values())
            self.trace.append((self.loop.time(), sum(max(0.0, power) for power in self.commanded.values()), budgets))

    def _metered(self) -> None:
        self._measure()
        self.loop.call_later(0.1, self._metered)

    def plug(self, *names: str) -> None:
        """These cars come (all if none is named)."""
        for name in names or tuple(self.pairs):
            pair = self.pairs[name]
            pair.outlet.plug(pair.car.metal)
            self._running[name] = self.loop.create_task(pair.session())

    def power(self, name: str) -> float:
        """W into the car by its meter."""
        return self.pairs[name].actuator.reading.power

    async def leave(self, *names: str) -> dict[str, PairResult]:
        """These sessions end (all if none is named), and their cables hang free."""
        leaving = names or tuple(self._running)
        for name in leaving:
            self.pairs[name].evse.stop("the driver leaves")
        results = {name: await self._running.pop(name) for name in leaving}
        for name in leaving:
            self.pairs[name].plug(None)
        await asyncio.sleep(2.5)
        return results


def live(make: Callable[[], World], story: Callable[[World], Awaitable[None]]) -> None:
    """The story in virtual time, with its world led from the start."""

    async def main() -> None:
        world = make()
        for pair in world.pairs.values():
            pair.plug(None)
            pair.actuator.start()
        world._metered()
        world.site.start()
        try:
            await story(world)
        finally:
            world.site.stop()
            for pair in world.pairs.values():
                pair.actuator.stop()
                pair.close()

    run(main())
