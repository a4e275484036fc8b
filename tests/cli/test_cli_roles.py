"""`chargeloop secc` and `chargeloop evcc`: as a person starts them, with the example files, against each other on the loopback."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from iso15118.cli import evcc, main, secc
from iso15118.cli.evcc import told
from iso15118.dissect.capture import read_capture
from iso15118.dissect.captured import transcribe
from iso15118.sequence.phases import Phase
from iso15118.service.config import load_evcc, load_secc
from iso15118.service.pair import run_pair
from iso15118.service.replay import replay
from iso15118.service.vehicle import VehicleResult

pytestmark = pytest.mark.waits

ROOT = Path(__file__).parents[2]
CHARGER = ROOT / "hw" / "simulated" / "charger.toml"
CAR = ROOT / "hw" / "simulated" / "car.toml"
AC_CHARGER = CHARGER.with_name("charger-ac.toml")
AC_CAR = CAR.with_name("car-ac.toml")


def test_the_examples_load() -> None:
    charger, car = load_secc(CHARGER), load_evcc(CAR)
    (outlet,) = charger.station.evses
    assert (outlet.interface, outlet.session.evse_id) == ("lo", "DE*CLP*E1")
    assert outlet.limits is not None
    assert (outlet.limits.charge_current, outlet.limits.discharge_power) == (100.0, 30_000.0)
    assert outlet.budget is not None
    assert (outlet.budget.charge, outlet.budget.discharge) == (40_000.0, 30_000.0)
    assert car.car.interface == "lo"
    assert [leg.power for leg in car.car.plan] == [40_000.0, 0.0, -20_000.0]


def test_the_examples_of_alternating_current_charge_and_give_back() -> None:
    """In one process, in virtual time."""
    charger, car = load_secc(AC_CHARGER), load_evcc(AC_CAR)
    (outlet,) = charger.station.evses
    assert outlet.interface == car.car.interface == "lo"
    assert outlet.limits is not None
    assert (outlet.limits.charge_current, outlet.limits.discharge_power) == (32.0, 11_000.0)
    pair = run_pair(outlet, car.car)
    assert pair.clean, pair.car
    # 11 kW and then -6 kW for 15 s each, through an on-board charger of 94 %.
    assert pair.stored == pytest.approx((11_000 * 0.94 - 6_000 / 0.94) * 15 / 3600, rel=0.05)


def edited(example: Path, folder: Path, old: str, new: str) -> Path:
    """The example with one line of it changed, beside the board it names."""
    text = example.read_text(encoding="utf-8")
    assert old in text
    (folder / "board.toml").write_text((example.parent / "board.toml").read_text(encoding="utf-8"), encoding="utf-8")
    path = folder / example.name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("role", "old", "new", "words"),
    [
        ("secc", 'eim = "free"', 'eym = "free"', ["eym", "unknown key", "eim"]),
        ("secc", 'eim = "free"', "eim = 3", ["eim", "3", '"ask"']),
        ("secc", "charge_current = 100.0", 'charge_current = "many"', ["charge_current", "'many'", "a finite number >= 0"]),
        ("secc", "charge_current = 100.0", "min_voltage = 600.0", ["limits", "min_voltage"]),
        ("secc", 'interface = "lo"', 'interface = "nope0"', ["interface", "'nope0'", "lo"]),
        ("secc", 'interface = "lo"', "", ["interface", "missing"]),
        ("secc", 'board = "board.toml"', 'board = "absent.toml"', ["absent.toml", "cannot be read"]),
        ("secc", "insecure_plain_tcp = true", "", ["insecure_plain_tcp", "true"]),
        ("secc", "[[evse]]", "[[evse", ["not TOML"]),
        ("evcc", "target_soc = 80.0", "target_soc = 180.0", ["target_soc", "180", "0..100"]),
        ("evcc", "min_soc = 20.0", "min_soc = 100.0", ["min_soc", "below max_soc"]),
        ("evcc", "log_level", "loglevel", ["loglevel", "unknown key", "log_level"]),
        ("evcc", 'interface = "lo"', 'interface = "nope0"', ["interface", "'nope0'", "lo"]),
    ],
)
def test_a_wrong_file_is_one_line_and_nothing_starts(
    role: str, old: str, new: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def started(*given: object, **named: object) -> None:
        raise AssertionError("something was started")

    monkeypatch.setattr(secc, "run_station", started)
    monkeypatch.setattr(evcc, "run_vehicle", started)
    path = edited(CHARGER if role == "secc" else CAR, tmp_path, old, new)
    assert main([role, str(path)]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("chargeloop: ")
    assert said.err.count("\n") == 1
    for word in words:
        assert word in said.err


@pytest.mark.parametrize("role", ["secc", "evcc"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/no/such/file.toml"], "/no/such/file.toml"),
        ([str(ROOT)], "cannot be read"),
        ([str(CHARGER), "--sdp-port", "0"], "1..65535"),
        ([str(CHARGER), "--sdp-port", "x"], "1..65535"),
    ],
)
def test_wrong_use(role: str, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([role, *arguments]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert words in said.err


@pytest.mark.parametrize(("role", "config"), [("secc", CHARGER), ("evcc", CAR)])
def test_a_recording_that_cannot_be_is_said_at_once(role: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([role, str(config), "--record", "/no/such/folder/x.jsonl"]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(("clean", "code"), [(True, 0), (False, 1)])
def test_the_code_of_a_car_is_how_its_session_ended(
    clean: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = VehicleResult(
        clean=clean,
        why="the wish is fulfilled",
        phase=Phase.CHARGE_LOOP,
        stored=1234.0,
        soc_before=50.0,
        soc_after=52.1,
        loops=10,
        messages=44,
        waits=(0.001, 0.0125),
        duration=12.3,
    )
    monkeypatch.setattr(evcc, "run_vehicle", lambda *given, **named: result)
    assert main(["evcc", str(CAR)]) == code
    out = capsys.readouterr().out
    assert ("session ended in order: the wish" if clean else "session ended in ChargeLoop: the wish") in out
    assert "50.0 % -> 52.1 %, +1.234 kWh in 12.3 s" in out
    assert "longest wait for an answer 12.5 ms" in told(result)[2]


def free_port() -> int:
    """A UDP port nobody has on the loopback."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        port: int = sock.getsockname()[1]
        return port


def started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "iso15118", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    """The lines up to the first that holds `words`; fails if it never comes."""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if words in line:
            return lines
    raise AssertionError(f"{words!r} never came: {lines} {process.stderr.read() if process.stderr else ''}")


def test_two_processes_charge_and_stop_at_a_signal(tmp_path: Path) -> None:
    """The car is asked to leave in the middle of its charge loop, then the charger to end: both do, in order, with code 0."""
    port, records = str(free_port()), [tmp_path / "secc.jsonl", tmp_path / "evcc.jsonl"]
    captures = [tmp_path / "secc.pcapng", tmp_path / "evcc.pcapng"]
    kept = [["--sdp-port", port, "--plain", "--record", str(r), "--pcap", str(c)] for r, c in zip(records, captures, strict=True)]
    with started("secc", str(CHARGER), *kept[0]) as charger:
        try:
            ready = read_until(charger, "SDP ready")[-1]
            assert re.fullmatch(r"SDP ready on lo \[::1\]:\d+ for DE\*CLP\*E1", ready)
            with started("evcc", str(CAR), *kept[1]) as car:
                try:
                    seen = read_until(car, "car: ChargeLoop")
                    assert any("car: PreCharge" in line for line in seen)
                    read_until(charger, "ChargeLoop")
                    car.send_signal(signal.SIGTERM)
                    rest, wrong = car.communicate(timeout=20)
                finally:
                    car.kill()
            assert (car.returncode, wrong) == (0, "")
            assert "session ended in order: SIGTERM" in rest
            read_until(charger, "session ended in order")
            charger.send_signal(signal.SIGTERM)
            rest, wrong = charger.communicate(timeout=20)
        finally:
            charger.kill()
    assert (charger.returncode, wrong) == (0, "")
    assert rest.endswith("stopped\n")
    for path in records:
        lived = replay(path)
        assert (lived.equal, lived.complete) == (True, True)
    seen_by = [transcribe(read_capture(path.read_bytes())) for path in captures]
    assert [transcript.unread for transcript in seen_by] == [0, 0]
    said = [[(each.name, each.from_car, each.octets) for each in transcript.said] for transcript in seen_by]
    assert said[0] == said[1]
    assert [name for name, _, _ in said[0]][:3] == ["SDPRequest", "SDPResponse", "supportedAppProtocolReq"]
    assert said[0][-1][0] == "SessionStopRes"
