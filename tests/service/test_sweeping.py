"""`service.sweeping`: the search for unreachable objects waits until nobody charges, but not for ever."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.sequence.phases import Phase
from iso15118.service import sweeping
from iso15118.service.seen import Ended, PhaseChanged
from iso15118.service.sweeping import MOST, REST, Sweeper, settle
from iso15118.service.virtual import run

END = Ended(1.0, "session stopped", True, Phase.SESSION_STOP)


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def station(*phases: Phase | None) -> Any:
    return SimpleNamespace(status=lambda: tuple(SimpleNamespace(phase=phase) for phase in phases))


def ended(sweeper: Sweeper, times: int = 1) -> Sweeper:
    async def main() -> None:
        for _ in range(times):
            sweeper("1", END)

    run(main())
    return sweeper


def test_after_a_session_that_was_the_last_in_its_loop() -> None:
    sweeper = ended(Sweeper(station(None, Phase.AUTHORIZATION)))
    assert sweeper.sweep()
    assert not sweeper.sweep(), "once a session"


@pytest.mark.parametrize("phase", [Phase.CHARGE_LOOP, Phase.STANDBY])
def test_not_while_another_car_charges(phase: Phase) -> None:
    assert not ended(Sweeper(station(None, phase))).sweep()


def test_but_not_for_ever() -> None:
    sweeper = ended(Sweeper(station(Phase.CHARGE_LOOP)), MOST - 1)
    assert not sweeper.sweep()
    assert ended(sweeper).sweep()


def test_it_comes_by_itself_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    found: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        sweeper = Sweeper(station(None))
        monkeypatch.setattr(sweeping.gc, "collect", lambda: found.append(loop.time()))
        sweeper("1", PhaseChanged(0.0, Phase.AUTHORIZATION, Phase.SERVICE_DISCOVERY))
        sweeper("1", END)
        await asyncio.sleep(10)

    run(main())
    assert found == [REST]


def test_a_settled_process_leaves_the_old_alone() -> None:
    gc.disable()  # as while a charger starts
    settle()
    assert gc.isenabled()
    assert gc.get_threshold()[2] == sweeping.NEVER
    assert gc.get_freeze_count() > 10_000
