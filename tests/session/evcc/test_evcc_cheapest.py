"""`session.evcc.cheapest`: the energy wanted, at the lowest price, within every slot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as chance
from hypothesis import settings
from hypothesis import strategies as st

from iso15118.energy import Need
from iso15118.messages.v20.rational import number, rational
from iso15118.messages.v20.schedule import ScheduleTuple
from iso15118.session.evcc.cheapest import ENTRIES, Course, course
from iso15118.session.evcc.plan import Chosen
from iso15118.session.prices import price_schedule
from iso15118.session.services import Pricing
from iso15118.tariff import Algorithm, Rule, Stack, Tariff
from tests.session.evcc.bench import EPOCH, schedule_tuple

HOUR = 3600
SECOND = 1_000_000
DAY_AHEAD = tuple(Stack(HOUR, (Rule(fee),)) for fee in (0.30, 0.10, 0.40, 0.05))


def offered(
    *powers: tuple[int, float],
    back: tuple[tuple[int, float], ...] = (),
    stacks: tuple[Stack, ...] = DAY_AHEAD,
    back_stacks: tuple[Stack, ...] = (),
    pricing: Pricing = Pricing.ABSOLUTE,
    algorithm: Algorithm = Algorithm.POWER,
) -> ScheduleTuple:
    plain = schedule_tuple(1, *(powers or ((4 * HOUR, 10e3),)), back=back)

    def priced(schedule: Any, stacks: tuple[Stack, ...]) -> Any:
        tariff = Tariff(stacks, algorithm=algorithm)
        return schedule.but(price_schedule=price_schedule(tariff, pricing, anchor=EPOCH, id=1, span=4 * HOUR, points=1024))

    plain = plain.but(charging_schedule=priced(plain.charging_schedule, stacks))
    if back_stacks:
        plain = plain.but(discharging_schedule=priced(plain.discharging_schedule, back_stacks))
    return plain


def planned(told: ScheduleTuple, energy: float, *, now: int = EPOCH, stay: float | None = None, most: float = 22e3, **more: Any) -> Course:
    need = Need(energy, more.pop("most_energy", 50e3), more.pop("least", -50e3))
    return course(Chosen.of(told), now, stay, need, most, more.pop("back", 0.0), **more)


def entries(plan: Course) -> list[tuple[int, float]]:
    return [(e.duration, number(e.power)) for e in plan.entries()]


def test_the_cheapest_hours_first() -> None:
    plan = planned(offered(), 15e3)
    assert entries(plan) == [(HOUR, 0.0), (HOUR // 2, 10e3), (HOUR // 2 + HOUR, 0.0), (HOUR, 10e3)]
    assert (plan.cost, plan.short) == (pytest.approx(0.5 + 0.5), 0.0)


def test_a_departure_before_the_cheap_hours() -> None:
    assert entries(planned(offered(), 15e3, stay=2 * HOUR)) == [(HOUR // 2, 10e3), (HOUR // 2, 0.0), (HOUR, 10e3)]
    assert planned(offered(), 25e3, stay=2 * HOUR).short == 5e3


def test_what_is_needed_at_least_is_charged_at_once() -> None:
    assert entries(planned(offered(), 15e3, least=5e3)) == [(HOUR // 2, 10e3), (2 * HOUR + HOUR // 2, 0.0), (HOUR, 10e3)]


def test_levels_will_do() -> None:
    assert entries(planned(offered(pricing=Pricing.LEVELS), 10e3)) == [(3 * HOUR, 0.0), (HOUR, 10e3)]


def test_without_prices_as_early_as_can_be() -> None:
    assert entries(planned(offered(pricing=Pricing.NONE), 10e3)) == [(HOUR, 10e3), (3 * HOUR, 0.0)]


def test_a_price_by_power_counts_at_the_power_taken() -> None:
    steep = (Stack(HOUR, (Rule(0.1), Rule(0.9, 5e3))), Stack(HOUR, (Rule(0.3),)))
    assert entries(planned(offered(stacks=steep), 10e3, stay=2 * HOUR)) == [(HOUR, 0.0), (HOUR, 10e3)]
    assert entries(planned(offered(stacks=steep), 4e3, stay=2 * HOUR, most=4e3))[0] == (HOUR, 4e3)


@pytest.mark.case("SCH-14")
def test_a_gap_without_power_is_passed_over() -> None:
    told = offered((HOUR, 10e3), (2 * HOUR, 0.0), (HOUR, 10e3))
    assert entries(planned(told, 20e3)) == [(HOUR, 10e3), (2 * HOUR, 0.0), (HOUR, 10e3)]


def test_it_begins_on_a_whole_second_of_the_schedule() -> None:
    plan = planned(offered(), 10e3, now=EPOCH + HOUR * SECOND + 700_000)
    assert plan.anchor == EPOCH + HOUR * SECOND
    assert entries(plan) == [(2 * HOUR, 0.0), (HOUR, 10e3)]


def test_no_more_than_there_is() -> None:
    told = offered()
    power = told.charging_schedule.power_schedule
    scarce = told.but(charging_schedule=told.charging_schedule.but(power_schedule=power.but(available_energy=rational(4e3))))
    plan = planned(scarce, 10e3)
    assert (sum(plan.loads), plan.short) == (4e3, 6e3)


@pytest.mark.parametrize("now", [EPOCH + 5 * HOUR * SECOND, EPOCH - HOUR * SECOND])
def test_outside_the_schedule(now: int) -> None:
    plan = planned(offered(), 10e3, now=now)
    assert plan.anchor >= EPOCH
    assert [power for _, power in entries(plan)] == ([0.0] if now > EPOCH else [0.0, 10e3])


PAID = tuple(Stack(HOUR, (Rule(fee),)) for fee in (-0.25, -0.02, -0.60, -0.02))
BOTH = {"back": ((4 * HOUR, -10e3),), "back_stacks": PAID}


def test_dear_hours_are_served_and_cheap_ones_refill() -> None:
    plan = planned(offered(**BOTH), 0.0, back=5e3, give_back=True)
    assert entries(plan) == [(HOUR, -5e3), (HOUR, 0.0), (HOUR, -5e3), (HOUR, 10e3)]
    assert plan.cost == pytest.approx(-5 * 0.60 - 5 * 0.25 + 10 * 0.05)


@pytest.mark.parametrize(
    "why",
    [
        {"give_back": False},
        {"least": 0.0, "most_energy": 0.0},
        {"back": 0.0},
    ],
)
def test_nothing_is_given_back(why: dict[str, Any]) -> None:
    assert sum(planned(offered(**BOTH), 0.0, **({"back": 5e3, "give_back": True} | why)).backs) == 0.0


def test_nothing_is_given_back_by_levels_or_where_it_earns_nothing() -> None:
    levels = offered(**BOTH, pricing=Pricing.LEVELS)
    poor = offered(back=BOTH["back"], back_stacks=(Stack(4 * HOUR, (Rule(-0.05),)),))
    for told in (levels, poor):
        assert sum(planned(told, 0.0, back=5e3, give_back=True).backs) == 0.0


SLOTS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 30_000).map(float)), min_size=1, max_size=12)
FEES = st.lists(st.integers(-20, 60).map(lambda cent: cent / 100), min_size=1, max_size=8)


@settings(derandomize=True, deadline=None)
@chance(SLOTS, SLOTS, FEES, FEES, st.floats(0, 60e3), st.floats(-20e3, 20e3), st.integers(0, 8000), st.booleans())
def test_within_every_slot_the_battery_and_the_need(
    into: Any, out: Any, fees: Any, paid: Any, energy: float, least: float, late: int, give: bool
) -> None:
    """SCH-12 for any schedule: what is said is within the schedule at every moment, and the battery within what it holds."""
    if not any(d for d, _ in into) or not any(d for d, _ in out):
        return
    stacks, back_stacks = (tuple(Stack(2500, (Rule(fee),)) for fee in each) for each in (fees, paid))
    told = offered(*into, back=tuple((d, -p) for d, p in out), stacks=stacks, back_stacks=back_stacks)
    chosen = Chosen.of(told)
    need = Need(energy, 60e3, least)
    plan = course(chosen, EPOCH + late * SECOND, None, need, 20e3, 9e3, give_back=give)
    stamp, held = plan.anchor, 0.0
    for duration, power in entries(plan):
        assert duration > 0
        limit = chosen.charge if power >= 0 else chosen.discharge
        assert limit is not None
        assert abs(power) <= (limit.least(stamp, stamp + duration * SECOND) if power else 0.0) + 1e-6
        assert -9e3 <= power <= 20e3
        stamp += duration * SECOND
        held += power * duration / HOUR
        assert held <= max(60e3, energy) + 10
        assert held >= min(0.0, least) - 10 or power >= 0.0
    assert sum(plan.loads) - sum(plan.backs) + plan.short == pytest.approx(energy, abs=1.0)


@pytest.mark.case("SCH-15")
def test_as_many_entries_as_can_be() -> None:
    """1024 slots and 1024 prices that change elsewhere: no more entries than a profile may have, and each within its slot."""
    stacks = tuple(Stack(61, (Rule((i * 37 % 100) / 100),)) for i in range(1024))
    plain = schedule_tuple(1, *((60, 1e3 * (i % 30 + 1)) for i in range(1024)))
    price = price_schedule(Tariff(stacks), Pricing.ABSOLUTE, anchor=EPOCH, id=1, span=61_440, points=1024)
    told = plain.but(charging_schedule=plain.charging_schedule.but(price_schedule=price))
    plan = planned(told, 100e3)
    assert len(plan.entries()) <= ENTRIES
    assert sum(plan.loads) == pytest.approx(100e3)
