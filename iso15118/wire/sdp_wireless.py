"""Discovery for wireless charging and automatic connection devices: the datagrams of `sdp`, then who stands at which device.

    request    as wired 2, pairing 2, coupling type 1, EVID 20, EVSEID 37
    response   as wired 20, diagnosis 1, coupling type 1, EVSEID 37

Sources disagree whether the EVSEID has 36 or 37 octets: the longer is sent, both are read. Ids are printable ASCII, then zero octets.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag
from typing import ClassVar, Final, Self

from iso15118.errors import CodecError
from iso15118.wire.sdp import SdpRequest, SdpResponse, answer, enum_at, pack, require_length
from iso15118.wire.v2gtp import PayloadType

COUPLING_MANUAL: Final = 0x40
"""Coupling type: a plug in a hand. 0x00 to 0x05 are pantographs and their kin, 0x10 wireless, 0x20, 0x21 and 0x30 underbody devices."""

COUPLING_NOT_APPLICABLE: Final = 0xFF

EVID_UNKNOWN: Final = "ZZ00000"
"""Sent by a car that does not know its own id."""


class Pairing(IntFlag):
    """Ways a car and a device recognise each other, by bit (taken from running implementations; other bits are kept as they are)."""

    PPD_INFRASTRUCTURE = 0x0100
    PPD_VEHICLE = 0x0200
    WPT_LF_INFRASTRUCTURE = 0x0400
    WPT_LF_VEHICLE = 0x0800
    WPT_CAMERA_VEHICLE = 0x1000
    ACD_U_INFRARED = 0x2000
    ACD_DIRECTED_WLAN = 0x4000


NO_PAIRING: Final = Pairing(0)


class Diagnosis(IntEnum):
    """How far a device has got in finding out which car is in front of it."""

    ONGOING = 0x00
    DONE_WITH_EVSEID = 0x01
    DONE_WITHOUT_EVSEID = 0x02
    ERROR = 0x10


class WirelessResponse(SdpResponse):
    """Where the charger listens, and whether the device has recognised the car.

    `coupling`: 0..255, mirrors the request's; `evseid`: the device, up to 37 octets, empty when unknown.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.SDP_WIRELESS_RESPONSE

    diagnosis: Diagnosis = Diagnosis.ONGOING
    coupling: int = COUPLING_NOT_APPLICABLE
    evseid: str = ""

    def to_payload(self) -> bytes:
        """Fifty-nine octets. Raises CodecError for what does not fit its field."""
        evseid = _id_octets(self.evseid, _EVSEID, "SDPResponse/EVSEID")
        return SdpResponse.to_payload(self) + pack(_RESPONSE_TAIL, "SDPResponse", self.diagnosis, self.coupling, evseid)

    @classmethod
    def from_payload(cls, body: bytes) -> Self:
        """Takes 58 or 59 octets. Raises CodecError for another length, a reserved value, or an id that is not printable ASCII."""
        require_length(body, (58, 59), "SDPResponse")
        wired = SdpResponse.from_payload(body[:20])
        return cls(
            wired.address,
            wired.port,
            wired.security,
            wired.transport,
            enum_at(Diagnosis, body, 20, "SDPResponse"),
            body[21],
            _id_text(body, 22, len(body), "SDPResponse/EVSEID"),
        )


class WirelessRequest(SdpRequest):
    """What the car asks for, and how it can be recognised.

    `pairing`: the ways it knows; `coupling`: 0..255, what it can be coupled by; `evid`: itself, up to 20 octets; `evseid`: the device it
    stands at, up to 37 octets, empty when unknown.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.SDP_WIRELESS_REQUEST
    answered_by: ClassVar[type[SdpResponse]] = WirelessResponse

    pairing: Pairing = NO_PAIRING
    coupling: int = COUPLING_NOT_APPLICABLE
    evid: str = EVID_UNKNOWN
    evseid: str = ""

    def to_payload(self) -> bytes:
        """Sixty-two octets. Raises CodecError for what does not fit its field."""
        evid, evseid = _id_octets(self.evid, _EVID, "SDPRequest/EVID"), _id_octets(self.evseid, _EVSEID, "SDPRequest/EVSEID")
        return SdpRequest.to_payload(self) + pack(_REQUEST_TAIL, "SDPRequest", self.pairing, self.coupling, evid, evseid)

    @classmethod
    def from_payload(cls, body: bytes) -> Self:
        """Takes 61 or 62 octets. Raises CodecError for another length, a reserved value, or an id that is not printable ASCII."""
        require_length(body, (61, 62), "SDPRequest")
        wired = SdpRequest.from_payload(body[:2])
        return cls(
            wired.security,
            wired.transport,
            Pairing(int.from_bytes(body[2:4], "big")),
            body[4],
            _id_text(body, 5, 25, "SDPRequest/EVID"),
            _id_text(body, 25, len(body), "SDPRequest/EVSEID"),
        )


_EVID: Final = 20
_EVSEID: Final = 37
_REQUEST_TAIL: Final = struct.Struct(f">HB{_EVID}s{_EVSEID}s")
_RESPONSE_TAIL: Final = struct.Struct(f">BB{_EVSEID}s")


def answer_wireless(request: WirelessRequest, *, address: bytes, port: int, diagnosis: Diagnosis, evseid: str = "") -> WirelessResponse:
    """What a charger at `address` says, `port` being its TLS port. Raises PeerError as `sdp.answer` does."""
    wired = answer(request, address=address, port=port)
    return WirelessResponse(wired.address, wired.port, wired.security, wired.transport, diagnosis, request.coupling, evseid)


def _id_octets(text: str, width: int, path: str) -> bytes:
    if not _printable(text) or len(text) > width:
        raise CodecError(f"{text!r} is no printable ASCII of up to {width} octets", path=path)
    return text.encode("ascii")


def _id_text(body: bytes, start: int, end: int, path: str) -> str:
    text = body[start:end].rstrip(b"\0").decode("latin-1")
    if not _printable(text):
        raise CodecError(f"{text!r} is no printable ASCII", path=path, bit=8 * start)
    return text


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()  # a peer's control characters must not reach a log or a screen
