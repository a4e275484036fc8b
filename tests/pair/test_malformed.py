"""Octets whose grammar is right and whose values no schema allows, in the middle of sessions: refused by the decoder, metal safe."""

from __future__ import annotations

import pytest

from iso15118.errors import CodecError
from iso15118.exi import Message
from iso15118.exi.bits import to_bits, to_bytes
from iso15118.exi.generate import encoder
from iso15118.messages.catalogue import payload_type_of, schema_for
from iso15118.messages.v20.common import Header, ResponseCode
from iso15118.messages.v20.session import ChargingSession, SessionSetupReq, SessionSetupRes, SessionStopReq
from iso15118.sim.misbehaviour import Garbled
from iso15118.testing import car, station, virtual_time

HEADER = Header(session_id=bytes(8), time_stamp=1_780_000_000_000_000)


def whole(message: Message, bits: str) -> bytes:
    """The document whose content is `bits` in place of the message's own."""
    octets = schema_for(payload_type_of(message)).encode(message)
    opening = to_bits(octets)[: to_bits(octets).rindex(encoder(type(message))(message))]
    return to_bytes(opening + bits)


def octets_of(message: Message) -> bytes:
    return whole(message, encoder(type(message))(message))


def unknown_enumeration() -> bytes:
    """ChargingSession has three values in two bits: the fourth."""
    message = SessionStopReq(header=HEADER, charging_session=ChargingSession.Pause)
    first, second, third = (encoder(SessionStopReq)(message.but(charging_session=each)) for each in ChargingSession)
    low = next(i for i, (a, b) in enumerate(zip(first, second, strict=True)) if a != b)
    high = next(i for i, (a, b) in enumerate(zip(first, third, strict=True)) if a != b)
    return whole(message, "".join("1" if i in (low, high) else bit for i, bit in enumerate(first)))


def string_too_long(message: Message, field: str) -> bytes:
    """255 characters are allowed: 256. EXI writes the length, two more than there are, in groups of seven bits."""
    bits = encoder(type(message))(message.but(**{field: "x" * 255}))
    length, longer = "1000000100000010", "1000001000000010"
    assert bits.count(length) == 1
    return whole(message, bits.replace(length, longer).replace(f"{ord('x'):08b}", f"{ord('x'):08b}" * 2, 1))


SETUP = SessionSetupReq(header=HEADER, evcc_id="W")
SET_UP = SessionSetupRes(header=HEADER, response_code=ResponseCode.OK_NewSessionEstablished, evse_id="D")


def test_the_tools_of_this_file_make_valid_messages_too() -> None:
    for message in (SETUP, SET_UP, SessionStopReq(header=HEADER, charging_session=ChargingSession.Pause)):
        assert schema_for(0x8002).decode(octets_of(message)) == message
    valid = SETUP.but(evcc_id="x" * 255)
    assert schema_for(0x8002).decode(octets_of(valid)) == valid


@pytest.mark.case("MAL-04", "SES-04")
@pytest.mark.parametrize(
    ("at", "octets", "words"),
    [
        ("SessionStopReq", unknown_enumeration(), "SessionStopReq at bit"),
        ("SessionSetupReq", string_too_long(SETUP, "evcc_id"), "EVCCID"),
        ("SessionSetupRes", string_too_long(SET_UP, "evse_id"), "EVSEID"),
    ],
    ids=["enumeration", "EVCCID", "EVSEID"],
)
def test_what_no_schema_allows_is_no_message(at: str, octets: bytes, words: str) -> None:
    with pytest.raises(CodecError, match=words):
        schema_for(0x8002).decode(octets)

    @virtual_time
    async def session() -> None:
        misdeed = Garbled(at=at, octets=octets)
        by_charger = at.endswith("Res")
        async with (
            station(misbehaviour=misdeed if by_charger else None) as charger,
            car(charger, loops=2, misbehaviour=None if by_charger else misdeed) as driver,
        ):
            ended = await (driver if by_charger else charger).ended()
            assert ended.why.startswith("not a message")
            assert words in ended.why
            assert await charger.rest()
        async with station() as charger, car(charger, loops=2) as driver:
            assert (await driver.ended()).clean

    session()
