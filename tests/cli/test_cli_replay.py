from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.cli import main


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "demo.jsonl"
    assert main(["demo", "--json", "--minutes", "0.5", "--record", str(path)]) == 0
    return path


def test_a_whole_recording_decides_as_it_did(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["replay", str(recording)]) == 0
    said = capsys.readouterr().out
    assert "secc demo: " in said
    assert said.endswith("turns lived again, all decide as recorded; ended at the end\n")


def test_one_that_breaks_off_or_decides_otherwise_fails(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = recording.read_text().splitlines(keepends=True)
    (tmp_path / "cut").write_text("".join(lines[:40]))
    assert main(["replay", str(tmp_path / "cut")]) == 1
    assert "the recording breaks off" in capsys.readouterr().out
    other = [*lines[:20], lines[20].replace('"d":"', '"d":"00'), *lines[21:]]
    (tmp_path / "other").write_text("".join(other))
    assert main(["replay", str(tmp_path / "other")]) == 1
    assert "turn 20 decides otherwise" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "nonsense\n", '{"format": "other"}\n'])
def test_what_is_no_recording_is_one_line(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_text(content)
    assert main(["replay", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["replay", "/no/such/file"]) == 2
