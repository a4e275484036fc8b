"""Element names of supportedAppProtocol (SAP). What the order means: the package."""

from __future__ import annotations

from typing import Final

ELEMENTS: Final = tuple(
    """
    supportedAppProtocolReq supportedAppProtocolRes
    """.split()
)

FRAGMENT_ELEMENTS: Final = tuple(
    """
    AppProtocol Priority ProtocolNamespace ResponseCode SchemaID VersionNumberMajor VersionNumberMinor supportedAppProtocolReq
    supportedAppProtocolRes
    """.split()
)
