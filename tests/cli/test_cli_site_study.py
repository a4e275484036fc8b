"""`chargeloop site simulate`, `compare`, `hosting`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iso15118.cli import main
from tests.service.test_config_site import SITE


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["site", *arguments]) == code
    told = capsys.readouterr()
    return told.out + told.err


def test_a_run_and_its_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.json"
    told = said(capsys, "simulate", "workplace", "--policy", "equal_share", "--days", "1", "--seed", "2", "--plain", "--json", str(path))
    assert "S2 workplace, seed 2, 1 days" in told
    assert any(line.split() == ["above", "limits,", "kWh", "0.00"] for line in told.splitlines())
    run = json.loads(path.read_text(encoding="utf-8"))
    assert (run["scenario"], run["policy"], run["seed"]) == ("workplace", "equal_share", 2)


def test_a_broken_limit_is_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert "above limits, kWh" in said(capsys, "simulate", "workplace", "--policy", "unmanaged", "--days", "1", "--plain", code=1)


def test_own_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"2027-01-11T{hour:02}:{minute:02}:00Z,0.5" for hour in range(24) for minute in (0, 15, 30, 45)]
    (tmp_path / "prices.csv").write_text("\n".join(["start,import", *lines]), encoding="utf-8")
    path = tmp_path / "run.json"
    said(capsys, "simulate", "home_v1g", "--policy", "equal_share", "--csv", str(tmp_path), "--json", str(path), "--plain")
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    assert figures["energy_cost"] == pytest.approx(0.5 * figures["import_kwh"] - 0.08 * figures["export_kwh"])


def test_what_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "compare", "home_v1g", "--days", "1").splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["policy", "unmanaged", "equal_share", "planner", "perfect"]
    assert lines[-1].endswith("100.0 %")


def test_how_many_cars_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "hosting", "home_v1g", "--limit", "3", "--days", "1")
    assert "this connection of 3 kW carries " in told
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    told = said(capsys, "hosting", str(tmp_path / "site.toml"), "--cars", "public_dc", "--days", "1", code=2)
    assert "its cars take any outlet that is free" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("simulate", "moon"), "there is no scenario 'moon'; there are: home"),
        (("simulate", "home", "--policy", "hope"), "--policy hope: there is none of that name; there are: unmanaged"),
        (("simulate", "home", "--policy", "perfect", "--resolution", "1s"), "only in steps of plans"),
        (("simulate", "home", "--csv", "/nowhere"), "none of prices.csv"),
        (("compare", "home", "--days", "999"), "a scenario of 999 days; allowed: 1 to 366"),
        (("hosting", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_wrong_use_is_one_line(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str) -> None:
    line = said(capsys, *arguments, code=2)
    assert told in line
    assert line.count("\n") == 1
