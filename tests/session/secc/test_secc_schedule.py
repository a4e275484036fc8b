"""`session.secc.schedule`: power over time as it is offered, and the car's profile held against it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from iso15118.energy import Budget, Mobility, Offer, Plan, Slot
from iso15118.messages.v20.common import Processing, ResponseCode
from iso15118.messages.v20.price import (
    AbsolutePriceSchedule,
    EVAbsolutePriceSchedule,
    EVPriceRule,
    EVPriceRuleStack,
    EVPriceRuleStackList,
    PriceLevelSchedule,
)
from iso15118.messages.v20.rational import number, rational
from iso15118.messages.v20.schedule import (
    Dynamic_SEResControlMode,
    EVEnergyOffer,
    EVPowerSchedule,
    EVPowerScheduleEntry,
    EVPowerScheduleEntryList,
    ScheduleExchangeReq,
    ScheduleExchangeRes,
)
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Close, Note
from iso15118.session.events import Sent
from iso15118.session.prices import ALGORITHM
from iso15118.session.services import ControlMode, ParameterSet, Pricing, Service, ServiceID
from iso15118.tariff import Algorithm, Rule, Stack, Tariff, Tax
from iso15118.value import replace
from tests.session.asked import EPOCH, STAMP, need
from tests.session.playbook import Playbook, after, charger_at, given, request, said

DAY = 86_400
STEPS = tuple(Slot(600.0, 1000.0 * (i % 7 + 1), 500.0 * (i % 5)) for i in range(40))
plans = st.lists(st.builds(Slot, st.integers(1, 5000).map(float), st.floats(0, 2e4), st.floats(0, 2e4)), min_size=1, max_size=40)
steady = settings(derandomize=True, deadline=None)


def asked(
    *, service: ServiceID = ServiceID.DC_BPT, config: secc.Config | None = None, points: int = 1024, world: Any = None, **wish: Any
) -> Playbook:
    play = charger_at(Phase.SCHEDULE_EXCHANGE, service=service, config=config, **(world or {}))
    return play >> request(ScheduleExchangeReq, maximum_supporting_points=points, control_mode=need(**wish))


def entries(schedule: Any) -> list[tuple[int, float]]:
    return [(e.duration, number(e.power)) for e in schedule.power_schedule.power_schedule_entries.power_schedule_entry]


# What is offered.


@pytest.mark.case("SCH-01")
@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_sites_plans_become_one_to_three_tuples(count: int) -> None:
    world = {"plans": tuple(Plan(EPOCH, (Slot(DAY, 1e3 * (i + 1), 500.0),)) for i in range(count))}
    offer = asked(world=world).sent().control_mode.schedule_tuple
    assert [one.schedule_tuple_id for one in offer] == list(range(1, min(count, 3) + 1))
    assert [entries(one.charging_schedule) for one in offer] == [[(DAY, 1e3 * (i + 1))] for i in range(min(count, 3))]
    for one in offer:
        assert entries(one.discharging_schedule) == [(DAY, -500.0)]
        assert one.charging_schedule.power_schedule.time_anchor == STAMP


@pytest.mark.case("SCH-02")
@pytest.mark.parametrize(
    ("departure", "covered"), [(7200, 7200), (None, DAY), (100_000, 100_000), (1, 1), (0, DAY), (2**32 - 1, 2**32 - 1)]
)
@pytest.mark.parametrize("planned", [(), (Plan(EPOCH, STEPS),)], ids=["no plan", "plan"])
def test_the_schedule_covers_the_stay(planned: tuple[Plan, ...], departure: int | None, covered: int) -> None:
    offer = asked(world={"plans": planned}, departure_time=departure).sent().control_mode.schedule_tuple
    for schedule in (offer[0].charging_schedule, offer[0].discharging_schedule):
        durations = [duration for duration, _ in entries(schedule)]
        assert sum(durations) == max(covered, sum(int(s.duration) for s in STEPS) if planned else covered)
        assert min(durations) > 0


@pytest.mark.case("SCH-03")
@pytest.mark.parametrize("points", [12, 13, 40, 1024])
def test_no_more_entries_than_the_car_can_hold(points: int) -> None:
    offer = asked(points=points, world={"plans": (Plan(EPOCH, STEPS),)}, departure_time=24_000).sent().control_mode.schedule_tuple
    for schedule in (offer[0].charging_schedule, offer[0].discharging_schedule):
        assert len(entries(schedule)) == min(points, 40)
        assert sum(duration for duration, _ in entries(schedule)) == 24_000


def test_without_a_plan_what_budget_and_outlet_allow() -> None:
    offer = asked(departure_time=7200).sent().control_mode.schedule_tuple
    assert [entries(offer[0].charging_schedule), entries(offer[0].discharging_schedule)] == [[(7200, 22e3)], [(7200, -11e3)]]
    more = Budget(charge=1e6, discharge=1e6)
    offer = asked(departure_time=7200, world={"budget": more}).sent().control_mode.schedule_tuple
    assert [entries(offer[0].charging_schedule), entries(offer[0].discharging_schedule)] == [[(7200, 30e3)], [(7200, -20e3)]]


def test_no_way_back_without_a_bidirectional_service() -> None:
    offer = asked(service=ServiceID.DC).sent().control_mode.schedule_tuple
    assert offer[0].discharging_schedule is None


@pytest.mark.case("SCH-04")
@pytest.mark.parametrize("mode", ControlMode)
def test_the_control_mode_that_was_selected(mode: ControlMode) -> None:
    """And the other way."""
    other = ControlMode.DYNAMIC if mode is ControlMode.SCHEDULED else ControlMode.SCHEDULED
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=mode) >> request(ScheduleExchangeReq, mode=other)
    assert play.sent().response_code is ResponseCode.FAILED
    assert play >> Sent() << Close


@pytest.mark.case("SCH-05")
def test_a_slow_planner() -> None:
    """Ongoing with a filler that promises nothing; 55 s after the first request the car hears why."""
    play = charger_at(Phase.SCHEDULE_EXCHANGE, plans=None) >> after(30.0)
    for seconds in (0.0, 20.0, 34.9):
        answer = (play >> after(seconds) >> request(ScheduleExchangeReq)).sent()
        assert (answer.response_code, answer.evse_processing) == (ResponseCode.OK, Processing.Ongoing)
        (only,) = answer.control_mode.schedule_tuple
        assert [power for _, power in entries(only.charging_schedule)] == [0.0]
        play >> Sent()
    assert play.session.phase is Phase.SCHEDULE_EXCHANGE
    assert (play >> after(0.1) >> request(ScheduleExchangeReq)).sent().response_code is ResponseCode.FAILED
    assert play >> Sent() << Close


def test_a_plan_that_comes_in_time() -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE, plans=None) >> request(ScheduleExchangeReq)
    assert play << said(ScheduleExchangeRes, evse_processing=Processing.Ongoing) >> Sent()
    play >> after(54.0) >> given(plans=(Plan(EPOCH, STEPS),)) >> request(ScheduleExchangeReq)
    assert play << said(ScheduleExchangeRes, response_code=ResponseCode.OK, evse_processing=Processing.Finished)
    assert play.session.phase is Phase.CABLE_CHECK


def test_a_plan_without_a_slot_is_no_plan() -> None:
    offer = asked(departure_time=7200, world={"plans": (Plan(EPOCH, ()),)}).sent().control_mode.schedule_tuple
    assert entries(offer[0].charging_schedule) == [(7200, 22e3)]


@pytest.mark.case("SCH-06")
def test_dynamic_is_agreed_to_at_once_and_without_soc_or_departure() -> None:
    """The car knows its driver's needs (mobility needs mode 1). Nor is there a plan to wait for."""
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=ControlMode.DYNAMIC, plans=None)
    play >> request(ScheduleExchangeReq, mode=ControlMode.DYNAMIC)
    assert play << said(ScheduleExchangeRes, evse_processing=Processing.Finished, control_mode=Dynamic_SEResControlMode())
    assert play.session.departure == 7200


@pytest.mark.case("SCH-10")
@pytest.mark.parametrize("half", ["ev_maximum_v2x_energy_request", "ev_minimum_v2x_energy_request"])
def test_half_a_v2x_window(half: str) -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=ControlMode.DYNAMIC)
    wish = need(ControlMode.DYNAMIC, **{half: 1000})
    assert (play >> request(ScheduleExchangeReq, control_mode=wish)).sent().response_code is ResponseCode.FAILED
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=ControlMode.DYNAMIC)
    wish = need(ControlMode.DYNAMIC, ev_maximum_v2x_energy_request=1000, ev_minimum_v2x_energy_request=-1000)
    assert (play >> request(ScheduleExchangeReq, control_mode=wish)).sent().response_code is ResponseCode.OK


@pytest.mark.case("SCH-07")
@pytest.mark.parametrize("priced", [False, True])
def test_a_price_only_where_it_is_wanted(priced: bool) -> None:
    """Pricing 0: none; with the switch for cars that reject a schedule without one: one level."""
    offer = asked(config=secc.Config(always_priced=priced)).sent().control_mode.schedule_tuple
    for schedule in (offer[0].charging_schedule, offer[0].discharging_schedule):
        assert (type(schedule.price_schedule) is PriceLevelSchedule) is priced
        if priced:
            (level,) = schedule.price_schedule.price_level_schedule_entries.price_level_schedule_entry
            assert (level.duration, level.price_level) == (sum(duration for duration, _ in entries(schedule)), 0)


PRICED = Tariff(
    (Stack(3600, (Rule(0.30), Rule(0.50, 11e3))), Stack(3600, (Rule(0.20),)), Stack(3600, (Rule(-0.05, carbon=30, renewable=90),))),
    algorithm=Algorithm.STACKED_ENERGY,
    taxes=(Tax(19.0, "VAT", included=True),),
)
BACK = Tariff((Stack(1800, (Rule(-0.25),)),))
SITE = (Plan(EPOCH, (Slot(DAY, 11e3, 5e3),), energy=50e3, tariff=PRICED, back_tariff=BACK, back_energy=20e3),)


def variant(pricing: int, mode: ControlMode = ControlMode.SCHEDULED, needs: int = 1) -> secc.Config:
    only = ParameterSet(1, mode, needs, pricing=Pricing(pricing), bpt_channel=1, generator_mode=1)
    both = tuple(replace(only, id=i) for i in (1, 2))  # whichever id a request selects
    return secc.Config(services=(Service(ServiceID.DC_BPT, both),))


@pytest.mark.case("SCH-07")
@pytest.mark.parametrize(("pricing", "form"), [(0, type(None)), (1, AbsolutePriceSchedule), (2, PriceLevelSchedule)])
def test_the_form_of_price_that_was_selected(pricing: int, form: type) -> None:
    """Never both, for each direction its own, under ids of their own, as long as the power schedule and not finer than the car holds."""
    offer = asked(config=variant(pricing), world={"plans": SITE * 2}, points=12).sent().control_mode.schedule_tuple
    ids = set()
    for one in offer:
        for schedule in (one.charging_schedule, one.discharging_schedule):
            price = schedule.price_schedule
            assert type(price) is form
            if pricing:
                ids.add(price.price_schedule_id)
                assert price.time_anchor == schedule.power_schedule.time_anchor
                listed = (
                    price.price_rule_stacks.price_rule_stack
                    if pricing == 1
                    else price.price_level_schedule_entries.price_level_schedule_entry
                )
                assert sum(entry.duration for entry in listed) == DAY
                assert len(listed) <= 12
    assert len(ids) == (4 if pricing else 0)


def test_the_site_pays_for_what_it_gets() -> None:
    """Negative fees of a discharging schedule are paid to the vehicle."""
    (one,) = asked(config=variant(1), world={"plans": SITE}).sent().control_mode.schedule_tuple
    stack = one.discharging_schedule.price_schedule.price_rule_stacks.price_rule_stack[0]
    assert number(stack.price_rule[0].energy_fee) == -0.25
    assert number(one.charging_schedule.power_schedule.available_energy) == 50e3
    assert number(one.discharging_schedule.power_schedule.available_energy) == 20e3


@pytest.mark.case("SCH-06")
def test_dynamic_with_prices_and_proposed_needs() -> None:
    """Mobility needs mode 2: present, minimum at most the target. There may be a price, with no power schedule."""
    wish = Mobility(EPOCH + 3600, 30, 80)
    config = variant(1, ControlMode.DYNAMIC, needs=2)
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=ControlMode.DYNAMIC, config=config, plans=SITE, proposal=wish)
    told = (play >> request(ScheduleExchangeReq, mode=ControlMode.DYNAMIC)).sent().control_mode
    assert (told.departure_time, told.minimum_soc, told.target_soc) == (3600, 30, 80)
    assert number(told.price_schedule.price_rule_stacks.price_rule_stack[0].price_rule[1].power_range_start) == 11e3


@pytest.mark.case("SCH-06")
def test_nothing_is_proposed_where_the_car_knows_its_needs() -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=ControlMode.DYNAMIC, proposal=Mobility(EPOCH + 3600, 30, 80))
    told = (play >> request(ScheduleExchangeReq, mode=ControlMode.DYNAMIC)).sent().control_mode
    assert told == Dynamic_SEResControlMode()


@pytest.mark.case("SCH-11")
@pytest.mark.parametrize("mode", ControlMode)
def test_energies_out_of_order_are_told_and_served(mode: ControlMode) -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=mode)
    wish = need(mode, ev_minimum_energy_request=30e3, ev_target_energy_request=20e3)
    play >> request(ScheduleExchangeReq, control_mode=wish)
    assert any("30000 Wh, 20000 Wh" in command.text for command in play.commands if isinstance(command, Note))
    assert play.sent().response_code is ResponseCode.OK


def wanted(*entries: tuple[int, float], begin: int = 0) -> EVEnergyOffer:
    """What a car offers from `begin` s on."""
    powers = tuple(EVPowerScheduleEntry(duration=d, power=rational(p)) for d, p in entries)
    rule = EVPriceRule(energy_fee=rational(-0.2), power_range_start=rational(0))
    stacks = EVPriceRuleStackList(ev_price_rule_stack=(EVPriceRuleStack(duration=DAY, ev_price_rule=(rule,)),))
    return EVEnergyOffer(
        ev_power_schedule=EVPowerSchedule(
            time_anchor=STAMP + begin * 1_000_000, ev_power_schedule_entries=EVPowerScheduleEntryList(ev_power_schedule_entry=powers)
        ),
        ev_absolute_price_schedule=EVAbsolutePriceSchedule(
            time_anchor=STAMP, currency="EUR", price_algorithm=ALGORITHM + Algorithm.POWER, ev_price_rule_stacks=stacks
        ),
    )


@pytest.mark.case("SCH-09")
def test_no_more_back_than_the_car_offers() -> None:
    """Its offer is read for the site, and cuts the discharging schedule; when it offers nothing, nothing is scheduled."""
    offer = wanted((600, 5e3), (600, -3e3), (0, -9e3), (600, -9e3), begin=60)
    play = asked(world={"plans": (Plan(EPOCH, (Slot(DAY, 10e3, 4e3),)),)}, ev_energy_offer=offer)
    (one,) = play.sent().control_mode.schedule_tuple
    assert entries(one.discharging_schedule) == [(60, 0.0), (600, 0.0), (600, -3e3), (600, -4e3), (DAY - 1860, 0.0)]
    assert {power for _, power in entries(one.charging_schedule)} == {10e3}
    assert play.session.offer == Offer(
        EPOCH + 60, (Slot(600, 5e3, 0.0), Slot(600, 0.0, 3e3), Slot(600, 0.0, 9e3)), (Stack(DAY, (Rule(-0.2),)),), "EUR"
    )
