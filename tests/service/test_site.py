"""A site with real sessions in its loop: limits, meters, drivers and planners that fail, in virtual time."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from iso15118.grid.planning.ladder import Rung
from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.grid.site import Evse, Site
from iso15118.sequence.phases import Phase
from iso15118.service.site_outlet import LIFE, Looked, RemoteOutlet
from iso15118.service.site_parties import Here
from iso15118.session.services import ControlMode
from tests.service.site_world import DYNAMIC, SCHEDULED, Hourly, World, car, live, works


def limit(watts: float, name: str = "dso") -> Signal:
    return Signal(id=name, source="grid operator", kind=Kind.IMPORT_LIMIT, value=watts, rank=Rank.GRID_OPERATOR)


def mixed(count: int, **words: object) -> World:
    """Cars of both control modes in turn."""
    cars = {str(n): car(SCHEDULED if n % 2 else DYNAMIC) for n in range(count)}
    return World(works(count), cars, **words)  # type: ignore[arg-type]


def test_story_6_a_limit_drops_and_every_set_point_with_it() -> None:
    """100 to 40 kW, 3 kW of other loads: within a second of it, metal has been told no more than 40 kW; nobody loses his session."""

    async def story(world: World) -> None:
        world.other = (3e3 / 690,) * 3
        world.plug()
        await asyncio.sleep(40.3)
        assert sum(world.power(name) for name in world.pairs) == pytest.approx(94e3, rel=0.1)
        world.site.signal(limit(40e3))
        said = world.loop.time()
        await asyncio.sleep(20.0)
        after = [(at, told, budget) for at, told, budget in world.trace if at >= said + 1.0]
        assert max(told for _, told, _ in after) <= 40e3 * 0.97 - 3e3 + 1.0
        assert max(budget for _, _, budget in after) <= 40e3 * 0.97 - 3e3 + 1.0
        assert sum(world.power(name) for name in world.pairs) == pytest.approx(35.8e3, rel=0.1)
        assert world.site.renegotiated == {"1": 1, "3": 1}
        assert all(pair.charger is not None and pair.charger.session.phase is Phase.CHARGE_LOOP for pair in world.pairs.values())
        grant = world.site.done and world.site.done.grants["0"]
        assert grant
        assert grant.why.startswith("grid, dso 40 kW, other load 3 kW")
        world.site.withdraw("dso")
        await asyncio.sleep(40.0)
        assert world.site.renegotiated == {"1": 2, "3": 2}
        assert sum(world.power(name) for name in world.pairs) == pytest.approx(94e3, rel=0.1)
        assert all(result.clean for result in (await world.leave()).values())

    live(partial(mixed, 4), story)


def test_story_5_the_meter_is_unplugged_while_three_times_16_a_flow() -> None:
    """Within 10 s each set-point is at the fail-safe of 6 A, none has risen on the way, and all is back once the meter is."""

    def made() -> World:
        site = works(3, dc=False)
        return World(site, {str(n): car(SCHEDULED if n == 1 else DYNAMIC, hours=9.0, dc=False) for n in range(3)})

    async def story(world: World) -> None:
        world.plug()
        await asyncio.sleep(40.0)
        assert [world.site.budgets[name].charge for name in "012"] == [pytest.approx(11_040.0, rel=0.02)] * 3
        assert sum(world.power(name) for name in "012") == pytest.approx(3 * 11_040.0, rel=0.05)
        world.meter = False
        lost, before = world.loop.time(), {name: world.site.budgets[name].charge for name in "012"}
        for _ in range(300):
            await asyncio.sleep(0.1)
            now = {name: world.site.budgets[name].charge for name in "012"}
            assert all(now[name] <= before[name] for name in "012")
            before = now
            if world.loop.time() - lost > 11.0:
                assert all(power <= 6.0 * 690.0 + 1.0 for power in now.values())
        assert sum(world.power(name) for name in "012") == pytest.approx(3 * 6 * 690.0, rel=0.05)
        assert world.site.done is not None
        assert world.site.done.footing.rung is Rung.FAILSAFE
        assert "s old" in world.site.done.silent["grid"]
        world.meter = True
        await asyncio.sleep(30.0)
        assert sum(world.power(name) for name in "012") == pytest.approx(3 * 11_040.0, rel=0.05)
        assert all(result.clean for result in (await world.leave()).values())

    live(made, story)


@pytest.mark.parametrize("mode", [DYNAMIC, SCHEDULED])
def test_story_14_a_driver_who_wants_it_now_has_it_until_unplugged(mode: ControlMode) -> None:
    """Energy is dear now, and the plan lets both cars wait; one driver does not want to."""

    def made() -> World:
        market = Hourly(*(0.1 if hour in (22, 23) else 0.5 for hour in range(24)))
        return World(works(2), {"0": car(mode), "1": car(DYNAMIC)}, name="cheapest", market=market, planner=Here())

    async def story(world: World) -> None:
        world.plug()
        await asyncio.sleep(30.0)
        assert [world.power(name) for name in "01"] == [pytest.approx(0.0, abs=50.0)] * 2
        made = world.site.plan
        await asyncio.sleep(0.7)
        world.site.charge_now("0")
        assert world.site.budgets["0"].charge > 900.0
        await asyncio.sleep(0.6 if mode is DYNAMIC else 2.5)  # two turns of the loop; a schedule is negotiated anew first
        assert world.power("0") > 900.0
        await asyncio.sleep(1.5)
        assert world.site.plan is not made
        await asyncio.sleep(30.0)
        assert world.power("0") > 40e3
        assert world.power("1") == pytest.approx(0.0, abs=50.0)
        assert (await world.leave("0"))["0"].clean
        world.plug("0")
        await asyncio.sleep(30.0)
        assert world.power("0") == pytest.approx(0.0, abs=50.0)

    live(made, story)


def test_an_outlet_that_hears_no_more_falls_back_by_itself() -> None:
    site = works(1, failsafe=4e3)

    async def story(world: World) -> None:
        world.plug()
        await asyncio.sleep(40.0)
        assert world.power("0") > 40e3
        world.site.stop()
        await asyncio.sleep(LIFE + 1.5)
        assert world.power("0") == pytest.approx(4e3, rel=0.05)

    live(lambda: World(site, {"0": car(DYNAMIC)}), story)


def test_a_second_that_fails_leaves_outlets_with_their_fail_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World) -> None:
        world.plug()
        await asyncio.sleep(30.0)
        monkeypatch.setattr("iso15118.service.site.second", lambda *whatever: 1 / 0)
        await asyncio.sleep(LIFE + 2.0)
        assert world.power("0") == pytest.approx(0.0, abs=50.0)
        monkeypatch.undo()
        await asyncio.sleep(30.0)
        assert world.power("0") > 20e3

    live(lambda: World(works(1), {"0": car(DYNAMIC)}), story)


def test_a_clock_that_jumps_raises_nothing_and_loses_no_limit() -> None:
    def made() -> World:
        return mixed(2)

    async def story(world: World) -> None:
        world.site.signal(limit(30e3))
        world.plug()
        await asyncio.sleep(30.0)
        for jump in (3600.0, -3600.0):
            world.jump += jump
            begun = world.loop.time()
            await asyncio.sleep(15.0)
            assert max(told for at, told, _ in world.trace if at >= begun) <= 30e3 * 0.97 + 1.0
        assert all(result.clean for result in (await world.leave()).values())

    live(made, story)


def test_names_of_outlets_and_policies_are_the_site_s() -> None:
    from iso15118.errors import LocalError
    from iso15118.service.site import SiteController

    async def main(site: Site) -> None:
        with pytest.raises(LocalError, match="no EVSE 'x'"):
            SiteController(site, {"x": RemoteOutlet()})
        with pytest.raises(LocalError, match="no policy 'y'"):
            SiteController(site, {}, name="y")
        with pytest.raises(LocalError, match="policy unmanaged: it breaks the limits"):
            SiteController(site, {}, name="unmanaged")
        with pytest.raises(LocalError, match="no circuit 'z'"):
            SiteController(site, {}).measured("z", (0.0, 0.0, 0.0))
        with pytest.raises(LocalError, match="EVSE 0: no car"):
            SiteController(site, {"0": RemoteOutlet()}).charge_now("0")

    asyncio.run(main(works(1)))


class Broken(RemoteOutlet):
    """Cannot be looked at."""

    def look(self, evse: Evse) -> Looked:
        """Never."""
        raise ZeroDivisionError


def test_a_defect_at_one_outlet_is_not_the_others() -> None:
    async def story(world: World) -> None:
        world.plug()
        await asyncio.sleep(30.0)
        world.site.outlets["0"] = Broken()
        await asyncio.sleep(LIFE + 5.0)
        assert world.power("0") == pytest.approx(0.0, abs=50.0)
        assert world.power("1") > 1e3  # not more: what the first one took looked like a load that went away

    live(lambda: World(works(2), {"0": car(DYNAMIC), "1": car(SCHEDULED)}), story)
