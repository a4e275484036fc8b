"""What is to be expected of loads, generation and cars, from what has been on similar days; and how well that was known so far."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor
from typing import Final

from iso15118.energy import Need
from iso15118.grid.series import Series
from iso15118.grid.visits import Visit
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import Value, replace

DAY: Final[Second] = 86_400.0
LOOKBACK: Final = 30
"""Days."""
RECENT: Final = 0.85
"""A day counts so many times what the similar day after it counts."""
BLEND: Final[Second] = 2 * HOUR
"""After it nothing is left of what is measured now."""
BAD: Final = 0.5
"""A forecast that misses this part of what it foretells is worse than none."""
LITTLE: Final = 3
"""Days of history below which nobody knows."""


class Quality(Value):
    """How a forecast did on days that are over."""

    error: float
    """Mean absolute error in parts of the mean: 0.2 misses a fifth. (Of single steps it says nothing where generation is 0.)"""
    p90: Watt
    """Nine steps of ten were missed by no more."""
    days: int
    """That were foretold."""


class Stay(Value, kw_only=True):
    """A visit that is over."""

    evse: str
    arrival: Second
    departure: Second
    energy: WattHour
    charge_power: Watt
    user: str = ""


def similar(day: int, other: int) -> bool:
    """Whether two days (since the epoch) are both working days, or both of a weekend."""
    return _weekend(day) is _weekend(other)


def _weekend(day: int) -> bool:
    return (day + 3) % 7 >= 5  # day 0 was a Thursday


def profile(history: Series, now: Second, horizon: Second, *, weekdays: bool = True, days: int = LOOKBACK) -> Series:
    """What is to be expected from the step `now` lies in on: of each time of day what it was on similar days, the later ones counting more.

    `weekdays`: working days and weekends differ; the sun knows none. Where no similar day is known, all count. Raises LocalError (`Series`)
    if there is no history before `now`.
    """
    step = history.step
    first = floor(now / step) * step
    values = []
    for k in range(max(1, ceil((now + horizon - first) / step))):
        moment = first + k * step
        values.append(_expected(history, moment, now, weekdays, days))
    known = [value for value in values if value is not None]
    mean = sum(known) / len(known) if known else 0.0
    return Series(first, step, tuple(mean if value is None else value for value in values) if known else ())


def _expected(history: Series, moment: Second, now: Second, weekdays: bool, days: int) -> float | None:
    day = floor(moment / DAY)
    like, alike, total, weights = 0.0, 0.0, 0.0, 0.0
    for back in range(1, days + 1):
        then = moment - back * DAY
        if then + history.step > now:
            continue
        value = history.at(then + history.step / 2.0)
        if value is None:
            continue
        weight = RECENT**back
        total, weights = total + weight * value, weights + weight
        if not weekdays or similar(day, day - back):
            like, alike = like + weight * value, alike + weight
    if alike:
        return like / alike
    return total / weights if weights else None


def blended(expected: Series, measured: float, now: Second, over: Second = BLEND) -> Series:
    """A forecast that begins with what is measured now, and comes back to itself within `over` s."""
    at = expected.at(now)
    if at is None:
        return expected
    off = measured - at
    values = []
    for k, value in enumerate(expected.values):
        begin = max(now, expected.start + k * expected.step)
        values.append(value + off * max(0.0, 1.0 - (begin - now) / over) if expected.start + (k + 1) * expected.step > now else value)
    return replace(expected, values=tuple(values))


def quality(history: Series, now: Second, *, weekdays: bool = True, days: int = 7) -> Quality:
    """How the last days would have been foretold, each at its midnight, by what was known then."""
    missed, meant = [], 0.0
    counted = 0
    for back in range(days, 0, -1):
        midnight = (floor(now / DAY) - back) * DAY
        actual = [history.at(midnight + (k + 0.5) * history.step) for k in range(round(DAY / history.step))]
        if midnight - DAY < history.start or any(value is None for value in actual):
            continue
        expected = profile(history, midnight, DAY, weekdays=weekdays)
        missed += [abs(value - guess) for value, guess in zip(actual, expected.values, strict=True) if value is not None]
        meant += sum(abs(value) for value in actual if value is not None)
        counted += 1
    if not missed:
        return Quality(float("inf"), float("inf"), 0)
    missed.sort()
    error = sum(missed) / meant if meant else 0.0 if missed[-1] == 0.0 else float("inf")
    return Quality(error, missed[min(len(missed) - 1, ceil(0.9 * len(missed)) - 1)], counted)


def trouble(what: str, found: Quality, bad: float = BAD) -> str:
    """Why a forecast is not to be trusted, so that the site shares equally instead (`planning.ladder`); empty: it is."""
    if found.days < LITTLE:
        return f"the {what} is known of {found.days} days, and foretold from {LITTLE} on"
    if found.error > bad:
        return f"the forecast of the {what} misses by {found.error:.0%}, more than {bad:.0%}"
    return ""


def arrivals(past: Iterable[Stay], present: Iterable[Visit], now: Second, horizon: Second) -> tuple[Visit, ...]:
    """Cars that are to be expected within the horizon: those of the last similar day of which any are known, at the same times.

    One day that was is truer than a mean of many, on which no two cars ever come at once. Where a car stands now nobody is expected
    before it leaves.
    """
    stays = sorted(past, key=lambda stay: stay.arrival)
    leaves = {visit.evse: visit.departure for visit in present}
    found: dict[tuple[str, Second], Visit] = {}
    for day in range(floor(now / DAY), floor((now + horizon) / DAY) + 1):
        shift = _like(stays, day, now)
        for stay in stays:
            arrival = stay.arrival + shift
            if shift <= 0.0 or floor(arrival / DAY) != day or not now < arrival < now + horizon:
                continue
            free = leaves.get(stay.evse, now)
            if arrival >= free:
                need = Need(stay.energy, stay.energy, 0.0, None, stay.charge_power)
                leaves[stay.evse] = stay.departure + shift
                found[stay.evse, arrival] = Visit(
                    evse=stay.evse, need=need, arrival=arrival, departure=stay.departure + shift, user=stay.user, expected=True
                )
    return tuple(found.values())


def _like(stays: list[Stay], day: int, now: Second) -> Second:
    """How far the last similar day that is over lies behind; 0 s: there is none."""
    over = {floor(stay.arrival / DAY) for stay in stays if (floor(stay.arrival / DAY) + 1) * DAY <= now}
    like = [other for other in over if other < day and similar(day, other)] or [other for other in over if other < day]
    return (day - max(like)) * DAY if like else 0.0
