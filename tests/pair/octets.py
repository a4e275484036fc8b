"""Octets whose grammar is right and whose values no schema allows."""

from __future__ import annotations

from iso15118.exi import Message
from iso15118.exi.bits import to_bits, to_bytes
from iso15118.exi.generate import encoder
from iso15118.messages.catalogue import payload_type_of, schema_for
from iso15118.messages.v20.common import Header, ResponseCode
from iso15118.messages.v20.session import ChargingSession, SessionSetupReq, SessionSetupRes, SessionStopReq

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
