"""What a site's energy costs."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.grid.prices import Demand, Prices, Tier, bill, peak, quarter
from iso15118.grid.series import Series, constant

HOURLY = Series(0.0, 3600.0, (0.10, 0.30))


def prices(**more: object) -> Prices:
    return Prices(import_price=HOURLY, export_price=constant(0.05, 0.0, 7200.0), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("power", "cost"),
    [
        ((1e3, 1e3), 0.40),
        ((2e3, 0.0), 0.20),
        ((-1e3, 1e3), 0.25),
        ((-1e3, -1e3), -0.10),
    ],
)
def test_energy(power: tuple[float, ...], cost: float) -> None:
    assert bill(prices(), 0.0, 3600.0, power) == pytest.approx(cost)


def test_the_demand_charge_is_on_what_is_above_the_peak_so_far() -> None:
    demand = Demand(10.0, peak=4e3)
    assert bill(prices(demand=demand), 0.0, 3600.0, (4e3, 0.0)) == pytest.approx(0.4)
    assert bill(prices(demand=demand), 0.0, 3600.0, (6e3, 0.0)) == pytest.approx(0.6 + 20.0)


def test_tiers_are_on_the_energy_above_them_in_the_period() -> None:
    tiers = (Tier(1000.0, 0.1), Tier(2000.0, 0.2))
    assert bill(prices(tiers=tiers), 0.0, 3600.0, (3e3, 0.0)) == pytest.approx(0.3 + 0.1 * 2 + 0.2 * 1)
    assert bill(prices(tiers=tiers, taken=1500.0), 0.0, 3600.0, (1e3, 0.0)) == pytest.approx(0.1 + 0.1 + 0.2 * 0.5)


def test_carbon_as_a_price() -> None:
    carbon = constant(400.0, 0.0, 7200.0)
    assert bill(prices(carbon=carbon, carbon_price=0.1), 0.0, 3600.0, (1e3, 0.0)) == pytest.approx(0.10 + 0.04)


def test_windows_are_the_clock_s() -> None:
    """Ten minutes at 9 kW across the edge of two windows are no 9 kW in either."""
    assert quarter(1234.0) == 900.0
    power = (0.0, 0.0, 9e3, 9e3, 0.0, 0.0)  # 300 s each from 300 s on: 600..1200 s
    assert peak(900.0, 0.0 + 0.0, 300.0, power) == pytest.approx(max(9e3 / 3, 9e3 / 3))
    assert peak(900.0, 0.0, 900.0, (-5e3,)) == 0.0


def test_a_gap_is_named() -> None:
    with pytest.raises(LocalError, match="no price from 7200 to 10800"):
        bill(prices(), 0.0, 3600.0, (1.0, 1.0, 1.0))


@pytest.mark.parametrize("tiers", [(Tier(2.0, 0.1), Tier(1.0, 0.1)), (Tier(1.0, 0.1), Tier(1.0, 0.2)), (Tier(1.0, -0.1),)])
def test_tiers_rise(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(LocalError, match="by rising energy"):
        prices(tiers=tiers)
