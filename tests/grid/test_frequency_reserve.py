"""`grid.frequency_reserve`: the droop, what a pool can hold ready, and how well it is kept."""

from __future__ import annotations

from random import Random

import pytest

from iso15118.errors import LocalError
from iso15118.grid.frequency_reserve import Band, Member, Tracking, by_curve, droop, fcr, set_points, shares, wandering
from iso15118.value import replace

CAR = Member(0.0, 11e3, 11e3, 30e3, 10e3, 55e3)
MOST = 11e3 / 1.25


@pytest.mark.parametrize(
    ("frequency", "asked"),
    [
        (50.0, 0.0),
        (49.99, 0.0),
        (50.01, 0.0),
        (49.989, -0.055),
        (49.9, -0.5),
        (50.1, 0.5),
        (49.8, -1.0),
        (50.2, 1.0),
        (49.0, -1.0),
        (51.0, 1.0),
    ],
)
def test_the_droop(frequency: float, asked: float) -> None:
    assert droop(frequency) == pytest.approx(asked)


def test_half_of_the_reserve_is_given_at_49_9() -> None:
    pool = [replace(CAR, baseline=2e3), CAR]
    held = shares(10e3, pool)
    assert set_points(pool, held, 49.9) == pytest.approx((2e3 - held[0] / 2, -held[1] / 2))
    assert sum(set_points([CAR] * 10, shares(50e3, [CAR] * 10), 49.9)) == pytest.approx(-25e3)
    assert set_points(pool, held, 50.01) == (2e3, 0.0)


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({}, MOST),
        ({"discharge": 5e3}, 4e3),
        ({"baseline": 7e3}, 4e3),
        ({"baseline": -7e3}, 4e3),
        ({"baseline": 11e3}, 0.0),
        ({"energy": 11e3}, 4e3),  # 1 kWh is 4 kW for a quarter of an hour
        ({"energy": 54e3}, 4e3),
        ({"energy": 9e3}, 0.0),
        ({"energy": 56e3}, 0.0),
        ({"discharge": 0.0}, 0.0),
    ],
)
def test_what_one_can_hold_ready(changes: dict[str, float], most: float) -> None:
    assert replace(CAR, **changes).most_reserve == pytest.approx(most)


def test_shares_are_pro_rata_and_never_more_than_one_can() -> None:
    pool = [CAR, replace(CAR, energy=11e3), replace(CAR, energy=9e3)]
    assert shares(6.4e3, pool) == pytest.approx((4.4e3, 2e3, 0.0))
    assert shares(50e3, pool) == pytest.approx((MOST, 4e3, 0.0))
    assert shares(50e3, []) == ()
    assert shares(1e3, pool[2:]) == (0.0,)
    with pytest.raises(LocalError, match="reserve of -1 W; allowed"):
        shares(-1.0, pool)


def test_a_full_call_of_a_quarter_of_an_hour_stays_in_the_window() -> None:
    rng = Random(14)
    for _ in range(1000):
        low, high = sorted((rng.uniform(0, 80e3), rng.uniform(0, 80e3)))
        car = Member(rng.uniform(-11e3, 11e3), 11e3, rng.choice([0.0, 7e3, 11e3]), rng.uniform(low, high), low, high)
        [held] = shares(rng.uniform(0, 20e3), [car])
        assert car.low - 1e-6 <= car.energy - held * 0.25
        assert car.energy + held * 0.25 <= car.high + 1e-6
        if held:
            [least], [most] = (set_points([car], [held], f) for f in (49.0, 51.0))
            assert -car.discharge - 1e-6 <= least <= most <= car.charge + 1e-6


def test_no_car_leaves_its_window_in_any_of_1000_random_days() -> None:
    """Shares are dealt each quarter of an hour, and the frequency then holds where it is for all of it."""
    rng = Random(13)
    for _ in range(1000):
        low, high = sorted((rng.uniform(0, 80e3), rng.uniform(0, 80e3)))
        car = Member(0.0, rng.choice([7e3, 11e3]), rng.choice([7e3, 11e3]), rng.uniform(low, high), low, high)
        for _ in range(96):
            [power] = set_points([car], shares(rng.uniform(0.0, 12e3), [car]), rng.choice([49.8, 50.2, rng.uniform(49.8, 50.2)]))
            car = replace(car, energy=car.energy + power * 0.25)
            assert low - 1e-6 <= car.energy <= high + 1e-6


def test_at_the_end_of_its_energy_a_baseline_ends_too() -> None:
    empty, full = replace(CAR, energy=10e3, baseline=-3e3), replace(CAR, energy=55e3, baseline=3e3)
    assert set_points([empty, full], [0.0, 0.0], 50.0) == (0.0, 0.0)
    turned = replace(empty, baseline=3e3), replace(full, baseline=-3e3)
    assert set_points(turned, [0.0, 0.0], 50.0) == (3e3, -3e3)


def test_a_baseline_and_a_curve() -> None:
    points = ((49.8, -10e3), (49.99, 0.0), (50.01, 0.0), (50.2, 10e3))
    assert by_curve(3e3, points, 50.0) == 3e3
    assert by_curve(3e3, points, 49.0) == -7e3
    assert by_curve(-2e3, ((-1.0, -5e3), (1.0, 5e3)), 0.5) == 0.5e3  # a signal


NIGHT = 8 * 3600


def night(seed: int) -> list[float]:
    """Eight hours, a sample a second; 18.5 mHz as measured in Europe, 4 min of time constant assumed."""
    rng = Random(seed)
    return wandering(lambda: rng.gauss(0.0, 1.0), NIGHT, time_constant=240.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_second_of_lag_costs_less_than_two_percent(seed: int) -> None:
    frequencies = night(seed)
    one, none, ten = (fcr(frequencies, 1.0, lag) for lag in (1.0, 0.0, 10.0))
    assert 1.0 < one.rms <= 2.0
    assert (none.rms, none.worst) == (0.0, 0.0)
    assert 2.0 < ten.rms < 5.0
    assert 5.0 < one.mean < 8.0
    assert one.lowest <= 0.0 <= one.highest


def test_the_study_by_hand() -> None:
    found = fcr([50.0, 50.1, 50.1, 49.9], 900.0, 900.0)
    assert found == Tracking(
        rms=pytest.approx(100 * (0.25 * (0.5**2 + 1.0**2)) ** 0.5), worst=pytest.approx(100.0), mean=pytest.approx(25.0),
        lowest=0.0, highest=pytest.approx(0.25),
    )  # fmt: skip
    assert fcr([49.9], 1.0, 5.0).rms == pytest.approx(50.0)


def test_the_made_up_frequency_is_as_wide_as_it_says_and_the_same_again() -> None:
    rng = Random(5)
    found = wandering(lambda: rng.gauss(0.0, 1.0), 20000, time_constant=10.0)
    assert sum(found) / len(found) == pytest.approx(50.0, abs=2e-3)
    assert (sum((each - 50.0) ** 2 for each in found) / len(found)) ** 0.5 == pytest.approx(0.0185, rel=0.05)
    assert night(1)[:9] == night(1)[:9] != night(2)[:9]


def test_what_cannot_be() -> None:
    with pytest.raises(LocalError, match=r"dead band of 0\.2 Hz and all at 0\.2 Hz"):
        Band(dead_band=0.2)
    with pytest.raises(LocalError, match=r"lag of 0\.5 s over 1 samples each 1 s; allowed: whole steps"):
        fcr([50.0], 1.0, 0.5)
    with pytest.raises(LocalError, match="at least one sample"):
        fcr([], 1.0, 1.0)
    with pytest.raises(LocalError, match="lag of -1 s"):
        fcr([50.0], 1.0, -1.0)
