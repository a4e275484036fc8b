"""What happens inside a step: second by second about the mean that the scenario tells.

Between the middles of steps the value goes in a straight line, and an AR(1) noise, relative to it, lies on top; each step is then scaled
so that its mean is exactly that of the scenario.
"""

from __future__ import annotations

from math import exp, sqrt
from random import Random

from iso15118.grid.series import Series
from iso15118.units import Second

LOAD = (0.06, 30.0)
PV = (0.10, 60.0)
"""Relative standard deviation, and the time (s) in which a deviation falls to 1/e: of kettles and lifts, and of clouds."""


class Within:
    """The seconds of one series, step after step."""

    def __init__(self, random: Random, series: Series, noise: tuple[float, Second]) -> None:
        self._random, self._series = random, series
        self._sigma, self._keep = noise[0], exp(-1.0 / noise[1])
        self._off = random.gauss(0.0, noise[0])

    def step(self, k: int) -> list[float]:
        """Its values in step `k`; steps are asked for in their order."""
        values, length = self._series.values, round(self._series.step)
        mean = values[k]
        before, after = values[max(0, k - 1)], values[min(len(values) - 1, k + 1)]
        kick = self._sigma * sqrt(1.0 - self._keep**2)
        found = []
        for second in range(length):
            part = (second + 0.5) / length - 0.5
            line = mean + part * (mean - before if part < 0.0 else after - mean)
            self._off = self._keep * self._off + self._random.gauss(0.0, kick)
            found.append(max(0.0, line * (1.0 + self._off)))
        total = sum(found)
        return [value * mean * length / total for value in found] if total > 0.0 else [mean] * length
