"""What the car needs over time, which schedule it takes, and whose mobility needs it reflects."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Offer, Slot
from iso15118.messages.v20.common import Processing
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_ChargeLoopReq
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import (
    Dynamic_SEReqControlMode,
    Dynamic_SEResControlMode,
    Scheduled_SEReqControlMode,
    Scheduled_SEResControlMode,
    ScheduleExchangeReq,
)
from iso15118.sequence.timers import Timer
from iso15118.session.energy_offer import read_offer
from iso15118.session.evcc import Config
from iso15118.session.evcc.schedule import A_DAY, ask_schedule, departure, pick, supplied
from iso15118.session.evcc.state import NOTHING_TOLD, ScheduleChoice, Told
from iso15118.session.events import Elapsed
from iso15118.session.prices import price_schedule
from iso15118.session.services import ControlMode, Pricing, ServiceID
from iso15118.session.steps import Steps
from iso15118.tariff import Rule, Stack, Tariff
from iso15118.value import replace
from tests.session.evcc.bench import DYNAMIC, EPOCH, HEADER, NEED, SCHEDULED, Bench, in_mode, schedule_tuple, snapshot

S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC


def test_a_scheduled_need() -> None:
    request = ask_schedule(in_mode(ServiceID.DC_BPT, S), HEADER, snapshot())
    mode = request.control_mode
    assert isinstance(mode, Scheduled_SEReqControlMode)
    assert request.maximum_supporting_points == 1024
    assert mode.departure_time == 7200
    energies = (mode.ev_target_energy_request, mode.ev_maximum_energy_request, mode.ev_minimum_energy_request)
    assert [number(e) for e in energies if e] == [20_000, 40_000, -5_000]


def test_a_dynamic_need() -> None:
    request = ask_schedule(in_mode(ServiceID.DC_BPT, D), HEADER, snapshot(minimum_soc=90.0, target_soc=80.0))
    mode = request.control_mode
    assert isinstance(mode, Dynamic_SEReqControlMode)
    assert (mode.departure_time, mode.minimum_soc, mode.target_soc) == (7200, 80, 80)
    assert mode.ev_maximum_v2x_energy_request is not None
    assert number(mode.ev_maximum_v2x_energy_request) == 10_000


def test_no_v2x_without_a_bidirectional_service() -> None:
    mode = ask_schedule(in_mode(ServiceID.DC, D), HEADER, snapshot()).control_mode
    assert isinstance(mode, Dynamic_SEReqControlMode)
    assert (mode.ev_maximum_v2x_energy_request, mode.ev_minimum_v2x_energy_request) == (None, None)


@pytest.mark.parametrize(("left", "said"), [(None, None), (0.0, 1), (0.4, 1), (-5.0, 1), (59.9, 59), (1e12, 2**32 - 1)])
def test_departure(left: float | None, said: int | None) -> None:
    session, world = in_mode(ServiceID.DC, D), snapshot(need=replace(NEED, departure=left))
    assert departure(session, world) == said
    mode = ask_schedule(session, HEADER, world).control_mode
    assert mode.departure_time == (A_DAY if said is None else said)


def test_the_request_is_repeated_unchanged_while_ongoing() -> None:
    bench = Bench(Config(control_modes=DYNAMIC)).run(ScheduleExchangeReq)
    first = bench.last
    filler = Dynamic_SEResControlMode()
    bench.answer(evse_processing=Processing.Ongoing, control_mode=filler)
    assert bench.timers[Timer.ONGOING] == 60.0
    bench.world = replace(bench.world, need=replace(NEED, target_energy=1.0))
    bench.turn()
    second = bench.last
    assert second is not first
    assert second.control_mode == first.control_mode
    assert second.header.time_stamp > first.header.time_stamp
    bench.answer()
    assert type(bench.last) is DC_CableCheckReq
    assert Timer.ONGOING not in bench.timers


@pytest.mark.parametrize(("ours", "answer"), [(SCHEDULED, Dynamic_SEResControlMode()), (DYNAMIC, None)])
def test_an_answer_in_the_other_mode(ours: tuple[ControlMode, ...], answer: Any) -> None:
    other = answer or Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(1, (60, 1.0)),))
    bench = Bench(Config(control_modes=ours)).run(ScheduleExchangeReq)
    bench.answer(control_mode=other)
    assert bench.closed is not None
    assert "V2G20-1600" in bench.closed.why


def test_filler_in_the_other_mode_is_not_read() -> None:
    bench = Bench(Config(control_modes=SCHEDULED)).run(ScheduleExchangeReq)
    bench.answer(evse_processing=Processing.Ongoing, control_mode=Dynamic_SEResControlMode())
    assert bench.closed is None


def test_a_wish_to_pause_is_told() -> None:
    bench = Bench().run(ScheduleExchangeReq)
    bench.answer(go_to_pause=True)
    assert bench.notes == ["the charger would rather pause"]
    assert bench.session.chosen is not None


def picked(choice: ScheduleChoice, offered: tuple[Any, ...], **world: Any) -> tuple[Any, bool]:
    session = in_mode(ServiceID.DC_BPT, S, config=Config(schedule_choice=choice))
    return pick(session, snapshot(**world), offered, EPOCH)


def test_picking() -> None:
    offered = (schedule_tuple(4, (60, 5.0)), schedule_tuple(5, (60, 9.0)), schedule_tuple(5, (60, 99.0)))
    assert picked(ScheduleChoice.FIRST, offered[:2])[0].id == 4
    assert picked(ScheduleChoice.MOST_ENERGY, offered[:2])[0].id == 5
    assert picked(ScheduleChoice.FIRST, offered[:2])[1] is False


@pytest.mark.case("SCH-16")
def test_of_two_tuples_with_one_id_the_first() -> None:
    offered = (schedule_tuple(5, (60, 9.0)), schedule_tuple(5, (60, 99.0)))
    chosen, shared = picked(ScheduleChoice.MOST_ENERGY, offered)
    assert chosen.charge.powers == (9.0,)
    assert shared


@pytest.mark.case("SCH-15")
def test_a_schedule_as_long_as_can_be() -> None:
    bench = Bench(Config(control_modes=SCHEDULED, loops=1)).run(ScheduleExchangeReq)
    entries = tuple((60, float(i % 30) * 1000) for i in range(1024))
    bench.answer(control_mode=Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(1, *entries),)))
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean


@pytest.mark.parametrize(("needs", "expected"), [(1, NOTHING_TOLD), (2, Told(departure=1100.0, minimum_soc=30, target_soc=None))])
def test_needs_supplied_by_the_charger(needs: int, expected: Told) -> None:
    session = in_mode(ServiceID.DC, D, needs=needs)
    assert supplied(session, snapshot(now=1000.0), 100, 30, None) == expected


def test_supplied_needs_stand_until_told_anew() -> None:
    session = in_mode(ServiceID.DC, D, needs=2, told=Told(1100.0, 30, 80))
    assert supplied(session, snapshot(now=1000.0), None, None, 90) == Told(1100.0, 30, 90)
    assert supplied(session, snapshot(now=1000.0), None, None, None) == Told(1100.0, 30, 80)
    assert departure(session, snapshot(now=1000.0)) == 100


def priced(told: Any, fee: float, algorithm: str | None = None) -> Any:
    """The tuple with a price for its energy, whole day, by an algorithm of the standard or another one."""
    tariff = Tariff((Stack(86_400, (Rule(fee),)),))
    price = price_schedule(tariff, Pricing.ABSOLUTE, anchor=EPOCH, id=told.schedule_tuple_id, span=86_400, points=12)
    if algorithm is not None:
        price = price.but(price_algorithm=algorithm)
    return told.but(charging_schedule=told.charging_schedule.but(price_schedule=price))


ENOUGH, SLOW = ((86_400, 20e3),), ((86_400, 1e3),)


def test_the_cheapest_schedule_that_fulfils_the_wish() -> None:
    """20 kWh within two hours: the slow tuple cannot, of the others the cheaper one, and a price that is not told is not a low one."""
    offered = (
        priced(schedule_tuple(1, *SLOW), 0.01),
        schedule_tuple(2, *ENOUGH),
        priced(schedule_tuple(3, *ENOUGH), 0.40),
        priced(schedule_tuple(4, *ENOUGH), 0.30),
        priced(schedule_tuple(5, *ENOUGH), 0.05, "urn:somebody"),
    )
    assert picked(ScheduleChoice.CHEAPEST, offered)[0].id == 4
    assert picked(ScheduleChoice.CHEAPEST, offered[:2])[0].id == 2
    assert picked(ScheduleChoice.CHEAPEST, offered, need=replace(NEED, target_energy=1e3))[0].id == 1


def test_a_price_that_cannot_be_read_is_told() -> None:
    bench = Bench(Config(control_modes=SCHEDULED)).run(ScheduleExchangeReq)
    odd = priced(schedule_tuple(1, *ENOUGH), 0.05, "urn:somebody")
    bench.answer(control_mode=Scheduled_SEResControlMode(schedule_tuple=(odd,)))
    assert "a price schedule cannot be read and counts as none" in bench.notes


@pytest.mark.case("SCH-12")
@pytest.mark.parametrize("choice", ScheduleChoice)
def test_the_profile_is_within_the_schedule_and_is_followed(choice: ScheduleChoice) -> None:
    """A tuple that was offered, no entry above its slots, and in the loop no more than the profile says."""
    slots = ((600, 30e3), (600, 5e3), (85_200, 18e3))
    offered = (priced(schedule_tuple(8, *slots), 0.3), priced(schedule_tuple(9, *ENOUGH), 0.2))
    bench = Bench(Config(control_modes=SCHEDULED, schedule_choice=choice)).run(ScheduleExchangeReq)
    bench.answer(control_mode=Scheduled_SEResControlMode(schedule_tuple=offered))
    bench.run(DC_ChargeLoopReq)
    start = next(m for m in bench.sent if isinstance(m, PowerDeliveryReq) and m.ev_power_profile)
    profile = start.ev_power_profile
    taken = next(t for t in offered if t.schedule_tuple_id == profile.control_mode.selected_schedule_tuple_id)
    limit = Steps.of(taken.charging_schedule.power_schedule, magnitude=False)
    end = profile.time_anchor
    for entry in profile.ev_power_profile_entries.ev_power_profile_entry:
        begin, end = end, end + entry.duration * 1_000_000
        assert 0 <= number(entry.power) <= limit.least(begin, end)
    asked = number(bench.last.control_mode.ev_target_current) * 390
    assert 0 < asked <= Steps.of_profile(profile).at(bench.last.header.time_stamp)


def test_dynamic_prices_are_remembered() -> None:
    bench = Bench(Config(control_modes=DYNAMIC)).run(ScheduleExchangeReq)
    price = priced(schedule_tuple(1, *ENOUGH), 0.3).charging_schedule.price_schedule
    bench.answer(control_mode=Dynamic_SEResControlMode(price_schedule=price))
    assert bench.session.prices.fee(EPOCH, 1e3) == pytest.approx(0.3)


@pytest.mark.parametrize(("service", "says"), [(ServiceID.DC_BPT, True), (ServiceID.DC, False)])
def test_an_energy_offer_where_discharge_is_possible(service: ServiceID, says: bool) -> None:
    offer = Offer(0.0, (Slot(3600, 0.0, 7e3),), (Stack(3600, (Rule(-0.2),)),))
    session = in_mode(service, S, config=Config(energy_offer=offer))
    told = ask_schedule(session, HEADER, snapshot()).control_mode.ev_energy_offer
    assert (told is not None) is says
    if told is not None:
        assert read_offer(told, 0) == replace(offer, start=HEADER.time_stamp / 1e6)


@pytest.mark.case("SCH-13")
def test_a_charger_that_plans_for_ever() -> None:
    """60 s from the first Ongoing."""
    bench = Bench(Config(control_modes=SCHEDULED)).run(ScheduleExchangeReq)
    filler = Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(1, (60, 0.0)),))
    bench.answer(evse_processing=Processing.Ongoing, control_mode=filler)
    assert bench.timers[Timer.ONGOING] == 60.0
    bench.wait(60.0)
    bench.feed(Elapsed(Timer.ONGOING))
    assert bench.closed is not None
    assert not bench.closed.clean
    assert bench.safe()
