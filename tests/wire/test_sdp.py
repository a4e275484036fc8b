"""Discovery: the datagrams to the octet, what each side refuses, and both small machines in given time. Case ids in comments.

Ids with a `C-` are the conformance cases of discovery, the others the bad-input table.
"""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import CodecError, LocalError, PeerError
from iso15118.wire.sdp import (
    MULTICAST,
    PORT,
    TRIES,
    WAIT,
    SdpRequest,
    SdpResponse,
    Security,
    Transport,
    address_octets,
    address_text,
    answer,
    decode_request,
    decode_response,
    on_link,
    usable,
)
from iso15118.wire.sdp_wireless import WirelessRequest, WirelessResponse

TLS_REQUEST = bytes.fromhex("01fe9000 00000002 0000")
CHARGER = bytes.fromhex("fe80000000000000 0203e7fffe112233")
RESPONSE = bytes.fromhex("01fe9001 00000014 fe80000000000000 0203e7fffe112233 d431 00 00")
HONEST = SdpResponse(CHARGER, 54321)

OFF_LINK = [
    pytest.param("::", "unspecified", id="unspecified"),
    pytest.param("ff02::1", "multicast", id="multicast"),
    pytest.param("ff0e::15", "multicast", id="global multicast"),
    pytest.param("2001:db8::1", "not link-local", id="global"),
    pytest.param("fd00::1", "not link-local", id="unique local"),
    pytest.param("::ffff:192.0.2.1", "not link-local", id="v4-mapped"),
    pytest.param("::ffff:169.254.1.1", "not link-local", id="v4-mapped link-local"),
    pytest.param("::1", "not link-local", id="loopback"),
    pytest.param("fec0::1", "not link-local", id="site-local"),
    pytest.param("fe7f::1", "not link-local", id="just below"),
]

addresses = st.binary(min_size=16, max_size=16)
ports = st.integers(0, 0xFFFF)
securities = st.sampled_from(Security)
transports = st.sampled_from(Transport)
requests = st.builds(SdpRequest, securities, transports)
responses = st.builds(SdpResponse, addresses, ports, securities, transports)


def test_the_constants_of_the_protocol() -> None:
    assert (PORT, MULTICAST, WAIT, TRIES) == (15118, "ff02::1", 0.25, 50)
    assert {member.name: member.value for member in Security} == {"TLS": 0x00, "NONE": 0x10}
    assert {member.name: member.value for member in Transport} == {"TCP": 0x00, "UDP": 0x10}


# --- datagrams -------------------------------------------------------------------------------------------------------------------------


def test_a_request_to_the_octet() -> None:
    assert SdpRequest().to_datagram() == TLS_REQUEST
    assert SdpRequest(Security.NONE, Transport.UDP).to_payload() == b"\x10\x10"
    assert SdpRequest(Security.NONE).to_payload() == b"\x10\x00"
    assert decode_request(TLS_REQUEST) == SdpRequest(Security.TLS, Transport.TCP)


def test_a_response_to_the_octet() -> None:
    assert HONEST.to_datagram() == RESPONSE
    assert SdpResponse(CHARGER, 0x0102, Security.NONE, Transport.UDP).to_payload() == CHARGER + b"\x01\x02\x10\x10"
    assert decode_response(RESPONSE) == SdpResponse(CHARGER, 54321, Security.TLS, Transport.TCP)


@given(requests)
def test_a_request_survives_the_link(request: SdpRequest) -> None:
    assert decode_request(request.to_datagram()) == request


@pytest.mark.case("SDP-01")
@given(responses)
def test_a_response_survives_the_link_and_has_28_octets(response: SdpResponse) -> None:
    assert decode_response(response.to_datagram()) == response
    assert len(response.to_datagram()) == 28


BAD_REQUESTS = [
    pytest.param("01fe9000 ffffffff 0000", "V2GTP/PayloadLength at bit 32: 4294967295 octets announced", id="SDP-01"),
    pytest.param("0101 9000 00000002 0000", "V2GTP/Version at bit 0", id="SDP-02"),
    pytest.param("02fd9000 00000002 0000", "V2GTP/Version at bit 0", id="V2G-02"),
    pytest.param("01fe9000 00000001 0000", "V2GTP/PayloadLength at bit 32: 1 octets announced", id="V2G-04 smaller"),
    pytest.param("01fe9000 00000003 0000", "V2GTP/PayloadLength at bit 32: 3 octets announced", id="V2G-04 larger"),
    pytest.param("01", "V2GTP at bit 8: datagram of 1 octets", id="SDP-05 1 octet"),
    pytest.param("01fe9000000000", "V2GTP at bit 56: datagram of 7 octets", id="SDP-05 7 octets"),
    pytest.param("01fe9000 00000001 00", "SDPRequest at bit 8: 1 octets, expected 2", id="SDP-05 9 octets C-05 1"),
    pytest.param("01fe9000 00000003 000000", "SDPRequest at bit 16: 3 octets, expected 2", id="C-05 3"),
    pytest.param("01fe9000 0000ffdb" + "00" * 65_499, "SDPRequest at bit 16: 65499 octets, expected 2", id="SDP-05 65507 octets"),
    pytest.param("01fe9000 00000000", "SDPRequest at bit 0: 0 octets, expected 2", id="no payload"),
    pytest.param("01fe9000 00000002 0100", "SDPRequest/Security at bit 0: 0x01 is reserved", id="C-03"),
    pytest.param("01fe9000 00000002 0001", "SDPRequest/Transport at bit 8: 0x01 is reserved", id="reserved transport"),
    pytest.param(RESPONSE.hex(), "V2GTP/PayloadType at bit 16: type 0x9001 is no request served here", id="SDP-10 V2G-05"),
    pytest.param("01fe9001 00000002 0000", "V2GTP/PayloadType at bit 16: type 0x9001 is no request", id="request as response"),
    pytest.param("01fe8001 00000002 0000", "V2GTP/PayloadType at bit 16: type 0x8001 is no request", id="EXI type"),
    pytest.param(
        WirelessRequest().to_datagram().hex(), "V2GTP/PayloadType at bit 16: type 0x9002 is no request", id="wireless, not served"
    ),
]


@pytest.mark.case("V2G-02", "V2G-03", "V2G-04", "V2G-05", "SDP-03", "SDP-05")
@pytest.mark.parametrize(("datagram", "message"), BAD_REQUESTS)
def test_a_datagram_that_is_no_request_is_refused(datagram: str, message: str) -> None:
    with pytest.raises(CodecError) as refused:
        decode_request(bytes.fromhex(datagram))
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("datagram", "message"),
    [
        pytest.param(TLS_REQUEST, "V2GTP/PayloadType at bit 16: type 0x9000 is not the response asked for", id="own request"),
        pytest.param(RESPONSE[:-1], "V2GTP/PayloadLength at bit 32: 20 octets announced, 19", id="cut"),
        pytest.param(RESPONSE + b"\0", "V2GTP/PayloadLength at bit 32: 20 octets announced, 21", id="longer"),
        pytest.param(b"\x01\xfe\x90\x01\0\0\0\x13" + RESPONSE[8:-1], "SDPResponse at bit 152: 19 octets, expected 20", id="19 octets"),
        pytest.param(
            b"\x01\xfe\x90\x01\0\0\0\x15" + RESPONSE[8:] + b"\0", "SDPResponse at bit 160: 21 octets, expected 20", id="21 octets"
        ),
        pytest.param(RESPONSE[:-2] + b"\x01\0", "SDPResponse/Security at bit 144: 0x01 is reserved", id="reserved security"),
        pytest.param(RESPONSE[:-1] + b"\x06", "SDPResponse/Transport at bit 152: 0x06 is reserved", id="reserved transport"),
        pytest.param(
            WirelessResponse(CHARGER, 1).to_datagram(), "V2GTP/PayloadType at bit 16: type 0x9003 is not", id="wireless, not asked"
        ),
    ],
)
def test_a_datagram_that_is_no_response_is_refused(datagram: bytes, message: str) -> None:
    with pytest.raises(CodecError) as refused:
        decode_response(datagram)
    assert str(refused.value).startswith(message)


@given(st.sampled_from([0x00, 0x10, 0x01, 0x0F, 0x11, 0x20, 0xFF]), st.sampled_from([0x00, 0x10, 0x01, 0x0F, 0x11, 0x20, 0xFF]))
def test_only_stated_values_are_taken(security: int, transport: int) -> None:
    stated = security in (0x00, 0x10) and transport in (0x00, 0x10)
    try:
        request = decode_request(TLS_REQUEST[:8] + bytes([security, transport]))
    except CodecError:
        assert not stated
    else:
        assert stated
        assert (request.security, request.transport) == (security, transport)


near_datagrams = st.builds(
    lambda payload_type, body: b"\x01\xfe" + struct.pack(">HI", payload_type, len(body)) + body,
    st.sampled_from([0x9000, 0x9001, 0x9002, 0x9003]),
    st.one_of(*[st.binary(min_size=size, max_size=size) for size in (1, 2, 3, 19, 20, 21, 58, 59, 61, 62)]),
)


@given(st.one_of(st.binary(max_size=80), near_datagrams))
def test_any_octets_are_a_datagram_or_a_codec_error(data: bytes) -> None:
    """What is accepted says the same when it is sent again."""
    for request_kind in (SdpRequest, WirelessRequest):
        try:
            request = decode_request(data, (request_kind,))
        except CodecError:
            continue
        assert decode_request(request.to_datagram(), (request_kind,)) == request
    for response_kind in (SdpResponse, WirelessResponse):
        try:
            response = decode_response(data, response_kind)
        except CodecError:
            continue
        assert decode_response(response.to_datagram(), response_kind) == response


@pytest.mark.parametrize("address", [b"", CHARGER[:15], CHARGER + b"\0"])
def test_an_address_of_another_width_is_not_sent(address: bytes) -> None:
    with pytest.raises(CodecError, match="expected 16"):
        SdpResponse(address, 1).to_datagram()


@pytest.mark.parametrize("port", [-1, 0x10000])
def test_a_port_that_does_not_fit_is_not_sent(port: int) -> None:
    with pytest.raises(CodecError, match="SDPResponse"):
        SdpResponse(CHARGER, port).to_datagram()


def test_addresses_as_text() -> None:
    assert HONEST.text == "fe80::203:e7ff:fe11:2233"
    assert address_text(bytes(15) + b"\x01") == "::1"
    assert address_octets("fe80::203:e7ff:fe11:2233%eth1") == CHARGER
    assert address_octets("::") == bytes(16)


@given(addresses)
def test_address_text_and_octets_are_opposites(address: bytes) -> None:
    assert address_octets(address_text(address)) == address


@pytest.mark.parametrize("text", ["", "192.0.2.1", "fe80::1::2", "charger.local"])
def test_text_that_is_no_address(text: str) -> None:
    with pytest.raises(LocalError):
        address_octets(text)


# --- the charger's side ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "reason"), OFF_LINK)
def test_a_sender_off_the_link_is_refused(address: str, reason: str) -> None:  # SDP-06
    with pytest.raises(PeerError, match=reason):
        on_link(address_octets(address))


@pytest.mark.parametrize("address", ["fe80::1", "febf:ffff::1", "fe80::203:e7ff:fe11:2233"])
def test_a_sender_on_the_link_passes(address: str) -> None:
    on_link(address_octets(address))


@pytest.mark.case("SDP-08")
def test_a_sender_on_another_interface_is_refused() -> None:  # SDP-06, C-08
    on_link(CHARGER, scope=3, own_scope=3)
    on_link(CHARGER, scope=0, own_scope=3)
    on_link(CHARGER, scope=3, own_scope=0)
    with pytest.raises(PeerError, match="belongs to interface 2, not to 3"):
        on_link(CHARGER, scope=2, own_scope=3)


def test_loopback_is_on_the_link_only_when_asked_for() -> None:
    on_link(address_octets("::1"), loopback=True)
    with pytest.raises(PeerError, match="not link-local"):
        on_link(address_octets("::2"), loopback=True)
    with pytest.raises(PeerError, match="unspecified"):
        on_link(bytes(16), loopback=True)


@pytest.mark.parametrize("octets", [b"", b"\xfe\x80", bytes(4), CHARGER + b"\0"])
def test_octets_that_are_no_address_are_refused(octets: bytes) -> None:
    with pytest.raises(PeerError, match="no IPv6 address"):
        on_link(octets, loopback=True)


def test_a_request_for_tls_gets_the_tls_port() -> None:  # C-01
    response = answer(decode_request(TLS_REQUEST), address=CHARGER, port=54321)
    assert response.to_datagram() == RESPONSE
    usable(response)
    assert answer(SdpRequest(), address=CHARGER, port=54321, plain_port=54000) == response


@pytest.mark.case("SDP-02")
def test_a_request_for_no_tls_never_gets_a_plain_port_of_a_20_only_charger() -> None:  # SDP-03, C-02
    assert answer(SdpRequest(Security.NONE), address=CHARGER, port=54321) == SdpResponse(CHARGER, 54321, Security.TLS)


def test_a_request_for_no_tls_gets_the_plain_port_where_there_is_one() -> None:
    assert answer(SdpRequest(Security.NONE), address=CHARGER, port=1, plain_port=2) == SdpResponse(CHARGER, 2, Security.NONE)


@pytest.mark.case("SDP-04")
@pytest.mark.parametrize("security", list(Security))
def test_a_request_for_udp_gets_no_answer(security: Security) -> None:  # SDP-04, C-04
    request = decode_request(TLS_REQUEST[:8] + bytes([security, 0x10]))
    with pytest.raises(PeerError, match="UDP"):
        answer(request, address=CHARGER, port=1, plain_port=2)


# --- the car's side --------------------------------------------------------------------------------------------------------------------


def test_an_honest_answer_is_usable() -> None:
    usable(HONEST)


@pytest.mark.parametrize(("address", "reason"), OFF_LINK)
def test_an_announced_address_off_the_link_is_refused(address: str, reason: str) -> None:  # SDP-09, C-11
    with pytest.raises(PeerError, match=reason):
        usable(SdpResponse(address_octets(address), 54321))


def test_port_0_is_refused() -> None:  # SDP-09, C-11
    with pytest.raises(PeerError, match="port is 0"):
        usable(SdpResponse(CHARGER, 0))


def test_an_answer_without_tls_is_refused_where_tls_was_asked_for() -> None:  # SDP-08, C-12
    with pytest.raises(PeerError, match="no TLS") as refused:
        usable(SdpResponse(CHARGER, 54321, Security.NONE))
    assert refused.value.requirement == "V2G20-1237"


def test_a_car_that_asked_for_no_tls_takes_either() -> None:
    for security in Security:
        usable(SdpResponse(CHARGER, 54321, security), asked=Security.NONE)


def test_an_answer_over_udp_is_refused() -> None:
    with pytest.raises(PeerError, match="UDP"):
        usable(SdpResponse(CHARGER, 54321, Security.TLS, Transport.UDP))


def test_loopback_is_usable_only_when_asked_for() -> None:
    usable(SdpResponse(address_octets("::1"), 54321), loopback=True)
    with pytest.raises(PeerError, match="not link-local"):
        usable(SdpResponse(address_octets("::1"), 54321))
