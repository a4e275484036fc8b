"""Draws: each subject of a scenario has its own stream of chance, so that one does not move when another is changed."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, sqrt
from random import Random


def stream(name: str, seed: int, subject: str) -> Random:
    """The stream of one subject of a scenario."""
    return Random(f"{name}/{seed}/{subject}")


def within(draw: Callable[[], float], low: float, high: float) -> float:
    """The first draw that lies in a range: a truncated distribution. After 1000 draws outside it the nearer end."""
    value = low
    for _ in range(1000):
        value = draw()
        if low <= value <= high:
            return value
    return min(high, max(low, value))


def normal(random: Random, mean: float, sigma: float, low: float, high: float) -> float:
    """A normal distribution, truncated."""
    return within(lambda: random.gauss(mean, sigma), low, high)


def lognormal(random: Random, median: float, sigma: float, low: float, high: float) -> float:
    """A lognormal distribution by its median and the sigma of its logarithm, truncated."""
    return within(lambda: median * exp(random.gauss(0.0, sigma)), low, high)


def wandering(random: Random, count: int, sigma: float, keep: float) -> list[float]:
    """An AR(1) process of mean 0: `keep` of each value goes on in the next one, and its standard deviation is `sigma` all along."""
    values, value, kick = [], random.gauss(0.0, sigma), sigma * sqrt(1.0 - keep * keep)
    for _ in range(count):
        values.append(value)
        value = keep * value + random.gauss(0.0, kick)
    return values
