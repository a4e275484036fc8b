"""A quantity over time in equal steps: prices, forecasts, plans. Neighbours: `prices`, `forecast`."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, isfinite

from iso15118.errors import LocalError
from iso15118.units import Second
from iso15118.value import Value


class Series(Value):
    """Constant in each step: `values[k]` holds from `start + k * step` on (seconds since the epoch), for `step` s.

    Raises LocalError on a step that is no time, no values, or one that is not finite.
    """

    start: Second
    step: Second
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.step > 0.0:
            raise LocalError(f"a series with steps of {self.step:g} s; allowed: more than 0 s")
        if not self.values:
            raise LocalError("a series without values; allowed: one or more")
        for k, value in enumerate(self.values):
            if not isfinite(value):
                raise LocalError(f"a series with {value} in step {k}; allowed: finite numbers")

    @property
    def end(self) -> Second:
        """Where the last step ends."""
        return self.start + self.step * len(self.values)

    def at(self, moment: Second) -> float | None:
        """The value at `moment`; None: it does not reach there."""
        k = floor((moment - self.start) / self.step)
        return self.values[k] if 0 <= k < len(self.values) else None

    def mean(self, begin: Second, end: Second) -> float | None:
        """The mean over a stretch of time, by the part of each step that lies in it; None: it does not reach all over it."""
        if begin < self.start or end > self.end or not end > begin:
            return None
        first, total = floor((begin - self.start) / self.step), 0.0
        for k in range(first, len(self.values)):
            low = self.start + k * self.step
            if low >= end:
                break
            total += self.values[k] * (min(end, low + self.step) - max(begin, low))
        return total / (end - begin)

    def sampled(self, start: Second, step: Second, count: int, beyond: Callable[[Second], float]) -> tuple[float, ...]:
        """`count` means over steps of another grid; `beyond(moment)` stands in where the series does not reach."""
        moments = (start + k * step for k in range(count))
        return tuple(beyond(moment) if (mean := self.mean(moment, moment + step)) is None else mean for moment in moments)


def constant(value: float, start: Second, end: Second) -> Series:
    """The same value all the time."""
    return Series(start, end - start, (value,))
