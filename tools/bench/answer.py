"""Seconds from a request written to its response read, over TCP on loopback: a charger with its real session, and an asyncio protocol
that only echoes octets of the same sizes. Both in processes of their own, asked by one client, session and echo in turns.

In the charge loop a request comes a quarter of a second after the last, as a car's does, so that both processes have gone to sleep in
between; "in heaps" it comes at once, and what a charger does after it has written counts too. `inside` is only from the octets to
the write.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product

from iso15118.session.services import ControlMode
from tools.bench.measure import Goal, Progress, Row, Table, Timing, micro
from tools.bench.peer import Visit, echoed
from tools.bench.serving import server

MOST = 3.5
"""The goal: a charge-loop answer takes at most so many times the echo, by medians."""
BREATH = 0.24
"""s between a charge-loop answer and the next request, at a car's pace."""
PACED = 20
"""Charge loops of a session at that pace."""


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """A row a message, the charge loop in both control modes. Raises OSError or ValueError where a server fails."""
    heaped = loops = max(100, calls // 4)
    session: defaultdict[str, list[Timing]] = defaultdict(list)
    single: defaultdict[str, list[float]] = defaultdict(list)
    echo: defaultdict[str, list[Timing]] = defaultdict(list)
    sizes: dict[str, tuple[int, int]] = {}
    inside: defaultdict[str, list[Timing]] = defaultdict(list)
    with server("session") as charger, server("echo") as echoing:
        for mode in ControlMode:
            Visit(charger.port, mode).run(100)  # not timed
        for repeat in range(repeats):
            for mode, breath in product(ControlMode, (BREATH, 0.0)):
                loops = PACED if breath else heaped
                progress(f"answer: {mode.name.lower()} session, repeat {repeat + 1} of {repeats}")
                visit = Visit(charger.port, mode, breath)
                visit.run(loops)
                sizes |= visit.sizes
                for name, times in visit.times.items():
                    if name.startswith("DC_ChargeLoop"):
                        session[name].append(Timing.of(times))
                        inside[name].append(Timing.of(charger.inside()[-loops:]))
                        echo[name].append(Timing.of(echoed(echoing.port, *visit.sizes[name], loops, breath)))
                    else:
                        single[name] += times
            for name in single:
                echo[name].append(Timing.of(echoed(echoing.port, *sizes[name], max(50, loops // 10))))
    progress()
    answers = {name: Timing.of(times) for name, times in single.items()} | {name: Timing.median(all_) for name, all_ in session.items()}
    counts = {name: len(times) for name, times in single.items()}
    within = {name: Timing.median(timings) for name, timings in inside.items()}
    rows = [_row(name, sizes[name], answers[name], Timing.median(echo[name]), within.get(name), counts.get(name)) for name in answers]
    goals = tuple(
        Goal(f"{name}, times the echo", answers[name] / Timing.median(echo[name]), MOST) for name in session if not name.endswith("heaps")
    )
    return Table(
        "answer",
        f"us from request to response over loopback; charge loop: median of {repeats} sessions of {PACED} exchanges, in heaps {heaped}",
        ("message", "octets", "p50", "p99", "echo p50", "echo p99", "ratio", "inside p50"),
        tuple(rows),
        notes=("messages of which a session has only few are timed a few times only: their p99 is their longest",),
        goals=goals,
    )


def _row(name: str, size: tuple[int, int], answer: Timing, echo: Timing, inside: Timing | None, count: int | None) -> Row:
    ratio = answer / echo
    figures = (answer.p50, answer.p99, echo.p50, echo.p99)
    cells = (name, f"{size[0]}/{size[1]}", *map(micro, figures), f"{ratio:.2f}", micro(inside.p50) if inside else "")
    told: dict[str, object] = dict(zip(("p50_s", "p99_s", "echo_p50_s", "echo_p99_s"), figures, strict=True))
    data: dict[str, object] = {
        "message": name,
        "request_octets": size[0],
        "response_octets": size[1],
        "timed": count,
        "ratio": ratio,
        **told,
    }
    if inside:
        data |= {"inside_p50_s": inside.p50, "inside_p99_s": inside.p99}
    return Row(cells, data)
