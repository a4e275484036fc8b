"""`session.secc.standby`: the loop at zero power, the way in and the ways out."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Authorisation
from iso15118.messages.v20.common import DisplayParameters, EVSENotification, EVSEStatus, Processing, ResponseCode
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_ChargeLoopReq, DC_ChargeLoopRes
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.v20.session import SessionStopReq
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Arm, Close
from iso15118.session.events import Elapsed, NotificationWanted, Sent, StopWanted, Tick
from iso15118.session.services import ControlMode, ServiceID
from tests.session.playbook import Playbook, after, applied, charger_at, given, request, said, turn

STANDBY: dict[str, Any] = {"charge_progress": ChargeProgress.Standby, "ev_power_profile": None}
START: dict[str, Any] = {"charge_progress": ChargeProgress.Start}
STOP: dict[str, Any] = {"charge_progress": ChargeProgress.Stop, "ev_power_profile": None}
OFFERED = secc.Config(standby=True)
WARNED = said(PowerDeliveryRes, response_code=ResponseCode.WARNING_StandbyNotAllowed)
AGREED = said(PowerDeliveryRes, response_code=ResponseCode.OK)
variants = pytest.mark.parametrize(("service", "mode"), [(s, m) for s in (ServiceID.DC, ServiceID.DC_BPT) for m in ControlMode])


def charging(config: secc.Config = OFFERED, **variant: Any) -> Playbook:
    play = charger_at(Phase.CHARGE_LOOP, config=config, **variant) >> request(DC_ChargeLoopReq, **variant)
    play.skip() >> Sent()
    return play


def standing(**variant: Any) -> Playbook:
    """A car in standby that has charged before."""
    play = charging(**variant) >> request(PowerDeliveryReq, **variant | STANDBY)
    play.skip() >> Sent()
    assert play.session.phase is Phase.STANDBY
    return play


@pytest.mark.case("PWR-10")
@variants
def test_standby_is_refused_with_a_warning_where_it_is_not_offered(service: ServiceID, mode: ControlMode) -> None:
    play = charging(secc.Config(), service=service, mode=mode)
    assert play >> request(PowerDeliveryReq, **STANDBY) << WARNED >> Sent()
    assert play >> request(DC_ChargeLoopReq, service=service, mode=mode) << said(DC_ChargeLoopRes, response_code=ResponseCode.OK)
    before = charger_at(Phase.POWER_DELIVERY, config=secc.Config(), service=service, mode=mode)
    assert before >> request(PowerDeliveryReq, **STANDBY) << WARNED >> Sent()
    before >> request(PowerDeliveryReq, mode=mode, **START)
    assert before.sent().response_code is ResponseCode.OK
    assert before.session.phase is Phase.CHARGE_LOOP


@pytest.mark.case("PWR-11")
@variants
def test_in_standby_nothing_flows_whatever_the_car_asks_for_until_it_starts(service: ServiceID, mode: ControlMode) -> None:
    play = charging(service=service, mode=mode) >> given(current=20.0) >> request(PowerDeliveryReq, **STANDBY)
    assert play << applied(current=0.0, contactor=True, lock=True, bidirectional=False)  # and no answer while current flows
    play >> given(current=0.0) >> Tick()
    assert play << AGREED >> Sent()
    for _ in range(3):
        play >> after(0.25) >> request(DC_ChargeLoopReq, service=service, mode=mode)
        assert play.sent().response_code is ResponseCode.OK
        play >> Sent() >> Tick()
        assert play.session.setpoint.current == 0.0
        assert play.session.setpoint.contactor is True
        assert play.session.phase is Phase.STANDBY
    play >> request(PowerDeliveryReq, mode=mode, **START)
    assert play.sent().response_code is ResponseCode.OK
    play >> Sent() >> request(DC_ChargeLoopReq, service=service, mode=mode)
    assert play.session.setpoint.current > 0.0
    assert play.session.phase is Phase.CHARGE_LOOP


def test_current_that_does_not_fall_is_no_standby() -> None:
    play = charging() >> given(current=20.0) >> request(PowerDeliveryReq, **STANDBY)
    play.skip() >> Elapsed(Timer.ANSWER)
    assert play.sent().response_code is ResponseCode.FAILED_PowerDeliveryNotApplied
    assert play.session.setpoint == REST


@variants
def test_no_limits_but_zero_are_said_in_standby(service: ServiceID, mode: ControlMode) -> None:
    said_ = (standing(service=service, mode=mode) >> request(DC_ChargeLoopReq, service=service, mode=mode)).sent()
    assert said_.control_mode.evse_maximum_charge_power.value == 0
    assert (said_.evse_power_limit_achieved, said_.evse_current_limit_achieved, said_.evse_voltage_limit_achieved) == (False,) * 3


def test_only_the_wish_for_a_reading_is_read_of_the_cars_turn() -> None:
    """Also a target beyond all limits, and a control mode of another kind, are passed over [V2G20-2118]."""
    beyond = turn(ServiceID.DC_BPT, ControlMode.SCHEDULED, ev_target_current=2000, ev_target_voltage=2000)
    play = standing() >> request(DC_ChargeLoopReq, meter_info_requested=True, control_mode=beyond)
    answer = play.sent()
    assert answer.response_code is ResponseCode.OK
    assert answer.meter_info is not None
    other = request(DC_ChargeLoopReq, service=ServiceID.DC, mode=ControlMode.DYNAMIC, display_parameters=DisplayParameters(present_soc=50))
    assert (play >> Sent() >> other).sent().meter_info is None


def test_the_first_turn_in_standby_brings_the_meter_too() -> None:
    play = charger_at(Phase.POWER_DELIVERY, config=OFFERED) >> request(PowerDeliveryReq, **STANDBY)
    assert (play.skip() >> Sent() >> request(DC_ChargeLoopReq)).sent().meter_info is not None


def test_the_car_leaves_standby_for_good() -> None:
    play = standing() >> request(PowerDeliveryReq, **STOP)
    assert play << REST << AGREED
    assert play.session.phase is Phase.WELDING_DETECTION


def test_standby_asked_for_again_is_standby() -> None:
    assert standing() >> request(PowerDeliveryReq, **STANDBY) << AGREED


def test_a_car_in_standby_is_heard_every_half_second() -> None:
    play = standing() >> request(DC_ChargeLoopReq)
    assert play.skip() >> Sent() << Arm(Timer.SEQUENCE, 0.5)
    assert play >> Elapsed(Timer.SEQUENCE) << REST << Close


def test_the_session_does_not_stop_from_within_standby() -> None:
    assert (standing() >> request(SessionStopReq)).sent().response_code is ResponseCode.FAILED_SequenceError


def test_current_in_standby_ends_it() -> None:
    play = standing() >> given(current=5.0) >> Tick()
    play.skip() >> given(current=0.0) >> Tick()
    play.skip() >> given(current=-5.0) >> Tick()
    play.skip() >> after(0.39) >> Tick()
    assert play.session.failing == ""
    assert play.skip() >> after(0.02) >> Tick() << REST
    assert play.session.failing == "-5.0 A at the output in standby"
    assert (play >> request(DC_ChargeLoopReq)).sent().response_code is ResponseCode.FAILED


def test_standby_asked_for_again_and_again_gains_no_time_for_a_current() -> None:
    play = standing() >> given(current=5.0) >> Tick()
    play.skip() >> after(0.3) >> request(PowerDeliveryReq, **STANDBY)
    play.skip() >> after(0.11) >> Tick()
    assert play.session.failing == "5.0 A at the output in standby"
    assert play.session.setpoint == REST


def test_a_withdrawn_authorisation_is_told_in_standby() -> None:
    play = standing() >> given(authorisation=Authorisation.REFUSED) >> request(DC_ChargeLoopReq)
    assert play.sent().evse_status.evse_notification is EVSENotification.Terminate
    assert (play >> Sent() >> request(PowerDeliveryReq, **START)).sent().response_code is ResponseCode.FAILED_PowerDeliveryNotApplied


def test_no_standby_when_our_side_wants_the_end() -> None:
    assert charging() >> StopWanted("closing time") << applied(current=0.0) >> request(PowerDeliveryReq, **STANDBY) << WARNED


@pytest.mark.parametrize("mode", ControlMode)
def test_the_station_asks_a_car_out_of_standby(mode: ControlMode) -> None:
    play = standing(mode=mode) >> NotificationWanted(EVSENotification.ExitStandby, "the sun shines")
    told = (play.skip() >> request(DC_ChargeLoopReq, mode=mode)).sent().evse_status
    assert told == EVSEStatus(notification_max_delay=60, evse_notification=EVSENotification.ExitStandby)
    (play >> Sent() >> request(PowerDeliveryReq, mode=mode, **START)).skip()
    assert (play >> Sent() >> request(DC_ChargeLoopReq, mode=mode)).sent().evse_status is None


def test_a_car_that_stands_by_has_followed_the_wish_to_pause() -> None:
    play = charging(mode=ControlMode.DYNAMIC) >> NotificationWanted(EVSENotification.Pause, "the site rests")
    play.skip() >> request(PowerDeliveryReq, **STANDBY)
    assert play << applied(current=0.0) << AGREED >> Sent()
    assert (play >> request(DC_ChargeLoopReq, mode=ControlMode.DYNAMIC)).sent().evse_status is None
    assert play.session.pause_asked is True  # and may still pause
    (play >> Sent() >> request(PowerDeliveryReq, mode=ControlMode.DYNAMIC, **START)).skip()
    assert play.session.pause_asked is False


# Before anything is energised.


@pytest.mark.parametrize("mode", ControlMode)
def test_a_car_may_stand_by_without_cable_check_but_not_start(mode: ControlMode) -> None:
    """[V2G20-2122] [V2G20-1390]"""
    play = charger_at(Phase.CABLE_CHECK, config=OFFERED, mode=mode) >> request(PowerDeliveryReq, **STANDBY)
    assert play << REST << AGREED >> Sent()
    assert play.session.phase is Phase.STANDBY
    assert (play >> request(DC_ChargeLoopReq, mode=mode)).sent().response_code is ResponseCode.OK
    assert (play >> Sent() >> request(PowerDeliveryReq, mode=mode, **START)).sent().response_code is ResponseCode.FAILED_SequenceError
    assert play.session.setpoint == REST


@pytest.mark.parametrize("processing", [Processing.Finished, Processing.Ongoing])
def test_a_start_without_cable_check_is_out_of_order(processing: Processing) -> None:
    play = charger_at(Phase.CABLE_CHECK, config=OFFERED) >> request(PowerDeliveryReq, ev_processing=processing, **START)
    assert play.sent().response_code is ResponseCode.FAILED_SequenceError


def test_a_refused_standby_leaves_the_way_through_cable_check_open() -> None:
    play = charger_at(Phase.CABLE_CHECK, config=secc.Config()) >> request(PowerDeliveryReq, **STANDBY)
    assert play << WARNED >> Sent()
    assert (play >> request(DC_CableCheckReq)).sent().response_code is ResponseCode.OK


def test_a_car_may_stop_without_cable_check() -> None:
    play = charger_at(Phase.CABLE_CHECK)
    assert play >> request(PowerDeliveryReq, **STOP) << REST << AGREED
    assert play.session.phase is Phase.WELDING_DETECTION


def test_a_cable_check_that_is_broken_off_leaves_the_contactor_open() -> None:
    play = charger_at(Phase.CABLE_CHECK, config=OFFERED) >> request(DC_CableCheckReq) << applied(contactor=True, insulation_test=True)
    play.skip() >> Sent() >> request(PowerDeliveryReq, **STANDBY)
    assert play << REST << AGREED >> Sent()
    assert (play >> request(PowerDeliveryReq, **START)).sent().response_code is ResponseCode.FAILED_SequenceError


def test_no_power_from_standby_onto_an_output_that_has_lost_the_battery() -> None:
    play = charger_at(Phase.STANDBY, service=ServiceID.DC_BPT) >> given(voltage=12.0) >> request(PowerDeliveryReq)
    assert play << REST << said(PowerDeliveryRes, response_code=ResponseCode.FAILED_PowerDeliveryNotApplied)
