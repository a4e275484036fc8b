"""`service.pki.renewal`: a new certificate takes the place of the old one in one step; what is revoked stays so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from iso15118.errors import LocalError
from iso15118.pki.chain import ChainError, Reason, revoked_in, verify
from iso15118.pki.keys import ED448
from iso15118.pki.ocsp import Standing, stapled
from iso15118.pki.tree import make_tree
from iso15118.pki.trust import Purpose
from iso15118.service.pki.folder import read_lists, read_owned, read_trust, replace_file, write
from iso15118.service.pki.renewal import attest, begin, finish, renew, signed
from iso15118.service.tls.store import credentials

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TREE = make_tree(ED448, now=NOW)
LATER = NOW + timedelta(days=50)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(TREE, tmp_path / "pki")
    return tmp_path / "pki"


def test_it_is_renewed(folder: Path) -> None:
    renew(folder, "secc", LATER)
    new = read_owned(folder, "secc", LATER + timedelta(days=30))
    assert new.key.public_key() != TREE["secc"].key.public_key()
    now = read_owned(folder, "secc", LATER)
    said = stapled(now.staples, (*now.certificates, TREE["v2g_root"].certificate), LATER)
    assert [each and each.standing for each in said] == [Standing.GOOD] * 3
    assert not [path for path in folder.rglob("*") if "next" in path.name or path.name.startswith(".")]
    assert verify(new.chain, Purpose.SECC, read_trust(folder), LATER)


def test_the_old_one_serves_until_the_new_one_is_there_however_it_is_broken_off(folder: Path, tmp_path: Path) -> None:
    request = begin(folder, "secc")
    assert read_owned(folder, "secc", NOW).chain == TREE["secc"].chain
    (tmp_path / "answer.pem").write_bytes(signed(folder, "secc", request, NOW))
    assert read_owned(folder, "secc", NOW).chain == TREE["secc"].chain
    replace_file(folder / "chain" / "secc.pem", (tmp_path / "answer.pem").read_bytes())  # and then the power goes
    assert read_owned(folder, "secc", NOW).chain != TREE["secc"].chain


def test_it_is_renewed_under_its_password(tmp_path: Path) -> None:
    write(TREE, tmp_path / "pki", password=b"secret")
    renew(tmp_path / "pki", "secc", NOW, b"secret")
    assert read_owned(tmp_path / "pki", "secc", NOW, b"secret").chain != TREE["secc"].chain
    with pytest.raises(LocalError, match="needs a password"):
        read_owned(tmp_path / "pki", "secc", NOW)


def test_what_does_not_fit_does_not_take_its_place(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.pem"
    path.write_bytes(TREE["secc"].pem_chain)
    with pytest.raises(LocalError, match="allowed: a renewal that was begun"):
        finish(folder, "secc", path, NOW)
    good = signed(folder, "secc", begin(folder, "secc"), NOW)
    with pytest.raises(LocalError, match="not for the key that was made"):
        finish(folder, "secc", path, NOW)
    first, second, third = (each + b"-----END CERTIFICATE-----\n" for each in good.split(b"-----END CERTIFICATE-----\n")[:3])
    path.write_bytes(first + third + second)
    with pytest.raises(LocalError, match="not in order"):
        finish(folder, "secc", path, NOW)
    path.write_bytes(good)
    with pytest.raises(LocalError, match="has expired"):
        finish(folder, "secc", path, NOW + timedelta(days=70))
    other = make_tree(ED448, now=NOW, names={"seccid": "DEOTHE12345"})
    write(other, tmp_path / "other")
    path.write_bytes(signed(tmp_path / "other", "secc", begin(tmp_path / "other", "secc"), NOW))
    key = tmp_path / "other" / "key" / "secc.next.key"
    replace_file(folder / "key" / "secc.next.key", key.read_bytes())
    with pytest.raises(LocalError, match="DEOTHE12345"):
        finish(folder, "secc", path, NOW)
    assert read_owned(folder, "secc", NOW).chain == TREE["secc"].chain


def test_what_another_authority_has_signed_does_not_take_its_place(folder: Path, tmp_path: Path) -> None:
    path, request = tmp_path / "answer.pem", begin(folder, "secc")
    write(make_tree(ED448, now=NOW), tmp_path / "other")
    path.write_bytes(signed(tmp_path / "other", "secc", request, NOW))
    with pytest.raises(LocalError, match=r"ends at DC=V2G,O=chargeloop,CN=V2G Root CA; allowed: a root in .*/ca"):
        finish(folder, "secc", path, NOW)
    assert read_owned(folder, "secc", NOW).chain == TREE["secc"].chain
    (folder / "ca" / "v2g_root.pem").unlink()  # where the root is not here, it is known by its name
    finish(folder, "secc", path, NOW)


@pytest.mark.parametrize("role", ["v2g_root", "fly"])
def test_what_nobody_signs(role: str, folder: Path) -> None:
    with pytest.raises(LocalError, match="allowed: cpo_sub1"):
        signed(folder, role, b"", NOW)


def test_what_is_revoked_is_refused_from_then_on(folder: Path) -> None:
    lists, told = attest(folder, NOW, revoke="vehicle")
    assert (lists, told) == (13, 15)
    trust = read_trust(folder)
    for now in (NOW, LATER):
        with pytest.raises(ChainError) as caught:
            verify(TREE["vehicle"].chain, Purpose.VEHICLE, trust, now, revoked_in(read_lists(folder), now))
        assert caught.value.reason is Reason.REVOKED
        assert attest(folder, LATER) == (lists, told)
    numbers = [
        x509.load_der_x509_crl(each).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for each in read_lists(folder)
    ]
    assert set(numbers) == {4}


def test_the_response_says_so_too(folder: Path) -> None:
    attest(folder, NOW, revoke="secc")
    owned = credentials(folder, "secc", now=NOW)
    certificates = [x509.load_der_x509_certificate(each) for each in owned.chains[0].certificates]
    first = stapled(owned.chains[0].staples, (*certificates, TREE["v2g_root"].certificate), NOW)[0]
    assert first is not None
    assert first.standing is Standing.REVOKED


def test_a_list_that_cannot_be_continued_is_not_begun_anew(folder: Path) -> None:
    replace_file(folder / "crl" / "cpo_sub2.pem", b"?")
    with pytest.raises(LocalError, match=r"cpo_sub2.pem: no revocation list that could be continued"):
        attest(folder, NOW)


def test_a_root_is_not_revoked(folder: Path) -> None:
    with pytest.raises(LocalError, match="v2g_root: a root"):
        attest(folder, NOW, revoke="v2g_root")
