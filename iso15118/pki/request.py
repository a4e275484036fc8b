"""Requests for certificates (PKCS #10): made by whoever has the key, answered by an authority as a profile says."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from iso15118.errors import LocalError
from iso15118.pki.keys import CURVES, PrivateKey, PublicKey, curve_of, hash_of
from iso15118.pki.profiles import Profile
from iso15118.pki.tree import Member, issue
from iso15118.value import replace

LARGEST: Final = 4096
"""Octets of a request."""


def request(certificate: x509.Certificate, key: PrivateKey) -> bytes:
    """A request (PEM) to have a new certificate for `key` under the same names, for the same usages."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(certificate.subject)
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.KeyUsage | x509.ExtendedKeyUsage):
            builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(key, hash_of(key)).public_bytes(Encoding.PEM)


def answer(pem: bytes, profile: Profile, issuer: Member, now: datetime, *, ocsp_url: str = "") -> x509.Certificate:
    """The certificate of a request, as `profile` says; from the request come only key, common name and organisation.

    Raises LocalError where the request is none, is not signed by its key, has another curve than its issuer, or other names.
    """
    try:
        if len(pem) > LARGEST:
            raise ValueError
        found = x509.load_pem_x509_csr(pem)
        key, signed = found.public_key(), found.is_signature_valid
        names = {each.oid: str(each.value) for each in found.subject}
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise LocalError("no request; allowed: PKCS #10 in PEM, as `chargeloop pki csr` makes it") from None
    if not signed or not isinstance(key, PublicKey) or curve_of(key) not in CURVES:
        raise LocalError(f"the request is not signed by its own key; allowed: a key on {', '.join(CURVES)}, and its signature")
    if curve_of(key) != curve_of(issuer.key):
        raise LocalError(f"the request has a key on {curve_of(key)}; allowed: {curve_of(issuer.key)}, as its issuer has")
    wanted = {NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME} | ({NameOID.DOMAIN_COMPONENT} if profile.dc else set())
    if set(names) != wanted or len(list(found.subject)) != len(wanted) or names.get(NameOID.DOMAIN_COMPONENT, "") != profile.dc:
        component = f", DC={profile.dc}" if profile.dc else ""
        raise LocalError(f"the request is for {found.subject.rfc4514_string()}; allowed: CN, O{component}, each once, and nothing else")
    name = names[NameOID.COMMON_NAME].replace("{", "{{").replace("}", "}}")
    exact = replace(profile, cn=name, o=names[NameOID.ORGANIZATION_NAME])
    return issue(exact, key, now=now, names={}, issuer=issuer, ocsp_url=ocsp_url)
