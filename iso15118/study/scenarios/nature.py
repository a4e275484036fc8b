"""Prices, sun and loads of made-up days, and forecasts of them that are wrong. Neighbour: `chance`."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, pi, sin
from random import Random
from typing import Final

from iso15118.grid.prices import Demand, Prices
from iso15118.grid.series import Series
from iso15118.study.scenarios.chance import wandering
from iso15118.units import HOUR, Second, Watt

DAY: Final[Second] = 86_400.0
MONDAY: Final[Second] = 1_780_272_000.0
"""2026-06-01 00:00 UTC: every scenario begins on that day."""
BASE: Final = 0.09
"""EUR/kWh of the day-ahead market in the mean."""
SHAPE: Final = ((8.0, 1.5, 0.035), (19.5, 2.0, 0.06), (13.5, 2.5, -0.055), (3.0, 2.5, -0.015))
"""Its hills and valleys: hour, width in hours, EUR/kWh."""
PRICE_NOISE: Final = 0.006
VARIES: Final = 0.25
"""Relative standard deviation of load and sun about their profile."""
KEEP: Final = 0.9
"""Of a deviation, what is left of it a quarter of an hour later."""
YIELD: Final = 0.85
"""Of its peak power, what a plant gives at noon of a clear day."""
LOAD_ERROR: Final = 0.15
PV_ERROR: Final = 0.25
"""Relative standard deviations of forecasts."""
MONTH: Final = 30.0
"""Days of a billing period: a scenario pays its part of the demand charge."""


def hour_of(moment: Second) -> float:
    """Of the day, 0..24."""
    return moment % DAY / HOUR


def _hill(hour: float, middle: float, width: float) -> float:
    apart = (hour - middle + 12.0) % 24.0 - 12.0
    return exp(-0.5 * (apart / width) ** 2)


def keep(step: Second) -> float:
    """What is left of a deviation after a step."""
    return float(KEEP ** (step / 900.0))


def prices(
    random: Random, start: Second, step: Second, count: int, fixed: float, export: float, demand: float | None, days: float
) -> Prices:
    """Day-ahead prices plus a fixed part, EUR/kWh; `demand` EUR/kW and month, of which the days of the scenario pay their part.

    From midnight a day before the start, whose prices are known by then, to midnight after its end.
    """
    before = start - start % DAY - DAY
    count = round((ceil((start + count * step) / DAY) * DAY - before) / step)
    noise = wandering(random, count, PRICE_NOISE, keep(step))
    factors: dict[int, float] = {}
    values = []
    for k in range(count):
        moment = before + k * step
        factor = factors.setdefault(int(moment // DAY), random.gauss(1.0, 0.3))
        shape = sum(height * _hill(hour_of(moment), middle, width) for middle, width, height in SHAPE)
        values.append(fixed + BASE + factor * shape + noise[k])
    return Prices(
        import_price=Series(before, step, tuple(values)),
        export_price=Series(before, step * count, (export,)),
        demand=None if demand is None else Demand(demand * days / MONTH),
    )


def sun(random: Random, start: Second, step: Second, count: int, peak: Watt) -> Series:
    """W of photovoltaics of `peak` W: a bell from 6 to 20 h, each day's clearness Beta(2.2, 1.6), clouds besides."""
    clouds = wandering(random, count, VARIES, keep(step))
    clearness: dict[int, float] = {}
    values = []
    for k in range(count):
        middle = start + (k + 0.5) * step
        clear = clearness.setdefault(int(middle // DAY), random.betavariate(2.2, 1.6))
        bell = YIELD * max(0.0, sin(pi * (hour_of(middle) - 6.0) / 14.0)) ** 2
        values.append(peak * min(1.0, max(0.0, bell * clear * (1.0 + clouds[k]))))
    return Series(start, step, tuple(values))


def load(random: Random, start: Second, step: Second, count: int, profile: Callable[[Second], Watt]) -> Series:
    """W about a profile over time, never below a fifth of it."""
    noise = wandering(random, count, VARIES, keep(step))
    return Series(start, step, tuple(profile(start + (k + 0.5) * step) * max(0.2, 1.0 + noise[k]) for k in range(count)))


def forecast(random: Random, truth: Series, error: float) -> Series:
    """What was foreseen: the truth with an error that wanders, relative."""
    wrong = wandering(random, len(truth.values), error, keep(truth.step))
    return Series(truth.start, truth.step, tuple(value * max(0.0, 1.0 + off) for value, off in zip(truth.values, wrong, strict=True)))


def household(yearly: float) -> Callable[[Second], Watt]:
    """The profile of flats or a house that use `yearly` kWh a year: low at night, a hill in the morning, a higher one in the evening."""

    def shape(moment: Second) -> float:
        hour = hour_of(moment)
        return 0.55 + 0.5 * _hill(hour, 7.5, 1.2) + 0.45 * _hill(hour, 12.5, 2.0) + 1.25 * _hill(hour, 19.5, 2.2)

    mean = sum(shape(q * 900.0) for q in range(96)) / 96.0
    watts = yearly * 1e3 / 8760.0
    return lambda moment: watts * shape(moment) / mean


def office(night: Watt, day: Watt) -> Callable[[Second], Watt]:
    """The profile of an office: up between 7 and 9 h, down between 16 and 19 h, weekends as nights."""

    def watts(moment: Second) -> Watt:
        hour = hour_of(moment)
        if int((moment - MONDAY) // DAY) % 7 >= 5:
            return night
        up = min(1.0, max(0.0, (hour - 7.0) / 2.0)) * min(1.0, max(0.0, (19.0 - hour) / 3.0))
        return night + (day - night) * up

    return watts
