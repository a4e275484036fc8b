"""The way to a guard in a process of its own (`guardian`): starts it, and is met like a guard that is here (`actuate.GuardLike`).

Nothing here waits for it, but the start and `reset`, which is for the time between two sessions. Silence of more than `SILENT` is a fault;
a process that has ended is started anew, and what it guards stays latched off until it is reset.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

from iso15118.errors import CodecError, DeviceError, DeviceFault, LocalError
from iso15118.hal import frames
from iso15118.hal.board import Board
from iso15118.hal.frames import Frames, Report, Word
from iso15118.power import Command, Limits, Telemetry
from iso15118.service.guardian import setup
from iso15118.service.log import Log
from iso15118.units import Second

STARTING: Final[Second] = 5.0
"""A process that is not ready by then never will be."""
SILENT: Final[Second] = 0.1
"""Without a word of the guard for so long, nobody knows what metal does."""
RESETTING: Final[Second] = 0.04
"""Four cycles, within which a reset has been done; what has not been done by then is seen with the next telemetry."""
AGAIN: Final[Second] = 1.0
"""Between two starts of a process that ends."""


class Line(Protocol):
    """What is needed of a socket that does not block."""

    def fileno(self) -> int: ...
    def send(self, octets: bytes, /) -> int: ...
    def recv(self, most: int, /) -> bytes: ...
    def close(self) -> None: ...


class GuardLink:
    """One guard elsewhere. `meter_id`: that of the meter it holds."""

    def __init__(
        self, name: str, board: Board, limits: Limits, *, discharge_allowed: bool, trace: str = "", log: Log | None = None
    ) -> None:
        """Starts it and waits until it is ready. `trace`: as `guardian.setup`. Raises LocalError where it cannot guard this board."""
        self._setup = partial(setup, board, limits, discharge_allowed=discharge_allowed, trace=trace)
        self._begin(name, discharge_allowed, log)
        self._start()
        if not self._until(lambda: self._newest is not None, STARTING):
            self.close()
            raise LocalError(f"{name}: no guard for board {board.name!r}: {self._note or f'not ready within {STARTING:g} s'}")

    def tokens(self) -> tuple[str, ...]:
        """What was shown to the outlet's reader since the last time."""
        shown = tuple(self._shown)
        self._shown.clear()
        return shown

    def _begin(self, name: str, discharge_allowed: bool, log: Log | None) -> None:
        self._name = name
        self._log = log or Log()
        self._line: Line | None = None
        self._frames = Frames()
        self._number = 0
        self._newest: Report | None = None
        self._came: Second = 0.0
        self._started: Second = 0.0
        self._note = ""
        self._permitted = discharge_allowed
        self._phases = 0
        self._shown: list[str] = []
        self.meter_id = ""

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def command(self, command: Command, now: Second) -> bool:
        """Send it; whether the guard takes it to heart is seen in its telemetry."""
        return self._say(frames.command(command, now))

    def cycle(self, now: Second) -> Telemetry:
        """The newest that has come; the guard takes its turns by itself. Raises DeviceError where it is silent or gone."""
        now = time.monotonic()
        self._hear(now)
        self._again(now)
        if self._newest is None or self._line is None or now - self._came > SILENT:
            raise DeviceError(DeviceFault.COMMUNICATION, "the guard is gone" if self._line is None else "the guard is silent")
        return self._newest.telemetry

    def reset(self) -> None:
        """Have it forget its faults, and wait for that a moment."""
        number = self._numbered(Word.RESET)
        self._until(lambda: self._newest is not None and self._newest.heard >= number, RESETTING)

    def trip(self, fault: DeviceFault) -> None:
        """Have it latch a fault."""
        self._number += 1
        self._say(frames.trip(self._number, fault))

    def permit(self, discharge: bool) -> None:
        """May energy come out of the vehicle?"""
        self._permitted = discharge
        self._numbered(Word.PERMIT, int(discharge))

    def phases(self, wanted: int) -> None:
        """Have it feed so many phases, from the next time on that nothing flows."""
        self._phases = wanted
        self._numbered(Word.PHASES, wanted)

    def close(self) -> None:
        """Leave it alone: it brings metal to rest, and ends."""
        if self._line is not None:
            self._line.close()
            self._line = None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)

    def _again(self, now: Second) -> None:
        if self._line is None and now - self._started > AGAIN and self._process.poll() is not None:
            self._log.warning("guard started anew", f"{self._name}: the guard's process has ended and is started anew")
            self._start(latched=True)

    def _until(self, done: Callable[[], bool], seconds: Second) -> bool:
        """Listen for so long at most. True: it is done."""
        until = time.monotonic() + seconds
        while not done() and self._line is not None and (left := until - time.monotonic()) > 0:
            select.select([self._line], [], [], left)
            self._hear(time.monotonic())
        return done()

    def _start(self, *, latched: bool = False) -> None:
        """`latched`: a guard that is new knows of nothing: what its predecessor held is not trusted until somebody resets it."""
        here, there = socket.socketpair()
        command = [sys.executable, "-m", "iso15118.service.guardian", str(there.fileno())]
        with there:
            self._process = subprocess.Popen(
                command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
            )
        here.setblocking(False)
        self._line = here
        self._frames, self._newest, self._started = Frames(), None, time.monotonic()
        self._say(frames.frame(Word.SETUP, self._setup(latched=latched)))
        if latched:
            self.permit(self._permitted)
            if self._phases:
                self.phases(self._phases)

    def _numbered(self, word: Word, argument: int = 0) -> int:
        self._number += 1
        self._say(frames.numbered(word, self._number, argument))
        return self._number

    def _say(self, octets: bytes) -> bool:
        """Into the socket, whole or not at all: it has room for hundreds of words."""
        if self._line is None:
            return False
        try:
            return self._line.send(octets) == len(octets)
        except BlockingIOError:
            return False
        except OSError:
            self._gone()
            return False

    def _hear(self, now: Second) -> None:
        """Take whatever has come."""
        while self._line is not None:
            try:
                octets = self._line.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                octets = b""
            if not octets:
                self._gone()
                return
            for word, body in self._frames.feed(octets):
                self._take(word, body, now)

    def _take(self, word: Word, body: bytes, now: Second) -> None:
        if word is Word.TELEMETRY:
            try:
                self._newest, self._came = frames.read_report(body), now
            except CodecError as error:
                self._log.error("guard", f"{self._name}: {error}")
        elif word is Word.HELLO:
            self.meter_id = body[1:].decode(errors="replace")
        elif word is Word.TOKEN:
            self._shown = [*self._shown, body.decode(errors="replace")][-4:]
        elif word is Word.NOTE:
            self._note = body.decode(errors="replace")
            if self._newest is not None:
                self._log.error("driver", f"{self._name}: {self._note}")

    def _gone(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0)
