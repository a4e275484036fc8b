"""The prices of a car's schedule: what the driver pays where that is known, and levels that rank what energy is worth to the site.

Levels: 0 is the best for the vehicle in either direction. Neighbour: `schedules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from iso15118.grid.prices import Prices
from iso15118.grid.series import Series
from iso15118.tariff import Level, Rule, Stack, Tariff
from iso15118.units import Second

FEW: Final = 4
MANY: Final = 10
"""Levels that prices are ranked in, by how many different ones there are."""
DIGITS: Final = 4
"""Of a price that tells it from another one."""


class Tagged(NamedTuple):
    """A stretch of time, what one more kWh costs the site in it, and what one that comes back is worth."""

    begin: Second
    end: Second
    cost: float
    worth: float


class Tags(NamedTuple):
    """Of charging, and of giving back."""

    charging: Tariff
    back: Tariff


def tags_of(steps: Sequence[Tagged], wear: float, prices: Prices, retail: Series | None) -> Tags:
    """The prices of steps that follow each other. `wear`: what the car loses with a kWh given back.

    `retail`: what a driver pays for a kWh, None: not known; then, and in steps that it does not reach, no price is told. What is paid for
    energy that comes back is what it is worth to the site, less its wear.
    """
    told = [None if retail is None else retail.mean(step.begin, step.end) for step in steps]
    stacks = tuple(Stack(s.end - s.begin, (Rule(p, carbon=_carbon(prices, s)),)) for s, p in zip(steps, told, strict=True) if p is not None)
    known = len(stacks) == len(steps)
    back = [-max(0.0, round(step.worth - wear, DIGITS)) for step in steps]
    return Tags(
        Tariff(stacks if known else (), levels(steps, [round(step.cost, DIGITS) for step in steps]), prices.currency),
        Tariff(
            tuple(Stack(s.end - s.begin, (Rule(fee),)) for s, fee in zip(steps, back, strict=True)) if known else (),
            levels(steps, back),
            prices.currency,
        ),
    )


def levels(steps: Sequence[Tagged], prices: Sequence[float]) -> tuple[Level, ...]:
    """The rank of each price: of so many levels that which the part of time that is cheaper falls into."""
    seconds = [step.end - step.begin for step in steps]
    count, whole = min(MANY, max(FEW, len(set(prices)))), sum(seconds)
    below = {price: sum(s for s, other in zip(seconds, prices, strict=True) if other < price) / whole for price in set(prices)}
    return tuple(Level(s, int(below[price] * count)) for s, price in zip(seconds, prices, strict=True))


def _carbon(prices: Prices, step: Tagged) -> int | None:
    mean = None if prices.carbon is None else prices.carbon.mean(step.begin, step.end)
    return None if mean is None else round(mean)
