"""A control board on a serial line: `[composed.controls] driver = "serial"`.

    [composed.controls]
    driver = "serial"
    device = "/dev/ttyControl"       # or socket://HOST:PORT, on a bench
    baud = 921600

A thread says what is wanted each 20 ms and takes what the board says. Levels live 300 ms there: a line that is cut, and a charger that is
killed, open the contactor. Here a device that is not asked for `FORGOTTEN` wants nothing any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import nan
from typing import Any, Final

from iso15118.errors import CodecError, LocalError
from iso15118.hal.board import fill
from iso15118.hal.controls.levels import BoardReader, devices
from iso15118.hal.controls.words import BoardState, Input, Levels, Order
from iso15118.hal.frames import Frames, Word
from iso15118.power import Measured, Pilot
from iso15118.units import Second
from iso15118.value import Value

EVERY: Final[Second] = 0.020
LIFE: Final[Second] = 0.300
FIRST: Final[Second] = 3.0
"""A board that has not said a word by then is not there."""
PAUSE: Final[Second] = 0.5
"""Before a line that has failed is opened anew."""
UNKNOWN: Final = BoardState(0, Input(0), Pilot.A, nan, nan, 0.0)


class LineKeys(Value):
    """Keys of the table."""

    device: str = ""
    """A serial device, or a URL of pyserial."""
    baud: int = 921_600
    heat: bool = True
    """The board measures a temperature."""
    voltage: bool = True
    """The board measures the voltage behind the contactor."""


class SerialBoard:
    """`controls.levels.ControlBoard`. `why`: what the line has failed of last; empty: nothing."""

    def __init__(self, keys: LineKeys) -> None:
        """Raises LocalError without pyserial."""
        try:
            import serial
        except ImportError:
            raise LocalError("a control board on a serial line needs pyserial: pip install 'chargeloop[serial]'") from None
        self.orders = Order(0)
        self.duty = 100.0
        self.why = ""
        self.notes: list[str] = []
        """What the board has said for the log; the last few."""
        self._open: Callable[[], Any] = lambda: serial.serial_for_url(keys.device, baudrate=keys.baud, timeout=EVERY, write_timeout=0.1)
        self._failed = (serial.SerialException, OSError)
        self._state = Measured(UNKNOWN, float("-inf"))
        self._number = 0
        self._asked = time.monotonic()
        self._over = threading.Event()
        self._first = threading.Event()
        self._shown: list[str] = []
        self.also: Mapping[str, Any] = {**devices(self, heat=keys.heat, voltage=keys.voltage), "reader": BoardReader(self._shown)}
        self._thread = threading.Thread(target=self._run, name="control board", daemon=True)
        self._thread.start()

    @property
    def state(self) -> Measured[BoardState]:
        """The newest. Whoever asks is there: that is what keeps the levels alive."""
        self._asked = time.monotonic()
        return self._state

    def first(self, within: Second) -> bool:
        """Wait for its first word."""
        return self._first.wait(within)

    def close(self) -> None:
        """Want nothing any more, say so, and let the line go."""
        self.orders, self.duty = Order(0), 100.0
        self._over.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                line = self._open()
            except self._failed as error:
                self.why = str(error)
                self._over.wait(PAUSE)
                continue
            try:
                self._talk(line)
                self._say(line)
            except self._failed as error:
                self.why = str(error) or type(error).__name__
                self._over.wait(PAUSE)
            finally:
                with suppress(*self._failed):
                    line.close()

    def _talk(self, line: Any) -> None:
        found, due = Frames(), time.monotonic()
        while not self._over.is_set():
            if time.monotonic() >= due:
                self._say(line)
                due = time.monotonic() + EVERY
            for word, body in found.feed(line.read(line.in_waiting or 1)):
                self._take(word, body)

    def _say(self, line: Any) -> None:
        """What is wanted now; of somebody who has not asked for long, nothing."""
        alone = time.monotonic() - self._asked > LIFE
        self._number = self._number % 0xFFFFFFFF + 1
        orders = self.orders & ~Order.CONTACTOR if alone else self.orders
        line.write(Levels(self._number, LIFE, orders, 100.0 if alone else self.duty).to_bytes())

    def _take(self, word: Word, body: bytes) -> None:
        try:
            if word is Word.BOARD:
                self._state = Measured(BoardState.from_bytes(body), time.monotonic())
                self.why = ""
                self._first.set()
            elif word is Word.TOKEN:
                self._shown[:] = [*self._shown, body[:64].decode(errors="replace")][-4:]
            elif word is Word.NOTE:
                self.notes = [*self.notes, body.decode(errors="replace")][-8:]
        except CodecError as error:
            self.why = str(error)


def controls(table: Mapping[str, object], file: str, path: str) -> SerialBoard:
    """The board that a table describes, once it has said something. Raises LocalError where it does not."""
    keys = fill(LineKeys(), table, file, path)
    if not keys.device or not keys.baud:
        raise LocalError(f"{file}: {path}: device {keys.device!r}, baud {keys.baud}; allowed: a serial device, and a rate above 0")
    board = SerialBoard(keys)
    if not board.first(FIRST):
        board.close()
        raise LocalError(f"{file}: {path}: no control board at {keys.device}: {board.why or 'silence'}")
    return board
