"""`pki.tree` and `pki.profiles`: a whole PKI by the profiles in certs/, judged by another implementation of chain verification."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from iso15118.errors import LocalError
from iso15118.pki import profiles as module
from iso15118.pki.keys import CURVES, curve_of, new_key
from iso15118.pki.profiles import Profile, profiles
from iso15118.pki.tree import NAMES, WEEK, Tree, make_tree

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEAVES = {"secc": "sslserver", "vehicle": "sslclient", "oem_provisioning": "any", "contract": "any", "cps": "any"}


def verified(tree: Tree, role: str, purpose: str, folder: Path) -> str:
    """What `openssl verify` says of a member's chain under its root."""
    member = tree[role]
    (folder / "root.pem").write_bytes(member.root.certificate.public_bytes(Encoding.PEM))
    (folder / "leaf.pem").write_bytes(member.certificate.public_bytes(Encoding.PEM))
    (folder / "subs.pem").write_bytes(b"".join(m.certificate.public_bytes(Encoding.PEM) for m in member.members[1:]))
    at = str(int((tree.now + timedelta(hours=1)).timestamp()))
    files = ("-CAfile", "root.pem", "-untrusted", "subs.pem", "leaf.pem")
    words = ("openssl", "verify", "-x509_strict", "-purpose", purpose, "-attime", at, *files)
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


@pytest.mark.parametrize(("role", "purpose"), LEAVES.items())
def test_every_chain_is_valid_by_another_verifier(tree: Tree, role: str, purpose: str, tmp_path: Path) -> None:
    assert verified(tree, role, purpose, tmp_path) == "leaf.pem: OK"


def test_a_chain_is_a_leaf_and_two_authorities_small_enough_to_be_sent(tree: Tree) -> None:
    for role in LEAVES:
        chain = tree[role].chain
        assert len(chain) == 3
        assert all(len(certificate) <= 1600 for certificate in chain)


def test_the_vehicle_certificate_has_no_other_names_than_its_identity_and_its_maker(tree: Tree) -> None:
    subject = tree["vehicle"].certificate.subject
    assert {name.oid: name.value for name in subject} == {NameOID.COMMON_NAME: NAMES["evccid"], NameOID.ORGANIZATION_NAME: "chargeloop"}


def test_every_certificate_says_what_its_profile_says(tree: Tree) -> None:
    for role, profile in profiles().items():
        if role == "ocsp":
            continue
        certificate = tree[role].certificate
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert (constraints.value.ca, constraints.value.path_length) == (profile.ca, profile.path_length)
        lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert lifetime == timedelta(days=profile.days)


@pytest.mark.parametrize("curve", CURVES)
def test_the_curve_is_that_of_every_key(curve: str) -> None:
    tree = make_tree(curve, now=NOW)
    assert {curve_of(member.key) for member in tree.members.values()} == {curve}


def test_responses_are_for_each_certificate_of_a_chain_and_at_most_a_week_old(tree: Tree) -> None:
    responses = [ocsp.load_der_ocsp_response(staple) for staple in tree.staples("secc")]
    serials = [member.certificate.serial_number for member in tree["secc"].members]
    assert [response.serial_number for response in responses] == serials
    for response in responses:
        assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
        assert response.next_update_utc is not None
        assert response.next_update_utc - response.this_update_utc <= WEEK


def test_a_list_names_what_is_revoked(tree: Tree) -> None:
    found = x509.load_der_x509_crl(tree.crl("cpo_sub2", ["secc"]))
    assert found.get_revoked_certificate_by_serial_number(tree["secc"].certificate.serial_number) is not None
    assert found.is_signature_valid(tree["cpo_sub2"].certificate.public_key())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "change", "told"),
    [
        ("secc", {"begins": -90.0}, "certificate has expired"),
        ("secc", {"begins": 1.0}, "certificate is not yet valid"),
        ("secc", {"extended_key_usage": ("client_auth",)}, "unsuitable certificate purpose"),
        ("cpo_sub1", {"path_length": 0}, "path length constraint exceeded"),
        ("secc", {"curve": "secp256r1"}, "OK"),
    ],
)
def test_a_change_of_a_profile_makes_the_variant_that_is_wrong(role: str, change: dict[str, object], told: str, tmp_path: Path) -> None:
    assert told in verified(make_tree(now=NOW, changes={role: change}), "secc", "sslserver", tmp_path)


def test_a_key_is_written_with_a_password(tree: Tree) -> None:
    pem = tree["secc"].pem_key(b"secret")
    assert b"ENCRYPTED" in pem
    assert load_pem_private_key(pem, b"secret").public_key() == tree["secc"].certificate.public_key()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"now": datetime(2026, 1, 1)}, "a time without a zone"),
        ({"now": NOW, "curve": "x25519"}, "curve 'x25519'; allowed: secp521r1"),
        ({"now": NOW, "changes": {"cpo": {}}}, "profile 'cpo'; allowed: v2g_root"),
        ({"now": NOW, "changes": {"secc": {"issuer": "oem_root"}}}, "secc.issuer: 'oem_root'; allowed: v2g_root"),
        ({"now": NOW, "profile_file": "other"}, "allowed: a file of certificate profiles"),
    ],
)
def test_what_is_not_there_is_one_line(words: dict[str, object], told: str) -> None:
    with pytest.raises(LocalError) as caught:
        make_tree(**words)  # type: ignore[arg-type]
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a]\ncn = 1\nfly = 2\n", "a: "),
        ("[a]\ncn = 'A'\ndays = 1\nkey_usage = ['fly']\n", "a: unknown usage fly"),
        ("[a]\ncn = 'A'\ndays = 1\nissuer = 'b'\n", "a.issuer: 'b'; allowed: a profile that stands before it"),
        ("[a\n", "allowed: a file of certificate profiles"),
    ],
)
def test_a_file_of_profiles_that_is_wrong(text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    monkeypatch.setattr(module, "_folder", lambda: tmp_path)
    module.profiles.cache_clear()
    with pytest.raises(LocalError) as caught:
        profiles("wrong")
    module.profiles.cache_clear()
    assert told in str(caught.value)


def test_a_key_signs_itself_where_nobody_issues() -> None:
    from iso15118.pki.tree import issue

    with pytest.raises(LocalError, match="without a key to sign it with"):
        issue(Profile(cn="A", days=1.0), new_key("ed448").public_key(), now=NOW, names={}, issuer=None)
