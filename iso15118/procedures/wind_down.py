"""Coming to rest: zero current first, then the contactor, then the connector. The guard enforces the same order below."""

from __future__ import annotations

from typing import Final

from iso15118.power import Reading, Setpoint
from iso15118.units import Ampere, Second

NO_CURRENT: Final[Ampere] = 1.0
"""A: below this a contactor opens without wear."""
STALE: Final[Second] = 0.3
"""s: an older measurement proves nothing."""

REST: Final = Setpoint(lock=True)
"""No current, contactor open, the connector still held."""


def at_rest(reading: Reading, now: Second) -> bool:
    """True when a fresh measurement shows that no current flows."""
    return reading.current.age(now) <= STALE and abs(reading.current.value) < NO_CURRENT
