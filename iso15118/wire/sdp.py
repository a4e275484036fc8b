"""The SECC discovery protocol: how a car finds the charger's address and port on the link.

The car multicasts a request, the charger answers by unicast; each is one datagram, a V2GTP header and a payload of fixed layout:

    request    security 1, transport 1
    response   IPv6 address 16, TCP port 2 (big-endian), security 1, transport 1

Four parts: the datagrams; what a charger answers (`on_link`, `answer`); what a car accepts (`usable`); and two small machines without
socket or clock, `SdpClient` that asks until answered and `SdpThrottle` that bounds what a charger sends. Sockets and connecting are the
shell's. So is the scope (interface) of an address, which is not on the wire: it is that of the interface the datagram came in on.
The longer datagrams of wireless charging and automatic connection devices are in `sdp_wireless`.
"""

from __future__ import annotations

import struct
from collections import Counter, deque
from enum import IntEnum
from typing import ClassVar, Final, Self, TypeVar

from iso15118.errors import CodecError, LocalError, PeerError
from iso15118.units import Second
from iso15118.value import Value
from iso15118.wire.v2gtp import PayloadType, frame_bytes, parse_datagram

PORT: Final = 15118
"""UDP port the charger listens on. The car sends to it from a dynamic port."""

MULTICAST: Final = "ff02::1"
"""Where the car sends its requests: all nodes of the link."""

WAIT: Final[Second] = 0.25
"""A car waits at least this long for an answer before it asks again [V2G20-159]."""

TRIES: Final = 50
"""A car gives up after this many consecutive requests without an answer [V2G20-161]."""

NOTES: Final = 16
"""Ignored answers whose reason an `SdpClient` remembers. A flood of them must not fill the memory."""

_REQUEST: Final = struct.Struct(">BB")
_RESPONSE: Final = struct.Struct(">16sHBB")
_LOOPBACK: Final = bytes(15) + b"\x01"
_QUARTERS: Final = 4  # windows of the throttle to the second
_WINDOW: Final[Second] = 1 / _QUARTERS

Choice = TypeVar("Choice", bound=IntEnum)


class Security(IntEnum):
    """Whether the announced port speaks TLS. ISO 15118-20 runs on TLS only."""

    TLS = 0x00
    NONE = 0x10


class Transport(IntEnum):
    """What the session runs on. UDP has a value, and nobody serves it."""

    TCP = 0x00
    UDP = 0x10


class SdpResponse(Value):
    """Where the charger listens. `address`: 16 octets, IPv6; `port`: TCP.

    Decoding takes any address and port. Whether they are of use, `usable` says.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.SDP_RESPONSE

    address: bytes
    port: int
    security: Security = Security.TLS
    transport: Transport = Transport.TCP

    @property
    def text(self) -> str:
        """The address as people write it, without a scope."""
        return address_text(self.address)

    def to_payload(self) -> bytes:
        """Twenty octets. Raises CodecError for an address that has not 16, or a number that does not fit its field."""
        require_length(self.address, (16,), "SDPResponse/Address")
        return pack(_RESPONSE, "SDPResponse", self.address, self.port, self.security, self.transport)

    def to_datagram(self) -> bytes:
        """Header and payload. Raises as `to_payload` does."""
        return frame_bytes(self.payload_type, self.to_payload())

    @classmethod
    def from_payload(cls, body: bytes) -> Self:
        """Raises CodecError for a wrong length or a reserved value, its bit counted from the start of the payload."""
        require_length(body, (_RESPONSE.size,), "SDPResponse")
        address, port, _, _ = _RESPONSE.unpack(body)
        return cls(address, port, enum_at(Security, body, 18, "SDPResponse"), enum_at(Transport, body, 19, "SDPResponse"))


class SdpRequest(Value):
    """What the car asks for."""

    payload_type: ClassVar[PayloadType] = PayloadType.SDP_REQUEST
    answered_by: ClassVar[type[SdpResponse]] = SdpResponse

    security: Security = Security.TLS
    transport: Transport = Transport.TCP

    def to_payload(self) -> bytes:
        """Two octets. Raises CodecError for a value that is no octet."""
        return pack(_REQUEST, "SDPRequest", self.security, self.transport)

    def to_datagram(self) -> bytes:
        """Header and payload. Raises as `to_payload` does."""
        return frame_bytes(self.payload_type, self.to_payload())

    @classmethod
    def from_payload(cls, body: bytes) -> Self:
        """Raises CodecError for a wrong length or a reserved value, its bit counted from the start of the payload."""
        require_length(body, (_REQUEST.size,), "SDPRequest")
        return cls(enum_at(Security, body, 0, "SDPRequest"), enum_at(Transport, body, 1, "SDPRequest"))


TLS_REQUEST: Final = SdpRequest()
"""What every ISO 15118-20 car asks for."""


def decode_request(datagram: bytes, kinds: tuple[type[SdpRequest], ...] = (SdpRequest,)) -> SdpRequest:
    """The request a datagram is; `kinds` are those this charger serves.

    Raises CodecError for a broken header, another payload type (a response, say), a wrong length or a reserved value: no answer is due.
    """
    frame = parse_datagram(datagram)
    for kind in kinds:
        if frame.payload_type == kind.payload_type:
            return kind.from_payload(frame.body)
    raise CodecError(f"type 0x{frame.payload_type:04X} is no request served here", path="V2GTP/PayloadType", bit=16)


def decode_response(datagram: bytes, kind: type[SdpResponse] = SdpResponse) -> SdpResponse:
    """The response a datagram is; `kind` is the one asked for. Raises CodecError as `decode_request` does."""
    frame = parse_datagram(datagram)
    if frame.payload_type != kind.payload_type:
        raise CodecError(f"type 0x{frame.payload_type:04X} is not the response asked for", path="V2GTP/PayloadType", bit=16)
    return kind.from_payload(frame.body)


def on_link(address: bytes, *, scope: int = 0, own_scope: int = 0, loopback: bool = False) -> None:
    """Raises PeerError unless `address` (16 octets) is a unicast address of this link: of a request's sender, or of an announced charger.

    `scope` is the interface the address belongs to and `own_scope` the one we serve; 0 is unknown, and nothing is then compared.
    `loopback` lets ::1 pass, for two programs in one machine.
    """
    if len(address) != 16:
        raise PeerError(f"{len(address)} octets are no IPv6 address")
    if address == bytes(16):
        raise PeerError("address is unspecified")
    if address[0] == 0xFF:
        raise PeerError(f"address {address_text(address)} is multicast")
    if loopback and address == _LOOPBACK:
        return
    if address[0] != 0xFE or address[1] & 0xC0 != 0x80:  # fe80::/10
        raise PeerError(f"address {address_text(address)} is not link-local")
    if scope and own_scope and scope != own_scope:
        raise PeerError(f"address {address_text(address)} belongs to interface {scope}, not to {own_scope}")


def answer(request: SdpRequest, *, address: bytes, port: int, plain_port: int | None = None) -> SdpResponse:
    """What a charger at `address` says. `port` speaks TLS; `plain_port` does not, and is None where only ISO 15118-20 is served.

    A car that asks for no TLS is told the TLS port unless there is a plain one. Raises PeerError for a request for UDP: no answer is due.
    """
    if request.transport != Transport.TCP:
        raise PeerError("session over UDP asked for")
    if request.security == Security.NONE and plain_port is not None:
        return SdpResponse(address, plain_port, Security.NONE)
    return SdpResponse(address, port)


def usable(response: SdpResponse, *, asked: Security = Security.TLS, loopback: bool = False) -> None:
    """Raises PeerError for an answer a car must not connect to: it ignores it and goes on asking.

    Refused are port 0, an address that is not one of this link, UDP, and no TLS where TLS was asked for: ISO 15118-20 must not be offered
    on such a connection [V2G20-1237]. TLS where none was asked for is accepted.
    """
    if response.port == 0:
        raise PeerError("port is 0")
    on_link(response.address, loopback=loopback)
    if response.transport != Transport.TCP:
        raise PeerError("session over UDP announced")
    if asked != Security.NONE and response.security != Security.TLS:
        raise PeerError("no TLS announced where TLS was asked for", requirement="V2G20-1237")


class Note(Value):
    """An answer that was ignored: when (the caller's clock, s) and why."""

    at: Second
    reason: str


class SdpClient:
    """A car's search: asks every `WAIT` until one usable answer has come, or until `TRIES` requests have gone without one.

    `start` once, send what `poll` returns, call it again at `next_deadline`, and pass in whatever arrives. The first usable answer ends the
    search, later ones are ignored: a car opens one connection. Starting again (the connection was refused, say) keeps the spacing.
    The time is an argument, s, any monotonic clock. The budget of the whole communication set-up is not watched here.
    """

    __slots__ = ("_due", "_gave_up", "_ignored", "_loopback", "_notes", "_request", "_sent_at", "_unanswered")

    def __init__(self, request: SdpRequest = TLS_REQUEST, *, loopback: bool = False) -> None:
        """`loopback` accepts ::1 as the charger's address."""
        self._request = request
        self._loopback = loopback
        self._due: Second | None = None  # of the next request, or of giving up; None while not searching
        self._sent_at: Second | None = None
        self._unanswered = 0
        self._gave_up = False
        self._ignored = 0
        self._notes: deque[Note] = deque(maxlen=NOTES)

    @property
    def next_deadline(self) -> Second | None:
        """When to call `poll` next, None when there is nothing to wait for: not started, answered, or given up."""
        return self._due

    @property
    def unanswered(self) -> int:
        """Consecutive requests without a valid answer [V2G20-157]."""
        return self._unanswered

    @property
    def gave_up(self) -> bool:
        """Whether the last of `TRIES` requests has stayed without an answer: communication set-up has failed [V2G20-162]."""
        return self._gave_up

    @property
    def ignored(self) -> int:
        """Answers ignored since the start."""
        return self._ignored

    @property
    def notes(self) -> tuple[Note, ...]:
        """The last `NOTES` ignored answers, oldest first."""
        return tuple(self._notes)

    def start(self, now: Second) -> None:
        """Begins a search. The first request is due at once, but never sooner than `WAIT` after the last one sent."""
        self._due = now if self._sent_at is None else max(now, self._sent_at + WAIT)
        self._unanswered = 0
        self._gave_up = False
        self._ignored = 0
        self._notes.clear()

    def poll(self, now: Second) -> bytes | None:
        """The request to send now, to `MULTICAST` and `PORT`, or None. A late call delays the requests after it, it never bunches them."""
        if self._due is None or now < self._due:
            return None
        if self._unanswered == TRIES:
            self._due = None
            self._gave_up = True
            return None
        self._unanswered += 1  # [V2G20-160]
        self._sent_at = now
        self._due = now + WAIT
        return self._request.to_datagram()

    def received(self, datagram: bytes, now: Second) -> SdpResponse | None:
        """The answer to connect to, or None for one that is ignored (`notes` say why). An answer resets the counter [V2G20-158]."""
        if self._due is None or self._unanswered == 0:
            self._ignore("no request is waiting for an answer", now)
            return None
        try:
            response = decode_response(datagram, self._request.answered_by)
            usable(response, asked=self._request.security, loopback=self._loopback)
        except (CodecError, PeerError) as refused:
            self._ignore(str(refused), now)
            return None
        self._due = None
        self._unanswered = 0
        return response

    def _ignore(self, reason: str, now: Second) -> None:
        self._ignored += 1
        self._notes.append(Note(now, reason))


class SdpThrottle:
    """Bounds a charger's answers: 20 a second to one source and 100 a second in all.

    Counted over any quarter of a second, a quarter of each figure: so when a flood ends, an honest car's next request is answered
    within the `WAIT` it allows, and it is not made to share the second that the flood used up. Refused requests leave no trace, so the
    memory is bounded by the answers given in that quarter, however many sources there are.
    """

    __slots__ = ("_by_source", "_given", "_per_source", "_total")

    def __init__(self, per_source: int = 20, total: int = 100) -> None:
        """Both figures: answers a second. Raises LocalError below 4, with which no answer would fit in a quarter of a second."""
        if per_source < _QUARTERS or total < _QUARTERS:
            raise LocalError(f"{per_source} answers a second to a source and {total} in all: fewer than {_QUARTERS}")
        self._per_source = per_source // _QUARTERS
        self._total = total // _QUARTERS
        self._given: deque[tuple[Second, bytes]] = deque()
        self._by_source: Counter[bytes] = Counter()

    def allow(self, source: bytes, now: Second) -> bool:
        """Whether to answer a request that `source` (its address) sent, and if so counts the answer. `now`: s, monotonic."""
        while self._given and now - self._given[0][0] >= _WINDOW:
            _, gone = self._given.popleft()
            self._by_source[gone] -= 1
            if not self._by_source[gone]:
                del self._by_source[gone]
        if len(self._given) >= self._total or self._by_source[source] >= self._per_source:
            return False
        self._given.append((now, source))
        self._by_source[source] += 1
        return True

    def __len__(self) -> int:
        """Answers remembered."""
        return len(self._given)


def address_text(address: bytes) -> str:
    """16 octets as people write an IPv6 address."""
    from ipaddress import IPv6Address  # slow to import: kept out of the start

    return str(IPv6Address(address))


def address_octets(text: str) -> bytes:
    """The 16 octets of an IPv6 address as people and sockets write it; a scope (`%eth1`) is left out. Raises LocalError if it is none."""
    from ipaddress import AddressValueError, IPv6Address

    try:
        return IPv6Address(text).packed
    except AddressValueError:
        raise LocalError(f"{text!r} is no IPv6 address") from None


def require_length(octets: bytes, lengths: tuple[int, ...], path: str) -> None:
    """Raises CodecError unless the number of octets is one of `lengths`."""
    if len(octets) not in lengths:
        expected = " or ".join(str(length) for length in lengths)
        raise CodecError(f"{len(octets)} octets, expected {expected}", path=path, bit=8 * min(len(octets), max(lengths)))


def enum_at(kind: type[Choice], body: bytes, at: int, path: str) -> Choice:
    """The value of octet `at`. Raises CodecError for one that is reserved."""
    try:
        return kind(body[at])
    except ValueError:
        raise CodecError(f"0x{body[at]:02X} is reserved", path=f"{path}/{kind.__name__}", bit=8 * at) from None


def pack(layout: struct.Struct, path: str, *values: bytes | int) -> bytes:
    """The octets of a payload. Raises CodecError for a number that does not fit its field."""
    try:
        return layout.pack(*values)
    except struct.error as unfit:
        raise CodecError(str(unfit), path=path) from None
