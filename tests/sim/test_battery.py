"""`sim.battery`: charge, energy, taper."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import LocalError
from iso15118.sim.battery import NMC_CELL, Battery

HOUR = 3600.0


def test_default_runs_from_320_to_400_volt() -> None:
    assert Battery(soc=0).open_circuit_voltage == pytest.approx(320, abs=1)
    assert Battery(soc=100).open_circuit_voltage == pytest.approx(400, abs=1)


def test_curve_is_hit_at_its_points_and_linear_between() -> None:
    for percent, volt in NMC_CELL:
        assert Battery(soc=percent).open_circuit_voltage == pytest.approx(volt * 96)
    for (low, a), (high, b) in pairwise(NMC_CELL):
        assert Battery(soc=(low + high) / 2).open_circuit_voltage == pytest.approx((a + b) / 2 * 96)


def test_scales_with_cells_and_capacity() -> None:
    big = Battery(120_000, 50, series=192)
    assert big.open_circuit_voltage == pytest.approx(2 * Battery(soc=50).open_circuit_voltage)
    assert big.stored_at(100) == pytest.approx(120_000)
    assert big.stored_at(0) == 0


@given(
    soc=st.floats(5, 95),
    currents=st.lists(st.tuples(st.floats(-200, 200), st.floats(0.01, 20)), min_size=1, max_size=12),
)
def test_terminal_energy_less_heat_is_the_change_of_stored_energy(soc: float, currents: list[tuple[float, float]]) -> None:
    """Terminal energy is integrated here, independently: the mid-point rule, exact on a straight piece of the curve."""
    battery = Battery(60_000, soc)
    corners = [percent / 100 * battery.full_charge for percent, _ in NMC_CELL]
    before, terminal, heat = battery.stored, 0.0, 0.0
    for current, seconds in currents:
        start, end = battery.charge, battery.charge + current * seconds
        cuts = sorted({start, end, *(corner for corner in corners if min(start, end) < corner < max(start, end))}, reverse=current < 0)
        for a, b in pairwise(cuts):
            probe = Battery(60_000, 50)
            probe.charge = (a + b) / 2
            terminal += probe.terminal_voltage(current) * (b - a) / HOUR
            heat += current * probe.resistance * (b - a) / HOUR
        battery.advance(current, seconds)
    assert battery.loss == pytest.approx(heat, abs=1e-9)
    assert terminal - battery.loss == pytest.approx(battery.stored - before, abs=1e-6)


@given(st.floats(-150, 250), st.integers(1, 50))
def test_one_long_step_is_many_short_ones(current: float, steps: int) -> None:
    one, many = Battery(), Battery()
    one.advance(current, 10.0)
    for _ in range(steps):
        many.advance(current, 10.0 / steps)
    assert many.charge == pytest.approx(one.charge)
    assert many.loss == pytest.approx(one.loss)
    assert many.stored == pytest.approx(one.stored)


def test_soc_moves_with_charge() -> None:
    battery = Battery(soc=50)
    battery.advance(100, 36)
    assert battery.soc == pytest.approx(50 + 100 * 3600 / battery.full_charge)


def test_loss_at_100_ampere_is_below_one_and_a_half_percent() -> None:
    battery = Battery(soc=50)
    before = battery.stored
    battery.advance(100, HOUR / 10)
    assert battery.loss / (battery.loss + battery.stored - before) < 0.015


def test_taper() -> None:
    full, almost, knee, middle = (Battery(soc=soc).limits() for soc in (100, 99.99, 90, 50))
    assert full.charge_current == 0
    assert full.charge_power == 0
    assert 0 < almost.charge_current < knee.charge_current < middle.charge_current == 250
    empty, low = (Battery(soc=soc).limits() for soc in (0, 5))
    assert empty.discharge_current == 0
    assert 0 < low.discharge_current < middle.discharge_current == 150


def test_power_limit_is_the_current_limit_at_its_own_voltage() -> None:
    battery = Battery(soc=50)
    limits = battery.limits()
    assert limits.charge_power == pytest.approx(250 * battery.terminal_voltage(250))
    assert limits.discharge_power == pytest.approx(150 * battery.terminal_voltage(-150))
    assert limits.min_voltage < battery.terminal_voltage(-150)
    assert battery.terminal_voltage(250) < limits.max_voltage


def test_need_is_seen_from_now() -> None:
    need = Battery(60_000, 50).need(80, max_soc=90, min_soc=60, v2x_max_soc=70, v2x_min_soc=30, departure=60)
    assert need.target_energy > need.min_energy > 0
    assert need.max_energy > need.target_energy
    assert need.v2x_max_energy is not None
    assert need.v2x_min_energy is not None
    assert need.v2x_min_energy < 0 < need.v2x_max_energy
    assert need.departure == 60
    above = Battery(60_000, 85).need(80)
    assert above.target_energy < 0
    assert above.v2x_max_energy is None


def test_charging_what_was_needed_reaches_the_target() -> None:
    battery = Battery(60_000, 50)
    need = battery.need(80).target_energy
    before = battery.stored
    while battery.soc < 80:
        battery.advance(100, 1)
    assert battery.stored - before == pytest.approx(need, rel=1e-3)


@pytest.mark.parametrize("curve", [((0.0, 3.0),), ((0.0, 3.0), (90.0, 4.0)), ((0.0, 3.0), (60.0, 3.5), (50.0, 3.6), (100.0, 4.0))])
def test_a_curve_that_is_none(curve: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(LocalError, match="rises from 0 to 100"):
        Battery(curve=curve)


@pytest.mark.parametrize(("capacity", "soc", "resistance"), [(0, 50, 0.04), (60_000, 101, 0.04), (60_000, -1, 0.04), (60_000, 50, -0.1)])
def test_an_impossible_battery(capacity: float, soc: float, resistance: float) -> None:
    with pytest.raises(LocalError):
        Battery(capacity, soc, resistance=resistance)


@pytest.mark.parametrize("power", [-50e3, -10.0, 0.0, 7e3, 90e3])
def test_the_current_at_a_power(power: float) -> None:
    battery = Battery()
    current = battery.current_at(power)
    assert current * battery.terminal_voltage(current) == pytest.approx(power)
    assert Battery(resistance=0.0).current_at(power) == pytest.approx(power / battery.open_circuit_voltage)


def test_a_power_the_battery_cannot_give() -> None:
    battery = Battery()
    most = battery.open_circuit_voltage**2 / 4 / battery.resistance
    assert battery.current_at(-2 * most) < battery.current_at(-most / 2) < 0.0
