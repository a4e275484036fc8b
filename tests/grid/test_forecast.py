"""What is expected from what has been, and how wrong that was."""

from __future__ import annotations

from math import pi, sin
from random import Random

import pytest

from iso15118.grid.forecast import DAY, Quality, Stay, arrivals, blended, profile, quality, similar, trouble
from iso15118.grid.series import Series
from iso15118.units import HOUR
from tests.grid.planning.made import car

MONDAY = 1_699_833_600.0  # 2023-11-13 00:00
STEP = 900.0


def history(days: int, noise: float, weekend: float = 1.0, seed: int = 1) -> Series:
    """A building's load from a Monday on: a day's shape, less or more at weekends, with noise."""
    rnd = Random(seed)
    values = []
    for day in range(days):
        for k in range(96):
            shape = 2000.0 + 1500.0 * sin(2.0 * pi * (k - 32) / 96)
            values.append(max(0.0, shape * (weekend if day % 7 >= 5 else 1.0) * (1.0 + rnd.gauss(0.0, noise))))
    return Series(MONDAY, STEP, tuple(values))


def test_days_that_are_alike() -> None:
    day = round(MONDAY / DAY)
    assert similar(day, day + 4)
    assert not similar(day, day + 5)
    assert similar(day + 5, day + 6)


def test_a_day_like_others_is_foretold_by_them() -> None:
    past = history(14, 0.0, weekend=0.4)
    tuesday = profile(past, MONDAY + 15 * DAY, DAY)
    assert tuesday.values == pytest.approx(past.values[:96])
    saturday = profile(past, MONDAY + 19 * DAY, DAY)
    assert saturday.values == pytest.approx(past.values[5 * 96 : 6 * 96])
    blind = profile(past, MONDAY + 19 * DAY, DAY, weekdays=False)
    assert blind.values[40] > saturday.values[40] * 1.2


def test_only_what_was_known_is_used() -> None:
    past = history(14, 0.3)
    now = MONDAY + 9 * DAY + 10 * HOUR
    known = Series(past.start, STEP, past.values[: round((now - MONDAY) / STEP)])
    assert profile(past, now, DAY) == profile(known, now, DAY)


def test_a_horizon_longer_than_a_day_and_a_gap() -> None:
    past = Series(MONDAY, STEP, history(14, 0.0).values[:40])  # ten hours of one day are all that is known
    two = profile(past, MONDAY + 10 * HOUR, 2 * DAY)
    assert len(two.values) == 192
    assert two.at(MONDAY + 2 * DAY + HOUR) == pytest.approx(past.at(MONDAY + HOUR))
    assert two.at(MONDAY + DAY + 20 * HOUR) == pytest.approx(sum(two.at(MONDAY + DAY + k * STEP) or 0.0 for k in range(40)) / 40, rel=0.05)


def test_what_is_measured_now_fades_into_what_is_expected() -> None:
    expected = Series(MONDAY, STEP, (1000.0,) * 20)
    mixed = blended(expected, 3000.0, MONDAY + 2 * STEP)
    assert mixed.values[:3] == (1000.0, 1000.0, 3000.0)
    assert mixed.values[6] == pytest.approx(2000.0)
    assert mixed.values[10:] == (1000.0,) * 10
    assert blended(expected, 3000.0, MONDAY + DAY) == expected


def test_the_error_is_that_of_days_that_are_over() -> None:
    for noise in (0.0, 0.1, 0.3):
        found = quality(history(21, noise), MONDAY + 21 * DAY)
        assert found.days == 7
        assert found.error == pytest.approx(noise * 0.8, rel=0.35, abs=1e-9)  # the mean size of what is normally distributed
        assert (found.p90 > 100.0) is (noise > 0.0)
    blind = quality(history(21, 0.0, weekend=0.2), MONDAY + 21 * DAY, weekdays=False)
    assert blind.error > quality(history(21, 0.0, weekend=0.2), MONDAY + 21 * DAY).error


def test_a_bad_forecast_is_not_trusted_and_says_so() -> None:
    assert trouble("load", Quality(0.2, 500.0, 7)) == ""
    assert trouble("load", Quality(0.62, 500.0, 7)) == "the forecast of the load misses by 62%, more than 50%"
    assert trouble("load", quality(history(2, 0.0), MONDAY + 2 * DAY)) == "the load is known of 1 days, and foretold from 3 on"


def test_cars_come_as_on_the_last_day_like_this() -> None:
    stays = [
        Stay(evse="a", arrival=MONDAY + 8 * HOUR, departure=MONDAY + 16 * HOUR, energy=9e3, charge_power=11e3, user="x"),
        Stay(evse="b", arrival=MONDAY + 9 * HOUR, departure=MONDAY + 12 * HOUR, energy=5e3, charge_power=11e3),
        Stay(evse="a", arrival=MONDAY + 5 * DAY + 10 * HOUR, departure=MONDAY + 5 * DAY + 11 * HOUR, energy=1e3, charge_power=11e3),
    ]
    now = MONDAY + 7 * DAY + 6 * HOUR
    found = arrivals(stays, [], now, DAY)
    assert [(visit.evse, (visit.arrival - MONDAY - 7 * DAY) / HOUR, visit.expected) for visit in found] == [
        ("a", 8.0, True),
        ("b", 9.0, True),
    ]
    assert found[0].need.target_energy == 9e3
    assert found[0].user == "x"
    here = car("a", arrival=0.0, departure=0.0)
    busy = here.__class__(evse="a", need=here.need, arrival=now, departure=now + 3 * HOUR)
    assert [visit.evse for visit in arrivals(stays, [busy], now, DAY)] == ["b"]
    assert arrivals([], [], now, DAY) == ()
    weekend = arrivals(stays, [], MONDAY + 12 * DAY, DAY)
    assert [visit.need.target_energy for visit in weekend] == [1e3]
