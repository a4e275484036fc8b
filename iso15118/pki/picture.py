"""Certificates drawn as the tree they form: who has issued whom, how much of each one's time is left."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448

from iso15118.pki.chain import common_name

BAR: Final = 16
"""Cells of a whole validity."""
SOON: Final = timedelta(days=14)
"""What ends within that is said."""
NAME: Final = 64
"""Characters of a name that are shown."""


def picture(certificates: Mapping[str, x509.Certificate], now: datetime, keys: Collection[str] = ()) -> list[str]:
    """A line a certificate, below who has issued it. `keys`: labels of those whose private key is at hand."""
    left = [(branch + _name(each), label, each) for branch, label, each in _walk(certificates)]
    names = max((len(name) for name, _, _ in left), default=0)
    labels = max((len(label) for _, label, _ in left), default=0)
    lines = []
    for name, label, each in left:
        key = "key" if label in keys else ""
        lines.append(f"{name:{names}}  {label:{labels}}  {_bar(each, now)}  {_curve(each):9}  {key:3}  {_left(each, now)}".rstrip())
    return lines


def _walk(certificates: Mapping[str, x509.Certificate]) -> Iterator[tuple[str, str, x509.Certificate]]:
    """What stands before a name, the label, the certificate; issuers first."""
    above = {label: _issuer(label, certificates) for label in certificates}
    below: dict[str | None, list[str]] = {}
    for label, issuer in above.items():
        below.setdefault(issuer, []).append(label)
    seen = set[str]()

    def walk(label: str, first: str, rest: str) -> Iterator[tuple[str, str, x509.Certificate]]:
        seen.add(label)
        yield first, label, certificates[label]
        children = [child for child in below.get(label, ()) if child not in seen]
        for child in children:
            last = child == children[-1]
            yield from walk(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))

    for label in (*below.get(None, ()), *certificates):  # then those that only vouch for each other
        if label not in seen:
            yield from walk(label, "", "")


def _issuer(label: str, certificates: Mapping[str, x509.Certificate]) -> str | None:
    certificate = certificates[label]
    if certificate.issuer == certificate.subject:
        return None
    named = [other for other, each in certificates.items() if each.subject == certificate.issuer and other != label]
    wanted = _identifier(certificate, x509.AuthorityKeyIdentifier)
    return next((other for other in named if wanted in (None, _identifier(certificates[other], x509.SubjectKeyIdentifier))), None)


def _identifier(certificate: x509.Certificate, kind: type[x509.AuthorityKeyIdentifier] | type[x509.SubjectKeyIdentifier]) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value.key_identifier
    except (x509.ExtensionNotFound, ValueError):
        return None


def _bar(certificate: x509.Certificate, now: datetime) -> str:
    """Full: all of its time is left."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    share = min(max((ends - now) / (ends - begins), 0.0), 1.0) if ends > begins else 0.0
    full = max(round(share * BAR), 1 if now <= ends else 0)
    return "█" * full + "░" * (BAR - full)


def _left(certificate: x509.Certificate, now: datetime) -> str:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        return f"not valid before {begins:%Y-%m-%d}"
    if now > ends:
        return f"EXPIRED on {ends:%Y-%m-%d}"
    days = f"{(ends - now).days} days left"
    return f"{days}: renew it" if ends - now < SOON else days


def _name(certificate: x509.Certificate) -> str:
    """One line, whatever somebody has put into it."""
    name = common_name(certificate) or certificate.subject.rfc4514_string() or "(no name)"
    return "".join(each if each.isprintable() else "?" for each in name)[:NAME]


def _curve(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, ed448.Ed448PublicKey):
        return "ed448"
    return key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else "other"
