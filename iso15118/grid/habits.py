"""When a user usually leaves: for a car that does not say so. How much earlier than they say so: `planning.buffer`."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from iso15118.units import Second

DAY: Final[Second] = 86_400.0
LEAST: Final = 3
"""Departures from which on there is a habit."""
WIDEST: Final[Second] = 2 * 3600.0
"""Half of them are no farther from their middle than this, or there is none."""


def usual_departure(past: Sequence[Second], now: Second) -> Second | None:
    """The next moment (s since the epoch) at which the user usually leaves, by the time of the day (UTC); None: there is no habit."""
    if len(past) < LEAST:
        return None
    anchor = past[-1] % DAY
    offsets = [(moment - anchor + DAY / 2) % DAY - DAY / 2 for moment in past]
    middle = median(offsets)
    if median(abs(offset - middle) for offset in offsets) > WIDEST:
        return None
    ahead = (anchor + middle - now) % DAY
    return now + ahead
