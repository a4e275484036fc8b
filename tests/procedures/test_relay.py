"""`procedures.relay`: power phase by phase."""

from __future__ import annotations

from itertools import product

import pytest

from iso15118.energy import Need
from iso15118.procedures.relay import PhaseLimits, beyond, ramped, relay, time_to_follow
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace

SEVEN = PerPhase(7e3, 7e3, 7e3)
LIMITS = PhaseLimits(SEVEN, PerPhase(4e3, 4e3, 4e3), 20e3, 10e3, 1.4e3, 300.0)


@pytest.mark.parametrize(
    ("wanted", "power"),
    [
        (None, PerPhase.even(20e3, 3)),
        (6e3, PerPhase.even(6e3, 3)),
        (0.0, NO_PHASE),
        (1e3, NO_PHASE),
        (1.4e3, PerPhase.even(1.4e3, 3)),
        (-6e3, PerPhase.even(-6e3, 3)),
        (-99e3, PerPhase.even(-10e3, 3)),
        (-200.0, NO_PHASE),
    ],
)
def test_as_near_to_the_wanted_power_as_goes(wanted: float | None, power: PerPhase) -> None:
    assert relay(wanted, LIMITS) == pytest.approx(power)


def test_what_one_phase_cannot_take_another_does() -> None:
    limits = replace(LIMITS, charge=PerPhase(1e3, 7e3, 7e3))
    assert relay(9e3, limits) == pytest.approx(PerPhase(1e3, 4e3, 4e3))
    assert relay(9e3, limits, asymmetry=2e3) == pytest.approx(PerPhase(1e3, 3e3, 3e3))


def test_every_result_is_inside_all_limits() -> None:
    reaches = (0.0, 1e3, 3e3, 8e3)
    for most in product(reaches, repeat=3):
        for total, asymmetry in product((0.0, 2e3, 7e3, 30e3), (None, 0.0, 1.5e3)):
            power = relay(None, PhaseLimits(PerPhase(*most), charge_total=total), asymmetry)
            assert power.total <= total + 1e-6
            assert all(0 <= phase <= reach for phase, reach in zip(power, most, strict=True))
            assert asymmetry is None or max(power) - min(power) <= asymmetry + 1e-6
            if asymmetry is None:
                assert power.total == pytest.approx(min(total, sum(most))), "nothing is given away"


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [(0.0, 6e3, 1e3), (5e3, 5.5e3, 5.5e3), (6e3, 2e3, 2e3), (3e3, -3e3, 0.0), (0.0, -3e3, -1e3), (-3e3, -9e3, -4e3)],
)
def test_a_ramp(before: float, wanted: float, after: float) -> None:
    assert ramped(PerPhase.even(before, 3), PerPhase.even(wanted, 3), 1e3).total == pytest.approx(after)


@pytest.mark.parametrize(
    ("power", "over"),
    [
        (PerPhase.even(20e3, 3), False),
        (PerPhase(7.5e3, 7e3, 5e3), False),
        (PerPhase(7.7e3), True),
        (PerPhase.even(21.7e3, 3), False),
        (PerPhase.even(21.9e3, 3), True),
        (PerPhase.even(-11.2e3, 3), False),
        (PerPhase(-4.4e3), False),
        (PerPhase(-4.6e3), True),
        (PerPhase.even(-11.5e3, 3), True),
    ],
)
def test_more_than_allowed(power: PerPhase, over: bool) -> None:
    assert beyond(power, replace(LIMITS, charge_total=20e3, discharge_total=10e3), 250.0) is over


def test_the_energy_window() -> None:
    need = Need(target_energy=1e3, max_energy=2e3, min_energy=-1e3)
    assert LIMITS.within(need) == LIMITS
    assert LIMITS.within(replace(need, max_energy=0.0)).charge == NO_PHASE
    assert LIMITS.within(replace(need, min_energy=0.0)).discharge == NO_PHASE
    assert LIMITS.within(replace(need, v2x_min_energy=1.0)).discharge == NO_PHASE


def test_the_stricter_of_both() -> None:
    other = PhaseLimits(PerPhase(1e3, 9e3, 9e3), SEVEN, 30e3, 9e3, 2e3)
    assert LIMITS.lowered(other) == PhaseLimits(PerPhase(1e3, 7e3, 7e3), PerPhase(4e3, 4e3, 4e3), 20e3, 9e3, 2e3, 300.0)


def test_how_long_a_change_takes() -> None:
    assert time_to_follow(22e3, 2e3) == 11.0
    assert time_to_follow(22e3, None) == 0.0
