"""What was measured, and what it lets expect."""

from __future__ import annotations

from math import sin, tau
from random import Random

import pytest

from iso15118.grid.history import History

DAY = 86_400.0
START = 1_780_012_800.0  # midnight, UTC


def told(days: float, power: object = None, begin: float = START) -> History:
    """A history of measurements each five minutes."""
    history = History("load of main", weekdays=False)
    for k in range(round(days * 288)):
        moment = begin + 300.0 * k
        history.add(daily(moment) if power is None else power(moment), moment)  # type: ignore[operator]
    return history


def daily(moment: float) -> float:
    return 5e3 + 3e3 * sin(tau * moment / DAY)


def test_too_few_days_let_expect_nothing() -> None:
    assert told(2.9).expected(START + 2.9 * DAY, DAY) is None
    assert told(2.9).trouble(START + 2.9 * DAY) == ""


def test_similar_days_let_expect_the_next_one() -> None:
    now = START + 5.0 * DAY
    history = told(5.01)
    expected = history.expected(now, DAY)
    assert expected is not None
    for hour in range(3, 24):
        assert expected.at(now + hour * 3600.0) == pytest.approx(daily(now + hour * 3600.0), abs=300.0)
    assert history.trouble(now) == ""


def test_what_is_measured_now_fades_into_it() -> None:
    now = START + 5.0 * DAY
    history = told(5.01)
    history.add(9e3, now + 900.0)
    expected = history.expected(now + 900.0, DAY)
    assert expected is not None
    assert expected.at(now + 900.0) == pytest.approx(9e3, abs=100.0)
    assert expected.at(now + 2.5 * 3600.0) == pytest.approx(daily(now + 2.5 * 3600.0), abs=300.0)


def test_a_load_without_habits_is_not_to_be_foretold() -> None:
    rng = Random(1)
    wild = told(8.0, lambda moment: rng.choice([0.0, 0.0, 0.0, 40e3]))
    assert wild.trouble(START + 8.0 * DAY).startswith("the forecast of the load of main misses by ")


def test_steps_without_a_measurement_are_as_the_one_before_and_a_day_of_them_is_a_new_beginning() -> None:
    history = told(4.0)
    history.add(1e3, START + 4.5 * DAY)
    history.add(1e3, START + 4.5 * DAY + 900.0)
    assert history.days == pytest.approx(4.5 + 1 / 96, abs=0.02)
    history.add(1e3, START + 9.0 * DAY)
    history.add(1e3, START + 9.0 * DAY + 900.0)
    assert history.days < 0.1


def test_a_clock_that_is_set_back_adds_nothing() -> None:
    history = told(4.0)
    before = history.days
    history.add(99e3, START)
    assert history.days == before


def test_it_keeps_a_month() -> None:
    history = told(40.0)
    assert history.days == 30.0
    expected = history.expected(START + 40.0 * DAY, DAY)
    assert expected is not None
    assert expected.at(START + 40.25 * DAY) == pytest.approx(daily(START + 40.25 * DAY), abs=300.0)
