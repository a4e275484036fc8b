"""What people of a depot and of a charging park want to see. docs/scenarios.md has the same of thirty nights and twenty days."""

from __future__ import annotations

import pytest

from iso15118.study.baselines import planner, studied
from iso15118.study.metrics import row, satisfied
from iso15118.study.run import simulate
from iso15118.study.scenarios import scenario
from iso15118.study.table import best_of

pytestmark = pytest.mark.long


def test_story_16_fifty_buses_leave_full_and_the_peak_is_near_the_lowest_there_can_be() -> None:
    told = scenario("depot", 4, 1)
    assert len(told.site.evses) == 50
    record = simulate(told, planner(told))
    assert record.outcomes
    assert all(map(satisfied, record.outcomes))
    assert not any(record.excess)
    best = row(told, best_of(told))["peak_kw"]
    assert isinstance(best, float)
    assert max(record.grid) / 1e3 <= 1.35 * best


def test_story_17_nobody_at_a_charging_park_waits_longer_because_of_its_battery() -> None:
    """Who is served by equal shares, with a battery that only helps, is not served sooner; and the battery buys when energy is cheap."""
    told = scenario("public_dc", 4, 1)
    shared, planned = simulate(told, studied("equal_share")), simulate(told, planner(told))
    assert len(planned.outcomes) == len(shared.outcomes)
    assert sum(stay.left - stay.came for stay in planned.outcomes) <= sum(stay.left - stay.came for stay in shared.outcomes)
    left = {stay.user: stay.left for stay in shared.outcomes}
    assert max(stay.left - left[stay.user] for stay in planned.outcomes) <= 2 * told.step
    assert all(map(satisfied, planned.outcomes))
    assert not any(planned.excess)
    price = told.prices.import_price.values[: told.steps]
    bought = [max(0.0, watts) for watts in planned.batteries["battery"]]
    paid = sum(watts * (told.prices.import_price.at(told.start + k * told.step) or 0.0) for k, watts in enumerate(bought)) / sum(bought)
    assert paid < sum(price) / len(price)
