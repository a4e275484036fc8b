"""`wire.sdp.SdpClient`: a car that searches, repeats itself in time, and takes nothing but an honest answer."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.wire.sdp import (
    NOTES,
    SdpClient,
    SdpRequest,
    SdpResponse,
    Security,
    address_octets,
    usable,
)
from iso15118.wire.sdp_wireless import WirelessResponse
from tests.wire.test_sdp import CHARGER, HONEST, RESPONSE, TLS_REQUEST, near_datagrams, responses


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
