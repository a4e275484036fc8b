"""Seconds from a request written to its response read, over TCP on loopback: a charger with its real session, and an asyncio protocol
that only echoes octets of the same sizes. Both in processes of their own, asked by one client, session and echo in turns.
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from iso15118.session.services import ControlMode
from tools.bench.measure import Goal, Progress, Row, Table, Timing, micro
from tools.bench.peer import Visit, echoed

MOST = 3.5
"""The goal: a charge-loop answer takes at most so many times the echo, by medians."""
SESSIONS = 2
"""In each control mode, a repeat."""


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """A row a message, the charge loop in both control modes. Raises OSError or ValueError where a server fails."""
    loops = max(100, calls // 4)
    session: defaultdict[str, list[Timing]] = defaultdict(list)
    single: defaultdict[str, list[float]] = defaultdict(list)
    echo: defaultdict[str, list[Timing]] = defaultdict(list)
    sizes: dict[str, tuple[int, int]] = {}
    with _server("session") as port, _server("echo") as echo_port:
        for mode in ControlMode:
            Visit(port, mode).run(100)  # not timed
        for repeat in range(repeats):
            for mode in (*ControlMode,) * SESSIONS:
                progress(f"answer: {mode.name.lower()} session, repeat {repeat + 1} of {repeats}")
                visit = Visit(port, mode)
                visit.run(loops)
                sizes |= visit.sizes
                for name, times in visit.times.items():
                    if name.startswith("DC_ChargeLoop"):
                        session[name].append(Timing.of(times))
                        echo[name].append(Timing.of(echoed(echo_port, *visit.sizes[name], loops)))
                    else:
                        single[name] += times
            for name in single:
                echo[name].append(Timing.of(echoed(echo_port, *sizes[name], max(50, loops // 10))))
    progress()
    answers = {name: Timing.of(times) for name, times in single.items()} | {name: Timing.median(all_) for name, all_ in session.items()}
    counts = {name: len(times) for name, times in single.items()}
    rows = [_row(name, sizes[name], answers[name], Timing.median(echo[name]), counts.get(name)) for name in answers]
    goals = tuple(Goal(f"{name}, times the echo", answers[name] / Timing.median(echo[name]), MOST) for name in session)
    return Table(
        "answer",
        f"us from request to response over loopback; charge loop: median of {repeats * SESSIONS} sessions of {loops} exchanges",
        ("message", "octets", "p50", "p99", "echo p50", "echo p99", "ratio"),
        tuple(rows),
        notes=("messages of which a session has only few are timed a few times only: their p99 is their longest",),
        goals=goals,
    )


def _row(name: str, size: tuple[int, int], answer: Timing, echo: Timing, count: int | None) -> Row:
    ratio = answer / echo
    cells = (name, f"{size[0]}/{size[1]}", micro(answer.p50), micro(answer.p99), micro(echo.p50), micro(echo.p99), f"{ratio:.2f}")
    figures = {"p50_s": answer.p50, "p99_s": answer.p99, "echo_p50_s": echo.p50, "echo_p99_s": echo.p99, "ratio": ratio}
    return Row(cells, {"message": name, "request_octets": size[0], "response_octets": size[1], "timed": count, **figures})


@contextmanager
def _server(kind: str) -> Iterator[int]:
    """The TCP port of a server, which ends with the block."""
    command = [sys.executable, "-m", "tools.bench.server", kind]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.strip().isdigit():
            raise OSError(f"the {kind} server does not start")
        yield int(line)
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
