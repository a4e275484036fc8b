"""`procedures.wind_down`: what rest is, and when it is proved."""

from __future__ import annotations

import pytest

from iso15118.power import Setpoint
from iso15118.procedures.wind_down import REST, at_rest
from tests.session.playbook import reading


def test_rest_holds_the_connector_and_nothing_else() -> None:
    assert Setpoint(voltage=0, current=0, trickle=0, contactor=False, lock=True, insulation_test=False, bidirectional=False) == REST


@pytest.mark.parametrize(
    ("current", "age", "rests"),
    [(0, 0, True), (0.99, 0.3, True), (-0.99, 0, True), (1.0, 0, False), (-1.0, 0, False), (0, 0.31, False), (0, -5, True)],
)
def test_only_a_fresh_measurement_proves_rest(current: float, age: float, rests: bool) -> None:
    assert at_rest(reading(100.0 - age, current=current), 100.0) is rests
