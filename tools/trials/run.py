"""One trial: a controller that charges or discharges, what is done to it, and what its guard then does to metal, by the guard's trace."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

WAYS = ("kill -9", "SIGSTOP", "block", "deadlock", "close")
CURRENT = 50.0
"""A."""
WATCHED = 1.2
"""s after it."""
ZERO, OPEN = 0.350, 0.600
"""s: by then 0 A are commanded, and the contactor is open."""
READY = 20.0


class Trial(NamedTuple):
    """What came of it: s from the moment to 0 A commanded for good, to the contactor open for good, and to the end of the guard."""

    way: str
    current: float
    zero: float
    open: float
    guard_ended: bool

    @property
    def good(self) -> bool:
        """Within the deadlines."""
        return self.zero <= ZERO and self.open <= OPEN


def trial(way: str, current: float) -> Trial:
    """Raises OSError where the controller does not come to the point."""
    with tempfile.TemporaryDirectory(prefix="chargeloop-trial-") as folder:
        trace = Path(folder) / "trace"
        command = [sys.executable, "-m", "tools.trials.controller", str(trace), f"{current}"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            word, _, pid = (process.stdout.readline() if process.stdout else "").partition(" ")
            if word != "ready":
                raise OSError(f"the controller says {word!r}")
            at = _do(process, way)
            time.sleep(WATCHED)
            rows = [line.split() for line in trace.read_text("ascii").splitlines()]
            rows = [row for row in rows if row[5:] == [pid.strip()]]  # without those of a guard that was started after it
        finally:
            process.kill()
            process.wait()
        return Trial(way, current, *_after(rows, at), _ends(int(pid)))


def trials(ways: tuple[str, ...], count: int, together: int = 2) -> list[Trial]:
    """`count` of each way while charging and while discharging."""
    wanted = [(way, current) for way in ways for current in (CURRENT, -CURRENT) for _ in range(count)]
    with ThreadPoolExecutor(together) as pool:
        return list(pool.map(lambda each: trial(*each), wanted))


def _do(process: subprocess.Popen[str], way: str) -> float:
    """Do it, and say when."""
    if way in ("kill -9", "SIGSTOP"):
        at = time.monotonic()
        process.send_signal(signal.SIGKILL if way == "kill -9" else signal.SIGSTOP)
        return at
    if process.stdin is None or process.stdout is None:
        raise OSError("a controller without a line to it")
    process.stdin.write(f"{way}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def _after(rows: list[list[str]], at: float) -> tuple[float, float]:
    """s from `at` to the last row with a demand other than 0, and to the last with a contactor that is not open."""
    flowing = [float(row[0]) for row in rows if float(row[1]) != 0.0]
    closed = [float(row[0]) for row in rows if row[3] != "OPEN"]
    return max(flowing, default=at) - at, max(closed, default=at) - at


def _ends(pid: int) -> bool:
    """Has the guard's process ended by itself, with nobody to lead it?"""
    until = time.monotonic() + 3.0
    while time.monotonic() < until:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text("ascii").rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False
