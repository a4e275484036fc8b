"""Ramps: up at one rate, down at another, through zero, and what passed meanwhile."""

from __future__ import annotations

import pytest

from iso15118.sim.slew import slew


@pytest.mark.parametrize(
    ("present", "target", "dt", "after", "passed"),
    [
        (0.0, 10.0, 1.0, 2.0, 1.0),
        (0.0, 1.0, 1.0, 1.0, 0.25 + 0.5),
        (10.0, 0.0, 0.5, 5.0, 3.75),
        (10.0, 0.0, 2.0, 0.0, 5.0),
        (10.0, -2.0, 2.0, -2.0, 5.0 - 1.0),
        (-10.0, -10.0, 3.0, -10.0, -30.0),
    ],
)
def test_up_at_two_a_second_and_down_at_ten(present: float, target: float, dt: float, after: float, passed: float) -> None:
    assert slew(present, target, dt, rise=2.0, fall=10.0) == pytest.approx((after, passed))
