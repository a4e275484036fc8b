"""How a certificate is written in DER, part by part: what `cryptography` reads past and has no words for. Needs asn1tools (extra `lint`).

Each function says what is wrong, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from iso15118.errors import LocalError

_SCHEMA: Final = """
Written DEFINITIONS EXPLICIT TAGS ::= BEGIN
Certificate ::= SEQUENCE { tbs Tbs, algorithm Algorithm, signature BIT STRING }
Tbs ::= SEQUENCE { version [0] INTEGER DEFAULT 0, serial INTEGER, algorithm Algorithm, issuer Name, validity Validity,
  subject Name, key Key,
  issuerId [1] IMPLICIT BIT STRING OPTIONAL, subjectId [2] IMPLICIT BIT STRING OPTIONAL, extensions [3] Extensions OPTIONAL }
Algorithm ::= SEQUENCE { name OBJECT IDENTIFIER, parameters ANY OPTIONAL }
Key ::= SEQUENCE { algorithm Algorithm, bits BIT STRING }
Validity ::= SEQUENCE { begins Time, ends Time }
Time ::= CHOICE { utc UTCTime, general GeneralizedTime }
Name ::= SEQUENCE OF SET OF Attribute
Attribute ::= SEQUENCE { kind OBJECT IDENTIFIER, text Text }
Text ::= CHOICE { utf8 UTF8String, printable PrintableString, ia5 IA5String, teletex TeletexString, bmp BMPString }
Extensions ::= SEQUENCE OF Extension
Extension ::= SEQUENCE { kind OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, octets OCTET STRING }
END
"""
_UNREADABLE: Final = "cannot be read part by part"
_DC: Final = NameOID.DOMAIN_COMPONENT.dotted_string


@cache
def _grammar() -> Any:
    try:
        import asn1tools
    except ImportError:
        raise LocalError("asn1tools is not installed; allowed: pip install 'chargeloop[lint]'") from None
    return asn1tools.compile_string(_SCHEMA, "der")


def _parts(certificate: x509.Certificate) -> Mapping[str, Any] | None:
    """The certificate, part by part; None where it is of another make."""
    grammar = _grammar()
    import asn1tools

    try:
        found: Mapping[str, Any] = grammar.decode("Certificate", certificate.public_bytes(Encoding.DER))
    except (asn1tools.DecodeError, ValueError, KeyError):
        return None
    return found


def encoding(certificate: x509.Certificate) -> str:
    """Whether encoding its parts again makes the same octets."""
    parts = _parts(certificate)
    if parts is None:
        return _UNREADABLE
    same = _grammar().encode("Certificate", parts) == certificate.public_bytes(Encoding.DER)
    return "" if same else "a default that is written out, or another encoding of the same"


def texts(certificate: x509.Certificate) -> str:
    """String types of the subject."""
    parts = _parts(certificate)
    wrong = [] if parts is None else list(_wrong_texts(parts))
    return ", ".join(wrong)


def _wrong_texts(parts: Mapping[str, Any]) -> Iterator[str]:
    for rdn in parts["tbs"]["subject"]:
        for attribute in rdn:
            kind, written = attribute["kind"], attribute["text"][0]
            allowed = ("ia5",) if kind == _DC else ("utf8", "printable")
            if written not in allowed:
                yield f"{kind} as {written}, not {' or '.join(allowed)}"


def times(certificate: x509.Certificate) -> str:
    """Forms of the two times."""
    parts = _parts(certificate)
    if parts is None:
        return ""
    validity = parts["tbs"]["validity"]
    pairs = ((validity["begins"][0], certificate.not_valid_before_utc), (validity["ends"][0], certificate.not_valid_after_utc))
    return ", ".join(f"{moment:%Y} as {written}" for written, moment in pairs if written != ("utc" if moment.year < 2050 else "general"))


def algorithms(certificate: x509.Certificate) -> str:
    """The signature algorithm stands in two places."""
    parts = _parts(certificate)
    return "" if parts is None or parts["algorithm"] == parts["tbs"]["algorithm"] else "another inside than outside"


def bits(certificate: x509.Certificate) -> str:
    """The signature may declare bits of its last octet unused: a second writing of the same."""
    parts = _parts(certificate)
    return "" if parts is None or parts["signature"][1] % 8 == 0 else "a part of an octet"
