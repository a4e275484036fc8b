"""`session.prices`: a tariff on the wire and back, in either form, in fewer entries where need be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as chance
from hypothesis import settings
from hypothesis import strategies as st

from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.price import AbsolutePriceSchedule, PriceLevelSchedule
from iso15118.session.prices import price_schedule, read_tariff
from iso15118.session.services import Pricing
from iso15118.tariff import Algorithm, Extra, Level, Overstay, Rule, Stack, Tariff, Tax
from iso15118.value import replace

WHOLE = Tariff(
    (
        Stack(3600, (Rule(0.2755, parking=1.5, parking_period=900, carbon=250, renewable=45), Rule(0.39, 11e3))),
        Stack(7200, (Rule(-0.02, carbon=20, renewable=100),)),
    ),
    currency="SEK",
    language="swe",
    algorithm=Algorithm.STACKED_ENERGY,
    description="night and day",
    minimum_cost=0.5,
    maximum_cost=100.0,
    taxes=(Tax(25.0, "moms", included=False, on_parking=False, on_limits=True), Tax(0.5)),
    overstays=(Overstay(600, 0.1, 60, "blocking"), Overstay(3600, 1.0, 60)),
    overstay_after=300,
    overstay_below=500.0,
    extras=(Extra("reservation", 2.0),),
)
"""All parts."""


def told(tariff: Tariff, pricing: Pricing = Pricing.ABSOLUTE, *, span: int = 10_800, points: int = 1024) -> Any:
    return price_schedule(tariff, pricing, anchor=1_000_000, id=7, span=span, points=points)


def test_all_parts_there_and_back() -> None:
    schedule = told(WHOLE)
    assert type(schedule) is AbsolutePriceSchedule
    assert (schedule.time_anchor, schedule.price_schedule_id, schedule.id) == (1_000_000, 7, None)
    assert schedule.price_algorithm == "urn:iso:std:iso:15118:-20:PriceAlgorithm:3-StackedEnergy"
    assert [tax.tax_rule_id for tax in schedule.tax_rules.tax_rule] == [1, 2]
    assert read_tariff(schedule) == WHOLE


def test_a_bare_price_has_no_empty_parts() -> None:
    schedule = told(Tariff((Stack(60, (Rule(0.3),)),)))
    assert (schedule.tax_rules, schedule.overstay_rules, schedule.additional_selected_services, schedule.minimum_cost) == (None,) * 4


def test_levels_there_and_back() -> None:
    schedule = told(WHOLE, Pricing.LEVELS)
    assert type(schedule) is PriceLevelSchedule
    assert schedule.number_of_price_levels == 1
    assert read_tariff(schedule) == Tariff(levels=(Level(3600, 1), Level(7200, 0)), description="night and day")


@pytest.mark.parametrize(
    ("tariff", "pricing"), [(WHOLE, Pricing.NONE), (Tariff(levels=(Level(60, 1),)), Pricing.ABSOLUTE), (Tariff(), Pricing.LEVELS)]
)
def test_a_form_that_is_not_known_is_left_out(tariff: Tariff, pricing: Pricing) -> None:
    assert told(tariff, pricing) is None


@pytest.mark.parametrize(("span", "durations"), [(1800, [1800]), (3600, [3600]), (5000, [3600, 1400]), (20_000, [3600, 16_400])])
def test_as_long_as_the_power_schedule(span: int, durations: list[int]) -> None:
    assert [stack.duration for stack in read_tariff(told(WHOLE, span=span)).stacks] == durations


RULES = st.lists(st.floats(-1, 1).map(lambda fee: round(fee, 3)), min_size=1, max_size=8).map(
    lambda fees: tuple(Rule(fee, 1000.0 * i) for i, fee in enumerate(fees))
)
STACKS = st.lists(st.builds(Stack, st.integers(1, 5000), RULES), min_size=1, max_size=40).map(tuple)


@settings(derandomize=True, deadline=None)
@chance(STACKS, st.integers(12, 20), st.sampled_from((Algorithm.POWER, Algorithm.STACKED_ENERGY)))
def test_fewer_entries_never_promise_a_better_price(stacks: tuple[Stack, ...], points: int, algorithm: Algorithm) -> None:
    span = sum(stack.duration for stack in stacks)
    fewer = read_tariff(told(Tariff(stacks, algorithm=algorithm), span=span, points=points)).stacks
    assert len(fewer) == min(points, len(stacks))
    assert sum(stack.duration for stack in fewer) == span
    at = 0
    for stack in stacks:
        now, passed = at, 0
        joined = next(each for each in fewer if (passed := passed + each.duration) > now)
        for power in (0.0, 999.0, 1000.0, 4500.0, 20_000.0):
            assert joined.rate(power, algorithm) >= stack.rate(power, algorithm) - 1e-9
        at += stack.duration


def test_more_rules_than_one_stack_holds_are_joined_too() -> None:
    ladders = tuple(Stack(60, tuple(Rule(0.1 * i, 1000.0 * i + shift * (i > 0)) for i in range(8))) for shift in (0.0, 500.0))
    (joined,) = read_tariff(told(Tariff(ladders), span=120, points=1)).stacks
    assert len(joined.rules) <= 8
    for power in range(0, 12_000, 250):
        assert joined.rate(power, Algorithm.POWER) >= max(stack.rate(power, Algorithm.POWER) for stack in ladders) - 1e-9


# What others send.


def heard(**changes: Any) -> Tariff:
    return read_tariff(told(WHOLE).but(**changes))


def test_rules_in_any_order_and_entries_of_no_duration() -> None:
    schedule = told(WHOLE)
    first, second = schedule.price_rule_stacks.price_rule_stack
    turned = first.but(price_rule=first.price_rule[::-1])
    odd = schedule.price_rule_stacks.but(price_rule_stack=(first.but(duration=0), turned, second))
    assert heard(price_rule_stacks=odd) == WHOLE


def test_a_lowest_rule_above_nothing_holds_from_nothing_on() -> None:
    schedule = told(replace(WHOLE, stacks=WHOLE.stacks[1:]))
    (stack,) = schedule.price_rule_stacks.price_rule_stack
    high = stack.price_rule[0].but(power_range_start=told(WHOLE).price_rule_stacks.price_rule_stack[0].price_rule[1].power_range_start)
    odd = schedule.price_rule_stacks.but(price_rule_stack=(stack.but(price_rule=(high,)),))
    assert heard(price_rule_stacks=odd).stacks[0].rules[0].above == 0.0


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"price_algorithm": "urn:somebody:s:own"}, PeerError), ({"currency": "E"}, LocalError), ({"language": "42"}, LocalError)],
)
def test_what_means_nothing(changes: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        heard(**changes)
