"""A whole V2G PKI in memory: every certificate of the profiles, fresh keys, responses about revocation. Made within a tenth of a second.

For tests, demonstrations and benches; variants that must be refused are made by changing profiles (`changes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from iso15118.errors import LocalError
from iso15118.pki.keys import SECP521R1, PrivateKey, hash_of, new_key
from iso15118.pki.profiles import KEY_USAGES, OCSP, Profile, profiles
from iso15118.value import replace

NAMES: Final[Mapping[str, str]] = {
    "seccid": "DECLPE12345",
    "evccid": "WMIV1234567890ABCDEX",
    "pcid": "WMIV1234567890ABCD",
    "emaid": "DECLPC123456789",
}
"""What stands in the subjects, unless somebody says otherwise."""
WEEK: Final = timedelta(days=7)
"""A response about revocation is no older [V2G20-1021]."""
_EXTENDED: Final = {
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
_SIGNS_ONLY: Final = {"key_agreement", "key_encipherment"}
"""What a key of Ed448 cannot do."""


class Member(NamedTuple):
    """A certificate with its key and who issued it (None: itself)."""

    role: str
    certificate: x509.Certificate
    key: PrivateKey
    issuer: Member | None

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def members(self) -> tuple[Member, ...]:
        """It and the sub-CAs above it, the root left out."""
        return () if self.issuer is None else (self, *self.issuer.members)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The same as DER, as it is sent."""
        return tuple(member.der for member in self.members)

    @property
    def pem_chain(self) -> bytes:
        """The same as PEM."""
        return b"".join(member.certificate.public_bytes(Encoding.PEM) for member in self.members)

    def pem_key(self, password: bytes | None = None) -> bytes:
        """The private key, in PKCS #8."""
        encryption: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    @property
    def root(self) -> Member:
        """Where its chain ends."""
        return self if self.issuer is None else self.issuer.root


class Tree:
    """The members of one PKI by role; the responder of an authority is `ocsp_` and its role."""

    def __init__(self, members: Mapping[str, Member], now: datetime) -> None:
        self.members: Final = dict(members)
        self.now: Final = now

    def __getitem__(self, role: str) -> Member:
        try:
            return self.members[role]
        except KeyError:
            raise LocalError(f"certificate {role!r}; allowed: {', '.join(self.members)}") from None

    def ocsp_response(
        self,
        role: str,
        *,
        status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
        this_update: datetime | None = None,
        next_update: datetime | None = None,
        signer: Member | None = None,
    ) -> bytes:
        """What its issuer's responder says of a member, DER. `signer`: somebody else says it."""
        member = self[role]
        if member.issuer is None:
            raise LocalError(f"{role} is a root, of which no responder says anything")
        responder, begin = signer or self[f"{OCSP}_{member.issuer.role}"], this_update or self.now - timedelta(minutes=5)
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=member.certificate,
            issuer=member.issuer.certificate,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=begin,
            next_update=next_update or begin + WEEK - timedelta(minutes=10),
            revocation_time=begin if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
        if responder is not member.issuer:
            builder = builder.certificates([responder.certificate])
        return builder.sign(responder.key, hash_of(responder.key)).public_bytes(Encoding.DER)

    def staples(self, role: str) -> tuple[bytes, ...]:
        """Good responses for a member and the sub-CAs above it, in the order of its chain."""
        return tuple(self.ocsp_response(member.role) for member in self[role].members)

    def crl(self, role: str, revoked: Iterable[str] = (), *, serials: Iterable[int] = (), number: int = 1, days: float = 30.0) -> bytes:
        """The list of an authority, DER: these members and serial numbers are revoked. `number` grows from one list to the next."""
        issuer = self[role]
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
        builder = builder.last_update(self.now - timedelta(minutes=5)).next_update(self.now + timedelta(days=days))
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        builder = builder.add_extension(_authority_key(issuer), critical=False)
        for serial in sorted({*serials, *(self[name].certificate.serial_number for name in revoked)}):
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            builder = builder.add_revoked_certificate(entry.revocation_date(self.now - timedelta(minutes=10)).build())
        return builder.sign(issuer.key, hash_of(issuer.key)).public_bytes(Encoding.DER)


def make_tree(
    curve: str = SECP521R1,
    *,
    now: datetime,
    names: Mapping[str, str] = NAMES,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    ocsp_url: str = "http://ocsp.invalid/",
    profile_file: str = "iso15118-20",
) -> Tree:
    """A PKI that is valid at `now` (aware, UTC). `changes`: other values for fields of profiles, by role.

    Raises LocalError on a role, field or curve that is not there.
    """
    if now.tzinfo is None:
        raise LocalError("a time without a zone; allowed: UTC")
    wanted = dict(profiles(profile_file))
    for role, change in (changes or {}).items():
        if role not in wanted:
            raise LocalError(f"profile {role!r}; allowed: {', '.join(wanted)}")
        wanted[role] = replace(wanted[role], **change)
        earlier = list(wanted)[: list(wanted).index(role)]
        if wanted[role].issuer and wanted[role].issuer not in earlier:
            raise LocalError(f"{role}.issuer: {wanted[role].issuer!r}; allowed: {', '.join(earlier)}")
    responder, members = wanted.pop(OCSP), dict[str, Member]()
    for role, profile in wanted.items():
        members[role] = _member(role, profile, curve, now, {**NAMES, **names}, members.get(profile.issuer), ocsp_url)
    for authority in [role for role in members if any(member.issuer is members[role] for member in members.values())]:
        role = f"{OCSP}_{authority}"
        members[role] = _member(role, responder, curve, now, {"issuer": authority}, members[authority], ocsp_url)
    return Tree(members, now)


def issue(
    profile: Profile,
    key: Any,
    *,
    now: datetime,
    names: Mapping[str, str],
    issuer: Member | None,
    own_key: PrivateKey | None = None,
    ocsp_url: str = "",
) -> x509.Certificate:
    """A certificate of `profile` for the public `key`, signed by `issuer`, or by `own_key` where there is none."""
    subject = _name(profile, names)
    begins = now + timedelta(days=profile.begins) - timedelta(minutes=5)
    signer = own_key if issuer is None else issuer.key
    if signer is None:
        raise LocalError("a certificate without an issuer and without a key to sign it with")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=profile.days))
        .add_extension(x509.BasicConstraints(profile.ca, profile.path_length if profile.ca else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    if profile.key_usage:
        usages = set(profile.key_usage) - (_SIGNS_ONLY if hash_of(key) is None else set())
        builder = builder.add_extension(x509.KeyUsage(**{usage: usage in usages for usage in KEY_USAGES}), critical=True)
    if profile.extended_key_usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([_EXTENDED[usage] for usage in profile.extended_key_usage]), critical=False)
    if issuer is not None:
        builder = builder.add_extension(_authority_key(issuer), critical=False)
    if "ocsp_signing" in profile.extended_key_usage:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    elif issuer is not None and ocsp_url:
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp_url))
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return builder.sign(signer, hash_of(signer))


def _member(
    role: str, profile: Profile, curve: str, now: datetime, names: Mapping[str, str], issuer: Member | None, ocsp_url: str
) -> Member:
    key = new_key(profile.curve or curve)
    certificate = issue(profile, key.public_key(), now=now, names=names, issuer=issuer, own_key=key, ocsp_url=ocsp_url)
    return Member(role, certificate, key, issuer)


def _name(profile: Profile, names: Mapping[str, str]) -> x509.Name:
    parts = (
        (NameOID.COMMON_NAME, profile.cn.format(**names)),
        (NameOID.ORGANIZATION_NAME, profile.o),
        (NameOID.DOMAIN_COMPONENT, profile.dc),
    )
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts if text])


def _authority_key(issuer: Member) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.certificate.public_key())  # type: ignore[arg-type]
