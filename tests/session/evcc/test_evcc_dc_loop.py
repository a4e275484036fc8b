"""The charge loop: what the car asks for under the newest of all limits, and what it reads."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20 import dc
from iso15118.messages.v20.common import EVSENotification, MeterInfo, ResponseCode
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.rational import number, rational
from iso15118.power import Contactor, Limits
from iso15118.sequence.timers import Timer
from iso15118.session.evcc import Config, Rest, Session
from iso15118.session.evcc.dc_loop import ask_charge_loop, read_charge_loop, target
from iso15118.session.evcc.loop import display, reason_to_stop
from iso15118.session.evcc.plan import Chosen
from iso15118.session.evcc.state import Told
from iso15118.session.services import ControlMode, ServiceID
from iso15118.session.steps import Steps
from iso15118.value import replace
from tests.session.evcc.bench import (
    BATTERY,
    DYNAMIC,
    EPOCH,
    HEADER,
    LIMITS,
    NEED,
    SCHEDULED,
    Bench,
    in_mode,
    loop_response,
    reading,
    schedule_tuple,
    snapshot,
)

S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC
EVSE = Limits(200.0, 500.0, 125.0, 50_000.0, 60.0, 20_000.0)
WORLD = snapshot(reading=reading(400.0, contactor=Contactor.CLOSED))
ROOMY = Chosen.of(schedule_tuple(1, (86_400, 90_000.0)))


def looping(service: ServiceID = ServiceID.DC_BPT, mode: ControlMode = S, **changes: Any) -> Session:
    known = {"evse_announced": EVSE, "evse_limits": EVSE, "chosen": ROOMY, "delivering": True}
    return in_mode(service, mode, **known | changes)


@pytest.mark.parametrize(
    ("wish", "own", "evse", "asked"),
    [
        (100.0, LIMITS, EVSE, 100.0),
        (180.0, LIMITS, EVSE, 125.0),  # 50 kW are 125 A at 400 V
        (180.0, LIMITS, replace(EVSE, charge_power=20_000.0), 50.0),
        (180.0, replace(LIMITS, charge_current=30.0), EVSE, 30.0),
        (180.0, replace(LIMITS, charge_power=4_000.0), EVSE, 10.0),
        (180.0, LIMITS, replace(EVSE, charge_current=0.0), 0.0),
        (-40.0, LIMITS, EVSE, -40.0),
        (-90.0, LIMITS, EVSE, -50.0),  # 20 kW
        (-90.0, LIMITS, replace(EVSE, discharge_power=40_000.0), -60.0),
        (-90.0, replace(LIMITS, discharge_current=7.0), EVSE, -7.0),
        (-90.0, LIMITS.charging_only(), EVSE, 0.0),
        (0.0, LIMITS, EVSE, 0.0),
    ],
)
def test_the_target_keeps_within_every_limit(wish: float, own: Limits, evse: Limits, asked: float) -> None:
    request = ask_charge_loop(looping(evse_limits=evse), HEADER, replace(WORLD, target_current=wish, limits=own))
    mode = request.control_mode
    assert isinstance(mode, dc.BPT_Scheduled_DC_CLReqControlMode)
    assert number(mode.ev_target_current) == asked


def test_without_a_bidirectional_service_nothing_is_given() -> None:
    current, voltage = target(looping(ServiceID.DC), replace(WORLD, target_current=-50.0), EPOCH)
    assert (current, voltage) == (0.0, 410.0)


@pytest.mark.parametrize(
    ("wish", "told", "own", "evse", "asked"),
    [
        (10.0, 410.0, LIMITS, EVSE, 410.0),
        (10.0, 450.0, LIMITS, EVSE, 420.0),
        (10.0, 410.0, LIMITS, replace(EVSE, max_voltage=405.0), 405.0),
        (10.0, 0.0, LIMITS, EVSE, 420.0),
        (-10.0, 350.0, LIMITS, EVSE, 350.0),
        (-10.0, 0.0, LIMITS, EVSE, 300.0),
        (-10.0, 0.0, LIMITS, replace(EVSE, min_voltage=320.0), 320.0),
    ],
)
def test_the_voltage_is_a_ceiling_or_a_floor(wish: float, told: float, own: Limits, evse: Limits, asked: float) -> None:
    world = replace(WORLD, target_current=wish, target_voltage=told, limits=own)
    assert target(looping(evse_limits=evse), world, EPOCH)[1] == asked


def test_the_schedule_binds_slot_by_slot() -> None:
    chosen = Chosen.of(schedule_tuple(1, (60, 20_000.0), (60, 0.0), (60, 4_000.0), back=((180, -2_000.0),)))
    session, world = looping(chosen=chosen), replace(WORLD, target_current=100.0)
    found = [target(session, world, EPOCH + at * 1_000_000)[0] for at in (0, 61, 121, 200)]
    assert found == [50.0, 0.0, 10.0, 0.0]
    back = [target(session, replace(world, target_current=-100.0), EPOCH + at * 1_000_000)[0] for at in (0, 200)]
    assert back == [-5.0, 0.0]


def test_rounding_goes_toward_zero() -> None:
    for wish, said in ((33.39, 33.3), (-33.39, -33.3)):
        mode = ask_charge_loop(looping(), HEADER, replace(WORLD, target_current=wish)).control_mode
        assert isinstance(mode, dc.Scheduled_DC_CLReqControlMode)
        assert number(mode.ev_target_current) == said


def test_all_limits_are_told_in_every_mode() -> None:
    own = replace(LIMITS, charge_current=111.0, discharge_current=22.0)
    for mode in (S, D):
        told: Any = ask_charge_loop(looping(mode=mode), HEADER, replace(WORLD, limits=own)).control_mode
        assert number(told.ev_maximum_charge_current) == 111.0
        assert number(told.ev_maximum_discharge_current) == 22.0
        assert (number(told.ev_minimum_voltage), number(told.ev_maximum_voltage)) == (300.0, 420.0)
        plain: Any = ask_charge_loop(looping(ServiceID.DC, mode), HEADER, WORLD).control_mode
        assert not hasattr(plain, "ev_maximum_discharge_current")


def test_energies_and_departure_in_dynamic_mode() -> None:
    told: Any = ask_charge_loop(looping(mode=D), HEADER, WORLD).control_mode
    names = ("target", "maximum", "minimum", "maximum_v2x", "minimum_v2x")
    assert [number(getattr(told, f"ev_{n}_energy_request")) for n in names] == [20_000, 40_000, -5_000, 10_000, 0]
    assert told.departure_time == 7200
    alone: Any = ask_charge_loop(looping(mode=D), HEADER, replace(WORLD, need=replace(NEED, departure=None))).control_mode
    assert alone.departure_time is None


def test_what_may_be_displayed() -> None:
    shown = display(looping(), replace(WORLD, soc=55.5, minimum_soc=20.0, target_soc=80.0, capacity=60_000.0, complete=True))
    assert (shown.present_soc, shown.minimum_soc, shown.target_soc, shown.charging_complete) == (55, 20, 80, True)
    assert shown.battery_energy_capacity is not None
    assert number(shown.battery_energy_capacity) == 60_000
    plain = display(looping(), WORLD)
    assert (plain.charging_complete, plain.battery_energy_capacity) == (False, None)


def test_supplied_states_of_charge_are_reflected() -> None:
    shown = display(looping(told=Told(None, 35, 75)), replace(WORLD, minimum_soc=10.0, target_soc=90.0))
    assert (shown.minimum_soc, shown.target_soc) == (35, 75)


def test_a_told_departure_is_reflected() -> None:
    told = dc.BPT_Dynamic_DC_CLResControlMode(
        departure_time=600,
        evse_maximum_charge_power=rational(1),
        evse_minimum_charge_power=rational(0),
        evse_maximum_charge_current=rational(1),
        evse_maximum_voltage=rational(500),
        evse_maximum_discharge_power=rational(1),
        evse_minimum_discharge_power=rational(0),
        evse_maximum_discharge_current=rational(1),
        evse_minimum_voltage=rational(200),
    )
    session = looping(mode=D, needs=2)
    session = read_charge_loop(session, loop_response(type(told), mode=told), WORLD).session
    reflected: Any = ask_charge_loop(session, HEADER, replace(WORLD, now=100.0)).control_mode
    assert reflected.departure_time == 500


@pytest.mark.parametrize(("every", "asked"), [(0, []), (1, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (20, [0])])
def test_how_often_the_meter_is_asked_for(every: int, asked: list[int]) -> None:
    config = Config(meter_every=every)
    found = [n for n in range(5) if ask_charge_loop(looping(config=config, loops=n), HEADER, WORLD).meter_info_requested]
    assert found == asked


def test_the_meter_is_remembered() -> None:
    info = MeterInfo(meter_id="M", charged_energy_reading_wh=7)
    kind = dc.BPT_Scheduled_DC_CLReqControlMode
    first = read_charge_loop(looping(), loop_response(kind).but(meter_info=info), WORLD).session
    assert first.meter == info
    assert read_charge_loop(first, loop_response(kind), WORLD).session.meter == info


def test_limits_are_read_from_every_response() -> None:
    lower = dc.BPT_Scheduled_DC_CLResControlMode(evse_maximum_charge_current=rational(10), evse_maximum_discharge_power=rational(-5_000))
    kind = dc.BPT_Scheduled_DC_CLReqControlMode
    turn = read_charge_loop(looping(), loop_response(kind, mode=lower), WORLD)
    assert turn.session.evse_limits == replace(EVSE, charge_current=10.0, discharge_power=5_000.0)
    again = read_charge_loop(turn.session, loop_response(kind), WORLD)  # absent: as last told
    assert again.session.evse_limits == turn.session.evse_limits
    assert turn.session.loops + 1 == again.session.loops == 2
    assert again.session.report is not None


def test_limits_never_exceed_what_was_announced() -> None:
    more = dc.BPT_Scheduled_DC_CLResControlMode(
        evse_maximum_charge_current=rational(999), evse_maximum_discharge_current=rational(999), evse_minimum_voltage=rational(0)
    )
    kind = dc.BPT_Scheduled_DC_CLReqControlMode
    assert read_charge_loop(looping(), loop_response(kind, mode=more), WORLD).session.evse_limits == EVSE


@pytest.mark.parametrize("ours", [(False, S), (True, S), (False, D), (True, D)])
@pytest.mark.parametrize("theirs", [(False, S), (True, S), (False, D), (True, D)])
def test_an_answer_in_another_mode_ends_the_session(ours: tuple[bool, ControlMode], theirs: tuple[bool, ControlMode]) -> None:
    kinds = {
        (False, S): dc.Scheduled_DC_CLReqControlMode,
        (True, S): dc.BPT_Scheduled_DC_CLReqControlMode,
        (False, D): dc.Dynamic_DC_CLReqControlMode,
        (True, D): dc.BPT_Dynamic_DC_CLReqControlMode,
    }
    bench = Bench(Config(control_modes=(ours[1],)), bidirectional=ours[0]).run(dc.DC_ChargeLoopReq)
    bench.answer(control_mode=loop_response(kinds[theirs]).control_mode)
    assert (bench.closed is None) is (ours == theirs)
    if bench.closed:
        assert bench.safe()


def test_before_limits_are_known_there_is_no_loop() -> None:
    with pytest.raises(LocalError):
        ask_charge_loop(in_mode(ServiceID.DC, S), HEADER, WORLD)
    with pytest.raises(LocalError):
        read_charge_loop(in_mode(ServiceID.DC, S), loop_response(dc.Scheduled_DC_CLReqControlMode), WORLD)


@pytest.mark.case("NOT-02")
@pytest.mark.parametrize("modes", [SCHEDULED, DYNAMIC])
def test_the_charger_asks_to_end(modes: tuple[ControlMode, ...]) -> None:
    bench = Bench(Config(control_modes=modes)).run(dc.DC_ChargeLoopReq)
    at = bench.world.now
    bench.charger.answers[dc.DC_ChargeLoopReq] = lambda request, good: loop_response(
        type(request.control_mode), notification=EVSENotification.Terminate, header=good.header
    )
    bench.turn()
    assert bench.last.charge_progress is ChargeProgress.Stop  # at once, not at the next pace
    bench.run()
    assert bench.closed is not None
    assert (bench.closed.clean, bench.closed.why) == (True, "the charger asks to end")
    assert bench.world.now - at < 1.0


FOLLOWED = (EVSENotification.Terminate, EVSENotification.Pause, EVSENotification.ExitStandby, EVSENotification.ScheduleRenegotiation)


@pytest.mark.case("NOT-06")
@pytest.mark.parametrize("wish", [n for n in EVSENotification if n not in FOLLOWED])
def test_other_wishes_are_told_once(wish: EVSENotification) -> None:
    bench = Bench(Config()).run(dc.DC_ChargeLoopReq)
    bench.charger.answers[dc.DC_ChargeLoopReq] = lambda request, good: loop_response(
        type(request.control_mode), notification=wish, header=good.header
    )
    for _ in range(6):
        bench.turn()
    assert bench.closed is None
    assert bench.notes == [f"the charger asks for {wish}, which is not followed"]


def test_a_warning_in_the_loop_is_told_once() -> None:
    bench = Bench(Config()).run(dc.DC_ChargeLoopReq)
    code = ResponseCode.WARNING_EVPowerProfileViolation
    bench.charger.answers[dc.DC_ChargeLoopReq] = lambda request, good: good.but(response_code=code)
    for _ in range(6):
        bench.turn()
    assert bench.closed is None
    assert bench.notes == [f"DC_ChargeLoopRes says {code}"]


def test_reasons_to_stop() -> None:
    assert reason_to_stop(looping(), WORLD) == ("", "")
    assert reason_to_stop(looping(), replace(WORLD, complete=True)) == ("the wish is fulfilled", "")
    assert reason_to_stop(looping(config=Config(loops=5), loops=5), WORLD)[0] == "5 exchanges done"
    assert reason_to_stop(looping(config=Config(loops=5), loops=4), WORLD)[0] == ""
    opened = replace(WORLD, reading=reading(BATTERY, contactor=Contactor.OPEN))
    assert reason_to_stop(looping(), opened)[1] == "ContactorError"


def test_the_next_turn_is_paced_and_made_from_the_newest_snapshot() -> None:
    bench = Bench(Config(control_modes=SCHEDULED)).run(dc.DC_ChargeLoopReq)
    bench.answer()
    assert bench.timers[Timer.PACE] == 0.25
    bench.world = replace(bench.world, target_current=12.0)
    bench.turn()
    assert number(bench.last.control_mode.ev_target_current) == 12.0


@pytest.mark.parametrize("when", ["response", "pace"])
def test_fulfilled(when: str) -> None:
    bench = Bench(Config()).run(dc.DC_ChargeLoopReq)
    if when == "pace":
        bench.answer()
    bench.world = replace(bench.world, complete=True)
    bench.turn()
    assert type(bench.last) is PowerDeliveryReq
    assert bench.last.charge_progress is ChargeProgress.Stop
    assert bench.run().closed is not None
    assert bench.closed is not None
    assert bench.closed.clean


def following(*powers: float, **changes: Any) -> Session:
    """In the loop with an own profile, an hour for each power."""
    ends = tuple(3_600_000_000 * (i + 1) for i in range(len(powers)))
    return looping(profile=Steps(EPOCH, ends, powers), **changes)


@pytest.mark.parametrize(("hour", "current"), [(0, 10_000 / 390), (1, 0.0), (2, -5_000 / 390), (3, 0.0)])
def test_the_cars_own_profile_is_followed(hour: int, current: float) -> None:
    """Also where it gives back though the wish is to charge; after its end nothing flows."""
    world = snapshot(reading=reading(390.0), target_current=float("inf"))
    asked, voltage = target(following(10e3, 0.0, -5e3), world, EPOCH + hour * 3_600_000_000)
    assert asked == pytest.approx(current)
    assert voltage == (300.0 if current < 0 else 410.0)


def test_a_car_that_rests_gives_nothing_whatever_its_profile_says() -> None:
    asked, _ = target(following(-5e3, rest=Rest.STANDBY), snapshot(reading=reading(390.0), target_current=0.0), EPOCH)
    assert asked == 0.0


def test_a_fulfilled_wish_waits_for_what_is_still_to_be_given() -> None:
    done = snapshot(complete=True, reading=reading(390.0, contactor=Contactor.CLOSED))
    later = following(0.0, -5e3, stamp=EPOCH)
    assert reason_to_stop(later, done) == ("", "")
    assert reason_to_stop(replace(later, stamp=EPOCH + 7_200_000_000), done)[0]
    assert reason_to_stop(following(0.0, 5e3, stamp=EPOCH), done)[0]
