"""The codec beside that of another implementation in the same run: Josev, the package `iso15118` of PyPI, whose codec is EXIficient in Java
behind Python bindings. Three ways: as its sessions call it, octets to its message class and back; the bare Java codec, warm, events in and
events out; and ours, pure and compiled. The same octets for all; what does not come back as the same octets is said and not timed.

Needs the environment that `make interop` sets up, and a Java runtime; for the bare codec a JDK too.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from iso15118.exi import Message, plan
from iso15118.messages.catalogue import schema_for
from tools.bench.measure import Goal, Progress, Row, Table, Timing, micro, take_turns
from tools.bench.messages import loop_request, loop_response, schedules
from tools.compiled.build import build, compiler

PEER = Path.home() / ".cache" / "iso15118-peer" / "venv"
NAMESPACES = {0x8002: "urn:iso:std:iso:15118:-20:CommonMessages", 0x8004: "urn:iso:std:iso:15118:-20:DC"}
SCHEMAS = {0x8002: "V2G_CI_CommonMessages.xsd", 0x8004: "V2G_CI_DC.xsd"}
LOOP, LARGE = "DC_ChargeLoop", "ScheduleExchangeRes"
ENTRIES = 33
"""Of each of three times two schedules: some 2,350 octets, the most that every codec of the field takes."""
GOALS = {LOOP: (300.0, 30e-6, 5e-6), LARGE: (100.0, 1e-3, 0.15e-3)}
"""Times the peer's speed at least; s for decode and encode together at most, pure and compiled."""
HEADS = (
    "message",
    "octets",
    "pure",
    "spread",
    "compiled",
    "spread",
    "peer",
    "spread",
    "ratio",
    "compiled",
    "bare Java",
    "ratio",
    "compiled",
)


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """Decode + encode of each message. Without the peer's environment a table without rows that says so."""
    title = f"us for decode + encode, medians; spread: from the least to the greatest of {repeats} medians; ratio: times as quick, pure"
    if not (PEER / "bin" / "python").exists() or shutil.which("java") is None:
        return Table("java", title, HEADS, (), notes=("left out: the other implementation is not set up here (make interop, and Java)",))
    subjects = _subjects()
    progress("java: the other implementation")
    peers = _peer(subjects, repeats, max(20, calls // 40))
    progress("java: the bare codec")
    bare = _bare(subjects, calls)
    with _compiled() as compiled:
        rows, goals = [], list[Goal]()
        for name, (payload_type, message) in subjects.items():
            ours = {"pure": _ours(payload_type, message, None, repeats, calls, progress, name)}
            if compiled is not None:
                ours["compiled"] = _ours(payload_type, message, compiled, repeats, calls, progress, name)
            rows.append(_row(name, len(_octets(payload_type, message)), ours, peers[name], bare.get(name)))
            goals += _goals(name, ours, peers[name])
    return Table("java", title, HEADS, tuple(rows), goals=tuple(goals))


def _subjects() -> dict[str, tuple[int, Message]]:
    """Every one without a meter reading, whose class at the peer misspells an element."""
    return {
        f"{LOOP}Req dynamic": (0x8004, loop_request(1, dynamic=True)),
        f"{LOOP}Res dynamic": (0x8004, loop_response(1, dynamic=True)),
        f"{LOOP}Req scheduled": (0x8004, loop_request(1, dynamic=False)),
        f"{LOOP}Res scheduled": (0x8004, loop_response(1, dynamic=False)),
        LARGE: (0x8002, schedules(entries=ENTRIES)),
    }


def _octets(payload_type: int, message: Message) -> bytes:
    return schema_for(payload_type).encode(message)


Spread = tuple[float, float, float]
"""s for decode and encode together: the median of medians, the least and the greatest of them."""


def _spread(medians: Sequence[float]) -> Spread:
    return statistics.median(medians), min(medians), max(medians)


def _ours(
    payload_type: int, message: Message, module: ModuleType | None, repeats: int, calls: int, progress: Progress, name: str
) -> Spread:
    before = plan.used()
    plan.use(module)
    try:
        schema = schema_for(payload_type)
        octets = schema.encode(message)
        schema.decode(octets)
        each = max(50, calls if len(octets) < 400 else calls // 20)
        medians = []
        for _ in range(repeats):
            found: Mapping[str, Timing] = take_turns(
                {"decode": lambda i: schema.decode(octets), "encode": lambda i: schema.encode(message)},
                calls=each,
                repeats=1,
                progress=progress,
                what=name,
            )
            medians.append(found["decode"].p50 + found["encode"].p50)
        return _spread(medians)
    finally:
        plan.use(before)


@contextmanager
def _compiled() -> Iterator[ModuleType | None]:
    """The compiled codec, built for this run; None without a compiler."""
    if compiler() is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        spec = importlib.util.spec_from_file_location("iso15118.exi._compiled", build(Path(folder)))
        if spec is None or spec.loader is None:
            raise ImportError("the compiled codec cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def _peer(subjects: Mapping[str, tuple[int, Message]], repeats: int, calls: int) -> dict[str, Spread | str]:
    """Of each message, or what the peer says of it."""
    messages = [[name, NAMESPACES[kind], _octets(kind, message).hex()] for name, (kind, message) in subjects.items()]
    worker = Path(__file__).with_name("java_worker.py")
    work = json.dumps({"calls": repeats * calls, "messages": messages})
    done = subprocess.run([PEER / "bin" / "python", worker], input=work, capture_output=True, text=True, check=True, timeout=600)
    found: dict[str, Spread | str] = {}
    for line in done.stdout.splitlines():
        name, *times = json.loads(line)
        if len(times) == 1:
            found[name] = times[0]
            continue
        parts = [[times[way][i * calls : (i + 1) * calls] for i in range(repeats)] for way in (0, 1)]
        found[name] = _spread([statistics.median(read) + statistics.median(said) for read, said in zip(*parts, strict=True)])
    return found


def _bare(subjects: Mapping[str, tuple[int, Message]], calls: int) -> dict[str, float]:
    """s for decode and encode in Java alone; nothing where it cannot be compiled."""
    if shutil.which("javac") is None:
        return {}
    shared = next(PEER.glob("lib/python3*/site-packages/iso15118/shared"))
    jar, found = shared / "EXICodec.jar", dict[str, float]()
    with tempfile.TemporaryDirectory() as folder:
        for path in (*shared.glob("schemas/*.xsd"), *shared.glob("schemas/iso15118_20/*.xsd")):
            text = path.read_text(encoding="utf-8")
            # Its document type would be fetched from the network.
            Path(folder, path.name).write_text(re.sub(r"<!DOCTYPE.*?\]>", "", text, count=1, flags=re.DOTALL), encoding="utf-8")
        subprocess.run(["javac", "-cp", jar, "-d", folder, Path(__file__).with_name("Bare.java")], check=True)
        for kind, schema in SCHEMAS.items():
            names = [name for name, subject in subjects.items() if subject[0] == kind]
            octets = [_octets(kind, subjects[name][1]).hex() for name in names]
            command = ["java", "-cp", f"{jar}:{folder}", "Bare", str(Path(folder, schema)), str(5 * calls), *octets]
            said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout.splitlines()
            found |= {name: sum(map(int, line.split())) * 1e-9 for name, line in zip(names, said, strict=True) if line[0].isdigit()}
    return found


def _row(name: str, octets: int, ours: Mapping[str, Spread], peer: Spread | str, bare: float | None) -> Row:
    pure, compiled = ours["pure"][0], ours["compiled"][0] if "compiled" in ours else None
    said, against = (_cells(peer), peer[0]) if isinstance(peer, tuple) else ((peer[:40], ""), None)
    cells = (
        name,
        str(octets),
        *_cells(ours["pure"]),
        *(_cells(ours["compiled"]) if compiled else ("", "")),
        *said,
        _times(against, pure),
        _times(against, compiled),
        micro(bare) if bare else "",
        _times(bare, pure),
        _times(bare, compiled),
    )
    return Row(cells, {"message": name, "octets": octets, **ours, "peer": peer, "bare_java_s": bare})


def _cells(spread: Spread) -> tuple[str, str]:
    return micro(spread[0]), f"{micro(spread[1])}..{micro(spread[2])}"


def _times(other: float | None, own: float | None) -> str:
    return f"{other / own:.3g}" if other and own else ""


def _goals(name: str, ours: Mapping[str, Spread], peer: Spread | str) -> list[Goal]:
    kind = LOOP if name.startswith(LOOP) else LARGE
    times, *most = GOALS[kind]
    goals = []
    if isinstance(peer, tuple):
        goals.append(Goal(f"{name}, pure, share of the peer's time", ours["pure"][0] / peer[0], 1 / times))
    if name in (f"{LOOP}Req dynamic", LARGE):
        goals += [
            Goal(f"{name}, {way}", found[0] * 1e6, limit * 1e6, "us") for (way, found), limit in zip(ours.items(), most, strict=False)
        ]
    return goals
