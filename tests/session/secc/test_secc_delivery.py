"""`session.secc.delivery`: cable check, pre-charge, power delivery, welding detection, stop."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import DeviceFault
from iso15118.messages.v20.common import EVSENotification, EVSEStatus, Processing, ResponseCode
from iso15118.messages.v20.dc import (
    DC_CableCheckReq,
    DC_CableCheckRes,
    DC_ChargeLoopReq,
    DC_ChargeParameterDiscoveryReq,
    DC_PreChargeReq,
    DC_PreChargeRes,
    DC_WeldingDetectionReq,
    DC_WeldingDetectionRes,
)
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.v20.rational import rational
from iso15118.messages.v20.session import ChargingSession, SessionStopReq, SessionStopRes
from iso15118.power import Contactor, Insulation, Limits, Pilot, Setpoint
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Apply, Arm, Close, Disarm, Note, Send
from iso15118.session.events import Elapsed, NotificationWanted, Sent, StopWanted, Tick
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from tests.session.asked import DIRECT, limits
from tests.session.playbook import WIDE, Playbook, after, applied, charger_at, given, request, said

FINISHED: dict[str, Any] = {"ev_processing": Processing.Finished}
ASKED = NotificationWanted(EVSENotification.ServiceRenegotiation)
TEST = Setpoint(voltage=500.0, trickle=2.0, contactor=True, lock=True, insulation_test=True)


def failed(play: Playbook, code: ResponseCode = ResponseCode.FAILED) -> None:
    """The output is off before the car hears of it."""
    kinds = [type(command) for command in play.commands]
    assert kinds.index(Apply) < kinds.index(Send)
    assert Apply(REST) in play.commands
    assert play.sent().response_code is code
    assert play >> Sent() << Close


# Cable check.


def test_the_test_runs_from_the_first_request_to_the_verdict() -> None:
    ongoing = said(DC_CableCheckRes, response_code=ResponseCode.OK, evse_processing=Processing.Ongoing)
    play = charger_at(Phase.CABLE_CHECK)
    assert play >> request(DC_CableCheckReq) << TEST << ongoing >> Sent()
    assert play >> after(0.1) >> given(insulation=Insulation.TESTING) >> Tick() << TEST
    assert play >> request(DC_CableCheckReq) << TEST << ongoing >> Sent()
    play >> after(1.0) >> given(insulation=Insulation.VALID) >> request(DC_CableCheckReq)
    assert play << Setpoint(contactor=True, lock=True) << said(DC_CableCheckRes, evse_processing=Processing.Finished)
    assert play.session.phase is Phase.PRE_CHARGE


def test_a_verdict_from_before_does_not_count() -> None:
    """The monitor may still show the end of the last session's test."""
    ongoing = said(DC_CableCheckRes, evse_processing=Processing.Ongoing)
    play = charger_at(Phase.CABLE_CHECK) >> given(insulation=Insulation.VALID)
    for _ in range(3):
        assert play >> request(DC_CableCheckReq) << TEST << ongoing >> Sent() >> after(0.02)


@pytest.mark.parametrize(("maximum", "voltage"), [(400, 450.0), (480, 500.0), (900, 500.0)])
def test_the_test_voltage_comes_from_the_cars_maximum(maximum: float, voltage: float) -> None:
    asks = {DC_ChargeParameterDiscoveryReq: {"energy_transfer_mode": limits(ev_maximum_voltage=maximum)}}
    play = charger_at(Phase.CABLE_CHECK, asks=asks) >> request(DC_CableCheckReq)
    assert play << applied(voltage=voltage, current=0.0, insulation_test=True) << DC_CableCheckRes


@pytest.mark.case("CAB-01")
@pytest.mark.parametrize("pilot", [Pilot.B, Pilot.E])
def test_the_car_is_not_ready(pilot: Pilot) -> None:
    """CAB-01."""
    play = charger_at(Phase.CABLE_CHECK) >> given(pilot=pilot) >> request(DC_CableCheckReq)
    assert play << TEST << said(DC_CableCheckRes, evse_processing=Processing.Ongoing) >> Sent()
    failed(play >> after(1.6) >> request(DC_CableCheckReq))


@pytest.mark.case("CAB-02")
def test_bad_insulation() -> None:
    """CAB-02."""
    play = charger_at(Phase.CABLE_CHECK) >> request(DC_CableCheckReq) << TEST << DC_CableCheckRes >> Sent()
    play >> given(insulation=Insulation.TESTING) >> Tick()
    failed(play >> after(1.0) >> given(insulation=Insulation.FAULT, resistance=50e3) >> request(DC_CableCheckReq))


@pytest.mark.case("CAB-03")
def test_a_slow_test() -> None:
    """CAB-03: each request is answered at once; the 38 s count from the first one."""
    play = charger_at(Phase.CABLE_CHECK) >> after(50.0)
    play >> given(insulation=Insulation.TESTING)
    for seconds in (0.0, 30.0, 8.0):
        play >> after(seconds) >> request(DC_CableCheckReq) << TEST
        assert play << said(DC_CableCheckRes, evse_processing=Processing.Ongoing) >> Sent()
    failed(play >> after(0.1) >> request(DC_CableCheckReq))


# Pre-charge.


@pytest.mark.case("PRE-01", "PRE-03")
def test_the_output_follows_the_target_and_the_answer_says_what_is_measured() -> None:
    """PRE-01, PRE-03."""
    play = charger_at(Phase.PRE_CHARGE)
    for target, measured in ((400, 12.34), (395, 396.04), (402.5, 401.96)):
        play >> given(voltage=measured) >> request(DC_PreChargeReq, ev_target_voltage=rational(target))
        play << Setpoint(voltage=float(target), trickle=2.0, contactor=True, lock=True)
        assert play << said(DC_PreChargeRes, evse_present_voltage=rational(round(measured, 1))) >> Sent()
        assert play.session.phase is Phase.PRE_CHARGE


@pytest.mark.case("PRE-02")
@pytest.mark.parametrize(("target", "voltage"), [(600, 480.0), (32767e9, 480.0), (490, 480.0), (-400, 0.0)])
def test_a_target_beyond_what_may_be(target: float, voltage: float) -> None:
    """PRE-02: neither beyond our maximum (500 V) nor beyond the car's own (480 V)."""
    play = charger_at(Phase.PRE_CHARGE) >> request(DC_PreChargeReq, ev_target_voltage=rational(target))
    assert play << applied(voltage=voltage) << DC_PreChargeRes


def test_a_target_beyond_what_the_operator_allows() -> None:
    play = charger_at(Phase.PRE_CHARGE) >> given(limits=Limits(0, 380, 80, 30e3)) >> request(DC_PreChargeReq)
    assert play << applied(voltage=380.0) << DC_PreChargeRes


def test_the_car_says_when_it_fits() -> None:
    """SEQ-05: only after Finished is PowerDelivery in order."""
    play = charger_at(Phase.PRE_CHARGE) >> request(DC_PreChargeReq)
    play.skip() >> Sent() >> request(PowerDeliveryReq)
    assert play.sent().response_code is ResponseCode.FAILED_SequenceError
    play = charger_at(Phase.PRE_CHARGE) >> request(DC_PreChargeReq, **FINISHED)
    play.skip() >> Sent() >> request(PowerDeliveryReq)
    assert play.sent().response_code is ResponseCode.OK


def test_a_slow_pre_charge_is_told_once_and_goes_on() -> None:
    """After 8 s; the car gives up after 10."""
    play, told = charger_at(Phase.PRE_CHARGE), []
    for _ in range(12):
        play.skip() >> after(1.0) >> request(DC_PreChargeReq)
        told.append("takes longer than 8 s" in noted(play))
        assert play.sent().response_code is ResponseCode.OK
    assert told == [i == 9 for i in range(12)]


# Power delivery.


@pytest.mark.parametrize("service", DIRECT)
def test_start_holds_the_voltage_and_opens_the_interlock_of_a_bidirectional_service_only(service: ServiceID) -> None:
    play = charger_at(Phase.POWER_DELIVERY, service=service) >> request(PowerDeliveryReq, service=service)
    held = Setpoint(voltage=400.0, trickle=2.0, contactor=True, lock=True, bidirectional=service in BIDIRECTIONAL)
    assert play << held << said(PowerDeliveryRes, response_code=ResponseCode.OK, evse_status=None)
    assert play.session.phase is Phase.CHARGE_LOOP


@pytest.mark.parametrize("phase", [Phase.POWER_DELIVERY, Phase.CHARGE_LOOP])
def test_while_the_car_computes_the_rest_is_ignored(phase: Phase) -> None:
    """V2G20-2007: also a profile that would be refused, and a progress out of order."""
    for progress in ChargeProgress:
        ask = request(PowerDeliveryReq, ev_processing=Processing.Ongoing, charge_progress=progress, ev_power_profile=None)
        play = charger_at(phase) >> ask
        assert play << said(PowerDeliveryRes, response_code=ResponseCode.OK)
        assert play.session.phase is phase


def test_supply_unavailable() -> None:
    """PWR-07."""
    play = charger_at(Phase.POWER_DELIVERY) >> given(faults=frozenset({DeviceFault.SUPPLY})) >> request(PowerDeliveryReq) << REST
    failed(play, ResponseCode.FAILED_PowerDeliveryNotApplied)


def test_start_after_our_own_wish_to_end() -> None:
    play = charger_at(Phase.POWER_DELIVERY) >> StopWanted("closed") << REST >> request(PowerDeliveryReq)
    failed(play, ResponseCode.FAILED_PowerDeliveryNotApplied)


@pytest.mark.parametrize("phase", [Phase.POWER_DELIVERY, Phase.CHARGE_LOOP])
def test_standby_is_not_offered(phase: Phase) -> None:
    """PWR-10: a warning; Start is still possible, and the loop goes on."""
    play = charger_at(phase) >> request(PowerDeliveryReq, charge_progress=ChargeProgress.Standby)
    assert play << said(PowerDeliveryRes, response_code=ResponseCode.WARNING_StandbyNotAllowed) >> Sent()
    play >> request(PowerDeliveryReq if phase is Phase.POWER_DELIVERY else DC_ChargeLoopReq)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.phase is Phase.CHARGE_LOOP


@pytest.mark.parametrize(
    ("phase", "progress"),
    [
        pytest.param(Phase.POWER_DELIVERY, ChargeProgress.ScheduleRenegotiation, id="SEQ-08"),
        pytest.param(Phase.CHARGE_LOOP, ChargeProgress.ScheduleRenegotiation, id="SEQ-08 in the loop"),
        pytest.param(Phase.CHARGE_LOOP, ChargeProgress.Start, id="start in the loop"),
    ],
)
def test_progress_out_of_order(phase: Phase, progress: ChargeProgress) -> None:
    play = charger_at(phase) >> request(PowerDeliveryReq, charge_progress=progress)
    failed(play, ResponseCode.FAILED_SequenceError)


def stopping(current: float) -> Playbook:
    """In the loop with this current at the output, and the car asks for the end."""
    play = charger_at(Phase.CHARGE_LOOP) >> given(current=current) >> request(DC_ChargeLoopReq)
    play.skip() >> Sent()
    return play >> request(PowerDeliveryReq, charge_progress=ChargeProgress.Stop)


def test_stop_at_rest_is_answered_at_once() -> None:
    play = stopping(0.5)
    assert play << REST << said(PowerDeliveryRes, response_code=ResponseCode.OK)
    assert play.session.phase is Phase.WELDING_DETECTION


@pytest.mark.parametrize("current", [20.0, -20.0])
def test_stop_is_answered_when_the_current_has_gone(current: float) -> None:
    """PWR-09: power is zero before the car opens its contactors on our answer."""
    play = stopping(current)
    assert play << REST << Arm(Timer.ANSWER, 1.4)
    assert play >> after(0.1) >> given(current=current / 2) >> Tick() << REST
    play >> after(0.1) >> given(current=0.4) >> Tick() << REST << Disarm(Timer.ANSWER)
    assert play << said(PowerDeliveryRes, response_code=ResponseCode.OK) >> Sent() << Arm(Timer.SEQUENCE, 60.0)
    assert play.session.phase is Phase.WELDING_DETECTION


def test_an_old_measurement_of_no_current_is_no_proof() -> None:
    play = charger_at(Phase.CHARGE_LOOP) >> request(DC_ChargeLoopReq)
    play.skip() >> Sent() >> after(0.4, fresh=False)
    assert play >> request(PowerDeliveryReq, charge_progress=ChargeProgress.Stop) << REST << Arm(Timer.ANSWER, 1.4)


def test_a_current_that_does_not_go() -> None:
    """The answer's deadline is inside the 1.5 s in which it is due."""
    play = stopping(20.0) << REST >> after(1.4) >> Elapsed(Timer.ANSWER)
    failed(play, ResponseCode.FAILED_PowerDeliveryNotApplied)


def test_the_deadline_and_the_current_may_come_together() -> None:
    play = stopping(20.0) << REST >> after(1.4) >> given(current=0.0) >> Elapsed(Timer.ANSWER)
    assert play << REST << said(PowerDeliveryRes, response_code=ResponseCode.OK)


def test_a_fault_while_the_answer_waits() -> None:
    play = stopping(20.0) << REST >> given(current=0.0, faults=frozenset({DeviceFault.CONTACTOR})) >> Tick() << REST
    failed(play, ResponseCode.FAILED_PowerDeliveryNotApplied)


def test_the_sequence_timer_rests_while_the_answer_waits() -> None:
    play = stopping(20.0) << REST
    assert play.commands[0] == Disarm(Timer.SEQUENCE)
    assert Timer.SEQUENCE not in [command.timer for command in play.commands if isinstance(command, Arm)]


@pytest.mark.parametrize("mode", ControlMode)
def test_the_end_without_a_start(mode: ControlMode) -> None:
    stop = request(PowerDeliveryReq, charge_progress=ChargeProgress.Stop, ev_power_profile=None)
    play = charger_at(Phase.POWER_DELIVERY, mode=mode) >> stop
    assert play << REST << said(PowerDeliveryRes, response_code=ResponseCode.OK)
    assert play.session.phase is Phase.WELDING_DETECTION


def test_the_answer_repeats_our_wish_to_end() -> None:
    play = charger_at(Phase.POWER_DELIVERY) >> StopWanted("closed") << REST
    play >> request(PowerDeliveryReq, charge_progress=ChargeProgress.Stop) << REST
    status = EVSEStatus(notification_max_delay=0, evse_notification=EVSENotification.Terminate)
    assert play << said(PowerDeliveryRes, evse_status=status)


# Welding detection and stop.


@pytest.mark.case("SEQ-10")
def test_the_car_watches_the_voltage_fall() -> None:
    """SEQ-10."""
    play = charger_at(Phase.WELDING_DETECTION)
    for voltage in (390.0, 200.0, 100.0, 50.0, 20.0):
        play >> given(voltage=voltage) >> request(DC_WeldingDetectionReq)
        assert play << said(DC_WeldingDetectionRes, response_code=ResponseCode.OK, evse_present_voltage=rational(voltage)) >> Sent()
        assert play.session.phase is Phase.WELDING_DETECTION
    assert play >> request(DC_WeldingDetectionReq, **FINISHED) << DC_WeldingDetectionRes
    assert play.session.phase is Phase.SESSION_STOP


STOPPABLE = [p for p in list(Phase)[2 : list(Phase).index(Phase.CHARGE_LOOP)]] + [Phase.WELDING_DETECTION, Phase.SESSION_STOP]


@pytest.mark.case("SEQ-02", "STP-01")
@pytest.mark.parametrize("phase", STOPPABLE)
def test_the_car_ends_the_session(phase: Phase) -> None:
    """SEQ-02, STP-01: in order, with nothing on, and time for the car to close first."""
    play = charger_at(phase) >> request(SessionStopReq)
    assert play << REST << said(SessionStopRes, response_code=ResponseCode.OK)
    assert (play.session.phase, play.session.clean) == (Phase.ENDED, True)
    assert play >> Sent() << Arm(Timer.HOLD, 5.0) >> Elapsed(Timer.HOLD) << Close("session stopped", clean=True)


def test_the_loop_is_not_left_by_session_stop() -> None:
    """SEQ-02 in the loop: refused, and power goes all the same."""
    play = charger_at(Phase.CHARGE_LOOP) >> request(DC_ChargeLoopReq)
    play.skip() >> Sent() >> request(SessionStopReq)
    failed(play, ResponseCode.FAILED_SequenceError)


@pytest.mark.case("PAU-02", "REN-07")
@pytest.mark.parametrize(
    ("wish", "code"),
    [
        pytest.param(ChargingSession.Pause, ResponseCode.FAILED_PauseNotAllowed, id="PAU-02"),
        pytest.param(ChargingSession.ServiceRenegotiation, ResponseCode.FAILED_NoServiceRenegotiationSupported, id="REN-07"),
    ],
)
@pytest.mark.parametrize("phase", [Phase.CABLE_CHECK, Phase.SESSION_STOP])
def test_neither_pause_nor_renegotiation(phase: Phase, wish: ChargingSession, code: ResponseCode) -> None:
    failed(charger_at(phase) >> request(SessionStopReq, charging_session=wish), code)


OFFERED = secc.Config(service_renegotiation=True)
ANEW = {"charging_session": ChargingSession.ServiceRenegotiation}


def noted(play: Playbook) -> str:
    return " ".join(command.text for command in play.commands if isinstance(command, Note))


@pytest.mark.case("STP-05")
def test_what_the_car_says_of_its_end_is_noted() -> None:
    """STP-05."""
    play = charger_at(Phase.SESSION_STOP)
    play >> request(SessionStopReq, ev_termination_code="E42", ev_termination_explanation="inlet too hot")
    assert "E42" in noted(play)
    assert "inlet too hot" in noted(play)
    assert play << said(SessionStopRes, response_code=ResponseCode.OK)


@pytest.mark.case("STP-05")
def test_what_the_car_says_is_noted_also_where_its_stop_is_refused() -> None:
    play = charger_at(Phase.CHARGE_LOOP) >> request(SessionStopReq, ev_termination_code="E42")
    assert "E42" in noted(play)
    assert play.sent().response_code is ResponseCode.FAILED_SequenceError


@pytest.mark.case("SEQ-09")
@pytest.mark.parametrize(("phase", "skipped"), [(Phase.WELDING_DETECTION, True), (Phase.SESSION_STOP, False), (Phase.CABLE_CHECK, False)])
def test_a_skipped_welding_detection_is_noted(phase: Phase, skipped: bool) -> None:
    """SEQ-09: and the end is clean."""
    play = charger_at(phase) >> request(SessionStopReq)
    assert ("welding detection" in noted(play)) is skipped
    assert play.skip().session.clean


def test_contactor_and_limits_of_the_tests_are_what_they_seem() -> None:
    """The positive control of this file: a quiet charger in the loop has its contactor closed and no limit that binds."""
    play = charger_at(Phase.CHARGE_LOOP)
    assert play.snapshot.reading.contactor.value is Contactor.CLOSED
    assert play.snapshot.limits == WIDE
    assert play.session.setpoint.contactor


def test_a_car_does_not_compute_for_ever_before_it_starts() -> None:
    asks = {"ev_processing": Processing.Ongoing, "charge_progress": ChargeProgress.Start}
    play = charger_at(Phase.POWER_DELIVERY) >> request(PowerDeliveryReq, **asks)
    play.skip() >> Sent() >> after(59.9) >> request(PowerDeliveryReq, **asks)
    assert play.sent().response_code is ResponseCode.OK
    play >> Sent() >> after(0.2) >> request(PowerDeliveryReq, **asks)
    assert play.sent().response_code is ResponseCode.FAILED
