"""What holds when the plan is old, or there is none."""

from __future__ import annotations

import pytest

from iso15118.grid.planning import SitePlan
from iso15118.grid.planning.ladder import FRESH, USABLE, Rung, age, footing
from iso15118.grid.policies import NAMES

NOW = 1e9
PLAN = SitePlan(
    made=NOW,
    edges=(NOW, NOW + 86_400.0),
    evses=(),
    batteries={},
    grid=(0.0,),
    curtailed=(0.0,),
    price=(0.0,),
    peak=0.0,
    cost=0.0,
)


@pytest.mark.parametrize(
    ("seconds", "rung", "policy", "why"),
    [
        (0.0, Rung.PLAN, "cheapest", ""),
        (FRESH, Rung.PLAN, "cheapest", ""),
        (FRESH + 60.0, Rung.LIMITS, "cheapest", "the plan is 16 min old: no answer"),
        (USABLE, Rung.LIMITS, "cheapest", "the plan is 60 min old: no answer"),
        (USABLE + 1.0, Rung.LAXITY, "least_laxity", "the plan is 60 min old: no answer"),
        (-4.0, Rung.PLAN, "cheapest", ""),
        (-3600.0, Rung.LAXITY, "least_laxity", "there is no plan: no answer"),  # the clock jumped back
        (90_000.0, Rung.LAXITY, "least_laxity", "there is no plan: no answer"),  # and beyond the end of the plan
    ],
)
def test_an_older_plan_counts_less(seconds: float, rung: Rung, policy: str, why: str) -> None:
    found = footing("cheapest", NOW + seconds, PLAN, trouble="no answer")
    assert (found.rung, found.policy, found.why) == (rung, policy, why)
    assert found.policy in NAMES


def test_each_rung_has_its_reason() -> None:
    assert footing("cheapest", NOW, None).why == "there is no plan"
    assert footing("cheapest", NOW, PLAN, needs=False).policy == "equal_share"
    assert footing("cheapest", NOW, PLAN, forecast="the load is unknown") == footing(
        "v2g_revenue", NOW, PLAN, forecast="the load is unknown"
    )
    silent = footing("cheapest", NOW, PLAN, metered=False, needs=False)
    assert (silent.rung, silent.policy) == (Rung.FAILSAFE, "equal_share")
    assert "meter" in silent.why


def test_a_policy_that_wants_no_plan_needs_none() -> None:
    assert footing("least_laxity", NOW, None, planned=False).rung is Rung.PLAN
    assert footing("least_laxity", NOW, None, planned=False, needs=False).policy == "least_laxity"
    assert footing("least_laxity", NOW, None, planned=False, metered=False).rung is Rung.FAILSAFE


def test_the_age_of_a_plan_that_does_not_hold_is_infinite() -> None:
    assert age(PLAN, NOW + 60.0) == 60.0
    assert age(PLAN, NOW - 60.0) == age(PLAN, NOW + 86_400.0) == float("inf")
