"""`chargeloop pki`: a PKI from its making to a revoked certificate, each step as somebody types it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from iso15118.cli import main, pki_arguments
from iso15118.pki.keys import CURVES
from iso15118.pki.tree import NAMES
from iso15118.service.tls.store import credentials


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["pki", "make", str(tmp_path / "pki")]) == 0
    capsys.readouterr()
    return tmp_path / "pki" / "secp521r1"


def test_the_arguments_name_what_there_is() -> None:
    assert (pki_arguments.CURVES, pki_arguments.NAMES) == (CURVES, NAMES)


def test_all_curves_are_made_well_within_a_second_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.process_time()
    assert main(["pki", "make", str(tmp_path), "--curve", "all", "--evccid", "WMIVABC"]) == 0
    assert time.process_time() - began < 3.0
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path / curve}: 31 certificates" for curve in CURVES]
    assert main(["pki", "show", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("V2G Root CA") == shown.count("WMIVABC") == 3
    for curve in CURVES:
        assert credentials(tmp_path / curve, "secc").chains


def test_what_is_made_is_not_made_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "key" / "secc.key").read_bytes()
    assert main(["pki", "make", str(folder.parent), "--curve", "all"]) == 2
    assert capsys.readouterr().err == f"chargeloop: {folder}: is there already; allowed: a folder that is not, so that no key is lost\n"
    assert (folder / "key" / "secc.key").read_bytes() == before
    assert [each.name for each in folder.parent.iterdir()] == ["secp521r1"]


def test_a_file_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pki", "show", str(folder / "chain" / "secc.pem")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[-1].lstrip().startswith("└─ DECLPE12345  secc.pem:1")
    assert main(["pki", "show", str(folder)]) == 0
    assert capsys.readouterr().out.startswith(f"{folder}\nMO Root CA")


def test_what_is_made_keeps_the_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pki", "lint", str(folder)]) == 0
    assert capsys.readouterr().out == "31 certificates, 0 breaches\n"
    assert main(["pki", "lint", str(folder / "chain" / "vehicle.pem")]) == 0
    capsys.readouterr()
    assert main(["pki", "lint"]) == 0
    assert "N01  subject: the names of the profile" in capsys.readouterr().out


def test_what_breaks_a_rule_is_named_by_place_and_rule(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "chain" / "vehicle.pem").write_bytes((folder / "chain" / "secc.pem").read_bytes())
    assert main(["pki", "lint", str(folder)]) == 1
    said = capsys.readouterr().out
    assert f"{folder}: vehicle: E03 extended key usage: as the profile says" in said
    assert f"{folder}: vehicle: N01 subject: the names of the profile" in said
    assert said.endswith("31 certificates, 2 breaches\n")


def test_a_certificate_is_renewed_step_by_step(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = credentials(folder, "secc").chains[0].certificates[0]
    assert main(["pki", "csr", str(folder), "secc"]) == 0
    (tmp_path / "request.pem").write_text(capsys.readouterr().out)
    assert main(["pki", "sign", str(folder), "secc", str(tmp_path / "request.pem")]) == 0
    (tmp_path / "chain.pem").write_text(capsys.readouterr().out)
    assert credentials(folder, "secc").chains[0].certificates[0] == before
    assert main(["pki", "install", str(folder), "secc", str(tmp_path / "chain.pem")]) == 0
    assert capsys.readouterr().out.startswith("secc: valid until ")
    assert credentials(folder, "secc").chains[0].certificates[0] != before
    assert main(["pki", "renew", str(folder), "secc"]) == 0


def test_a_certificate_is_revoked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pki", "revoke", str(folder), "secc"]) == 0
    assert capsys.readouterr().out == ("secc is revoked; 13 lists and 15 responses written: lists hold for 30 days, responses for a week\n")
    assert main(["pki", "crl", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("13 lists and 15 responses written")


def test_a_password_is_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "password").write_text("secret\n")
    words = ["--password-file", str(tmp_path / "password")]
    assert main(["pki", "make", str(tmp_path / "pki"), "--curve", "ed448", *words]) == 0
    folder = str(tmp_path / "pki" / "ed448")
    assert main(["pki", "renew", folder, "secc", *words]) == 0
    capsys.readouterr()
    assert main(["pki", "renew", folder, "secc"]) == 2
    assert "needs a password" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "nowhere"], "nowhere: No such file or directory; allowed: a folder as `chargeloop pki make` writes it"),
        (["show", "."], ".: no PKI; allowed: a folder as `chargeloop pki make` writes it"),
        (["crl", "nowhere"], "nowhere: no certificates; allowed: a folder as `chargeloop pki make` writes it"),
        (["sign", "nowhere", "secc", "nothing"], "nothing: No such file or directory"),
        (["csr", "nowhere", "secc"], "secc.pem: No such file or directory"),
        (["make", "made", "--emaid", "A" * 65], "allowed: 1 to 64 characters"),
        (["make", "made", "--curve", "x25519"], "invalid choice: 'x25519'"),
        (["make", "file/below"], "cannot be written: Not a directory"),
        (["crl", ".", "--password-file", "empty"], "empty: no password"),
    ],
)
def test_what_is_not_there_is_one_line(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").write_text("\n")
    assert main(["pki", *words]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
