"""Many cars at one station: 300 outlets in one process, with their metal, guards and recorders, and 300 simulated cars in another,
over TCP on loopback in real time. Then the echo with as many connections at the same pace.

The answer times are as the cars see them, so with whatever their own process adds: it has as much to do as the station's.
"""

from __future__ import annotations

import os

from tools.bench.measure import Goal, Progress, Table, Timing
from tools.bench.serving import server
from tools.bench.stay import HEADS, stay

CARS = int(os.environ.get("FLEET_CARS", "300"))
"""FLEET_CARS=250 make bench ARGS="--only fleet" finds out where a machine has its limit."""
PACE = 0.1
"""s between the answer and the next request of each car."""
SECONDS = 60.0
MOST = 25.0
"""The goal: ms, of the 99th percentile."""


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """One run, whatever `repeats` says; with fewer `calls` a shorter one. Raises OSError where a process fails."""
    seconds = max(10.0, SECONDS * min(1.0, calls / 2_000))
    progress(f"fleet: {CARS} cars, {seconds:.0f} s")
    with server("fleet", f"{CARS}") as station:
        fleet = stay(station, PACE, seconds)
    progress("fleet: echo")
    with server("echo") as echoing:
        echo = stay(echoing, PACE, max(10.0, seconds / 4), echo=CARS)
    goals = (
        Goal("99th percentile of the answers", 1e3 * Timing.of(fleet.waits).p99, MOST, "ms"),
        Goal("sessions that ended early or not in order", len(fleet.wrong), 0),
    )
    title = f"{CARS} cars on one station process, each {PACE * 1e3:.0f} ms after its last answer, {seconds:.0f} s"
    rows = (fleet.row("station"), echo.row("echo"))
    return Table("fleet", title, HEADS, rows, notes=tuple(fleet.wrong[:3]), goals=goals)
