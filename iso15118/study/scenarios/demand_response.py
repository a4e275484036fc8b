"""S6: the workplace, and each day from 11 to 13 h a quarter of its connection, announced an hour before; on the day before, too."""

from __future__ import annotations

from typing import Final

from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.study.scenarios import Scenario, workplace
from iso15118.study.scenarios.nature import DAY, MONDAY
from iso15118.units import HOUR
from iso15118.value import replace

DAYS: Final = workplace.DAYS
LIMIT: Final = 25_000.0
FROM, UNTIL, NOTICE = 11.0 * HOUR, 13.0 * HOUR, HOUR


def make(seed: int, days: int) -> Scenario:
    """The scenario."""
    base = workplace.built("demand_response", "S6 workplace in a demand-response programme", seed, days, demand=10.0)
    events = tuple(
        Signal(
            id=f"event {day + 1}",
            source="utility",
            kind=Kind.IMPORT_LIMIT,
            value=LIMIT,
            start=MONDAY + day * DAY + FROM,
            end=MONDAY + day * DAY + UNTIL,
            rank=Rank.GRID_OPERATOR,
            received=MONDAY + day * DAY + FROM - NOTICE,
        )
        for day in range(-1, days)
    )
    return replace(base, signals=events)
