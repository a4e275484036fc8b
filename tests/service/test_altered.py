from __future__ import annotations

import pytest

from iso15118.errors import CodecError, LocalError
from iso15118.exi import Message
from iso15118.exi.check import check
from iso15118.messages.catalogue import PAYLOADS, SCHEMAS, schema_for
from iso15118.messages.v20.common import Header
from iso15118.messages.v20.dc import DC_PreChargeReq
from iso15118.messages.v20.rational import rational
from iso15118.messages.v20.session import SessionSetupReq
from iso15118.service.altered import changed, framed, garbled, headed, minimal, named, other_length, other_session, said
from iso15118.sim.misbehaviour import Framed, Garbled, Ident
from iso15118.wire.v2gtp import Receiver, frame_bytes

HEADER = Header(session_id=bytes.fromhex("0102030405060708"), time_stamp=1)
SETUP = SessionSetupReq(header=HEADER, evcc_id="WMI")
NAMES = sorted({name for each in set(PAYLOADS.values()) for name in SCHEMAS[each].roots if name.endswith(("Req", "Res"))})


@pytest.mark.parametrize("name", NAMES)
def test_there_is_a_smallest_message_of_every_class(name: str) -> None:
    message: Message = minimal(named(name))
    check(message)
    assert type(message).__name__ == name


def test_a_message_that_nobody_says() -> None:
    with pytest.raises(LocalError, match="no message 'DC_ChargeLopReq'"):
        named("DC_ChargeLopReq")


@pytest.mark.parametrize("say", ["SessionStopReq", '{"SessionStopReq": {"ChargingSession": "Terminate"}}'])
def test_a_message_by_its_name_or_its_json_has_the_header_of_the_one_it_replaces(say: str) -> None:
    message = said(say, HEADER)
    assert type(message).__name__ == "SessionStopReq"
    assert getattr(message, "header") == HEADER  # noqa: B009 - a field of this class only


@pytest.mark.parametrize("say", ["{", '{"SessionStopReq": 1}', '{"SessionStopReq": {"ChargingSession": "No"}}', '{"A": {}, "B": {}}'])
def test_what_is_no_message_is_said_in_a_line(say: str) -> None:
    with pytest.raises(LocalError, match="no message"):
        said(say, HEADER)


def test_values_are_changed_by_name_or_path() -> None:
    message = minimal(DC_PreChargeReq)
    assert changed(message, {"EVTargetVoltage": 400}) == message.but(ev_target_voltage=rational(400))
    assert changed(message, {"Header.TimeStamp": 7}).header.time_stamp == 7  # type: ignore[attr-defined]
    with pytest.raises(LocalError, match="no element EVTargetCurrent"):
        changed(message, {"EVTargetCurrent": 1})
    with pytest.raises(CodecError, match="EVProcessing"):
        changed(message, {"EVProcessing": "Perhaps"})


def test_an_element_of_the_message_itself_that_was_left_out() -> None:
    stop = said("SessionStopReq", HEADER)
    assert changed(stop, {"EVTerminationCode": "Tired"}) == stop.but(ev_termination_code="Tired")


def test_an_optional_element_comes_by_its_path_and_goes() -> None:
    schedule = said('{"ScheduleExchangeReq": {"MaximumSupportingPoints": 12, "Scheduled_SEReqControlMode": {}}}', HEADER)
    with_it = changed(schedule, {"Scheduled_SEReqControlMode.DepartureTime": 60})
    assert with_it != schedule
    assert changed(schedule, {"Scheduled_SEReqControlMode.EVTargetEnergyRequest": 60}) not in (schedule, with_it)
    assert changed(with_it, {"DepartureTime": None}) == schedule


@pytest.mark.parametrize(("how", "octets"), [(Ident.BIT, "0102030405060709"), (Ident.ZERO, "00" * 8)])
def test_another_session_of_the_right_length(how: Ident, octets: str) -> None:
    assert other_session(SETUP, how).header.session_id.hex() == octets  # type: ignore[attr-defined]


@pytest.mark.parametrize(("how", "length"), [(Ident.SHORT, 7), (Ident.LONG, 9)])
def test_a_session_of_a_wrong_length_is_read_as_that(how: Ident, length: int) -> None:
    schema = schema_for(0x8002)
    body = other_length(schema.encode(SETUP), HEADER.session_id, how)
    with pytest.raises(CodecError, match=f"SessionID.*{length} octets are not within 8..8"):
        schema.decode(body)


def test_octets_are_garbled() -> None:
    body = bytes(range(4))
    assert garbled(body, Garbled(at="SessionStopReq", octets=b"x")) == b"x"
    assert garbled(body, Garbled(at="SessionStopReq", keep=2)) == b"\x00\x01"
    assert garbled(body, Garbled(at="SessionStopReq", flip=(0, 31, 32))) == b"\x80\x01\x02\x02"


def test_frames_keep_a_right_length_unless_told() -> None:
    frame = frame_bytes(0x8002, b"abc")
    assert framed(frame, b"longer") == frame_bytes(0x8002, b"longer")
    assert headed(frame, Framed(at="SessionStopReq", payload_type=0x8050)) == frame_bytes(0x8050, b"abc")
    with pytest.raises(CodecError, match="65537 octets announced"):
        Receiver().feed(headed(frame, Framed(at="SessionStopReq", length=65_537)))
    with pytest.raises(CodecError, match="version 0x02"):
        Receiver().feed(headed(frame, Framed(at="SessionStopReq", version=0x02FD)))
