"""`chargeloop ledger`: what a charger has kept, as tables and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iso15118.cli import main
from iso15118.errors import DeviceFault
from iso15118.service.ledger_records import Closed, Flowed, Latched, Opened, Reset, line

OPENED = Opened(1, 1_780_000_000.0, "left", "WMIV1", "DEX1", "00aa", "SIM-0001", 10_000.0, 1_000.0)
CLOSED = Closed(4, 1_780_003_600.5, OPENED, 1_780_003_600.0, 22_345.0, 1_000.0, "session stopped", True)
GOES_ON = Opened(5, 1_780_010_000.0, "right", "WMIV2", "", "00bb", "SIM-0002", 0.0, 0.0)
LATCHED = Latched(2, 1_780_000_100.0, "left", DeviceFault.SUPPLY)
RECORDS = (
    OPENED,
    LATCHED,
    Reset(3, 1_780_000_200.0, LATCHED),
    CLOSED,
    GOES_ON,
    Flowed(6, 1_780_010_100.0, 5, 0.0, 500.0),
    Latched(7, 1_780_010_200.0, "right", DeviceFault.EMERGENCY_STOP),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ledger"
    path.write_bytes(b"".join(map(line, RECORDS)))
    return path


def test_the_tables(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(file)]) == 0
    said = capsys.readouterr().out.splitlines()
    words = [line.split() for line in said]
    assert words[0][:2] == ["transaction", "outlet"]
    when = ["2026-05-28", "20:26:40", "2026-05-28", "21:26:40"]
    assert words[1] == ["1", "left", *when, "WMIV1", "DEX1", "12.345", "0.000", "session", "stopped"]
    assert words[2] == ["5", "right", "2026-05-28", "23:13:20", "-", "WMIV2", "-", "0.000", "0.500", "goes", "on"]
    assert words[4] == ["out", "of", "order", "since", "(UTC)", "reset", "fault"]
    assert words[5] == ["left", "2026-05-28", "20:28:20", "2026-05-28", "20:30:00", "power", "supply", "fault"]
    assert words[6] == ["right", "2026-05-28", "23:16:40", "-", "emergency", "stop"]
    assert len(words) == 7


def test_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["damaged"] == 0
    first, second = said["transactions"]
    assert first == {
        "transaction": 1,
        "outlet": "left",
        "vehicle": "WMIV1",
        "contract": "DEX1",
        "session": "00aa",
        "meter": "SIM-0001",
        "from": 1_780_000_000.0,
        "until": 1_780_003_600.0,
        "meter_from": {"charged": 10_000.0, "discharged": 1_000.0},
        "meter_until": {"charged": 22_345.0, "discharged": 1_000.0},
        "charged": 12_345.0,
        "discharged": 0.0,
        "why": "session stopped",
        "clean": True,
    }
    assert (second["transaction"], second["until"], second["discharged"], second["why"]) == (5, None, 500.0, None)
    assert said["faults"] == [
        {"outlet": "left", "fault": "power supply fault", "from": 1_780_000_100.0, "reset": 1_780_000_200.0},
        {"outlet": "right", "fault": "emergency stop", "from": 1_780_010_200.0, "reset": None},
    ]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_damaged_record_is_said_and_a_torn_one_may_be_being_written(
    file: Path, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    assert main(["ledger", str(file), *form]) == 0
    file.write_bytes(whole.replace(b'"SUPPLY"', b'"METER"', 1))
    assert main(["ledger", str(file), *form]) == 1
    assert ("damaged records: 1" if not form else '"damaged": 1') in capsys.readouterr().out


@pytest.mark.parametrize(
    ("octets", "what"), [(None, "cannot be read: No such file"), (b"[evse]\n", "no record in it; allowed: the ledger")]
)
def test_what_is_no_ledger_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], octets: bytes | None, what: str) -> None:
    path = tmp_path / "it"
    if octets is not None:
        path.write_bytes(octets)
    assert main(["ledger", str(path)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert what in said.err


def test_an_empty_one_has_nothing_to_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "it").touch()
    assert main(["ledger", str(tmp_path / "it")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
