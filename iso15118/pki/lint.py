"""Certificates held against their profiles (certs/): each rule has an id and a text, and every breach names both.

What a certificate means is read here; how it is written, in `written`. This is a tool for whoever makes certificates: what a peer shows is
judged by `pki.chain`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, NameOID

from iso15118.pki import written
from iso15118.pki.chain import LARGEST, key_identifier
from iso15118.pki.keys import CURVES, PublicKey, curve_of, hash_of
from iso15118.pki.profiles import KEY_USAGES, OCSP, Profile, profiles
from iso15118.value import Value

USAGES: Final = {
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
NAMES: Final = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.COUNTRY_NAME: "C",
}
KNOWN: Final = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.OCSP_NO_CHECK,
}
SERIAL: Final = 20
"""Octets of a serial number at most (RFC 5280)."""
_MAY_AGREE: Final = {"key_agreement", "key_encipherment"}
"""Usages that a key of Ed448 cannot have, and that the certificate on that curve leaves out."""


class Rule(NamedTuple):
    """`breach` says what is wrong, or nothing."""

    id: str
    text: str
    source: str
    breach: Callable[[Subject], str]


class Breach(NamedTuple):
    """A rule that a certificate does not keep."""

    rule: Rule
    what: str

    def __str__(self) -> str:
        return f"{self.rule.id} {self.rule.text}: {self.what}"


class Subject(Value):
    """What is judged: a certificate, the profile it should be of (None: nobody knows), its issuer where that is at hand, the time."""

    certificate: x509.Certificate
    profile: Profile | None
    issuer: x509.Certificate | None
    now: datetime

    def extension(self, kind: type[x509.ExtensionType]) -> x509.Extension[Any] | None:
        try:
            return self.certificate.extensions.get_extension_for_class(kind)
        except x509.ExtensionNotFound:
            return None

    @property
    def is_root(self) -> bool:
        return self.certificate.issuer == self.certificate.subject


def lint(
    certificate: x509.Certificate, now: datetime, *, profile: Profile | None = None, issuer: x509.Certificate | None = None
) -> list[Breach]:
    """The breaches, in the order of the rules. Raises LocalError where asn1tools is missing."""
    subject = Subject(certificate, profile, issuer, now)
    return [Breach(rule, what) for rule in RULES if (what := rule.breach(subject))]


def profile_of(certificate: x509.Certificate, role: str = "") -> Profile | None:
    """The profile of this name, or else the only one that a certificate like this can be of."""
    known = profiles()
    role = OCSP if role.startswith(f"{OCSP}_") else role
    if role in known:
        return known[role]
    alike = [each for each in known.values() if _shape(each) == _shown_shape(certificate)]
    return alike[0] if alike and all(_without_names(each) == _without_names(alike[0]) for each in alike) else None


def _shape(profile: Profile) -> tuple[object, ...]:
    return profile.ca, profile.path_length, profile.dc, tuple(profile.extended_key_usage), not profile.issuer and profile.ca


def _shown_shape(certificate: x509.Certificate) -> tuple[object, ...]:
    subject = Subject(certificate, None, None, certificate.not_valid_before_utc)
    constraints, usages = subject.extension(x509.BasicConstraints), subject.extension(x509.ExtendedKeyUsage)
    ca = bool(constraints and constraints.value.ca)
    length = constraints.value.path_length if constraints else None
    components = certificate.subject.get_attributes_for_oid(NameOID.DOMAIN_COMPONENT)
    named = tuple(name for name, oid in USAGES.items() if usages and oid in usages.value)
    return ca, length, str(components[0].value) if components else "", named, subject.is_root and ca


def _without_names(profile: Profile) -> tuple[object, ...]:
    return (*_shape(profile), profile.key_usage)


# The rules.


def _version(subject: Subject) -> str:
    return "" if subject.certificate.version is x509.Version.v3 else "another version"


def _size(subject: Subject) -> str:
    size = len(subject.certificate.public_bytes(Encoding.DER))
    return f"{size} octets" if size > LARGEST else ""


def _serial(subject: Subject) -> str:
    number = subject.certificate.serial_number
    return "" if 0 < number < 1 << (8 * SERIAL - 1) else f"{number}"


def _order_of_times(subject: Subject) -> str:
    certificate = subject.certificate
    return "" if certificate.not_valid_before_utc < certificate.not_valid_after_utc else "it ends before it begins"


def _time(subject: Subject) -> str:
    begins, ends = subject.certificate.not_valid_before_utc, subject.certificate.not_valid_after_utc
    if subject.now < begins:
        return f"not before {begins:%Y-%m-%d}"
    return f"expired on {ends:%Y-%m-%d}" if subject.now > ends else ""


def _key(subject: Subject) -> str:
    key = subject.certificate.public_key()
    if not isinstance(key, PublicKey):
        return type(key).__name__
    return "" if curve_of(key) in CURVES else curve_of(key)


def _hash(subject: Subject) -> str:
    signer = (subject.issuer or subject.certificate).public_key()
    if not isinstance(signer, ec.EllipticCurvePublicKey | ed448.Ed448PublicKey) or (subject.issuer is None and not subject.is_root):
        return ""
    wanted, found = hash_of(signer), subject.certificate.signature_hash_algorithm
    if (wanted and wanted.name) != (found and found.name):
        return f"{found.name if found else 'none'} with a key on {curve_of(signer)}"
    return ""


def _constraints(subject: Subject) -> str:
    found = subject.extension(x509.BasicConstraints)
    if found is None:
        return "missing"
    if not found.critical:
        return "not critical"
    if subject.profile is None:
        return ""
    wanted = subject.profile.ca, subject.profile.path_length
    shown = found.value.ca, found.value.path_length
    return "" if shown == wanted else f"{_constraint(*shown)}, not {_constraint(*wanted)}"


def _constraint(ca: bool, length: int | None) -> str:
    return f"CA{'' if length is None else f' with path length {length}'}" if ca else "no CA"


def _usage(subject: Subject) -> str:
    found = subject.extension(x509.KeyUsage)
    if found is None:
        return "missing"
    if not found.critical:
        return "not critical"
    if subject.profile is None:
        return ""
    shown = {name for name in KEY_USAGES if _has(found.value, name)}
    only_signs = isinstance(subject.certificate.public_key(), ed448.Ed448PublicKey)
    wanted = set(subject.profile.key_usage) - (_MAY_AGREE if only_signs else set())
    return "" if shown == wanted else f"{', '.join(sorted(shown)) or 'none'}, not {', '.join(sorted(wanted))}"


def _has(usage: x509.KeyUsage, name: str) -> bool:
    if name in ("encipher_only", "decipher_only") and not usage.key_agreement:  # then it says nothing, and raises when asked
        return False
    return bool(getattr(usage, name))


def _extended(subject: Subject) -> str:
    if subject.profile is None:
        return ""
    found = subject.extension(x509.ExtendedKeyUsage)
    shown = {each.dotted_string for each in found.value} if found else set()
    wanted = {USAGES[name].dotted_string for name in subject.profile.extended_key_usage}
    return "" if shown == wanted else f"{', '.join(sorted(shown)) or 'none'}, not {', '.join(sorted(wanted)) or 'none'}"


def _names(subject: Subject) -> str:
    """Which attributes, each once; what stands in them is the owner's business."""
    shown = [NAMES.get(each.oid, each.oid.dotted_string) for each in subject.certificate.subject]
    if len(set(shown)) != len(shown):
        return f"{', '.join(shown)}: one of them twice"
    if any(len(list(rdn)) != 1 for rdn in subject.certificate.subject.rdns):
        return "two in one RDN"
    if subject.profile is None:
        return "" if "CN" in shown else "no CN"
    wanted = {"CN"} | ({"O"} if subject.profile.o else set()) | ({"DC"} if subject.profile.dc else set())
    free = {"C"} if subject.profile.dc else set()  # a country beside the others; a vehicle's certificate has none [V2G20-2598]
    return "" if set(shown) - free == wanted else f"{', '.join(shown)}, not {', '.join(sorted(wanted))}"


def _order_of_names(subject: Subject) -> str:
    order = ["CN", "O", "DC"]
    shown = [NAMES[each.oid] for each in subject.certificate.subject if NAMES.get(each.oid) in order]
    return "" if shown in (sorted(shown, key=order.index), sorted(shown, key=order.index, reverse=True)) else ", ".join(shown)


def _component(subject: Subject) -> str:
    if subject.profile is None or not subject.profile.dc:
        return ""
    shown = [str(each.value) for each in subject.certificate.subject.get_attributes_for_oid(NameOID.DOMAIN_COMPONENT)]
    return "" if shown in ([], [subject.profile.dc]) else f"{', '.join(shown)}, not {subject.profile.dc}"


def _subject_key(subject: Subject) -> str:
    found = subject.extension(x509.SubjectKeyIdentifier)
    return "missing" if found is None else "critical" if found.critical else ""


def _authority_key(subject: Subject) -> str:
    found = subject.extension(x509.AuthorityKeyIdentifier)
    if found is None:
        return "" if subject.is_root else "missing"
    if found.critical:
        return "critical"
    if subject.issuer is None or Subject(subject.issuer, None, None, subject.now).extension(x509.SubjectKeyIdentifier) is None:
        return ""
    return "" if found.value.key_identifier == key_identifier(subject.issuer) else "not that of the issuer's key"


def _responder(subject: Subject) -> str:
    if subject.is_root or subject.extension(x509.OCSPNoCheck) is not None:
        return ""
    found = subject.extension(x509.AuthorityInformationAccess)
    methods = [each.access_method for each in found.value] if found else []
    return "" if AuthorityInformationAccessOID.OCSP in methods else "missing"


def _no_check(subject: Subject) -> str:
    is_responder = subject.profile is not None and "ocsp_signing" in subject.profile.extended_key_usage
    return "missing" if is_responder and subject.extension(x509.OCSPNoCheck) is None else ""


def _foreign(subject: Subject) -> str:
    return ", ".join(each.oid.dotted_string for each in subject.certificate.extensions if each.critical and each.oid not in KNOWN)


def _issued(subject: Subject) -> str:
    if subject.issuer is None:
        return ""
    try:
        subject.certificate.verify_directly_issued_by(subject.issuer)
    except (InvalidSignature, ValueError, TypeError) as error:
        return type(error).__name__
    return ""


def _of(says: Callable[[x509.Certificate], str]) -> Callable[[Subject], str]:
    return lambda subject: says(subject.certificate)


RULES: Final[tuple[Rule, ...]] = (
    Rule("C01", "version 3", "RFC 5280", _version),
    Rule("C02", f"at most {LARGEST} octets", "schema of CommonMessages", _size),
    Rule("C03", f"serial number positive, of at most {SERIAL} octets", "RFC 5280", _serial),
    Rule("C04", "begins before it ends", "RFC 5280", _order_of_times),
    Rule("C05", "valid now", "RFC 5280", _time),
    Rule("C06", "key on a curve of the profile", "V2G20-2674, V2G20-2319", _key),
    Rule("C07", "signed with the hash of the issuer's curve", "V2G20-1667, V2G20-1668", _hash),
    Rule("C08", "signed by its issuer", "RFC 5280", _issued),
    Rule("E01", "basic constraints: critical, as the profile says", "Annex B", _constraints),
    Rule("E02", "key usage: critical, as the profile says", "Annex B", _usage),
    Rule("E03", "extended key usage: as the profile says, no more and no less", "Annex B", _extended),
    Rule("E04", "subject key identifier: there, not critical", "Annex B", _subject_key),
    Rule("E05", "authority key identifier: that of the issuer, not critical; a root needs none", "Annex B", _authority_key),
    Rule("E06", "says where its revocation can be asked for (OCSP); a root does not", "Annex B", _responder),
    Rule("E07", "a responder says that nobody asks about it", "RFC 6960", _no_check),
    Rule("E08", "no critical extension that nobody knows", "RFC 5280", _foreign),
    Rule("N01", "subject: the names of the profile, each once, one an RDN", "V2G20-2598, V2G20-2403", _names),
    Rule("N02", "subject: common name, organisation, domain component, in this order or its reverse", "public test PKIs", _order_of_names),
    Rule("N03", "domain component: whose certificate it is", "Annex B", _component),
    Rule("D01", "written as DER wants it", "X.690", _of(written.encoding)),
    Rule("D02", "domain component as IA5String, the other names as UTF8String or PrintableString", "RFC 5280", _of(written.texts)),
    Rule("D03", "times before 2050 as UTCTime, later ones as GeneralizedTime", "RFC 5280", _of(written.times)),
    Rule("D04", "the same signature algorithm inside and outside", "RFC 5280", _of(written.algorithms)),
    Rule("D05", "a signature of whole octets", "X.690", _of(written.bits)),
)
