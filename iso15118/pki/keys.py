"""Keys as this house uses them: what signs and agrees, and the curves that ISO 15118-20 knows. ECDSA values are raw r || s here."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, utils
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from iso15118.errors import LocalError

EllipticKey: TypeAlias = ec.EllipticCurvePublicKey | ed448.Ed448PublicKey
"""The public keys that sign in ISO 15118."""


class Curve(NamedTuple):
    """A curve's hash and the octets of one coordinate or scalar."""

    hash: hashes.HashAlgorithm
    octets: int


CURVES: Final = {"secp521r1": Curve(hashes.SHA512(), 66), "secp256r1": Curve(hashes.SHA256(), 32)}
"""Of ECDSA, by name; secp256r1 is of ISO 15118-2, and of peers that have not moved on."""
ED448: Final = "ed448"
ED448_SIGNATURE: Final = 114


class Signer(Protocol):
    """A private key that may lie in hardware: it signs, and is known by its public half."""

    @property
    def public(self) -> EllipticKey:
        """The key that verifies."""

    def sign(self, data: bytes) -> bytes:
        """The signature over `data` under the hash of the curve: r || s, or that of Ed448."""


class SoftKey:
    """A private key in memory."""

    def __init__(self, key: PrivateKeyTypes) -> None:
        """Raises LocalError on a key of another kind than ISO 15118 signs with."""
        if not isinstance(key, ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey):
            raise LocalError(f"a key of kind {type(key).__name__}; allowed: secp521r1, Ed448, or secp256r1 for older peers")
        self._key = key
        self.public: EllipticKey = key.public_key()
        curve_of(self.public)

    def sign(self, data: bytes) -> bytes:
        """As `Signer` says."""
        if isinstance(self._key, ed448.Ed448PrivateKey):
            return self._key.sign(data)
        curve = CURVES[self._key.curve.name]
        r, s = utils.decode_dss_signature(self._key.sign(data, ec.ECDSA(curve.hash)))
        return r.to_bytes(curve.octets, "big") + s.to_bytes(curve.octets, "big")


def curve_of(key: PublicKeyTypes) -> str:
    """The name of a key's curve. Raises LocalError on a key of another kind."""
    if isinstance(key, ed448.Ed448PublicKey):
        return ED448
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        return key.curve.name
    raise LocalError(f"a key of kind {type(key).__name__}; allowed: secp521r1, Ed448, or secp256r1 for older peers")


def verifies(key: EllipticKey, signature: bytes, data: bytes) -> bool:
    """True where `signature` (raw) over `data` is by the private half of `key`; False on any other length too."""
    try:
        if isinstance(key, ed448.Ed448PublicKey):
            key.verify(signature, data)
            return True
        curve = CURVES[key.curve.name]
        if len(signature) != 2 * curve.octets:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[: curve.octets], signature[curve.octets :]))
        key.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(curve.hash))
    except InvalidSignature:
        return False
    return True
