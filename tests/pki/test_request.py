"""`pki.request`: asking for a certificate, and what an authority answers. It gives nothing that its profile does not say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from iso15118.errors import LocalError
from iso15118.pki.chain import verify
from iso15118.pki.keys import PrivateKey, curve_of, hash_of, new_key
from iso15118.pki.profiles import profiles
from iso15118.pki.request import answer, request
from iso15118.pki.tree import Tree
from iso15118.pki.trust import Purpose, TrustStore


def asked(key: PrivateKey, *names: tuple[x509.ObjectIdentifier, str]) -> bytes:
    subject = x509.Name([x509.NameAttribute(kind, text) for kind, text in names])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hash_of(key)).public_bytes(Encoding.PEM)


CN, ORG, DC, OU = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.DOMAIN_COMPONENT, NameOID.ORGANIZATIONAL_UNIT_NAME


def test_what_is_answered_is_valid_for_the_new_key(tree: Tree) -> None:
    key = new_key(curve_of(tree["secc"].key))
    new = answer(request(tree["secc"].certificate, key), profiles()["secc"], tree["cpo_sub2"], tree.now, ocsp_url="http://a/")
    chain = (new.public_bytes(Encoding.DER), *tree["secc"].chain[1:])
    found = verify(chain, Purpose.SECC, TrustStore(v2g=(tree["v2g_root"].der,)), tree.now)
    assert found.key == key.public_key()
    assert new.subject == tree["secc"].certificate.subject
    assert new.serial_number != tree["secc"].certificate.serial_number


def test_a_request_names_the_usages(tree: Tree) -> None:
    found = x509.load_pem_x509_csr(request(tree["secc"].certificate, tree["secc"].key))
    usage = tree["secc"].certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert found.extensions.get_extension_for_class(x509.KeyUsage) == usage


def test_a_name_with_braces_is_a_name(tree: Tree) -> None:
    new = answer(
        asked(new_key(curve_of(tree["secc"].key)), (CN, "{seccid}"), (ORG, "o"), (DC, "CPO")),
        profiles()["secc"],
        tree["cpo_sub2"],
        tree.now,
    )
    assert new.subject.get_attributes_for_oid(CN)[0].value == "{seccid}"


def _swapped(key: PrivateKey) -> bytes:
    """Signed by another key than it names."""
    pem = asked(key, (CN, "a"), (ORG, "o"), (DC, "CPO"))
    found = x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER)
    broken = found[:-20] + bytes([found[-20] ^ 1]) + found[-19:]
    return x509.load_der_x509_csr(broken).public_bytes(Encoding.PEM)


REFUSED: dict[str, tuple[Callable[[PrivateKey], bytes], str]] = {
    "nothing": (lambda key: b"", "no request"),
    "too long": (lambda key: bytes(5000), "no request"),
    "another signature": (_swapped, "not signed by its own key"),
    "another curve": (lambda key: asked(new_key("secp256r1"), (CN, "a"), (ORG, "o"), (DC, "CPO")), "a key on secp256r1"),
    "no organisation": (lambda key: asked(key, (CN, "a"), (DC, "CPO")), "allowed: CN, O, DC=CPO"),
    "another component": (lambda key: asked(key, (CN, "a"), (ORG, "o"), (DC, "V2G")), "allowed: CN, O, DC=CPO"),
    "one name more": (lambda key: asked(key, (CN, "a"), (ORG, "o"), (DC, "CPO"), (OU, "u")), "allowed: CN, O, DC=CPO"),
    "two names": (lambda key: asked(key, (CN, "a"), (CN, "b"), (ORG, "o"), (DC, "CPO")), "allowed: CN, O, DC=CPO"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_request_that_is_refused(tree: Tree, how: str) -> None:
    make, told = REFUSED[how]
    with pytest.raises(LocalError, match=told):
        answer(make(new_key(curve_of(tree["secc"].key))), profiles()["secc"], tree["cpo_sub2"], tree.now)
