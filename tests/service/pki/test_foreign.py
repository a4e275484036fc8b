"""`service.pki.foreign`: folders as Josev and EVerest lay them out, taken over whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from iso15118.cli import main
from iso15118.errors import LocalError
from iso15118.pki.keys import SECP256R1
from iso15118.pki.tree import make_tree
from iso15118.service.pki.folder import LEAVES, read_owned, read_tree, read_trust
from iso15118.service.pki.foreign import MOST, take_over

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TREE = make_tree(SECP256R1, now=NOW)
JOSEV = {
    "v2g_root": "v2gRootCA",
    "cpo_sub1": "cpoSubCA1",
    "cpo_sub2": "cpoSubCA2",
    "secc": "seccLeaf",
    "oem_root": "oemRootCA",
    "oem_sub1": "oemSubCA1",
    "oem_sub2": "oemSubCA2",
    "oem_provisioning": "oemLeaf",
    "mo_root": "moRootCA",
    "mo_sub1": "moSubCA1",
    "mo_sub2": "moSubCA2",
    "contract": "contractLeaf",
    "cps_sub1": "cpsSubCA1",
    "cps_sub2": "cpsSubCA2",
    "cps": "cpsLeaf",
}
EVEREST = {
    "v2g_root": "ca/v2g/V2G_ROOT_CA",
    "oem_root": "ca/oem/OEM_ROOT_CA",
    "mo_root": "ca/mo/MO_ROOT_CA",
    "cpo_sub1": "ca/cso/CPO_SUB_CA1",
    "cpo_sub2": "ca/cso/CPO_SUB_CA2",
    "secc": "client/cso/SECC_LEAF",
    "vehicle_sub1": "ca/vehicle/VEHICLE_SUB_CA1",
    "vehicle_sub2": "ca/vehicle/VEHICLE_SUB_CA2",
    "vehicle": "client/vehicle/VEHICLE_LEAF",
}


def josev(folder: Path) -> Path:
    certs, keys = folder / "iso15118_20" / "certs", folder / "iso15118_20" / "private_keys"
    certs.mkdir(parents=True)
    keys.mkdir()
    for role, name in JOSEV.items():
        (certs / f"{name}Cert.der").write_bytes(TREE[role].der)
        (certs / f"{name}Cert.pem").write_bytes(TREE[role].certificate.public_bytes(Encoding.PEM))
        (keys / f"{name}.key").write_bytes(TREE[role].pem_key(b"12345"))
    (keys / "seccLeafPassword.txt").write_text("12345\n")
    (certs / "cpoCertChain.pem").write_bytes(TREE["secc"].pem_chain)
    (certs / "notes.pem").write_text("nothing")
    return folder


def everest(folder: Path) -> Path:
    for role, name in EVEREST.items():
        path = folder / "certs" / f"{name}.pem"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(TREE[role].certificate.public_bytes(Encoding.PEM))
        if "client" in name:
            path.with_suffix(".key").write_bytes(TREE[role].pem_key())
    (folder / "certs" / "client" / "cso" / "CPO_CERT_CHAIN.pem").write_bytes(TREE["secc"].pem_chain)
    return folder / "certs"


def test_the_folder_of_josev(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pki", "import", str(josev(tmp_path)), str(tmp_path / "pki")]) == 0
    folder = tmp_path / "pki" / SECP256R1
    assert capsys.readouterr().out == f"{folder}: contract, cps, oem_provisioning, secc, vehicle\n"
    for role in set(LEAVES) - {"vehicle"}:
        assert read_owned(folder, role, NOW).chain == TREE[role].chain
    assert read_owned(folder, "vehicle", NOW).chain == TREE["oem_provisioning"].chain  # which its car shows in the handshake
    assert (read_trust(folder).v2g, read_trust(folder).mo) == ((TREE["v2g_root"].der,), (TREE["mo_root"].der,))
    assert set(read_tree(folder, NOW).members) == {*JOSEV, "vehicle"}
    assert {path.stat().st_mode & 0o777 for path in (folder / "key").iterdir()} == {0o600}


def test_the_folder_of_everest(tmp_path: Path) -> None:
    said = take_over(everest(tmp_path), tmp_path / "pki", b"secret")
    folder = tmp_path / "pki" / SECP256R1
    assert said == [f"{folder}: secc, vehicle; not there: oem_provisioning, contract, cps"]
    for role in ("secc", "vehicle"):
        assert read_owned(folder, role, NOW, b"secret").chain == TREE[role].chain
    with pytest.raises(LocalError, match="needs a password"):
        read_owned(folder, "secc", NOW)


CERTS, KEYS = "iso15118_20/certs", "iso15118_20/private_keys"


def test_no_root_is_no_pki(tmp_path: Path) -> None:
    source = josev(tmp_path / "source")
    for ending in ("pem", "der"):
        (source / CERTS / f"v2gRootCACert.{ending}").unlink()
    with pytest.raises(LocalError, match="no V2G root"):
        take_over(source, tmp_path / "pki")
    assert not (tmp_path / "pki").exists()


def test_a_key_of_a_leaf_that_nothing_opens_is_said(tmp_path: Path) -> None:
    source = josev(tmp_path / "source")
    (source / KEYS / "seccLeafPassword.txt").write_text("54321\n")
    with pytest.raises(LocalError, match=r"Leaf.key: no password opens it; allowed: one in a file \w+LeafPassword.txt beside it"):
        take_over(source, tmp_path / "pki")
    take_over(source, tmp_path / "pki", b"12345")
    assert read_owned(tmp_path / "pki" / SECP256R1, "secc", NOW, b"12345")


def test_a_key_of_an_authority_that_nothing_opens_is_left_out(tmp_path: Path) -> None:
    source = josev(tmp_path / "source")
    (source / KEYS / "cpoSubCA2.key").write_bytes(TREE["cpo_sub2"].pem_key(b"other"))
    take_over(source, tmp_path / "pki")
    assert "secc" not in read_tree(tmp_path / "pki" / SECP256R1, NOW).members


def test_an_authority_is_no_leaf_whatever_its_file_is_called(tmp_path: Path) -> None:
    source = josev(tmp_path / "source")
    (source / CERTS / "seccLeafCert.der").unlink()
    (source / CERTS / "seccLeafCert.pem").write_bytes(TREE["cpo_sub2"].certificate.public_bytes(Encoding.PEM))
    assert "not there: secc" in take_over(source, tmp_path / "pki")[0]


def test_what_is_there_stays(tmp_path: Path) -> None:
    take_over(josev(tmp_path / "source"), tmp_path / "pki")
    with pytest.raises(LocalError, match="is there already"):
        take_over(tmp_path / "source", tmp_path / "pki")


def test_a_huge_folder_is_not_read_whole(tmp_path: Path) -> None:
    for number in range(MOST + 10):
        (tmp_path / f"{number:04}").write_bytes(b"")
    (tmp_path / "v2gRootCACert.pem").write_bytes(TREE["v2g_root"].certificate.public_bytes(Encoding.PEM))
    with pytest.raises(LocalError, match="no V2G root"):
        take_over(tmp_path, tmp_path / "pki")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no folder; allowed: Josev's folder"):
        take_over(tmp_path / "nowhere", tmp_path / "pki")
