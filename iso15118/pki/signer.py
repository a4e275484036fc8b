"""Private keys that sign, wherever they lie, and what their signatures are worth. ECDSA values are raw, r || s, as messages have them."""

from __future__ import annotations

from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, utils
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from iso15118.errors import LocalError
from iso15118.pki.keys import CURVES, SECP256R1, SECP521R1, PublicKey, curve_of, hash_of

LENGTHS: Final[dict[str, int]] = {SECP521R1: 66, SECP256R1: 32}
"""Octets of one of the two numbers of an ECDSA signature."""


class Signer(Protocol):
    """A private key that may lie in hardware: it signs, and is known by its public half."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies."""

    def sign(self, data: bytes) -> bytes:
        """The signature over `data` under the hash of the curve: r || s, or that of Ed448."""


class SoftKey:
    """A private key in memory."""

    def __init__(self, key: PrivateKeyTypes) -> None:
        """Raises LocalError on a key of another kind than ISO 15118 signs with."""
        if not isinstance(key, ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey) or curve_of(key) not in CURVES:
            raise LocalError(f"a key of kind {type(key).__name__}; allowed: {', '.join(CURVES)}")
        self._key = key
        self.public: PublicKey = key.public_key()

    def sign(self, data: bytes) -> bytes:
        """As `Signer` says."""
        if isinstance(self._key, ed448.Ed448PrivateKey):
            return self._key.sign(data)
        octets = LENGTHS[self._key.curve.name]
        r, s = utils.decode_dss_signature(self._key.sign(data, ecdsa(self._key)))
        return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")


def ecdsa(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> ec.ECDSA:
    """ECDSA with the hash of the key's curve."""
    return ec.ECDSA(hash_of(key) or hashes.SHA512())


def verifies(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """True where `signature` (raw) over `data` is by the private half of `key`; False on any other length too."""
    try:
        if isinstance(key, ed448.Ed448PublicKey):
            key.verify(signature, data)
            return True
        octets = LENGTHS.get(key.curve.name, 0)
        if not octets or len(signature) != 2 * octets:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:octets], signature[octets:]))
        key.verify(utils.encode_dss_signature(r, s), data, ecdsa(key))
    except InvalidSignature:
        return False
    return True
