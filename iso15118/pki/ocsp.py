"""Responses about revocation (RFC 6960), checked: who says it, of which certificate, and when.

A response counts when it is of the certificate's own authority or a responder that this authority has named, signed by it, fresh, at most
a week old [V2G20-1021], and says "good". Everything else is no: nothing here fails open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

OLDEST: Final = timedelta(days=7)
"""Of a response, from its making on [V2G20-1021]."""
SKEW: Final = timedelta(minutes=5)
"""By which two clocks may differ."""


def objection(response: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> str:
    """Why the response (DER) does not prove that the certificate is good at `now`; empty: it does. Never raises."""
    try:
        found = ocsp.load_der_ocsp_response(response)
        if found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return f"the responder answers {found.response_status.name}"
        return _about(found, certificate, issuer, now) or _by(found, issuer, now)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        return f"no OCSP response: {error}"


def _about(found: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> str:
    for single in found.responses:
        if single.serial_number != certificate.serial_number or not _names(single, issuer):
            continue
        if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            return "the certificate is revoked"
        if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
            return "the responder does not know the certificate"
        if single.this_update_utc > now + SKEW:
            return "the response is from the future"
        if now - single.this_update_utc > OLDEST:
            return "the response is older than a week"
        if single.next_update_utc is None or single.next_update_utc < now:
            return "the response has expired"
        return ""
    return "the response is about another certificate"


def _names(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    """Is the issuer meant, by the hashes of its name and key?"""
    name, key = hashes.Hash(single.hash_algorithm), hashes.Hash(single.hash_algorithm)
    name.update(issuer.subject.public_bytes())
    key.update(_key_bits(issuer.public_key()))
    return (name.finalize(), key.finalize()) == (single.issuer_name_hash, single.issuer_key_hash)


def _key_bits(key: Any) -> bytes:
    """The octets of subjectPublicKey, without its algorithm."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return bytes(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _by(found: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> str:
    """The signer is the issuer, or a responder that it has named for this."""
    signer = _signer(found, [issuer, *found.certificates])
    if signer is None:
        return "the response is signed by nobody known"
    if signer is not issuer:
        try:
            signer.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            return "the responder is not named by the certificate's authority"
        usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if ExtendedKeyUsageOID.OCSP_SIGNING not in usages:
            return "the responder's certificate is not for responses"
        if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
            return "the responder's certificate is not valid now"
    try:
        _verify(signer.public_key(), found)
    except InvalidSignature:
        return "the response is not signed by its responder"
    return ""


def _signer(found: ocsp.OCSPResponse, candidates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    for candidate in candidates:
        if found.responder_key_hash is not None:
            digest = hashes.Hash(hashes.SHA1())
            digest.update(_key_bits(candidate.public_key()))
            if digest.finalize() == found.responder_key_hash:
                return candidate
        elif found.responder_name == candidate.subject:
            return candidate
    return None


def _verify(key: Any, found: ocsp.OCSPResponse) -> None:
    """Raises InvalidSignature."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        if found.signature_hash_algorithm is None:
            raise InvalidSignature
        key.verify(found.signature, found.tbs_response_bytes, ec.ECDSA(found.signature_hash_algorithm))
    else:
        key.verify(found.signature, found.tbs_response_bytes)
