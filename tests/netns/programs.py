"""Our two programs in network namespaces of their own, and their words as they come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.interop.namespaces import Namespace

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
PATIENCE = 40.0
"""s for anything here: twice what a session takes."""
CAPACITY = 60_000.0
INSECURE = "insecure_plain_tcp = true"


class Program:
    """A process of the test, and its lines as they come."""

    def __init__(self, command: Sequence[str], cwd: Path) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, cwd=cwd, env=ENVIRONMENT, start_new_session=True
        )
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()

    def until(self, done: Callable[[list[str]], bool]) -> None:
        """Wait until the lines are as `done` wants them; fail with all of them if the program ends or time passes before."""
        with self._news:
            assert self._news.wait_for(lambda: done(self.lines) or self._over, PATIENCE), self.told
            assert done(self.lines), self.told

    def wait(self) -> int:
        """Its exit code, once it has ended by itself and said everything."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def close_input(self) -> None:
        """Nothing more is said to it."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    @property
    def told(self) -> str:
        """Everything so far, for the eyes of whoever reads a failure."""
        return "\n".join(self.lines)


@contextmanager
def running(namespace: Namespace, cwd: Path, *command: str) -> Iterator[Program]:
    """A program inside a namespace that has ended when the block has."""
    program = Program(namespace.held(sys.executable, *command), cwd)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()
        program.wait()


@contextmanager
def charger(namespace: Namespace, folder: Path, evses: str, security: str = INSECURE) -> Iterator[Program]:
    """Our charger with these outlets, listening; ended by SIGTERM, and well."""
    (folder / "charger.toml").write_text(f"{security}\n{evses}", encoding="utf-8")
    with running(namespace, folder, "-m", "iso15118", "secc", "charger.toml", "--record", "charger.jsonl") as program:
        program.until(lambda lines: sum("SDP ready" in line for line in lines) == evses.count("[[evse]]"))
        yield program
        program.process.send_signal(signal.SIGTERM)
        assert program.wait() == 0, program.told


@contextmanager
def car(namespace: Namespace, folder: Path, name: str, interface: str, words: str, security: str = INSECURE) -> Iterator[Program]:
    """Our car, on its way to a session."""
    text = f'interface = "{interface}"\n{words}\n{security}\n[battery]\ncapacity = {CAPACITY}\n'
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    with running(namespace, folder, "-m", "iso15118", "evcc", f"{name}.toml", "--record", f"{name}.jsonl") as program:
        yield program


def ended_in_order(car: Program) -> None:
    """The car's session is over, and was one."""
    assert car.wait() == 0, car.told
    assert "session ended in order" in car.told, car.told


def turns(recording: Path) -> list[dict[str, Any]]:
    """The turns of a recorded session, each with its whole world."""
    rows = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    assert "end" in rows[-1], "the recording breaks off"
    world: dict[str, Any] = {}
    found = []
    for row in rows[1:-1]:
        world = world | row["w"]
        found.append({"event": row["e"], "world": world})
    return found
