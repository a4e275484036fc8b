"""Questions to a responder about revocation, and what its answers are worth (RFC 6960): octets in, a statement out.

An answer counts for the certificate it was asked about, signed by that certificate's issuer or by a responder which the issuer has named
for it, and for a week at most. Anything else is an error, never "good". Not here: fetching one, and stapling it (`service.staples`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from iso15118.errors import ChargeloopError, LocalError
from iso15118.pki.chain import Status
from iso15118.value import Value

WEEK: Final = timedelta(days=7)
"""Older than that, an answer is worth nothing [V2G20-1021]."""
SKEW: Final = timedelta(minutes=5)
"""A responder's clock may be this far ahead of ours."""
LARGEST: Final = 8192
"""Octets of an answer: a signature, an identifier and the responder's certificate are a quarter of it."""
NONCE: Final = 32
"""Octets of a nonce at most (RFC 8954)."""
KEPT: Final = 512
"""Statements in a `Heard`; the one that ends first goes first."""
_SUCCESS: Final = ocsp.OCSPResponseStatus.SUCCESSFUL


class Standing(StrEnum):
    """What is said of a certificate. UNKNOWN: the responder does not know it, which is no "good"."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class OcspError(ChargeloopError):
    """The answer is worth nothing: malformed, of somebody else, about something else, too old."""


class Statement(Value):
    """What a responder says of one certificate."""

    standing: Standing
    certificate: bytes
    """SHA-256 of the certificate it is about."""
    since: datetime
    until: datetime
    """Its own end, and never more than a week after `since`."""
    response: bytes
    """The whole answer, DER, as it is stapled."""

    @property
    def renew(self) -> datetime:
        """When a newer one is asked for: half of its time is over, so that the other half is left for trying."""
        return self.since + (self.until - self.since) / 2

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.since - SKEW <= now <= self.until


def ask(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes = b"") -> bytes:
    """The question about a certificate, DER. Raises LocalError on a nonce of more than 32 octets."""
    if len(nonce) > NONCE:
        raise LocalError(f"a nonce of {len(nonce)} octets; allowed: 0 to {NONCE}")
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def responder(certificate: x509.Certificate) -> str | None:
    """Where the certificate says that it can be asked about: a http URL, the first there is."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    places = [each.access_location.value for each in access if each.access_method == AuthorityInformationAccessOID.OCSP]
    return next((place for place in places if isinstance(place, str) and place.startswith("http://")), None)


def heard(response: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime, *, nonce: bytes = b"") -> Statement:
    """What `response` (DER) says of a certificate of `issuer`. Raises OcspError where it is worth nothing.

    `nonce`: what was asked with. A responder that signs in advance leaves it out; one that sends another answers somebody else.
    """
    if not 0 < len(response) <= LARGEST:
        raise OcspError(f"an answer of {len(response)} octets; allowed: 1 to {LARGEST}")
    try:
        read = ocsp.load_der_ocsp_response(response)
        if read.response_status is not _SUCCESS:
            raise OcspError(f"the responder answers {read.response_status.name.lower()}")
        _signed(read, issuer, now)
        _nonce(read, nonce)
        about = [each for each in read.responses if _is_about(each, certificate, issuer)]
        if len(about) != 1:
            raise OcspError("says nothing of this certificate" if not about else "speaks twice of this certificate")
        return _statement(about[0], certificate, now, response)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise OcspError(f"not an answer: {str(error)[:120]}") from None


def objection(response: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> str:
    """Why `response` does not prove that the certificate is good at `now`; empty: it does. Never raises."""
    try:
        standing = heard(response, certificate, issuer, now).standing
    except OcspError as error:
        return str(error)
    return "" if standing is Standing.GOOD else f"the certificate is {standing}"


def _statement(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, now: datetime, response: bytes) -> Statement:
    since = single.this_update_utc
    until = min(single.next_update_utc or since + WEEK, since + WEEK)
    standing = Standing(single.certificate_status.name.lower())
    statement = Statement(standing, fingerprint(certificate), since, until, response)
    if not statement.holds(now):
        raise OcspError(f"holds from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}, and it is {now:%Y-%m-%d %H:%M}")
    return statement


def _is_about(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if single.serial_number != certificate.serial_number or certificate.issuer != issuer.subject:
        return False
    hashed = single.hash_algorithm
    return single.issuer_name_hash == _hashed(issuer.subject.public_bytes(), hashed) and single.issuer_key_hash == _hashed(
        _key_octets(issuer), hashed
    )


def _nonce(read: ocsp.OCSPResponse, asked: bytes) -> None:
    for extension in read.extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            if asked and extension.value.nonce != asked:
                raise OcspError("answers another question: its nonce is not ours")
        elif extension.critical:
            raise OcspError(f"a critical extension that is not known: {extension.oid.dotted_string}")


def _signed(read: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """By the issuer itself, or by a responder that it has made for this."""
    signer = next((each for each in (issuer, *read.certificates) if _is_named(read, each)), None)
    if signer is None:
        raise OcspError("whoever has signed it is not in it")
    if signer != issuer:
        _delegated(signer, issuer, now)
    key, hashed = signer.public_key(), read.signature_hash_algorithm
    try:
        if isinstance(key, ed448.Ed448PublicKey):
            key.verify(read.signature, read.tbs_response_bytes)
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(hashed, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
            key.verify(read.signature, read.tbs_response_bytes, ec.ECDSA(hashed))
        else:
            raise OcspError("signed with a key or a hash that no profile has")
    except InvalidSignature:
        raise OcspError("its signature is wrong") from None


def _is_named(read: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    if read.responder_name is not None:
        return read.responder_name == signer.subject
    return read.responder_key_hash == _hashed(_key_octets(signer), hashes.SHA1())


def _delegated(signer: x509.Certificate, issuer: x509.Certificate, now: datetime) -> None:
    """What an issuer gives a responder: the usage, the word that nobody asks about the responder, and a validity."""
    try:
        signer.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        raise OcspError("the responder is not of the certificate's issuer") from None
    try:
        usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        signer.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        raise OcspError("the responder is not made for this") from None
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usages:
        raise OcspError("the responder is not made for this")
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        raise OcspError("the responder's certificate is not valid now")


def _key_octets(certificate: x509.Certificate) -> bytes:
    """The bits of the public key, without the algorithm before them."""
    key = certificate.public_key()
    if isinstance(key, ed448.Ed448PublicKey):
        return key.public_bytes_raw()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    raise OcspError("a key that no profile has")


def _hashed(octets: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(octets)
    return digest.finalize()


def fingerprint(certificate: x509.Certificate) -> bytes:
    """SHA-256 of a certificate."""
    return certificate.fingerprint(hashes.SHA256())


class Heard:
    """Statements that are remembered, by certificate."""

    def __init__(self) -> None:
        self._by_certificate: dict[bytes, Statement] = {}

    def add(self, statement: Statement) -> None:
        """Remember it, unless a younger one is here. What says "revoked" is never displaced by an older "good"."""
        known = self._by_certificate.get(statement.certificate)
        if known is not None and known.since >= statement.since:
            return
        if known is None and len(self._by_certificate) >= KEPT:
            del self._by_certificate[min(self._by_certificate, key=lambda each: self._by_certificate[each].until)]
        self._by_certificate[statement.certificate] = statement

    def of(self, certificate: x509.Certificate, now: datetime) -> Statement | None:
        """The statement about it that counts now."""
        statement = self._by_certificate.get(fingerprint(certificate))
        return statement if statement is not None and statement.holds(now) else None

    def status(self, now: datetime) -> Status:
        """As `pki.chain.verify` asks: revoked, good, or not known."""

        def asked(certificate: x509.Certificate, issuer: x509.Certificate) -> bool | None:
            statement = self.of(certificate, now)
            if statement is None or statement.standing is Standing.UNKNOWN:
                return None
            return statement.standing is Standing.REVOKED

        return asked


def stapled(responses: Sequence[bytes], path: Sequence[x509.Certificate], now: datetime) -> tuple[Statement | None, ...]:
    """What staples say of a chain, one a certificate of `path` (leaf first, root last) but the root; None where there is none.

    Raises OcspError where one of them is worth nothing: a check that fails makes the chain invalid [V2G20-2409].
    """
    if len(responses) >= len(path):
        raise OcspError(f"{len(responses)} staples for {len(path) - 1} certificates")
    there = (*responses, *(b"",) * (len(path) - 1 - len(responses)))
    return tuple(heard(each, *pair, now) if each else None for each, pair in zip(there, pairwise(path), strict=True))
