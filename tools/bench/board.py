"""A slow board, imitated: a charger held to a tenth of one core, stopped for 45 of every 50 ms, and one car at the pace of a car.
Beside it the echo under the same hold.

A processor ten times slower would spread what it does over the whole time; here it does nothing at all for some 45 ms, and a request that
comes then waits, which is harder on the answer time. The turns vary in length, lest the car's pace fall in step with them. The car is not
held.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from tools.bench.measure import Goal, Progress, Table, Timing
from tools.bench.serving import server
from tools.bench.stay import HEADS, stay

SHARE = 0.1
"""Of the time the process may run."""
TURNS = 0.030, 0.070
"""s from one start to the next, the least and the most."""
PACE = 0.25
SECONDS = 600.0
MOST = 150.0
"""The goal: ms, of the 99th percentile."""


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """One run, whatever `repeats` says; with fewer `calls` a shorter one. Raises OSError where a process fails."""
    seconds = SECONDS * min(1.0, calls / 2_000)
    progress(f"board: {seconds:.0f} s")
    with server("session") as charger, _held(charger.pid):
        board = stay(charger, PACE, seconds)
    progress("board: echo")
    with server("echo") as echoing, _held(echoing.pid):
        echo = stay(echoing, PACE, max(10.0, seconds / 10), echo=1)
    goals = (
        Goal("99th percentile of the answers", 1e3 * Timing.of(board.waits).p99, MOST, "ms"),
        Goal("sessions that ended early or not in order", len(board.wrong), 0),
    )
    pace, share = PACE * 1e3, f"{SHARE:.0%} of a core"
    title = f"one car, {pace:.0f} ms after its last answer, {seconds:.0f} s; the charger is held to {share}"
    rows = (board.row("charger"), echo.row("echo"))
    return Table("board", title, HEADS, rows, notes=tuple(board.wrong[:3]), goals=goals)


@contextmanager
def _held(pid: int) -> Iterator[None]:
    """Within the block the process runs in `SHARE` of the time."""
    over = threading.Event()

    def hold() -> None:
        lots = random.Random(1)
        while not over.is_set():
            turn, began = lots.uniform(*TURNS), monotonic()
            os.kill(pid, signal.SIGCONT)
            over.wait(began + SHARE * turn - monotonic())
            os.kill(pid, signal.SIGSTOP)
            over.wait(began + turn - monotonic())
        os.kill(pid, signal.SIGCONT)

    holding = threading.Thread(target=hold, name="hold", daemon=True)
    holding.start()
    try:
        yield
    finally:
        over.set()
        holding.join()
