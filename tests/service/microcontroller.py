"""A guard over a simulated outlet at the other end of a pseudo terminal: in a thread of a test, or as a process beside a session."""

from __future__ import annotations

import os
import pty
import sys
import threading
import time
import tty
from contextlib import suppress

from iso15118.errors import ChargeloopError
from iso15118.hal import frames
from iso15118.hal.board import Board
from iso15118.hal.frames import Frames, Word
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import outlet

AHEAD = 5000.0
"""s by which its clock is ahead of ours."""
BOARD = Board(settings={"insulation_test_time": 0.05, "bleed_time": 0.05, "lock_delay": 0.01, "contactor_delay": 0.01})


class Microcontroller:
    """A guard over a simulated outlet at the other end of a pseudo terminal."""

    def __init__(self, ends: tuple[int, int] | None = None) -> None:
        """`ends`: of a pseudo terminal that is there."""
        self.master, self._slave = ends or pty.openpty()
        tty.setraw(self.master)
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.device = os.ttyname(self._slave)
        self.silent = False
        self.metal = outlet(BOARD)
        self.start()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def start(self) -> None:
        self.guard = Guard(self.metal)  # type: ignore[arg-type]
        self.frames, self.heard = Frames(), 0

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        os.close(self.master)
        os.close(self._slave)

    def _run(self) -> None:
        turn = 0
        while not self._over.wait(0.01):
            now = time.monotonic() + AHEAD
            with suppress(BlockingIOError):
                for word, body in self.frames.feed(os.read(self.master, 4096)):
                    with suppress(ChargeloopError):
                        self._do(word, body, now)
            telemetry = self.guard.cycle(now)
            if turn % 100 == 0:
                self._say(frames.frame(Word.HELLO, bytes([frames.VERSION]) + b"UC-7"))
            self._say(frames.report(self.heard, self.guard.demanded, telemetry))
            turn += 1

    def _say(self, octets: bytes) -> None:
        if not self.silent:
            with suppress(BlockingIOError):
                os.write(self.master, octets)

    def _do(self, word: Word, body: bytes, now: float) -> None:
        if word is Word.COMMAND:
            self.guard.command(frames.read_command(body)[0], now)
            return
        number, argument = frames.read_numbered(body)
        self.heard = number
        if word is Word.RESET:
            self.guard.reset()
        elif word is Word.TRIP:
            self.guard.trip(frames.fault(argument))
        elif word is Word.PERMIT:
            self.guard.permit(bool(argument))


if __name__ == "__main__":
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    Microcontroller((int(sys.argv[1]), int(sys.argv[2])))
    threading.Event().wait()
