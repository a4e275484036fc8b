"""`chargeloop site report`, and the pages that `simulate` and `compare` write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iso15118.cli import main
from tests.study.tiny import document


@pytest.fixture
def documents(tmp_path: Path) -> list[str]:
    names = []
    for policy in ("unmanaged", "planner"):
        path = tmp_path / f"{policy}.json"
        path.write_text(json.dumps(document(policy)), encoding="utf-8")
        names.append(str(path))
    return names


def test_a_page_of_documents(documents: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert main(["site", "report", *documents, "-o", str(page)]) == 0
    assert capsys.readouterr().out == f"{page} written\n"
    assert "<title>A tiny site, planned</title>" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 2}, "unmanaged is a study of other days than planner"),
        ({"format": "x"}, "unmanaged.json: is no study: `format` has to be 'chargeloop study 1'"),
    ],
)
def test_documents_that_make_no_page(
    change: dict[str, object], message: str, documents: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(documents[0]).write_text(json.dumps(document("unmanaged") | change), encoding="utf-8")
    assert main(["site", "report", *documents, "-o", str(tmp_path / "page.html")]) == 2
    told = capsys.readouterr().err
    assert told.startswith("chargeloop: ")
    assert told.count("\n") == 1
    assert message in told
    assert not (tmp_path / "page.html").exists()


def test_a_page_that_cannot_be_written(documents: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "report", *documents, "-o", str(tmp_path / "no" / "page.html")]) == 2
    assert "page.html: cannot be written: No such file or directory" in capsys.readouterr().err


def test_a_simulated_day_becomes_a_page_and_a_document_that_makes_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, told, again = (str(tmp_path / name) for name in ("page.html", "day.json", "again.html"))
    command = ["site", "simulate", "home", "--policy", "equal_share", "--days", "1", "--plain"]
    assert main([*command, "--html", page, "--json", told]) == 0
    out = capsys.readouterr().out
    assert out.startswith("S1 home, V2H without export, equal share: most from the grid, kW")
    assert "\ncost, EUR " in out
    assert main(["site", "report", told, "-o", again]) == 0
    assert Path(page).read_bytes() == Path(again).read_bytes()


def test_compared_days_become_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert main(["site", "compare", "home", "--days", "1", "--plain", "--html", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    for name in ("unmanaged", "equal share", "perfect foresight", "planned"):
        assert f"{name}</th>" in text


def test_reserve_makes_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "simulate", "fcr", "--resolution", "1s", "--html", str(tmp_path / "page.html")]) == 2
    assert capsys.readouterr().err == "chargeloop: fcr --resolution 1s gives figures alone: leave --json and --html out\n"
