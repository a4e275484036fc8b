"""A stay: cars (or as many connections to the echo) in the charge loop of a server for some time, and what it took of both processes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from tools.bench.measure import Row, Timing
from tools.bench.serving import Server, cpu, rss

HEADS = ("server", "exchanges", "p50 ms", "p99 ms", "most ms", "bystander ms", "CPU", "asking CPU", "CPU s a 1000")
REQUEST, RESPONSE = 88, 72
"""Octets of a turn of the charge loop, for the echo."""


class Stay(NamedTuple):
    """What came of it. Times in seconds: each answer as the asking side saw it, processor time of the server and of the asking process."""

    seconds: float
    bystander: float
    """The longest that the machine held up a thread that only slept meanwhile: what no server could have helped."""
    waits: list[float]
    wrong: list[str]
    server_cpu: float
    asking_cpu: float
    memory: int = 0
    """Octets by which the server has grown until all were there."""

    def row(self, name: str) -> Row:
        """A line of the table with `HEADS`; "CPU" in percent of a core."""
        timing, most, count = Timing.of(self.waits), max(self.waits), len(self.waits)
        shares = self.server_cpu / self.seconds, self.asking_cpu / self.seconds
        dear = 1000 * self.server_cpu / count
        times = (f"{1e3 * took:.2f}" for took in (timing.p50, timing.p99, most, self.bystander))
        data: dict[str, object] = {
            "server": name,
            "exchanges": count,
            "p50_s": timing.p50,
            "p99_s": timing.p99,
            "most_s": most,
            "bystander_s": self.bystander,
            "server_cpu_s": self.server_cpu,
            "asking_cpu_s": self.asking_cpu,
            "seconds": self.seconds,
            "memory": self.memory,
            "wrong": self.wrong,
        }
        return Row((name, f"{count}", *times, *(f"{share:.0%}" for share in shares), f"{dear:.3f}"), data)


class Bystander(threading.Thread):
    """Sleeps for a moment again and again; `held_up`: by how much the longest was too long, in s."""

    MOMENT = 0.005

    def __init__(self) -> None:
        super().__init__(name="bystander", daemon=True)
        self.held_up = 0.0
        self.over = False

    def run(self) -> None:
        while not self.over:
            began = monotonic()
            sleep(self.MOMENT)
            self.held_up = max(self.held_up, monotonic() - began - self.MOMENT)


def stay(server: Server, pace: float, seconds: float, *, echo: int = 0, folder: Path | None = None) -> Stay:
    """A car at every port of `server`, or `echo` connections to its first. Raises OSError where the asking process fails.

    `folder`: certificates; then all of it is over TLS.
    """
    memory = rss(server.pid)
    what = ("echo", server.port, REQUEST, RESPONSE, echo) if echo else ("cars", *server.ports)
    kind, *numbers = map(str, what)
    command = [sys.executable, "-m", "tools.bench.fleet_cars", kind, str(folder or "-"), f"{pace}", f"{seconds}", *numbers]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    spent: dict[str, tuple[float, float]] = {}
    line, bystander = "", Bystander()
    try:
        for line in process.stdout or ():
            if line.startswith("begun"):
                bystander.start()
                memory = rss(server.pid) - memory
            elif line.startswith("over"):
                bystander.over = True
            spent[line.strip()[:5]] = cpu(server.pid), cpu(process.pid)
    finally:
        if process.poll() is None and not line.startswith("{"):
            process.kill()
        process.wait()
    if not {"begun", "over"} <= spent.keys() or not line.startswith("{"):
        raise OSError("the process that asks has failed")
    told = json.loads(line)
    used = (after - before for before, after in zip(spent["begun"], spent["over"], strict=True))
    return Stay(seconds, bystander.held_up, told["waits"], told["wrong"], *used, memory)
