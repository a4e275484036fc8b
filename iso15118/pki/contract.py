"""A contract's private key on its way into the vehicle: key agreement, key derivation and authenticated encryption [V2G20-2494].

Two points of the text are not settled in the field, and are therefore named profiles: how the key is derived, and what the associated
data are. Ed448 contract keys have seeds of 57 octets, and the element holds 56: they are refused, unless a profile says otherwise.
Randomness (ephemeral key, initialisation vector) is given by the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x448
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.certificate import ContractCertificateChain, ECDHCurve, SignedInstallationData
from iso15118.pki.keys import PrivateKey, PublicKey
from iso15118.value import Value

INSTALLATION_ID: Final = "contract"
"""The Id of the signed element."""
_IV, _TAG, _AES = 12, 16, 32
_SCALAR: Final = 66
"""Octets of a secp521r1 scalar; the seven bits ahead of its 521 are zero [V2G20-2678]."""
_ORDER_521: Final = int(
    "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    16,
)
_P448: Final = 2**448 - 2**224 - 1
_D448: Final = -39081
EphemeralKey: TypeAlias = ec.EllipticCurvePrivateKey | x448.X448PrivateKey
AgreedKey: TypeAlias = ec.EllipticCurvePublicKey | x448.X448PublicKey


class Kdf(Value):
    """How 32 octets are made of the shared secret: `kind` concat (the counter ahead of it) or x963 (behind it)."""

    name: str
    kind: str = "concat"
    hash: str = "sha512"
    other_info: bytes = b""

    def derive(self, secret: bytes) -> bytes:
        """The key of AES-256."""
        hashed: hashes.HashAlgorithm = hashes.SHA512() if self.hash == "sha512" else hashes.SHA256()
        if self.kind == "concat":
            return ConcatKDFHash(hashed, _AES, self.other_info).derive(secret)
        return X963KDF(hashed, _AES, self.other_info).derive(secret)


KDFS: Final = {
    kdf.name: kdf
    for kdf in (
        Kdf("concat-sha512"),
        Kdf("concat-sha256", hash="sha256"),
        Kdf("concat-sha256-iso2", hash="sha256", other_info=b"\x01\x55\x56"),
        Kdf("x963-sha512", kind="x963"),
    )
}
"""The first is what the one public implementation does; none has been seen confirmed by the text [V2G20-2529] [V2G20-2530]."""

AADS: Final[dict[str, Callable[[str, bytes], bytes]]] = {
    "pcid-ski": lambda pcid, ski: f"{pcid}{ski.hex().upper()}".encode(),
    "pcid-ski16": lambda pcid, ski: f"{pcid}{ski[-8:].hex().upper()}".encode(),
    "pcid-ski-octets": lambda pcid, ski: pcid.encode() + ski,
    "none": lambda pcid, ski: b"",
}
"""The associated data of PCID and subject key identifier: the identifier in capital hexadecimal [V2G20-2492], its last 8 octets so (the
text counts 16 characters), its octets, or nothing at all."""


class Transport(Value):
    """A profile of the open points."""

    kdf: Kdf = KDFS["concat-sha512"]
    aad: str = "pcid-ski"
    ed448_seed: bool = False
    """An Ed448 contract travels as the first 56 octets of its seed, whose last one is zero; False: it is refused."""


class Agreement(Protocol):
    """A private key that may lie in hardware: it agrees on secrets with others."""

    @property
    def curve(self) -> ECDHCurve:
        """Of the key agreement."""

    def agree(self, other: AgreedKey) -> bytes:
        """The shared secret."""


class SoftAgreement:
    """A provisioning key in memory. One of Ed448 agrees on X448 with the same scalar (RFC 7748, RFC 8032)."""

    def __init__(self, key: PrivateKey) -> None:
        if isinstance(key, ed448.Ed448PrivateKey):
            hashed = hashes.Hash(hashes.SHAKE256(114))
            hashed.update(key.private_bytes_raw())
            self._key: EphemeralKey = x448.X448PrivateKey.from_private_bytes(hashed.finalize()[:56])
            self.curve = ECDHCurve.X448
        else:
            _on_secp521r1(key.curve)
            self._key, self.curve = key, ECDHCurve.SECP521

    def agree(self, other: AgreedKey) -> bytes:
        """As `Agreement` says."""
        return _agreed(self._key, other)


def seal(
    id: str,
    chain: ContractCertificateChain,
    contract: PrivateKey,
    ski: bytes,
    pcid: str,
    vehicle: PublicKey,
    ephemeral: EphemeralKey,
    iv: bytes,
    profile: Transport,
) -> SignedInstallationData:
    """The contract's chain and its key, for the vehicle whose provisioning key is `vehicle`; `id` to be signed by.

    Raises LocalError where curves do not go together, or the profile has no way for such a key.
    """
    public = _agreeing(vehicle)
    secret = _agreed(ephemeral, public)
    sealed = iv + AESGCM(profile.kdf.derive(secret)).encrypt(iv, _private(contract, profile), AADS[profile.aad](pcid, ski))
    if isinstance(ephemeral, x448.X448PrivateKey):
        point = b"\x04" + ephemeral.public_key().public_bytes_raw()  # not padded [V2G20-2489] [V2G20-2495]
        return SignedInstallationData(
            id=id, contract_certificate_chain=chain, ecdh_curve=ECDHCurve.X448, dh_public_key=point, x448_encrypted_private_key=sealed
        )
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return SignedInstallationData(
        id=id, contract_certificate_chain=chain, ecdh_curve=ECDHCurve.SECP521, dh_public_key=point, secp521_encrypted_private_key=sealed
    )


def fresh_ephemeral(vehicle: PublicKey) -> EphemeralKey:
    """A new key on the curve that the vehicle agrees on. Its randomness is the cryptographic library's."""
    return x448.X448PrivateKey.generate() if isinstance(vehicle, ed448.Ed448PublicKey) else ec.generate_private_key(ec.SECP521R1())


def unseal(data: SignedInstallationData, key: Agreement, certified: PublicKey, ski: bytes, pcid: str, profile: Transport) -> PrivateKey:
    """The private key of the contract, proven to be that of the key `certified` in its leaf [V2G20-2507] [V2G20-2510].

    Raises PeerError on whatever is not right: nothing of such a response is used [V2G20-2504].
    """
    x = data.ecdh_curve is ECDHCurve.X448
    sealed = data.x448_encrypted_private_key if x else data.secp521_encrypted_private_key
    if sealed is None or data.ecdh_curve is not key.curve:
        raise _refused(f"its key is encrypted for {data.ecdh_curve}, or not at all, and ours agrees on {key.curve}")
    try:
        secret = key.agree(_point(data.dh_public_key, x=x))
    except ValueError:
        raise _refused("its ephemeral key is no point of the curve") from None
    try:
        scalar = AESGCM(profile.kdf.derive(secret)).decrypt(sealed[:_IV], sealed[_IV:], AADS[profile.aad](pcid, ski))
    except InvalidTag:
        raise _refused("its key does not decrypt for this vehicle") from None
    private = _contract_key(scalar, profile, x=x)
    if private.public_key() != certified:
        raise _refused("its key is not that of its certificate")
    return private


def _contract_key(scalar: bytes, profile: Transport, *, x: bool) -> PrivateKey:
    if x:
        if len(scalar) != 56 or not profile.ed448_seed:
            raise _refused("an Ed448 key has 57 octets, the element 56; allowed: a profile that says how it travels")
        return ed448.Ed448PrivateKey.from_private_bytes(scalar + b"\0")
    value = int.from_bytes(scalar, "big")
    if len(scalar) != _SCALAR or scalar[0] > 1 or not 0 < value < _ORDER_521:
        raise _refused("its key is no scalar of the curve")
    return ec.derive_private_key(value, ec.SECP521R1())


def _private(contract: PrivateKey, profile: Transport) -> bytes:
    """The octets that are encrypted."""
    if isinstance(contract, ed448.Ed448PrivateKey):
        seed = contract.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        if not profile.ed448_seed or seed[-1]:
            raise LocalError(
                "an Ed448 contract key has 57 octets and the element 56; allowed: a seed that ends in zero, with ed448_seed on both sides"
            )
        return seed[:-1]
    _on_secp521r1(contract.curve)
    return contract.private_numbers().private_value.to_bytes(_SCALAR, "big")


def _agreed(key: EphemeralKey, other: AgreedKey) -> bytes:
    """Raises LocalError where the curves differ, ValueError on a point of low order."""
    if isinstance(key, x448.X448PrivateKey) and isinstance(other, x448.X448PublicKey):
        return key.exchange(other)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(other, ec.EllipticCurvePublicKey):
        return key.exchange(ec.ECDH(), other)
    raise LocalError("keys on different curves agree on nothing")


def _agreeing(vehicle: PublicKey) -> AgreedKey:
    """The key that a vehicle agrees with. Raises LocalError on another curve than ISO 15118-20 has."""
    if isinstance(vehicle, ed448.Ed448PublicKey):
        return montgomery(vehicle)
    _on_secp521r1(vehicle.curve)
    return vehicle


def montgomery(key: ed448.Ed448PublicKey) -> x448.X448PublicKey:
    """The same point on the curve of X448 (RFC 7748): u = y² / x²."""
    y = int.from_bytes(key.public_bytes_raw()[:56], "little")
    square = y * y % _P448
    u = square * (1 - _D448 * square) * pow(1 - square, -1, _P448) % _P448
    return x448.X448PublicKey.from_public_bytes(u.to_bytes(56, "little"))


def _point(octets: bytes, *, x: bool) -> AgreedKey:
    """The ephemeral key of the other side; one on X448 with or without a leading 04. Raises ValueError where it is none."""
    if x:
        return x448.X448PublicKey.from_public_bytes(octets[1:] if len(octets) == 57 and octets[0] == 4 else octets)
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP521R1(), octets)


def _on_secp521r1(curve: ec.EllipticCurve) -> None:
    if curve.name != "secp521r1":
        raise LocalError(f"a key on {curve.name}; allowed: secp521r1, Ed448")


def _refused(what: str) -> PeerError:
    return PeerError(f"the contract is refused: {what}", requirement="V2G20-2504")
