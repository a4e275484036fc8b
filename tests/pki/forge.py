"""A PKI whose profiles a test changes as it likes: certificates under honest issuers, honest or not. The product has `pki.tree`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from iso15118.pki.keys import ED448, hash_of
from iso15118.pki.signer import SoftKey
from iso15118.pki.trust import TrustStore
from iso15118.value import Value, replace

Key: TypeAlias = ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey


class Profile(Value):
    """What a certificate says."""

    name: str
    """Its common name."""
    issuer: str | None
    """The member that signs it; None: itself."""
    component: str | None = None
    """Its domain component."""
    organisation: str = "chargeloop test"
    ca: bool = False
    path_length: int | None = None
    usages: tuple[str, ...] = ("digital_signature",)
    extended: tuple[x509.ObjectIdentifier, ...] = ()
    begins: timedelta = timedelta(hours=-1)
    lasts: timedelta = timedelta(days=730)
    curve: str | None = None
    """None: that of the tree."""
    seed56: bool = False
    """An Ed448 key whose seed ends in zero, which a CertificateInstallationRes has room for."""
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    """Further ones, and whether they are critical."""
    serial: int | None = None


def _ca(name: str, issuer: str | None, component: str, length: int | None) -> Profile:
    return Profile(name, issuer, component, ca=True, path_length=length, usages=("key_cert_sign", "crl_sign"), lasts=timedelta(days=3650))


_SERVER, _CLIENT = (ExtendedKeyUsageOID.SERVER_AUTH,), (ExtendedKeyUsageOID.CLIENT_AUTH,)
_CONTRACT_USAGES: Final = ("digital_signature", "content_commitment", "key_encipherment", "key_agreement")
PROFILES: Final[Mapping[str, Profile]] = {
    "v2g_root": _ca("V2GRootCA", None, "V2G", None),
    "cpo_sub1": _ca("CPOSubCA1", "v2g_root", "V2G", 1),
    "cpo_sub2": _ca("CPOSubCA2", "cpo_sub1", "V2G", 0),
    "secc": Profile(
        "DECLPE1", "cpo_sub2", "CPO", usages=("digital_signature", "key_agreement"), extended=_SERVER, lasts=timedelta(days=60)
    ),
    "oem_root": _ca("OEMRootCA", None, "OEM", None),
    "oem_sub1": _ca("OEMSubCA1", "oem_root", "OEM", 1),
    "oem_sub2": _ca("OEMSubCA2", "oem_sub1", "OEM", 0),
    "oem_provisioning": Profile("WMIV1234567890ABCD", "oem_sub2", "OEM", usages=("digital_signature", "key_agreement")),
    "vehicle": Profile("WMIV1234567890ABCDEX", "oem_sub2", extended=_CLIENT),
    "mo_root": _ca("MORootCA", None, "MO", None),
    "mo_sub1": _ca("MOSubCA1", "mo_root", "MO", 1),
    "mo_sub2": _ca("MOSubCA2", "mo_sub1", "MO", 0),
    "contract": Profile("DECLPA12345678", "mo_sub2", "MO", usages=_CONTRACT_USAGES, seed56=True),
    "cps_sub1": _ca("CPSSubCA1", "v2g_root", "V2G", 1),
    "cps_sub2": _ca("CPSSubCA2", "cps_sub1", "V2G", 0),
    "cps": Profile("CPSLeaf", "cps_sub2", "CPS", lasts=timedelta(days=90)),
}
"""The members of a tree, issuers first."""


class Member:
    """A certificate with its key and its issuer."""

    def __init__(self, profile: Profile, key: Key, certificate: x509.Certificate, issuer: Member | None) -> None:
        self.profile = profile
        self.key = key
        self.certificate = certificate
        self.issuer = issuer

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The leaf and the authorities above it, DER, without the root."""
        above = () if self.issuer is None else self.issuer.chain
        return () if self.issuer is None else (self.der, *above)

    @property
    def signer(self) -> SoftKey:
        """Its key, to sign with."""
        return SoftKey(self.key)

    def crl(self, *revoked: Member, at: datetime, lasts: timedelta = timedelta(days=7)) -> bytes:
        """What this authority has revoked, DER."""
        builder = x509.CertificateRevocationListBuilder(self.certificate.subject, at, at + lasts)
        for each in revoked:
            entry = x509.RevokedCertificateBuilder(each.certificate.serial_number, at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hash_of(self.key)).public_bytes(Encoding.DER)


class Tree:
    """Members by name, as attributes too."""

    def __init__(self, curve: str, now: datetime) -> None:
        self.curve = curve
        self.now = now
        self.members: dict[str, Member] = {}

    def __getattr__(self, name: str) -> Member:
        try:
            return self.members[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def trust(self) -> TrustStore:
        """All its roots, each for its kind."""
        return TrustStore((self.v2g_root.der,), (self.oem_root.der,), (self.mo_root.der,))

    def issue(self, profile: Profile, key: Key | None = None) -> Member:
        """A certificate of this profile, which is no member of the tree. `key`: its own; None: a new one."""
        issuer = None if profile.issuer is None else self.members[profile.issuer]
        return _issue(profile, issuer, key or new_key(profile.curve or self.curve, seed56=profile.seed56), self.now)

    def changed(self, member: str, **values: Any) -> Member:
        """Another certificate for this member's name, its profile changed so."""
        return self.issue(replace(PROFILES[member], **values))


def make_tree(curve: str, now: datetime, profiles: Mapping[str, Profile] = PROFILES) -> Tree:
    """A tree on one curve: secp521r1, ed448, or secp256r1 for older peers."""
    tree = Tree(curve, now)
    for name, profile in profiles.items():
        tree.members[name] = tree.issue(profile)
    return tree


def new_key(curve: str, *, seed56: bool = False) -> Key:
    """A fresh key."""
    if curve != ED448:
        return ec.generate_private_key(ec.SECP521R1() if curve == "secp521r1" else ec.SECP256R1())
    key = ed448.Ed448PrivateKey.generate()
    return ed448.Ed448PrivateKey.from_private_bytes(key.private_bytes_raw()[:56] + b"\0") if seed56 else key


def _issue(profile: Profile, issuer: Member | None, key: Key, now: datetime) -> Member:
    attributes = [
        x509.NameAttribute(NameOID.COMMON_NAME, profile.name),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, profile.organisation),
    ]
    if profile.component is not None:
        attributes.append(x509.NameAttribute(NameOID.DOMAIN_COMPONENT, profile.component))
    subject, signer = x509.Name(attributes), key if issuer is None else issuer.key
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    usage = x509.KeyUsage(**{name: name in profile.usages for name in names}, encipher_only=False, decipher_only=False)
    builder = (
        x509.CertificateBuilder(subject if issuer is None else issuer.certificate.subject, subject, key.public_key())
        .serial_number(profile.serial or x509.random_serial_number())
        .not_valid_before(now + profile.begins)
        .not_valid_after(now + profile.begins + profile.lasts)
        .add_extension(x509.BasicConstraints(profile.ca, profile.path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is not None:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(authority, critical=False)
    if profile.extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(profile.extended), critical=False)
    for extension, critical in profile.extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Member(profile, key, builder.sign(signer, hash_of(signer)), issuer)
