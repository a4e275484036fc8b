"""A process in a namespace whose output tells how far it is."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tools.interop.namespaces import Namespace

INTERRUPTED: Final = threading.Event()
"""Set when nobody wants to wait any more."""


class CutShortError(Exception):
    """A combination could not be brought to its end: why."""


class Program:
    """A process of ours in a namespace, with its output in a file. It has a session of its own: what it starts ends with it."""

    def __init__(self, namespace: Namespace, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.name = log.stem
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                namespace.held(*command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=environment,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """All of its output so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait(self, what: str, done: Callable[[str], bool], seconds: float) -> None:
        """Until its output is as `done` wants it. Raises CutShortError when it has ended before, or after `seconds`."""
        until = time.monotonic() + seconds
        while not done(self.said):
            code = self.process.poll()
            if code is not None and not done(self.said):
                last = [line for line in self.said.splitlines() if line.strip()][-1:]
                raise CutShortError(f"{self.name} ended with {code} instead of {what}: {''.join(last)[:300]}")
            if time.monotonic() > until:
                raise CutShortError(f"{self.name}: not {what} within {seconds:.0f} s")
            if INTERRUPTED.wait(0.05):
                raise CutShortError("interrupted")

    def end(self) -> None:
        """Ask it, and then make it and its children end."""
        for number, seconds in ((signal.SIGTERM, 6.0), (signal.SIGKILL, 5.0)):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # its Java, where that has stayed


@contextmanager
def running(*arguments: object) -> Iterator[Program]:
    """A `Program` that ends with the block."""
    program = Program(*arguments)  # type: ignore[arg-type]
    try:
        yield program
    finally:
        program.end()
