"""Private keys in a PKCS#11 token: what signs and agrees without the key ever being here. Needs python-pkcs11 (extra `pkcs11`).

For what is signed in messages: contracts, meter confirmations, price schedules. TLS wants its key in a file: no TLS engine here can ask a
token. Tokens sign on NIST curves; Ed448 is left out, since none that was tried has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from iso15118.errors import LocalError
from iso15118.messages.v20.certificate import ECDHCurve
from iso15118.pki.contract import AgreedKey
from iso15118.pki.keys import SECP256R1, SECP521R1, PublicKey, hash_of
from iso15118.pki.signer import LENGTHS

if TYPE_CHECKING:
    from types import TracebackType

CURVES: Final[dict[str, ec.EllipticCurve]] = {SECP521R1: ec.SECP521R1(), SECP256R1: ec.SECP256R1()}


class Token:
    """A session with a token; open as long as its keys are used. One thread at a time.

    Raises LocalError where the extra, the library, the token or the PIN is not right.
    """

    def __init__(self, library: Path, label: str, pin: str) -> None:
        try:
            import pkcs11
        except ImportError:
            raise LocalError("python-pkcs11 is not installed; allowed: pip install 'chargeloop[pkcs11]'") from None
        self._pkcs11: Any = pkcs11
        try:
            self._session: Any = pkcs11.lib(str(library)).get_token(token_label=label).open(user_pin=pin, rw=False)
        except pkcs11.exceptions.UserAlreadyLoggedIn:
            raise LocalError(f"{library}: token {label!r} is open already; allowed: once in a process") from None
        except pkcs11.exceptions.NoSuchToken:
            raise LocalError(f"{library}: no token {label!r}; allowed: the label it was initialised with") from None
        except (pkcs11.exceptions.PinIncorrect, pkcs11.exceptions.PinLenRange, pkcs11.exceptions.PinInvalid):
            raise LocalError(f"{library}: the PIN does not open token {label!r}; allowed: its user PIN") from None
        except (pkcs11.exceptions.PKCS11Error, RuntimeError, OSError) as error:
            raise LocalError(f"{library}: {str(error) or type(error).__name__}; allowed: the PKCS#11 library of the token") from None

    def key(self, label: str) -> TokenKey:
        """The private key of this label, whose public half lies beside it. Raises LocalError."""
        kinds, exceptions = self._pkcs11.ObjectClass, self._pkcs11.exceptions
        try:
            private = self._session.get_key(object_class=kinds.PRIVATE_KEY, label=label)
            public = self._session.get_key(object_class=kinds.PUBLIC_KEY, label=label)
        except (exceptions.NoSuchKey, exceptions.MultipleObjectsReturned) as error:
            many = isinstance(error, exceptions.MultipleObjectsReturned)
            raise LocalError(f"token: {'several keys' if many else 'no key'} {label!r}; allowed: one pair of that label") from None
        return TokenKey(
            self._pkcs11, private, _public(label, public[self._pkcs11.Attribute.EC_POINT], public[self._pkcs11.Attribute.EC_PARAMS])
        )

    def close(self) -> None:
        """Let the token go."""
        self._session.close()

    def __enter__(self) -> Token:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class TokenKey:
    """A private key that stays in its token: a `pki.signer.Signer`, and a `pki.contract.Agreement`."""

    def __init__(self, library: Any, private: Any, public: ec.EllipticCurvePublicKey) -> None:
        self._pkcs11 = library
        self._private = private
        self._own = public
        self.public: PublicKey = public

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`: r || s. Raises LocalError where the token does not."""
        digest = hashes.Hash(hash_of(self._own) or hashes.SHA512())
        digest.update(data)
        try:
            made = bytes(self._private.sign(digest.finalize(), mechanism=self._pkcs11.Mechanism.ECDSA))
        except self._pkcs11.exceptions.PKCS11Error as error:
            raise LocalError(f"token: does not sign: {type(error).__name__}") from None
        if len(made) != 2 * LENGTHS[self._own.curve.name]:
            raise LocalError(f"token: a signature of {len(made)} octets; allowed: {2 * LENGTHS[self._own.curve.name]}")
        return made

    @property
    def curve(self) -> ECDHCurve:
        """Of the key agreement. Raises LocalError for a key that is not on it."""
        if self._own.curve.name != SECP521R1:
            raise LocalError(f"token: a key on {self._own.curve.name}; allowed: {SECP521R1}, to agree on contract keys")
        return ECDHCurve.SECP521

    def agree(self, other: AgreedKey) -> bytes:
        """The secret shared with a public key (ECDH, the coordinate). Raises LocalError where the token does not."""
        if not isinstance(other, ec.EllipticCurvePublicKey) or other.curve.name != self._own.curve.name:
            raise LocalError(f"a key of another curve; allowed: {self._own.curve.name}, as the token's")
        point = other.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        kinds = self._pkcs11
        size = LENGTHS[self._own.curve.name]
        template = {kinds.Attribute.SENSITIVE: False, kinds.Attribute.EXTRACTABLE: True, kinds.Attribute.VALUE_LEN: size}
        try:
            secret = self._private.derive_key(
                kinds.KeyType.GENERIC_SECRET,
                size * 8,
                mechanism_param=(kinds.KDF.NULL, None, point),
                template=template,
            )
            return bytes(secret[kinds.Attribute.VALUE])
        except kinds.exceptions.PKCS11Error as error:
            raise LocalError(f"token: does not agree on a secret: {type(error).__name__}") from None


def _public(label: str, point: bytes, parameters: bytes) -> ec.EllipticCurvePublicKey:
    """From what a token says of it: a point in an OCTET STRING, or bare."""
    oids = {SECP521R1: bytes.fromhex("06052b81040023"), SECP256R1: bytes.fromhex("06082a8648ce3d030107")}
    curve = next((CURVES[name] for name, oid in oids.items() if oid == parameters), None)
    if curve is None:
        raise LocalError(f"token: key {label!r} is on another curve; allowed: {', '.join(CURVES)}")
    size = 1 + 2 * LENGTHS[curve.name]
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, point[-size:])
    except (ValueError, UnsupportedAlgorithm):
        raise LocalError(f"token: the public key of {label!r} is no point of {curve.name}") from None
