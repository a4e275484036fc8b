"""The codec beside that of another implementation in the same run: Josev, the package `iso15118` of PyPI, whose codec is EXIficient in Java
behind Python bindings. All take the same octets; what does not give the same octets back is said and not timed.

Five ways, which take turns: ours, pure and compiled, octets to message and back; `peer`, the codec as its Python calls it; `in Java`, the
same class without Python around it; `bare Java`, the codec inside that class, events to events, without the XML text and JAXB by which the
class goes.

Needs the environment that `make interop` sets up, and a Java runtime; for Java alone a JDK too.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from iso15118.exi import Message, plan
from iso15118.messages.catalogue import schema_for
from tools.bench.java_process import Both, Found, bare, bare_round, missing, peer, peer_round
from tools.bench.measure import Goal, Progress, Row, Table, Timing, micro, take_turns
from tools.bench.messages import loop_request, loop_response, schedules
from tools.compiled.build import build

LOOP, LARGE = "DC_ChargeLoop", "ScheduleExchangeRes"
ENTRIES = 33
"""Of each of three times two schedules: some 2,350 octets, the most that every codec of the field takes."""
VARIANTS = range(1, 20)
"""Loop messages without a meter reading, whose class at the peer misspells an element."""
TIMES = {LOOP: 300.0, LARGE: 100.0}
"""The goals: the peer's time for decode and encode together is at least so many times that of the pure codec. By the least of each: where
the machine is busy, a call of milliseconds is interrupted and one of microseconds hardly ever."""
MOST = {f"{LOOP}Req dynamic": {"pure": 30e-6, "compiled": 5e-6}, LARGE: {"pure": 1e-3, "compiled": 0.15e-3}}
"""The goals: s for decode and encode together."""
HEADS = ("message", "octets", "codec", "decode", "p99", "encode", "p99", "both", "spread", "least", "times pure", "times compiled")


class Subject(NamedTuple):
    """A message in its variants."""

    name: str
    payload_type: int
    variants: Sequence[Message]

    def octets(self) -> list[bytes]:
        """Of each variant, by our codec."""
        return [schema_for(self.payload_type).encode(message) for message in self.variants]


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """Each message in each way. A table without rows that says why where the peer is not there."""
    title = f"us, medians of {repeats} rounds; both: decode + encode; spread: of the rounds' medians; times: of ours, by the least of each"
    lacking = missing()
    if lacking:
        return Table("java", title, HEADS, (), notes=(f"left out: {lacking}",))
    subjects, notes = _subjects(), list[str]()
    try:
        rounds = _rounds(subjects, repeats, calls, progress, notes)
    except (OSError, subprocess.CalledProcessError) as error:
        return Table("java", title, HEADS, (), notes=(f"left out: the other implementation does not run here: {error}",))
    rows, goals = [], list[Goal]()
    for index, subject in enumerate(subjects):
        found = {way: _medians([each[way][index] for each in rounds]) for way in rounds[0]}
        spreads = {way: [each[way][index] for each in rounds] for way in rounds[0]}
        size = max(map(len, subject.octets()))
        rows += [_row(subject.name, size, way, found, spreads[way]) for way in found]
        goals += _goals(subject.name, found)
    notes.append("the numbers of a loop come again and again and are remembered by ours: bench codec has a row for new ones")
    return Table("java", title, HEADS, tuple(rows), tuple(notes), tuple(goals))


def _subjects() -> list[Subject]:
    return [
        Subject(f"{LOOP}Req dynamic", 0x8004, [loop_request(i, dynamic=True) for i in VARIANTS]),
        Subject(f"{LOOP}Res dynamic", 0x8004, [loop_response(i, dynamic=True) for i in VARIANTS]),
        Subject(f"{LOOP}Req scheduled", 0x8004, [loop_request(i, dynamic=False) for i in VARIANTS]),
        Subject(f"{LOOP}Res scheduled", 0x8004, [loop_response(i, dynamic=False) for i in VARIANTS]),
        Subject(LARGE, 0x8002, [schedules(entries=ENTRIES)]),
    ]


Round = dict[str, list[Found]]
"""Of each way, each message."""


def _rounds(subjects: Sequence[Subject], repeats: int, calls: int, progress: Progress, notes: list[str]) -> list[Round]:
    messages = [(subject.payload_type, subject.octets()) for subject in subjects]
    few, warm_up = max(10, calls // 80), calls / 50  # s: a virtual machine gets faster for thousands of calls
    with ExitStack() as stack:
        progress("java: the processes warm up")
        theirs = stack.enter_context(peer(messages, few, warm_up))
        alone = stack.enter_context(bare(messages, calls, few, warm_up / 2))
        compiled = stack.enter_context(_compiled(notes))
        if alone is None:
            notes.append("Java alone left out: no javac on PATH")
        for line, wait in ((theirs, peer_round), (alone, bare_round)):
            if line is not None:
                wait(line)  # not counted: until then both warm up, and nothing of ours may run beside it
        rounds = []
        for repeat in range(repeats):
            progress(f"java: round {repeat + 1} of {repeats}")
            found: Round = {"pure": _ours(subjects, None, calls)}
            if compiled is not None:
                found["compiled"] = _ours(subjects, compiled, calls)
            found["peer"] = peer_round(theirs)
            if alone is not None:
                java = bare_round(alone)
                found |= {"in Java": java["class"], "bare Java": java["bare"]}
            rounds.append(found)
        return rounds


def _ours(subjects: Sequence[Subject], module: ModuleType | None, calls: int) -> list[Found]:
    before = plan.used()
    plan.use(module)
    try:
        return [_timed(subject, calls) for subject in subjects]
    finally:
        plan.use(before)


def _timed(subject: Subject, calls: int) -> Both:
    schema, octets = schema_for(subject.payload_type), subject.octets()
    data, messages = cycle(octets).__next__, cycle(subject.variants).__next__
    found = take_turns(
        {"decode": lambda i: schema.decode(data()), "encode": lambda i: schema.encode(messages())},
        calls=calls if len(octets[0]) < 400 else max(50, calls // 20),
        repeats=1,
        progress=Progress(False),
    )
    return Both(found["decode"], found["encode"])


@contextmanager
def _compiled(notes: list[str]) -> Iterator[ModuleType | None]:
    """The compiled codec, built for this run; None, and a note, where it cannot be."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = build(Path(folder))
        except OSError as error:
            notes.append(f"compiled left out: {error}")
            yield None
            return
        spec = importlib.util.spec_from_file_location("iso15118.exi._compiled", path)
        if spec is None or spec.loader is None:
            raise ImportError("the compiled codec cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def _medians(rounds: Sequence[Found]) -> Found:
    timed = [each for each in rounds if isinstance(each, Both)]
    if len(timed) < len(rounds):
        return next(each for each in rounds if isinstance(each, str))
    return Both(Timing.median([each.decode for each in timed]), Timing.median([each.encode for each in timed]))


def _row(name: str, octets: int, way: str, found: dict[str, Found], rounds: Sequence[Found]) -> Row:
    own = found[way]
    if isinstance(own, str):
        return Row((name, str(octets), way, own[:40], *[""] * 8), {"message": name, "codec": way, "wrong": own})
    sums = [each.p50 for each in rounds if isinstance(each, Both)]
    both, least, most = statistics.median(sums), min(sums), max(sums)
    times = [
        f"{own.least / other.least:.3g}" if isinstance(other := found.get(us), Both) and us != way else "" for us in ("pure", "compiled")
    ]
    each = [micro(value) for timing in own for value in (timing.p50, timing.p99)]
    cells = (name, str(octets), way, *each, micro(both), f"{micro(least)}..{micro(most)}", micro(own.least), *times)
    figures = {f"{key}_{part}_s": getattr(getattr(own, key), part) for key in ("decode", "encode") for part in ("p50", "p99", "least")}
    return Row(cells, {"message": name, "octets": octets, "codec": way, **figures, "both_s": both, "spread_s": (least, most)})


def _goals(name: str, found: dict[str, Found]) -> list[Goal]:
    pure, theirs, goals = found["pure"], found["peer"], list[Goal]()
    if isinstance(pure, Both) and isinstance(theirs, Both):
        times = TIMES[LOOP if name.startswith(LOOP) else LARGE]
        goals.append(Goal(f"{name}, times the peer's speed, pure", theirs.least / pure.least, times, least=True))
    for way, most in MOST.get(name, {}).items():
        own = found.get(way)
        if isinstance(own, Both):
            goals.append(Goal(f"{name}, decode + encode, {way}", own.p50 * 1e6, most * 1e6, "us"))
    return goals
