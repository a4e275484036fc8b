"""The guard of one outlet as a process of its own: `python -m iso15118.service.guardian FD`, a connected socket that it has inherited.

It holds the drivers. Whoever is at the other end may be killed, stopped, blocked or gone: a command lives 300 ms here, whatever is still
to be read, and then the current falls and the contactor opens. When the other end is gone it stays until metal is at rest, and then
ends. It is led by `guard_link.GuardLink`, which starts it; the words are those of `hal.frames`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TextIO

from iso15118.errors import ChargeloopError, CodecError, DeviceFault, LocalError
from iso15118.hal import frames, registry
from iso15118.hal.ac_guard import AcGuard
from iso15118.hal.board import Board
from iso15118.hal.bounds import SAFE_VOLTAGE
from iso15118.hal.frames import Frames, Word
from iso15118.hal.guard import Guard
from iso15118.hal.making import guard_of
from iso15118.hal.monitoring import Surroundings
from iso15118.hal.protocols import AcOutlet, Outlet
from iso15118.power import AcAbilities, Contactor, Limits, Telemetry
from iso15118.service.plain import build, plain
from iso15118.units import Second

CYCLE: Final[Second] = 0.010
SETTING_UP: Final[Second] = 5.0
"""So long it waits to be told what it is to guard."""
LEFT: Final[Second] = 10.0
"""Metal that is not at rest so long after the other end has gone is left as it is: off and open, as far as it can be told."""
NICE: Final = -15
"""Before others, where it may be."""


def setup(board: Board, limits: Limits, *, discharge_allowed: bool, latched: bool = False, trace: str = "") -> bytes:
    """The body of a SETUP. `latched`: it begins with a fault, since nobody knows what became of metal before.

    `trace`: a file that gets a line each cycle: monotonic s, demanded, current, contactor, voltage, process id.
    """
    fields = {name: plain(getattr(board, name)) for name in Board.__fields__ if name != "settings"}
    told = {
        "board": fields,
        "settings": dict(board.settings),
        "limits": plain(limits),
        "discharge_allowed": discharge_allowed,
        "latched": latched,
        "trace": trace,
    }
    return json.dumps(told, default=str).encode()  # a value that no family knows is its to refuse


class Guardian:
    """The process, without its process: metal, its guard, and the line."""

    def __init__(self, line: socket.socket, told: Mapping[str, Any], rest: Frames) -> None:
        """`rest`: what has come behind the SETUP. Raises LocalError for metal that cannot be had."""
        board = _board(told["board"], told["settings"])
        self._line = line
        line.setblocking(False)
        self.outlet: Outlet | AcOutlet = registry.outlet(board)
        limits = build(Limits, told["limits"])
        self.guard: Guard | AcGuard = guard_of(board, self.outlet, limits, discharge_allowed=told["discharge_allowed"], told=self._note)
        self._trace: TextIO | None = open(told["trace"], "a", buffering=1, encoding="ascii") if told["trace"] else None  # noqa: SIM115
        if told["latched"]:
            self.guard.trip(DeviceFault.COMMUNICATION)
        self._frames = rest
        self._out = bytearray(frames.frame(Word.HELLO, bytes([frames.VERSION]) + self.outlet.meter.meter_id.encode()))
        self._heard = 0
        self._alone: Second | None = None
        """Since when nobody is at the other end."""
        self.leaving = False
        """Told to end: no command is taken any more."""

    def run(self) -> None:
        """Cycle after cycle, until the other end has gone and metal is at rest."""
        due = time.monotonic()
        while True:
            self._listen()
            telemetry = self.guard.cycle(now := time.monotonic())
            for token in self.guard.tokens():
                self._out += frames.frame(Word.TOKEN, token.encode()[:64])
            self._report(telemetry)
            if self._over(telemetry, now):
                return
            due = max(due + CYCLE, now)
            select.select([], [], [], max(0.0, due - time.monotonic()))

    def close(self) -> None:
        """Leave metal in its safe state."""
        self.outlet.close()
        with suppress(ChargeloopError):
            self.outlet.advance(time.monotonic())
        if self._trace is not None:
            self._trace.close()

    def _over(self, telemetry: Telemetry, now: Second) -> bool:
        if self._alone is None and not self.leaving:
            return False
        self._alone = now if self._alone is None else self._alone
        r = telemetry.reading
        rest = r.contactor.value is Contactor.OPEN and abs(r.current.value) < 1.0 and r.voltage.value < SAFE_VOLTAGE
        return rest or now - self._alone > LEFT

    # The line.

    def _listen(self) -> None:
        self._take(b"")
        while self._alone is None:
            try:
                octets = self._line.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                octets = b""
            if not octets:
                self._alone = time.monotonic()
                return
            self._take(octets)

    def _take(self, octets: bytes) -> None:
        for word, body in self._frames.feed(octets):
            try:
                self._do(word, body)
            except ChargeloopError as error:
                self._note(str(error))

    def _do(self, word: Word, body: bytes) -> None:
        """One word. Raises CodecError for a body that is none, LocalError where the guard refuses."""
        if word is Word.COMMAND:
            wanted, at = frames.read_command(body)
            if not self.leaving:
                self.guard.command(wanted, min(at, time.monotonic()))
            return
        if word not in (Word.RESET, Word.TRIP, Word.PERMIT, Word.PHASES):
            raise CodecError(f"{word.name} is no word to a guard that guards")
        number, argument = frames.read_numbered(body)
        self._heard = max(self._heard, number)
        if word is Word.RESET:
            self.guard.reset()
        elif word is Word.TRIP:
            self.guard.trip(frames.fault(argument))
        elif word is Word.PHASES:
            self.guard.phases(argument)
        else:
            self.guard.permit(bool(argument))

    def _report(self, telemetry: Telemetry) -> None:
        """To whoever is there; what is not read is not heaped up: the next one is newer."""
        if self._trace is not None:
            r = telemetry.reading
            fields = (f"{time.monotonic():.4f}", f"{self.guard.demanded:.2f}", f"{r.current.value:.2f}")
            print(*fields, r.contactor.value.name, f"{r.voltage.value:.1f}", os.getpid(), file=self._trace)
        if self._alone is not None:
            return
        if not self._out:
            self._out += frames.report(self._heard, self.guard.demanded, telemetry)
        try:
            while self._out:
                del self._out[: self._line.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self._alone = time.monotonic()

    def _note(self, text: str) -> None:
        """A line for the other end's log; one at a time, so that a flood is none."""
        if len(self._out) < frames.LONGEST:
            self._out += frames.frame(Word.NOTE, text.encode()[: frames.LONGEST - 2])


def _board(fields: Mapping[str, Any], settings: Mapping[str, object]) -> Board:
    words = dict(fields) | {"limits": build(Limits, fields["limits"]), "settings": settings}
    words["surroundings"] = build(Surroundings, fields["surroundings"])
    words["ac"] = None if fields["ac"] is None else build(AcAbilities, fields["ac"])
    return Board(**words)


def _told(line: socket.socket, found: Frames) -> Mapping[str, Any]:
    """The SETUP, which comes first; what has come behind it stays in `found`. Raises LocalError where none comes."""
    line.settimeout(SETTING_UP)
    try:
        while octets := line.recv(65536):
            for word, body in found.feed(octets):
                if word is Word.SETUP:
                    told: Mapping[str, Any] = json.loads(body)
                    return told
    except (OSError, ValueError) as error:
        raise LocalError(f"a guard that is not told what to guard: {error}") from None
    raise LocalError("a guard that is not told what to guard")


def main() -> int:
    """Guard until nobody is there any more. 1 where metal cannot be had: the reason is a NOTE."""
    line = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: whoever leads decides
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    try:
        guardian = Guardian(line, _told(line, rest := Frames()), rest)
    except ChargeloopError as error:
        with suppress(OSError):
            line.sendall(frames.frame(Word.NOTE, str(error).encode()[: frames.LONGEST - 2]))
        return 1

    def leave(number: int, stack: object) -> None:
        guardian.leaving = True

    signal.signal(signal.SIGTERM, leave)
    try:
        guardian.run()
    finally:
        guardian.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
