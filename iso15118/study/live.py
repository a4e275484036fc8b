"""A day of a scenario with real sessions: each car talks ISO 15118-20 with its outlet, and the site is led as in a station.

In one event loop of virtual time. A second of the sessions is `pace` seconds of the site: batteries and times to departure are so many
times smaller than the scenario's, powers are as they are. All outlets are of alternating current and three phases.
Neighbour: `run`, which simulates a scenario without sessions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from iso15118.grid.planning import Outlook
from iso15118.grid.prices import Demand, Prices
from iso15118.grid.series import Series
from iso15118.grid.site import VOLTAGE
from iso15118.hal.board import AC_BOARD
from iso15118.service import virtual
from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair
from iso15118.service.site import SiteController
from iso15118.service.site_outlet import Outlet, RemoteOutlet, StationOutlet
from iso15118.service.site_parties import Here
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, Pricing, ServiceID, Variants, service_of
from iso15118.sim.battery import Battery
from iso15118.sim.onboard import OnBoardCharger
from iso15118.sim.vehicle import Trip
from iso15118.study.record import Outcome, Record
from iso15118.study.scenarios import Scenario, Stay
from iso15118.units import HOUR, MICROSECONDS, Second, Watt, WattHour
from iso15118.value import replace

PACE: Final = 90.0
PERIOD: Final[Second] = 0.05
"""Between two turns of a guard: the slowest it allows, because nothing here takes harm."""
MARKUP: Final = 0.15
"""On a kWh, what drivers pay above the site's price."""
REPLAN: Final[Second] = 900.0
ENDLESS: Final = 1_000_000_000
"""Charge loops: cars stay until their drivers leave, for they may be asked to give back."""
ROUNDED: Final[WattHour] = 10.0
"""To which a car says its energies. Here it is `pace` times as much of the site's: half of that is asked for besides."""
AHEAD: Final[Second] = 0.02
"""Of each second of the site its meter is read."""


class Flow(NamedTuple):
    """At the connection, of other loads, and what the sun gives, W."""

    grid: Watt = 0.0
    load: Watt = 0.0
    sun: Watt = 0.0


class Seat:
    """An outlet with a car."""

    def __init__(self, live: Live, stay: Stay) -> None:
        self.stay, self._live = stay, live
        self.mode = live.mode(stay)
        gives, pace = stay.discharge > 0.0, live.pace
        service = ServiceID.AC_BPT if gives else ServiceID.AC
        variants = Variants(pricing=(Pricing.ABSOLUTE,) if self.mode is ControlMode.SCHEDULED else (Pricing.NONE,))
        session = secc.Config(services=(service_of(service, variants=variants),))
        empty = Battery(stay.capacity)
        began, target, floor = (percent(empty, energy) for energy in (stay.stored, stay.target + ROUNDED * pace / 2.0, stay.floor))
        trip = Trip(
            departure=(stay.declared - stay.arrival) / pace,
            target_soc=target,
            min_soc=floor,
            v2x_min_soc=floor if gives else None,
            v2x_max_soc=100.0 if gives else None,
            bidirectional=gives,
        )
        car = CarConfig(
            name=stay.user,
            session=evcc.Config(
                evcc_id=stay.user.upper().replace(" ", ""),
                services=(service,),
                control_modes=(self.mode,),
                schedule_choice=evcc.ScheduleChoice.CHEAPEST,
                loops=ENDLESS if self.mode is ControlMode.DYNAMIC else None,
            ),
            battery=partial(Battery, stay.capacity / pace, began),
            onboard=partial(OnBoardCharger, power=stay.charge, current=16.0, efficiency=stay.efficiency),
            trip=trip,
        )
        evse = EvseConfig(name=stay.evse, board=AC_BOARD, session=session)
        self.pair = Pair(evse, car, period=PERIOD, clock=live.stamp)

    @property
    def stored(self) -> float:
        """Wh in the battery, as the site's energies are."""
        return self.pair.car.metal.battery.stored * self._live.pace

    @property
    def power(self) -> Watt:
        """At the inlet, + into the car."""
        return self.pair.actuator.reading.power


def percent(battery: Battery, energy: WattHour) -> float:
    """The state of charge at which so much is stored: it counts charge, and a fuller battery has more energy in each percent."""
    low, high = 0.0, 100.0
    for _ in range(40):
        middle = (low + high) / 2.0
        low, high = (middle, high) if battery.stored_at(middle) < energy else (low, middle)
    return high


class Live:
    """One day. `seats` are the cars that are there, `record` what has been seen."""

    def __init__(self, told: Scenario, policy: str, *, pace: float = PACE, look: Callable[[Live], None] = lambda live: None) -> None:
        """`look` is called each second of the sessions. Within a running loop."""
        self.told, self.pace = told, pace
        self._look = look
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        outlets: dict[str, Outlet] = {evse.name: RemoteOutlet() for evse in told.site.evses}
        self.site = SiteController(
            told.site, outlets, name=policy, market=self, outlook=self._outlook, planner=Here(), clock=self.clock, pace=pace, replan=REPLAN
        )
        self.record = Record(told.start, told.step)
        self.seats: dict[str, Seat] = {}
        self.messages = 0
        """Of sessions that are over."""
        self.unclean: list[str] = []
        """Sessions that ended otherwise than their drivers wanted, and why."""
        self.renegotiated = 0
        self.flow = Flow()
        """In the last second."""
        self.highest: Watt = 0.0
        """At the connection, in any second."""
        self._peak: Watt = 0.0
        """The highest mean of a step so far."""
        self._sums: dict[str, float] = {}
        self._samples = 0
        for evse in told.site.evses:
            self.record.evses[evse.name], self.record.cars[evse.name] = [], []

    def clock(self) -> Second:
        """Of the site, since the epoch."""
        return self.told.start + (self._loop.time() - self._began) * self.pace

    def stamp(self) -> int:
        """Of the sessions, us since the epoch."""
        return int((self.told.start + self._loop.time() - self._began) * MICROSECONDS)

    def mode(self, stay: Stay) -> ControlMode:
        """Who gives back lets itself be led; of the others every second one keeps to its own profile, by price."""
        number = [evse.name for evse in self.told.site.evses].index(stay.evse)
        return ControlMode.SCHEDULED if stay.discharge <= 0.0 and number % 2 else ControlMode.DYNAMIC

    def prices(self, now: Second) -> tuple[Prices, Series]:
        """The scenario's, with the peak so far."""
        prices = self.told.prices
        demand: Demand | None = None if prices.demand is None else replace(prices.demand, peak=self._peak)
        retail = replace(prices.import_price, values=tuple(price + MARKUP for price in prices.import_price.values))
        return replace(prices, demand=demand), retail

    def _outlook(self, now: Second) -> Outlook:
        return Outlook(load=self.told.load_forecast, pv=self.told.pv_forecast)

    async def run(self) -> Record:
        """From the first second to the last."""
        stays = [self._loop.create_task(self._stay(stay)) for stay in self.told.stays]
        self._sample()
        await asyncio.sleep(AHEAD)
        self.site.start()
        await asyncio.sleep(1.0 - AHEAD)
        try:
            while self.clock() < self.told.end:
                self._sample()
                self._look(self)
                await asyncio.sleep(1.0)
            await asyncio.gather(*stays)
        finally:
            self.site.stop()
            for stay in stays:
                stay.cancel()
        return self.record

    async def _stay(self, stay: Stay) -> None:
        """A car comes, charges and leaves."""
        await asyncio.sleep(max(0.0, (stay.arrival - self.clock()) / self.pace))
        name, came = stay.evse, self.clock()
        seat = self.seats[name] = Seat(self, stay)
        pair = seat.pair
        pair.actuator.start()
        self.site.outlets[name] = StationOutlet(pair.evse, begun=partial(self.site.begun, name), pace=self.pace)
        session = self._loop.create_task(pair.session())
        await asyncio.sleep(max(0.0, (min(stay.departure, self.told.end) - self.clock()) / self.pace))
        left, ended, given = self.clock(), seat.stored, pair.actuator.reading.discharged.value * self.pace
        self.renegotiated += self.site.renegotiated.get(name, 0)
        pair.evse.stop("the driver leaves")
        result = await session
        if not result.clean:
            self.unclean.append(f"{name}: {result.charger.why}")
        self.messages += result.messages
        pair.plug(None)
        pair.actuator.stop()
        pair.close()
        del self.seats[name]
        self.site.outlets[name] = RemoteOutlet()
        self.record.outcomes.append(self._outcome(stay, came, left, ended, given))

    def _outcome(self, stay: Stay, came: Second, left: Second, ended: float, given: float) -> Outcome:
        reach = stay.stored + stay.charge * stay.efficiency * (left - came) / HOUR
        return Outcome(
            evse=stay.evse,
            user=stay.user,
            came=came,
            plugged=came,
            left=left,
            declared=stay.declared,
            stored=stay.stored,
            target=stay.target,
            reach=min(stay.target, reach),
            ended=ended,
            given=given,
            capacity=stay.capacity,
            charge=stay.charge,
            discharge=stay.discharge,
            floor=stay.floor,
            efficiency=stay.efficiency,
            chained=False,
        )

    def _sample(self) -> None:
        """What flows at this moment, to the site's meters and to the record."""
        told, now = self.told, min(self.clock(), self.told.end - 1.0)
        load = sum(series.at(now) or 0.0 for series in told.load.values())
        sun = {name: series.at(now) or 0.0 for name, series in told.pv.items()}
        even = (load - sum(sun.values())) / 3.0 / VOLTAGE
        lines = [even, even, even]
        for name in self.seats:
            seen = self.site.outlets[name].look(told.site.evse(name)).reading
            for line, current in enumerate(seen.currents if seen is not None else ()):
                lines[line] += current
        self.site.measured(told.site.root.name, (lines[0], lines[1], lines[2]))
        for name, power in sun.items():
            self.site.generated(name, power)
        grid = sum(lines) * VOLTAGE
        self.flow, self.highest = Flow(grid, load, sum(sun.values())), max(self.highest, grid)
        limit = told.site.root.import_limit
        values = {"load": load, "pv": sum(sun.values()), "grid": grid, "excess": 0.0 if limit is None else max(0.0, grid - limit)}
        values |= {f"L{line}": current for line, current in enumerate(lines)} | {name: seat.power for name, seat in self.seats.items()}
        self._samples += 1
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        if now + self.pace >= told.start + told.step * (len(self.record.grid) + 1) - 1e-6:
            self._turn_over()

    def _turn_over(self) -> None:
        """A step of the record is over."""
        record = self.record

        def mean(name: str) -> float:
            return self._sums.get(name, 0.0) / self._samples

        record.load.append(mean("load"))
        record.pv.append(mean("pv"))
        record.curtailed.append(0.0)
        record.grid.append(mean("grid"))
        record.limit.append(self.told.site.root.import_limit)
        record.excess.append(mean("excess"))
        record.currents.append((mean("L0"), mean("L1"), mean("L2")))
        plan = self.site.plan
        step = None if plan is None else plan.step(min(self.clock(), plan.edges[-1] - 1.0))
        record.internal.append(None if plan is None or step is None else plan.price[step])
        for evse in self.told.site.evses:
            record.evses[evse.name].append(mean(evse.name))
            record.cars[evse.name].append(self.seats[evse.name].stored if evse.name in self.seats else None)
        self._peak = max(self._peak, record.grid[-1])
        self._sums, self._samples = {}, 0


def played(told: Scenario, policy: str, *, look: Callable[[Live], None] = lambda live: None, speed: float | None = None) -> Live:
    """A day that is over. `speed`: seconds of the sessions in a real one; None: as fast as it goes.

    Raises LocalError as `SiteController`.
    """

    async def main() -> Live:
        live = Live(told, policy, look=look)
        await live.run()
        return live

    return virtual.run(main(), pace=speed)
