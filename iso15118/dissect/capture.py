"""Packets out of a capture file: pcap and pcapng, of either byte order, as far as the octets allow.

Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Every length is held against what is left before anything is cut out. Neighbours:
`packets` looks into a packet, `wire.pcapng` writes such files.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from iso15118.errors import CodecError
from iso15118.wire.pcapng import NANOSECONDS, TLS_KEY_LOG

_PCAP: Final = {
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\x3c\x4d": (">", NANOSECONDS),
    b"\x4d\x3c\xb2\xa1": ("<", NANOSECONDS),
}
"""Magic number -> byte order, and parts of a second."""
_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET, _SECRETS = 1, 2, 3, 6, 10
_RESOLUTION, _OFFSET = 9, 14
BROKEN: Final = 20
"""Blocks that cannot be read before the file is given up."""


class Packet(NamedTuple):
    """One packet. `number`: from 1, as analysers count; `time`: s since the epoch; `link`: its LINKTYPE."""

    number: int
    time: float
    link: int
    octets: bytes


class Capture(NamedTuple):
    """What a file holds. `secrets`: the NSS key logs in it; `problems`: what of the file could not be read, a line each."""

    packets: tuple[Packet, ...]
    secrets: str = ""
    problems: tuple[str, ...] = ()


def is_capture(data: bytes) -> bool:
    """Does it begin as a capture does?"""
    return data[:4] in _PCAP or data[:4] == _SECTION


def read_capture(data: bytes) -> Capture:
    """All packets up to the end, or to the first thing that cannot be. Raises CodecError for what is no capture at all."""
    if data[:4] in _PCAP:
        return _pcap(data)
    if data[:4] == _SECTION:
        reader = _Pcapng(data)
        problem = reader.read()
        problems = (*reader.problems, problem) if problem else tuple(reader.problems)
        return Capture(tuple(reader.packets), "\n".join(reader.secrets), problems)
    raise CodecError("neither pcap nor pcapng", bit=0)


def _pcap(data: bytes) -> Capture:
    order, parts = _PCAP[data[:4]]
    if len(data) < 24:
        return Capture((), problems=(f"the capture breaks off in its header: {len(data)} octets",))
    link = int(struct.unpack_from(f"{order}I", data, 20)[0]) & 0x0FFFFFFF  # above: length of the frame check sequence
    packets: list[Packet] = []
    at = 24
    while at < len(data):
        if len(data) - at < 16:
            return Capture(tuple(packets), problems=(_breaks_off(at, len(packets)),))
        seconds, fraction, length, _ = struct.unpack_from(f"{order}IIII", data, at)
        if length > len(data) - at - 16:
            return Capture(tuple(packets), problems=(_breaks_off(at, len(packets)),))
        packets.append(Packet(len(packets) + 1, seconds + fraction / parts, link, data[at + 16 : at + 16 + length]))
        at += 16 + length
    return Capture(tuple(packets))


def _breaks_off(at: int, packets: int) -> str:
    return f"the capture breaks off at octet {at}, after {packets} packets"


class _Interface(NamedTuple):
    link: int
    snap: int
    parts: int
    """Of a second, in which time stamps count."""
    offset: int
    """s that are added to them."""


class _Pcapng:
    """One pass over a pcapng file."""

    def __init__(self, data: bytes) -> None:
        self.packets: list[Packet] = []
        self.secrets: list[str] = []
        self.problems: list[str] = []
        """Of single blocks; what comes after them is read."""
        self._data = data
        self._order = "<"
        self._interfaces: list[_Interface] = []

    def read(self) -> str:
        """Why it stopped before the end; "" if it did not."""
        at, data = 0, self._data
        while at < len(data):
            if data[at : at + 4] == _SECTION:
                order = _ORDERS.get(data[at + 8 : at + 12])
                if order is None:
                    return f"{_breaks_off(at, len(self.packets))}: a section without a byte order"
                self._order, self._interfaces = order, []
            if len(data) - at < 12:
                return _breaks_off(at, len(self.packets))
            kind, length = struct.unpack_from(f"{self._order}II", data, at)
            if length < 12 or length > len(data) - at:
                return f"{_breaks_off(at, len(self.packets))}: a block of {length} octets, {len(data) - at} are left"
            try:
                self._block(kind, data[at + 8 : at + length - 4])
            except (struct.error, CodecError) as error:
                why = error if isinstance(error, CodecError) else f"{length} octets are too few for its kind"
                problem = f"the block at octet {at}: {why}; {len(self.packets)} packets before it"
                if kind == _INTERFACE or len(self.problems) == BROKEN:  # without one interface all later ones have wrong numbers
                    return problem
                self.problems.append(problem)
            at += length + -length % 4
        return ""

    def _block(self, kind: int, body: bytes) -> None:
        unpack, order = struct.unpack_from, self._order
        if kind == _INTERFACE:
            link, _, snap = unpack(f"{order}HHI", body)
            self._interfaces.append(self._described(_Interface(link, snap, 1_000_000, 0), body[8:]))
        elif kind in (_PACKET, _OLD_PACKET):
            number, high, low, length, _ = unpack(f"{order}IIIII", body)
            self._keep(number if kind == _PACKET else unpack(f"{order}H", body)[0], high << 32 | low, body[20:], length)
        elif kind == _SIMPLE_PACKET:
            (length,) = unpack(f"{order}I", body)
            snap = self._interface(0).snap
            self._keep(0, 0, body[4:], min(length, snap) if snap else length)
        elif kind == _SECRETS:
            what, length = unpack(f"{order}II", body)
            if what == TLS_KEY_LOG:
                self.secrets.append(body[8 : 8 + length].decode("ascii", errors="replace"))

    def _interface(self, number: int) -> _Interface:
        if number >= len(self._interfaces):
            raise CodecError(f"interface {number} is not described")
        return self._interfaces[number]

    def _keep(self, number: int, stamp: int, octets: bytes, length: int) -> None:
        interface = self._interface(number)
        if length > len(octets):
            raise CodecError(f"a packet of {length} octets in {len(octets)}")
        seconds, part = divmod(stamp, interface.parts)
        time = seconds + interface.offset + part / interface.parts
        self.packets.append(Packet(len(self.packets) + 1, time, interface.link, octets[:length]))

    def _described(self, interface: _Interface, options: bytes) -> _Interface:
        at = 0
        while len(options) - at >= 4:
            code, length = struct.unpack_from(f"{self._order}HH", options, at)
            value = options[at + 4 : at + 4 + length]
            if code == 0 or len(value) < length:
                break
            if code == _RESOLUTION and length == 1:
                interface = interface._replace(parts=2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0])
            elif code == _OFFSET and length == 8:
                interface = interface._replace(offset=struct.unpack(f"{self._order}q", value)[0])
            at += 4 + length + -length % 4
        return interface
