"""The octets of the matrix that no schema allows: each differs from a valid message in what it means to, and is refused for that."""

from __future__ import annotations

import pytest

from iso15118.errors import CodecError
from iso15118.messages.catalogue import schema_for
from iso15118.messages.v20.session import ChargingSession, SessionStopReq
from tests.pair.octets import HEADER, SET_UP, SETUP, octets_of, string_too_long, unknown_enumeration


def test_the_octets_of_a_valid_message() -> None:
    for message in (SETUP, SET_UP, SessionStopReq(header=HEADER, charging_session=ChargingSession.Pause)):
        assert schema_for(0x8002).decode(octets_of(message)) == message
    valid = SETUP.but(evcc_id="x" * 255)
    assert schema_for(0x8002).decode(octets_of(valid)) == valid


@pytest.mark.case("MAL-04", "SES-04")
@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (unknown_enumeration(), "SessionStopReq at bit"),
        (string_too_long(SETUP, "evcc_id"), "EVCCID"),
        (string_too_long(SET_UP, "evse_id"), "EVSEID"),
    ],
    ids=["enumeration", "EVCCID", "EVSEID"],
)
def test_what_no_schema_allows_is_no_message(octets: bytes, words: str) -> None:
    with pytest.raises(CodecError, match=words):
        schema_for(0x8002).decode(octets)
