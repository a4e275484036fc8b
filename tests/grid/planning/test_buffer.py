"""Who leaves early is learned, and what that does for those who do."""

from __future__ import annotations

from functools import reduce
from random import Random

import pytest

from iso15118.grid.planning.buffer import LONGEST, UNKNOWN, Habit
from iso15118.units import HOUR


def habit(*early: float) -> Habit:
    """After departures so many s before the declared moment."""
    return reduce(lambda known, seconds: known.learned(10_000.0, 10_000.0 - seconds), early, Habit())


def test_nobody_known_has_half_an_hour() -> None:
    assert Habit().buffer == UNKNOWN == 1800.0


def test_who_is_always_on_time_needs_none_and_who_is_early_that_much() -> None:
    assert habit(*[0.0] * 8).buffer == 0.0
    assert habit(*[600.0] * 8).buffer == pytest.approx(600.0)
    assert habit(*[-1200.0] * 8).buffer == 0.0  # later than declared does no harm
    assert habit(*[9 * HOUR] * 8).buffer == LONGEST


def test_trust_comes_with_departures() -> None:
    buffers = [habit(*[0.0] * count).buffer for count in range(6)]
    assert buffers == sorted(buffers, reverse=True)
    assert buffers[-1] == 0.0


def test_the_deviations_of_any_user_cover_nearly_all_departures() -> None:
    rnd = Random(5)
    for sigma in (300.0, 900.0, 1800.0):
        known, covered = Habit(), 0
        for turn in range(400):
            early = rnd.gauss(0.0, sigma)
            covered += turn >= 20 and early <= known.buffer
            known = known.learned(0.0, -early)
        assert covered / 380 > 0.96
        assert known.buffer < 5.0 * sigma  # and it is no more than it must be


def test_habits_change() -> None:
    before = [0.0] * 50
    assert habit(*before, *[1800.0] * 5).buffer > 1800.0  # nobody knows yet which it is
    assert habit(*before, *[1800.0] * 80).buffer == pytest.approx(1800.0, rel=0.1)
