"""As `fleet`, over mutual TLS 1.3: 300 outlets in one process, 300 simulated cars in another; beside it the same without TLS, and the echo
behind asyncio's own TLS.
"""

from __future__ import annotations

from tools.bench.fleet import CARS, MOST, PACE, SECONDS
from tools.bench.measure import Goal, Progress, Table, Timing
from tools.bench.serving import server
from tools.bench.stay import HEADS, stay
from tools.bench.tls import certificates

MEMORY = 200.0
"""The goal: kB that TLS may add to what the process grows by with a connection."""


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """One run, whatever `repeats` says; with fewer `calls` a shorter one. Raises OSError where a process fails."""
    seconds = max(10.0, SECONDS * min(1.0, calls / 2_000))
    with certificates() as folder:
        progress(f"tls_fleet: {CARS} cars, {seconds:.0f} s")
        with server("fleet", f"{CARS}", str(folder)) as station:
            fleet = stay(station, PACE, seconds, folder=folder)
        progress("tls_fleet: without TLS")
        with server("fleet", f"{CARS}") as station:
            plain = stay(station, PACE, max(10.0, seconds / 4))
        progress("tls_fleet: echo")
        with server("echo", str(folder)) as echoing:
            echo = stay(echoing, PACE, max(10.0, seconds / 4), echo=CARS, folder=folder)
    each = [grown.memory / 1e3 / CARS for grown in (fleet, plain, echo)]
    goals = (
        Goal("99th percentile of the answers", 1e3 * Timing.of(fleet.waits).p99, MOST, "ms"),
        Goal("sessions that ended early or not in order", len(fleet.wrong), 0),
        Goal("memory that TLS adds to a connection", each[0] - each[1], MEMORY, "kB"),
    )
    title = f"{CARS} cars on one station process over TLS, each {PACE * 1e3:.0f} ms after its last answer, {seconds:.0f} s"
    rows = (fleet.row("station"), plain.row("station, no TLS"), echo.row("echo"))
    note = f"a session and its recording: {each[0]:.0f} kB over TLS, {each[1]:.0f} kB without; echo {each[2]:.0f} kB"
    return Table("tls_fleet", title, HEADS, rows, notes=(note, *fleet.wrong[:3]), goals=goals)
