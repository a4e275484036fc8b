"""Discovery: the datagrams to the octet, what each side refuses, and both small machines in given time. Case ids in comments.

Ids with a `C-` are the conformance cases of discovery, the others the bad-input table.
"""

from __future__ import annotations

import itertools
import struct
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import CodecError, LocalError, PeerError
from iso15118.wire.sdp import (
    MULTICAST,
    NOTES,
    PORT,
    TRIES,
    WAIT,
    SdpClient,
    SdpRequest,
    SdpResponse,
    SdpThrottle,
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


# --- SdpClient -------------------------------------------------------------------------------------------------------------------------


def searching(now: float = 100.0) -> SdpClient:
    client = SdpClient()
    client.start(now)
    return client


def run_out(client: SdpClient, now: float) -> list[float]:
    """Polls at each deadline until the client stops waiting; the times at which a request was sent."""
    sent = []
    while (deadline := client.next_deadline) is not None:
        now = max(now, deadline)
        if client.poll(now) is not None:
            sent.append(now)
    return sent


def test_nothing_is_sent_before_the_start() -> None:
    client = SdpClient()
    assert client.next_deadline is None
    assert client.poll(1e9) is None
    assert not client.gave_up


def test_the_first_request_is_due_at_once() -> None:
    client = searching(100.0)
    assert client.next_deadline == 100.0
    assert client.poll(100.0) == TLS_REQUEST
    assert client.next_deadline == 100.25
    assert client.poll(100.0) is None
    assert client.poll(100.249) is None
    assert client.poll(100.25) == TLS_REQUEST
    assert client.unanswered == 2


@pytest.mark.case("SDP-09")
def test_a_silent_link_sees_50_requests_and_then_failure() -> None:  # C-09, SDP-09
    client = searching(100.0)
    sent = run_out(client, 100.0)
    assert sent == [100.0 + 0.25 * count for count in range(50)]
    assert client.gave_up
    assert client.next_deadline is None
    assert client.poll(1e9) is None


def test_the_50th_request_is_given_its_wait_too() -> None:
    client = searching(100.0)
    for count in range(50):
        client.poll(100.0 + 0.25 * count)
    assert client.poll(112.499) is None
    assert not client.gave_up
    assert client.received(RESPONSE, 112.499) == HONEST
    assert client.poll(112.5) is None
    assert not client.gave_up


@given(st.lists(st.integers(0, 3000), min_size=60, max_size=120))
def test_requests_keep_their_distance_however_poll_is_called(steps: list[int]) -> None:
    """Steps of 1/1024 s, so that the sums are exact."""
    now, sent = 100.0, []
    client = searching(now)
    for step in steps:
        now += step / 1024
        if client.poll(now) is not None:
            sent.append(now)
    assert len(sent) <= 50
    assert all(later - earlier >= 0.25 for earlier, later in itertools.pairwise(sent))
    assert client.gave_up == (len(sent) == 50 and now >= sent[-1] + 0.25)


@pytest.mark.case("SDP-10")
def test_an_answer_after_three_losses_resets_the_counter() -> None:  # C-10
    client = searching()
    for count in range(3):
        client.poll(100.0 + 0.25 * count)
    assert client.unanswered == 3
    assert client.received(RESPONSE, 100.6) == HONEST
    assert client.unanswered == 0
    assert client.next_deadline is None
    assert client.poll(200.0) is None
    assert not client.gave_up


def test_a_late_answer_to_an_earlier_request_is_taken() -> None:
    client = searching()
    client.poll(100.0)
    client.poll(100.25)
    assert client.received(RESPONSE, 100.26) == HONEST


@pytest.mark.case("SDP-13")
def test_the_second_answer_is_ignored() -> None:  # C-13
    client = searching()
    client.poll(100.0)
    other = SdpResponse(address_octets("fe80::2"), 50000)
    assert client.received(RESPONSE, 100.1) == HONEST
    assert client.received(other.to_datagram(), 100.1) is None
    assert client.notes[-1].reason == "no request is waiting for an answer"


@pytest.mark.case("SDP-11", "SDP-12")
@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        pytest.param(SdpResponse(CHARGER, 1, Security.NONE), "no TLS announced where TLS was asked for [V2G20-1237]", id="SDP-08 C-12"),
        pytest.param(SdpResponse(CHARGER, 0), "port is 0", id="SDP-09 C-11 port"),
        pytest.param(SdpResponse(bytes(16), 1), "address is unspecified", id="SDP-09 C-11 unspecified"),
        pytest.param(SdpResponse(address_octets("ff02::1"), 1), "address ff02::1 is multicast", id="SDP-09 C-11 multicast"),
        pytest.param(SdpResponse(address_octets("2001:db8::1"), 1), "address 2001:db8::1 is not link-local", id="off-link"),
        pytest.param(SdpResponse(address_octets("::1"), 1), "address ::1 is not link-local", id="loopback"),
        pytest.param(SdpRequest(), "V2GTP/PayloadType at bit 16: type 0x9000 is not the response asked for", id="own request"),
        pytest.param(WirelessResponse(CHARGER, 1), "V2GTP/PayloadType at bit 16: type 0x9003 is not the response asked for", id="wireless"),
    ],
)
def test_a_bad_answer_is_ignored_and_an_honest_one_still_wins(datagram: SdpRequest | SdpResponse, reason: str) -> None:
    client = searching()
    client.poll(100.0)
    assert client.received(datagram.to_datagram(), 100.1) is None
    assert [(note.at, note.reason) for note in client.notes] == [(100.1, reason)]
    assert client.unanswered == 1
    assert client.next_deadline == 100.25
    assert client.poll(100.25) == TLS_REQUEST
    assert client.received(RESPONSE, 100.3) == HONEST


def test_bad_answers_do_not_prolong_the_search() -> None:  # SDP-09
    client = searching()
    sent = 0
    for quarter in range(60):
        sent += client.poll(100.0 + 0.25 * quarter) is not None
        client.received(SdpResponse(CHARGER, 0).to_datagram(), 100.1 + 0.25 * quarter)
    assert sent == 50
    assert client.gave_up


def test_a_flood_of_bad_answers_leaves_a_bounded_trace() -> None:
    client = searching()
    client.poll(100.0)
    for number in range(1000):
        client.received(b"\x01" * (number % 8), 100.0 + number)
    assert client.ignored == 1000
    assert len(client.notes) == NOTES == 16
    assert client.notes[-1].at == 1099.0


def test_an_answer_nobody_asked_for_is_ignored() -> None:
    client = SdpClient()
    assert client.received(RESPONSE, 99.0) is None
    client.start(100.0)
    assert client.received(RESPONSE, 100.0) is None
    assert client.poll(100.0) == TLS_REQUEST


def test_an_answer_after_giving_up_is_ignored() -> None:
    client = searching()
    run_out(client, 100.0)
    assert client.received(RESPONSE, 113.0) is None
    assert client.gave_up


@pytest.mark.case("SDP-14")
def test_starting_again_keeps_the_distance() -> None:  # C-14: TCP was refused, discovery goes on
    client = searching()
    client.poll(100.0)
    client.received(RESPONSE, 100.01)
    client.start(100.05)
    assert client.poll(100.2) is None
    assert client.next_deadline == 100.25
    assert client.poll(100.25) == TLS_REQUEST
    assert client.received(RESPONSE, 100.3) == HONEST


def test_starting_again_after_failure_begins_anew() -> None:
    client = searching()
    client.received(b"", 99.0)
    run_out(client, 100.0)
    client.start(200.0)
    assert (client.gave_up, client.unanswered, client.ignored, client.notes) == (False, 0, 0, ())
    assert len(run_out(client, 200.0)) == 50


def test_a_car_of_an_older_edition_may_ask_without_tls() -> None:
    client = SdpClient(SdpRequest(Security.NONE), loopback=True)
    client.start(0.0)
    assert client.poll(0.0) == TLS_REQUEST[:8] + b"\x10\x00"
    plain = SdpResponse(address_octets("::1"), 54000, Security.NONE)
    assert client.received(plain.to_datagram(), 0.1) == plain


@given(st.one_of(st.binary(max_size=40), near_datagrams, st.builds(SdpResponse.to_datagram, responses)))
def test_whatever_arrives_is_a_usable_answer_or_ignored(datagram: bytes) -> None:
    client = searching()
    client.poll(100.0)
    response = client.received(datagram, 100.1)
    if response is None:
        assert client.ignored == 1
        assert client.next_deadline == 100.25
    else:
        usable(response)
        assert response.security is Security.TLS


# --- SdpThrottle -----------------------------------------------------------------------------------------------------------------------


def source(number: int) -> bytes:
    return CHARGER[:8] + number.to_bytes(8, "big")


def test_a_source_that_floods_gets_20_answers_a_second() -> None:  # SDP-07
    throttle = SdpThrottle()
    answered = [count / 10_000 for count in range(30_000) if throttle.allow(source(1), count / 10_000)]
    assert len(answered) == 60
    assert [sum(second <= at < second + 1 for at in answered) for second in range(3)] == [20, 20, 20]


def test_a_flood_from_many_sources_gets_100_answers_a_second() -> None:  # SDP-07
    throttle = SdpThrottle()
    assert sum(throttle.allow(source(count), count / 10_000) for count in range(30_000)) == 300


def test_one_flooding_source_does_not_starve_another() -> None:
    throttle = SdpThrottle()
    for count in range(10_000):
        throttle.allow(source(1), count / 10_000)
        if count % 2500 == 2499:
            assert throttle.allow(source(2), count / 10_000)


def test_when_a_flood_ends_the_next_request_is_answered_within_the_wait() -> None:
    throttle = SdpThrottle()
    for count in range(1000):
        throttle.allow(source(count), 7.0)
    assert not throttle.allow(source(5000), 7.0)
    assert throttle.allow(source(5000), 7.0 + WAIT)


def test_a_car_that_keeps_the_wait_is_always_answered() -> None:
    throttle = SdpThrottle()
    assert all(throttle.allow(source(1), 0.25 * count) for count in range(TRIES))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 7)), max_size=400))
def test_no_second_has_more_answers_than_allowed(requests: list[tuple[int, int]]) -> None:
    """Steps of 1/1024 s, so that the sums are exact."""
    throttle, now, answered = SdpThrottle(per_source=8, total=24), 0.0, []
    for step, who in requests:
        now += step / 1024
        if throttle.allow(source(who), now):
            answered.append((now, who))
        assert len(throttle) <= 6
    for start, _ in answered:
        within = [who for at, who in answered if start <= at < start + 1]
        assert len(within) <= 24
        assert all(count <= 8 for count in Counter(within).values())


def test_a_hundred_thousand_sources_leave_a_bounded_trace() -> None:
    throttle = SdpThrottle()
    for number in range(100_000):
        throttle.allow(source(number), number / 1000)
        assert len(throttle) <= 25
        assert len(throttle._by_source) <= 25
    throttle.allow(source(0), 1e6)
    assert len(throttle) == len(throttle._by_source) == 1


@pytest.mark.parametrize(("per_source", "total"), [(3, 100), (20, 3), (0, 0)])
def test_a_throttle_that_lets_nothing_through_is_our_own_mistake(per_source: int, total: int) -> None:
    with pytest.raises(LocalError):
        SdpThrottle(per_source, total)
