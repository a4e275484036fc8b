"""The best there can be is never dearer than anything that was done, and keeps every limit itself."""

from __future__ import annotations

import pytest

from iso15118.grid.site import VOLTAGE
from iso15118.study.baselines import studied
from iso15118.study.metrics import captured, row
from iso15118.study.run import simulate
from iso15118.study.scenarios import NAMES, scenario
from iso15118.study.table import best_of


@pytest.mark.parametrize("name", [name for name in NAMES if name != "fcr"])
def test_nothing_is_cheaper(name: str) -> None:
    told = scenario(name, 1, 1)
    best = best_of(told)
    cheapest = float(row(told, best)["cost"] or 0.0)
    for policy in ("equal_share", "earliest_deadline", "least_laxity"):
        assert cheapest <= float(row(told, simulate(told, studied(policy)))["cost"] or 0.0) + 1e-6
    assert row(told, best)["satisfied"] == 100.0


@pytest.mark.parametrize("name", ["workplace", "apartment", "v2b", "depot", "demand_response"])
def test_it_keeps_the_limits(name: str) -> None:
    told = scenario(name, 2, 1)
    best = best_of(told)
    evses = {evse.name: evse for evse in told.site.evses}
    phases = {stay.evse: stay.phases for stay in told.stays}
    for k in range(told.steps):
        limit = best.limit[k]
        assert limit is None or best.grid[k] <= max(limit, best.load[k] - best.pv[k]) + 1e-3
        for circuit in told.site.circuits:
            below = [evse.name for evse in told.site.below(circuit.name)]
            flows = {name: best.evses[name][k] / evses[name].efficiency for name in below}
            if circuit.parent is not None and circuit.import_limit is not None:
                assert sum(flows.values()) <= circuit.import_limit + 1e-3
            if circuit.parent is not None and circuit.fuse is not None:
                for line in range(3):
                    drawn = 0.0
                    for name, watts in flows.items():
                        used = evses[name].lines[: phases[name]]
                        drawn += watts / len(used) / VOLTAGE if line in used else 0.0
                    assert drawn <= circuit.fuse + 1e-3


def test_a_case_by_hand() -> None:
    """One car and two prices: it charges where energy is cheap."""
    told = scenario("home_v1g", 1, 1)
    best = best_of(told)
    charged = [(told.prices.import_price.at(told.start + k * told.step), power) for k, power in enumerate(best.evses["wallbox"])]
    dearest = max(price for price, power in charged if power > 1.0 and price is not None)
    idle = [
        price
        for k, (price, power) in enumerate(charged)
        if price is not None and power < 1.0 and best.cars["wallbox"][k] is not None and best.pv[k] == 0.0
    ]
    assert min(idle) >= dearest - 1e-6 or max(best.pv) > 0.0
    assert sum(power for _, power in charged) * 0.25 * 0.94 == pytest.approx(told.stays[0].target - told.stays[0].stored, abs=1.0)


def test_what_is_captured() -> None:
    assert captured(60.0, 100.0, 50.0) == pytest.approx(80.0)
    assert captured(60.0, 50.0, 50.0) is None
