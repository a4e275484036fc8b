"""Framing: the octets of a header, any cut of a stream, and every header that must be refused. Case ids in comments."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iso15118.errors import CodecError, LocalError
from iso15118.wire.v2gtp import (
    EXI_TYPES,
    HEADER,
    LIMIT,
    LIMIT_UNAUTHENTICATED,
    SDP_TYPES,
    Frame,
    PayloadType,
    Receiver,
    frame_bytes,
    parse_datagram,
)

SAP = bytes.fromhex("01fe8001 00000003 8000f3")
"""A frame written down by hand: type 0x8001, three octets."""

stream_types = st.integers(0, 0xFFFF).filter(lambda payload_type: payload_type not in SDP_TYPES)
frames = st.builds(Frame, stream_types, st.binary(max_size=40))


def header(payload_type: int, length: int, version: int = 0x01, inverse: int = 0xFE) -> bytes:
    """Built without the code under test."""
    return bytes([version, inverse]) + payload_type.to_bytes(2, "big") + length.to_bytes(4, "big")


def cut(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The stream in pieces, cut at these offsets (taken modulo its length)."""
    edges = sorted({at % (len(stream) + 1) for at in cuts} | {0, len(stream)})
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


def outcome(pieces: Iterable[bytes], limit: int = LIMIT) -> tuple[list[Frame], str]:
    """All frames, and the text of the error that ended them ("" if none did)."""
    receiver, received = Receiver(limit), []
    try:
        for piece in pieces:
            received += receiver.feed(piece)
        received += receiver.feed(b"")
    except CodecError as broken:
        return received, str(broken)
    return received, ""


# --- writing ---------------------------------------------------------------------------------------------------------------------------


def test_a_frame_is_header_and_payload() -> None:
    assert frame_bytes(PayloadType.SAP, b"\x80\x00\xf3") == SAP
    assert Frame(0x8001, b"\x80\x00\xf3").to_bytes() == SAP


def test_a_length_is_exact_and_big_endian() -> None:  # V2G-12
    assert frame_bytes(0x8004, bytes(0x0102))[:HEADER] == bytes.fromhex("01fe8004 00000102")
    assert frame_bytes(0x8004, bytes(0x010203))[:HEADER] == bytes.fromhex("01fe8004 00010203")
    assert frame_bytes(0x8004, b"") == bytes.fromhex("01fe8004 00000000")


@pytest.mark.parametrize("payload_type", [-1, 0x10000])
def test_a_type_must_fit_its_field(payload_type: int) -> None:
    with pytest.raises(CodecError, match="payload type"):
        Frame(payload_type, b"").to_bytes()


def test_a_body_must_fit_the_length_field() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 2**32

    with pytest.raises(CodecError, match="4294967296 octets"):
        frame_bytes(0x8001, Huge())


def test_payload_types_have_the_standards_values() -> None:
    assert {name: member.value for name, member in PayloadType.__members__.items()} == {
        "SAP": 0x8001,
        "COMMON": 0x8002,
        "AC": 0x8003,
        "DC": 0x8004,
        "ACDP": 0x8005,
        "WPT": 0x8006,
        "AC_DER_IEC": 0x8010,
        "AC_DER_SAE": 0x8011,
        "SCHEDULE_RENEGOTIATION": 0x8101,
        "METERING_CONFIRMATION": 0x8102,
        "ACDP_SYSTEM_STATUS": 0x8103,
        "PARKING_STATUS": 0x8104,
        "SDP_REQUEST": 0x9000,
        "SDP_RESPONSE": 0x9001,
        "SDP_WIRELESS_REQUEST": 0x9002,
        "SDP_WIRELESS_RESPONSE": 0x9003,
    }


def test_exi_types_are_all_but_discovery() -> None:
    assert frozenset({0x9000, 0x9001, 0x9002, 0x9003}) == SDP_TYPES
    assert frozenset({0x8001, 0x8002, 0x8003, 0x8004, 0x8005, 0x8006, 0x8010, 0x8011, 0x8101, 0x8102, 0x8103, 0x8104}) == EXI_TYPES


def test_limits_are_those_of_the_security_profile() -> None:
    assert (LIMIT_UNAUTHENTICATED, LIMIT) == (16384, 65536)
    assert Receiver().limit == LIMIT


# --- a stream in any pieces ------------------------------------------------------------------------------------------------------------


def test_a_whole_frame() -> None:  # V2G-01
    assert Receiver().feed(SAP) == [Frame(PayloadType.SAP, b"\x80\x00\xf3")]


def test_one_octet_at_a_time() -> None:  # TGP-04
    receiver = Receiver()
    assert [receiver.feed(SAP[at : at + 1]) for at in range(len(SAP))] == [[]] * (len(SAP) - 1) + [[Frame(0x8001, b"\x80\x00\xf3")]]


def test_frames_joined_in_one_piece() -> None:
    dc, common = Frame(PayloadType.DC, b"loop"), Frame(PayloadType.COMMON, b"")
    assert Receiver().feed(dc.to_bytes() + common.to_bytes() + SAP[:9]) == [dc, common]


@given(st.lists(frames, max_size=6), st.lists(st.integers(0, 10_000), max_size=30))
def test_any_cut_gives_the_frames_that_were_sent(sent: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(header(frame.payload_type, len(frame.body)) + frame.body for frame in sent)
    assert outcome(cut(stream, cuts)) == (sent, "")


broken_headers = st.one_of(
    st.builds(header, st.sampled_from(sorted(SDP_TYPES)), st.integers(0, 9)),
    st.builds(header, stream_types, st.integers(101, 2**32 - 1)),
    st.builds(header, stream_types, st.integers(0, 9), st.integers(2, 255), st.integers(0, 255)),
)


@given(st.lists(frames, max_size=4), broken_headers, st.binary(max_size=20), st.lists(st.integers(0, 10_000), max_size=30))
def test_any_cut_gives_the_same_frames_and_the_same_error(sent: list[Frame], bad: bytes, rest: bytes, cuts: list[int]) -> None:
    stream = b"".join(frame.to_bytes() for frame in sent) + bad + rest
    received, error = outcome(cut(stream, cuts), limit=100)
    assert received == sent
    assert error
    assert (received, error) == outcome([stream], limit=100)


hostile = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.builds(header, st.integers(0, 0xFFFF), st.integers(0, 12)),
        st.builds(header, st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.integers(0, 2), st.integers(0xFC, 0xFF)),
        st.builds(Frame.to_bytes, frames),
    ),
    max_size=8,
)


@given(hostile)
@example([b"GET / HTTP/1.1\r\n"])
def test_any_octets_give_frames_or_a_codec_error(pieces: list[bytes]) -> None:
    """Judged by a reader of the whole stream that knows nothing of pieces."""
    stream, at, expected, dies = b"".join(pieces), 0, [], False
    while len(stream) - at >= 8:
        length = int.from_bytes(stream[at + 4 : at + 8], "big")
        payload_type = int.from_bytes(stream[at + 2 : at + 4], "big")
        if stream[at : at + 2] != b"\x01\xfe" or length > 64 or payload_type in range(0x9000, 0x9004):
            dies = True
            break
        if len(stream) - at - 8 < length:
            break
        expected.append(Frame(payload_type, stream[at + 8 : at + 8 + length]))
        at += 8 + length

    receiver, received, died = Receiver(limit=64), [], False
    for piece in [*pieces, b""]:
        try:
            received += receiver.feed(piece)
        except CodecError:
            died = True
        assert receiver.pending <= 64 + HEADER
    assert (received, died) == (expected, dies)
    assert (receiver.error is not None) == dies


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_frame_keeps_its_octets_when_the_callers_buffer_changes(body: bytes, other: bytes) -> None:
    buffer = bytearray(frame_bytes(0x8001, body))
    received = Receiver().feed(buffer)  # type: ignore[arg-type, unused-ignore]
    buffer[:] = other
    assert received == [Frame(0x8001, body)]
    assert type(received[0].body) is bytes


# --- what is pending -------------------------------------------------------------------------------------------------------------------


def test_pending_counts_a_started_frame() -> None:  # V2G-10, TGP-05, TGP-06: the shell's deadline runs on this
    receiver = Receiver()
    seen = []
    for octet in SAP:
        receiver.feed(bytes([octet]))
        seen.append(receiver.pending)
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0]
    receiver.feed(SAP + SAP[:5])
    assert receiver.pending == 5


def test_a_header_without_payload_then_silence_delivers_nothing() -> None:
    receiver = Receiver()
    assert receiver.feed(SAP[:HEADER]) == []
    assert receiver.feed(b"") == []
    assert receiver.pending == HEADER


# --- headers that are refused ----------------------------------------------------------------------------------------------------------

REFUSED = [
    pytest.param(header(0x8001, 2**32 - 1), "V2GTP/PayloadLength at bit 32: 4294967295 octets announced, 65536 accepted", id="TGP-01"),
    pytest.param(header(0x8001, 65537), "V2GTP/PayloadLength at bit 32: 65537 octets announced, 65536 accepted", id="TGP-02 V2G-11"),
    pytest.param(header(0x9000, 2), "V2GTP/PayloadType at bit 16: SDP_REQUEST on a stream, it belongs in a datagram", id="TGP-08"),
    pytest.param(header(0x9003, 59), "V2GTP/PayloadType at bit 16: SDP_WIRELESS_RESPONSE on a stream", id="TGP-08 wireless"),
    pytest.param(header(0x8001, 3, 2, 0xFD), "V2GTP/Version at bit 0: version 0x02 with inverse 0xFD", id="TGP-09"),
    pytest.param(header(0x8001, 3, 1, 0x01), "V2GTP/Version at bit 0: version 0x01 with inverse 0x01", id="no complement"),
    pytest.param(header(0x8001, 3, 0, 0xFE), "V2GTP/Version at bit 0: version 0x00 with inverse 0xFE", id="inverse alone"),
    pytest.param(header(0x8001, 3, 0xFE, 0x01), "V2GTP/Version at bit 0: version 0xFE with inverse 0x01", id="swapped"),
    pytest.param(b"GET / HT", "V2GTP/Version at bit 0: version 0x47 with inverse 0x45", id="TGP-11 HTTP"),
    pytest.param(bytes.fromhex("16030100f8010000"), "V2GTP/Version at bit 0: version 0x16 with inverse 0x03", id="TGP-11 TLS"),
]


@pytest.mark.parametrize(("octets", "message"), REFUSED)
def test_a_broken_header_is_refused_at_its_eighth_octet(octets: bytes, message: str) -> None:
    receiver = Receiver()
    for at in range(HEADER - 1):
        assert receiver.feed(octets[at : at + 1]) == []
    assert receiver.error is None
    with pytest.raises(CodecError) as refused:
        receiver.feed(octets[7:8])
    assert str(refused.value).startswith(message)
    assert receiver.pending == 0


@pytest.mark.parametrize(("octets", "message"), REFUSED)
def test_a_dead_receiver_raises_the_same_error_for_ever(octets: bytes, message: str) -> None:
    receiver = Receiver()
    for more in (octets, SAP, b"", SAP):
        with pytest.raises(CodecError) as refused:
            receiver.feed(more)
        assert str(refused.value).startswith(message)
        refused.value.inside("Elsewhere")  # what a caller adds to its error does not show in the next
    assert str(receiver.error).startswith(message)


def test_frames_before_a_broken_header_are_delivered_first() -> None:
    receiver = Receiver()
    assert receiver.feed(SAP + SAP + header(0x8001, 3, 2, 0xFD)) == [Frame(0x8001, b"\x80\x00\xf3")] * 2
    assert str(receiver.error) == "V2GTP/Version at bit 176: version 0x02 with inverse 0xFD, expected 0x01 with 0xFE"
    with pytest.raises(CodecError, match="bit 176"):
        receiver.feed(b"")


def test_the_bit_counts_from_the_start_of_the_stream() -> None:
    receiver = Receiver(limit=3)
    receiver.feed(SAP)
    receiver.feed(SAP)
    with pytest.raises(CodecError) as refused:
        receiver.feed(header(0x8001, 4))
    assert refused.value.bit == 2 * 8 * len(SAP) + 32


# --- payloads that framing lets through ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload_type", [0x0000, 0x8007, 0x8050, 0x8105, 0x8FFF, 0x9004, 0x9FFF, 0xA000, 0xFFFF])
def test_an_unknown_type_is_a_frame_and_the_next_one_follows(payload_type: int) -> None:  # TGP-07, V2G-07, V2G-08
    receiver = Receiver()
    assert receiver.feed(header(payload_type, 2) + b"xy" + SAP) == [Frame(payload_type, b"xy"), Frame(0x8001, b"\x80\x00\xf3")]
    assert payload_type not in EXI_TYPES


def test_a_type_is_reported_as_it_was_sent() -> None:  # V2G-06, V2G-13: judged by the session
    assert [frame.payload_type for frame in Receiver().feed(header(0x8002, 0) + header(0x8004, 0))] == [0x8002, 0x8004]


@pytest.mark.parametrize("pieces", [[header(0x8004, 0)], [header(0x8004, 0)[:7], header(0x8004, 0)[7:]]])
def test_an_empty_payload_is_a_frame_at_once(pieces: list[bytes]) -> None:  # V2G-09, TGP-03
    assert outcome(pieces) == ([Frame(PayloadType.DC, b"")], "")


# --- the limit -------------------------------------------------------------------------------------------------------------------------


def test_the_limit_itself_is_accepted() -> None:
    body = bytes(LIMIT)
    assert Receiver().feed(frame_bytes(0x8002, body)) == [Frame(0x8002, body)]


def test_before_authentication_less_is_accepted() -> None:
    receiver = Receiver(LIMIT_UNAUTHENTICATED)
    assert receiver.feed(frame_bytes(0x8001, bytes(16384))) == [Frame(0x8001, bytes(16384))]
    with pytest.raises(CodecError, match="16385 octets announced, 16384 accepted"):
        receiver.feed(header(0x8001, 16385))


def test_the_limit_can_be_raised_on_the_way() -> None:
    receiver = Receiver(limit=2)
    receiver.limit = 3
    assert len(receiver.feed(SAP)) == 1


def test_an_accepted_frame_outlives_a_lowered_limit() -> None:
    receiver = Receiver(limit=3)
    receiver.feed(SAP[:9])
    receiver.limit = 2
    assert len(receiver.feed(SAP[9:])) == 1
    with pytest.raises(CodecError, match="3 octets announced, 2 accepted"):
        receiver.feed(SAP)


@pytest.mark.parametrize("limit", [-1, 2**32])
def test_a_limit_no_length_field_can_say_is_our_own_mistake(limit: int) -> None:
    with pytest.raises(LocalError):
        Receiver(limit)
    receiver = Receiver()
    with pytest.raises(LocalError):
        receiver.limit = limit
    assert receiver.limit == LIMIT


# --- datagrams -------------------------------------------------------------------------------------------------------------------------

DATAGRAM = bytes.fromhex("01fe9000 00000002 0000")


def test_a_datagram_is_one_frame() -> None:
    assert parse_datagram(DATAGRAM) == Frame(PayloadType.SDP_REQUEST, b"\x00\x00")
    assert parse_datagram(header(0x9000, 0)) == Frame(0x9000, b"")


@pytest.mark.parametrize(
    ("datagram", "message"),
    [
        pytest.param(b"", "V2GTP at bit 0: datagram of 0 octets", id="empty"),
        pytest.param(DATAGRAM[:1], "V2GTP at bit 8: datagram of 1 octets", id="SDP-05 1 octet"),
        pytest.param(DATAGRAM[:7], "V2GTP at bit 56: datagram of 7 octets", id="SDP-05 7 octets"),
        pytest.param(DATAGRAM[:9], "V2GTP/PayloadLength at bit 32: 2 octets announced, 1 in the datagram", id="SDP-05 9 octets"),
        pytest.param(
            DATAGRAM + bytes(65_497), "V2GTP/PayloadLength at bit 32: 2 octets announced, 65499 in the datagram", id="SDP-05 65507 octets"
        ),
        pytest.param(header(0x9000, 2**32 - 1) + b"\0\0", "V2GTP/PayloadLength at bit 32: 4294967295 octets announced, 2", id="SDP-01"),
        pytest.param(header(0x9000, 1) + b"\0\0", "V2GTP/PayloadLength at bit 32: 1 octets announced, 2", id="V2G-04 smaller"),
        pytest.param(header(0x9000, 3) + b"\0\0", "V2GTP/PayloadLength at bit 32: 3 octets announced, 2", id="V2G-04 larger"),
        pytest.param(header(0x9000, 2, 2, 0xFD) + b"\0\0", "V2GTP/Version at bit 0: version 0x02 with inverse 0xFD", id="V2G-02"),
        pytest.param(header(0x9000, 2, 1, 1) + b"\0\0", "V2GTP/Version at bit 0: version 0x01 with inverse 0x01", id="V2G-03 SDP-02"),
    ],
)
def test_a_datagram_that_is_not_one_frame_is_refused(datagram: bytes, message: str) -> None:
    with pytest.raises(CodecError) as refused:
        parse_datagram(datagram)
    assert str(refused.value).startswith(message)


@given(st.one_of(st.binary(max_size=40), st.builds(lambda frame, more: frame.to_bytes() + more, frames, st.binary(max_size=2))))
def test_any_datagram_is_the_frame_it_says_or_a_codec_error(data: bytes) -> None:
    exact = len(data) >= 8 and data[:2] == b"\x01\xfe" and int.from_bytes(data[4:8], "big") == len(data) - 8
    try:
        frame = parse_datagram(data)
    except CodecError:
        assert not exact
    else:
        assert exact
        assert frame.to_bytes() == data
