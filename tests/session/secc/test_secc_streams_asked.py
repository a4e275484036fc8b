"""`session.secc.streams`: a charger asks for a new schedule or a confirmation while the charge loop goes on."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.v20 import ac, dc
from iso15118.messages.v20.common import EVSENotification, MeterInfo, ResponseCode
from iso15118.messages.v20.metering import (
    Dynamic_SMDTControlMode,
    MeteringConfirmationReq,
    MeteringConfirmationRes,
    Scheduled_SMDTControlMode,
    SignedMeteringData,
)
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Stream
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Arm, Close, Note
from iso15118.session.events import Elapsed, NotificationWanted, Received, Sent, StopWanted, Tick
from iso15118.session.services import ControlMode, ServiceID
from tests.session.asked import SESSION_ID, profile, request
from tests.session.playbook import after, applied, charger_at, given, said
from tests.session.secc.test_secc_streams import (
    ANEW,
    CONFIRM,
    DELIVERY,
    EXCHANGE,
    LOOP,
    MODES,
    PARAMETERS,
    RENEW,
    answered,
    aside,
    looped,
    looping,
    renegotiated,
)

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
