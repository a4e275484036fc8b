"""Time stamps: microseconds since 1970 in UTC by ISO 15118-20 [V2G20-2676], seconds in the older editions, seconds or milliseconds from
many a peer. The size of the number tells which.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from iso15118.units import MICROSECONDS, Second

NO_TIME: Final = 10**9
"""A stamp below this is no time at all: some peers anchor their schedules at 0."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(stamp: int) -> Second:
    """Seconds since the epoch, by the size of the number: below 10**11 it means seconds, below 10**14 milliseconds."""
    if stamp < 10**11:
        return float(stamp)
    return stamp / 1000 if stamp < 10**14 else stamp / MICROSECONDS


def unit(stamp: int) -> str:
    """The unit a stamp was told in."""
    return "seconds" if stamp < 10**11 else "milliseconds" if stamp < 10**14 else "microseconds"


def microseconds(stamp: int) -> int:
    """The stamp in microseconds, exactly, in whatever unit it was told."""
    return stamp * {"seconds": MICROSECONDS, "milliseconds": 1000, "microseconds": 1}[unit(stamp)]


def anchored(stamp: int, otherwise: int) -> int:
    """A TimeAnchor in microseconds since the epoch; `otherwise` (a stamp) for one that tells no time."""
    return microseconds(otherwise if stamp < NO_TIME else stamp)


def stamp(moment: datetime) -> int:
    """Microseconds since the epoch, exactly. Raises ValueError for a moment without a time zone."""
    if moment.utcoffset() is None:
        raise ValueError("a moment without a time zone has no time stamp")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def iso(stamp: int) -> str:
    """The stamp as ISO 8601 in UTC, with what was told and no more; the bare number where it tells no time that a calendar has."""
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds(stamp))
    except OverflowError:
        return str(stamp)
    if stamp < NO_TIME:
        return str(stamp)
    return moment.isoformat(timespec=unit(stamp)).replace("+00:00", "Z")
