"""What is in a packet: a TCP segment, a UDP datagram, or something else. Whatever link it was caught on.

Formats: RFC 8200 (IPv6), RFC 791 (IPv4), RFC 9293 (TCP), RFC 768 (UDP); link types as tcpdump.org lists them. Checksums are not looked at:
what a host sends is often caught before its network card has filled them in.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import Final, NamedTuple

from iso15118.dissect.capture import Packet
from iso15118.errors import CodecError

_IPV4, _IPV6, _TCP, _UDP = 0x0800, 0x86DD, 6, 17
_VLAN: Final = (0x8100, 0x88A8, 0x9100)
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60
_ETHERNET, _RAW, _COOKED, _COOKED_2, _LOOPBACK = 1, (12, 14, 101, 228, 229), 113, 276, (0, 108)
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10


class Endpoint(NamedTuple):
    """One end of a conversation."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class Segment(NamedTuple):
    """A TCP segment. `missing`: octets of its payload that the capture has cut off; `last`: does its side end the connection?"""

    number: int
    time: float
    source: Endpoint
    target: Endpoint
    seq: int
    syn: bool
    ack: bool
    payload: bytes
    missing: int = 0
    last: bool = False


class Datagram(NamedTuple):
    """A UDP datagram."""

    number: int
    time: float
    source: Endpoint
    target: Endpoint
    payload: bytes


def parse(packet: Packet) -> Segment | Datagram | None:
    """What the packet is; None for what is neither (ARP, ICMPv6, HomePlug, later fragments). Raises CodecError where it is malformed."""
    try:
        kind, body = _network(packet.link, packet.octets)
        if kind == _IPV6:
            return _ipv6(packet, body)
        return _ipv4(packet, body) if kind == _IPV4 else None
    except (struct.error, IndexError):
        raise CodecError(f"{len(packet.octets)} octets are too few for their headers") from None


def _network(link: int, octets: bytes) -> tuple[int, bytes]:
    """EtherType and what is under it. 0 where there is none. Raises CodecError for a link that is not known."""
    if link == _ETHERNET:
        kind, at = struct.unpack_from(">H", octets, 12)[0], 14
        while kind in _VLAN:
            kind, at = struct.unpack_from(">H", octets, at + 2)[0], at + 4
        return kind, octets[at:]
    if link == _COOKED:
        return struct.unpack_from(">H", octets, 14)[0], octets[16:]
    if link == _COOKED_2:
        return struct.unpack_from(">H", octets)[0], octets[20:]
    if link in _LOOPBACK:
        octets = octets[4:]
    elif link not in _RAW:
        raise CodecError(f"link type {link} is not known here")
    return {4: _IPV4, 6: _IPV6}.get(octets[0] >> 4, 0), octets


def _ipv6(packet: Packet, octets: bytes) -> Segment | Datagram | None:
    head, length, kind, _ = struct.unpack_from(">IHBB", octets)
    if head >> 28 != 6:
        raise CodecError(f"IP version {head >> 28} under the EtherType of IPv6")
    source, target = (_address(octets, at, 16) for at in (8, 24))
    at, end = 40, 40 + length
    while kind in (_HOP_BY_HOP, _ROUTING, _DESTINATION, _AUTHENTICATION, _FRAGMENT):
        following, size = octets[at], octets[at + 1]
        if kind == _FRAGMENT:
            offset = struct.unpack_from(">H", octets, at + 2)[0]
            if offset & 0xFFF9:  # a later fragment, or the first of more: no whole payload
                return None
            size = 0
        at += 4 * (size + 2) if kind == _AUTHENTICATION else 8 * (size + 1)
        kind = following
    return _transport(packet, kind, source, target, octets[at:end], end - at)


def _ipv4(packet: Packet, octets: bytes) -> Segment | Datagram | None:
    length, fragment, kind = struct.unpack_from(">2xHxxHxB", octets)
    size = 4 * (octets[0] & 15)
    if octets[0] >> 4 != 4 or size < 20:
        raise CodecError("no IPv4 header under its EtherType")
    if fragment & 0x3FFF:
        return None
    source, target = (_address(octets, at, 4) for at in (12, 16))
    length = length or len(octets)  # 0: left to the network card to fill in
    return _transport(packet, kind, source, target, octets[size:length], length - size)


def _address(octets: bytes, at: int, size: int) -> str:
    (address,) = struct.unpack_from(f"{size}s", octets, at)
    return str(ip_address(address))


def _transport(packet: Packet, kind: int, source: str, target: str, octets: bytes, length: int) -> Segment | Datagram | None:
    """`length`: what the IP header says of `octets`."""
    if kind not in (_TCP, _UDP):
        return None
    ports = struct.unpack_from(">HH", octets)
    ends = Endpoint(source, ports[0]), Endpoint(target, ports[1])
    if kind == _UDP:
        size = struct.unpack_from(">H", octets, 4)[0]
        if size < 8 or len(octets) < 8:
            raise CodecError(f"a UDP datagram of {min(size, len(octets))} octets")
        return Datagram(packet.number, packet.time, *ends, octets[8:size])
    seq, offset, flags = struct.unpack_from(">I4xBB", octets, 4)
    size = 4 * (offset >> 4)
    if not 20 <= size <= length:
        raise CodecError(f"a TCP header of {size} octets in {length}")
    payload = octets[size:]
    return Segment(
        packet.number,
        packet.time,
        *ends,
        seq,
        syn=bool(flags & _SYN),
        ack=bool(flags & _ACK),
        payload=payload,
        missing=max(0, length - size - len(payload)),
        last=bool(flags & (_FIN | _RST)),
    )
