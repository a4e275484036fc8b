"""What grid operators, utilities and back-ends ask of a site, with a stand-in for the link they speak over, and real sessions."""

from __future__ import annotations

import asyncio

import pytest

from iso15118.grid import lpc
from iso15118.grid.paragraph_14a import minimum_power
from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.service.site_parties import Here
from iso15118.units import HOUR
from iso15118.value import replace
from tests.service.site_world import DYNAMIC, SCHEDULED, Hourly, World, car, live, works

pytestmark = pytest.mark.long
PACE = 60.0
"""Site seconds in a second of a session."""


def told(world: World, limitation: lpc.Limitation, failsafe: lpc.Failsafe) -> None:
    """The limiter's state, as the site hears of it."""
    signal = lpc.signal(limitation, failsafe)
    if signal is None:
        world.site.withdraw("lpc")
    else:
        world.site.signal(signal)


def test_stories_7_and_8_dimmed_by_the_grid_operator_and_forgotten() -> None:
    """Four outlets at 13.02 kW beyond own generation, whatever the household takes; 120 s without a heartbeat: the failsafe."""
    failsafe = lpc.Failsafe(4_200.0)
    dimmed = minimum_power(4)
    assert dimmed == pytest.approx(13_020.0)

    async def story(world: World) -> None:
        world.other = (40.0, 40.0, 40.0)  # 27.6 kW, and no one dims it
        world.plug()
        limitation = lpc.start(world.loop.time())
        limitation, _ = lpc.step(limitation, lpc.Limit(None), world.loop.time(), failsafe)
        told(world, limitation, failsafe)
        await asyncio.sleep(70.3)
        assert sum(world.power(name) for name in world.pairs) > 60e3
        limitation, _ = lpc.step(limitation, lpc.Limit(dimmed), world.loop.time(), failsafe)
        told(world, limitation, failsafe)
        said = world.loop.time()
        await asyncio.sleep(20.0)
        assert max(told for at, told, _ in world.trace if at >= said + 1.0) <= dimmed + 1.0
        assert sum(world.power(name) for name in world.pairs) > 11e3
        grant = world.site.done and world.site.done.grants["0"]
        assert grant
        assert grant.why.startswith("grid, lpc 13.02 kW")
        for _ in range(20):  # the sun comes out: 5 kW lift it
            world.site.generated("roof", 5e3)
            await asyncio.sleep(1.0)
        assert dimmed + 1e3 < sum(world.power(name) for name in world.pairs) <= dimmed + 5e3
        await asyncio.sleep(lpc.SILENCE)  # and no heartbeat any more
        limitation, ended = lpc.step(limitation, None, world.loop.time(), failsafe)
        assert limitation.state is lpc.State.FAILSAFE
        assert [(entry.limit, entry.state) for entry in ended] == [(pytest.approx(13_020.0), lpc.State.LIMITED)]
        assert ended[0].start == pytest.approx(said)
        assert ended[0].end - ended[0].start >= lpc.SILENCE
        told(world, limitation, failsafe)
        await asyncio.sleep(2.0)
        assert sum(world.power(name) for name in world.pairs) <= 4_200.0 + 1.0
        limitation, _ = lpc.step(limitation, lpc.Limit(20e3), world.loop.time(), failsafe)
        told(world, limitation, failsafe)
        await asyncio.sleep(1.2)
        assert 4_200.0 < sum(budget.charge for budget in world.site.budgets.values()) <= 20e3
        assert all(result.clean for result in (await world.leave()).values())

    live(lambda: World(works(4), {str(n): car(SCHEDULED if n % 2 else DYNAMIC) for n in range(4)}), story)


def test_story_9_a_limit_that_is_announced_an_hour_ahead_is_charged_before() -> None:
    """22.2 kWh are wanted in four hours, from the second to the fourth no more than 1 kW may be drawn."""

    def made() -> World:
        wish = car(DYNAMIC, soc=40.0, target=77.0, hours=4.0 / PACE, capacity=60e3 / PACE)
        market = Hourly(*([0.30] * 24))
        return World(works(1, charge=22e3), {"0": wish}, pace=PACE, name="cheapest", market=market, planner=Here())

    async def story(world: World) -> None:
        start = world.clock()
        event = Signal(
            id="oadr",
            source="utility",
            kind=Kind.IMPORT_LIMIT,
            value=1_000.0,
            start=start + 1.0 * HOUR + 600.0,
            end=start + 6.0 * HOUR,
            rank=Rank.GRID_OPERATOR,
            received=start,
        )
        world.site.signal(event)
        world.plug()
        drawn = []
        while world.clock() < start + 3.9 * HOUR:
            await asyncio.sleep(1.0)
            drawn.append((world.clock(), world.power("0")))
        within = [power for at, power in drawn if at > event.start + 2 * PACE]
        assert max(within) <= 1_000.0
        # connecting takes half an hour at this pace
        assert sum(power for at, power in drawn if at < event.start) * PACE / HOUR > 0.7 * 22.2e3
        assert world.pairs["0"].car.metal.battery.soc > 70.0

    live(made, story)


@pytest.mark.parametrize("wanted", [-5e3, 8e3])
def test_story_10_a_set_point_of_the_back_end_is_followed_within_two_seconds(wanted: float) -> None:
    """To within 3 % by the car's meter; more than its outlet can give back is clipped."""

    async def story(world: World) -> None:
        world.other = (30.0, 30.0, 30.0)
        world.plug()
        await asyncio.sleep(40.0)
        central = Signal(id="csms", source="csms", kind=Kind.SETPOINT, value=wanted, node="0", rank=Rank.BACK_END)
        before = world.power("0")
        world.site.signal(central)
        await asyncio.sleep(2.0 + abs(before - wanted) / (2 * 690.0) * (wanted < 0.0))  # the ramp out of the car is 2 A a second
        assert world.power("0") == pytest.approx(wanted, rel=0.03)
        world.site.signal(replace(central, value=-40e3))
        await asyncio.sleep(20.0)
        assert -10e3 * 1.03 <= world.power("0") <= -10e3 * 0.95
        world.site.signal(Signal(id="no", source="csms", kind=Kind.DISCHARGE, value=0.0))
        await asyncio.sleep(2.0)
        assert world.power("0") == pytest.approx(0.0, abs=50.0)
        assert (await world.leave())["0"].clean

    live(lambda: World(works(1), {"0": car(DYNAMIC, soc=60.0)}), story)
