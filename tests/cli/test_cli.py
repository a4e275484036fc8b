"""The command line itself: exit codes, one line for each error, and never a traceback."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from iso15118 import __version__, cli
from iso15118.cli import exi, main
from iso15118.errors import CodecError, DeviceError, DeviceFault, LocalError, PeerError

ROOT = Path(__file__).parents[2]


def chargeloop(*arguments: str, told: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    return subprocess.run([sys.executable, "-m", "iso15118", *arguments], cwd=ROOT, input=told, capture_output=True, check=False)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"chargeloop {__version__}\n"


def test_without_arguments_it_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("usage: chargeloop ")
    assert all(f"    {command} " in said.out for command in ("demo", "secc", "evcc", "exi"))
    assert not said.err


@pytest.mark.parametrize("command", ["demo", "secc", "evcc", "exi", "exi decode", "exi encode", "exi schemas"])
def test_every_command_helps(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: chargeloop {command} ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "'fly'"),
        (["--fly"], "--fly"),
        (["exi"], "ACTION"),
        (["exi", "decode"], "SCHEMA"),
        (["exi", "decode", "ISO9", "80"], "known: SAP, XMLDSIG, CommonMessages, DC"),
        (["exi", "decode", "DC", "80", "--lines"], "--lines"),
        (["secc"], "CONFIG.toml"),
        (["evcc"], "CONFIG.toml"),
        (["demo", "--mode", "sideways"], "'scheduled', 'dynamic'"),
        (["demo", "--minutes", "soon"], "0.5..1440"),
        (["demo", "--minutes", "nan"], "0.5..1440"),
    ],
)
def test_wrong_use_is_one_line_and_code_2(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("chargeloop: ")
    assert said.err.count("\n") == 1
    assert words in said.err


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (LocalError("limits.max: 3; allowed: 4"), "limits.max: 3; allowed: 4", 2),
        (PeerError("too early", requirement="V2G20-459"), "too early [V2G20-459]", 1),
        (CodecError("no", path="A/B", bit=3), "A/B at bit 3: no", 1),
        (DeviceError(DeviceFault.METER), "energy meter fault", 1),
        (OSError(98, "Address already in use"), "[Errno 98] Address already in use", 1),
        (ConnectionResetError(), "ConnectionResetError", 1),
        (KeyboardInterrupt(), "interrupted", 1),
        (LocalError("two\nlines \x1b[31m"), r"two\nlines \x1b[31m", 2),
    ],
)
def test_errors_end_in_one_line(
    error: BaseException, line: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: Namespace) -> int:
        raise error

    monkeypatch.setattr(exi, "run", fail)
    assert main(["exi", "schemas"]) == code
    assert capsys.readouterr().err == f"chargeloop: {line}\n"


def test_a_reader_that_leaves_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    assert main(["exi", "schemas"]) == 0
    assert not capsys.readouterr().err


def test_a_reader_that_leaves_for_real() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "iso15118", "exi", "schemas"], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.parametrize(("arguments", "code"), [(["exi", "schemas"], 0), (["exi", "decode", "DC", "80"], 1), (["exi", "decode", "X"], 2)])
def test_exit_codes_reach_the_shell(arguments: list[str], code: int) -> None:
    run = chargeloop(*arguments)
    assert run.returncode == code
    assert run.stderr.count(b"\n") == (code != 0)
    assert b"Traceback" not in run.stderr


def test_help_imports_no_command() -> None:
    """What a command needs is loaded when it is used: `--version` must not pay for the shell, the messages or pydantic."""
    program = "import sys; from iso15118.cli import main; main(['--version']); print(*sorted(m for m in sys.modules if 'iso15118' in m))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    arguments = ["iso15118.cli.pki_arguments", "iso15118.cli.site_arguments"]
    parsing = ["iso15118", "iso15118._collision", "iso15118.cli", *arguments, "iso15118.errors"]
    assert run.stdout.splitlines()[1].split() == parsing


def test_the_codes_are_those_of_the_manual() -> None:
    assert (cli.DONE, cli.FAILED, cli.WRONG_USE) == (0, 1, 2)
