"""The way to a guard on a microcontroller: the words of hw/guard-protocol.md over a serial line, met like any other guard.

It has its own clock, its own limits and its own metal. A line that is lost is opened anew; a guard that has started anew stays latched off
until it is reset, since nobody knows what became of metal meanwhile.
"""

from __future__ import annotations

import os
import termios
import time
import tty
from contextlib import suppress
from typing import Final

from iso15118.errors import DeviceFault, LocalError
from iso15118.hal.frames import Frames, Word
from iso15118.power import Measured, Reading, Telemetry
from iso15118.service.guard_link import AGAIN, STARTING, GuardLink
from iso15118.service.log import Log
from iso15118.units import Second
from iso15118.value import replace

BAUD: Final = 921_600


class SerialLine:
    """A serial device as raw octets; like a socket that does not block."""

    def __init__(self, device: str, baud: int = BAUD) -> None:
        """Raises LocalError for a rate that there is not, OSError where the device cannot be had."""
        speed = getattr(termios, f"B{baud}", None)
        if speed is None:
            raise LocalError(f"{device}: {baud} bit/s; allowed: a rate that the system knows, such as {BAUD}")
        self._file = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            tty.setraw(self._file)
            attributes = termios.tcgetattr(self._file)
            attributes[4] = attributes[5] = speed
            attributes[2] |= termios.CLOCAL | termios.CREAD
            termios.tcsetattr(self._file, termios.TCSANOW, attributes)
        except termios.error as error:
            os.close(self._file)
            raise OSError(f"{device}: no serial device: {error}") from None

    def fileno(self) -> int:
        """For `select`."""
        return self._file

    def send(self, octets: bytes) -> int:
        """How many went. Raises BlockingIOError where none does, OSError where the device is gone."""
        return os.write(self._file, octets)

    def recv(self, most: int) -> bytes:
        """What has come. Raises BlockingIOError where nothing has, OSError where the device is gone."""
        octets = os.read(self._file, most)
        if not octets:
            raise BlockingIOError
        return octets

    def close(self) -> None:
        """Let it go."""
        with suppress(OSError):
            os.close(self._file)


class SerialGuardLink(GuardLink):
    """One guard at a serial line. `meter_id`: what it has said in its HELLO."""

    def __init__(self, name: str, device: str, *, discharge_allowed: bool, baud: int = BAUD, log: Log | None = None) -> None:
        """Waits for its first words. Raises LocalError where none come."""
        self._device, self._baud = device, baud
        self._begin(name, discharge_allowed, log)
        self._line = None
        self._open()
        if not self._until(lambda: self._newest is not None and bool(self.meter_id), STARTING):
            self.close()
            raise LocalError(f"{name}: no guard at {device}: {self._note or f'not ready within {STARTING:g} s'}")
        self._number = 0 if self._newest is None else self._newest.heard
        self.permit(discharge_allowed)

    @property
    def pid(self) -> int:
        """0: it is no process."""
        return 0

    def close(self) -> None:
        """Say nothing any more: it brings metal to rest."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _open(self) -> None:
        try:
            self._line = SerialLine(self._device, self._baud)
        except OSError as error:
            raise LocalError(f"{self._name}: no guard at {self._device}: {error.strerror or error}") from None
        self._frames, self._newest, self._started = Frames(), None, time.monotonic()

    def _again(self, now: Second) -> None:
        if self._line is not None or now - self._started <= AGAIN:
            return
        self._started = now
        with suppress(LocalError):
            self._open()
            self._log.warning("guard line", f"{self._name}: the line to the guard is open again")
            self._anew()

    def _anew(self) -> None:
        """What it held before is not trusted until somebody resets it."""
        self.trip(DeviceFault.COMMUNICATION)
        self.permit(self._permitted)
        if self._phases:
            self.phases(self._phases)

    def _take(self, word: Word, body: bytes, now: Second) -> None:
        before = self._newest
        super()._take(word, body, now)
        if self._newest is None or self._newest is before:
            return
        telemetry = self._newest.telemetry
        if before is not None and telemetry.number < before.telemetry.number:
            self._number = self._newest.heard
            self._log.warning("guard started anew", f"{self._name}: the guard has started anew")
            self._anew()
        self._newest = self._newest._replace(telemetry=_here(telemetry, now))

    def _gone(self) -> None:
        self.close()


def _here(telemetry: Telemetry, now: Second) -> Telemetry:
    """With its moments on our clock: the newest of them is now."""
    reading = telemetry.reading
    measured = {name: value for name in Reading.__fields__ if isinstance(value := getattr(reading, name), Measured)}
    shift = now - max(value.at for value in measured.values())
    moved = {name: replace(value, at=value.at + shift) for name, value in measured.items()}
    return replace(telemetry, reading=replace(reading, **moved))
