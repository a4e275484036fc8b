"""Plans of a site as the schedules of real sessions, in virtual time; a day runs a hundred and twenty times as fast as its messages."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.grid.planning import Question, SitePlan
from iso15118.grid.planning.ladder import Rung
from iso15118.messages.v20.rational import number
from iso15118.service.pair import EPOCH
from iso15118.service.planner import Planner
from iso15118.service.site import SiteController
from iso15118.service.site_outlet import Looked, RemoteOutlet
from iso15118.service.site_parties import Here
from iso15118.session.evcc.state import ScheduleChoice
from iso15118.session.services import Pricing
from tests.service.site_world import DYNAMIC, SCHEDULED, Hourly, World, car, live, works

HOUR = 3600.0
PACE = 120.0
START = EPOCH / 1e6
"""20 h 26 min 40 s UTC."""
NIGHT = (23, 0, 1, 2, 3, 4)
TOU = tuple(0.10 + 0.01 * NIGHT.index(hour) if hour in NIGHT else 0.30 for hour in range(24))


def overnight(pricing: Pricing, choice: ScheduleChoice) -> World:
    """From half past eight to half past nine, 45 kWh, at 11 kW; its battery is as much smaller as its clock is faster."""
    wish = car(SCHEDULED, soc=5.0, target=80.0, hours=13.0 / PACE, capacity=60e3 / PACE, pricing=(pricing,), schedule_choice=choice)
    market = Hourly(*TOU, retail=0.15)
    site = works(1, charge=11e3)
    return World(site, {"0": wish}, pricing=pricing, pace=PACE, name="cheapest", market=market, planner=Here())


@pytest.mark.long
@pytest.mark.parametrize(
    ("pricing", "choice"),
    [(Pricing.ABSOLUTE, ScheduleChoice.CHEAPEST), (Pricing.LEVELS, ScheduleChoice.CHEAPEST), (Pricing.NONE, ScheduleChoice.FIRST)],
)
def test_story_1_the_night_s_cheapest_hours(pricing: Pricing, choice: ScheduleChoice) -> None:
    """The first schedule charges in the six cheapest hours only, the car takes it, and the bill is that of the plan."""
    costs: list[float] = []

    async def story(world: World) -> None:
        market, bill, energy = Hourly(*TOU), 0.0, 0.0
        world.plug()
        outlet = world.pairs["0"]
        while world.clock() < START + 12.9 * HOUR:
            await asyncio.sleep(1.0)
            power = world.power("0")
            bill += power / 1e3 * market.at(world.clock()) * PACE / HOUR
            energy += power * PACE / HOUR
            if world.site.plan is not None and not costs:
                costs.append(world.site.plan.cost)
        first = outlet.charger.session.tuples[0] if outlet.charger is not None else None
        assert first is not None
        entries = first.charging_schedule.power_schedule.power_schedule_entries.power_schedule_entry
        began = first.charging_schedule.power_schedule.time_anchor / 1e6
        ends = list(accumulate(entry.duration for entry in entries))
        for end, entry in zip(ends, entries, strict=True):
            if number(entry.power) > 0.0 and end <= 13.0 * HOUR / PACE:
                hours = {int(((began - START + at) * PACE + START) % 86_400 // HOUR) for at in (end - entry.duration + 1.0, end - 1.0)}
                assert hours <= set(NIGHT)
        assert energy == pytest.approx(45e3, rel=0.04)
        assert bill <= 1.03 * costs[0] * energy / 45e3
        assert outlet.car.metal.battery.soc == pytest.approx(80.0, abs=1.5)
        assert not [note for note in world.notes if "profile" in note]
        assert (await world.leave())["0"].clean

    live(lambda: overnight(pricing, choice), story)


@pytest.mark.long
def test_a_car_that_is_led_follows_the_plan() -> None:
    def made() -> World:
        wish = car(DYNAMIC, soc=5.0, target=80.0, hours=13.0 / PACE, capacity=60e3 / PACE)
        return World(works(1, charge=11e3), {"0": wish}, pace=PACE, name="cheapest", market=Hourly(*TOU), planner=Here())

    async def story(world: World) -> None:
        world.plug()
        charged: set[int] = set()
        while world.clock() < START + 12.9 * HOUR:
            await asyncio.sleep(1.0)
            if world.power("0") > 200.0:
                charged.add(int(world.clock() % 86_400 // HOUR))
        assert charged <= set(NIGHT)
        assert world.pairs["0"].car.metal.battery.soc == pytest.approx(80.0, abs=1.5)

    live(made, story)


@pytest.mark.long
def test_story_13_a_car_gives_back_and_never_below_its_window() -> None:
    """Dear in the evening, cheap at night: it gives, down to where its driver lets it, and is full in the morning."""

    def made() -> World:
        from iso15118.sim.vehicle import Trip
        from iso15118.value import replace

        wish = car(DYNAMIC, soc=75.0, target=80.0, hours=13.0 / PACE, capacity=60e3 / PACE)
        trip = Trip(departure=13.0 * HOUR / PACE, target_soc=80.0, min_soc=20.0, v2x_min_soc=45.0, v2x_max_soc=85.0)
        dear = tuple(0.60 if hour in (20, 21) else price for hour, price in enumerate(TOU))
        world = World(
            works(1, charge=11e3),
            {"0": replace(wish, trip=trip)},
            pace=PACE,
            name="v2h_backup",
            market=Hourly(*dear),
            planner=Here(),
            outlook=lambda now: outlook(now, 12e3),
        )
        world.other = (12e3 / 690.0,) * 3
        return world

    lowest: list[float] = []

    async def story(world: World) -> None:
        world.plug()
        given = 0.0
        while world.clock() < START + 12.9 * HOUR:
            await asyncio.sleep(1.0)
            lowest.append(world.pairs["0"].car.metal.battery.soc)
            given += max(0.0, -world.power("0")) * PACE / HOUR
        assert given > 5e3
        assert min(lowest) >= 45.0 - 0.5
        assert lowest[-1] == pytest.approx(80.0, abs=2.0)

    live(made, story)


def outlook(now: float, load: float) -> object:
    from iso15118.grid.planning import Outlook
    from iso15118.grid.series import Series

    return Outlook(load={"grid": Series(now - now % 86_400.0, HOUR, (load,) * 48)}, pv={})


class Failing:
    """A planner as a test wants it to be."""

    def __init__(self, plan: Callable[[Question], SitePlan]) -> None:
        self._plan = plan

    async def plan(self, question: Question, offset: float = 0.0) -> SitePlan:
        """As told."""
        return self._plan(question)


def never(question: Question) -> SitePlan:
    raise LocalError("no plan: the planner was killed by signal 9")


def garbage(question: Question) -> SitePlan:
    raise ZeroDivisionError


@pytest.mark.parametrize(("plan", "why"), [(never, "killed by signal 9"), (garbage, "no plan: ZeroDivisionError")])
@pytest.mark.parametrize("mode", [DYNAMIC, SCHEDULED])
def test_story_19_without_a_plan_cars_are_charged_within_limits(mode: object, plan: Callable[[Question], SitePlan], why: str) -> None:
    def made() -> World:
        cars = {name: car(mode) for name in "01"}  # type: ignore[arg-type]
        return World(works(2, limit=30e3), cars, name="cheapest", market=Hourly(*TOU), planner=Failing(plan))

    async def story(world: World) -> None:
        world.plug()
        await asyncio.sleep(45.0)
        assert world.site.done is not None
        assert world.site.done.footing.rung is Rung.LAXITY
        assert why in world.site.done.footing.why
        assert sum(world.power(name) for name in "01") > 20e3
        assert max(told for _, told, _ in world.trace) <= 30e3 * 0.97 + 1.0

    live(made, story)


def test_story_19_a_planner_that_is_killed_is_started_again() -> None:
    """In real time: its process is a real one. Set-points come on all the while."""

    async def main() -> None:
        outlet, planner = RemoteOutlet(), Planner(again=0.5)
        outlet.seen = Looked(need=Need(9e3, 9e3, 0.0, 3600.0, 11e3), plugged=True)
        site = SiteController(works(1), {"0": outlet}, name="cheapest", market=Hourly(*TOU), planner=planner)
        site.start()

        async def until(true: Callable[[], bool]) -> None:
            async with asyncio.timeout(30.0):
                while not true():
                    site.replan()
                    await asyncio.sleep(0.1)

        try:
            await until(lambda: site.plan is not None)
            first = site.plan
            assert planner.pid is not None
            os.kill(planner.pid, signal.SIGKILL)
            await until(lambda: site.plan is not first)
            assert site.epoch >= 2
            assert outlet.budget.until > site.now
        finally:
            site.stop()
            await asyncio.sleep(0.1)
            await planner.close()

    asyncio.run(main())


def test_a_site_without_plans_needs_no_solver() -> None:
    """Neither numpy nor a solver is there, and a second is led all the same."""
    program = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numpy", "highspy"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
import asyncio
from iso15118.energy import Need
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.service.site import SiteController
from iso15118.service.site_outlet import Looked, RemoteOutlet
async def main():
    site = Site(name="s", circuits=(Circuit(name="grid", import_limit=30e3),), evses=(Evse(name="1", circuit="grid"),))
    outlet = RemoteOutlet()
    outlet.seen = Looked(need=Need(9e3, 9e3, 0.0, 3600.0, 11e3), plugged=True)
    led = SiteController(site, {"1": outlet})
    led.start()
    await asyncio.sleep(1.2)
    print(outlet.budget.charge > 4e3)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "True\n"
