"""`session.secc.schedule`: power over time as it is offered, and the car's profile held against it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as chance
from hypothesis import settings
from hypothesis import strategies as st

from iso15118.energy import Budget, Plan, Slot
from iso15118.messages.v20.common import Processing, ResponseCode
from iso15118.messages.v20.delivery import PowerDeliveryReq, PowerToleranceAcceptance
from iso15118.messages.v20.price import PriceLevelSchedule
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import (
    Dynamic_SEResControlMode,
    Scheduled_SEResControlMode,
    ScheduleExchangeReq,
    ScheduleExchangeRes,
)
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Close
from iso15118.session.events import Sent
from iso15118.session.secc.schedule import covering, merged
from iso15118.session.services import ControlMode, ParameterSet, Service, ServiceID
from iso15118.value import replace
from tests.session.asked import EPOCH, STAMP, need, profile
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


@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_sites_plans_become_one_to_three_tuples(count: int) -> None:
    """SCH-01."""
    world = {"plans": tuple(Plan(EPOCH, (Slot(DAY, 1e3 * (i + 1), 500.0),)) for i in range(count))}
    offer = asked(world=world).sent().control_mode.schedule_tuple
    assert [one.schedule_tuple_id for one in offer] == list(range(1, min(count, 3) + 1))
    assert [entries(one.charging_schedule) for one in offer] == [[(DAY, 1e3 * (i + 1))] for i in range(min(count, 3))]
    for one in offer:
        assert entries(one.discharging_schedule) == [(DAY, -500.0)]
        assert one.charging_schedule.power_schedule.time_anchor == STAMP


@pytest.mark.parametrize(
    ("departure", "covered"), [(7200, 7200), (None, DAY), (100_000, 100_000), (1, 1), (0, DAY), (2**32 - 1, 2**32 - 1)]
)
@pytest.mark.parametrize("planned", [(), (Plan(EPOCH, STEPS),)], ids=["no plan", "plan"])
def test_the_schedule_covers_the_stay(planned: tuple[Plan, ...], departure: int | None, covered: int) -> None:
    """SCH-02."""
    offer = asked(world={"plans": planned}, departure_time=departure).sent().control_mode.schedule_tuple
    for schedule in (offer[0].charging_schedule, offer[0].discharging_schedule):
        durations = [duration for duration, _ in entries(schedule)]
        assert sum(durations) == max(covered, sum(int(s.duration) for s in STEPS) if planned else covered)
        assert min(durations) > 0


@pytest.mark.parametrize("points", [12, 13, 40, 1024])
def test_no_more_entries_than_the_car_can_hold(points: int) -> None:
    """SCH-03."""
    offer = asked(points=points, world={"plans": (Plan(EPOCH, STEPS),)}, departure_time=24_000).sent().control_mode.schedule_tuple
    for schedule in (offer[0].charging_schedule, offer[0].discharging_schedule):
        assert len(entries(schedule)) == min(points, 40)
        assert sum(duration for duration, _ in entries(schedule)) == 24_000


def power_at(slots: Any, second: float) -> tuple[float, float]:
    for slot in slots:
        if second < slot.duration:
            return slot.charge, slot.discharge
        second -= slot.duration
    return 0.0, 0.0


@steady
@chance(plans, st.integers(12, 20))
def test_merging_never_grants_more_at_any_moment(slots: list[Slot], points: int) -> None:
    fewer = merged(tuple(slots), points)
    assert len(fewer) == min(points, len(slots))
    assert sum(s.duration for s in fewer) == sum(s.duration for s in slots)
    at = 0.0
    for slot in slots:
        granted, planned = power_at(fewer, at), (slot.charge, slot.discharge)
        assert granted[0] <= planned[0]
        assert granted[1] <= planned[1]
        at += slot.duration


@steady
@chance(plans, st.integers(1, 200_000).map(float))
def test_covering_only_draws_out_the_end(slots: list[Slot], span: float) -> None:
    longer = covering(tuple(slots), span)
    assert sum(s.duration for s in longer) == max(span, sum(s.duration for s in slots))
    assert longer[:-1] == tuple(slots[:-1])
    assert longer[-1] == replace(slots[-1], duration=longer[-1].duration)


def test_without_a_plan_what_budget_and_outlet_allow() -> None:
    offer = asked(departure_time=7200).sent().control_mode.schedule_tuple
    assert [entries(offer[0].charging_schedule), entries(offer[0].discharging_schedule)] == [[(7200, 22e3)], [(7200, -11e3)]]
    more = Budget(charge=1e6, discharge=1e6)
    offer = asked(departure_time=7200, world={"budget": more}).sent().control_mode.schedule_tuple
    assert [entries(offer[0].charging_schedule), entries(offer[0].discharging_schedule)] == [[(7200, 30e3)], [(7200, -20e3)]]


def test_no_way_back_without_a_bidirectional_service() -> None:
    offer = asked(service=ServiceID.DC).sent().control_mode.schedule_tuple
    assert offer[0].discharging_schedule is None


@pytest.mark.parametrize("mode", ControlMode)
def test_the_control_mode_that_was_selected(mode: ControlMode) -> None:
    """SCH-04, and the other way."""
    other = ControlMode.DYNAMIC if mode is ControlMode.SCHEDULED else ControlMode.SCHEDULED
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=mode) >> request(ScheduleExchangeReq, mode=other)
    assert play.sent().response_code is ResponseCode.FAILED
    assert play >> Sent() << Close


def test_a_slow_planner() -> None:
    """SCH-05: Ongoing with a filler that promises nothing; 55 s after the first request the car hears why."""
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


def test_dynamic_is_agreed_to_at_once_and_without_soc_or_departure() -> None:
    """SCH-06: the car knows its driver's needs (mobility needs mode 1). Nor is there a plan to wait for."""
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=ControlMode.DYNAMIC, plans=None)
    play >> request(ScheduleExchangeReq, mode=ControlMode.DYNAMIC)
    assert play << said(ScheduleExchangeRes, evse_processing=Processing.Finished, control_mode=Dynamic_SEResControlMode())
    assert play.session.departure == 7200


@pytest.mark.parametrize("half", ["ev_maximum_v2x_energy_request", "ev_minimum_v2x_energy_request"])
def test_half_a_v2x_window(half: str) -> None:
    """SCH-10."""
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=ControlMode.DYNAMIC)
    wish = need(ControlMode.DYNAMIC, **{half: 1000})
    assert (play >> request(ScheduleExchangeReq, control_mode=wish)).sent().response_code is ResponseCode.FAILED
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=ControlMode.DYNAMIC)
    wish = need(ControlMode.DYNAMIC, ev_maximum_v2x_energy_request=1000, ev_minimum_v2x_energy_request=-1000)
    assert (play >> request(ScheduleExchangeReq, control_mode=wish)).sent().response_code is ResponseCode.OK


@pytest.mark.parametrize("priced", [False, True])
def test_a_price_only_where_it_is_wanted(priced: bool) -> None:
    """SCH-07, Pricing 0: none; with the switch for cars that reject a schedule without one: one level."""
    offer = asked(config=secc.Config(always_priced=priced)).sent().control_mode.schedule_tuple
    for schedule in (offer[0].charging_schedule, offer[0].discharging_schedule):
        assert (type(schedule.price_schedule) is PriceLevelSchedule) is priced
        if priced:
            (level,) = schedule.price_schedule.price_level_schedule_entries.price_level_schedule_entry
            assert (level.duration, level.price_level) == (sum(duration for duration, _ in entries(schedule)), 0)


# What is taken.


def started(*powers: float, planned: tuple[Plan, ...] = (), service: ServiceID = ServiceID.DC_BPT, **changes: Any) -> Any:
    """The answer to a Start with this profile."""
    play = charger_at(Phase.POWER_DELIVERY, service=service, plans=planned)
    return (play >> request(PowerDeliveryReq, ev_power_profile=profile(*powers, **changes))).sent()


INVALID = ResponseCode.FAILED_EVPowerProfileInvalid
HALVED = (Plan(EPOCH, (Slot(600.0, 10e3, 5e3), Slot(600.0, 4e3, 0.0), Slot(DAY, 8e3, 2e3))),)


@pytest.mark.parametrize(
    ("powers", "code"),
    [
        pytest.param((10e3, 4e3, 8e3), ResponseCode.OK, id="as offered"),
        pytest.param((-5e3, 0.0, -2e3), ResponseCode.OK, id="back, as offered"),
        pytest.param((10e3, -0.0, -2e3), ResponseCode.OK, id="both ways"),
        pytest.param((10010.0,), INVALID, id="PWR-02"),
        pytest.param((10e3, 4010.0), INVALID, id="second entry above"),
        pytest.param((-5010.0,), INVALID, id="back, above"),
        pytest.param((10e3, -100.0), INVALID, id="back, where nothing may"),
    ],
)
def test_a_profile_within_the_schedule(powers: tuple[float, ...], code: ResponseCode) -> None:
    assert started(*powers, planned=HALVED).response_code is code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"seconds": 1200}, INVALID, id="an entry counts against every slot it overlaps"),
        pytest.param({"seconds": 0}, INVALID, id="no duration"),
        pytest.param({"anchor": STAMP + 300_000_000}, INVALID, id="begins later, so reaches the second slot"),
        pytest.param({"anchor": STAMP - 7200_000_000}, INVALID, id="another time, which the schedule does not cover"),
        pytest.param({"anchor": 0}, ResponseCode.OK, id="no time: from the schedule's start"),
        pytest.param({"anchor": EPOCH}, ResponseCode.OK, id="an anchor in seconds"),
        pytest.param({"tuple_id": 2}, ResponseCode.FAILED_ScheduleSelectionInvalid, id="PWR-01"),
        pytest.param({"power_tolerance_acceptance": PowerToleranceAcceptance.PowerToleranceConfirmed}, ResponseCode.OK, id="PWR-04"),
        pytest.param({"power_tolerance_acceptance": PowerToleranceAcceptance.PowerToleranceNotConfirmed}, ResponseCode.OK, id="PWR-05"),
    ],
)
def test_profiles(changes: dict[str, Any], code: ResponseCode) -> None:
    """PWR-05: no tolerance is offered, so that it is declined changes nothing."""
    assert started(9e3, planned=HALVED, **changes).response_code is code


def test_no_profile() -> None:
    """PWR-03."""
    play = charger_at(Phase.POWER_DELIVERY) >> request(PowerDeliveryReq, ev_power_profile=None)
    assert play.sent().response_code is INVALID
    assert play >> Sent() << Close


def test_dynamic_needs_no_profile() -> None:
    play = charger_at(Phase.POWER_DELIVERY, mode=ControlMode.DYNAMIC) >> request(PowerDeliveryReq, ev_power_profile=None)
    assert play.sent().response_code is ResponseCode.OK


def test_giving_back_under_a_schedule_without_a_way_back() -> None:
    assert started(-1.0, service=ServiceID.DC).response_code is INVALID


@pytest.mark.parametrize(
    ("seconds", "powers"),
    [(-5, (10e3, 5e3)), (0, (10e3, 5e3)), (599, (10e3, 5e3)), (600, (4e3, 0.0)), (1200, (8e3, 2e3)), (1200 + DAY, (0.0, 0.0))],
)
def test_the_power_of_the_moment(seconds: int, powers: tuple[float, float]) -> None:
    play = charger_at(Phase.CHARGE_LOOP, plans=HALVED)
    assert play.session.chosen is not None
    assert play.session.chosen.power(STAMP + seconds * 1_000_000) == powers
    assert Scheduled_SEResControlMode(schedule_tuple=play.session.tuples).schedule_tuple[0].schedule_tuple_id == play.session.chosen.id


def test_pricing_of_a_set_says_nothing_yet() -> None:
    """SCH-07, Pricing 2: a set with prices may be configured; without the switch the schedule has none, never two."""
    priced = Service(ServiceID.DC_BPT, (ParameterSet(1, ControlMode.SCHEDULED, pricing=2, bpt_channel=1, generator_mode=1),))
    offer = asked(config=secc.Config(services=(priced,))).sent().control_mode.schedule_tuple
    assert offer[0].charging_schedule.price_schedule is None
