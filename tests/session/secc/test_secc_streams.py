"""`session.secc.streams` and `metering`: schedules negotiated anew and readings confirmed, while the charge loop goes on."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Plan, Slot
from iso15118.errors import DeviceFault
from iso15118.exi import Message
from iso15118.messages.v20 import ac, dc, delivery, schedule
from iso15118.messages.v20.common import EVSENotification, MeterInfo, Processing, ResponseCode
from iso15118.messages.v20.metering import (
    Dynamic_SMDTControlMode,
    MeteringConfirmationReq,
    MeteringConfirmationRes,
    Scheduled_SMDTControlMode,
    SignedMeteringData,
)
from iso15118.power import Measured
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Stream
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Apply, Arm, Close, Disarm, Note, Send
from iso15118.session.events import Elapsed, NotificationWanted, Received, Sent, StopWanted, Tick
from iso15118.session.services import ControlMode, ServiceID
from iso15118.value import replace
from tests.session.asked import EPOCH, SESSION_ID, limits, profile, request
from tests.session.playbook import Playbook, after, applied, charger_at, given, said, snapshot

RENEW = NotificationWanted(EVSENotification.ScheduleRenegotiation, "another tariff")
CONFIRM = NotificationWanted(EVSENotification.MeteringConfirmation, "billing")
LOOP = dc.DC_ChargeLoopReq
PARAMETERS = dc.DC_ChargeParameterDiscoveryReq
EXCHANGE = schedule.ScheduleExchangeReq
DELIVERY = delivery.PowerDeliveryReq
MODES = pytest.mark.parametrize("mode", ControlMode)
ANEW: dict[str, Any] = {"charge_progress": delivery.ChargeProgress.ScheduleRenegotiation}


def aside(cls: type[Message], **fields: Any) -> Received:
    """A request on the stream of schedule renegotiation."""
    return Received(request(cls, **fields), 0x8101)


def looping(mode: ControlMode = ControlMode.SCHEDULED, service: ServiceID = ServiceID.DC_BPT, **changes: Any) -> Playbook:
    """A charger whose charge loop has had its first pair, the response being written."""
    play = charger_at(Phase.CHARGE_LOOP, mode=mode, service=service, **changes)
    play >> request(ac.AC_ChargeLoopReq if service is ServiceID.AC else LOOP, mode=mode, service=service)
    return play.skip() >> Sent()


def looped(play: Playbook, mode: ControlMode = ControlMode.SCHEDULED, **fields: Any) -> Any:
    """One more pair of the loop: its response."""
    play >> after(0.25) >> request(LOOP, mode=mode, **fields)
    answer = play.sent()
    play >> Sent()
    return answer


def answered(play: Playbook, ask: Received) -> Any:
    """The answer on the same stream, written."""
    play >> ask
    (send,) = (command for command in play.commands if isinstance(command, Send))
    assert send.payload_type == ask.payload_type
    play.skip() >> Sent(Stream.SCHEDULE if ask.payload_type == 0x8101 else Stream.METERING)
    return send.message


def renegotiated(play: Playbook, mode: ControlMode = ControlMode.SCHEDULED, *powers: float, **fields: Any) -> Any:
    """The three exchanges of a renegotiation; the last answer."""
    assert answered(play, aside(PARAMETERS)).response_code is ResponseCode.OK
    offer = answered(play, aside(EXCHANGE, mode=mode))
    assert (offer.response_code, offer.evse_processing) == (ResponseCode.OK, Processing.Finished)
    if mode is ControlMode.SCHEDULED and not fields:
        new = offer.control_mode.schedule_tuple[0]
        anchor = new.charging_schedule.power_schedule.time_anchor
        fields = {"ev_power_profile": profile(*powers or (1e3,), tuple_id=new.schedule_tuple_id, anchor=anchor)}
    return answered(play, aside(DELIVERY, mode=mode, **ANEW, **fields))


def plan(charge: float) -> tuple[Plan, ...]:
    return (Plan(EPOCH, (Slot(86_400, charge),)),)


# The car begins.


@MODES
@pytest.mark.case("REN-02")
def test_a_car_negotiates_its_schedule_anew_while_the_loop_goes_on(mode: ControlMode) -> None:
    play = looping(mode, plans=plan(11e3))
    assert answered(play, aside(PARAMETERS)).response_code is ResponseCode.OK
    assert looped(play, mode).response_code is ResponseCode.OK
    play >> given(plans=plan(4e3))
    offer = answered(play, aside(EXCHANGE, mode=mode))
    assert looped(play, mode).response_code is ResponseCode.OK
    new = profile(1e3, tuple_id=offer.control_mode.schedule_tuple[0].schedule_tuple_id) if mode is ControlMode.SCHEDULED else None
    assert answered(play, aside(DELIVERY, mode=mode, **ANEW, ev_power_profile=new)).response_code is ResponseCode.OK
    assert play.session.phase is Phase.CHARGE_LOOP
    assert play.session.setpoint.contactor is True
    assert looped(play, mode).response_code is ResponseCode.OK


@pytest.mark.case("REN-02")
def test_what_is_agreed_takes_effect_with_the_next_request_of_the_loop() -> None:
    """[V2G20-1050] [V2G20-1051]: 400 V and 20 A are within 11 kW, not within 4 kW."""
    play = looping(plans=plan(11e3)) >> given(voltage=400.0)
    looped(play)
    assert play.session.setpoint.current == 20.0
    play >> given(plans=plan(4e3))
    renegotiated(play)
    play >> Tick()
    play.skip()
    assert play.session.setpoint.current == 20.0
    looped(play)
    assert play.session.setpoint.current == pytest.approx(10.0)


def test_a_new_schedule_may_allow_more() -> None:
    start = {DELIVERY: {"ev_power_profile": profile(1e3)}}
    play = looping(plans=plan(4e3), asks=start) >> given(voltage=400.0, plans=plan(11e3))
    assert play.session.setpoint.current == pytest.approx(10.0)
    renegotiated(play, ControlMode.SCHEDULED, 8e3)
    looped(play)
    assert play.session.setpoint.current == 20.0


def test_the_limits_a_car_tells_anew_hold_where_the_loop_does_not_tell_any() -> None:
    play = looping() >> given(voltage=400.0)
    answered(play, aside(PARAMETERS, energy_transfer_mode=limits(ev_maximum_charge_current=5)))
    offer = answered(play, aside(EXCHANGE))
    number_ = offer.control_mode.schedule_tuple[0].schedule_tuple_id
    assert looped(play).response_code is ResponseCode.OK
    answered(play, aside(DELIVERY, **ANEW, ev_power_profile=profile(1e3, tuple_id=number_)))
    play >> request(LOOP) << applied(contactor=False) << said(dc.DC_ChargeLoopRes, response_code=ResponseCode.FAILED)
    assert "20 A, 450 V of 5 A" in play.session.closing


@MODES
def test_a_car_may_negotiate_again_and_again(mode: ControlMode) -> None:
    play = looping(mode)
    for _ in range(3):
        assert renegotiated(play, mode).response_code is ResponseCode.OK
        looped(play, mode)


def test_a_car_may_take_its_time_with_its_profile() -> None:
    play = looping()
    answered(play, aside(PARAMETERS))
    offer = answered(play, aside(EXCHANGE))
    busy = answered(play, aside(DELIVERY, ev_processing=Processing.Ongoing, **ANEW | {"ev_power_profile": None}))
    assert busy.response_code is ResponseCode.OK
    new = profile(1e3, tuple_id=offer.control_mode.schedule_tuple[0].schedule_tuple_id)
    assert answered(play, aside(DELIVERY, **ANEW, ev_power_profile=new)).response_code is ResponseCode.OK


def test_a_schedule_that_is_not_ready_is_waited_for() -> None:
    play = looping() >> given(plans=None)
    answered(play, aside(PARAMETERS))
    assert answered(play, aside(EXCHANGE)).evse_processing is Processing.Ongoing
    looped(play)
    play >> given(plans=plan(4e3))
    assert answered(play, aside(EXCHANGE)).evse_processing is Processing.Finished


def test_the_wait_for_a_schedule_counts_from_this_renegotiation() -> None:
    """55 s from its own first request, not from the one before the loop."""
    play = looping() >> after(100.0) >> given(plans=None)
    answered(play, aside(PARAMETERS))
    assert answered(play, aside(EXCHANGE)).evse_processing is Processing.Ongoing
    play >> after(56.0) >> aside(EXCHANGE)
    play << applied(contactor=False) << said(schedule.ScheduleExchangeRes, response_code=ResponseCode.FAILED)


# What is refused.


@pytest.mark.case("REN-03")
@pytest.mark.parametrize("phase", [p for p in list(Phase)[2:] if p is not Phase.ENDED])
def test_a_renegotiation_outside_the_loop_is_refused_on_its_stream(phase: Phase) -> None:
    play = charger_at(phase) >> aside(PARAMETERS)
    (send,) = (command for command in play.commands if isinstance(command, Send))
    play << applied(contactor=False) << said(dc.DC_ChargeParameterDiscoveryRes, response_code=ResponseCode.FAILED_SequenceError)
    assert send.payload_type == 0x8101
    assert play >> Sent(Stream.SCHEDULE) << Close


@pytest.mark.parametrize("cls", [EXCHANGE, DELIVERY, LOOP, MeteringConfirmationReq])
def test_a_renegotiation_out_of_order_is_refused(cls: type[Message]) -> None:
    play = looping() >> aside(cls)
    (send,) = (command for command in play.commands if isinstance(command, Send))
    assert send.payload_type == 0x8101
    assert send.message.response_code is ResponseCode.FAILED_SequenceError  # type: ignore[attr-defined]
    assert play.skip().session.phase is Phase.ENDED


def test_the_main_stream_takes_no_renegotiation() -> None:
    play = looping() >> request(DELIVERY, **ANEW)
    play << applied(contactor=False) << said(delivery.PowerDeliveryRes, response_code=ResponseCode.FAILED_SequenceError)


@pytest.mark.parametrize("progress", [p for p in delivery.ChargeProgress if p is not delivery.ChargeProgress.ScheduleRenegotiation])
def test_a_renegotiation_ends_in_nothing_but_a_new_schedule(progress: delivery.ChargeProgress) -> None:
    play = looping()
    answered(play, aside(PARAMETERS))
    answered(play, aside(EXCHANGE))
    play >> aside(DELIVERY, charge_progress=progress)
    play << applied(contactor=False) << said(delivery.PowerDeliveryRes, response_code=ResponseCode.FAILED_SequenceError)


def test_a_profile_above_the_new_schedule_is_refused() -> None:
    play = looping(plans=plan(11e3)) >> given(plans=plan(4e3))
    assert renegotiated(play, ControlMode.SCHEDULED, 5e3).response_code is ResponseCode.FAILED_EVPowerProfileInvalid
    assert play.session.phase is Phase.ENDED


def test_a_tuple_that_was_not_offered_is_refused() -> None:
    refused = renegotiated(looping(), ControlMode.SCHEDULED, ev_power_profile=profile(1e3, tuple_id=77))
    assert refused.response_code is ResponseCode.FAILED_ScheduleSelectionInvalid


def test_a_renegotiation_under_another_service_is_refused() -> None:
    play = looping(service=ServiceID.DC) >> aside(PARAMETERS, service=ServiceID.DC_BPT)
    play << applied(contactor=False)
    play << said(dc.DC_ChargeParameterDiscoveryRes, response_code=ResponseCode.FAILED_WrongChargeParameter)


def test_where_power_has_been_taken_away_the_renegotiation_hears_it() -> None:
    play = looping() >> given(faults=frozenset({DeviceFault.METER})) >> Tick()
    play.skip() >> aside(PARAMETERS)
    assert play << said(dc.DC_ChargeParameterDiscoveryRes, response_code=ResponseCode.FAILED)


# Time.


@pytest.mark.case("REN-04")
def test_a_renegotiation_left_unfinished_leaves_the_loop_alone() -> None:
    play = looping(plans=plan(11e3)) >> given(plans=plan(4e3))
    answered(play, aside(PARAMETERS))
    answered(play, aside(EXCHANGE))
    play >> after(60.0, fresh=True) >> Elapsed(Timer.SCHEDULE_SEQUENCE)
    assert [type(command) for command in play.commands] == [Note]
    assert looped(play).response_code is ResponseCode.OK
    assert play.session.setpoint.current == 20.0
    assert renegotiated(play).response_code is ResponseCode.OK


def test_the_timer_of_a_renegotiation_is_its_own() -> None:
    """Armed by its response, stopped by its request; the loop's timer is neither fed nor stopped [V2G20-1041]."""
    play = looping() >> aside(PARAMETERS)
    assert [c.timer for c in play.commands if isinstance(c, Disarm)] == [Timer.SCHEDULE_SEQUENCE]
    assert not [c for c in play.commands if isinstance(c, Apply)]
    play.skip() >> Sent(Stream.SCHEDULE)
    assert [(c.timer, c.seconds) for c in play.commands if isinstance(c, Arm)] == [(Timer.SCHEDULE_SEQUENCE, 60.0)]
    play >> request(LOOP)
    assert Timer.SCHEDULE_SEQUENCE not in [c.timer for c in play.commands if isinstance(c, Disarm)]
    play.skip() >> Sent()
    assert [(c.timer, c.seconds) for c in play.commands if isinstance(c, Arm)] == [(Timer.SEQUENCE, 0.5)]


def test_after_the_last_answer_no_timer_runs() -> None:
    play = looping()
    renegotiated(play)
    assert not [c for c in play.commands if isinstance(c, Arm)]
    play >> Elapsed(Timer.SCHEDULE_SEQUENCE)
    assert looped(play).response_code is ResponseCode.OK


@pytest.mark.parametrize("to", ["parameters", "agreed"])
def test_the_end_of_the_loop_ends_what_is_beside_it(to: str) -> None:
    """[V2G20-1446]: also what was agreed on and has not taken effect."""
    play = looping()
    _ = answered(play, aside(PARAMETERS)) if to == "parameters" else renegotiated(play)
    play >> given(current=0.0) >> request(DELIVERY, charge_progress=delivery.ChargeProgress.Stop, ev_power_profile=None)
    assert {Timer.SCHEDULE_SEQUENCE, Timer.METERING_SEQUENCE} <= {c.timer for c in play.commands if isinstance(c, Disarm)}
    play.skip()
    assert (play.session.renewal, play.session.renewed) == (None, None)
    play >> aside(EXCHANGE)
    assert play << applied(contactor=False) << said(schedule.ScheduleExchangeRes, response_code=ResponseCode.FAILED_SequenceError)


def test_the_stop_that_waits_for_metal_lets_the_side_streams_speak() -> None:
    play = looping() >> given(current=20.0)
    play >> request(DELIVERY, charge_progress=delivery.ChargeProgress.Stop, ev_power_profile=None)
    play << applied(current=0.0)
    assert answered(play, aside(PARAMETERS)).response_code is ResponseCode.OK
    play >> given(current=0.0) >> Tick()
    assert play << said(delivery.PowerDeliveryRes, response_code=ResponseCode.OK)


# The charger begins.


def notified(answer: Any) -> tuple[EVSENotification, int] | None:
    status = answer.evse_status
    return None if status is None else (status.evse_notification, status.notification_max_delay)


@MODES
@pytest.mark.case("REN-01")
def test_the_car_is_asked_until_it_begins(mode: ControlMode) -> None:
    play = looping(mode) >> RENEW
    assert notified(looped(play, mode)) == (EVSENotification.ScheduleRenegotiation, 59)
    assert notified(looped(play, mode)) == (EVSENotification.ScheduleRenegotiation, 59)
    answered(play, aside(PARAMETERS))
    assert notified(looped(play, mode)) is None
    answered(play, aside(EXCHANGE, mode=mode))
    assert notified(looped(play, mode)) is None
    assert play.session.renewal is not None


def test_outside_the_loop_nobody_is_asked() -> None:
    play = charger_at(Phase.PRE_CHARGE) >> RENEW
    assert [c.text for c in play.commands if isinstance(c, Note)] == [
        "the car is not asked for ScheduleRenegotiation: the car is not in the charge loop"
    ]


@pytest.mark.case("REN-05")
def test_two_failures_are_a_warning_and_an_end() -> None:
    """[V2G20-2235]: not begun in time, then left unfinished."""
    play = looping() >> RENEW
    looped(play)
    play >> after(61.0) >> Tick()
    play.skip()
    first = looped(play)
    assert first.response_code is ResponseCode.WARNING_ScheduleRenegotiationFailed
    assert notified(first) == (EVSENotification.ScheduleRenegotiation, 59)
    assert looped(play).response_code is ResponseCode.OK
    answered(play, aside(PARAMETERS))
    play >> after(60.0) >> Elapsed(Timer.SCHEDULE_SEQUENCE)
    play.skip() >> request(LOOP)
    play << applied(contactor=False) << said(dc.DC_ChargeLoopRes, response_code=ResponseCode.FAILED_ScheduleRenegotiation)
    assert play >> Sent() << Close


@pytest.mark.case("REN-05")
def test_the_second_attempt_may_succeed() -> None:
    play = looping() >> RENEW
    looped(play)
    answered(play, aside(PARAMETERS))
    play >> after(60.0) >> Elapsed(Timer.SCHEDULE_SEQUENCE)
    play.skip()
    assert looped(play).response_code is ResponseCode.WARNING_ScheduleRenegotiationFailed
    assert renegotiated(play).response_code is ResponseCode.OK
    for _ in range(2):
        after_it = looped(play)
        assert (after_it.response_code, notified(after_it)) == (ResponseCode.OK, None)
    assert play.session.failed_renewals == 0


def test_the_end_is_more_urgent_than_a_new_schedule() -> None:
    play = looping() >> RENEW >> StopWanted("operator")
    play.skip()
    answer = looped(play)
    assert notified(answer) is not None
    assert answer.evse_status.evse_notification is EVSENotification.Terminate


def test_a_wish_behind_another_one_is_not_late_before_it_is_said() -> None:
    """The car is first asked to pause: the time for a new schedule begins when it is asked for that."""
    play = looping(ControlMode.DYNAMIC) >> NotificationWanted(EVSENotification.Pause, "operator")
    play.skip() >> RENEW >> after(61.0) >> Tick()
    play.skip() >> NotificationWanted(EVSENotification.ExitStandby, "taken back") >> Tick()
    play.skip()
    assert notified(looped(play, ControlMode.DYNAMIC)) == (EVSENotification.ScheduleRenegotiation, 59)
    assert play.session.failed_renewals == 0


def test_a_failed_renegotiation_does_not_spoil_an_orderly_end() -> None:
    play = looping() >> RENEW
    for _ in range(2):
        looped(play)
        play >> after(61.0) >> Tick()
        play.skip()
    assert play.session.failed_renewals == 2
    play >> StopWanted("operator")
    play.skip()
    assert looped(play).response_code is not ResponseCode.FAILED_ScheduleRenegotiation
    assert play.session.phase is Phase.CHARGE_LOOP


def test_a_schedule_of_alternating_current_is_negotiated_anew_alike() -> None:
    play = looping(service=ServiceID.AC)
    play >> Received(request(ac.AC_ChargeParameterDiscoveryReq, service=ServiceID.AC), 0x8101)
    assert play.sent().response_code is ResponseCode.OK
    play >> Sent(Stream.SCHEDULE)
    assert play.session.renegotiated_in == ("CommonMessages", "AC")
    offer = answered(play, aside(EXCHANGE))
    new = profile(1e3, tuple_id=offer.control_mode.schedule_tuple[0].schedule_tuple_id)
    assert answered(play, aside(DELIVERY, **ANEW, ev_power_profile=new)).response_code is ResponseCode.OK
    play >> request(ac.AC_ChargeLoopReq, service=ServiceID.AC)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.chosen.id == 2


def test_alternating_current_takes_no_parameters_of_direct_current() -> None:
    play = looping(service=ServiceID.AC) >> aside(PARAMETERS)
    play.skip()
    assert (play.session.phase, "FAILED_SequenceError" in play.session.closing) == (Phase.ENDED, True)


# The meter.


def confirmation(reading: MeterInfo, mode: ControlMode = ControlMode.SCHEDULED, **changes: Any) -> Received:
    element = Dynamic_SMDTControlMode() if mode is ControlMode.DYNAMIC else Scheduled_SMDTControlMode(selected_schedule_tuple_id=1)
    said_: dict[str, Any] = {"id": "meter", "session_id": SESSION_ID, "meter_info": reading, "control_mode": element}
    return Received(request(MeteringConfirmationReq, signed_metering_data=SignedMeteringData(**said_ | changes)), 0x8102)


@MODES
@pytest.mark.case("NOT-08")
def test_a_reading_is_told_and_confirmed_once(mode: ControlMode) -> None:
    """[V2G20-1083]: the reading stands in the response that asks. The positive control of the refusals below."""
    play = looping(mode) >> CONFIRM
    asked = looped(play, mode)
    assert asked.evse_status.evse_notification is EVSENotification.MeteringConfirmation
    assert asked.meter_info.charged_energy_reading_wh == 0
    assert notified(looped(play, mode)) is None
    answer = answered(play, confirmation(asked.meter_info, mode))
    assert (type(answer), answer.response_code) == (MeteringConfirmationRes, ResponseCode.OK)
    assert looped(play, mode).response_code is ResponseCode.OK


def test_nobody_confirms_before_the_first_pair() -> None:
    """[V2G20-1622]."""
    play = charger_at(Phase.CHARGE_LOOP) >> CONFIRM
    assert notified(looped(play)) is None
    asked = looped(play)
    assert asked.evse_status.evse_notification is EVSENotification.MeteringConfirmation


@pytest.mark.case("NOT-08")
@pytest.mark.parametrize(
    "changes",
    [
        {"meter_info": MeterInfo(meter_id="METER1", charged_energy_reading_wh=1)},
        {"meter_info": MeterInfo(meter_id="METER2", charged_energy_reading_wh=0)},
        {"session_id": bytes(range(8))},
        {"control_mode": Dynamic_SMDTControlMode()},
        {"control_mode": Scheduled_SMDTControlMode(selected_schedule_tuple_id=2)},
    ],
    ids=["reading", "meter", "session", "mode", "schedule"],
)
def test_an_altered_reading_is_refused(changes: dict[str, Any]) -> None:
    play = looping() >> CONFIRM
    asked = looped(play)
    play >> confirmation(asked.meter_info, **changes)
    play << applied(contactor=False)
    play << said(MeteringConfirmationRes, response_code=ResponseCode.FAILED_MeteringSignatureNotValid)
    assert play >> Sent(Stream.METERING) << Close


def test_a_reading_that_nobody_asked_to_confirm_is_refused() -> None:
    play = looping() >> confirmation(MeterInfo(meter_id="METER1", charged_energy_reading_wh=0))
    play << applied(contactor=False) << said(MeteringConfirmationRes, response_code=ResponseCode.FAILED_SequenceError)


def test_a_confirmation_that_does_not_come_is_told() -> None:
    play = looping() >> CONFIRM
    play >> after(0.25) >> request(LOOP)
    assert Arm(Timer.METERING_SEQUENCE, 60.0) in play.commands
    play.skip() >> Sent() >> after(60.0) >> Elapsed(Timer.METERING_SEQUENCE)
    assert play.commands == (Note("the car has not confirmed the meter reading in time [V2G20-1621]"),)
    assert looped(play).response_code is ResponseCode.OK


@pytest.mark.case("BPT-08")
def test_the_reading_to_be_confirmed_counts_both_directions() -> None:
    play = looping() >> given(charged=7400.0, discharged=3025.0) >> CONFIRM
    reading = looped(play).meter_info
    assert (reading.charged_energy_reading_wh, reading.bpt_discharged_energy_reading_wh) == (400, 25)
    assert reading.meter_timestamp == play.snapshot.clock


def test_the_contactor_of_alternating_current_stays_closed_over_a_renegotiation() -> None:
    play, service = looping(service=ServiceID.AC), ServiceID.AC
    before = play.session.setpoint
    answered(play, aside(ac.AC_ChargeParameterDiscoveryReq, service=service))
    offer = answered(play, aside(EXCHANGE, service=service)).control_mode.schedule_tuple
    answered(play, aside(DELIVERY, service=service, ev_power_profile=profile(5e3, tuple_id=offer[0].schedule_tuple_id), **ANEW))
    assert play >> request(ac.AC_ChargeLoopReq, service=service) << before << said(ac.AC_ChargeLoopRes)
    assert before.contactor


def test_a_meter_never_read_is_not_told_and_not_to_be_confirmed() -> None:
    never = float("-inf")
    blind = snapshot()
    blind = replace(blind, reading=replace(blind.reading, charged=Measured(0.0, never), discharged=Measured(0.0, never)))
    play = charger_at(Phase.CHARGE_LOOP, reading=blind.reading)
    play >> request(LOOP, meter_info_requested=True)
    assert play.sent().meter_info is None
    play >> Sent() >> CONFIRM
    answer = looped(play, meter_info_requested=True)
    assert (answer.meter_info, answer.evse_status) == (None, None)


@pytest.mark.parametrize("wish", [CONFIRM, NotificationWanted(EVSENotification.ServiceRenegotiation, "another service")])
def test_what_belongs_to_the_loop_is_not_said_with_a_power_delivery(wish: NotificationWanted) -> None:
    """[V2G20-1083] [V2G20-1641]: the answer to a PowerDeliveryReq beside the loop has no reading, and asks for no other service."""
    play = looping(config=secc.Config(service_renegotiation=True))
    assert answered(play, aside(PARAMETERS)).response_code is ResponseCode.OK
    offer = answered(play, aside(EXCHANGE)).control_mode.schedule_tuple[0]
    play >> wish
    anchor = offer.charging_schedule.power_schedule.time_anchor
    new = profile(1e3, tuple_id=offer.schedule_tuple_id, anchor=anchor)
    assert answered(play, aside(DELIVERY, **ANEW, ev_power_profile=new)).evse_status is None
    assert looped(play).evse_status.evse_notification is wish.notification
