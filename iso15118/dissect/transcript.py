"""What was said, frame by frame: octets of streams and datagrams to messages, as far as the octets allow.

Nothing is guessed: the payload type says the schema; for 0x8001 the namespace that SupportedAppProtocol has settled; on the renegotiation
stream which message is due. What cannot be read stays in the transcript as a frame with its problem, and reading goes on with the next
one: after octets that are missing or no V2GTP, at the next header with a payload type that has a schema and a length that may be.
Neighbours: `captured` finds the streams in a capture, `text` in hexadecimal and base64; `chart`, `page` and `lines` show the transcript.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from iso15118.errors import CodecError
from iso15118.exi import Message, to_json
from iso15118.messages.app_protocol import supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import RENEGOTIATION, schema_for
from iso15118.value import Value
from iso15118.wire.sdp import SdpRequest, SdpResponse
from iso15118.wire.sdp_wireless import WirelessRequest, WirelessResponse
from iso15118.wire.v2gtp import HEADER, MANUFACTURER_TYPES, Frame, PayloadType, Receiver, parse_datagram

START: Final = b"\x01\xfe"
"""What every V2GTP header begins with."""
LONGEST: Final = 1024 * 1024
"""Octets of a payload accepted: more than a charger takes, yet not so many that one broken length swallows the rest of a stream."""
SAP: Final = PayloadType.SAP.value
"""Payload type of the negotiation, and of all that the older editions say after it."""
_HEADER: Final = re.compile(rb"\x01\xfe(?:\x80[\x01-\x06\x10\x11]|\x81[\x01-\x04])\x00[\x00-\x0f]", re.DOTALL)
"""What one looks for where the place is lost: nothing shorter is taken for a header, for any octets may stand in a message."""
_SDP: Final[Mapping[int, type[SdpRequest] | type[SdpResponse]]] = {
    kind.payload_type: kind for kind in (SdpRequest, SdpResponse, WirelessRequest, WirelessResponse)
}


class Said(Value, kw_only=True):
    """One frame, or what stands where one should be. `time`: seconds, of the capture's clock; None where there is no clock.

    `packet`: the number of the packet that completed it, from 1; for text the line. `stream`: an index into the transcript's, None for a
    datagram. `from_car`: None where nothing tells. `name` is the message's; `content` its neutral JSON form, None where it was not read.
    """

    time: float | None = None
    packet: int = 0
    stream: int | None = None
    from_car: bool | None = None
    payload_type: int | None = None
    schema: str = ""
    name: str = ""
    content: Mapping[str, Any] | None = None
    octets: bytes = b""
    """With the V2GTP header, if there was one."""
    problem: str = ""
    """Why it could not be read; "" if it was."""
    opaque: bool = False
    """A manufacturer's own payload type: nobody else can read it, and nobody has to."""

    @property
    def response_code(self) -> str:
        """The ResponseCode, "" where there is none. Of the older editions it stands in the body."""
        return str(self.inner.get("ResponseCode", ""))

    @property
    def failed(self) -> bool:
        """Did the message refuse?"""
        return self.response_code.upper().startswith("FAILED")

    @property
    def inner(self) -> Mapping[str, Any]:
        """The content; of the older editions that of the body element."""
        content = self.content or {}
        body = content.get("Body")
        if isinstance(body, Mapping) and len(body) == 1:
            (found,) = body.values()
            return found if isinstance(found, Mapping) else {}
        return content


class StreamSeen(Value):
    """A connection. `how`: TCP, or the TLS version and cipher suite; `closed`: why it could not be looked into, "" if it could."""

    client: str
    server: str
    how: str = "TCP"
    closed: str = ""


class Transcript(Value, kw_only=True):
    """Everything that was found, in the order of time. `problems`: what belongs to no frame; `notes`: what was left out, and is none."""

    said: tuple[Said, ...] = ()
    streams: tuple[StreamSeen, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unread(self) -> int:
        """How many frames could not be read, and other problems."""
        return sum(bool(each.problem) for each in self.said) + len(self.problems)


class Reader:
    """Reads the frames of one connection, both ways: what is negotiated on it decides how later frames are read."""

    def __init__(self, stream: int | None = None) -> None:
        self._stream = stream
        self._namespaces: dict[int, str] = {}
        self._namespace = ""
        self._parameters_due = True
        self._ways: dict[object, _Way] = {}

    def feed(
        self, octets: bytes, *, time: float | None, packet: int, from_car: bool | None, way: object = None, gap: int = 0
    ) -> list[Said]:
        """What these octets complete. `way`: the direction, where `from_car` does not tell. `gap`: octets missing before them."""
        state = self._ways.setdefault(from_car if way is None else way, _Way())
        about: dict[str, Any] = {"time": time, "packet": packet, "stream": self._stream, "from_car": from_car}
        found: list[Said] = []
        if gap:
            held = state.lose()
            found.append(Said(**about, problem=f"{gap} octets missing{f' in a frame of which {held} are here' if held else ''}"))
        for frame in state.frames(octets):
            found.append(self.read(frame, **about) if isinstance(frame, Frame) else Said(**about, octets=frame[0], problem=frame[1]))
        return found

    def end(self, *, time: float | None, packet: int) -> list[Said]:
        """What was still under way when the octets ended."""
        held = [way.lose() for way in self._ways.values()]
        about: dict[str, Any] = {"time": time, "packet": packet, "stream": self._stream}
        return [Said(**about, problem=f"frame cut off: {octets} octets of it are here") for octets in held if octets]

    def read(self, frame: Frame, **about: Any) -> Said:
        """The message of one frame. `about`: the fields of `Said` that the frame does not tell."""
        about |= {"payload_type": frame.payload_type, "octets": frame.to_bytes()}
        if frame.payload_type in MANUFACTURER_TYPES:
            return Said(**about, name=f"manufacturer's {frame.payload_type:#06x}", opaque=True)
        renegotiating = frame.payload_type == RENEGOTIATION
        try:
            schema = schema_for(frame.payload_type, self._namespace, parameters=renegotiating and self._parameters_due)
            message = schema.decode(frame.body)
        except CodecError as error:
            doubt = "; no negotiation was seen that would tell of an older edition"
            return Said(**about, problem=f"{error}{doubt if frame.payload_type == SAP and not self._namespace else ''}")
        if renegotiating:
            self._renegotiated(type(message).__name__)
        self._negotiated(message)
        return told(message, schema.name, about)

    def _renegotiated(self, name: str) -> None:
        """Charge parameters once, then common messages up to the power delivery that ends the renegotiation [V2G20-1041]."""
        if name.endswith("ChargeParameterDiscoveryRes"):
            self._parameters_due = False
        elif name == "PowerDeliveryRes":
            self._parameters_due = True

    def _negotiated(self, message: Message) -> None:
        if isinstance(message, supportedAppProtocolReq):
            self._namespaces = {each.schema_id: each.protocol_namespace for each in message.app_protocol}
        elif isinstance(message, supportedAppProtocolRes) and message.schema_id is not None:
            self._namespace = self._namespaces.get(message.schema_id, "")


class _Way:
    """One direction of a connection: a receiver, and whether it has lost its place."""

    def __init__(self) -> None:
        self._receiver = Receiver(LONGEST)
        self._lost = False

    def frames(self, octets: bytes) -> Iterator[Frame | tuple[bytes, str]]:
        """The frames completed; once between two headers, octets that belong to none, and why."""
        while octets:
            if self._lost or not self._receiver.pending:
                if not START.startswith(octets[:2]) and not octets.startswith(START):
                    at = _HEADER.search(octets)
                    lost, octets = (octets, b"") if at is None else (octets[: at.start()], octets[at.start() :])
                    if not self._lost:
                        yield lost, f"no V2GTP header: {lost[:8].hex(' ')}"
                    self._lost = True
                    if not octets:
                        return
                self._lost = False
            held, frames = self._receiver.pending, list[Frame]()
            try:
                frames = self._receiver.feed(octets)
                broken = self._receiver.error
            except CodecError as error:
                broken = error
            yield from frames
            if broken is None:
                return
            self.lose()
            octets = octets[max(0, sum(HEADER + len(frame.body) for frame in frames) - held) :]
            at = _HEADER.search(octets, 1)
            end = len(octets) if at is None else at.start()
            yield octets[:end], str(broken)
            octets = octets[end:]

    def lose(self) -> int:
        """Start anew at the next header. How many octets of a frame are given up."""
        held = self._receiver.pending
        self._receiver, self._lost = Receiver(LONGEST), True
        return held


def told(message: Message, schema: str, about: Mapping[str, Any]) -> Said:
    """A message that was read. Who sent it follows from its name where `about` does not say."""
    content = to_json(message)
    name = type(message).__name__
    body = content.get("Body") if isinstance(content, dict) else None
    if isinstance(body, dict) and len(body) == 1:  # V2G_Message, the one document of the older editions
        (name,) = body
    who = about.get("from_car")
    if who is None and name.endswith(("Req", "Res")):
        who = name.endswith("Req")
    kept = {key: value for key, value in about.items() if key != "from_car"}
    return Said(**kept, from_car=who, schema=schema, name=name, content=content if isinstance(content, dict) else {"value": content})


def read_datagram(octets: bytes, **about: Any) -> Said:
    """A discovery datagram. `about`: the fields of `Said` that it does not tell."""
    about |= {"octets": octets}
    try:
        frame = parse_datagram(octets)
        about |= {"payload_type": frame.payload_type}
        kind = _SDP.get(frame.payload_type)
        if kind is None:
            return Said(**about, problem=f"payload type {frame.payload_type:#06x} in a datagram is no discovery")
        found = kind.from_payload(frame.body)
    except CodecError as error:
        return Said(**about, problem=str(error))
    asked = isinstance(found, SdpRequest)
    return Said(
        **{key: value for key, value in about.items() if key != "from_car"},
        from_car=asked,
        schema="SDP",
        name=f"SDP{'Request' if asked else 'Response'}{' wireless' if isinstance(found, WirelessRequest | WirelessResponse) else ''}",
        content=_discovered(found),
    )


def _discovered(found: SdpRequest | SdpResponse) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for field in type(found).__fields__:
        value = getattr(found, field)
        if field == "address" and isinstance(found, SdpResponse):
            value = found.text
        elif hasattr(value, "name"):
            value = value.name
        plain[field] = value.hex() if isinstance(value, bytes) else value
    return plain


def in_order(said: Iterable[Said]) -> tuple[Said, ...]:
    """By time, then as the packets came."""
    return tuple(sorted(said, key=lambda each: (each.time or 0.0, each.packet)))
