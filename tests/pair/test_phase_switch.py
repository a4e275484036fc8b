"""One phase or three, in a session: the car comes back for its service, waits for its schedule, and goes on."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from iso15118.energy import Budget
from iso15118.errors import LocalError
from iso15118.hal.board import AC_BOARD
from iso15118.service.evse_config import EvseConfig
from iso15118.service.virtual import run
from iso15118.session.services import ServiceID
from iso15118.testing import car, station
from iso15118.units import PerPhase

pytestmark = pytest.mark.long


driven = partial(car, services=[ServiceID.AC], control_modes=["dynamic"], loops=3000)


async def three_phases(mains: Any) -> None:
    while min(mains.reading.active) < 2e3:  # noqa: ASYNC110  # of metal there is no event
        await asyncio.sleep(0.1)


def outlet(*, renegotiates: bool) -> Any:
    config = EvseConfig(board=AC_BOARD, budget=Budget(22e3, target=22e3))
    return station(services=[ServiceID.AC], control_modes=["dynamic"], config=config, service_renegotiation=renegotiates)


def test_a_car_that_charges_goes_on_with_one_phase_behind_the_pause() -> None:
    async def play() -> tuple[PerPhase, PerPhase, float, bool]:
        async with outlet(renegotiates=True) as charger, driven(charger) as driver:
            mains = charger.outlet.plant
            await three_phases(mains)
            three, loop = mains.reading.active, asyncio.get_running_loop()
            at = loop.time()
            charger.evse.switch_phases(1)
            highest: float = 0.0
            while not (mains.fed == 1 and mains.reading.active.l1 > 2e3):
                await asyncio.sleep(0.1)
                highest = max(highest, mains.reading.active.l1)
                assert loop.time() - at < 60.0
            await asyncio.sleep(2.0)
            assert charger.evse.switch_phases(1) is None, "as it is: nothing happens"
            took, one = loop.time() - at, mains.reading.active
            assert highest <= 230 * 32 * 1.01
            driver.stop()
            return three, one, took, (await driver.ended()).clean

    three, one, took, clean = run(play())
    assert clean
    assert min(three) > 2e3
    assert 2e3 < one[0] <= 7360 * 1.01
    assert tuple(one[1:]) == (0.0, 0.0)
    assert 10.0 < took < 40.0


def test_without_renegotiation_the_session_ends_and_the_next_one_finds_it() -> None:
    async def play() -> tuple[bool, float]:
        async with outlet(renegotiates=False) as charger:
            async with driven(charger) as driver:
                mains = charger.outlet.plant
                await three_phases(mains)
                charger.evse.switch_phases(1)
                clean = (await driver.ended()).clean
            async with driven(charger, loops=60) as driver:
                await driver.loops(40)
                seen = mains.reading.active
                return clean, seen.l1 if seen.l2 == seen.l3 == 0.0 else -1.0

    clean, l1 = run(play())
    assert clean
    assert l1 > 2e3


def test_an_outlet_that_does_not_switch() -> None:
    async def play() -> None:
        async with station(services=["DC"]) as charger:
            charger.evse.switch_phases(1)

    with pytest.raises(LocalError, match="1 phases; allowed: 1 or 3 of an outlet of alternating current that switches them"):
        run(play())
