"""`session.secc.streams`: a car negotiates its schedule anew while the charge loop goes on."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Plan, Slot
from iso15118.errors import DeviceFault
from iso15118.exi import Message
from iso15118.messages.v20 import ac, dc, delivery, schedule
from iso15118.messages.v20.common import EVSENotification, Processing, ResponseCode
from iso15118.messages.v20.metering import (
    MeteringConfirmationReq,
)
from iso15118.power import Measured
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Stream
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Apply, Arm, Close, Disarm, Note, Send
from iso15118.session.events import Elapsed, NotificationWanted, Received, Sent, Tick
from iso15118.session.services import ControlMode, ServiceID
from iso15118.value import replace
from tests.session.asked import EPOCH, limits, profile, request
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
