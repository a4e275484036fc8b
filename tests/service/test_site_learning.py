"""What a site learns and does by itself: loads of similar days, phases that are switched, and what it offers to an aggregator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import sin, tau
from random import Random

import pytest

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.grid.meters import Reading
from iso15118.grid.planning.ladder import Rung
from iso15118.grid.site import Circuit, Evse, Pv, Site
from iso15118.service.site import SiteController
from iso15118.service.site_outlet import Looked, RemoteOutlet
from iso15118.service.site_parties import Here
from iso15118.service.site_station import flexibility
from iso15118.service.virtual import run
from iso15118.value import replace
from tests.service.site_world import Hourly

DAY = 86_400.0
START = 1_780_012_800.0  # midnight, UTC
HOME = Site(
    name="home",
    circuits=(Circuit(name="main", fuse=35.0, metered=True),),
    evses=(Evse(name="1", circuit="main", switches=True),),
    pvs=(Pv(name="roof", circuit="main", peak=8e3),),
)
WANTS = Need(20e3, 20e3, 0.0, 6 * 3600.0, 11e3)


class Switching(RemoteOutlet):
    """It feeds what it is told to, half a minute later."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[int] = []

    def switch(self, phases: int) -> None:
        self.told.append(phases)
        self.seen = Looked(need=WANTS, plugged=True, user="u", fed=phases)


def led(story: Callable[[SiteController, Switching], Awaitable[None]], **words: object) -> None:
    """A site in virtual time, whose car is there."""

    async def main() -> None:
        outlet = Switching()
        outlet.seen = Looked(need=WANTS, plugged=True, user="u")
        loop = asyncio.get_running_loop()
        site = SiteController(HOME, {"1": outlet}, clock=lambda: START + loop.time(), **words)  # type: ignore[arg-type]
        await story(site, outlet)

    run(main())


def test_an_outlet_feeds_one_phase_while_the_sun_gives_no_more() -> None:
    async def story(site: SiteController, outlet: Switching) -> None:
        site.start()
        for second in range(1900):
            sun = 3e3 if second < 800 else 7e3
            taken = outlet.budget.charge / 230.0
            lines = (taken, 0.0, 0.0) if outlet.seen.fed == 1 else (taken / 3.0,) * 3
            outlet.seen = replace(outlet.seen, reading=Reading(lines, site.now))
            site.generated("roof", sun)
            site.measured("main", (lines[0] - sun / 690.0, lines[1] - sun / 690.0, lines[2] - sun / 690.0))
            await asyncio.sleep(1.0)
            if second == 590:
                assert outlet.told == []
                assert outlet.budget.charge == 0.0  # 3 kW are less than three phases can carry
            if second == 790:
                assert outlet.told == [1]
                assert outlet.budget.charge > 1e3
        assert outlet.told == [1, 3]
        site.stop()

    led(story, name="solar_first")


@pytest.mark.parametrize("wild", [False, True])
def test_loads_are_foretold_from_similar_days_or_not_trusted(wild: bool) -> None:
    """Nine days, a second in each five minutes: what was known of them is what the planner is asked with."""
    rng = Random(3)

    def power(moment: float) -> float:
        return rng.choice([0.0, 0.0, 0.0, 20e3]) if wild else 4e3 + 3e3 * sin(tau * moment / DAY)

    async def story(site: SiteController, outlet: Switching) -> None:
        outlet.seen = Looked()
        for _ in range(9 * 288):
            amperes = power(site.moment) / 690.0
            site.measured("main", (amperes,) * 3)
            site._second()
            await asyncio.sleep(300.0)
        outlet.seen = Looked(need=WANTS, plugged=True, user="u")
        site.measured("main", (5.0,) * 3)
        site._second()
        await asyncio.sleep(0.0)
        assert site.done is not None
        if wild:
            assert site.done.footing.rung is Rung.SHARE
            assert site.done.footing.why.startswith("the forecast of the load of main misses by ")
            return
        site._planner, site._plan_at = Here(), 0.0
        site._second()
        await asyncio.sleep(1.0)
        assert site.question is not None
        expected = site.question.outlook.load["main"]
        for hour in range(3, 24):
            then = site.moment + hour * 3600.0
            assert expected.at(then) == pytest.approx(power(then), abs=400.0)

    led(story, name="cheapest", market=Hourly(*[0.3] * 24))


def test_an_aggregator_is_told_between_what_the_site_can_move() -> None:
    async def story(site: SiteController, outlet: Switching) -> None:
        with pytest.raises(LocalError, match="no plan, and so no flexibility"):
            flexibility(site)
        site.start()
        for _ in range(5):
            site.measured("main", (2.0,) * 3)
            await asyncio.sleep(1.0)
        told = flexibility(site)
        assert max(told["most"]) > 10e3
        assert all(least <= base <= most for least, base, most in zip(told["least"], told["baseline"], told["most"], strict=True))
        assert len(told["edges"]) == len(told["baseline"]) + 1
        site.stop()

    led(story, name="cheapest", market=Hourly(*[0.3] * 24), planner=Here())
