"""What is held against the responses about revocation that a peer has stapled, certificate by certificate."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from iso15118.pki.ocsp import objection
from iso15118.service.tls.engine import Credentials


def held_against(chain: Sequence[bytes], staples: Sequence[bytes], credentials: Credentials) -> tuple[str, ...]:
    """Of each certificate (DER, the leaf first): empty, its staple proves it good; "none", there is none; else why it does not."""
    certificates = [x509.load_der_x509_certificate(der) for der in chain]
    roots = [x509.load_der_x509_certificate(der) for der in credentials.anchors]
    now, held = credentials.now(), list[str]()
    for number, certificate in enumerate(certificates):
        response = staples[number] if number < len(staples) else b""
        issuers = [other for other in (*certificates, *roots) if other.subject == certificate.issuer]
        if not response:
            held.append("none")
        else:
            held.append(objection(response, certificate, issuers[0], now) if issuers else "its issuer is not known")
    return tuple(held)
