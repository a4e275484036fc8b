"""The program `chargeloop secc` killed and ended while it charges, and its ledger. More kills: `python -m tools.trials.ledger`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tools.trials.ledger import Lane, trials

pytestmark = [pytest.mark.long, pytest.mark.waits]


async def ended(folder: Path) -> tuple[int, list[dict[str, Any]], list[str]]:
    """One that is told to end in the charge loop: its exit code, its ledger, what its meter said before."""
    one = Lane(folder, guard="inside", target=40_000.0)
    try:
        process = await one.start()
        await one.ready(process)
        session = await one.charging(0.5)
        code = await one.end(process)
        await session
    finally:
        await one.close()
    return code, one.transactions(), one.rows()[-1]


async def test_killed_at_any_moment_it_has_lost_two_seconds_of_power_at_most(tmp_path: Path) -> None:
    """Ten kills: a closed record each, the contactor open and cars welcome again. Beside them one that is told to end: in order."""
    (tmp_path / "ended").mkdir()
    async with asyncio.TaskGroup() as group:
        killed, told = group.create_task(trials(tmp_path, 10)), group.create_task(ended(tmp_path / "ended"))
    kills, (code, transactions, before) = killed.result(), told.result()
    assert len(kills) == 10
    assert [kill for kill in kills if not kill.good] == []
    assert code == 0
    transaction = transactions[-1]
    assert transaction["why"] not in (None, "power lost")
    assert transaction["charged"] >= float(before[0]) > 0.0
