"""The first exchange on a connection (SAP): which protocol, in which edition, both sides will speak."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Integer, Message, Occurs, Text
from iso15118.messages.facets import UnsignedByte, UnsignedInt


class AppProtocol(Message):
    """A protocol the vehicle speaks: its namespace, its version, and the id by which the answer names it. Priority 1 is the first wish."""

    protocol_namespace: Annotated[str, Text(100)]
    version_number_major: UnsignedInt
    version_number_minor: UnsignedInt
    schema_id: UnsignedByte
    priority: Annotated[int, Integer(1, 20)]


class AppProtocolResponseCode(Enumeration):
    """How the negotiation ended."""

    OK_SuccessfulNegotiation = "OK_SuccessfulNegotiation"
    OK_SuccessfulNegotiationWithMinorDeviation = "OK_SuccessfulNegotiationWithMinorDeviation"
    Failed_NoNegotiation = "Failed_NoNegotiation"


class supportedAppProtocolReq(Message):
    """The vehicle lists the protocols it speaks."""

    app_protocol: Annotated[tuple[AppProtocol, ...], Occurs(1, 20)]


class supportedAppProtocolRes(Message):
    """The charger chooses one by its SchemaID, or none."""

    response_code: AppProtocolResponseCode
    schema_id: UnsignedByte | None = None
