"""The transcript of a packet capture: which of its datagrams and connections are a car's and a charger's, and what was said on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from iso15118.dissect import tls
from iso15118.dissect.capture import Capture
from iso15118.dissect.packets import Datagram, Segment, parse
from iso15118.dissect.streams import Chunk, reassemble
from iso15118.dissect.transcript import START, Reader, Said, StreamSeen, Transcript, in_order, read_datagram
from iso15118.errors import CodecError
from iso15118.wire.sdp import PORT

MALFORMED: Final = 20
"""Packets that are told of one by one."""


def transcribe(capture: Capture, keys: str = "") -> Transcript:
    """Everything said in a capture. `keys`: an NSS key log beside the secrets that the capture itself holds."""
    segments, datagrams, malformed = _sorted(capture)
    said = [_discovery(each) for each in datagrams if PORT in (each.source.port, each.target.port) or each.payload.startswith(START)]
    announced = {int(each.content["port"]) for each in said if each.name.startswith("SDPResponse") and each.content}
    secrets = tls.secrets("\n".join((capture.secrets, keys)))
    streams: list[StreamSeen] = []
    notes: list[str] = []
    others, empty = 0, list[str]()
    for stream in reassemble(segments):
        first = b"".join(chunk.octets for chunk in stream.chunks[:3])
        car, charger = stream.client, stream.server
        if not stream.begun and charger.port not in announced and car.port in announced:
            car, charger = charger, car
        ours = not announced or charger.port in announced
        if ours and (tls.is_tls(first) or (announced and tls.is_record(first))):
            opened = tls.opened(stream.chunks, secrets)
            streams.append(StreamSeen(str(car), str(charger), opened.cipher or "TLS", opened.closed))
            said += _conversation(opened.chunks, len(streams) - 1, begun=True)  # who says ClientHello is the client
        elif START in first or (announced and ours and first):
            streams.append(StreamSeen(str(car), str(charger)))
            said += _conversation(stream.chunks, len(streams) - 1, begun=stream.begun)
        elif first or not ours:
            others += 1
        else:
            empty.append(f"{car} -> {charger}: of what was said there the capture holds nothing")
    if others:
        notes.append(f"{others} other TCP connection{'s' * (others > 1)} left out")
    if not said and not streams:
        notes.append("no V2G traffic found")
    closed = [f"{each.client} -> {each.server} stays closed: {each.closed}" for each in streams if each.closed]
    problems = (*capture.problems, *malformed[:MALFORMED], *closed, *empty)
    if len(malformed) > MALFORMED:
        problems += (f"{len(malformed) - MALFORMED} more malformed packets",)
    return Transcript(said=in_order(said), streams=tuple(streams), problems=problems, notes=tuple(notes))


def _sorted(capture: Capture) -> tuple[list[Segment], list[Datagram], list[str]]:
    segments: list[Segment] = []
    datagrams: list[Datagram] = []
    malformed: list[str] = []
    for packet in capture.packets:
        try:
            found = parse(packet)
        except CodecError as error:
            malformed.append(f"packet {packet.number}: {error}")
            continue
        if isinstance(found, Segment):
            segments.append(found)
        elif isinstance(found, Datagram):
            datagrams.append(found)
    return segments, datagrams, malformed


def _discovery(datagram: Datagram) -> Said:
    return read_datagram(datagram.payload, time=datagram.time, packet=datagram.number, from_car=datagram.target.port == PORT)


def _conversation(chunks: Sequence[Chunk], stream: int, *, begun: bool) -> list[Said]:
    """The frames of a connection. Its client is the car, but if its beginning was not seen, messages tell better who spoke first."""
    reader, said = Reader(stream), list[Said]()
    for chunk in chunks:
        who = chunk.from_client if begun else None
        said += reader.feed(chunk.octets, time=chunk.time, packet=chunk.number, from_car=who, way=chunk.from_client, gap=chunk.gap)
    if chunks:
        said += reader.end(time=chunks[-1].time, packet=chunks[-1].number)
    return said
