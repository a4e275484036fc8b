"""Steps of a plan, and series, signals and windows in them."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from iso15118.grid.planning.horizon import edges_of, lasting, over, presence, said, tightest, windows
from iso15118.grid.series import Series
from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.units import HOUR
from tests.grid.planning.made import MIDNIGHT


def minutes(edges: np.ndarray) -> list[float]:
    return [round((edge - MIDNIGHT) / 60.0, 3) for edge in edges]


def test_steps_end_on_the_clock() -> None:
    assert minutes(edges_of(MIDNIGHT, 900.0, HOUR)) == [0, 15, 30, 45, 60]
    assert minutes(edges_of(MIDNIGHT + 600.0, 900.0, HOUR)) == [10, 15, 30, 45, 60, 75]
    assert minutes(edges_of(MIDNIGHT + 899.5, 900.0, HOUR)) == [14.992, 30, 45, 60, 75]  # half a second is no step
    assert minutes(edges_of(MIDNIGHT, 900.0, 60.0)) == [0, 15]


def test_what_is_far_away_is_planned_in_hours() -> None:
    edges = minutes(edges_of(MIDNIGHT + 600.0, 900.0, 36 * HOUR))
    assert edges[:4] == [10, 15, 30, 45]
    assert np.diff(edges).max() == 60.0
    assert all(edge % 60 == 0 for edge in edges if edge > 370 and edge != edges[-1])
    assert edges[-1] >= 36 * 60 + 10
    short = minutes(edges_of(MIDNIGHT, 300.0, 24 * HOUR))
    assert set(np.diff(short)) == {5.0, 15.0}
    assert len(minutes(edges_of(MIDNIGHT, 900.0, 24 * HOUR))) == 97
    assert len(minutes(edges_of(MIDNIGHT, 900.0, 24 * HOUR, fine=2 * HOUR))) == 8 + 22 + 1


def test_series_are_means_and_go_on_with_their_last_day() -> None:
    hours = Series(MIDNIGHT, HOUR, tuple(float(k) for k in range(48)))
    assert over(hours, MIDNIGHT + np.array([0.0, 900.0, 5400.0, 7200.0])) == pytest.approx([0.0, (0.75 * 0 + 0.5 * 1) / 1.25, 1.0])
    later = MIDNIGHT + 47 * HOUR + HOUR * np.arange(5)
    assert over(hours, later) == pytest.approx([47.0, 24.0, 25.0, 26.0])
    short = Series(MIDNIGHT, HOUR, (1.0, 3.0))
    assert over(short, MIDNIGHT + HOUR * np.arange(-2, 5)) == pytest.approx([2.0, 2.0, 1.0, 3.0, 2.0, 2.0])


def limit(value: float | Series, start: float, end: float, **words: object) -> Signal:
    return Signal(id="x", source="s", kind=Kind.IMPORT_LIMIT, value=value, start=MIDNIGHT + start, end=MIDNIGHT + end, **words)  # type: ignore[arg-type]


def test_a_limit_of_a_moment_binds_its_step() -> None:
    edges = MIDNIGHT + 900.0 * np.arange(5)
    assert list(tightest([limit(5.0, 1000.0, 1001.0)], Kind.IMPORT_LIMIT, ("",), edges)) == [inf, 5.0, inf, inf]
    assert list(tightest([limit(5.0, -99.0, 1800.0), limit(7.0, 0.0, 9e9)], Kind.IMPORT_LIMIT, ("",), edges)) == [5.0, 5.0, 7.0, 7.0]
    fine = Series(MIDNIGHT, 300.0, (9.0, 2.0, 9.0, 9.0, 9.0, 9.0))
    assert list(tightest([limit(fine, 0.0, 9e9, failsafe=1.0)], Kind.IMPORT_LIMIT, ("",), edges)) == [2.0, 9.0, 1.0, 1.0]
    assert list(tightest([limit(5.0, 0.0, 9e9)], Kind.IMPORT_LIMIT, ("elsewhere",), edges)) == [inf] * 4


def test_sources_that_speak_are_taken_to_go_on() -> None:
    spoken = limit(5.0, 0.0, 9e9, expires=MIDNIGHT + 60.0, failsafe=1.0)
    assert lasting([spoken], MIDNIGHT)[0].at(MIDNIGHT + 600.0) == 5.0
    assert lasting([spoken], MIDNIGHT + 60.0)[0].at(MIDNIGHT + 600.0) == 1.0


def test_the_highest_rank_is_heard() -> None:
    edges = MIDNIGHT + 900.0 * np.arange(3)
    words = {"source": "s", "kind": Kind.SETPOINT, "start": MIDNIGHT, "end": MIDNIGHT + 900.0}
    both = [Signal(id="a", value=1.0, **words), Signal(id="b", value=2.0, rank=Rank.GRID_OPERATOR, **words)]  # type: ignore[arg-type]
    assert list(said(both, Kind.SETPOINT, "", edges, np.array([7.0, 8.0]))) == [2.0, 8.0]


def test_presence_is_a_part_of_each_step() -> None:
    edges = MIDNIGHT + 900.0 * np.arange(4)
    assert list(presence(edges, MIDNIGHT + 450.0, MIDNIGHT + 1125.0)) == [0.5, 0.25, 0.0]


def test_windows_of_the_clock() -> None:
    parts = windows(MIDNIGHT + np.array([600.0, 900.0, 1200.0, 1800.0]), 900.0)
    assert [(list(steps), list(part)) for steps, part in parts] == [([0], [1.0]), ([1, 2], [1 / 3, 2 / 3])]
    hours = windows(MIDNIGHT + np.array([0.0, 900.0, 4500.0]), 900.0)
    assert [list(steps) for steps, _ in hours] == [[0], [1]]
