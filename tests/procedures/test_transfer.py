"""`procedures.transfer`: no limit is ever crossed, the flags tell the truth, and nothing leaves a vehicle that may not give."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iso15118.energy import Budget, Need
from iso15118.power import Limits
from iso15118.procedures.transfer import LEAST_VOLTAGE, Decision, follow, granted, steer, wanted, within_window
from iso15118.value import replace

OURS = Limits(150.0, 500.0, 80.0, 30e3, 50.0, 20e3)
THEIRS = Limits(200.0, 480.0, 100.0, 40e3, 60.0, 25e3)
EPSILON = 1e-6
steady = settings(derandomize=True, deadline=None)

amperes = st.floats(0, 1000)
watts = st.floats(0, 500e3)
windows = st.builds(
    lambda low, span, *rest: Limits(low, low + span, *rest), st.floats(0, 600), st.floats(0, 600), amperes, watts, amperes, watts
)
targets = st.floats(-1500, 1500)
volts = st.floats(-10, 1500)


def never_too_much(decision: Decision, ours: Limits, theirs: Limits, present: float) -> None:
    """Current, power and voltage are inside both windows, in the direction they go."""
    current, power = decision.current, decision.current * max(present, LEAST_VOLTAGE)
    assert -min(ours.discharge_current, theirs.discharge_current) - EPSILON <= current
    assert current <= min(ours.charge_current, theirs.charge_current) + EPSILON
    assert -min(ours.discharge_power, theirs.discharge_power) - EPSILON * 1e3 <= power
    assert power <= min(ours.charge_power, theirs.charge_power) + EPSILON * 1e3
    assert 0 <= decision.voltage <= ours.max_voltage
    if current > 0:
        assert decision.voltage <= theirs.max_voltage
    if current < 0:
        assert max(ours.min_voltage, theirs.min_voltage) <= decision.voltage


@steady
@given(targets, st.floats(-100, 2000), windows, windows, volts)
def test_following_crosses_no_limit(target: float, ceiling: float, ours: Limits, theirs: Limits, present: float) -> None:
    decision = follow(target, ceiling, ours, theirs, present)
    never_too_much(decision, ours, theirs, present)
    assert abs(decision.current) <= abs(target), "no more than what is asked for"
    assert decision.current * target >= 0, "never the other way"
    if target >= 0:
        assert decision.voltage <= max(ceiling, 0)


@steady
@given(st.none() | st.floats(-500e3, 500e3), windows, windows, volts)
def test_steering_crosses_no_limit(wanted: float | None, ours: Limits, theirs: Limits, present: float) -> None:
    decision = steer(wanted, ours, theirs, present)
    never_too_much(decision, ours, theirs, present)
    if wanted is None:
        assert decision.current >= 0, "nobody asked for energy back"
    else:
        assert abs(decision.current) * max(present, LEAST_VOLTAGE) <= abs(wanted) + EPSILON * 1e3
        assert decision.current * wanted >= 0


@steady
@given(targets, windows, windows, volts)
def test_without_a_way_back_nothing_is_taken(target: float, ours: Limits, theirs: Limits, present: float) -> None:
    assert follow(target, 450, ours.charging_only(), theirs, present).current >= 0
    assert follow(target, 450, ours, theirs.charging_only(), present).current >= 0
    assert steer(target * 400, ours.charging_only(), theirs, present).current >= 0


@steady
@given(st.floats(0, 1500), windows, windows, st.floats(50, 1000))
def test_charging_flags_name_the_limit_that_binds(target: float, ours: Limits, theirs: Limits, present: float) -> None:
    """With our limit out of the way the current rises if, and only if, a flag says so."""
    decision = follow(target, 450, ours, theirs, present)
    free = follow(target, 450, replace(ours, charge_current=1e9, charge_power=1e12), theirs, present)
    assert (free.current > decision.current) is (decision.power_limited or decision.current_limited)
    assert not (decision.power_limited and decision.current_limited)
    if decision.current_limited:
        assert decision.current == ours.charge_current
    if decision.power_limited:
        assert decision.current == pytest.approx(ours.charge_power / present)


@steady
@given(st.floats(-1500, -1), windows, windows, st.floats(50, 1000))
def test_discharging_flags_name_the_limit_that_binds(target: float, ours: Limits, theirs: Limits, present: float) -> None:
    theirs = replace(theirs, min_voltage=0)
    decision = follow(target, 450, ours, theirs, present)
    free = follow(target, 450, replace(ours, discharge_current=1e9, discharge_power=1e12), theirs, present)
    assert (free.current < decision.current) is (decision.power_limited or decision.current_limited)
    assert not (decision.power_limited and decision.current_limited)


@steady
@given(st.floats(-100, 100), st.floats(-100, 100))
def test_more_asked_for_is_never_less_given(one: float, other: float) -> None:
    """Through zero too: the answer is monotonic in the question."""
    low, high = sorted((one, other))
    assert follow(low, 450, OURS, THEIRS, 400).current <= follow(high, 450, OURS, THEIRS, 400).current


@pytest.mark.parametrize(
    ("target", "current"),
    [(60, 60), (75, 75), (90, 75), (0.5, 0.5), (0, 0), (-0.5, -0.5), (-40, -40), (-50, -50), (-60, -50)],
)
def test_scheduled_follows_the_target_through_zero(target: float, current: float) -> None:
    decision = follow(target, 450, OURS, THEIRS, 400)
    assert decision.current == current
    assert decision.voltage == (450 if target >= 0 else 200)


def test_targets_inside_all_limits_raise_no_flag() -> None:
    for target in (0, 20, -20):
        decision = follow(target, 450, OURS, THEIRS, 400)
        assert decision == Decision(decision.voltage, target)


@pytest.mark.parametrize(
    ("ours", "flags"),
    [
        (replace(OURS, charge_power=10e3), (True, False, False)),
        (replace(OURS, charge_current=10), (False, True, False)),
        (replace(OURS, charge_current=10, charge_power=20e3), (False, True, False)),
        (replace(OURS, max_voltage=420), (False, False, True)),
        (replace(OURS, charge_power=0), (True, False, False)),
        (replace(OURS, charge_current=25, charge_power=10e3), (True, False, False)),  # both bind alike: one of them is named
    ],
)
def test_the_flag_of_each_limit(ours: Limits, flags: tuple[bool, bool, bool]) -> None:
    decision = follow(70, 450, ours, THEIRS, 400)
    assert (decision.power_limited, decision.current_limited, decision.voltage_limited) == flags


@pytest.mark.parametrize(
    ("ours", "flags"),
    [
        (replace(OURS, discharge_power=10e3), (True, False, False)),
        (replace(OURS, discharge_current=20), (False, True, False)),
        (replace(OURS, discharge_current=25, discharge_power=10e3), (True, False, False)),
        (replace(OURS, discharge_current=100, discharge_power=40e3), (False, False, False)),
        (replace(OURS, min_voltage=399, discharge_power=10e3), (True, False, False)),
        (replace(OURS, min_voltage=400, discharge_power=10e3), (True, False, True)),
    ],
)
def test_the_flag_of_each_limit_on_the_way_back(ours: Limits, flags: tuple[bool, bool, bool]) -> None:
    decision = follow(-70, 450, ours, THEIRS, 400)
    assert (decision.power_limited, decision.current_limited, decision.voltage_limited) == flags


def test_the_cars_own_limit_is_not_ours() -> None:
    decision = follow(70, 450, OURS, replace(THEIRS, charge_current=10, charge_power=2e3), 400)
    assert decision == Decision(450, 5)


def test_a_voltage_next_to_zero_does_not_turn_power_into_much_current() -> None:
    assert follow(80, 450, replace(OURS, charge_power=1e3), THEIRS, 0.1).current == 20.0  # as at 50 V


@pytest.mark.parametrize(
    ("wanted", "current", "power_limited"),
    [(None, 75.0, True), (8e3, 20.0, True), (0.0, 0.0, False), (-8e3, -20.0, True), (100e3, 75.0, True), (-100e3, -50.0, True)],
)
def test_dynamic_takes_the_wanted_power(wanted: float | None, current: float, power_limited: bool) -> None:
    decision = steer(wanted, OURS, THEIRS, 400)
    assert decision.current == pytest.approx(current)
    assert decision.power_limited is power_limited


def test_dynamic_the_wanted_power_is_not_the_limit_where_the_car_takes_less() -> None:
    decision = steer(20e3, OURS, replace(THEIRS, charge_current=10), 400)
    assert (decision.current, decision.power_limited) == (10, False)


FULL = Need(target_energy=0, max_energy=0, min_energy=-10e3)
CYCLING = Need(target_energy=5e3, max_energy=10e3, min_energy=-10e3)


@pytest.mark.parametrize(
    ("need", "charges", "discharges"),
    [
        (CYCLING, True, True),
        (FULL, False, True),
        (replace(CYCLING, max_energy=-1), False, True),
        (replace(CYCLING, min_energy=0), True, False),
        (replace(CYCLING, min_energy=1), True, False),
        (replace(CYCLING, v2x_min_energy=-1), True, True),
        (replace(CYCLING, v2x_min_energy=0), True, False),
        (replace(CYCLING, v2x_min_energy=500), True, False),
        (replace(CYCLING, v2x_max_energy=-1), True, True),  # the target is still to be reached
        (replace(CYCLING, v2x_max_energy=0, target_energy=0), False, True),
        (replace(CYCLING, v2x_max_energy=1, target_energy=0), True, True),
        (replace(FULL, min_energy=0), False, False),
    ],
)
def test_the_energy_window(need: Need, charges: bool, discharges: bool) -> None:
    limits = within_window(THEIRS, need)
    assert (limits.charge_current > 0, limits.charge_power > 0) == (charges, charges)
    assert (limits.discharge_current > 0, limits.discharge_power > 0) == (discharges, discharges)
    assert (limits.min_voltage, limits.max_voltage) == (200, 480)


@steady
@given(windows, st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), st.none() | st.floats(-1e5, 1e5))
def test_the_energy_window_only_narrows(limits: Limits, most: float, least: float, v2x: float | None) -> None:
    inside = within_window(limits, Need(0, most, least, v2x_min_energy=v2x))
    assert inside == inside.lowered(limits)


@pytest.mark.parametrize(
    ("target", "least", "power"),
    [
        (None, 500, None),
        (5e3, 500, 5e3),  # less than could be, but it is charged
        (0.0, 500, None),
        (-5e3, 500, None),
        (-5e3, 0, -5e3),
        (-5e3, -500, -5e3),
    ],
)
def test_what_a_vehicle_cannot_do_without_is_charged_now(target: float | None, least: float, power: float | None) -> None:
    budget = Budget(charge=22e3, discharge=11e3, target=target)
    assert wanted(budget, 0.0, replace(CYCLING, min_energy=least)) == power
    assert wanted(budget, 0.0, None) == target


def test_a_budget_counts_until_it_has_run_out() -> None:
    budget = Budget(charge=22e3, discharge=11e3, target=-5e3, until=10.0, fallback=1.4e3)
    assert granted(budget, 10.0) == (22e3, 11e3, -5e3)
    assert granted(budget, 10.001) == (1.4e3, 0.0, None)
