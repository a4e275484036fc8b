"""Time stamps of the peer: microseconds by the standard, seconds or milliseconds from many."""

from __future__ import annotations

from typing import Final

from iso15118.units import MICROSECONDS


def seconds(stamp: int) -> float:
    """Seconds since the epoch, by the size of the number: below 10**11 it means seconds, below 10**14 milliseconds."""
    if stamp < 10**11:
        return float(stamp)
    return stamp / 1000 if stamp < 10**14 else stamp / MICROSECONDS


NO_TIME: Final = 10**9
"""A stamp below this is no time at all: some peers anchor their schedules at 0."""


def anchored(stamp: int, otherwise: int) -> int:
    """A TimeAnchor in microseconds since the epoch; `otherwise` (a stamp) for one that tells no time."""
    told = otherwise if stamp < NO_TIME else stamp
    return told if unit(told) == "microseconds" else round(seconds(told) * MICROSECONDS)


def unit(stamp: int) -> str:
    """The unit a stamp was told in."""
    return "seconds" if stamp < 10**11 else "milliseconds" if stamp < 10**14 else "microseconds"
