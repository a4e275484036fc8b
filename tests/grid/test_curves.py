"""`grid.curves`: the curves of each grid code at a glance, and the set-point of a charge loop that supports."""

from __future__ import annotations

from math import exp, nan

import pytest

from iso15118.der.follow import Grid, Rated
from iso15118.der.words import DerOrder, DsoSetpoint, GridCode
from iso15118.errors import LocalError
from iso15118.grid.curves import Connection, Supporting, enter_service, grid_code, imported, support
from iso15118.grid.profile import Profile, profile
from iso15118.session import der_iec, der_sae
from iso15118.value import replace

EN, VDE, IEEE = (profile(name) for name in ("en50549_1", "vde_ar_n_4105", "ieee1547_cat_b_iii"))
AT = Connection(230.0, 10e3, 10e3)
RATED = Rated(10e3, 10e3, charge=10e3)


def run(
    code: GridCode,
    wish: float,
    *grids: tuple[float, float, float],
    ramp: float | None = None,
    dso: DsoSetpoint | None = None,
    step: float = 0.5,
) -> tuple[float, float]:
    """W and var after mains of (V, Hz) for so many s each."""
    order, state, found = DerOrder(code, dso or DsoSetpoint()), Supporting(wish), None
    for voltage, frequency, seconds in grids:
        for _ in range(round(seconds / step)):
            found, state = support(order, wish, 0.0, Grid(voltage, voltage, voltage, frequency), RATED, ramp, state, step)
    assert found is not None
    return found.active, found.reactive


def test_the_sign_turns_at_one_place() -> None:
    assert imported(5.0) == -5.0
    assert imported(0.0) == 0.0


@pytest.mark.parametrize("code", [EN, VDE])
@pytest.mark.parametrize(("frequency", "percent"), [(50.2, 0.0), (50.7, -20.0), (51.2, -40.0)])
def test_over_frequency_in_europe(code: Profile, frequency: float, percent: float) -> None:
    active, _ = run(grid_code(code, AT), -8e3, (230, frequency, 60))
    assert -active == pytest.approx(8e3 + percent / 100 * 10e3)


def test_over_frequency_of_ieee_1547() -> None:
    active, _ = run(replace(grid_code(IEEE, AT), protection=None), -8e3, (230, 60.336, 60))
    assert -active == pytest.approx(8e3 - 1e3, abs=1)


def test_over_frequency_goes_on_into_charging() -> None:
    assert run(grid_code(EN, AT), -2e3, (230, 51.2, 1))[0] == pytest.approx(2e3)


@pytest.mark.parametrize(
    ("code", "frequency", "active"),
    [(EN, 49.8, 6e3), (EN, 49.5, 4.8e3), (VDE, 49.5, 3e3), (VDE, 49.2, 0.0), (VDE, 49.0, -2e3), (VDE, 47.6, -10e3)],
)
def test_under_frequency_a_load_falls_first(code: Profile, frequency: float, active: float) -> None:
    assert run(grid_code(code, AT), 6e3, (230, frequency, 1))[0] == pytest.approx(active, abs=1e-6)


@pytest.mark.parametrize(
    ("code", "pu", "percent"),
    [
        (VDE, 0.90, 43.6),
        (VDE, 0.95, 43.6 / 2),  # +50 % of Qmax
        (VDE, 1.00, 0.0),
        (VDE, 1.05, -43.6 / 2),
        (VDE, 1.20, -43.6),
        (EN, 0.95, 43.6 / 2),
        (IEEE, 0.95, 22.0),
        (IEEE, 1.02, 0.0),
        (IEEE, 1.08, -44.0),
    ],
)
def test_volt_var_settles_at(code: Profile, pu: float, percent: float) -> None:
    """Percent of the apparent power, + given to the grid."""
    nominal = code.nominal_frequency
    _, reactive = run(replace(grid_code(code, AT), protection=None), -1e3, (pu * 230, nominal, 60))
    assert imported(reactive) == pytest.approx(percent / 100 * 10e3, abs=1)


def test_a_small_connection_in_europe_makes_less_reactive_power() -> None:
    curve = grid_code(VDE, Connection(230.0, 4.6e3, 4.6e3)).volt_var
    assert curve is not None
    assert curve.at(0.95 * 230) == pytest.approx(-0.165 * 4.6e3)


def test_first_order_lags_of_both_codes() -> None:
    europe, america = grid_code(VDE, AT).volt_var, grid_code(IEEE, AT).volt_var
    assert europe is not None
    assert america is not None
    assert 1.0 - exp(-10.0 / europe.response.time_constant) == pytest.approx(0.95, abs=0.001)
    assert 1.0 - exp(-5.0 / america.response.time_constant) == pytest.approx(0.90)
    _, reactive = run(grid_code(VDE, AT), 0.0, (0.9 * 230, 50.0, 10))
    assert -reactive == pytest.approx(4360 * (1.0 - exp(-3.0)), abs=1)


def test_volt_watt_is_off_until_asked_for() -> None:
    assert grid_code(IEEE, AT).volt_watt is None
    code = replace(grid_code(IEEE, AT, ("volt_watt",)), protection=None)
    assert run(code, -10e3, (1.08 * 230, 60.0, 120))[0] == pytest.approx(-5e3, abs=1)
    assert run(code, -10e3, (1.12 * 230, 60.0, 120))[0] == pytest.approx(0.0, abs=1)
    assert run(code, 10e3, (1.12 * 230, 60.0, 120))[0] == 10e3


def test_watt_var_and_watt_cos_phi() -> None:
    code = replace(grid_code(IEEE, AT, ("watt_var",)), protection=None)
    assert run(code, -7.5e3, (230, 60, 120))[1] == pytest.approx(2.2e3, abs=1)
    assert run(code, -4e3, (230, 60, 120))[1] == 0.0
    code = grid_code(VDE, AT, ("watt_cos_phi",))
    assert run(code, -5e3, (230, 50, 120))[1] == pytest.approx(0.0)
    assert run(code, -10e3, (230, 50, 120))[1] == pytest.approx(10e3 * 0.4843, abs=1)


def test_fixed_reactive_power_and_power_factor_come_before_the_curve() -> None:
    code = grid_code(VDE, AT)
    assert run(code, -8e3, (0.9 * 230, 50, 60), dso=DsoSetpoint(reactive=1e3))[1] == 1e3
    given = DsoSetpoint(cos_phi=0.95, under_excited=False)
    assert run(code, -8e3, (0.9 * 230, 50, 60), dso=given)[1] == pytest.approx(-8e3 * 0.3287, abs=1)


def test_a_frequency_cut_comes_before_what_the_voltage_would_let() -> None:
    code = grid_code(EN, AT, ("over_frequency_watt", "volt_watt"))
    volts = 230 * 1.092  # lets 8 kW be given
    assert run(code, -10e3, (volts, 50.0, 60))[0] == pytest.approx(-8e3, abs=1)
    assert run(code, -10e3, (volts, 51.2, 60))[0] == pytest.approx(-6e3, abs=1)
    assert run(code, -10e3, (230 * 1.10, 51.2, 60))[0] == pytest.approx(0.0, abs=1)


def test_the_ramp_bounds_the_wish_and_never_a_cut() -> None:
    order, grid = DerOrder(grid_code(EN, AT)), Grid(230, 230, 230, 50.0)
    found, state = support(order, -10e3, 0.0, grid, RATED, 66.0, Supporting(), 1.0)
    assert found.active == -66.0
    state = state._replace(asked=-10e3)
    found, _ = support(order, -10e3, 0.0, grid._replace(frequency=51.2), RATED, 66.0, state, 1.0)
    assert found.active == pytest.approx(-6e3)
    found, state = support(order, 0.0, 0.0, grid, RATED, None, state, 1.0)
    assert (found.active, state.asked) == (0.0, 0.0)


@pytest.mark.parametrize("grid", [Grid(230, 230, 230, nan), Grid(nan, 230, 230, 50.0)])
@pytest.mark.parametrize(("wish", "active"), [(-8e3, 0.0), (8e3, 8e3)])
def test_on_a_grid_that_is_not_measured_nothing_is_given(grid: Grid, wish: float, active: float) -> None:
    found, _ = support(DerOrder(grid_code(EN, AT)), wish, 1e3, grid, RATED, None, Supporting(), 1.0)
    assert (found.active, found.reactive, found.curbed) == (active, 0.0, wish < 0.0)


def test_a_car_is_told_the_absolute_curves() -> None:
    """What AC_DER_IEC says is all but that it is a storage."""
    for code in (EN, VDE):
        words = grid_code(code, AT, ("over_frequency_watt", "under_frequency_watt", "volt_watt", "volt_var"))
        told = der_iec.read_code(der_iec.said_code(words, words.functions))
        assert told.volt_var is not None
        assert told.volt_watt is not None
        assert told.over_frequency_watt is not None
        assert told.volt_var.at(0.95 * 230) == pytest.approx(-2180.0)
        assert told.volt_var.response.time_constant == pytest.approx(10.0 / 3.0, rel=1e-3)
        assert (told.volt_watt.start, told.volt_watt.stop) == pytest.approx((250.7, 253.0))
        assert (told.over_frequency_watt.start, told.over_frequency_watt.slope) == (50.2, 40.0)
    base, words = der_sae.Base(230.0, 60.0, 10e3, 4.4e3), grid_code(IEEE, AT)
    told, _ = der_sae.read_code(der_sae.said_code(words, DsoSetpoint(), base, 3), base, 3)
    assert told.volt_var is not None
    assert told.volt_var.at(0.95 * 230) == pytest.approx(-2200.0, rel=1e-3)
    assert told.protection is not None
    assert told.protection.over_voltage == ((0.16, pytest.approx(276.0)), (13.0, pytest.approx(253.0)))


def test_entering_service_and_trips() -> None:
    assert enter_service(VDE, AT).ramp_time == pytest.approx(600.0)
    assert (enter_service(VDE, AT, "start").frequency_low, enter_service(VDE, AT).frequency_low) == (47.5, 49.5)
    assert grid_code(VDE, AT).protection is None
    protection = grid_code(IEEE, AT).protection
    assert protection is not None
    assert protection.over_frequency == ((0.16, 62.0), (300.0, 61.2))
    assert protection.under_voltage == ((2.0, pytest.approx(115.0)), (21.0, pytest.approx(202.4)))
    assert protection.enter.ramp_time == 300.0
    assert run(grid_code(IEEE, AT), -8e3, (230, 60, 290)) == (0.0, 0.0)


def test_what_cannot_be() -> None:
    with pytest.raises(LocalError, match="has no curve 'watt_var'; allowed: over_frequency_watt"):
        grid_code(VDE, AT, ("watt_var",))
    with pytest.raises(LocalError, match="more than one of volt-var"):
        grid_code(VDE, AT, ("volt_var", "watt_cos_phi"))
    with pytest.raises(LocalError, match="discharge is 0; allowed: above 0"):
        Connection(230.0, 0.0, 10e3)
    with pytest.raises(LocalError, match="does not say 'ramp'"):
        enter_service(IEEE, AT, "ramp")
    odd = IEEE.functions["volt_watt"]
    left = replace(odd, numbers={**odd.numbers, "p2": replace(odd.numbers["p2"], value=0.2)})
    with pytest.raises(LocalError, match=r"volt_watt from 1 to 0\.2 Pn; allowed: from 1 to 0"):
        grid_code(replace(IEEE, functions={**IEEE.functions, "volt_watt": left}), AT, ("volt_watt",))
