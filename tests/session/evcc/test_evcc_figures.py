"""Rounding never makes a limit larger; energies stand in their order whatever the need says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.messages.v20.rational import number
from iso15118.session.evcc.figures import at_least, at_most, energies, percent, power_at_most, tenth

VOLTS = st.floats(-2000, 2000)
WATTS = st.floats(0, 20e6)
ENERGY = st.floats(-2e5, 2e5)


def test_examples() -> None:
    assert number(tenth(395.06)) == 395.1
    assert number(at_most(395.09)) == 395.0
    assert number(at_least(300.01)) == 300.1
    assert number(power_at_most(97_519.9)) == 97_510.0
    assert number(power_at_most(400_099.0)) == 400_000.0
    assert number(power_at_most(5_000_999.0)) == 5_000_000.0
    assert percent(79.99) == 79


@given(VOLTS)
def test_limits_never_grow(value: float) -> None:
    assert value - 0.1 - 1e-6 <= number(at_most(value)) <= value + 1e-6
    assert value - 1e-6 <= number(at_least(value)) <= value + 0.1 + 1e-6


@given(st.integers(-20_000, 20_000))
def test_whole_tenths_stay(tenths: int) -> None:
    assert number(at_most(tenths / 10)) == number(at_least(tenths / 10)) == tenths / 10


@given(WATTS)
def test_power_never_grows(value: float) -> None:
    assert value - 1000 <= number(power_at_most(value)) <= value + 1e-2


@given(ENERGY, ENERGY, ENERGY, ENERGY, ENERGY)
def test_energies_in_order(target: float, most: float, least: float, high: float, low: float) -> None:
    said = energies(Need(target, most, least, v2x_max_energy=high, v2x_min_energy=low))
    assert said.v2x_minimum is not None
    assert said.v2x_maximum is not None
    assert number(said.minimum) <= number(said.target) <= number(said.maximum)
    assert number(said.minimum) <= number(said.v2x_minimum) <= number(said.v2x_maximum) <= number(said.maximum)
    assert abs(number(said.target) - target) <= 5.001


@pytest.mark.parametrize(("high", "low"), [(None, None), (1.0, None), (None, 1.0)])
def test_both_or_none(high: float | None, low: float | None) -> None:
    said = energies(Need(1.0, 2.0, 0.0, v2x_max_energy=high, v2x_min_energy=low))
    assert (said.v2x_maximum, said.v2x_minimum) == (None, None)


def test_large_energies() -> None:
    assert number(energies(Need(900_000.0, 900_000.0, 0.0)).target) == 900_000.0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("say", [tenth, at_most, at_least, power_at_most, percent])
def test_what_is_no_number_cannot_be_said(say: object, value: float) -> None:
    with pytest.raises(LocalError):
        say(value)  # type: ignore[operator]


@pytest.mark.parametrize(("soc", "said"), [(-3.0, 0), (0.0, 0), (49.999_999_9, 50), (100.0, 100), (140.0, 100)])
def test_percent_stays_in_its_range(soc: float, said: int) -> None:
    assert percent(soc) == said
