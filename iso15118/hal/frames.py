"""How a guard that lives elsewhere is spoken to: words in frames, the same on a socket and on a serial line (hw/guard-protocol.md).

A frame: C5 5C, the length of word and body (2 octets), the word (1), the body, CRC-32 (IEEE 802.3) of length, word and body (4), all
big-endian. Whatever is no frame is passed over, octet by octet, so that a line that has been disturbed finds its way back. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple
from zlib import crc32

from iso15118.errors import CodecError, DeviceFault
from iso15118.power import FAULTS, Command, Telemetry
from iso15118.units import Second

SYNC: Final = b"\xc5\x5c"
LONGEST: Final = 4096
"""Octets of word and body."""
VERSION: Final = 2

_LENGTH = struct.Struct(">H")
_CRC = struct.Struct(">I")
_AT = struct.Struct(">d")
_NUMBERED = struct.Struct(">IB")
_HEARD = struct.Struct(">Id")
_EMPTY: Final = len(SYNC) + _LENGTH.size + _CRC.size


class Word(IntEnum):
    """What is said; from 16 on by the guard."""

    SETUP = 1
    """What it is to guard, as JSON: to a process only, once, first."""
    COMMAND = 2
    """A numbered set-point, and when it was wanted."""
    RESET = 3
    """Forget faults. Numbered."""
    TRIP = 4
    """Latch a fault. Numbered."""
    PERMIT = 5
    """May energy come out of the vehicle? Numbered."""
    PHASES = 7
    """Feed one phase, or three, from the next time on that nothing flows. Numbered."""
    LEVELS = 6
    """To a control board: what is wanted of contactor, lock and oscillator, for a while (`controls.words`)."""
    HELLO = 16
    """Version of these words, then the meter's id: it is ready."""
    TELEMETRY = 17
    """After every cycle: the number of the last numbered word that was heard, what metal is told, and a `power.Telemetry`."""
    NOTE = 18
    """A line for the log."""
    TOKEN = 19
    """What was shown to a reader at the outlet, UTF-8."""
    BOARD = 20
    """From a control board: its inputs."""


class Report(NamedTuple):
    """A TELEMETRY. `heard`: the last numbered word the guard has done; `demanded`: A, or W of alternating current, + into the vehicle."""

    heard: int
    demanded: float
    telemetry: Telemetry


def frame(word: Word, body: bytes = b"") -> bytes:
    """The octets of a word. Raises CodecError where the body is too long."""
    if len(body) >= LONGEST:
        raise CodecError(f"a frame of {len(body)} octets; allowed: {LONGEST - 1}")
    inner = _LENGTH.pack(1 + len(body)) + bytes([word]) + body
    return SYNC + inner + _CRC.pack(crc32(inner))


def command(wanted: Command, at: Second) -> bytes:
    """A COMMAND that was wanted at `at`, monotonic s: on one machine its life counts from there, over a line from when it is heard."""
    return frame(Word.COMMAND, _AT.pack(at) + wanted.to_bytes())


def read_command(body: bytes) -> tuple[Command, Second]:
    """The command and its moment. Raises CodecError."""
    if len(body) < _AT.size:
        raise CodecError(f"a COMMAND of {len(body)} octets")
    return Command.from_bytes(body[_AT.size :]), float(_AT.unpack_from(body)[0])


def numbered(word: Word, number: int, argument: int = 0) -> bytes:
    """A RESET, TRIP (argument: which fault) or PERMIT (0 or 1). `number` rises, 1 to 2^32 - 1."""
    return frame(word, _NUMBERED.pack(number, argument))


def read_numbered(body: bytes) -> tuple[int, int]:
    """Number and argument. Raises CodecError."""
    if len(body) != _NUMBERED.size:
        raise CodecError(f"a numbered word of {len(body)} octets, not {_NUMBERED.size}")
    number, argument = _NUMBERED.unpack(body)
    return number, argument


def fault(argument: int) -> DeviceFault:
    """The fault of a TRIP. Raises CodecError for one that is none."""
    if argument >= len(FAULTS):
        raise CodecError(f"fault {argument} in a TRIP; allowed: 0..{len(FAULTS) - 1}")
    return FAULTS[argument]


def trip(number: int, what: DeviceFault) -> bytes:
    """A TRIP."""
    return numbered(Word.TRIP, number, FAULTS.index(what))


def report(heard: int, demanded: float, telemetry: Telemetry) -> bytes:
    """A TELEMETRY."""
    return frame(Word.TELEMETRY, _HEARD.pack(heard, demanded) + telemetry.to_bytes())


def read_report(body: bytes) -> Report:
    """What is in a TELEMETRY. Raises CodecError."""
    if len(body) < _HEARD.size:
        raise CodecError(f"a TELEMETRY of {len(body)} octets")
    heard, demanded = _HEARD.unpack_from(body)
    return Report(heard, demanded, Telemetry.from_bytes(body[_HEARD.size :]))


class Frames:
    """Puts frames together from octets as they come."""

    def __init__(self) -> None:
        self.passed_over = 0
        """Octets that belonged to no frame."""
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> Iterator[tuple[Word, bytes]]:
        """The words that are whole now, with their bodies; those nobody knows are left out."""
        buffer = self._buffer
        buffer += octets
        while (found := self._next()) is not None:
            if found:
                yield Word(found[0]), found[1:]

    def _next(self) -> bytes | None:
        """Word and body of the next frame; empty: one that nobody knows; None: nothing whole is there."""
        buffer = self._buffer
        while True:
            start = buffer.find(SYNC)
            if start < 0:
                keep = 1 if buffer.endswith(SYNC[:1]) else 0
                self._drop(len(buffer) - keep)
                return None
            self._drop(start)
            if len(buffer) < _EMPTY:
                return None
            (length,) = _LENGTH.unpack_from(buffer, len(SYNC))
            if not 1 <= length <= LONGEST:
                self._drop(len(SYNC))
                continue
            if len(buffer) < _EMPTY + length:
                return None
            end = len(SYNC) + _LENGTH.size + length
            inner = bytes(buffer[len(SYNC) : end])
            if _CRC.unpack_from(buffer, end)[0] != crc32(inner):
                self._drop(len(SYNC))
                continue
            del buffer[: end + _CRC.size]
            said = inner[_LENGTH.size :]
            return said if said[0] in _WORDS else b""

    def _drop(self, count: int) -> None:
        if count:
            self.passed_over += count
            del self._buffer[:count]


_WORDS: Final = frozenset(int(word) for word in Word)
