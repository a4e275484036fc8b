"""`chargeloop site plan`, `explain`, `replay`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iso15118.cli import main
from tests.service.test_config_site import DAILY, SITE
from tests.service.test_site_log import written


@pytest.fixture
def log(tmp_path: Path) -> Path:
    written(tmp_path / "log", 60)
    return tmp_path / "log"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["site", *arguments]) == code
    told = capsys.readouterr()
    return told.out + told.err


def test_story_20_a_log_lived_again_and_asked_why(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "replay", str(log)) == "60 seconds of works, 3 outlets: every set-point the same to the bit\n"
    lines = log.read_text().splitlines()
    grants = [
        (k, name) for k, line in enumerate(lines[1:]) for name, grant in json.loads(line).get("done", {}).get("grants", {}).items() if grant
    ]
    moments = {k: 1_800_000_000 + k for k, _ in grants}  # 08:00:00 UTC
    k, name = grants[-1]
    assert moments[k] % 60 == k
    told = said(capsys, "explain", str(log), name, f"08:00:{k:02}")
    assert told.startswith(f"2027-01-15 08:00:{k:02}, outlet {name}: ")
    assert "\n  held by  " in told
    assert "\n  policy   equal_share" in told
    assert "\n  car      wants 9.0 kWh in 1.9 h" in told
    assert said(capsys, "explain", str(log), name, f"2027-01-15T08:00:{k:02}") == told


def test_a_log_that_was_changed_or_torn_is_told(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = log.read_text()
    log.write_text(text[:-20])
    assert "the log breaks off" in said(capsys, "replay", str(log), code=1)
    at = text.index('"available":', len(text) // 2)
    log.write_text(f'{text[:at]}"available":1{text[at + 12 :]}')
    assert "decided otherwise: available was 1" in said(capsys, "replay", str(log), code=1)


@pytest.mark.parametrize(
    ("evse", "time", "told"),
    [
        ("9", "08:00", "there is no EVSE '9'; there are: 0, 1, 2"),
        ("0", "09:00", "09:00: not in the log; allowed: from 2027-01-15 08:00:00 to 2027-01-15 08:00:59"),
        ("0", "noon", "noon: not in the log"),
    ],
)
def test_what_the_log_has_not(log: Path, capsys: pytest.CaptureFixture[str], evse: str, time: str, told: str) -> None:
    assert told in said(capsys, "explain", str(log), evse, time, code=2)


def test_an_outlet_without_a_car(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing, no car that needs power was known there" in said(capsys, "explain", str(log), "0", "08:00:00")


def test_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE + DAILY)
    arguments = ["plan", str(path), "--car", "1,20,07:00", "--at", "2027-01-15T18:10", "--policy", "cheapest"]
    told = said(capsys, *arguments).splitlines()
    assert told[0].startswith("works, from 18:10 UTC, lp")
    assert told[2].split() == ["hour", "price", "worth", "grid", "car", "1", "cellar"]
    assert told[3].split()[:2] == ["18:10", "0.300"]
    assert any(line.startswith("car 1 leaves at 07:00 with 20.0 kWh") for line in told)
    made = json.loads(said(capsys, *arguments, "--json"))
    assert sum(made["evses"][0]["power"]) > 0.0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--car", "1,20"], "--car 1,20; allowed: EVSE,KWH,HH:MM, such as 1,45,07:00"),
        (["--car", "7,20,07:00"], "there is no EVSE '7'"),
        (["--at", "noon"], "--at noon: no time; allowed: a date and time"),
        (["--policy", "x"], "there is no policy 'x'"),
    ],
)
def test_a_plan_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE + DAILY)
    assert told in said(capsys, "plan", str(path), *arguments, code=2)


def test_a_plan_needs_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    assert "tariff: missing; allowed: a table" in said(capsys, "plan", str(path), code=2)
