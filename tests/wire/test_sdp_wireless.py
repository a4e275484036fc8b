"""Discovery for wireless charging and automatic connection devices: the longer datagrams, in both widths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import CodecError, PeerError
from iso15118.wire.sdp import SdpClient, SdpRequest, SdpResponse, Security, Transport, decode_request, decode_response
from iso15118.wire.sdp_wireless import (
    COUPLING_MANUAL,
    COUPLING_NOT_APPLICABLE,
    EVID_UNKNOWN,
    Diagnosis,
    Pairing,
    WirelessRequest,
    WirelessResponse,
    answer_wireless,
)

CHARGER = bytes.fromhex("fe80000000000000 0203e7fffe112233")
KINDS = (SdpRequest, WirelessRequest)

REQUEST = bytes.fromhex("01fe9002 0000003e 00 00 0c00 10") + b"WMIV1234567890ABCDEX" + b"DE*ABC*E1".ljust(37, b"\0")
ASKED = WirelessRequest(
    Security.TLS,
    Transport.TCP,
    Pairing.WPT_LF_INFRASTRUCTURE | Pairing.WPT_LF_VEHICLE,
    0x10,
    "WMIV1234567890ABCDEX",
    "DE*ABC*E1",
)
RESPONSE = bytes.fromhex("01fe9003 0000003b") + CHARGER + bytes.fromhex("d431 00 00 01 10") + b"DE*ABC*E1".ljust(37, b"\0")
ANSWERED = WirelessResponse(CHARGER, 54321, Security.TLS, Transport.TCP, Diagnosis.DONE_WITH_EVSEID, 0x10, "DE*ABC*E1")

printable = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
octet = st.integers(0, 255)


def with_length(datagram: bytes, length: int) -> bytes:
    """The datagram with its payload cut or filled up to `length` octets, announced as such."""
    return datagram[:4] + length.to_bytes(4, "big") + datagram[8:].ljust(length, b"\0")[:length]


def test_a_request_to_the_octet() -> None:
    assert len(ASKED.to_payload()) == 62
    assert ASKED.to_datagram() == REQUEST
    assert decode_request(REQUEST, KINDS) == ASKED


def test_a_response_to_the_octet() -> None:
    assert len(ANSWERED.to_payload()) == 59
    assert ANSWERED.to_datagram() == RESPONSE
    assert decode_response(RESPONSE, WirelessResponse) == ANSWERED


def test_a_car_that_knows_nothing_says_so() -> None:
    assert WirelessRequest().to_payload() == bytes.fromhex("0000 0000 ff") + b"ZZ00000".ljust(20, b"\0") + bytes(37)
    assert (EVID_UNKNOWN, COUPLING_NOT_APPLICABLE, COUPLING_MANUAL) == ("ZZ00000", 0xFF, 0x40)


def test_the_shorter_evseid_is_read_too() -> None:
    assert decode_request(with_length(REQUEST, 61), KINDS) == ASKED
    assert decode_response(with_length(RESPONSE, 58), WirelessResponse) == ANSWERED


@given(st.builds(WirelessRequest, pairing=st.integers(0, 0xFFFF).map(Pairing), coupling=octet, evid=st.text(printable, max_size=20)))
def test_a_request_survives_the_link(request: WirelessRequest) -> None:
    assert decode_request(request.to_datagram(), KINDS) == request


@given(st.sampled_from(Diagnosis), octet, st.text(printable, max_size=37))
def test_a_response_survives_the_link(diagnosis: Diagnosis, coupling: int, evseid: str) -> None:
    response = WirelessResponse(CHARGER, 1, Security.TLS, Transport.TCP, diagnosis, coupling, evseid)
    assert decode_response(response.to_datagram(), WirelessResponse) == response


def test_a_charger_of_both_kinds_still_reads_the_wired_request() -> None:
    assert decode_request(SdpRequest().to_datagram(), KINDS) == SdpRequest()


@pytest.mark.parametrize(
    ("datagram", "message"),
    [
        pytest.param(with_length(REQUEST, 60), "SDPRequest at bit 480: 60 octets, expected 61 or 62", id="60 octets"),
        pytest.param(with_length(REQUEST, 63), "SDPRequest at bit 496: 63 octets, expected 61 or 62", id="63 octets"),
        pytest.param(with_length(REQUEST, 2), "SDPRequest at bit 16: 2 octets, expected 61 or 62", id="a wired payload"),
        pytest.param(REQUEST[:8] + b"\x01" + REQUEST[9:], "SDPRequest/Security at bit 0: 0x01 is reserved", id="security"),
        pytest.param(REQUEST[:9] + b"\x01" + REQUEST[10:], "SDPRequest/Transport at bit 8: 0x01 is reserved", id="transport"),
        pytest.param(REQUEST[:13] + b"\xff" + REQUEST[14:], "SDPRequest/EVID at bit 40: ", id="EVID beyond ASCII"),
        pytest.param(REQUEST[:13] + b"\x1b" + REQUEST[14:], "SDPRequest/EVID at bit 40: ", id="EVID with an escape"),
        pytest.param(REQUEST[:-1] + b"A", "SDPRequest/EVSEID at bit 200: ", id="EVSEID with a gap"),
        pytest.param(RESPONSE, "V2GTP/PayloadType at bit 16: type 0x9003 is no request", id="a response"),
    ],
)
def test_a_bad_request_is_refused(datagram: bytes, message: str) -> None:
    with pytest.raises(CodecError) as refused:
        decode_request(datagram, KINDS)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("datagram", "message"),
    [
        pytest.param(with_length(RESPONSE, 57), "SDPResponse at bit 456: 57 octets, expected 58 or 59", id="57 octets"),
        pytest.param(with_length(RESPONSE, 60), "SDPResponse at bit 472: 60 octets, expected 58 or 59", id="60 octets"),
        pytest.param(RESPONSE[:28] + b"\x03" + RESPONSE[29:], "SDPResponse/Diagnosis at bit 160: 0x03 is reserved", id="diagnosis"),
        pytest.param(RESPONSE[:26] + b"\x7f" + RESPONSE[27:], "SDPResponse/Security at bit 144: 0x7F is reserved", id="security"),
        pytest.param(RESPONSE[:-1] + b"\x80", "SDPResponse/EVSEID at bit 176: ", id="EVSEID beyond ASCII"),
        pytest.param(SdpResponse(CHARGER, 1).to_datagram(), "V2GTP/PayloadType at bit 16: type 0x9001 is not", id="wired"),
    ],
)
def test_a_bad_response_is_refused(datagram: bytes, message: str) -> None:
    with pytest.raises(CodecError) as refused:
        decode_response(datagram, WirelessResponse)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("evid", ["V" * 21, "VÖ", "V\0", "V\n"])
def test_an_id_that_cannot_be_sent(evid: str) -> None:
    with pytest.raises(CodecError, match="SDPRequest/EVID"):
        WirelessRequest(evid=evid).to_datagram()


@pytest.mark.parametrize("coupling", [-1, 256])
def test_a_coupling_type_that_is_no_octet_is_not_sent(coupling: int) -> None:
    with pytest.raises(CodecError, match="SDPRequest"):
        WirelessRequest(coupling=coupling).to_datagram()
    with pytest.raises(CodecError, match="SDPResponse"):
        WirelessResponse(CHARGER, 1, coupling=coupling).to_datagram()


@pytest.mark.case("SDP-15")
def test_the_answer_mirrors_the_coupling_type() -> None:  # case 28
    response = answer_wireless(ASKED, address=CHARGER, port=54321, diagnosis=Diagnosis.DONE_WITH_EVSEID, evseid="DE*ABC*E1")
    assert response.to_datagram() == RESPONSE


def test_no_answer_to_a_request_for_udp() -> None:
    request = WirelessRequest(transport=Transport.UDP)
    with pytest.raises(PeerError, match="UDP"):
        answer_wireless(request, address=CHARGER, port=54321, diagnosis=Diagnosis.ONGOING)


def test_a_request_for_no_tls_is_answered_with_tls() -> None:
    response = answer_wireless(WirelessRequest(Security.NONE), address=CHARGER, port=54321, diagnosis=Diagnosis.ONGOING)
    assert response.security is Security.TLS


def test_a_car_that_asked_wireless_takes_a_wireless_answer_only() -> None:
    client = SdpClient(ASKED)
    client.start(0.0)
    assert client.poll(0.0) == REQUEST
    assert client.received(SdpResponse(CHARGER, 54321).to_datagram(), 0.1) is None
    assert client.received(RESPONSE, 0.2) == ANSWERED
