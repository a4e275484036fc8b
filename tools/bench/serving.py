"""The processes that benches ask, started and ended: what `server` serves, in an interpreter of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A server that has said its ports."""

    def __init__(self, process: subprocess.Popen[str], ports: tuple[int, ...]) -> None:
        self.ports = ports
        self.pid = process.pid
        self._process = process

    @property
    def port(self) -> int:
        """The first."""
        return self.ports[0]

    def inside(self) -> list[float]:
        """Seconds the answers of the latest session have taken inside. Raises OSError if it does not say."""
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("a server without a line to it")
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        return [float(took) for took in json.loads(self._process.stdout.readline() or "[]")]


@contextmanager
def server(kind: str, *more: str) -> Iterator[Server]:
    """A server, which ends with the block. Raises OSError where it does not start."""
    command = [sys.executable, "-m", "tools.bench.server", kind, *more]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        words = (process.stdout.readline() if process.stdout else "").split()
        if not words or not all(map(str.isdigit, words)):
            raise OSError(f"the {kind} server does not start")
        yield Server(process, tuple(map(int, words)))
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used so far."""
    words = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def rss(pid: int) -> int:
    """Octets of memory that a process has at this moment."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
