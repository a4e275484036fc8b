"""The V2G transfer protocol: an eight-octet header before each payload, on TCP/TLS streams and in UDP datagrams.

    octet 0   version           0x01
    octet 1   inverse version   0xFE
    octet 2   payload type      16 bit, big-endian
    octet 4   payload length    32 bit, big-endian, without these eight octets

`Receiver` cuts a stream into frames, `parse_datagram` reads one datagram, `frame_bytes` writes. Payloads are not looked at:
`exi` decodes them, `sdp` reads the discovery payloads. Deadlines are the shell's; `Receiver.pending` tells it when one runs.

What is refused here is what leaves no way to find the next frame, or must not be stored: a wrong version pair, a length above
the limit, a discovery payload on a stream. It is a CodecError, and the connection is closed.

What is *not* refused here: a reserved, unknown or manufacturer's payload type, and an EXI type with an empty payload. Both come
out as frames. The session does not process the former: it drops the frame with one log line, and no state and no timer
changes (test membership in `EXI_TYPES`). The decoder refuses the latter, as it refuses any octets that are no message.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

from iso15118.errors import CodecError, LocalError
from iso15118.value import Value

HEADER: Final = 8
"""Octets of a frame's header."""

LIMIT_UNAUTHENTICATED: Final = 16 * 1024
"""Octets of payload accepted from a peer that has not shown who it is."""

LIMIT: Final = 64 * 1024
"""Octets of payload accepted from an authenticated peer. The largest real message, an installed certificate chain, has 6 kB."""

_VERSIONS: Final = 0x01FE  # version 0x01 and its complement, read as one number
_HEADER: Final = struct.Struct(">HHI")
_LENGTHS: Final = 2**32


class PayloadType(IntEnum):
    """What a frame's payload is, so far as anybody has said.

    0x8001 to 0x80FF are the main stream: only there do the rules of control pilot and PWM order apply [V2G20-1040]. Each side
    stream (0x8101 and up) has its own timers [V2G20-1041] [V2G20-1042].
    """

    SAP = 0x8001
    """SupportedAppProtocol, and every message of DIN 70121 and ISO 15118-2: told apart by the phase, never by the type."""
    COMMON = 0x8002
    """ISO 15118-20 CommonMessages."""
    AC = 0x8003
    """Also AC_BPT."""
    DC = 0x8004
    """Also DC_BPT, MCS and MCS_BPT; and the energy messages of DC_ACDP."""
    ACDP = 0x8005
    """Positioning, connect and disconnect of an automatic connection device."""
    WPT = 0x8006
    AC_DER_IEC = 0x8010
    AC_DER_SAE = 0x8011
    SCHEDULE_RENEGOTIATION = 0x8101
    """Side stream: charge parameters (schema of the selected service), schedule exchange and power delivery (CommonMessages)."""
    METERING_CONFIRMATION = 0x8102
    ACDP_SYSTEM_STATUS = 0x8103
    PARKING_STATUS = 0x8104
    SDP_REQUEST = 0x9000
    SDP_RESPONSE = 0x9001
    SDP_WIRELESS_REQUEST = 0x9002
    """Discovery for wireless charging and automatic connection devices."""
    SDP_WIRELESS_RESPONSE = 0x9003


SDP_TYPES: Final = frozenset(
    {PayloadType.SDP_REQUEST, PayloadType.SDP_RESPONSE, PayloadType.SDP_WIRELESS_REQUEST, PayloadType.SDP_WIRELESS_RESPONSE}
)
"""Types that travel in datagrams only."""

EXI_TYPES: Final = frozenset(PayloadType) - SDP_TYPES
"""Types whose payload is an EXI stream. A plain int may be tested for membership."""

MANUFACTURER_TYPES: Final = range(0xA000, 0x10000)
"""Types each manufacturer may use as it likes: never expect a meaning."""


class Frame(Value):
    """One payload and the type it claims. `payload_type` is a plain int, since a peer may send any; it compares with `PayloadType`."""

    payload_type: int
    body: bytes

    def to_bytes(self) -> bytes:
        """The frame as it goes on the wire. Raises as `frame_bytes` does."""
        return frame_bytes(self.payload_type, self.body)


def frame_bytes(payload_type: int, body: bytes) -> bytes:
    """Header and payload, ready to be written.

    Raises CodecError for a type that does not fit 16 bits or a body that does not fit a 32-bit length. The body may be longer than any
    receiver's limit: what may be sent is bounded by the schema.
    """
    try:
        return _HEADER.pack(_VERSIONS, payload_type, len(body)) + body
    except struct.error:
        raise CodecError(f"no header for payload type {payload_type:#x} and {len(body)} octets", path="V2GTP") from None


def parse_datagram(data: bytes) -> Frame:
    """The one frame a UDP datagram is.

    Raises CodecError for fewer than eight octets, a wrong version pair, or a length field that is not exactly what follows the header.
    """
    if len(data) < HEADER:
        raise CodecError(f"datagram of {len(data)} octets, the header alone has {HEADER}", path="V2GTP", bit=8 * len(data))
    payload_type, length = _header(data, 0)
    if length != len(data) - HEADER:
        raise CodecError(f"{length} octets announced, {len(data) - HEADER} in the datagram", path="V2GTP/PayloadLength", bit=32)
    return Frame(payload_type, data[HEADER:])


class Receiver:
    """Cuts the octets of one connection into frames, however TCP has split or joined them.

    A header is judged when its eighth octet arrives, before any payload is kept: a peer that announces 4 GiB has cost eight octets. No
    more than `limit` + 8 octets are ever held, and each octet is copied a fixed number of times, also when it comes alone.

    After a broken header there is no way to find the next frame, so the receiver is dead: every later `feed` raises the same error.
    """

    __slots__ = ("_body", "_fault", "_head", "_length", "_limit", "_start", "_type")

    def __init__(self, limit: int = LIMIT) -> None:
        """`limit`: the longest payload accepted, octets. Raises LocalError as the property does."""
        self.limit = limit
        self._head = bytearray()
        self._body = bytearray()
        self._type = 0
        self._length = -1  # of the frame under way; -1 while its header is not complete
        self._start = 0  # offset of that frame in the stream, octets
        self._fault: CodecError | None = None

    @property
    def limit(self) -> int:
        """The longest payload accepted, octets. May be changed at any time; a frame whose header has been accepted keeps its word."""
        return self._limit

    @limit.setter
    def limit(self, octets: int) -> None:
        """Raises LocalError for what a length field cannot say."""
        if not 0 <= octets < _LENGTHS:
            raise LocalError(f"payload limit {octets} is not within 0..{_LENGTHS - 1}")
        self._limit = octets

    @property
    def pending(self) -> int:
        """Octets held of a frame that has started and is not complete, 0 between frames.

        The whole-frame deadline runs while this is above 0, and starts anew when a `feed` that leaves it above 0 has returned frames.
        """
        return len(self._head) + len(self._body)

    @property
    def error(self) -> CodecError | None:
        """Why the receiver is dead, None while it lives. Each call gives an object of its own."""
        return None if self._fault is None else _copy(self._fault)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, oldest first.

        Raises CodecError for a broken header, its bit counted from the start of the stream. Whether a frame is delivered must not depend
        on how TCP cut the stream: frames that `data` completes *before* a broken header are returned, and the error is raised by the next
        call. After acting on the frames, look at `error` rather than wait for more octets.
        """
        if self._fault is not None:
            raise _copy(self._fault)  # not by way of a local name: error, traceback and frame would hold each other
        frames: list[Frame] = []
        at = 0
        while at < len(data):
            if self._length < 0:
                part = data[at : at + HEADER - len(self._head)]
                self._head += part
                at += len(part)
                if len(self._head) < HEADER:
                    break
                try:
                    self._accept_header()
                except CodecError as broken:
                    self._die(broken)
                    if frames:
                        return frames
                    raise
            part = data[at : at + self._length - len(self._body)]
            at += len(part)
            if len(part) == self._length:  # the usual case, the whole payload at once, is not copied through the buffer
                frames.append(self._complete(bytes(part)))
                continue
            self._body += part
            if len(self._body) == self._length:
                frames.append(self._complete(bytes(self._body)))
        return frames

    def _accept_header(self) -> None:
        payload_type, length = _header(self._head, self._start)
        if payload_type in SDP_TYPES:
            what = f"{PayloadType(payload_type).name} on a stream, it belongs in a datagram"
            raise CodecError(what, path="V2GTP/PayloadType", bit=8 * self._start + 16)
        if length > self._limit:
            what = f"{length} octets announced, {self._limit} accepted"
            raise CodecError(what, path="V2GTP/PayloadLength", bit=8 * self._start + 32)
        self._type, self._length = payload_type, length

    def _complete(self, body: bytes) -> Frame:
        self._start += HEADER + self._length
        self._length = -1
        self._head.clear()
        self._body.clear()
        return Frame(self._type, body)

    def _die(self, broken: CodecError) -> None:
        self._fault = _copy(broken)
        self._head.clear()
        self._body.clear()


def _copy(error: CodecError) -> CodecError:
    # An error that has been raised carries a traceback, which keeps the octets alive, and its path may grow on the way up.
    return CodecError(error.what, path=error.path, bit=error.bit)


def _header(octets: bytes | bytearray, start: int) -> tuple[int, int]:
    """Payload type and length from eight octets or more that begin `start` octets into the stream. CodecError for a wrong version pair."""
    versions, payload_type, length = _HEADER.unpack_from(octets)
    if versions != _VERSIONS:
        what = f"version 0x{versions >> 8:02X} with inverse 0x{versions & 0xFF:02X}, expected 0x01 with 0xFE"
        raise CodecError(what, path="V2GTP/Version", bit=8 * start)
    return payload_type, length
