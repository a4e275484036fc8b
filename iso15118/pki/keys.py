"""Private and public keys of the V2G PKI: the curves there are, and signatures as they stand in messages and certificates."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448

from iso15118.errors import LocalError

CurveName: TypeAlias = Literal["secp521r1", "ed448", "secp256r1"]
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed448.Ed448PublicKey
SECP521R1: Final[CurveName] = "secp521r1"
"""The mandatory one [V2G20-2674]."""
ED448: Final[CurveName] = "ed448"
"""The second one [V2G20-2319]."""
SECP256R1: Final[CurveName] = "secp256r1"
"""Of ISO 15118-2, and of counterparties that use it for -20 too."""
CURVES: Final[tuple[CurveName, ...]] = (SECP521R1, ED448, SECP256R1)


def new_key(curve: str) -> PrivateKey:
    """A fresh private key. Raises LocalError on another curve."""
    match curve:
        case "secp521r1":
            return ec.generate_private_key(ec.SECP521R1())
        case "secp256r1":
            return ec.generate_private_key(ec.SECP256R1())
        case "ed448":
            return ed448.Ed448PrivateKey.generate()
    raise LocalError(f"curve {curve!r}; allowed: {', '.join(CURVES)}")


def curve_of(key: PrivateKey | PublicKey) -> str:
    """Its curve by name, also one that is not of this PKI."""
    return key.curve.name if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) else ED448


def hash_of(key: PrivateKey | PublicKey) -> hashes.SHA512 | hashes.SHA256 | None:
    """What goes with the key in certificates: SHA-512 with secp521r1, SHA-256 with secp256r1, nothing with Ed448."""
    match curve_of(key):
        case "ed448":
            return None
        case "secp256r1":
            return hashes.SHA256()
    return hashes.SHA512()
