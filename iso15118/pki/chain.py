"""A chain of certificates from its leaf to a root that is trusted for the purpose: verified whole, or refused for one reason.

What is wrong with the chain itself outranks its dates: whoever is not believed is not told whether he is late. Of the dates, expired
outranks not yet valid; revocation comes last, since only who is believed can be asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import ExtensionOID, NameOID

from iso15118.errors import ChargeloopError
from iso15118.pki.keys import CURVES, ED448, SECP521R1, PublicKey, curve_of, hash_of
from iso15118.pki.trust import Purpose, TrustStore
from iso15118.value import Value

LARGEST: Final = 1600
"""Octets of a certificate."""
SUBS: Final = 3
EXTENSIONS: Final = 24
"""No profile has half as many."""
STANDARD_CURVES: Final = (SECP521R1, ED448)
_KNOWN: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
"""Extensions that may be critical; of the others none may, and name constraints may not be there at all: they are not worked out."""
_USAGES: Final[dict[Purpose, tuple[frozenset[x509.ObjectIdentifier], bool]]] = {
    Purpose.SECC: (frozenset({Usage.SERVER_AUTH}), True),
    Purpose.VEHICLE: (frozenset({Usage.CLIENT_AUTH}), True),
    Purpose.CONTRACT: (frozenset(), False),
    Purpose.PROVISIONING: (frozenset({Usage.CLIENT_AUTH}), False),
    Purpose.CPS: (frozenset(), False),
}
"""The extended key usages of a leaf, and whether they must be there."""


class Reason(StrEnum):
    """Why a chain is refused."""

    MALFORMED = "not a certificate"
    PROFILE = "not as its profile says"
    BAD_SIGNATURE = "not signed by its issuer"
    NO_ANCHOR = "no trusted root"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    REVOKED = "revoked"
    UNKNOWN_STATUS = "revocation is not known"


class ChainError(ChargeloopError):
    """The chain is refused; `reason` says how the caller answers."""

    def __init__(self, reason: Reason, what: str) -> None:
        super().__init__(f"{reason}: {what}")
        self.reason = reason


Status: TypeAlias = Callable[[x509.Certificate, x509.Certificate], bool | None]
"""Of a certificate and its issuer: revoked (True), good (False), or nobody knows (None)."""


class Verified(Value):
    """A chain that may be believed: its certificates, leaf first, without the root."""

    certificates: tuple[x509.Certificate, ...]
    root: x509.Certificate

    @property
    def leaf(self) -> x509.Certificate:
        return self.certificates[0]

    @property
    def key(self) -> PublicKey:
        """Of the leaf."""
        return key_of(self.leaf)

    @property
    def name(self) -> str:
        """The leaf's common name."""
        return common_name(self.leaf)

    @property
    def ends(self) -> datetime:
        """When the leaf expires."""
        return self.leaf.not_valid_after_utc


def load(der: bytes) -> x509.Certificate:
    """The certificate in `der`, all of it readable. Raises ChainError (MALFORMED, PROFILE)."""
    if not der or len(der) > LARGEST:
        raise ChainError(Reason.PROFILE if der else Reason.MALFORMED, f"{len(der)} octets, 1 to {LARGEST} are allowed")
    try:
        certificate = x509.load_der_x509_certificate(der)
        extensions = list(certificate.extensions)
        key = certificate.public_key()
        _ = certificate.subject, certificate.issuer, certificate.not_valid_after_utc, certificate.signature_hash_algorithm
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise ChainError(Reason.MALFORMED, str(error)[:120]) from None
    except x509.UnsupportedGeneralNameType as error:
        raise ChainError(Reason.MALFORMED, str(error)[:120]) from None
    except KeyError as error:  # cryptography 45, on a name whose value is of no kind of text
        raise ChainError(Reason.MALFORMED, f"a name of kind {error}") from None
    if not der.endswith(b"\0" + certificate.signature):  # bits of the signature declared unused: another writing of the same
        raise ChainError(Reason.MALFORMED, "a signature of part of an octet")
    if not isinstance(key, ec.EllipticCurvePublicKey | ed448.Ed448PublicKey) or certificate.serial_number <= 0:
        raise ChainError(Reason.PROFILE, "a key or a serial number that no profile has")
    foreign = [e.oid.dotted_string for e in extensions if (e.critical and e.oid not in _KNOWN) or e.oid == ExtensionOID.NAME_CONSTRAINTS]
    if foreign or len(extensions) > EXTENSIONS:
        raise ChainError(Reason.PROFILE, f"extensions that are not known: {', '.join(foreign[:3])}" if foreign else "too many extensions")
    return certificate


def verify(
    chain: Sequence[bytes],
    purpose: Purpose,
    store: TrustStore,
    now: datetime,
    status: Status | None = None,
    *,
    curves: tuple[str, ...] = STANDARD_CURVES,
    require_status: bool = False,
) -> Verified:
    """The chain `chain` (DER, leaf first), verified up to a root of the store. Raises ChainError.

    `status` None: nobody is asked about revocation; `require_status`: a leaf nobody knows of is refused.
    """
    if not 1 <= len(chain) <= SUBS + 1:
        raise ChainError(Reason.PROFILE, f"{len(chain)} certificates")
    certificates = tuple(load(der) for der in chain)
    if any(each.subject == each.issuer for each in certificates):
        raise ChainError(Reason.NO_ANCHOR, "a certificate that vouches for itself")
    root = _anchor(certificates[-1], [load(der) for der in store.anchors(purpose)])
    path = (*certificates, root)
    curve = _curve(path[0])
    if curve not in curves or any(_curve(each) != curve for each in path):
        raise ChainError(Reason.PROFILE, f"keys on {', '.join(sorted({_curve(each) for each in path}))}")
    _leaf(certificates[0], purpose)
    if purpose is Purpose.CONTRACT and root.public_bytes(Encoding.DER) not in store.mo:
        _mobility_operators(certificates)
    for depth, (subject, issuer) in enumerate(pairwise(path)):
        _issued(subject, issuer, depth)
    for each in path:
        if now > each.not_valid_after_utc:
            raise ChainError(Reason.EXPIRED, f"{common_name(each)} since {each.not_valid_after_utc:%Y-%m-%d %H:%M}")
    for each in path:
        if now < each.not_valid_before_utc:
            raise ChainError(Reason.NOT_YET_VALID, f"{common_name(each)} until {each.not_valid_before_utc:%Y-%m-%d %H:%M}")
    _status(path, status, require=require_status)
    return Verified(certificates, root)


def _anchor(top: x509.Certificate, anchors: Sequence[x509.Certificate]) -> x509.Certificate:
    """The trusted root that has issued the top of a chain."""
    for anchor in anchors:
        if anchor.subject == top.issuer and _signed(top, anchor):
            return anchor
    raise ChainError(Reason.NO_ANCHOR, f"{top.issuer.rfc4514_string()[:80]} is not trusted for this")


def _mobility_operators(certificates: Sequence[x509.Certificate]) -> None:
    """Under a V2G root: is each of these a mobility operator's, by its domain component?"""
    for each in certificates:
        components = [str(attribute.value) for attribute in each.subject.get_attributes_for_oid(NameOID.DOMAIN_COMPONENT)]
        if components != ["MO"]:
            raise ChainError(Reason.NO_ANCHOR, f"{common_name(each)} is no mobility operator's, and its root is not one of theirs alone")


def _issued(subject: x509.Certificate, issuer: x509.Certificate, depth: int) -> None:
    """`depth`: certificate authorities between the issuer and the leaf."""
    name = common_name(issuer)
    if subject.issuer != issuer.subject or not _signed(subject, issuer):
        raise ChainError(Reason.BAD_SIGNATURE, f"{common_name(subject)} is not of {name}")
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        raise ChainError(Reason.PROFILE, f"{name} is no authority") from None
    length = constraints.value.path_length
    if not constraints.value.ca or not constraints.critical or not usage.value.key_cert_sign:
        raise ChainError(Reason.PROFILE, f"{name} is no authority")
    if length is not None and depth > length:
        raise ChainError(Reason.PROFILE, f"{name} may have {length} authorities below it, not {depth}")


def _leaf(leaf: x509.Certificate, purpose: Purpose) -> None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        if leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise ChainError(Reason.PROFILE, "an authority in the place of a leaf")
        leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound as error:
        raise ChainError(Reason.PROFILE, f"the leaf has no {error.oid.dotted_string}") from None
    allowed, needed = _USAGES[purpose]
    try:
        extended = frozenset(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        extended = frozenset()
    if not usage.digital_signature or usage.key_cert_sign or not extended <= allowed or (needed and not extended):
        raise ChainError(Reason.PROFILE, f"the leaf is not for a {purpose}")
    components = {each.value for each in leaf.subject.get_attributes_for_oid(NameOID.DOMAIN_COMPONENT)}
    if purpose is Purpose.CPS and components != {"CPS"}:
        raise ChainError(Reason.PROFILE, "the leaf is of no certificate provisioning service")
    if len(leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)) != 1:
        raise ChainError(Reason.PROFILE, "the leaf has not exactly one common name")


def _status(path: Sequence[x509.Certificate], status: Status | None, *, require: bool) -> None:
    for subject, issuer in pairwise(path):
        known = None if status is None else status(subject, issuer)
        if known:
            raise ChainError(Reason.REVOKED, common_name(subject))
        if known is None and require:
            raise ChainError(Reason.UNKNOWN_STATUS, common_name(subject))


def revoked_in(lists: Sequence[bytes], now: datetime) -> Status:
    """What revocation lists (DER) say, as far as they are in force and signed by the issuer in question. Raises ChainError (MALFORMED)."""
    try:
        read = [x509.load_der_x509_crl(der) for der in lists]
    except ValueError as error:
        raise ChainError(Reason.MALFORMED, f"a revocation list: {error}") from None

    def status(subject: x509.Certificate, issuer: x509.Certificate) -> bool | None:
        for each in read:
            ends = each.next_update_utc
            fresh = each.last_update_utc <= now + timedelta(minutes=5) and ends is not None and now <= ends
            if each.issuer == issuer.subject and fresh and each.is_signature_valid(key_of(issuer)):
                return each.get_revoked_certificate_by_serial_number(subject.serial_number) is not None
        return None

    return status


def either(*sources: Status | None) -> Status:
    """What several know together: revoked where one says so, good where one says that, else not known."""

    def status(subject: x509.Certificate, issuer: x509.Certificate) -> bool | None:
        said = [source(subject, issuer) for source in sources if source is not None]
        return True if True in said else False if False in said else None

    return status


def key_of(certificate: x509.Certificate) -> PublicKey:
    """Its public key. Raises ChainError (PROFILE) on another kind than ISO 15118 has."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | ed448.Ed448PublicKey):
        raise ChainError(Reason.PROFILE, f"a key of kind {type(key).__name__}")
    return key


def common_name(certificate: x509.Certificate) -> str:
    """Of its subject; empty where there is none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def key_identifier(certificate: x509.Certificate) -> bytes:
    """Its subject key identifier. Raises ChainError (PROFILE) where there is none."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        raise ChainError(Reason.PROFILE, "no subject key identifier") from None


def _curve(certificate: x509.Certificate) -> str:
    return curve_of(key_of(certificate))


def _signed(subject: x509.Certificate, issuer: x509.Certificate) -> bool:
    """By the key of `issuer`, under the hash of its curve."""
    key, hashed = key_of(issuer), subject.signature_hash_algorithm
    wanted = hash_of(key)
    if curve_of(key) not in CURVES or (None if wanted is None else wanted.name) != (None if hashed is None else hashed.name):
        return False
    try:
        subject.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True
