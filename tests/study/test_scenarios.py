"""Scenarios are data, and nothing in them depends on more than a name, a seed and a length."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.study.scenarios import NAMES, moved, perfect, scenario


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_made_again(name: str) -> None:
    assert scenario(name, 3, 1) == scenario(name, 3, 1)
    assert scenario(name, 3, 1) != scenario(name, 4, 1)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_for_can_be(name: str) -> None:
    told = scenario(name, 2)
    evses = {evse.name: evse for evse in told.site.evses}
    assert told.stays
    ends: dict[str, float] = {}
    for stay in told.stays:
        assert told.start <= stay.arrival < min(stay.departure, stay.declared)
        assert 0.0 <= stay.stored <= stay.target <= stay.capacity
        if stay.evse:
            assert stay.arrival >= ends.get(stay.evse, 0.0), "two cars at one outlet"
            ends[stay.evse] = stay.departure
            most = min(stay.charge, evses[stay.evse].charge)
            hours = (stay.declared - stay.arrival) / 3600.0
            assert stay.target - stay.stored <= most * stay.efficiency * hours, "nobody asks for more than fits into his stay"
    for series in (*told.load.values(), *told.pv.values(), told.prices.import_price):
        assert series.start <= told.start
        assert series.end >= told.end
    for plant in told.site.pvs:
        assert min(told.pv[plant.name].values) >= 0.0
        assert max(told.pv[plant.name].values) <= plant.peak


def test_forecasts_err_as_much_as_they_say() -> None:
    off = [
        forecast / truth - 1.0
        for seed in range(40)
        for told in [scenario("workplace", seed, 1)]
        for truth, forecast in zip(told.load["grid"].values, told.load_forecast["grid"].values, strict=True)
    ]
    assert (sum(x * x for x in off) / len(off)) ** 0.5 == pytest.approx(0.15, abs=0.02)
    assert sum(off) / len(off) == pytest.approx(0.0, abs=0.03)


def test_drivers_leave_about_when_they_said() -> None:
    early = [stay.declared - stay.departure for seed in range(20) for stay in scenario("workplace", seed, 1).stays]
    spread = (sum(x * x for x in early) / len(early)) ** 0.5
    assert 15 * 60 < spread < 30 * 60


def test_a_demand_charge_is_paid_for_the_days_alone() -> None:
    one, five = scenario("workplace", 1, 1).prices.demand, scenario("workplace", 1, 5).prices.demand
    assert one is not None
    assert five is not None
    assert (one.price, five.price) == (pytest.approx(10 / 30), pytest.approx(50 / 30))


def test_perfect_forecasts_leave_arrivals_unknown() -> None:
    told = scenario("workplace", 1, 1)
    foreseen = perfect(told)
    assert foreseen.load_forecast == told.load
    assert all(stay.declared <= stay.departure for stay in foreseen.stays)
    assert foreseen.history == told.history


def test_a_scenario_can_be_moved() -> None:
    told = scenario("demand_response", 1, 1)
    later = moved(told, 86_400.0)
    assert later.start == told.start + 86_400.0
    assert later.signals[0].received == told.signals[0].received + 86_400.0
    assert moved(later, -86_400.0) == told


def test_wrong_names_and_lengths_are_told() -> None:
    with pytest.raises(LocalError, match=r"no scenario 'moon'; there are: home"):
        scenario("moon", 1)
    with pytest.raises(LocalError, match="400 days; allowed: 1 to 366"):
        scenario("home", 1, 400)
