"""Captures to be written: blocks of a pcapng file, and the packets of a TCP connection or a datagram made out of what was said.

A session's packets are made, not caught: octets read from and written to a socket, or to no socket at all, become Ethernet frames with
IPv6, TCP and UDP headers and right checksums, so that any analyser follows the stream. TLS secrets go into the file itself.
Formats: draft-ietf-opsawg-pcapng; RFC 8200, RFC 9293, RFC 768. Neighbour: `dissect.capture` reads captures, whoever made them.
"""

from __future__ import annotations

import struct
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from iso15118.units import Second

ETHERNET: Final = 1
"""Link type of the packets here."""
SEGMENT: Final = 1440
"""Octets of payload in one TCP segment: what an Ethernet frame has room for under IPv6."""
TLS_KEY_LOG: Final = 0x544C534B
"""Type of secrets: an NSS key log."""
NANOSECONDS: Final = 1_000_000_000

_TCP, _UDP = 6, 17
_FIN, _SYN, _PSH, _ACK = 0x01, 0x02, 0x08, 0x10
_WINDOW: Final = 65535
_FIRST: Final = 1000
"""Initial sequence numbers: nobody is to be protected here, and equal sessions give equal files."""


class Place(NamedTuple):
    """One end. `address`: IPv6 or IPv4 as text, a zone behind % is left out; `port`: TCP or UDP."""

    address: str
    port: int


def section() -> bytes:
    """What a file begins with: a section of unknown length with one Ethernet interface, time stamps in nanoseconds."""
    resolution = _option(9, b"\x09") + _option(0, b"")
    head = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    return head + _block(1, struct.pack("<HHI", ETHERNET, 0, 0) + resolution)


def secrets(key_log: str) -> bytes:
    """A block of TLS secrets, lines of an NSS key log; it stands before the packets that it opens."""
    octets = key_log.encode("ascii")
    return _block(0x0A, struct.pack("<II", TLS_KEY_LOG, len(octets)) + _padded(octets))


def packet(time: Second, frame: bytes) -> bytes:
    """A block with one Ethernet frame. `time`: s since the epoch."""
    stamp = round(time * NANOSECONDS)
    head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
    return _block(6, head + _padded(frame))


def datagram(time: Second, source: Place, target: Place, octets: bytes) -> bytes:
    """A block with one UDP datagram."""
    head = struct.pack(">HHHH", source.port, target.port, 8 + len(octets), 0)
    return packet(time, _ethernet(source, target, _UDP, head + octets, 6))


class TcpStream:
    """One TCP connection: each call gives the blocks of the packets that say so, acknowledgements left to the next data."""

    def __init__(self, client: Place, server: Place) -> None:
        self._ends = client, server
        self._next = [_FIRST, _FIRST]
        """Next sequence number of client and server."""

    def opening(self, time: Second) -> bytes:
        """The handshake."""
        syn = self._segment(time, True, _SYN)
        answer = self._segment(time, False, _SYN | _ACK)
        return syn + answer + self._segment(time, True, _ACK)

    def data(self, time: Second, octets: bytes, *, from_client: bool) -> bytes:
        """What one side says, in as many segments as it takes."""
        cuts = range(0, len(octets), SEGMENT)
        return b"".join(self._segment(time, from_client, _PSH | _ACK, octets[at : at + SEGMENT]) for at in cuts)

    def closing(self, time: Second, *, from_client: bool) -> bytes:
        """One side ends it, and the other agrees."""
        fin = self._segment(time, from_client, _FIN | _ACK)
        answer = self._segment(time, not from_client, _FIN | _ACK)
        return fin + answer + self._segment(time, from_client, _ACK)

    def _segment(self, time: Second, from_client: bool, flags: int, octets: bytes = b"") -> bytes:
        own, other = (0, 1) if from_client else (1, 0)
        source, target = self._ends[own], self._ends[other]
        acknowledged = self._next[other] if flags & _ACK else 0
        head = struct.pack(">HHIIBBHHH", source.port, target.port, self._next[own], acknowledged, 5 << 4, flags, _WINDOW, 0, 0)
        self._next[own] = (self._next[own] + len(octets) + bool(flags & (_SYN | _FIN))) % 2**32
        return packet(time, _ethernet(source, target, _TCP, head + octets, 16))


def _ethernet(source: Place, target: Place, protocol: int, body: bytes, checksum_at: int) -> bytes:
    """An Ethernet frame with an IPv6 packet; the checksum is put into the body at `checksum_at`."""
    ends = [_address(end.address.partition("%")[0]) for end in (source, target)]
    pseudo = ends[0] + ends[1] + struct.pack(">II", len(body), protocol)
    checksum = _checksum(pseudo + body)
    if protocol == _UDP and checksum == 0:
        checksum = 0xFFFF  # zero would mean: none
    body = body[:checksum_at] + struct.pack(">H", checksum) + body[checksum_at + 2 :]
    head = struct.pack(">IHBB", 6 << 28, len(body), protocol, 64) + ends[0] + ends[1]
    return _hardware(ends[1]) + _hardware(ends[0]) + b"\x86\xdd" + head + body


def _address(text: str) -> bytes:
    """16 octets; of an IPv4 address those that stand for it, RFC 4291, 2.5.5.2."""
    return IPv6Address(text if ":" in text else f"::ffff:{text}").packed


def _hardware(address: bytes) -> bytes:
    """A locally administered MAC address made of an IPv6 address; of a group the one that RFC 2464 gives it."""
    return b"\x33\x33" + address[12:] if address[0] == 0xFF else b"\x02" + address[11:]


def _checksum(octets: bytes) -> int:
    """The Internet checksum, RFC 1071."""
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
