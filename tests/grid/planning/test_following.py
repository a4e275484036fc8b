"""From a plan to what a car is to have now: what a step promised, less what it has given, over what is left of it."""

from __future__ import annotations

import pytest

from iso15118.grid.planning import SitePlan
from iso15118.grid.planning.following import corrected, followed
from iso15118.grid.planning.program import plan
from iso15118.grid.policies import NAMES, Moment, policy
from iso15118.grid.visits import Visit
from iso15118.units import HOUR
from iso15118.value import replace
from tests.grid.planning.made import KW, KWH, MIDNIGHT, ask, car

BOTH = car("b", 10.0, most=30.0, minimum=-10.0, discharge=10.0, window=(-10.0, 30.0), departure=4.0)
ASKED = ask([car("a", 12.0), BOTH], [0.3, 0.1, 0.1, 0.5], load=3.0)
PLAN = plan(ASKED)


def given(visit: Visit, energy: float) -> Visit:
    """After it has got so many kWh."""
    need = visit.need
    return replace(visit, need=replace(need, target_energy=need.target_energy - energy * KWH, max_energy=need.max_energy - energy * KWH))


def at(hours: float, *visits: Visit, made: SitePlan | None = PLAN) -> dict[str, float]:
    """kW by outlet."""
    moment = Moment(now=MIDNIGHT + hours * HOUR, site=ASKED.site, visits=visits or ASKED.visits, available=50.0 * KW, plan=made)
    return {name: round(watts / KW, 3) + 0.0 for name, watts in followed(moment).items()}


def test_what_was_missed_is_made_up_and_what_was_too_much_is_left_out() -> None:
    assert corrected(5_000.0, 0.0, 1800.0, 0.0, 22_000.0) == 10_000.0
    assert corrected(5_000.0, 4_000.0, 1800.0, 0.0, 22_000.0) == 2_000.0
    assert corrected(5_000.0, 6_000.0, 1800.0, 0.0, 22_000.0) == 0.0
    assert corrected(5_000.0, 0.0, 1.0, 0.0, 22_000.0) == 22_000.0
    assert corrected(-5_000.0, -2_000.0, 1800.0, -11_000.0, 0.0) == -6_000.0


def test_a_plan_is_followed_as_it_is_while_it_comes_true() -> None:
    assert PLAN.evses[0].power == pytest.approx([0.0, 10.0 * KW, 2.0 * KW, 0.0])
    assert at(0.0) == {"a": 0.0, "b": -3.0}
    assert at(1.5, given(ASKED.visits[0], 5.0))["a"] == 10.0
    assert at(2.5, given(ASKED.visits[0], 11.0), made=replace(PLAN, made=MIDNIGHT + 2.4 * HOUR))["a"] == 2.0


def test_a_car_that_took_less_is_given_more_and_never_led_the_other_way() -> None:
    slow, fast = given(ASKED.visits[0], 8.0), given(ASKED.visits[0], 12.5)
    recent = replace(PLAN, made=MIDNIGHT + 2.0 * HOUR)
    assert at(2.5, slow, made=recent)["a"] == 8.0
    assert at(2.5, fast, made=recent)["a"] == 0.0


def test_a_plan_that_is_not_fresh_gives_nothing_back_and_an_old_one_nothing_at_all() -> None:
    assert at(0.24)["b"] < 0.0
    assert at(0.3)["b"] == 0.0
    assert at(1.5) == at(1.5, made=None) == {"a": 10.0, "b": 10.0}


def test_a_driver_who_wants_it_now_and_a_car_below_its_minimum_have_all_they_can_take() -> None:
    hasty = replace(ASKED.visits[0], override=True)
    empty = replace(ASKED.visits[0], need=replace(ASKED.visits[0].need, min_energy=1.0))
    assert at(0.0, hasty)["a"] == at(0.0, empty)["a"] == 10.0


def test_a_car_that_the_plan_does_not_know_waits_for_the_next_one() -> None:
    assert at(0.0, replace(ASKED.visits[0], evse="b"), made=replace(PLAN, evses=PLAN.evses[:1])) == {"b": 0.0}
    assert at(0.0, replace(ASKED.visits[0], expected=True)) == {}


@pytest.mark.parametrize("name", ["cheapest", "peak_shaving", "v2h_backup", "v2g_revenue"])
def test_policies_that_plan(name: str) -> None:
    found = policy(name)
    assert found.name == name
    assert found.name in NAMES
    assert not found.fills  # what a plan leaves out is not given away
    assert found.objective is not None
    made = plan(replace(ASKED, objective=found.objective))
    assert set(found.targets(Moment(now=MIDNIGHT, site=ASKED.site, visits=ASKED.visits, available=5e4, plan=made))) == {"a", "b"}


def test_what_policies_plan_differs_by_what_they_are_for() -> None:
    dear = ask([replace(BOTH, wear=0.01)], [0.5, 0.1, 0.1, 0.6], load=3.0, export=0.4)
    made = {
        name: plan(replace(dear, objective=policy(name).objective)) for name in ("cheapest", "peak_shaving", "v2h_backup", "v2g_revenue")
    }
    assert min(made["cheapest"].evses[0].power) == 0.0
    assert min(made["v2g_revenue"].grid) < 0.0
    assert min(made["v2h_backup"].grid) >= 0.0
    assert made["peak_shaving"].peak == min(one.peak for one in made.values())
    # Of the window from -10 to 30 kWh half is kept, and the car is below that: it gives nothing.
    assert min(made["v2h_backup"].evses[0].power) == 0.0


def test_a_car_goes_on_from_one_step_to_the_next() -> None:
    """Nothing is left to want in the last seconds of a step; a car that took that for its end would rest, and be late."""
    recent = replace(PLAN, made=MIDNIGHT + 1.9 * HOUR)
    done = given(ASKED.visits[0], 10.0)
    assert at(2.0 - 1.0 / 3600.0, done, made=recent)["a"] == pytest.approx(2.0, abs=0.01)
    assert at(3.0 - 1.0 / 3600.0, given(ASKED.visits[0], 12.0), made=replace(PLAN, made=MIDNIGHT + 2.9 * HOUR))["a"] == 0.0


def test_what_little_is_wanted_is_given_before_the_step_ends() -> None:
    """On alternating current a car takes 6 A or nothing: 50 Wh are less than that for a minute, and would never be given."""
    evse = replace(ASKED.site.evses[0], dc=False, lines=(0, 1, 2), most=32.0)
    site = replace(ASKED.site, evses=(evse, *ASKED.site.evses[1:]))
    visit, recent = given(ASKED.visits[0], 11.95), replace(PLAN, made=MIDNIGHT + 2.9 * HOUR)

    def wanted(hours: float, visit: Visit) -> float:
        return followed(Moment(now=MIDNIGHT + hours * HOUR, site=site, visits=(visit,), available=50.0 * KW, plan=recent))["a"]

    assert wanted(2.95, visit) == pytest.approx(1.0 * KW)
    assert wanted(2.99, visit) == 6.0 * 230.0 * 3
    assert wanted(2.99, given(ASKED.visits[0], 11.998)) < 200.0
