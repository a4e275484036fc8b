"""A simulated day: what is known at a moment decides, limits hold, energy is not made up."""

from __future__ import annotations

import pytest

from iso15118.grid.series import Series
from iso15118.study.baselines import BASELINES, planner, studied
from iso15118.study.metrics import row
from iso15118.study.record import Record
from iso15118.study.run import simulate
from iso15118.study.scenarios import Scenario, scenario
from iso15118.value import replace

DAY = 86_400.0


def permuted(told: Scenario, k: int) -> Scenario:
    """The same until step `k`; what truly comes afterwards is in another order, and those who have not come yet are others."""

    def swapped(series: Series) -> Series:
        first = round((told.start - series.start) / series.step)
        return replace(series, values=(*series.values[: first + k], *reversed(series.values[first + k :])))

    moment = told.start + k * told.step
    stays = tuple(
        stay
        if stay.arrival <= moment - told.step and stay.departure <= moment
        else replace(stay, departure=max(stay.arrival + 1800.0, min(stay.departure + 5400.0, told.end)))
        if stay.arrival <= moment - told.step
        else replace(stay, stored=0.5 * stay.stored, target=0.6 * stay.target)
        for stay in told.stays
    )
    return replace(
        told,
        stays=stays,
        load={name: swapped(series) for name, series in told.load.items()},
        pv={name: swapped(series) for name, series in told.pv.items()},
    )


@pytest.mark.parametrize(("name", "policy", "k"), [("home", "planner", 40), ("workplace", "planner", 44), ("v2b", "least_laxity", 50)])
def test_the_future_does_not_decide_the_past(name: str, policy: str, k: int) -> None:
    told = scenario(name, 5, 1)
    chosen = planner(told) if policy == "planner" else studied(policy)
    short = replace(told, steps=k + 4)
    other = permuted(short, k)
    assert other.load != short.load
    one, two = simulate(short, chosen), simulate(other, chosen)
    assert {evse: powers[:k] for evse, powers in one.evses.items()} == {evse: powers[:k] for evse, powers in two.evses.items()}
    assert {name: powers[:k] for name, powers in one.batteries.items()} == {name: powers[:k] for name, powers in two.batteries.items()}
    assert one.grid[:k] == two.grid[:k]
    assert one.grid[k:] != two.grid[k:], "the swap has changed something at all"


def balanced(told: Scenario, record: Record) -> None:
    """Power at the connection is the sum of everything, and what cars hold is what they got."""
    efficiency = {evse.name: evse.efficiency for evse in told.site.evses}
    for k, grid in enumerate(record.grid):
        cars = sum(
            powers[k] / efficiency[name] if powers[k] >= 0.0 else powers[k] * efficiency[name] for name, powers in record.evses.items()
        )
        stores = sum(powers[k] for powers in record.batteries.values())
        assert grid == pytest.approx(record.load[k] - record.pv[k] + record.curtailed[k] + cars + stores, abs=1e-6)


@pytest.mark.parametrize("policy", BASELINES)
@pytest.mark.parametrize("name", ["workplace", "public_dc", "v2b", "depot"])
def test_baselines_keep_limits_or_say_so(name: str, policy: str) -> None:
    told = scenario(name, 1, 1)
    record = simulate(told, studied(policy))
    balanced(told, record)
    figures = row(told, record)
    if policy == "unmanaged":
        assert float(figures["violation_kwh"] or 0.0) > 0.0
    else:
        assert figures["violation_kwh"] == 0.0
        assert max(record.grid) <= (told.site.root.import_limit or 0.0)
    assert figures["departures"] == len(told.stays)


def test_a_planned_house_feeds_itself_and_nobody_else() -> None:
    told = scenario("home", 1, 2)
    record = simulate(told, planner(told))
    balanced(told, record)
    gave = 0.0
    for k, power in enumerate(record.evses["wallbox"]):
        if power < 0.0:
            gave -= power
            assert -power <= record.load[k] - record.pv[k] + 1e-6, "what the car gives stays in the house"
    assert gave > 0.0
    figures, share = row(told, record), row(told, simulate(told, studied("equal_share")))
    assert float(figures["cost"] or 0.0) < float(share["cost"] or 0.0)
    assert figures["satisfied"] == 100.0
    for k, stored in enumerate(record.cars["wallbox"]):
        assert stored is None or stored >= 12_000.0 - 1.0, f"below the driver's floor in step {k}"


def test_an_announced_limit_holds() -> None:
    told = scenario("demand_response", 2, 1)
    record = simulate(told, studied("equal_share"))
    noon = [k for k in range(told.steps) if record.limit[k] == 25_000.0]
    assert len(noon) == 8
    assert all(record.grid[k] <= max(25_000.0, record.load[k] - record.pv[k]) + 1e-6 for k in noon)
    assert record.excess == [0.0] * told.steps


def test_drivers_who_do_not_stay_leave_when_they_have_it() -> None:
    told = scenario("public_dc", 1, 1)
    record = simulate(told, studied("equal_share"))
    assert len(record.outcomes) + record.lost == len(told.stays)
    assert all(stay.left - stay.plugged < 5400.0 for stay in record.outcomes)
    assert all(stay.ended == pytest.approx(stay.target, abs=2.0) for stay in record.outcomes)
