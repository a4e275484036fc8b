"""Quantities over time."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.grid.series import Series, constant

THREE = Series(100.0, 10.0, (1.0, 2.0, 4.0))


@pytest.mark.parametrize(("moment", "value"), [(99.9, None), (100.0, 1.0), (109.9, 1.0), (110.0, 2.0), (129.9, 4.0), (130.0, None)])
def test_a_value_holds_from_its_step_on(moment: float, value: float | None) -> None:
    assert THREE.at(moment) == value


@pytest.mark.parametrize(
    ("begin", "end", "mean"),
    [(100, 130, 7 / 3), (105, 115, 1.5), (119, 121, 3.0), (100, 101, 1.0), (99, 101, None), (120, 131, None), (110, 110, None)],
)
def test_the_mean_is_weighted_by_time(begin: float, end: float, mean: float | None) -> None:
    assert THREE.mean(begin, end) == (None if mean is None else pytest.approx(mean))


def test_another_grid_and_what_stands_in_beyond() -> None:
    assert THREE.sampled(95.0, 10.0, 4, lambda moment: -moment) == (-95.0, 1.5, 3.0, -125.0)
    assert constant(5.0, 0.0, 60.0).sampled(0.0, 20.0, 3, lambda moment: 0.0) == (5.0, 5.0, 5.0)


@pytest.mark.parametrize(
    ("step", "values", "said"),
    [
        (0.0, (1.0,), "steps of 0 s"),
        (-1.0, (1.0,), "steps of -1 s"),
        (1.0, (), "without values"),
        (1.0, (1.0, float("nan")), "nan in step 1"),
    ],
)
def test_what_is_no_series(step: float, values: tuple[float, ...], said: str) -> None:
    with pytest.raises(LocalError, match=said):
        Series(0.0, step, values)
