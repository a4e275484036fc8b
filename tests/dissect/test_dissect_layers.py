"""The layers of scapy against `iso15118.wire`: built, dissected, through a capture, and without scapy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw, fuzz
from scapy.sendrecv import sniff
from scapy.sessions import TCPSession
from scapy.utils import rdpcap, wrpcap

from iso15118.dissect.layers import SHOWN, V2GTP, SDPRequest, SDPResponse, V2GMessage, bind_ports, frame_of
from iso15118.errors import CodecError, LocalError
from iso15118.exi import Message
from iso15118.messages.app_protocol import AppProtocol, AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import payload_type_of, schema_for
from iso15118.messages.v20.common import Header
from iso15118.messages.v20.session import SessionSetupReq
from iso15118.wire.sdp import SdpRequest, SdpResponse, Security, Transport, address_octets, decode_request, decode_response
from iso15118.wire.v2gtp import LIMIT, PayloadType, frame_bytes, parse_datagram

CHARGER_PORT = 50_000

DC = AppProtocol(protocol_namespace="urn:iso:std:iso:15118:-20:DC", version_number_major=1, version_number_minor=0, schema_id=1, priority=1)
ASKED = supportedAppProtocolReq(app_protocol=(DC,))
ANSWERED = supportedAppProtocolRes(response_code=AppProtocolResponseCode.OK_SuccessfulNegotiation, schema_id=1)
SET_UP = SessionSetupReq(header=Header(session_id=bytes(8), time_stamp=1_700_000_000), evcc_id="WMIV1234567890ABCDEX")
LINK = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")  # given, else scapy asks the network for them
MESSAGES = [ASKED, ANSWERED, SET_UP]


def wire(message: Message) -> bytes:
    payload_type = payload_type_of(message)
    return frame_bytes(payload_type, schema_for(payload_type).encode(message))


@pytest.fixture(autouse=True)
def _ports() -> None:
    bind_ports(CHARGER_PORT)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_is_built_as_the_wire_has_it_and_read_back(message: Message) -> None:
    octets = bytes(frame_of(message))
    assert octets == wire(message)
    assert V2GTP(octets)[V2GMessage].message() == message
    assert bytes(V2GTP(octets)) == octets


@pytest.mark.parametrize("security", Security)
@pytest.mark.parametrize("transport", Transport)
def test_discovery_is_built_as_the_wire_has_it_and_read_back(security: Security, transport: Transport) -> None:
    request = bytes(V2GTP() / SDPRequest(security=security.name, transport=transport.name))
    assert request == SdpRequest(security, transport).to_datagram()
    read = V2GTP(request)[SDPRequest]
    assert (read.security, read.transport) == (security, transport)
    response = bytes(V2GTP() / SDPResponse(address="fe80::5", port=61_000, security=security, transport=transport))
    assert response == SdpResponse(address_octets("fe80::5"), 61_000, security, transport).to_datagram()
    answer = V2GTP(response)[SDPResponse]
    assert (answer.address, answer.port, answer.security, answer.transport) == ("fe80::5", 61_000, security, transport)


def test_names_are_shown() -> None:
    assert V2GTP(bytes(V2GTP() / SDPRequest(security="NONE"))).summary() == "V2GTP / SDPRequest NONE TCP"
    assert V2GTP(bytes(V2GTP() / SDPResponse(port=7))).summary() == "V2GTP / SDPResponse [fe80::1]:7 TLS TCP"
    assert V2GTP(payload_type=0x8004).summary() == "V2GTP DC"
    assert frame_of(SET_UP).summary() == "V2GTP / V2GMessage SessionSetupReq"
    assert "SessionSetupReq(" in frame_of(SET_UP).show(dump=True)


def test_what_is_no_message_is_told_on_one_line() -> None:
    frame = V2GTP(bytes(V2GTP(payload_type="COMMON") / V2GMessage(octets=b"\xff\x00")))
    with pytest.raises(CodecError) as told:
        frame[V2GMessage].message()
    assert frame.summary() == f"V2GTP / V2GMessage ({told.value})"
    assert f"ff00 ({told.value})" in frame.show(dump=True)


def test_what_is_shown_is_bounded() -> None:
    many = ASKED.but(app_protocol=(DC.but(protocol_namespace="\n" * 100),) * 20)
    (line,) = [line for line in frame_of(many).show(dump=True).splitlines() if "octets" in line]
    assert SHOWN < len(line) < 2 * SHOWN


def test_what_is_given_is_kept() -> None:
    lying = V2GTP(version=2, inverse_version=3, payload_type=0xA000, payload_length=9) / V2GMessage(octets=b"x")
    assert bytes(lying) == bytes.fromhex("0203a00000000009") + b"x"
    assert isinstance(V2GTP(frame_bytes(0xA000, b"x")).payload, Raw)
    assert not V2GTP(frame_bytes(0x8001, b"")).payload


def test_fuzzed_frames_announce_their_length() -> None:
    frame = fuzz(V2GTP(version=1, inverse_version=0xFE, payload_type="COMMON") / V2GMessage())
    built = {bytes(frame) for _ in range(20)}
    assert len(built) > 1
    assert {parse_datagram(octets).payload_type for octets in built} == {PayloadType.COMMON}
    assert len({bytes(fuzz(V2GTP() / SDPRequest())) for _ in range(20)}) > 1


def test_messages_of_older_editions_want_what_was_negotiated() -> None:
    frame = V2GTP(bytes(frame_of(ASKED)))
    with pytest.raises(CodecError):
        frame[V2GMessage].message("urn:iso:15118:2:2013:MsgDef")
    assert V2GMessage(octets=bytes(frame_of(ASKED))[8:]).message() == ASKED  # no frame around it: what a session begins with
    with pytest.raises(LocalError):
        frame_of(DC)


# Through a capture.


def segments(octets: bytes, cuts: list[int], *, from_car: bool = True) -> list[Packet]:
    ports = {"sport": 49_999, "dport": CHARGER_PORT} if from_car else {"sport": CHARGER_PORT, "dport": 49_999}
    ends = [*cuts, len(octets)]
    return [
        LINK / IPv6(src="fe80::1", dst="fe80::2") / TCP(**ports, seq=1 + start, flags="PA") / Raw(octets[start:end])
        for start, end in zip([0, *cuts], ends, strict=True)
    ]


def messages_of(packets: list[Packet]) -> list[Message]:
    found = []
    for packet in packets:
        at = 1
        while layer := packet.getlayer(V2GMessage, nb=at):
            found.append(layer.message())
            at += 1
    return found


@pytest.mark.parametrize("cuts", [[], [20], [8, 9, 30]])
def test_a_capture_gives_the_messages(tmp_path: Path, cuts: list[int]) -> None:
    path = str(tmp_path / "session.pcap")
    octets = wire(ASKED) + wire(SET_UP)
    wrpcap(path, segments(octets, cuts) + segments(wire(ANSWERED), [], from_car=False))
    assert messages_of(list(sniff(offline=path, session=TCPSession))) == [ASKED, SET_UP, ANSWERED]


def test_a_frame_a_segment_needs_no_session(tmp_path: Path) -> None:
    path = str(tmp_path / "session.pcap")
    asked, set_up = wire(ASKED), wire(SET_UP)
    wrpcap(path, segments(asked + set_up, [len(asked)]))
    assert messages_of(list(rdpcap(path))) == [ASKED, SET_UP]


def test_datagrams_of_the_discovery_port(tmp_path: Path) -> None:
    path = str(tmp_path / "discovery.pcap")
    ask = LINK / IPv6(src="fe80::1", dst="ff02::1") / UDP(sport=49_999) / V2GTP() / SDPRequest()
    answer = (
        LINK / IPv6(src="fe80::2", dst="fe80::1") / UDP(sport=15118, dport=49_999) / V2GTP() / SDPResponse(address="fe80::2", port=61_000)
    )
    wrpcap(path, [ask, answer])
    asked, answered = rdpcap(path)
    assert asked[UDP].dport == 15118
    assert decode_request(bytes(asked[V2GTP])) == SdpRequest()
    assert decode_response(bytes(answered[V2GTP])).text == "fe80::2"
    assert SDPRequest in asked
    assert SDPResponse in answered


def test_a_frame_longer_than_any_is_not_waited_for() -> None:
    header = bytes.fromhex("01fe8002")
    assert V2GTP.tcp_reassemble(header[:3], {}, {}) is None
    assert V2GTP.tcp_reassemble(header + LIMIT.to_bytes(4, "big"), {}, {}) is None
    assert V2GTP.tcp_reassemble(header + (LIMIT + 1).to_bytes(4, "big"), {}, {}) is not None


def test_without_scapy_the_extra_is_named() -> None:
    program = "import sys; sys.modules['scapy'] = None\ntry: import iso15118.dissect.layers\nexcept Exception as error: print(repr(error))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert run.stdout == """LocalError("the packet layers need scapy: pip install 'chargeloop[tools]'")\n"""
