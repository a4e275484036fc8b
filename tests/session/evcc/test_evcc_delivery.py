"""From cable check to session stop: what the car says, and that its contactor follows its own measurements."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20 import dc
from iso15118.messages.v20.common import EVSENotification, EVSEStatus, Processing, ResponseCode
from iso15118.messages.v20.delivery import (
    ChannelSelection,
    ChargeProgress,
    Dynamic_EVPPTControlMode,
    PowerDeliveryReq,
    Scheduled_EVPPTControlMode,
)
from iso15118.messages.v20.rational import number, rational
from iso15118.messages.v20.schedule import Scheduled_SEResControlMode, ScheduleExchangeReq
from iso15118.messages.v20.session import SessionStopReq
from iso15118.power import Contactor, Pilot
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Apply, Send
from iso15118.session.evcc import Config
from iso15118.session.evcc.delivery import ask_power_stop, ask_session_stop, channel, profile, starts
from iso15118.session.events import Elapsed, Tick
from iso15118.session.services import ControlMode, ServiceID
from iso15118.value import replace
from tests.session.evcc.bench import BATTERY, DYNAMIC, EPOCH, HEADER, LIMITS, SCHEDULED, Bench, in_mode, schedule_tuple, snapshot

ONGOING, FINISHED = Processing.Ongoing, Processing.Finished


def test_the_pilot_is_ready_before_the_cable_check_is_asked_for() -> None:
    bench = Bench().run(ScheduleExchangeReq)
    commands = bench.answer()
    kinds = [type(c) for c in commands]
    assert kinds.index(Apply) < kinds.index(Send)
    assert bench.setpoint.pilot is Pilot.C
    assert not bench.setpoint.contactor


def test_the_cable_check_is_repeated_until_finished() -> None:
    bench = Bench().run(dc.DC_CableCheckReq)
    assert bench.timers[Timer.CABLE_CHECK] == 40.0
    bench.answer(evse_processing=ONGOING)
    assert bench.timers[Timer.PACE] == 0.2
    bench.turn()
    assert type(bench.last) is dc.DC_CableCheckReq
    bench.answer()
    assert type(bench.last) is dc.DC_PreChargeReq
    assert Timer.CABLE_CHECK not in bench.timers
    assert bench.timers[Timer.PRE_CHARGE] == 10.0


@pytest.mark.case("PRE-05")
def test_pre_charge_goes_on_until_our_own_measurement_matches() -> None:
    bench = Bench()
    bench.precharges = False
    bench.run(dc.DC_PreChargeReq)
    for _ in range(3):
        assert bench.last.ev_processing is ONGOING
        assert number(bench.last.ev_target_voltage) == BATTERY
        bench.answer(evse_present_voltage=rational(BATTERY))  # what the charger reports does not count
        assert bench.timers[Timer.PACE] == 0.2
        bench.turn()
    bench.precharges = True
    bench.settle()
    bench.answer(evse_present_voltage=rational(0))
    assert bench.last.ev_processing is FINISHED
    assert number(bench.last.ev_present_voltage) == BATTERY - 5
    assert not bench.setpoint.contactor
    bench.answer()
    assert bench.setpoint.contactor
    assert bench.session.precharged == BATTERY - 5


@pytest.mark.case("PRE-05")
def test_a_match_lost_after_the_last_request_does_not_close() -> None:
    bench = Bench().run(dc.DC_PreChargeReq)
    while bench.last.ev_processing is ONGOING:
        bench.turn()
    bench.precharges = False
    bench.settle()
    bench.answer()
    assert type(bench.last) is PowerDeliveryReq
    assert bench.last.ev_processing is ONGOING
    assert not bench.setpoint.contactor
    bench.feed(Elapsed(Timer.ONGOING))
    assert bench.closed is not None
    assert "contactor" in bench.closed.why


def test_power_is_asked_for_when_the_contactor_is_closed() -> None:
    bench = Bench()
    bench.contactor_follows = False
    bench.run(PowerDeliveryReq)
    assert bench.setpoint.contactor
    for _ in range(3):
        assert bench.last.ev_processing is ONGOING
        assert bench.last.ev_power_profile is None
        bench.answer()
        assert bench.timers[Timer.PACE] == 0.2
        bench.turn()
    bench.contactor_follows = True
    bench.settle()
    bench.answer()
    assert bench.last.ev_processing is FINISHED
    assert bench.last.charge_progress is ChargeProgress.Start
    bench.answer()
    assert Timer.ONGOING not in bench.timers
    assert type(bench.last) is dc.DC_ChargeLoopReq


def test_a_contactor_that_does_not_close_ends_the_session() -> None:
    bench = Bench()
    bench.contactor_follows = False
    bench.run(PowerDeliveryReq)
    assert bench.timers[Timer.ONGOING] == 5.0
    bench.feed(Elapsed(Timer.ONGOING))
    assert bench.closed is not None
    assert bench.safe()


def start(bench: Bench) -> PowerDeliveryReq:
    bench.run(dc.DC_ChargeLoopReq)
    found: PowerDeliveryReq = next(m for m in bench.sent if starts(m))
    return found


def test_a_profile_under_a_schedule() -> None:
    bench = Bench(Config(control_modes=SCHEDULED)).run(ScheduleExchangeReq)
    offer = schedule_tuple(9, (600, 10_000.0), (600, 0.0), (600, 90_000.0))
    bench.answer(control_mode=Scheduled_SEResControlMode(schedule_tuple=(offer,)))
    told = start(bench).ev_power_profile
    assert told is not None
    assert isinstance(told.control_mode, Scheduled_EVPPTControlMode)
    assert told.control_mode.selected_schedule_tuple_id == 9
    assert told.control_mode.power_tolerance_acceptance is None
    assert told.time_anchor == EPOCH
    entries = [(e.duration, number(e.power)) for e in told.ev_power_profile_entries.ev_power_profile_entry]
    assert entries == [(600, 10_000), (600, 0), (600, 80_000)]


def test_a_profile_in_dynamic_mode() -> None:
    told = start(Bench(Config(control_modes=DYNAMIC))).ev_power_profile
    assert told is not None
    assert isinstance(told.control_mode, Dynamic_EVPPTControlMode)
    assert told.time_anchor > EPOCH
    (entry,) = told.ev_power_profile_entries.ev_power_profile_entry
    assert (entry.duration, number(entry.power)) == (7200, 50_000)


def test_a_full_battery_may_charge_later() -> None:
    bench = Bench(Config(control_modes=SCHEDULED), limits=replace(LIMITS, charge_current=0.0, charge_power=0.0))
    told = start(bench).ev_power_profile
    assert told is not None
    assert [number(e.power) for e in told.ev_power_profile_entries.ev_power_profile_entry] == [50_000]


def test_a_profile_needs_what_it_is_made_of() -> None:
    with pytest.raises(LocalError):
        profile(in_mode(ServiceID.DC, ControlMode.DYNAMIC), snapshot(), 0)
    with pytest.raises(LocalError):
        profile(in_mode(ServiceID.DC, ControlMode.SCHEDULED, announced=LIMITS, evse_limits=LIMITS), snapshot(), 0)


@pytest.mark.case("BPT-09")
@pytest.mark.parametrize(
    ("bpt_channel", "current", "told"),
    [(1, -5.0, None), (None, 5.0, None), (2, 5.0, ChannelSelection.Charge), (2, -5.0, ChannelSelection.Discharge)],
)
def test_channels(bpt_channel: int | None, current: float, told: ChannelSelection | None) -> None:
    session = in_mode(ServiceID.DC_BPT, ControlMode.SCHEDULED)
    assert session.parameters is not None
    session = replace(session, parameters=replace(session.parameters, bpt_channel=bpt_channel))
    assert channel(session, snapshot(target_current=current)) is told


def test_what_starts_power() -> None:
    stop = ask_power_stop(in_mode(ServiceID.DC, ControlMode.DYNAMIC), HEADER, snapshot())
    assert not starts(stop)
    assert not starts(stop.but(charge_progress=ChargeProgress.Start, ev_processing=ONGOING))
    assert starts(stop.but(charge_progress=ChargeProgress.Start))
    assert not starts(dc.DC_CableCheckReq(header=HEADER))


def test_a_charger_that_wants_to_end_at_the_start() -> None:
    bench = Bench()
    bench.run(PowerDeliveryReq)
    while not starts(bench.last):
        bench.turn()
    bench.answer(evse_status=EVSEStatus(notification_max_delay=0, evse_notification=EVSENotification.Terminate))
    assert bench.last.charge_progress is ChargeProgress.Stop
    assert dc.DC_ChargeLoopReq not in map(type, bench.sent)


@pytest.mark.case("PWR-12")
@pytest.mark.parametrize("code", [ResponseCode.WARNING_StandbyNotAllowed, ResponseCode.WARNING_PowerToleranceNotConfirmed])
def test_a_warning_at_the_start_is_told_and_survived(code: ResponseCode) -> None:
    bench = Bench().run(PowerDeliveryReq)
    while not starts(bench.last):
        bench.turn()
    bench.answer(response_code=code)
    assert bench.notes == [f"PowerDeliveryRes says {code}"]
    assert type(bench.last) is dc.DC_ChargeLoopReq


def stopping(**changes: float) -> Bench:
    """A car that has just been confirmed its stop."""
    bench = Bench(Config(loops=1))
    for name, value in changes.items():
        setattr(bench, name, value)
    bench.run(dc.DC_ChargeLoopReq).run(PowerDeliveryReq)
    assert bench.last.charge_progress is ChargeProgress.Stop
    assert bench.setpoint.contactor
    bench.answer()
    return bench


def test_the_contactor_opens_without_current_before_welding_detection() -> None:
    bench = stopping()
    assert bench.setpoint.pilot is Pilot.B
    assert not bench.setpoint.contactor
    assert bench.timers[Timer.WELDING] == 60.0
    bench.run(dc.DC_WeldingDetectionReq)
    assert bench.world.reading.contactor.value is Contactor.OPEN
    assert bench.last.ev_processing is FINISHED


def test_the_contactor_waits_for_the_current() -> None:
    bench = stopping(flowing=40.0)
    assert bench.setpoint.contactor
    for _ in range(5):
        bench.wait(0.1)
        bench.feed(Tick())
    assert bench.setpoint.contactor
    assert dc.DC_WeldingDetectionReq not in map(type, bench.sent)
    bench.flowing = 0.0
    bench.wait(0.1)
    bench.feed(Tick())
    assert not bench.setpoint.contactor


def test_but_not_for_ever() -> None:
    bench = stopping(flowing=40.0)
    bench.wait(2.0)
    bench.feed(Tick())
    assert not bench.setpoint.contactor


def test_welding_detection_is_repeated_until_the_inlet_is_dead() -> None:
    bench = stopping(left=BATTERY).run(dc.DC_WeldingDetectionReq)
    for _ in range(3):
        assert bench.last.ev_processing is ONGOING
        bench.answer(evse_present_voltage=rational(0))
        assert bench.timers[Timer.PACE] == 0.2
        bench.turn()
    bench.left = 10.0
    bench.settle()
    bench.answer()
    assert bench.last.ev_processing is FINISHED
    bench.answer()
    assert type(bench.last) is SessionStopReq
    assert bench.last.ev_termination_code is None
    assert Timer.WELDING not in bench.timers


@pytest.mark.parametrize("waiting", [True, False])
def test_a_welded_contactor_is_reported_with_the_stop(waiting: bool) -> None:
    bench = stopping(left=BATTERY).run(dc.DC_WeldingDetectionReq)
    if not waiting:
        bench.answer()
    bench.feed(Elapsed(Timer.WELDING))
    if waiting:
        assert type(bench.last) is dc.DC_WeldingDetectionReq
        bench.answer()
    assert type(bench.last) is SessionStopReq
    assert bench.last.ev_termination_code == "WeldingDetection"
    assert "390 V" in bench.last.ev_termination_explanation
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean
    assert any("welding" in note for note in bench.notes)


def test_a_contactor_that_does_not_open_is_tested_all_the_same() -> None:
    bench = Bench(Config(loops=1)).run(dc.DC_ChargeLoopReq)
    bench.contactor_follows = False
    bench.run(PowerDeliveryReq)
    bench.answer()
    at = bench.world.now
    assert not bench.setpoint.contactor
    bench.run(dc.DC_WeldingDetectionReq)
    assert bench.world.reading.contactor.value is Contactor.CLOSED
    assert bench.world.now - at >= 3.0
    assert bench.last.ev_processing is ONGOING


def test_the_reason_is_told_only_where_something_went_wrong() -> None:
    session = in_mode(ServiceID.DC, ControlMode.DYNAMIC, stop="x" * 500)
    assert ask_session_stop(session, HEADER, snapshot()).ev_termination_explanation is None
    told = ask_session_stop(replace(session, stop_code="Code"), HEADER, snapshot())
    assert (told.ev_termination_code, told.ev_termination_explanation) == ("Code", "x" * 160)
