"""How much earlier than declared a user tends to leave: learned, as a value that goes from one departure to the next."""

from __future__ import annotations

from math import sqrt
from typing import Final

from iso15118.units import HOUR, Second
from iso15118.value import Value

UNKNOWN: Final[Second] = 1800.0
"""Of a user who has not left often enough to be known: cars leave within 15 min of the declared time two times out of three."""
ENOUGH: Final = 5
"""Departures from which on a user's own habit counts alone."""
FADES: Final = 0.1
"""The least weight of the latest departure: what is much older than ten of them is forgotten."""
DEVIATIONS: Final = 2.5
"""Standard deviations: of 1600 cars with habits of their own two left 99.3 % with their target, two and a half 99.8 %, at 0.1 % more."""
LONGEST: Final[Second] = 2 * HOUR


class Habit(Value):
    """What is known of a user's departures: how many, and how they lie to what was declared (s, + earlier)."""

    count: int = 0
    mean: Second = 0.0
    variance: float = 0.0
    """s squared."""

    def learned(self, declared: Second, actual: Second) -> Habit:
        """After one more departure (moments, s)."""
        early = declared - actual
        weight = max(FADES, 1.0 / (self.count + 1))
        off = early - self.mean
        return Habit(self.count + 1, self.mean + weight * off, (1.0 - weight) * (self.variance + weight * off * off))

    @property
    def buffer(self) -> Second:
        """So much before the declared departure the target is to be met: mean and `DEVIATIONS`, 0 s to 2 h."""
        own = min(LONGEST, max(0.0, self.mean + DEVIATIONS * sqrt(self.variance)))
        trust = min(1.0, self.count / ENOUGH)
        return trust * own + (1.0 - trust) * UNKNOWN
