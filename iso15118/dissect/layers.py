"""Layers of scapy for V2GTP, its messages and SDP: to craft, to fuzz, and to read captures by hand. Needs the extra `tools`.

    from scapy.all import IPv6, TCP, TCPSession, fuzz, rdpcap, sniff
    from iso15118.dissect.layers import V2GTP, SDPRequest, V2GMessage, bind_ports, frame_of

    bytes(V2GTP() / SDPRequest(security="NONE"))          # a datagram of discovery, lengths and types filled in
    bytes(V2GTP(payload_length=9) / SDPRequest())         # and one that lies
    bytes(frame_of(request))                              # a frame with one of our messages
    fuzz(V2GTP() / SDPRequest())                          # a different one whenever it is built
    bind_ports(50000)                                     # what the charger announced
    for packet in sniff(offline="session.pcap", session=TCPSession):
        if V2GMessage in packet:
            packet[V2GMessage].message()                  # or .show(), .summary()

Numbers and names are those of `iso15118.wire`. Only plain TCP is read: for TLS see `dissect.tls`. A frame holds one message; several in
one segment come apart as layers behind each other. scapy is GPL-2.0-only, so nothing else imports this module.
"""

# ruff: noqa: RUF012 - scapy wants lists of fields as class attributes

from __future__ import annotations

from typing import Any

from iso15118.errors import CodecError, LocalError
from iso15118.exi import Message
from iso15118.messages.catalogue import payload_type_of, schema_for
from iso15118.wire.sdp import PORT, Security, Transport
from iso15118.wire.v2gtp import EXI_TYPES, HEADER, LIMIT, PayloadType

try:
    from scapy.fields import ByteEnumField, IntField, IP6Field, ShortField, StrField, XByteField, XShortEnumField
    from scapy.layers.inet import TCP, UDP
    from scapy.packet import Packet, bind_bottom_up, bind_layers, bind_top_down
except ImportError:
    raise LocalError("the packet layers need scapy: pip install 'chargeloop[tools]'") from None

__all__ = ["V2GTP", "SDPRequest", "SDPResponse", "V2GMessage", "bind_ports", "frame_of"]

SHOWN = 2000
"""Characters of a message that are shown."""


class V2GTP(Packet):
    """A frame: header, then a message or a discovery payload. The length is filled in unless it is given."""

    name = "V2GTP"
    fields_desc = [
        XByteField("version", 0x01),
        XByteField("inverse_version", 0xFE),
        XShortEnumField("payload_type", PayloadType.SAP.value, PayloadType),
        IntField("payload_length", None),
    ]

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        """Header and payload as they go on the wire."""
        if self.payload_length is None:
            pkt = pkt[:4] + len(pay).to_bytes(4, "big") + pkt[8:]
        return pkt + pay

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes]:
        """The payload, and what belongs to the next frame."""
        return s[: self.payload_length], s[self.payload_length :]

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        """The layer that the payload type tells."""
        return V2GMessage if self.payload_type in EXI_TYPES else super().guess_payload_class(payload)

    def mysummary(self) -> str:
        return self.sprintf("V2GTP %V2GTP.payload_type%")

    @classmethod
    def tcp_reassemble(cls, data: bytes, metadata: dict[str, Any], session: dict[str, Any]) -> Packet | None:
        """The frame that `data` begins with, None until it is complete. One longer than any receiver accepts is not waited for."""
        if len(data) < HEADER:
            return None
        length = int.from_bytes(data[4:HEADER], "big")
        return cls(data) if len(data) >= HEADER + length or length > LIMIT else None


class _Exi(StrField):
    """Octets of a message, shown as the message."""

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        if not isinstance(pkt, V2GMessage) or not isinstance(x, bytes):
            return repr(x)
        try:
            return _line(repr(pkt.message()))
        except CodecError as error:
            return f"{x.hex()} ({_line(str(error))})"


class V2GMessage(Packet):
    """The EXI payload of a frame."""

    name = "V2GMessage"
    fields_desc = [_Exi("octets", b"")]

    def message(self, namespace: str = "", *, parameters: bool = False) -> Message:
        """The message that the octets are. `namespace` and `parameters` as `catalogue.schema_for` has them.

        The payload type is that of the frame around it. Raises CodecError where it has no schema or the octets are no message of it.
        """
        frame = self.underlayer
        payload_type = frame.payload_type if isinstance(frame, V2GTP) else PayloadType.SAP.value
        return schema_for(payload_type, namespace, parameters=parameters).decode(self.octets)

    def mysummary(self) -> str:
        try:
            return f"V2GMessage {type(self.message()).__name__}"
        except CodecError as error:
            return f"V2GMessage ({_line(str(error))})"


class SDPRequest(Packet):
    """What a car asks for by multicast."""

    name = "SDPRequest"
    fields_desc = [
        ByteEnumField("security", Security.TLS.value, Security),
        ByteEnumField("transport", Transport.TCP.value, Transport),
    ]

    def mysummary(self) -> str:
        return self.sprintf("SDPRequest %SDPRequest.security% %SDPRequest.transport%")


class SDPResponse(Packet):
    """Where a charger listens."""

    name = "SDPResponse"
    fields_desc = [
        IP6Field("address", "fe80::1"),
        ShortField("port", 0),
        ByteEnumField("security", Security.TLS.value, Security),
        ByteEnumField("transport", Transport.TCP.value, Transport),
    ]

    def mysummary(self) -> str:
        return self.sprintf("SDPResponse [%SDPResponse.address%]:%SDPResponse.port% %SDPResponse.security% %SDPResponse.transport%")


bind_layers(V2GTP, SDPRequest, payload_type=PayloadType.SDP_REQUEST.value)
bind_layers(V2GTP, SDPResponse, payload_type=PayloadType.SDP_RESPONSE.value)
bind_bottom_up(UDP, V2GTP, sport=PORT)
bind_bottom_up(UDP, V2GTP, dport=PORT)
bind_top_down(UDP, V2GTP, dport=PORT)


def bind_ports(*ports: int) -> None:
    """Has TCP segments from and to `ports` read as V2GTP: those that chargers have announced, for there is no fixed one."""
    for port in ports:
        bind_bottom_up(TCP, V2GTP, sport=port)
        bind_bottom_up(TCP, V2GTP, dport=port)


def frame_of(message: Message, namespace: str = "") -> V2GTP:
    """The frame of a message, to be changed or sent. Raises LocalError for what is none of its own, CodecError where it cannot be encoded.

    `namespace`: the protocol negotiated, for a message of ISO 15118-2 or DIN 70121.
    """
    payload_type = payload_type_of(message)
    octets = schema_for(payload_type, namespace).encode(message)
    return V2GTP(payload_type=payload_type) / V2GMessage(octets=octets)


def _line(text: str) -> str:
    """A peer's characters made harmless to a screen, on one line of bearable length."""
    shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)
