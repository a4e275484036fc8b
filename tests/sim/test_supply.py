"""`sim.supply`: the law of a current-limited source and sink."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.sim.supply import Supply

OHM = 0.05


def test_constant_current_then_constant_voltage() -> None:
    supply = Supply()
    supply.demand(400, 100)
    assert supply.settles_at(380, OHM) == 100
    assert supply.settles_at(398, OHM) == pytest.approx(40)
    assert supply.settles_at(401, OHM) == 0


def test_sinks_while_the_output_stays_above_its_floor() -> None:
    supply = Supply()
    supply.demand(350, -100)
    assert supply.settles_at(380, OHM) == -100
    assert supply.settles_at(351, OHM) == pytest.approx(-20)
    assert supply.settles_at(349, OHM) == 0


def test_holds_with_a_trickle_and_never_sinks() -> None:
    supply = Supply()
    supply.demand(400, 0, 2)
    assert supply.holding
    assert supply.settles_at(380, OHM) == 2
    assert supply.settles_at(420, OHM) == 0


def test_its_own_limits() -> None:
    supply = Supply(max_voltage=500, charge_current=125, discharge_current=60)
    supply.demand(900, 300)
    assert supply.target_voltage == 500
    assert supply.settles_at(400, OHM) == 125
    supply.demand(100, -300)
    assert supply.settles_at(400, OHM) == -60


def test_off_and_dead_drive_nothing() -> None:
    supply = Supply()
    supply.demand(400, 100)
    supply.dead = True
    assert supply.settles_at(380, OHM) == 0
    assert not supply.on
    supply.dead = False
    supply.off()
    assert supply.window == (0, 0)


def test_reversal_falls_to_zero_then_rises() -> None:
    supply = Supply(rise=100, fall=1000)
    after, charge = supply.slew(50, -50, 0.05)
    assert after == 0
    assert charge == pytest.approx(50 * 0.05 / 2)
    after, charge = supply.slew(50, -50, 0.15)
    assert after == pytest.approx(-10)
    assert charge == pytest.approx(50 * 0.05 / 2 - 10 * 0.1 / 2)


@given(st.floats(-200, 200), st.floats(-200, 200), st.floats(0.001, 5))
def test_slew_is_the_same_in_one_step_and_in_many(present: float, target: float, seconds: float) -> None:
    supply = Supply(rise=80, fall=500)
    once, charge = supply.slew(present, target, seconds)
    current, total = present, 0.0
    for _ in range(20):
        current, moved = supply.slew(current, target, seconds / 20)
        total += moved
    assert current == pytest.approx(once, abs=1e-6)
    assert total == pytest.approx(charge, abs=1e-6)
