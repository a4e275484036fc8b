"""`hal.bounds`: windows, ramp, tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.hal.bounds import Held, clipped_voltage, over_voltage_trip, overshoots, ramped, sound, window
from iso15118.power import Command, Limits, Setpoint
from iso15118.value import replace

LIMITS = Limits(150, 500, 125, 50_000, 60, 20_000)


@pytest.mark.parametrize(("highest", "trip"), [(400, 550), (500, 550), (501, 825), (750, 825), (850, 935), (1000, 1100), (1250, 1375)])
def test_over_voltage_table(highest: float, trip: float) -> None:
    assert over_voltage_trip(highest) == trip


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("field", ["voltage", "current", "trickle"])
def test_a_number_that_is_none_is_no_command(field: str, bad: float) -> None:
    assert sound(Command(1, 0.3, Setpoint()))
    assert not sound(Command(1, 0.3, replace(Setpoint(), **{field: bad})))


@pytest.mark.parametrize("ttl", [0.0, -1.0, float("nan"), float("inf")])
def test_a_life_that_is_none(ttl: float) -> None:
    assert not sound(Command(1, ttl, Setpoint()))


@pytest.mark.parametrize("setpoint", [Setpoint(voltage=-1), Setpoint(trickle=-1)])
def test_magnitudes(setpoint: Setpoint) -> None:
    assert not sound(Command(1, 0.3, setpoint))


def test_window_is_the_stricter_of_current_and_power() -> None:
    assert window(LIMITS, 250, discharge=True) == (-60, 125)
    assert window(LIMITS, 500, discharge=True) == (-40, 100)
    assert window(LIMITS, 500, discharge=False) == (0, 100)
    assert window(LIMITS, 0, discharge=False) == (0, 125)


def test_a_limit_below_zero_is_zero() -> None:
    """It must not become a current the other way."""
    assert window(replace(LIMITS, discharge_current=-5, charge_current=-5), 400, discharge=True) == (0, 0)
    assert window(replace(LIMITS, discharge_power=-5, charge_power=-5), 400, discharge=True) == (0, 0)


@given(st.floats(-200, 200), st.floats(-200, 200), st.floats(0, 50))
def test_ramp(previous: float, wanted: float, step: float) -> None:
    after = ramped(previous, wanted, step)
    assert abs(after) <= max(abs(wanted), 0)  # never beyond what is wanted
    assert abs(after) <= abs(previous) + step  # a rise is bounded
    assert after * previous >= 0  # zero is not jumped over
    if previous * wanted >= 0 and abs(wanted) <= abs(previous):
        assert after == wanted  # a reduction is at once


def test_voltage_is_a_ceiling_or_a_floor() -> None:
    assert clipped_voltage(900, 10, LIMITS) == 500
    assert clipped_voltage(100, 10, LIMITS) == 0
    assert clipped_voltage(400, 0, LIMITS) == 400
    assert clipped_voltage(0, -10, LIMITS) == 150
    assert clipped_voltage(300, -10, LIMITS) == 300
    assert clipped_voltage(900, -10, LIMITS) == 500


def test_held_counts_from_the_last_time_it_did_not() -> None:
    held = Held(0.2)
    assert not held.check(True, 0.0)
    assert not held.check(True, 0.19)
    assert held.check(True, 0.2)
    assert not held.check(False, 0.3)
    assert not held.check(True, 0.49)
    assert held.check(True, 0.5)


def test_a_measurement_that_grows_old_holds_nothing() -> None:
    held = Held(0.2)
    held.check(False, 1.0, 1.0)
    assert not held.check(True, 9.0, 1.1)
    assert held.check(True, 9.0, 1.2)


def test_overshoot_is_signed() -> None:
    assert not overshoots(102, (0, 100), 1.05, 2.5)
    assert overshoots(120, (0, 100), 1.05, 2.5)
    assert overshoots(-5, (0, 100), 1.05, 2.5)
    assert not overshoots(-50, (50, 0), 1.05, 2.5)
