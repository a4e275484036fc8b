"""The demo from end to end: what `make demo` promises, and that it notices when the promise is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iso15118.cli import demo, main
from iso15118.cli.demo import Stage, play
from iso15118.cli.faults import parse_faults
from iso15118.cli.story import LOOP_SHOWN, PHASE_SHOWN, STORIES, Act, Pacer
from iso15118.cli.watch import LADDER, Watch
from iso15118.errors import LocalError
from iso15118.messages.app_protocol import supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.power import Pilot
from iso15118.sequence.phases import Phase
from iso15118.service.replay import replay
from iso15118.service.seen import Direction, Exchanged, PhaseChanged
from iso15118.session.services import ServiceID

ROOT = Path(__file__).parents[2]


def test_the_command_plays_a_whole_session() -> None:
    """Both energies agree, the phases come in order, and nothing moves a cursor: the output is a pipe."""
    command = [sys.executable, "-m", "iso15118", "demo", "--fast", "--plain", "--minutes", "3"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.isascii()
    assert "\x1b" not in run.stdout
    phases = [line.split("  ", 1)[1] for line in run.stdout.splitlines() if line[5:7] == "  " and line[7:8].isalpha()]
    assert phases[: len(LADDER) + 1] == [*LADDER, Phase.ENDED]
    states = [line for line in run.stdout.splitlines() if "    SoC " in line]
    assert len(states) == 2
    assert "into the vehicle" in states[0]
    assert "out of the vehicle" in states[1]
    assert "OK: meter and battery agree within 2 % both ways" in run.stdout.splitlines()


@pytest.mark.parametrize("mode", STORIES)
def test_alternating_current_plays_too(mode: str) -> None:
    """The on-board charger's losses are part of the balance."""
    summary = play(service=ServiceID.AC_BPT, mode=mode, length=60.0, faults={}, record=None, view=None, paced=False)
    assert summary.ok, summary.verdict
    assert summary.service == "AC_BPT"
    for balance in (summary.into, summary.out):
        assert balance.meter > 50.0
        assert abs(balance.difference) < 0.5
        assert abs(balance.meter - balance.stored) / balance.stored > 0.05


@pytest.mark.parametrize("mode", STORIES)
def test_energies_agree_with_the_battery(mode: str) -> None:
    summary = play(mode=mode, length=180.0, faults={}, record=None, view=None, paced=False)
    assert summary.ok, summary.verdict
    start, highest, end = summary.soc
    assert highest > start + 0.5
    assert highest > end + 0.5
    for balance in (summary.into, summary.out):
        assert balance.meter > 400.0
        assert abs(balance.difference) < 0.2
        # By the state of charge alone, without knowing of the heat in the battery, it is within the 2 % as well.
        assert abs(balance.meter - balance.stored) / balance.stored < 0.02
    assert summary.loops > 600
    assert 0.0 < summary.p50 <= summary.p99 <= summary.longest
    assert 0.0 < summary.codec_share <= 1.0
    assert summary.octets > 50 * summary.messages


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["demo", "--json", "--minutes", "1", *arguments])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("gain", "code"), [("1.05", 1), ("0.95", 1), ("1.03", 1), ("1.01", 0)])
def test_a_meter_that_is_wrong_is_noticed(gain: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The session itself is flawless: it is the comparison, and nothing else, that decides."""
    ended, said = run_json(capsys, "--fault", f"meter-gain={gain}")
    assert said["clean"] is True
    assert ended == code
    assert said["ok"] is (code == 0)
    for way in ("energy_in", "energy_out"):
        assert said[way]["ok"] is (code == 0)
        assert said[way]["difference_percent"] == pytest.approx(100 * (float(gain) - 1), abs=0.2)


def test_a_session_that_breaks_off_fails(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run_json(capsys, "--fault", "insulation=50000")
    assert (code, said["ok"], said["clean"]) == (1, False, False)
    assert "insulation resistance too low" in said["verdict"]
    assert said["energy_in"]["difference_percent"] is None


@pytest.mark.parametrize(
    ("arguments", "tls", "contract"),
    [
        ([], True, "DECLPC123456789"),
        (["--eim"], True, None),
        (["--plain-tcp"], False, None),
        (["--service", "ac_bpt"], True, "DECLPC123456789"),
    ],
)
def test_who_trusts_whom(arguments: list[str], tls: bool, contract: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json", "--minutes", "1", *arguments]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["tls"], summary["contract"]) == (tls, contract)


def test_the_same_again_is_the_same() -> None:
    one, two = (play(mode="dynamic", length=30.0, faults={}, record=None, view=None, paced=False) for _ in range(2))
    assert (one.into, one.out, one.soc, one.messages) == (two.into, two.out, two.soc, two.messages)


def test_a_recording_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "demo.jsonl"
    code, said = run_json(capsys, "--record", str(path))
    assert (code, said["record"]) == (0, str(path))
    lived = replay(path)
    assert (lived.equal, lived.complete) == (True, True)
    assert lived.turns > said["messages"]
    assert lived.session.loops == said["charge_loops"]


def test_a_recording_that_did_not_fit_is_not_called_kept(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run_json(capsys, "--record", "/dev/full")
    assert (code, said["record"]) == (0, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fault", "gremlins=1"], "meter-gain"),
        (["--fault", "meter-gain=much"], "a finite number"),
        (["--fault", "meter-gain=inf"], "a finite number"),
        (["--fault", "meter-gain=nan"], "a finite number"),
        (["--fault", "meter-gain"], "a finite number"),
        (["--fault", "supply-dead=maybe"], "true or false"),
        (["--fault", "pilot=Z"], "A, B, C, D, E, F"),
        (["--record", "/no/such/folder/demo.jsonl"], "/no/such/folder/demo.jsonl: cannot be written"),
        (["--record", str(ROOT)], "cannot be written"),
    ],
)
def test_wrong_use_starts_nothing(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def started(*given: object, **named: object) -> None:
        raise AssertionError("something was started")

    monkeypatch.setattr(demo, "run_pair", started)
    assert main(["demo", "--fast", "--plain", *arguments]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert words in said.err


def test_faults_are_read_by_their_kind() -> None:
    told = ["meter-gain=1.05", "pilot=E", "supply-dead", "contactor_welded=false", "insulation=50e3"]
    assert parse_faults(told) == {
        "meter_gain": 1.05,
        "pilot": Pilot.E,
        "supply_dead": True,
        "contactor_welded": False,
        "insulation": 50_000.0,
    }
    with pytest.raises(LocalError, match="unknown"):
        parse_faults(["="])


def test_a_check_for_a_file_leaves_none_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "demo.jsonl"
    monkeypatch.setattr(demo, "run_pair", lambda *given, **named: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["demo", "--fast", "--plain", "--record", str(path)]) == 1
    assert not path.exists()


def test_without_rich_there_are_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["demo", "--fast", "--minutes", "0.5"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("(for the live view: pip install 'chargeloop[cli]')\n00:00  supportedAppProtocol\n")
    assert "\x1b" not in said


class Clock:
    """Real time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Moment:
    """What a pacer reads of a watch."""

    def __init__(self, at: float, phase: Phase) -> None:
        self.at = at
        self.phase = phase


def held(pacer: Pacer, moments: list[Moment]) -> None:
    for moment in moments:
        pacer.hold(moment)  # type: ignore[arg-type]


def test_the_pace_shows_each_phase_and_then_the_loop() -> None:
    clock = Clock()
    pacer = Pacer(1800.0, _sleep=clock.sleep, _clock=lambda: clock.now)
    held(pacer, [Moment(0.0, phase) for phase in LADDER[:9]])
    assert clock.now - 100.0 == pytest.approx(9 * PHASE_SHOWN)
    held(pacer, [Moment(0.1 * i, Phase.CABLE_CHECK) for i in range(1, 11)])
    assert clock.now - 100.0 == pytest.approx(10 * PHASE_SHOWN + 1.0)
    held(pacer, [Moment(1.0, Phase.CHARGE_LOOP)])
    before, slept = clock.now, len(clock.slept)
    held(pacer, [Moment(1.0 + 0.25 * i, Phase.CHARGE_LOOP) for i in range(1, 7201)])
    assert clock.now - before == pytest.approx(LOOP_SHOWN, abs=0.05)
    assert max(clock.slept[slept:]) < 0.05  # evenly


def test_a_slow_machine_is_not_hurried_afterwards() -> None:
    clock = Clock()
    pacer = Pacer(1800.0, _sleep=clock.sleep, _clock=lambda: clock.now)
    held(pacer, [Moment(0.0, Phase.CHARGE_LOOP)])
    clock.now += 10.0
    held(pacer, [Moment(1.0, Phase.CHARGE_LOOP)])
    before = clock.now
    held(pacer, [Moment(1.0 + 0.25 * i, Phase.CHARGE_LOOP) for i in range(1, 401)])
    assert clock.now - before == pytest.approx(100.0 * LOOP_SHOWN / 1800.0, abs=0.05)


def test_nothing_slow_stands_between_request_and_answer() -> None:
    """Views and pace get their turn when the answer has left; else they would be measured as answer time."""
    turns: list[str] = []

    class Eye:
        def look(self, watch: Watch, *, now: bool = False) -> None:
            turns.append(f"look {now}")

        def close(self, watch: Watch | None) -> None:
            raise AssertionError

    class Ear:
        at, phase, planned, length = 0.0, Phase.APP_PROTOCOL, 0.0, 60.0

        def saw(self, seen: object) -> None:
            if isinstance(seen, PhaseChanged):
                self.phase = seen.after

    class Hand:
        def hold(self, watch: Watch) -> None:
            turns.append("hold")

    stage = Stage(Ear(), STORIES["scheduled"], Eye(), Hand())  # type: ignore[arg-type]
    request = supportedAppProtocolReq(app_protocol=())
    response = supportedAppProtocolRes(response_code="OK_SuccessfulNegotiation", schema_id=1)
    stage.saw(Exchanged(0.0, Direction.IN, 0x8001, request, b""))
    stage.saw(PhaseChanged(0.0, Phase.APP_PROTOCOL, Phase.SESSION_SETUP))
    assert turns == []
    stage.saw(Exchanged(0.0, Direction.OUT, 0x8001, response, b""))
    assert turns == ["look True", "hold"]
    stage.saw(Exchanged(0.0, Direction.OUT, 0x8001, response, b""))
    assert turns[2:] == ["look False", "hold"]


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_stories_fill_their_time_and_go_both_ways(story: tuple[Act, ...]) -> None:
    assert sum(act.share for act in story) == pytest.approx(1.0)
    powers: Callable[[Act], float] = lambda act: act.wish or act.site.target or 0.0  # noqa: E731
    signs = [powers(act) > 0 for act in story if powers(act)]
    assert signs == sorted(signs, reverse=True)
    assert set(signs) == {True, False}
