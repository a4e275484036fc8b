"""What TLS may agree on: the lists of ISO 15118-20, a wider one for counterparties that do not keep to them, and that of ISO 15118-2."""

from __future__ import annotations

from typing import Final

from iso15118.value import Value


class TlsProfile(Value):
    """Names as OpenSSL has them, the preferred ones first."""

    name: str
    suites: tuple[str, ...]
    groups: tuple[str, ...]
    signatures: tuple[str, ...]
    usage: bool = True
    """A leaf has to say that it is for this: clientAuth of a vehicle, serverAuth of a charger (Annex B). Saying nothing is not enough."""
    version: str = "TLSv1.3"
    """The one and only."""
    mutual: bool = True
    """The vehicle shows a certificate, too."""


STRICT: Final = TlsProfile(
    "iso15118-20",
    suites=("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"),  # [V2G20-2458] [V2G20-2459]
    groups=("secp521r1", "X448"),  # [V2G20-1634] [V2G20-1637]
    signatures=("ecdsa_secp521r1_sha512", "ed448"),  # [V2G20-1667] [V2G20-1668]
)
"""The standard's."""
LENIENT: Final = TlsProfile(
    "lenient",
    suites=(*STRICT.suites, "TLS_AES_128_GCM_SHA256"),
    groups=(*STRICT.groups, "secp256r1", "X25519"),
    signatures=(*STRICT.signatures, "ecdsa_secp256r1_sha256"),
    usage=False,
)
"""Also the curve of ISO 15118-2: for counterparties on a bench."""
SECOND: Final = TlsProfile(
    "iso15118-2",
    suites=("ECDHE-ECDSA-AES128-SHA256",),  # its other one, with a fixed key exchange, is gone from OpenSSL
    groups=("secp256r1",),
    signatures=("ecdsa_secp256r1_sha256",),
    usage=False,
    version="TLSv1.2",
    mutual=False,
)
"""Of ISO 15118-2, whose messages are not spoken here yet: the engine can do it, a station of ISO 15118-20 refuses it."""
PROFILES: Final = {profile.name: profile for profile in (STRICT, LENIENT)}
DEPTH: Final = 3
"""Certificates between a leaf and its root at most: two sub-CAs and, perhaps, a cross certificate."""
