from __future__ import annotations

import random
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.dissect.capture import Packet, read_capture
from iso15118.dissect.packets import Datagram, Endpoint, Segment, parse
from iso15118.dissect.streams import Stream, reassemble
from iso15118.errors import CodecError
from iso15118.wire import pcapng
from iso15118.wire.pcapng import Place, TcpStream

CAR, CHARGER = Place("fe80::1%eth0", 50000), Place("fe80::2", 60000)
ENDS = Endpoint("fe80::1", 50000), Endpoint("fe80::2", 60000)


def packets(*blocks: bytes) -> list[Packet]:
    return list(read_capture(pcapng.section() + b"".join(blocks)).packets)


def segments(found: list[Packet]) -> list[Segment]:
    parsed = [parse(packet) for packet in found]
    return [each for each in parsed if isinstance(each, Segment)]


def conversation(*said: tuple[bool, bytes]) -> list[Segment]:
    stream = TcpStream(CAR, CHARGER)
    opening = stream.opening(0.5)
    data = [stream.data(1.0 + i, octets, from_client=who) for i, (who, octets) in enumerate(said)]
    return segments(packets(opening, *data, stream.closing(9.0, from_client=True)))


def heard(stream: Stream) -> dict[bool, bytes]:
    return {who: b"".join(c.octets for c in stream.chunks if c.from_client is who) for who in (True, False)}


def udp(octets: bytes = b"hello") -> Packet:
    return packets(pcapng.datagram(1.5, CAR, CHARGER, octets))[0]


def test_a_datagram_over_every_kind_of_link() -> None:
    ethernet = udp().octets
    ip, kind = ethernet[14:], ethernet[12:14]
    expected = Datagram(1, 1.5, *ENDS, b"hello")
    over = {
        1: ethernet + b"padding",
        101: ip,
        12: ip,
        229: ip,
        0: b"\x1e\0\0\0" + ip,
        108: b"\0\0\0\x1e" + ip,
        113: bytes(14) + kind + ip,
        276: kind + bytes(18) + ip,
    }
    for link, octets in over.items():
        assert parse(Packet(1, 1.5, link, octets)) == expected, link
    tagged = ethernet[:12] + b"\x81\0\0\x05\x88\xa8\0\x06" + ethernet[12:]
    assert parse(Packet(1, 1.5, 1, tagged)) == expected


def test_extension_headers_and_fragments() -> None:
    ip = udp().octets[14:]
    body = ip[40:]

    def extended(first: int, *headers: bytes) -> Packet:
        inner = b"".join(headers) + body
        return Packet(1, 1.5, 101, ip[:4] + struct.pack(">HB", len(inner), first) + ip[7:40] + inner)

    hop = bytes([60, 0]) + bytes(6)
    destination = bytes([17, 1]) + bytes(14)
    assert parse(extended(0, hop, destination)) == Datagram(1, 1.5, *ENDS, b"hello")
    assert parse(extended(44, bytes([17, 0, 0, 0]) + bytes(4))) == Datagram(1, 1.5, *ENDS, b"hello")
    assert parse(extended(44, bytes([17, 0, 0, 1]) + bytes(4))) is None
    assert parse(extended(58)) is None


def test_ipv4() -> None:
    body = udp().octets[54:]
    head = struct.pack(
        ">BBHHHBBH4s4s4s", 0x46, 0, 24 + len(body), 0, 0x4000, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), bytes(4)
    )
    found = parse(Packet(1, 1.5, 101, head + body))
    assert isinstance(found, Datagram)
    assert (str(found.source), str(found.target), found.payload) == ("10.0.0.1:50000", "10.0.0.2:60000", b"hello")


def test_what_is_something_else() -> None:
    assert parse(Packet(1, 0.0, 1, bytes(12) + b"\x88\xe1" + bytes(40))) is None
    assert parse(Packet(1, 0.0, 101, b"\x10" + bytes(40))) is None


@pytest.mark.parametrize("cut", range(1, 62))
def test_a_packet_cut_anywhere(cut: int) -> None:
    with pytest.raises(CodecError):
        parse(Packet(1, 0.0, 1, udp().octets[:cut]))


@given(st.sampled_from([1, 101, 0, 108, 113, 276, 12, 5]), st.binary(max_size=120))
def test_any_packet(link: int, octets: bytes) -> None:
    with suppress(CodecError):
        parse(Packet(1, 0.0, link, octets))


SAID = [(True, b"request one"), (False, b"answer" * 600), (True, b"two"), (False, b"three")]
WHOLE = {True: b"request onetwo", False: b"answer" * 600 + b"three"}


def test_a_connection_as_it_was() -> None:
    (stream,) = reassemble(conversation(*SAID))
    assert (stream.client, stream.server, stream.begun) == (*ENDS, True)
    assert heard(stream) == WHOLE
    assert [chunk.time for chunk in stream.chunks] == [1.0, 2.0, 2.0, 2.0, 3.0, 4.0]
    assert not any(chunk.gap for chunk in stream.chunks)


@pytest.mark.parametrize("seed", range(20))
def test_late_double_and_overlapping_segments(seed: int) -> None:
    draw = random.Random(seed)
    sent = conversation(*SAID)
    first, rest = sent[:3], sent[3:]
    rest += [draw.choice(rest) for _ in range(5)]
    for segment in draw.sample(rest, 3):
        cut = draw.randrange(len(segment.payload) + 1)
        rest.append(segment._replace(payload=segment.payload[cut:], seq=(segment.seq + cut) % 2**32))
    draw.shuffle(rest)
    sent = [segment._replace(number=i) for i, segment in enumerate([*first, *rest], 1)]
    (stream,) = reassemble(sent)
    assert heard(stream) == WHOLE
    numbers = [chunk.number for chunk in stream.chunks]
    assert numbers == sorted(numbers)


def test_sequence_numbers_wrap_around() -> None:
    shift = 2**32 - 1005
    sent = [segment._replace(seq=(segment.seq + shift) % 2**32) for segment in conversation(*SAID)]
    sent[4], sent[5] = sent[5], sent[4]
    assert heard(reassemble(sent)[0]) == WHOLE


def test_octets_that_never_come_are_a_gap() -> None:
    sent = conversation(*SAID)
    del sent[5]  # the second of the three segments of the long answer
    (stream,) = reassemble(sent)
    answers = [chunk for chunk in stream.chunks if not chunk.from_client]
    assert [(len(chunk.octets), chunk.gap) for chunk in answers] == [(1440, 0), (720, 1440), (5, 0)]


def test_octets_that_the_capture_has_cut_off_are_a_gap_at_once() -> None:
    sent = conversation(*SAID)
    sent[4] = sent[4]._replace(payload=sent[4].payload[:100], missing=1340)
    answers = [chunk for chunk in reassemble(sent)[0].chunks if not chunk.from_client]
    assert [(len(chunk.octets), chunk.gap) for chunk in answers] == [(100, 0), (1440, 1340), (720, 0), (5, 0)]
    assert [chunk.time for chunk in answers] == [2.0, 2.0, 2.0, 4.0]


def test_a_capture_that_begins_in_the_middle() -> None:
    (stream,) = reassemble(conversation(*SAID)[4:])
    assert (stream.begun, stream.client) == (False, ENDS[1])
    assert heard(stream) == {True: WHOLE[False], False: b"two"}


def test_the_same_ports_again_are_another_connection() -> None:
    again = [segment._replace(seq=(segment.seq + 77777) % 2**32, number=segment.number + 100) for segment in conversation((True, b"again"))]
    streams = reassemble(conversation(*SAID) + again)
    assert [heard(stream)[True] for stream in streams] == [b"request onetwo", b"again"]


def test_a_session_after_the_end_is_another_connection_though_it_counts_from_the_same_number() -> None:
    again = [segment._replace(number=segment.number + 100) for segment in conversation((True, b"again"))]
    streams = reassemble(conversation(*SAID) + again)
    assert [heard(stream)[True] for stream in streams] == [b"request onetwo", b"again"]


def test_payload_that_the_capture_has_cut_off_whole_is_a_gap() -> None:
    sent = [segment._replace(payload=b"", missing=len(segment.payload)) for segment in conversation(*SAID)]
    (stream,) = reassemble(sent)
    assert {chunk.from_client: (chunk.octets, chunk.gap) for chunk in stream.chunks} == {
        who: (b"", len(octets)) for who, octets in WHOLE.items()
    }
    sent = conversation(*SAID)
    last = max(i for i, segment in enumerate(sent) if segment.payload)
    sent[last] = sent[last]._replace(payload=b"", missing=len(sent[last].payload))
    assert reassemble(sent)[0].chunks[-1].gap == sent[last].missing


def test_a_repeated_syn_is_not() -> None:
    sent = conversation(*SAID)
    (stream,) = reassemble([sent[0], *sent])
    assert heard(stream) == WHOLE


def test_a_silent_connection_is_none() -> None:
    assert reassemble(conversation()) == []


def test_many_segments_in_the_wrong_order_are_linear() -> None:
    sent = conversation((True, b"x" * 1440 * 3000))
    sent = sent[:3] + sent[3:-3][::-1] + sent[-3:]
    (stream,) = reassemble([segment._replace(number=i) for i, segment in enumerate(sent, 1)])
    assert len(heard(stream)[True]) == 1440 * 3000
