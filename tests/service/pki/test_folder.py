"""`service.pki.folder`: what was written is read again, and whatever is wrong with it is one line."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from iso15118.errors import LocalError
from iso15118.pki.keys import CURVES, SECP521R1
from iso15118.pki.ocsp import stapled
from iso15118.pki.tree import Tree, make_tree
from iso15118.service.pki import folder as module
from iso15118.service.pki.folder import LEAVES, read_lists, read_owned, read_tree, read_trust, replace_file, write
from iso15118.service.tls.store import credentials

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TREE = make_tree(SECP521R1, now=NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(TREE, tmp_path / "pki" / SECP521R1)
    return tmp_path / "pki" / SECP521R1


@pytest.mark.parametrize("curve", CURVES)
def test_what_was_written_is_read(curve: str, tmp_path: Path) -> None:
    tree = TREE if curve == SECP521R1 else make_tree(curve, now=NOW)
    write(tree, tmp_path / curve)
    for role in LEAVES:
        owned = read_owned(tmp_path / curve, role, NOW)
        assert owned.chain == tree[role].chain
        assert owned.key.public_key() == tree[role].key.public_key()
        path = (*owned.certificates, tree[role].root.certificate)
        assert all(stapled(owned.staples, path, NOW))
    trust = read_trust(tmp_path / curve)
    assert (trust.v2g, trust.oem, trust.mo) == tuple((tree[name].der,) for name in ("v2g_root", "oem_root", "mo_root"))
    authorities = [role for role in tree.members if f"ocsp_{role}" in tree.members]
    assert len(read_lists(tmp_path / curve)) == len(authorities)
    again = read_tree(tmp_path / curve, NOW)
    assert {role: member.der for role, member in again.members.items()} == {role: member.der for role, member in tree.members.items()}


def test_keys_are_for_their_owner_and_nothing_is_left_beside_the_folder(folder: Path) -> None:
    keys = list((folder / "key").iterdir())
    assert len(keys) == len(TREE.members)
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert (folder / "key").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.parent.iterdir()] == [SECP521R1]


def test_a_folder_that_is_there_is_not_written_over(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(LocalError, match="is there already"):
        write(make_tree(SECP521R1, now=NOW), folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_that_cannot_be_finished_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create, left = module._create, [20]

    def full(path: Path, octets: bytes, *, durable: bool = False) -> None:
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device")
        create(path, octets, durable=durable)

    monkeypatch.setattr(module, "_create", full)
    with pytest.raises(LocalError, match="cannot be written: No space left on device"):
        write(TREE, tmp_path / "pki")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_replaced_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "chain" / "secc.pem"
    before, names = path.read_bytes(), sorted(each.name for each in path.parent.iterdir())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LocalError, match="No space left"):
        replace_file(path, b"new")
    assert (path.read_bytes(), sorted(each.name for each in path.parent.iterdir())) == (before, names)


def test_a_password_opens_the_keys(tmp_path: Path) -> None:
    write(TREE, tmp_path / "pki", password=b"secret")
    assert read_owned(tmp_path / "pki", "secc", NOW, b"secret").chain == TREE["secc"].chain
    for password, told in ((b"other", "the password does not open it"), (None, "needs a password")):
        with pytest.raises(LocalError, match=told):
            read_owned(tmp_path / "pki", "secc", NOW, password)


def _gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _written(name: str, octets: bytes) -> Callable[[Path], None]:
    return lambda folder: replace_file(folder / name, octets) and None


def _mode(mode: int) -> Callable[[Path], None]:
    return lambda folder: (folder / "key" / "secc.key").chmod(mode)


def _pem(*roles: str) -> bytes:
    return b"".join(TREE[role].certificate.public_bytes(Encoding.PEM) for role in roles)


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "no chain": (_gone("chain/secc.pem"), "chain/secc.pem: No such file or directory; the folder is half written"),
    "no key": (_gone("key/secc.key"), "key/secc.key: No such file or directory; the folder is half written"),
    "no V2G root": (_gone("ca/v2g_root.pem"), "no v2g_root.pem; the folder is half written"),
    "a broken root": (_written("ca/v2g_root.pem", b"?"), "ca/v2g_root.pem: no certificates to be read"),
    "an empty chain": (_written("chain/secc.pem", b""), "chain/secc.pem: no certificates to be read"),
    "half a chain": (_written("chain/secc.pem", TREE["secc"].pem_chain[:500]), "chain/secc.pem: no certificates to be read"),
    "a chain in disorder": (_written("chain/secc.pem", _pem("secc", "cpo_sub1", "cpo_sub2")), "is not issued by"),
    "a chain of another": (_written("chain/secc.pem", TREE["cps"].pem_chain), "not the key of the certificate"),
    "a key of another": (_written("key/secc.key", TREE["cps"].pem_key()), "not the key of the certificate in chain/secc.pem"),
    "a key that is none": (_written("key/secc.key", b"secret"), "key/secc.key: no private key"),
    "half a key": (_written("key/secc.key", TREE["secc"].pem_key()[:80]), "key/secc.key: no key to be read"),
    "a key for the group": (_mode(0o640), "mode 0640; allowed: 0600"),
    "a key for everybody": (_mode(0o604), "mode 0604; allowed: 0600"),
    "a broken list": (_written("crl/oem_root.pem", b"?"), "crl/oem_root.pem: no revocation list"),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_is_wrong_with_it_is_one_line(how: str, folder: Path) -> None:
    make, told = WRONG[how]
    make(folder)
    with pytest.raises(LocalError) as caught:
        credentials(folder, "secc", now=NOW)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "allowed: " in str(caught.value)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="allowed: a folder as `chargeloop pki make` writes it"):
        credentials(tmp_path, "secc", now=NOW)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (datetime(1970, 1, 1, 0, 5, tzinfo=UTC), "the clock says 1970-01-01 00:05"),
        (NOW - timedelta(days=1), "is not valid before 2026-11-30"),
        (NOW + timedelta(days=90), "has expired on 2027-01-29"),
    ],
)
def test_the_time_is_not_right(now: datetime, told: str, folder: Path) -> None:
    with pytest.raises(LocalError) as caught:
        credentials(folder, "secc", now=now)
    assert told in str(caught.value)


def test_a_key_of_somebody_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(LocalError, match="belongs to user"):
        credentials(folder, "secc", now=NOW)


def test_roots_may_be_several(folder: Path) -> None:
    other = make_tree(SECP521R1, now=NOW)
    replace_file(folder / "ca" / "v2g_root-2.pem", other["v2g_root"].certificate.public_bytes(Encoding.PEM))
    assert set(read_trust(folder).v2g) == {TREE["v2g_root"].der, other["v2g_root"].der}


def test_what_is_brought_to_a_handshake(folder: Path) -> None:
    charger, car = credentials(folder, "secc", now=NOW), credentials(folder, "vehicle", now=NOW)
    assert (charger.anchors, car.anchors) == ((TREE["oem_root"].der, TREE["v2g_root"].der), (TREE["v2g_root"].der,))
    assert (len(charger.chains[0].staples), len(charger.crls), len(car.crls)) == (3, 13, 0)
    (folder / "ocsp" / "cpo_sub2.der").unlink()
    assert len(credentials(folder, "secc", now=NOW).chains[0].staples) == 1
    (folder / "ocsp" / "secc.der").write_bytes(b"?")
    assert credentials(folder, "secc", now=NOW).chains[0].staples == ()


def test_who_is_not_here_whole_issues_nothing(folder: Path) -> None:
    (folder / "key" / "v2g_root.key").unlink()
    roles = read_tree(folder, NOW).members
    assert "secc" not in roles
    assert "contract" in roles
    with pytest.raises(LocalError, match="no certificates"):
        read_tree(folder.parent, NOW)


def test_two_authorities_that_vouch_for_each_other_are_no_tree(tmp_path: Path) -> None:
    from iso15118.pki.keys import new_key
    from iso15118.pki.profiles import Profile
    from iso15118.pki.tree import Member, issue

    keys = {name: new_key("ed448") for name in "AB"}
    made = {}
    for name, other in ("AB", "BA"):
        authority = Profile(cn=other, ca=True, key_usage=("key_cert_sign",), days=9.0)
        key = keys[other]
        above = Member(other, issue(authority, key.public_key(), now=NOW, names={}, issuer=None, own_key=key), key, None)
        profile = Profile(cn=name, ca=True, key_usage=("key_cert_sign",), days=9.0)
        made[name] = Member(name, issue(profile, keys[name].public_key(), now=NOW, names={}, issuer=above), keys[name], None)
    write(Tree({f"{name.lower()}_root": made[name] for name in "AB"}, NOW), tmp_path / "pki")
    assert read_tree(tmp_path / "pki", NOW).members == {}
    assert x509.load_pem_x509_certificate((tmp_path / "pki" / "leaf" / "a_root.pem").read_bytes()).issuer.rfc4514_string() == "CN=B"
