"""`procedures.precharge`: the set-point that meets the battery's voltage."""

from __future__ import annotations

import pytest

from iso15118.power import Limits, Setpoint
from iso15118.procedures.precharge import CURRENT, hold


@pytest.mark.parametrize(("target", "held"), [(400, 400), (500, 500), (501, 500), (32767e127, 500), (0, 0), (-1, 0)])
def test_the_target_within_the_outlet(target: float, held: float) -> None:
    assert hold(target, Limits(150, 500, 80, 30e3, 50, 20e3)) == Setpoint(voltage=held, trickle=CURRENT, contactor=True, lock=True)


def test_a_trickle_is_all_that_flows() -> None:
    assert CURRENT <= 2.0
