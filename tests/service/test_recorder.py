from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.power import Setpoint
from iso15118.sequence.timers import Timer
from iso15118.service import recorder as recording
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair
from iso15118.service.plain import plain
from iso15118.service.recorder import Head, Recorder, Stream, digest, numbered
from iso15118.service.replay import replay
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.commands import Apply, Arm, Note, Send
from iso15118.session.events import Tick
from iso15118.session.services import ControlMode

pytestmark = pytest.mark.waits

SESSION_ID = bytes(range(1, 9))
SECC = Head("secc", plain(secc.Config()), SESSION_ID.hex(), "1")
CAR = CarConfig(session=evcc.Config(control_modes=(ControlMode.SCHEDULED,)), plan=(Leg(5.0, 20_000.0), Leg(5.0, -10_000.0)))
EVCC = Head("evcc", plain(CAR.session), name="car")


def record(charger: Recorder, car: Recorder | None = None) -> None:
    """A whole session into these."""

    async def main() -> None:
        pair = Pair(car=CAR)
        converse = pair.evse.converse
        pair.evse.converse = lambda **words: converse(**words | {"session_id": SESSION_ID})  # type: ignore[method-assign]
        assert (await pair.run(charger_scribe=charger, car_scribe=car)).clean

    run(main())


@pytest.fixture(scope="module")
def session() -> SimpleNamespace:
    """One session in memory, both sides."""
    charger, car = Recorder(SECC), Recorder(EVCC)
    record(charger, car)
    return SimpleNamespace(charger=charger, car=car)


def written(recorder: Recorder, path: Path) -> Path:
    assert recorder.dump(path, "test").result()
    return path


def test_both_roles_replay_to_the_same_commands(session: SimpleNamespace, tmp_path: Path) -> None:
    for role in ("charger", "car"):
        recorder = getattr(session, role)
        result = replay(written(recorder, tmp_path / role))
        assert (result.equal, result.complete, result.remark) == (True, True, "")
        assert result.turns == recorder.turns > 200
        assert result.session.clean


def test_a_wish_for_another_choice_of_service_replays(tmp_path: Path) -> None:
    config = secc.Config(service_renegotiation=True)
    recorder = Recorder(Head("secc", plain(config), SESSION_ID.hex(), "1"))

    async def main() -> None:
        pair = Pair(EvseConfig(session=config), CarConfig(session=evcc.Config(loops=40)))
        converse = pair.evse.converse
        pair.evse.converse = lambda **words: converse(**words | {"session_id": SESSION_ID})  # type: ignore[method-assign]
        asyncio.get_running_loop().call_later(8.0, pair.evse.renegotiate)
        assert (await pair.run(charger_scribe=recorder)).clean

    run(main())
    path = written(recorder, tmp_path / "r")
    assert '"NotificationWanted"' in path.read_text()
    result = replay(path)
    assert (result.equal, result.complete, result.turns) == (True, True, recorder.turns)


def test_a_session_joined_behind_a_pause_replays_with_what_was_kept_of_it(tmp_path: Path) -> None:
    config, wish = secc.Config(), evcc.Config(control_modes=(ControlMode.SCHEDULED,), pause=evcc.Break(20, 60.0), loops=40)
    recorders: dict[str, Recorder] = {}

    async def main() -> None:
        pair = Pair(EvseConfig(session=config), CarConfig(session=wish))
        assert (await pair.run()).clean
        kept = plain(pair.evse.paused), plain(pair.car.paused)
        assert None not in kept
        recorders["charger"] = Recorder(Head("secc", plain(config), SESSION_ID.hex(), "1", kept[0]))
        recorders["car"] = Recorder(Head("evcc", plain(wish), name="car", paused=kept[1]))
        converse = pair.evse.converse
        pair.evse.converse = lambda **words: converse(**words | {"session_id": SESSION_ID})  # type: ignore[method-assign]
        assert (await pair.run(charger_scribe=recorders["charger"], car_scribe=recorders["car"])).clean

    run(main())
    for role, recorder in recorders.items():
        result = replay(written(recorder, tmp_path / role))
        assert (result.equal, result.complete, result.remark) == (True, True, "")
        assert result.session.joined


def test_another_decision_is_found_at_its_turn(session: SimpleNamespace, tmp_path: Path) -> None:
    def stubborn(state: Any, event: Any, world: Any) -> Any:
        state, commands = secc.step(state, event, world)
        return state, [Apply(Setpoint(1.0)) if isinstance(c, Apply) and c.setpoint.current < 0 else c for c in commands]

    path = written(session.charger, tmp_path / "r")
    turns: list[int] = []
    result = replay(path, step=stubborn, look=lambda turn, event, world, commands: turns.append(turn))
    assert not result.equal
    assert result.different == result.turns == turns[-1]
    assert 100 < result.turns < session.charger.turns


@pytest.mark.parametrize("where", ["line", "middle", "no end"])
def test_a_cut_recording_is_replayed_up_to_the_cut_and_said_so(session: SimpleNamespace, tmp_path: Path, where: str) -> None:
    path = written(session.charger, tmp_path / "r")
    lines = path.read_text().splitlines(keepends=True)
    kept = {"line": lines[:101], "middle": [*lines[:101], lines[101][:50]], "no end": lines[:-1]}[where]
    path.write_text("".join(kept))
    result = replay(path)
    assert result.equal
    assert not result.complete
    assert result.remark == "the recording breaks off"
    assert result.turns == (session.charger.turns if where == "no end" else 100)


def test_every_cut_of_the_last_lines_is_taken(session: SimpleNamespace, tmp_path: Path) -> None:
    path = written(session.charger, tmp_path / "r")
    lines = path.read_text().splitlines(keepends=True)
    text, last = "".join(lines[:4]), lines[3]
    for cut in range(len(last)):
        path.write_text(text[: len(text) - cut])
        assert replay(path).turns == (3 if cut == 0 else 2)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"t": 1},
        {"w": {}, "e": []},
        {"w": {}, "e": ["Tick"]},
        {"w": {"now": None}, "e": 7, "d": ""},
        {"w": {}, "e": ["Elapsed", "?"], "d": ""},
    ],
    ids=repr,
)
def test_a_damaged_line_is_named(session: SimpleNamespace, tmp_path: Path, row: dict[str, Any]) -> None:
    path = written(session.charger, tmp_path / "r")
    lines = path.read_text().splitlines(keepends=True)
    lines[20] = json.dumps(row) + "\n"
    path.write_text("".join(lines))
    with pytest.raises(LocalError, match=r"r: turn 20 is damaged"):
        replay(path)


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[]\n", b'{"format": "other"}\n', b"\xff\xfe", b"not json\n"])
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r").write_bytes(content)
    with pytest.raises(LocalError):
        replay(tmp_path / "r")
    with pytest.raises(LocalError):
        replay(tmp_path / "absent")


def test_the_ring_is_bounded_and_a_tail_is_not_replayed(tmp_path: Path) -> None:
    recorder = Recorder(SECC, ring=50)
    record(recorder)
    assert len(recorder) == 50
    path = written(recorder, tmp_path / "r")
    head = json.loads(path.read_text().splitlines()[0])
    assert head["skipped"] == recorder.turns - 50
    with pytest.raises(LocalError, match="turns are missing"):
        replay(path)


def test_a_stream_has_everything(tmp_path: Path) -> None:
    stream = Stream(tmp_path / "s", SECC)
    recorder = Recorder(SECC, ring=5, stream=stream)
    record(recorder)
    stream.close("over", patience=30)
    result = replay(tmp_path / "s")
    assert (result.equal, result.complete, result.turns) == (True, True, recorder.turns)
    assert stream.lost == 0


@pytest.mark.parametrize("path", ["/proc/nothing/here", "/dev/full"])
def test_a_disk_that_fails_is_said_once_and_disturbs_nothing(path: str, caplog: pytest.LogCaptureFixture) -> None:
    stream = Stream(Path(path), SECC)
    recorder = Recorder(SECC, stream=stream)
    record(recorder)
    stream.close("over", patience=30)
    assert not recorder.dump(Path("/proc/nothing/here"), "test").result()
    assert [record.getMessage().split(": ")[0] for record in caplog.records] == [
        f"recording {path} stopped",
        "recording /proc/nothing/here not written",
    ]


def test_a_disk_that_is_too_slow_is_said_once_and_never_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gate = threading.Event()

    class Slow(Stream):
        def _next(self) -> Any:
            gate.wait()
            return super()._next()

    stream = Slow(tmp_path / "s", SECC, waiting=20)
    record(Recorder(SECC, stream=stream))
    assert stream.lost > 100
    gate.set()
    stream.close("over", patience=30)
    assert [record.getMessage() for record in caplog.records] == [f"recording {tmp_path / 's'} stopped: the disk is too slow"]
    assert replay(tmp_path / "s").equal


def test_a_stream_has_a_size(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stream = Stream(tmp_path / "s", SECC, largest=20_000)
    record(Recorder(SECC, stream=stream))
    stream.close("over", patience=30)
    assert 20_000 <= (tmp_path / "s").stat().st_size < 40_000
    assert "are enough" in caplog.text
    result = replay(tmp_path / "s")
    assert result.equal
    assert not result.complete


def test_a_session_that_failed_is_recorded_with_its_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def breaks(state: Any, event: Any, world: Any) -> Any:
        if world.now > 2.0 and isinstance(event, Tick):
            raise ZeroDivisionError
        return secc.step(state, event, world)

    async def main() -> None:
        pair = Pair(car=CAR)
        pair.evse._step = breaks
        converse = pair.evse.converse
        pair.evse.converse = lambda **words: converse(**words | {"session_id": SESSION_ID})  # type: ignore[method-assign]
        await asyncio.wait_for(pair.run(charger_scribe=recorder), 100)

    recorder = Recorder(SECC)
    run(main())
    path = written(recorder, tmp_path / "r")
    result = replay(path, step=breaks)
    assert result.equal
    assert "ZeroDivisionError" in result.remark
    result = replay(path)
    assert result.different == result.turns == recorder.turns


def test_the_digest_sees_every_command_and_the_one_before(words: SimpleNamespace) -> None:
    send = Send(words.answer, 0x8001)
    variants = [
        digest(b"", [Apply(Setpoint(1.0))], []),
        digest(b"", [Apply(Setpoint(1.0000000000000002))], []),
        digest(b"", [Note("a")], []),
        digest(b"", [Arm(Timer.HOLD, 5.0)], []),
        digest(b"", [send], [b"a"]),
        digest(b"", [send], [b"b"]),
        digest(b"x", [send], [b"b"]),
        digest(b"", [send, Note("a")], [b"a"]),
        digest(b"", [Note("a"), send], [b"a"]),
    ]
    assert len(set(variants)) == len(variants)
    assert variants[0] == digest(b"", [Apply(Setpoint(1.0))], [])


def test_files_are_numbered() -> None:
    assert [str(numbered(Path("/x/y.jsonl"), n)) for n in (1, 2, 10)] == ["/x/y.jsonl", "/x/y-2.jsonl", "/x/y-10.jsonl"]


def test_the_largest_line_is_not_the_sum_of_all(session: SimpleNamespace, tmp_path: Path) -> None:
    lines = written(session.charger, tmp_path / "r").read_text().splitlines()
    assert len(lines) == session.charger.turns + 2
    assert sum(map(len, lines[2:])) / len(lines) < 1500
    assert recording.RING >= 1000
