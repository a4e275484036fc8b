"""When a car is asked for its schedule anew."""

from __future__ import annotations

import pytest

from iso15118.grid.planning import EvsePlan, SitePlan
from iso15118.grid.renegotiate import APART, ASTRAY, LATE, MOST, SQUEEZED, Asked, Facts, Reason, costs, departed, judge

CALM = Facts(promised=10e3)


def facts(**more: object) -> Facts:
    return Facts(**{"promised": 10e3, **more})  # type: ignore[arg-type]


def test_nothing_is_no_reason() -> None:
    assert judge(Asked(), CALM, 0.0) == (Asked(), None)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (facts(limit=4e3), Reason.LIMIT),
        (facts(limit=9_950.0), None),
        (facts(needs_changed=True), Reason.NEED),
        (facts(freed=True), Reason.FREED),
        (facts(prices_changed=True), Reason.PRICES),
        (facts(cost=2.0, saved=0.11), Reason.GAIN),
        (facts(cost=2.0, saved=0.10), None),
        (facts(cost=10.0, saved=0.29), None),
        (facts(cost=10.0, saved=0.31), Reason.GAIN),
        (facts(limit=4e3, needs_changed=True, saved=5.0), Reason.LIMIT),
        (facts(limit=4e3, asked=True), None),
    ],
)
def test_each_reason_at_once(known: Facts, reason: Reason | None) -> None:
    state, found = judge(Asked(), known, 100.0)
    assert found is reason
    assert state == (Asked() if reason is None else Asked(1, 100.0))


def test_money_does_not_ask_twice_within_five_minutes_and_a_limit_does() -> None:
    cheaper = facts(saved=1.0)
    state, _ = judge(Asked(), cheaper, 0.0)
    assert judge(state, cheaper, APART - 1.0)[1] is None
    assert judge(state, facts(limit=1e3), 1.0)[1] is Reason.LIMIT
    assert judge(state, cheaper, APART)[1] is Reason.GAIN


def test_in_the_last_ten_minutes_only_a_limit_counts() -> None:
    for late in (facts(saved=1.0), facts(needs_changed=True), facts(prices_changed=True)):
        assert judge(Asked(), Facts(**{**fields(late), "departure": LATE - 1.0}), 0.0)[1] is None
        assert judge(Asked(), Facts(**{**fields(late), "departure": LATE + 1.0}), 0.0)[1] is not None
    assert judge(Asked(), facts(limit=1e3, departure=30.0), 0.0)[1] is Reason.LIMIT


def fields(known: Facts) -> dict[str, object]:
    return {name: getattr(known, name) for name in Facts.__fields__}


def test_a_car_off_its_profile_for_a_minute() -> None:
    off, state, found = facts(deviation=600.0, tolerance=500.0), Asked(), None
    for second in range(int(ASTRAY)):
        state, found = judge(state, off, float(second))
        assert found is None
    back, found = judge(state, facts(deviation=400.0, tolerance=500.0), ASTRAY)
    assert found is None
    assert back.astray is None
    assert judge(state, off, ASTRAY)[1] is Reason.ASTRAY


def test_other_loads_that_come_and_go_are_no_reason_and_one_that_stays_is() -> None:
    state, _ = judge(Asked(), facts(left=4e3), 0.0)
    assert judge(state, facts(left=4e3), SQUEEZED - 1.0)[1] is None
    assert judge(state, facts(left=4e3), SQUEEZED)[1] is Reason.LIMIT
    state, _ = judge(state, facts(left=12e3), 30.0)
    assert judge(state, facts(left=4e3), SQUEEZED)[1] is None


def test_a_limit_that_goes_down_and_down_is_followed_twenty_times() -> None:
    state, asked = Asked(), 0
    for second in range(100):
        state, reason = judge(state, Facts(promised=100e3 - 1e3 * second, limit=99e3 - 1e3 * second), float(second))
        asked += reason is not None
    assert asked == MOST == state.count


def test_departures() -> None:
    assert departed(None, 10.0)
    assert departed(10.0, None)
    assert not departed(None, None)
    assert departed(0.0, 61.0)
    assert not departed(0.0, 59.0)


def test_what_a_new_plan_saves_for_the_same_energy() -> None:
    plan = SitePlan(
        made=0.0,
        edges=(0.0, 3600.0, 7200.0),
        evses=(EvsePlan(evse="1", power=(0.0, 10e3), energy=(0.0, 10e3)),),
        batteries={},
        grid=(0.0, 0.0),
        curtailed=(0.0, 0.0),
        price=(0.30, 0.10),
        peak=0.0,
        cost=0.0,
    )
    assert costs(plan, plan.evses[0], lambda at: 5e3, 0.0) == (pytest.approx(2.0), pytest.approx(1.0))
    assert costs(plan, plan.evses[0], lambda at: 2.5e3, 0.0) == (pytest.approx(2.0), pytest.approx(1.0))
    assert costs(plan, plan.evses[0], lambda at: 10e3 if at > 3600.0 else 0.0, 0.0)[1] == pytest.approx(0.0)
    assert costs(plan, plan.evses[0], lambda at: 0.0, 0.0) == (0.0, 0.0)
