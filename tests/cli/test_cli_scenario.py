"""`chargeloop scenario`, and misbehaviour of the two roles on their own."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from iso15118.cli import evcc, main, secc
from iso15118.cli.scenario import WIDTH, picture
from iso15118.errors import PeerError
from iso15118.sequence.phases import Phase
from iso15118.service.journal import Journal, Measured

HERE = Path(__file__).parents[2] / "hw" / "simulated"
EXAMPLE = HERE / "scenario.toml"


def test_the_example_in_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    messages, table = tmp_path / "messages.jsonl", tmp_path / "power.csv"
    assert main(["scenario", str(EXAMPLE), "--pair", "--messages", str(messages), "--csv", str(table)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "HONEST, session 1: ended in order: the wish is fulfilled" in said.out
    assert "FALLS-SILENT, session 4: ended in ChargeLoop" in said.out
    assert said.out.endswith("OK: 5 sessions ended as expected\n")
    lines = [json.loads(line) for line in messages.read_text(encoding="utf-8").splitlines()]
    assert [line["car"] for line in lines if "car" in line] == ["HONEST", "CHANGES-MIND", "CHANGES-MIND", "FALLS-SILENT", "HONEST-AGAIN"]
    assert sum("message" in line for line in lines) > 400
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert max(float(row["power"]) for row in rows if row["session"] == "1") == pytest.approx(40_000, rel=0.02)


def test_results_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", str(EXAMPLE), "--pair", "--json"]) == 0
    said = capsys.readouterr()
    results = json.loads(said.out)
    assert said.err == ""
    assert [result["ok"] for result in results] == [True] * 5
    assert any("misbehaves" in note for note in results[3]["notes"])


def test_another_end_than_expected_is_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text('[[car]]\nloops = 2\nends = "broken off"\n', encoding="utf-8")
    assert main(["scenario", str(path), "--pair"]) == 1
    out = capsys.readouterr().out
    assert "NOT AS EXPECTED (broken off)" in out
    assert out.endswith("NOT OK: 1 of 1 sessions ended otherwise than expected: 1\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.toml"], "cannot be read"),
        ([str(HERE / "car.toml"), "--pair"], "car: missing; allowed: at least one [[car]] table"),
        ([str(EXAMPLE), "--pair", "--csv", "/no/such/folder/x.csv"], "--csv /no/such/folder/x.csv: cannot be written"),
        ([str(EXAMPLE), "--sdp-port", "0"], "1..65535"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", *arguments]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert words in said.err


def test_the_picture_of_a_session() -> None:
    journal = Journal(lambda: (0.0, 0.0, 0.0))
    assert picture(journal) == []
    journal.measured += [Measured(float(i), Phase.CHARGE_LOOP, 400.0, 0.0, 8_000.0 if i < 50 else -4_000.0) for i in range(100)]
    up, down = picture(journal)
    assert up == f"  +8.0 kW  {'█' * 30}{' ' * 30}"
    assert down == f"  -4.0 kW  {' ' * 30}{'▀' * 30}"
    assert len(up) == len(down) == WIDTH + 11


@pytest.mark.parametrize("role", ["secc", "evcc"])
def test_a_role_misbehaves_on_its_own(
    role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wirings: list[Any] = []

    def started(*given: object, wiring: object, **named: object) -> None:
        wirings.append(wiring)
        raise PeerError("nobody there")

    monkeypatch.setattr(secc, "run_station", started)
    monkeypatch.setattr(evcc, "run_vehicle", started)
    config = str(HERE / ("charger.toml" if role == "secc" else "car.toml"))
    path = tmp_path / "wrong.toml"
    path.write_text('[[misbehaviour]]\nat = "SessionSetupRes"\nlate = 2.1\n', encoding="utf-8")
    assert main([role, config, "--misbehave", str(path)]) == 1
    assert main([role, config]) == 1
    assert [wiring is None for wiring in wirings] == [False, True]
    path.write_text('[[misbehaviour]]\nat = "SessionSetupRes"\nlate = -1.0\n', encoding="utf-8")
    capsys.readouterr()
    assert main([role, config, "--misbehave", str(path)]) == 2
    assert "misbehaviour[0].late: -1.0; allowed: a finite number > 0" in capsys.readouterr().err
    assert len(wirings) == 2
