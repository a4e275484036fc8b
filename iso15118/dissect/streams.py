"""TCP connections put together again: octets in order out of segments that came twice, late, in parts, or not at all (RFC 9293)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final, NamedTuple

from iso15118.dissect.packets import Endpoint, Segment
from iso15118.value import Value

_WRAP: Final = 2**32


class Chunk(NamedTuple):
    """Octets that follow those before them from the same side.

    `number`, `time`: of the packet that made them so; `gap`: octets lost before. What is lost at the end is the gap of a chunk
    without octets.
    """

    number: int
    time: float
    from_client: bool
    octets: bytes
    gap: int = 0


class Stream(Value):
    """One connection. `begun`: was its handshake seen? If not, the side that is first seen to speak is called the client."""

    client: Endpoint
    server: Endpoint
    begun: bool
    chunks: tuple[Chunk, ...]
    """Of both sides, by packet number."""


def reassemble(segments: Iterable[Segment]) -> list[Stream]:
    """The connections that say anything, in the order of their first packets. A new SYN on the same ports is a new connection.

    So is the same SYN after the end of the one before: nobody repeats it then, but some count every connection from the same number.
    """
    connections: list[_Connection] = []
    current: dict[frozenset[Endpoint], _Connection] = {}
    for segment in segments:
        ends = frozenset((segment.source, segment.target))
        known = current.get(ends)
        if known is None and not segment.syn and not segment.payload and not segment.missing:
            continue  # the last words of a connection that is gone
        if known is None or (segment.syn and not segment.ack and (known.over or not known.began_with(segment))):
            known = current[ends] = _Connection(segment)
            connections.append(known)
        known.take(segment)
    return [found for found in (connection.stream() for connection in connections) if found.chunks]


class _Connection:
    def __init__(self, first: Segment) -> None:
        answers = first.syn and first.ack
        self._client, self._server = (first.target, first.source) if answers else (first.source, first.target)
        self._begun = first.syn
        self.over = False
        self._isn = first.seq if first.syn and not answers else None
        self._ways = {self._client: _Way(True), self._server: _Way(False)}

    def began_with(self, syn: Segment) -> bool:
        """Is this its own first packet once more?"""
        return syn.source == self._client and (self._isn is None or syn.seq == self._isn)

    def take(self, segment: Segment) -> None:
        self.over = self.over or segment.last
        self._ways[segment.source].take(segment)

    def stream(self) -> Stream:
        chunks = [chunk for way in self._ways.values() for chunk in way.ended()]
        return Stream(self._client, self._server, self._begun, tuple(sorted(chunks, key=lambda chunk: chunk.number)))


class _Way:
    """One direction. Places count octets from where it began, without wrapping around."""

    def __init__(self, from_client: bool) -> None:
        self._from_client = from_client
        self._base: int | None = None
        self._next = 0
        """Place of the octet that is due."""
        self._gap = 0
        self._early: list[tuple[int, int, Segment]] = []
        self._chunks: list[Chunk] = []
        self._newest: Segment | None = None

    def take(self, segment: Segment) -> None:
        first = (segment.seq + segment.syn) % _WRAP
        if self._base is None:
            self._base = first
        if not segment.payload and not segment.missing:
            return
        ahead = (first - self._base - self._next) % _WRAP
        place = self._next + (ahead if ahead < _WRAP // 2 else ahead - _WRAP)
        if place > self._next:
            heapq.heappush(self._early, (place, segment.number, segment))
            return
        self._newest = segment
        self._keep(place, segment, segment)
        while self._early and self._early[0][0] <= self._next:
            place, _, early = heapq.heappop(self._early)
            self._keep(place, early, segment)

    def ended(self) -> list[Chunk]:
        """All chunks, also those behind octets that never came."""
        while self._early:
            place, _, early = heapq.heappop(self._early)
            if place > self._next:
                self._gap += place - self._next
                self._next = place
            self._newest = early
            self._keep(place, early, early)
        if self._gap and self._newest is not None:
            self._chunks.append(Chunk(self._newest.number, self._newest.time, self._from_client, b"", self._gap))
        return self._chunks

    def _keep(self, place: int, segment: Segment, by: Segment) -> None:
        """What is new in `segment`; `by` is the packet that made it follow."""
        new = segment.payload[self._next - place :]
        self._next = max(self._next, place + len(segment.payload))
        if new:
            last = self._chunks[-1] if self._chunks else None
            number, time = (by.number, by.time) if last is None or last.number <= by.number else (last.number, last.time)
            self._chunks.append(Chunk(number, time, self._from_client, new, self._gap))
            self._gap = 0
        if segment.missing and place + len(segment.payload) == self._next:
            self._gap += segment.missing
            self._next += segment.missing
