"""`session.secc.parking`: checking in to and out of the parking space, on a stream of its own, whatever energy does."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.exi import Message
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopReq
from iso15118.messages.v20.parking import (
    EVCheckInStatus,
    EVCheckOutStatus,
    EVSECheckOutStatus,
    VehicleCheckInReq,
    VehicleCheckInRes,
    VehicleCheckOutReq,
    VehicleCheckOutRes,
)
from iso15118.messages.v20.service import SelectedService, SelectedServiceList, ServiceDetailReq, ServiceSelectionReq
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Stream
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Arm, Close, Disarm, Note, Send
from iso15118.session.events import Elapsed, Received, Sent
from iso15118.session.value_added import Intended, ParkingSpace, internet, parking_status
from tests.session.asked import STAMP, request
from tests.session.playbook import Playbook, after, applied, charger_at, said

CONFIG = secc.Config(value_added=(internet(), parking_status()), parking=ParkingSpace(12, None, -3))
IN, OUT = 1, 2
"""Variants of ParkingStatus."""
OPEN = (
    Phase.CHARGE_PARAMETERS,
    Phase.SCHEDULE_EXCHANGE,
    Phase.CABLE_CHECK,
    Phase.PRE_CHARGE,
    Phase.POWER_DELIVERY,
    Phase.CHARGE_LOOP,
    Phase.WELDING_DETECTION,
    Phase.SESSION_STOP,
)


def parked(phase: Phase = Phase.CHARGE_LOOP, *variants: int, config: secc.Config = CONFIG) -> Playbook:
    """A charger at `phase` whose car has taken these variants of ParkingStatus."""
    pairs = tuple(SelectedService(service_id=66, parameter_set_id=variant) for variant in variants)
    vas = SelectedServiceList(selected_service=pairs) if pairs else None
    return charger_at(phase, config=config, asks={ServiceSelectionReq: {"selected_vas_list": vas}})


def aside(cls: type[Message], payload_type: int = 0x8104, **fields: Any) -> Received:
    return Received(request(cls, **fields), payload_type)


def checked(play: Playbook, cls: type[Message], **fields: Any) -> Any:
    """The answer, written."""
    play >> aside(cls, **fields)
    (send,) = (command for command in play.commands if isinstance(command, Send))
    assert send.payload_type == 0x8104
    assert Disarm(Timer.SEQUENCE) not in play.commands
    play.skip() >> Sent(Stream.PARKING)
    return send.message


def test_a_car_checks_in_step_by_step() -> None:
    play = parked(Phase.CHARGE_PARAMETERS, IN)
    for status in EVCheckInStatus:
        answer = checked(play, VehicleCheckInReq, ev_check_in_status=status)
        assert answer.response_code is ResponseCode.OK
        assert (answer.parking_space, answer.device_location, answer.target_distance) == (12, None, -3)
        assert play.session.check_in is status
        armed = Arm(Timer.PARKING_SEQUENCE, 60.0) in play.commands
        assert armed is (status is not EVCheckInStatus.Completed)
    assert play.session.phase is Phase.CHARGE_PARAMETERS


@pytest.mark.parametrize(
    ("status", "seconds", "expected"),
    [
        (EVCheckOutStatus.CheckOut, 600, EVSECheckOutStatus.Scheduled),
        (EVCheckOutStatus.Processing, 1, EVSECheckOutStatus.Scheduled),
        (EVCheckOutStatus.CheckOut, 0, EVSECheckOutStatus.Completed),
        (EVCheckOutStatus.Processing, -600, EVSECheckOutStatus.Completed),
        (EVCheckOutStatus.Completed, 600, EVSECheckOutStatus.Completed),
    ],
)
def test_a_car_checks_out_when_its_time_has_come(status: EVCheckOutStatus, seconds: int, expected: EVSECheckOutStatus) -> None:
    play = parked(Phase.SESSION_STOP, OUT)
    when = play.snapshot.clock + seconds * 1_000_000
    answer = checked(play, VehicleCheckOutReq, ev_check_out_status=status, check_out_time=when)
    assert (answer.response_code, answer.evse_check_out_status) == (ResponseCode.OK, expected)
    assert play.session.check_out is status


@pytest.mark.parametrize("phase", OPEN)
def test_whatever_energy_does(phase: Phase) -> None:
    play = parked(phase, IN, OUT)
    setpoint, sequence = play.session.setpoint, play.session.sequence
    assert checked(play, VehicleCheckInReq).response_code is ResponseCode.OK
    assert checked(play, VehicleCheckOutReq, check_out_time=STAMP).response_code is ResponseCode.OK
    assert (play.session.phase, play.session.setpoint, play.session.sequence) == (phase, setpoint, sequence)


def test_the_loop_goes_on() -> None:
    play = parked(Phase.CHARGE_LOOP, IN)
    for _ in range(3):
        assert checked(play, VehicleCheckInReq).response_code is ResponseCode.OK
        play >> after(0.25) >> request(DC_ChargeLoopReq)
        assert play.sent().response_code is ResponseCode.OK
        play >> Sent()


def test_a_car_that_does_not_go_on_may_begin_anew() -> None:
    play = parked(Phase.CHARGE_LOOP, IN)
    checked(play, VehicleCheckInReq)
    play >> after(60.0) >> Elapsed(Timer.PARKING_SEQUENCE)
    assert [command.text for command in play.commands if isinstance(command, Note)] == ["the car has not completed checking in or out"]
    assert play.skip().session.check_in is None
    assert play.session.phase is Phase.CHARGE_LOOP
    assert checked(play, VehicleCheckInReq).response_code is ResponseCode.OK


@pytest.mark.parametrize(
    ("variants", "cls", "answer"),
    [
        ((), VehicleCheckInReq, VehicleCheckInRes),
        ((), VehicleCheckOutReq, VehicleCheckOutRes),
        ((OUT,), VehicleCheckInReq, VehicleCheckInRes),
        ((IN,), VehicleCheckOutReq, VehicleCheckOutRes),
    ],
)
def test_what_was_not_taken_is_refused(variants: tuple[int, ...], cls: type[Message], answer: type[Message]) -> None:
    play = parked(Phase.CHARGE_LOOP, *variants) >> aside(cls)
    play << applied(contactor=False) << said(answer, response_code=ResponseCode.FAILED_SequenceError)
    assert play.skip() >> Sent(Stream.PARKING) << Close


@pytest.mark.parametrize("phase", [Phase.AUTHORIZATION, Phase.SERVICE_SELECTION])
def test_before_the_selection_the_stream_is_shut(phase: Phase) -> None:
    play = parked(phase, IN) >> aside(VehicleCheckInReq)
    assert play.sent().response_code is ResponseCode.FAILED_SequenceError


@pytest.mark.parametrize(
    "wrong", [aside(VehicleCheckInReq, 0x8002), aside(VehicleCheckInReq, 0x8102), aside(DC_ChargeLoopReq), aside(ServiceDetailReq)]
)
def test_on_another_stream_it_is_refused(wrong: Received) -> None:
    play = parked(Phase.CHARGE_LOOP, IN) >> wrong
    assert play.sent().response_code is ResponseCode.FAILED_SequenceError
    assert play.session.phase is Phase.ENDED


def test_another_session_s_car_is_not_checked_in() -> None:
    play = parked(Phase.CHARGE_LOOP, IN) >> aside(VehicleCheckInReq, session_id=bytes(range(8)))
    assert play.sent().response_code is ResponseCode.FAILED_UnknownSession


def test_every_way_of_parking_will_do() -> None:
    config = secc.Config(value_added=(parking_status((Intended.CHECK_OUT, Intended.CHECK_IN)),))
    assert checked(parked(Phase.CHARGE_LOOP, 2, config=config), VehicleCheckInReq).response_code is ResponseCode.OK
    assert (
        parked(Phase.CHARGE_LOOP, 1, config=config) >> aside(VehicleCheckInReq)
    ).sent().response_code is ResponseCode.FAILED_SequenceError
