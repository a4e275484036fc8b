from __future__ import annotations

import pytest

from iso15118.dissect import tls
from iso15118.dissect.capture import Capture, read_capture
from iso15118.dissect.captured import transcribe
from iso15118.dissect.transcript import Transcript
from iso15118.wire import pcapng
from iso15118.wire.pcapng import Place, TcpStream
from iso15118.wire.sdp import SdpRequest, SdpResponse, address_octets
from iso15118.wire.v2gtp import frame_bytes
from tests.vectors import lines

CAR, CHARGER = Place("fe80::1", 50000), Place("fe80::2", 60000)
ASK, ANSWER = (
    frame_bytes(0x8004, bytes.fromhex(next(line["exi"] for line in lines("DC") if line["root"] == name)))
    for name in ("DC_CableCheckReq", "DC_CableCheckRes")
)
DISCOVERY = pcapng.datagram(1.0, CAR._replace(port=40000), Place("ff02::1", 15118), SdpRequest().to_datagram()) + pcapng.datagram(
    1.1,
    CHARGER._replace(port=15118),
    CAR._replace(port=40000),
    SdpResponse(address_octets("fe80::2"), CHARGER.port).to_datagram(),
)


def connection(*said: tuple[bool, bytes], car: Place = CAR, charger: Place = CHARGER, began: float = 2.0) -> bytes:
    stream = TcpStream(car, charger)
    blocks = stream.opening(began)
    for i, (who, octets) in enumerate(said, 1):
        blocks += stream.data(began + i, octets, from_client=who)
    return blocks + stream.closing(began + 90, from_client=True)


def read(*blocks: bytes, keys: str = "") -> Transcript:
    return transcribe(read_capture(pcapng.section() + b"".join(blocks)), keys)


def test_discovery_and_a_connection_in_order_of_time() -> None:
    found = read(connection((True, ASK), (False, ANSWER)), DISCOVERY)
    assert [(each.name, each.from_car, each.time, each.stream) for each in found.said] == [
        ("SDPRequest", True, 1.0, None),
        ("SDPResponse", False, 1.1, None),
        ("DC_CableCheckReq", True, 3.0, 0),
        ("DC_CableCheckRes", False, 4.0, 0),
    ]
    assert (found.unread, found.notes) == (0, ())
    (stream,) = found.streams
    assert (stream.client, stream.server, stream.how) == ("[fe80::1]:50000", "[fe80::2]:60000", "TCP")


def test_mixed_traffic_is_left_out_and_counted() -> None:
    web = connection((True, b"GET / HTTP/1.1"), (False, b"HTTP/1.1 200 OK"), charger=Place("fe80::3", 80))
    secure = connection((True, bytes.fromhex("160301000501000001ff")), car=Place("fe80::1", 50002), charger=Place("fe80::3", 443))
    names = pcapng.datagram(1.5, CAR, Place("fe80::9", 53), b"a question")
    found = read(DISCOVERY, web, secure, names, connection((True, ASK)))
    assert [each.name for each in found.said] == ["SDPRequest", "SDPResponse", "DC_CableCheckReq"]
    assert found.notes == ("2 other TCP connections left out",)
    assert found.unread == 0


def test_ends_with_ipv4_addresses() -> None:
    found = read(connection((True, ASK), car=Place("127.0.0.1", 1), charger=Place("127.0.0.1", 2)))
    assert [each.name for each in found.said] == ["DC_CableCheckReq"]
    assert found.streams[0].client.startswith("[::ffff:")


def test_nothing_of_ours() -> None:
    assert read().notes == ("no V2G traffic found",)
    assert read(pcapng.datagram(1.5, CAR, Place("fe80::9", 53), b"a question")).unread == 0


def test_a_connection_that_stays_closed_is_a_problem() -> None:
    found = read(DISCOVERY, connection((True, bytes.fromhex("160301000501000001ff"))))
    assert found.problems == ("[fe80::1]:50000 -> [fe80::2]:60000 stays closed: the handshake is not there",)
    assert found.unread == 1


def test_what_is_inside_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    hello = bytes.fromhex("160301000501000001ff")
    known: list[tls.Secrets] = []

    def opened(chunks: object, secrets: tls.Secrets) -> tls.Opened:
        known.append(secrets)
        return tls.Opened(tuple(chunk._replace(octets=ASK) for chunk in chunks), "TLS 1.3 X")  # type: ignore[attr-defined]

    monkeypatch.setattr(tls, "opened", opened)
    found = read(pcapng.secrets("A 00 01\n"), connection((True, hello)), keys="B 02 03")
    assert [each.name for each in found.said] == ["DC_CableCheckReq"]
    assert found.streams[0].how == "TLS 1.3 X"
    assert known == [{("A", b"\0"): b"\1", ("B", b"\2"): b"\3"}]


def test_a_capture_that_begins_within_a_connection_asks_the_messages_who_spoke() -> None:
    packets = read_capture(pcapng.section() + connection((True, ASK), (False, ANSWER), (True, ASK))).packets
    found = transcribe(Capture(packets[4:]))  # the answer comes first
    assert [(each.name, each.from_car) for each in found.said] == [("DC_CableCheckRes", False), ("DC_CableCheckReq", True)]
    assert found.streams[0].server == "[fe80::1]:50000"  # the one that was spoken to first, as far as anybody can see
    discovery = read_capture(pcapng.section() + DISCOVERY).packets
    assert transcribe(Capture(discovery + packets[4:])).streams[0].server == "[fe80::2]:60000"


def test_a_lost_packet_costs_its_frames_and_no_more() -> None:
    packets = read_capture(pcapng.section() + connection((True, ASK), (True, ASK), (True, ASK))).packets
    found = transcribe(Capture(packets[:4] + packets[5:]))
    assert [each.name or each.problem for each in found.said] == [
        "DC_CableCheckReq",
        f"{len(ASK)} octets missing",
        "DC_CableCheckReq",
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("1703030010" + "7a" * 16, "encrypted data of the client before its key, at packet 6"),
        ("15030300020228", "the client has refused: alert 40, at packet 6"),
    ],
)
def test_tls_whose_beginning_was_not_seen_stays_closed(said: str, why: str) -> None:
    found = read(DISCOVERY, connection((True, bytes.fromhex(said)), (False, bytes.fromhex(said))))
    assert found.streams[0].how == "TLS"
    assert found.problems == (f"[fe80::1]:50000 -> [fe80::2]:60000 stays closed: {why}",)
    assert read(connection((True, bytes.fromhex(said)))).unread == 0  # nothing tells that it is a car's


def test_a_capture_of_headers_only_is_no_clean_one() -> None:
    packets = read_capture(pcapng.section() + connection((True, ASK), (False, ANSWER))).packets
    found = transcribe(Capture(tuple(packet._replace(octets=packet.octets[:74]) for packet in packets)))
    assert found.problems == ("[fe80::1]:50000 -> [fe80::2]:60000: of what was said there the capture holds nothing",)


def test_a_car_that_calls_from_a_port_like_that_of_a_charger_stays_the_car() -> None:
    car = Place("fe80::1", CHARGER.port)
    found = read(DISCOVERY, connection((True, ASK), car=car, charger=Place("fe80::3", 50000)))
    assert found.streams[0].client == "[fe80::1]:60000"
    assert found.said[-1].from_car


def test_malformed_packets_are_told_of_up_to_a_number() -> None:
    bad = pcapng.packet(1.0, bytes(12) + b"\x86\xdd" + b"\x60")
    found = read(bad * 30, connection((True, ASK)))
    assert len(found.problems) == 21
    assert found.problems[0].startswith("packet 1: ")
    assert found.problems[-1] == "10 more malformed packets"
    assert [each.name for each in found.said] == ["DC_CableCheckReq"]
