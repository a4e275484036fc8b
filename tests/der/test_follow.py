"""`der.follow`: functions of a grid code at a glance, step by step."""

from __future__ import annotations

from math import exp

import pytest

from iso15118.der.follow import NEW, Followed, Grid, Rated, follow
from iso15118.der.words import Curve, DerOrder, DsoSetpoint, FrequencyWatt, GridCode, Response, VoltWatt, ZeroCurrent
from iso15118.errors import LocalError
from tests.der.grid_codes import protection

RATED = Rated(10e3, 5e3)


def run(
    code: GridCode, *grids: tuple[float, float, float], active: float = -8e3, reactive: float = 0.0, dso: DsoSetpoint | None = None
) -> Followed:
    """What comes of mains of (V, Hz) for so many s each, in steps of 0.1 s."""
    order, found = DerOrder(code, dso or DsoSetpoint()), Followed(active, reactive, NEW)
    for voltage, frequency, seconds in grids:
        for _ in range(round(seconds * 10)):
            found = follow(order, active, reactive, Grid(voltage, voltage, voltage, frequency), RATED, found.memory, 0.1)
    return found


def test_no_function_changes_nothing() -> None:
    assert run(GridCode(), (230, 52, 1), reactive=1e3)[:2] == (-8e3, 1e3)


@pytest.mark.parametrize(("momentary", "active"), [(False, -4e3), (True, -4.8e3)])
def test_the_reference_of_a_frequency(momentary: bool, active: float) -> None:
    code = GridCode(over_frequency_watt=FrequencyWatt(50.2, 50.2, 40.0, momentary))
    assert run(code, (230, 51.2, 1)).active == pytest.approx(active)


def test_a_frequency_never_turns_the_power() -> None:
    over = GridCode(over_frequency_watt=FrequencyWatt(50.2, 50.2, 100.0), under_frequency_watt=FrequencyWatt(49.8, 49.8, 100.0))
    assert run(over, (230, 52, 1)).active == 0.0
    assert run(over, (230, 48, 1), active=8e3).active == 0.0
    assert run(over, (230, 52, 1), active=8e3).active == 8e3
    assert run(over, (230, 48, 1)).active == -8e3


STORAGE = GridCode(
    over_frequency_watt=FrequencyWatt(50.2, 50.2, 40.0, storage=True),
    under_frequency_watt=FrequencyWatt(49.8, 49.8, 100.0, storage=True),
    volt_watt=VoltWatt(250.0, 260.0),
)


@pytest.mark.parametrize(
    ("before", "frequency", "after"),
    [
        (-2e3, 50.2, -2e3),
        (-2e3, 50.45, -1e3),
        (-2e3, 51.2, 2e3),  # from giving on into taking
        (1e3, 50.7, 3e3),
        (5e3, 51.45, 7e3),  # no more than it can take
        (6e3, 49.7, 5e3),
        (6e3, 49.0, -2e3),  # a load falls first, then it gives
        (-3e3, 49.7, -4e3),
        (-6e3, 49.0, -10e3),  # no more than it can give
    ],
)
def test_a_storage_goes_on_the_other_way(before: float, frequency: float, after: float) -> None:
    grid, rated = Grid(230, 230, 230, frequency), RATED._replace(charge=7e3)
    assert follow(DerOrder(STORAGE), before, 0.0, grid, rated, NEW, 0.1).active == pytest.approx(after)


def test_what_a_storage_gives_keeps_to_the_other_limits() -> None:
    rated = RATED._replace(charge=7e3)
    high = Grid(257.5, 257.5, 257.5, 48.0)
    assert follow(DerOrder(STORAGE), 0.0, 0.0, high, rated, NEW, 0.1).active == pytest.approx(-2.5e3)
    low = high._replace(highest=230.0)
    assert follow(DerOrder(STORAGE, discharge_power=1e3), 0.0, 0.0, low, rated, NEW, 0.1).active == -1e3


def test_a_storage_at_rest_would_not_move_by_its_momentary_power() -> None:
    with pytest.raises(LocalError, match="momentary reference; allowed"):
        FrequencyWatt(50.2, 50.2, 40.0, momentary=True, storage=True)


def test_hysteresis_holds_and_the_ramp_lets_go() -> None:
    code = GridCode(over_frequency_watt=FrequencyWatt(50.2, 50.1, 40.0, hysteresis=True, deactivation=2.0, ramp=100.0))
    assert run(code, (230, 51.2, 1), (230, 50.3, 5)).active == pytest.approx(-4e3)
    assert run(code, (230, 51.2, 1), (230, 50.0, 1.9)).active == pytest.approx(-4e3)
    assert run(code, (230, 51.2, 1), (230, 50.0, 8.0)).active == pytest.approx(-5e3, abs=50)  # 6 s at 10 kW a minute
    assert run(code, (230, 51.2, 1), (230, 50.0, 60.0)).active == -8e3


def test_a_lag_and_a_delay() -> None:
    code = GridCode(volt_watt=VoltWatt(250.0, 260.0, momentary=True, response=Response(2.0, pt1=True, delay=1.0)))
    assert run(code, (255, 50, 0.9)).active == -8e3
    found = run(code, (255, 50, 2.9))
    assert found.moving
    assert found.active == pytest.approx(-8e3 + 4e3 * (1.0 - exp(-2.0 / 2.0)), abs=150)
    assert run(code, (255, 50, 60)).active == pytest.approx(-4e3, abs=1)


def test_lock_in_and_lock_out() -> None:
    code = GridCode(volt_var=Curve(((220.0, 0.0), (240.0, 4e3)), lock_in=5e3, lock_out=2e3))
    assert run(code, (240, 50, 1)).reactive == 4e3
    assert run(code, (240, 50, 1), active=-3e3).reactive == 0.0
    before = run(code, (240, 50, 1)).memory
    grid = Grid(240, 240, 240, 50)
    assert follow(DerOrder(code), -3e3, 0.0, grid, RATED, before, 0.1).reactive == 4e3
    assert follow(DerOrder(code), -1e3, 0.0, grid, RATED, before, 0.1).reactive == 0.0


@pytest.mark.parametrize(("given", "reactive"), [(2e3, 0.0), (8e3, 8e3 * 0.4843)])
def test_a_power_factor_over_power(given: float, reactive: float) -> None:
    code = GridCode(watt_cos_phi=Curve(((4e3, 1.0), (8e3, 0.9))))
    assert run(code, (230, 50, 1), active=-given).reactive == pytest.approx(reactive, abs=1)


def test_reactive_power_over_power_and_its_bounds() -> None:
    code = GridCode(watt_var=Curve(((4e3, 0.0), (8e3, 4e3)), min_cos_phi=0.95))
    assert run(code, (230, 50, 1)).reactive == pytest.approx(8e3 * 0.3287, abs=1)
    assert run(GridCode(), (230, 50, 1), dso=DsoSetpoint(reactive=9e3)).reactive == 5e3


def test_no_current_beyond_a_voltage_until_it_is_back() -> None:
    code = GridCode(zero_current=ZeroCurrent(over=264.0, over_recovery=253.0))
    assert run(code, (265, 50, 0.1)).active == 0.0
    assert run(code, (265, 50, 0.1), (255, 50, 1)).active == 0.0
    assert run(code, (265, 50, 0.1), (252, 50, 1)).active == -8e3


def test_without_permission_it_is_a_load() -> None:
    order, grid = DerOrder(GridCode(protection=protection(permit=False))), Grid(230, 230, 230, 50)
    assert follow(order, -8e3, 1e3, grid, RATED, NEW, 0.1)[:2] == (0.0, 0.0)
    assert follow(order, 8e3, 1e3, grid, RATED, NEW, 0.1)[:2] == (8e3, 0.0)


def test_out_of_service_nothing_is_given_and_what_is_taken_goes_on() -> None:
    code = GridCode(protection=protection(delay=2.0, ramp_time=10.0))
    assert run(code, (230, 50, 1.5)).active == 0.0
    assert run(code, (230, 50, 1.5), active=8e3).active == 8e3
    assert run(code, (230, 50, 2.0 + 5.0)).active == pytest.approx(-5e3, rel=0.05)  # half way up the ramp of 10 kW
    assert run(code, (230, 50, 2.0 + 11.0)).active == -8e3


def test_a_trip_takes_it_out_of_service_until_the_grid_has_been_fine() -> None:
    code = GridCode(protection=protection(delay=2.0))
    assert run(code, (230, 50, 3.0), (260, 50, 1.0)).active == -8e3
    assert run(code, (230, 50, 3.0), (260, 50, 2.0)).active == 0.0
    assert run(code, (230, 50, 3.0), (260, 50, 2.0), (230, 50, 1.5)).active == 0.0
    assert run(code, (230, 50, 3.0), (260, 50, 2.0), (230, 50, 2.5)).active == -8e3
