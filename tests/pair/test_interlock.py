"""Discharging only when everything allows it: the permissions above the guard, one by one and all their combinations, in one session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import pytest

from iso15118.energy import Budget, Permits
from iso15118.errors import DeviceFault
from iso15118.hal.board import Board
from iso15118.sequence.phases import Phase
from iso15118.service.evse_config import EvseConfig
from iso15118.service.virtual import run
from iso15118.testing import car, station

NAMES = ("site", "backend", "consent", "profile")
POWER = 10e3
BUDGET = Budget(POWER, POWER, target=-POWER)


outlet = partial(station, services=["DC_BPT"], control_modes=["dynamic"])


async def until(done: Callable[[], bool]) -> None:
    while not done():  # noqa: ASYNC110  # of metal there is no event
        await asyncio.sleep(0.1)


async def _table() -> dict[tuple[bool, ...], float]:
    """The lowest current of each row."""
    found: dict[tuple[bool, ...], float] = {}
    config = EvseConfig(board=Board(ramp=400.0), budget=BUDGET)
    async with outlet(config=config) as charger, car(charger, control_modes=["dynamic"], services=["DC_BPT"], loops=1000):
        evse, bus = charger.evse, charger.outlet.plant.bus  # type: ignore[union-attr]
        await until(lambda: bus.current < -5.0)
        for row in product((True, False), repeat=len(NAMES) + 1):
            evse.permit(**dict(zip(NAMES, row, strict=False)))
            evse.set_budget(BUDGET if row[-1] else Budget(POWER, 0.0, target=-POWER))
            await asyncio.sleep(0.5)
            found[row] = bus.current
        evse.permit(**dict.fromkeys(NAMES, True))
        evse.set_budget(BUDGET)
        await asyncio.sleep(1.0)
        assert bus.current < -20.0, "and back, in the same session"
    return found


def test_only_the_row_in_which_all_allow_it() -> None:
    found = run(_table())
    assert len(found) == 32
    assert {row for row, current in found.items() if current < -1.0} == {(True,) * 5}


async def _withdrawn(what: str) -> tuple[float, float]:
    """s until nothing is commanded, and until nothing flows."""
    config = EvseConfig(board=Board(ramp=400.0), budget=BUDGET)
    async with outlet(config=config) as charger, car(charger, control_modes=["dynamic"], services=["DC_BPT"], loops=1000):
        loop, bus = asyncio.get_running_loop(), charger.outlet.plant.bus  # type: ignore[union-attr]
        await until(lambda: bus.current < -20.0)
        at = loop.time()
        charger.evse.permit(**{what: False})
        commanded = flows = 0.0
        while loop.time() - at < 1.0:
            await asyncio.sleep(0.005)
            commanded = loop.time() - at if bus.supply.current < 0 else commanded
            flows = loop.time() - at if bus.current < -1.0 else flows
        return commanded, flows


@pytest.mark.parametrize("what", NAMES)
def test_what_is_withdrawn_ends_it_within_a_tenth_of_a_second(what: str) -> None:
    commanded, flows = run(_withdrawn(what))
    assert 0.0 <= commanded <= 0.1
    assert flows <= 0.3


def test_what_is_missing_has_a_name() -> None:
    assert Permits().missing == ()
    assert Permits(backend=False, consent=False).missing == ("back-end", "consent")
    assert not Permits(profile=False).given


async def _asked_again() -> list[Any]:
    """A driver who consented consented to that session."""
    seen: list[Any] = []
    config = EvseConfig(board=Board(ramp=400.0), budget=BUDGET, permits=Permits(consent=False))
    async with outlet(config=config) as charger:
        for _ in range(2):
            async with car(charger, control_modes=["dynamic"], services=["DC_BPT"], loops=1000) as driver:
                bus = charger.outlet.plant.bus  # type: ignore[union-attr]
                await until(lambda: charger.evse.conversation.session.phase is Phase.CHARGE_LOOP)  # type: ignore[union-attr]
                await asyncio.sleep(1.0)
                seen.append((charger.evse.permits.consent, bus.current < -1.0))
                charger.evse.permit(consent=True)
                await asyncio.sleep(1.0)
                seen.append((charger.evse.permits.consent, bus.current < -1.0))
                charger.evse.stop("enough")
                await driver.ended()
            await asyncio.sleep(1.0)
    return seen


def test_consent_is_for_one_session() -> None:
    assert run(_asked_again()) == [(False, False), (True, True)] * 2


def test_a_fault_has_no_permission_that_helps() -> None:
    async def play() -> bool:
        config = EvseConfig(board=Board(ramp=400.0), budget=BUDGET)
        async with outlet(config=config) as charger:
            charger.evse.actuator.trip(DeviceFault.EMERGENCY_STOP)
            async with car(charger, control_modes=["dynamic"], services=["DC_BPT"], loops=20) as driver:
                await driver.ended()
                return charger.outlet.plant.meter.discharged > 0.0  # type: ignore[union-attr]

    assert not run(play())
