"""`grid.paragraph_14a`: the formula, and whom it binds."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.grid.paragraph_14a import allowed, kept, minimum_power, simultaneity


@pytest.mark.parametrize(
    ("count", "factor", "kilowatts"),
    [(1, 1.0, 4.2), (2, 0.80, 7.56), (3, 0.75, 10.5), (4, 0.70, 13.02), (5, 0.65, 15.12), (6, 0.60, 16.8),
     (7, 0.55, 18.06), (8, 0.50, 18.9), (9, 0.45, 19.32), (20, 0.45, 40.11)],
)  # fmt: skip
def test_the_formula(count: int, factor: float, kilowatts: float) -> None:
    assert simultaneity(count) == factor
    assert minimum_power(count) == pytest.approx(kilowatts * 1e3)


@pytest.mark.parametrize(
    ("heat_pumps", "cooling", "kilowatts"),
    [(10e3, 0.0, 7.56), (11e3, 0.0, 7.56), (20e3, 0.0, 11.36), (0.0, 12e3, 8.16), (12e3, 30e3, 15.36)],
)
def test_a_large_heat_pump_counts_by_its_power(heat_pumps: float, cooling: float, kilowatts: float) -> None:
    assert minimum_power(2, heat_pumps=heat_pumps, cooling=cooling) == pytest.approx(kilowatts * 1e3)


def test_own_generation_lifts_it_and_the_household_is_untouched() -> None:
    limit = minimum_power(4)
    assert allowed(limit, 6e3) == pytest.approx(19.02e3)
    assert allowed(limit) == allowed(limit, -1.0) == limit
    household, pv = 3e3, 6e3
    assert kept(household + allowed(limit, pv) - pv, household, limit)
    assert not kept(household + allowed(limit, pv) - pv + 2.0, household, limit)


def test_what_cannot_be() -> None:
    with pytest.raises(LocalError, match="0 controllable consumers; allowed: 1 or more"):
        minimum_power(0)
    with pytest.raises(LocalError, match="cooling of -1 W"):
        minimum_power(1, cooling=-1.0)
