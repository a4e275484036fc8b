"""`pki.lint`: what is made by our profiles keeps every rule, and for every rule there is a certificate that breaks it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from iso15118.errors import LocalError
from iso15118.pki import written
from iso15118.pki.keys import CURVES, SECP521R1
from iso15118.pki.lint import RULES, lint, profile_of
from iso15118.pki.profiles import profiles
from iso15118.pki.tree import Tree, make_tree

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TREE = make_tree(SECP521R1, now=NOW)
AT = NOW - timedelta(hours=1), NOW + timedelta(days=60)
SECC = (NameOID.COMMON_NAME, "a"), (NameOID.ORGANIZATION_NAME, "o"), (NameOID.DOMAIN_COMPONENT, "CPO")


@pytest.mark.parametrize("curve", CURVES)
def test_what_is_made_by_the_profiles_keeps_every_rule(curve: str) -> None:
    for role, member in make_tree(curve, now=NOW).members.items():
        issuer = None if member.issuer is None else member.issuer.certificate
        wanted = profile_of(member.certificate, role)
        assert wanted is not None
        assert lint(member.certificate, NOW, profile=wanted, issuer=issuer) == []
        guessed = profile_of(member.certificate)
        assert guessed is not None
        assert lint(member.certificate, NOW, profile=guessed, issuer=issuer) == []


def changed(role: str = "secc", **change: object) -> x509.Certificate:
    return _remade(role, **change)[role].certificate


def _remade(role: str, **change: object) -> Tree:
    return make_tree(SECP521R1, now=NOW, changes={role: change})


def built(
    *,
    subject: tuple[tuple[Any, ...], ...] = SECC,
    without: tuple[type[x509.ExtensionType], ...] = (),
    critical: tuple[type[x509.ExtensionType], ...] = (),
    plain: tuple[type[x509.ExtensionType], ...] = (),
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    at: tuple[datetime, datetime] = AT,
    serial: int = 1,
    hashed: hashes.HashAlgorithm | None = None,
    key: object = None,
) -> x509.Certificate:
    """The charger's certificate once more, but for what is said."""
    good, issuer = TREE["secc"].certificate, TREE["cpo_sub2"]
    builder = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(*each) for each in subject]))
    builder = builder.issuer_name(issuer.certificate.subject).public_key(key or good.public_key()).serial_number(serial)  # type: ignore[arg-type]
    builder = builder.not_valid_before(at[0]).not_valid_after(at[1])
    for each in good.extensions:
        if not isinstance(each.value, without):
            is_critical = isinstance(each.value, critical) or (each.critical and not isinstance(each.value, plain))
            builder = builder.add_extension(each.value, is_critical)
    for extension, is_critical in more:
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(issuer.key, hashed or hashes.SHA512())  # type: ignore[arg-type]


def rewritten(change: Callable[[dict[str, object]], object]) -> x509.Certificate:
    """The charger's certificate with its parts changed; its signature is not made again."""
    grammar = written._grammar()
    parts = grammar.decode("Certificate", TREE["secc"].der)
    change(parts)
    return x509.load_der_x509_certificate(grammar.encode("Certificate", parts))


def _text(form: str) -> Callable[[dict[str, object]], object]:
    def change(parts: dict[str, object]) -> None:
        for rdn in parts["tbs"]["subject"]:  # type: ignore[index]
            for attribute in rdn:
                attribute["text"] = (form, attribute["text"][1])

    return change


def _backwards(parts: dict[str, object]) -> None:
    tbs = parts["tbs"]
    tbs["validity"] = {"begins": tbs["validity"]["ends"], "ends": tbs["validity"]["begins"]}  # type: ignore[index]


def _shortened(parts: dict[str, object]) -> None:
    octets, bits = parts["signature"]  # type: ignore[misc]
    parts["signature"] = (octets[:-1] + bytes([octets[-1] & 0xF0]), bits - 4)


BREAKS: dict[str, Callable[[], x509.Certificate]] = {
    "C01 another version": lambda: rewritten(lambda parts: parts["tbs"].__setitem__("version", 0)),  # type: ignore[attr-defined]
    "C04 it ends before": lambda: rewritten(_backwards),
    "C02 1600": lambda: built(more=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes(1600)), False),)),
    "C03 serial": lambda: rewritten(lambda parts: parts["tbs"].__setitem__("serial", 1 << 160)),
    "C05 expired": lambda: changed(begins=-90.0),
    "C05 not before": lambda: changed(begins=1.0),
    "C06 RSA": lambda: built(key=rsa.generate_private_key(65537, 1024).public_key()),
    "C06 secp384r1": lambda: built(key=ec.generate_private_key(ec.SECP384R1()).public_key()),
    "C07 sha256": lambda: built(hashed=hashes.SHA256()),
    "C08 InvalidSignature": lambda: make_tree(SECP521R1, now=NOW)["secc"].certificate,
    "E01 missing": lambda: built(without=(x509.BasicConstraints,)),
    "E01 not critical": lambda: built(plain=(x509.BasicConstraints,)),
    "E01 CA with path length 3, not no CA": lambda: changed(ca=True, path_length=3),
    "E02 missing": lambda: built(without=(x509.KeyUsage,)),
    "E02 not critical": lambda: built(plain=(x509.KeyUsage,)),
    "E02 digital_signature, not": lambda: changed(key_usage=("digital_signature",)),
    "E03 none, not 1.3.6.1.5.5.7.3.1": lambda: built(without=(x509.ExtendedKeyUsage,)),
    "E03 1.3.6.1.5.5.7.3.2, not": lambda: changed(extended_key_usage=("client_auth",)),
    "E04 missing": lambda: built(without=(x509.SubjectKeyIdentifier,)),
    "E04 critical": lambda: built(critical=(x509.SubjectKeyIdentifier,)),
    "E05 missing": lambda: built(without=(x509.AuthorityKeyIdentifier,)),
    "E05 critical": lambda: built(critical=(x509.AuthorityKeyIdentifier,)),
    "E05 not that of the issuer": lambda: built(
        without=(x509.AuthorityKeyIdentifier,), more=((x509.AuthorityKeyIdentifier(bytes(20), None, None), False),)
    ),
    "E06 missing": lambda: built(without=(x509.AuthorityInformationAccess,)),
    "E08 1.2.3": lambda: built(more=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0"), True),)),
    "N01 CN, DC, not": lambda: built(subject=(SECC[0], SECC[2])),
    "N01 one of them twice": lambda: built(subject=(*SECC, SECC[0])),
    "N01 2.5.4.11, CN": lambda: built(subject=((NameOID.ORGANIZATIONAL_UNIT_NAME, "u"), *SECC)),
    "N02 CN, DC, O": lambda: built(subject=(SECC[0], SECC[2], SECC[1])),
    "N03 V2G, not CPO": lambda: changed(dc="V2G"),
    "D01 cannot be read": lambda: built(subject=((NameOID.COMMON_NAME, "a", _ASN1Type.UniversalString), *SECC[1:])),
    "D02 as bmp": lambda: rewritten(_text("bmp")),
    "D03 2026 as general": lambda: rewritten(
        lambda parts: parts["tbs"].__setitem__(
            "validity", {"begins": ("general", NOW - timedelta(days=9)), "ends": ("general", NOW + timedelta(days=9))}
        )  # type: ignore[attr-defined]
    ),
    "D04 another inside": lambda: rewritten(lambda parts: parts.__setitem__("algorithm", {"name": "1.2.840.10045.4.3.2"})),
    "D05 a part of": lambda: rewritten(_shortened),
}


@pytest.mark.parametrize("how", BREAKS)
def test_what_breaks_a_rule_is_told(how: str) -> None:
    id, _, what = how.partition(" ")
    found = [str(each) for each in lint(BREAKS[how](), NOW, profile=profiles()["secc"], issuer=TREE["cpo_sub2"].certificate)]
    assert any(each.startswith(id) and what in each for each in found), found


def test_a_responder_and_a_vehicle_have_rules_of_their_own() -> None:
    responder = _remade("ocsp", extended_key_usage=("server_auth",))["ocsp_cpo_sub2"].certificate
    assert {each.rule.id for each in lint(responder, NOW, profile=profiles()["ocsp"])} == {"E03", "E07"}
    assert not lint(built(subject=((NameOID.COUNTRY_NAME, "DE"), *SECC)), NOW, profile=profiles()["secc"])
    vehicle = changed("vehicle", dc="OEM")
    assert [each.rule.id for each in lint(vehicle, NOW, profile=profiles()["vehicle"])] == ["N01"]


def test_every_rule_has_its_breach() -> None:
    assert {each.id for each in RULES} == {how.split()[0] for how in BREAKS} | {"E07"}
    assert len({each.text for each in RULES}) == len(RULES)


def test_what_is_of_no_profile_is_judged_by_what_holds_for_all() -> None:
    certificate = changed(dc="XYZ", key_usage=("digital_signature",))
    assert profile_of(certificate) is None
    assert lint(certificate, NOW) == []


def test_without_its_tool_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asn1tools", None)
    written._grammar.cache_clear()
    with pytest.raises(LocalError, match=r"pip install 'chargeloop\[lint\]'"):
        lint(TREE["secc"].certificate, NOW)
    written._grammar.cache_clear()
