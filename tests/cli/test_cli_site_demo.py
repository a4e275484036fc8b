"""`chargeloop demo --site workplace`: a day of real sessions in lines, in a picture, as JSON and as a page."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from iso15118.cli import main, site_demo
from iso15118.cli.site_demo import Car, Scene
from iso15118.cli.site_view import WIDTH, picture
from tests.study.test_live import short

SCENE = Scene(
    at=1_780_300_800.0,
    start=1_780_293_600.0,
    end=1_780_344_000.0,
    pace=90.0,
    grid=41_200.0,
    limit=50_000.0,
    load=21_000.0,
    sun=8_000.0,
    price=0.187,
    cars=(
        Car("outlet 1", True, "led, V2G", "gives back", -11_040.0, -11_040.0, 62.0, 80.0, 1_780_327_800.0, "target"),
        Car("outlet 2", True, "own profile", "charges", 4_140.0, 4_140.0, 31.0, 80.0, 1_780_324_200.0, "target"),
        Car("outlet 3", True, "led", "waits", 0.0, 0.0, 55.0, 80.0, 1_780_324_200.0, "nothing is wanted now"),
        Car("outlet 4", False),
    ),
    messages=1234,
    renegotiated=5,
    history=(10e3, 20e3, 50e3, -1e3),
    policy="v2h_backup",
)


def drawn(width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(picture(SCENE, width))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return str(text).splitlines()


@pytest.mark.parametrize("width", [WIDTH, 120, 200])
def test_the_picture_fits_its_terminal_and_shows_the_site(width: int) -> None:
    lines = drawn(width)
    assert max(map(len, lines)) <= min(width, 120)
    assert len(lines) == 12
    text = "\n".join(lines)
    for shown in ("08:00", "41.2 of 50 kW", "1 s of the sessions = 90 s of the site", "1234 messages", "0.187 EUR/kWh", "led, V2G", "+4.1"):
        assert shown in text
    giving, charging, waiting, empty = lines[7:11]
    assert giving.index("█") < charging.index("█")
    assert "nothing" in waiting
    assert "·" in empty


def test_an_hour_in_a_line() -> None:
    line = site_demo.line_of(SCENE)
    assert line == "08:00  grid  41.2 of 50 kW  load 21.0  sun  8.0  cars  -6.9   3 there, 1 charging, 1 giving back  0.187 EUR/kWh"


@pytest.mark.long
def test_a_day_in_lines_and_as_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_demo, "showcase", lambda seed: short())
    page = tmp_path / "day.html"
    assert main(["demo", "--site", "workplace", "--fast", "--plain", "--html", str(page)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("10 outlets on 50 kW, policy v2h_backup; one second of the sessions is 90 s of the site")
    assert [line[:5] for line in told if "  grid " in line] == ["07:00", "08:00", "09:00", "10:00"]
    [peak] = [line.split()[-3:] for line in told if line.startswith("highest quarter")]
    assert float(peak[2]) <= float(peak[0])
    assert any("3 sessions, all ended in order" in line for line in told)
    assert "<svg" in page.read_text()


@pytest.mark.long
def test_a_day_as_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_demo, "showcase", lambda seed: short(1, 3.0))
    assert main(["demo", "--site", "workplace", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert told["messages"] > 100
    assert set(told["figures"]) == {"unmanaged", "equal_share", "v2h_backup"}


@pytest.mark.parametrize("option", [["--minutes", "3"], ["--board", "x"], ["--record", "x"], ["--pcap", "x"]])
def test_options_of_the_other_demo_are_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--site", "workplace", *option]) == 2
    assert f"{option[0]} with --site; allowed: --fast" in capsys.readouterr().err
