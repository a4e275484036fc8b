"""What a control board is told and what it tells, in the frames of `hal.frames` (hw/control-board.md). Pure.

All numbers big-endian. Where a board has no such thing, it says NaN, or leaves the flag 0.
"""

from __future__ import annotations

import struct
from enum import IntFlag
from typing import Final

from iso15118.errors import CodecError
from iso15118.hal.frames import Word, frame
from iso15118.power import Pilot
from iso15118.units import Ampere, Second, Volt
from iso15118.value import Value

_LEVELS: Final = struct.Struct(">IHBH")
_BOARD: Final = struct.Struct(">IHBfff")


class Order(IntFlag):
    """Levels that are wanted."""

    CONTACTOR = 1
    LOCK = 2


class Input(IntFlag):
    """Levels that are there."""

    PLUS_OPEN = 1
    """Mirror contact of the pole says that it is open; one that says neither is on its way, or broken."""
    PLUS_CLOSED = 2
    MINUS_OPEN = 4
    MINUS_CLOSED = 8
    LOCKED = 16
    STOP = 32
    """The emergency stop is pressed, or its loop is broken."""
    DOOR = 64
    """An enclosure is open."""
    RESIDUAL = 128
    """The residual current device has tripped."""
    OVER_VOLTAGE = 256
    """The over-voltage monitor has tripped, and has opened the contactor by itself."""


class Levels(Value):
    """What is wanted. It lives for `life` s on the board, which then opens the contactor by itself. `number` rises."""

    number: int
    life: Second
    orders: Order
    duty: float
    """Of the oscillator, percent; 100: steady."""

    def to_bytes(self) -> bytes:
        """A whole frame."""
        return frame(Word.LEVELS, _LEVELS.pack(self.number, round(self.life * 1000), self.orders, round(self.duty * 100)))

    @classmethod
    def from_bytes(cls, body: bytes) -> Levels:
        """From the body of a LEVELS. Raises CodecError."""
        if len(body) != _LEVELS.size:
            raise CodecError(f"a LEVELS of {len(body)} octets, not {_LEVELS.size}")
        number, life, orders, duty = _LEVELS.unpack(body)
        if orders > 3 or duty > 10_000:
            raise CodecError(f"a LEVELS with orders {orders:#x} and a duty cycle of {duty / 100} percent")
        return cls(number, life / 1000, Order(orders), duty / 100)


class BoardState(Value):
    """What is there. `heard`: the number of the last LEVELS that was obeyed."""

    heard: int
    inputs: Input
    pilot: Pilot
    voltage: Volt
    """On the vehicle's side of the contactor."""
    celsius: float
    ampacity: Ampere

    def to_bytes(self) -> bytes:
        """A whole frame."""
        return frame(Word.BOARD, _BOARD.pack(self.heard, self.inputs, self.pilot, self.voltage, self.celsius, self.ampacity))

    @classmethod
    def from_bytes(cls, body: bytes) -> BoardState:
        """From the body of a BOARD. Raises CodecError."""
        if len(body) != _BOARD.size:
            raise CodecError(f"a BOARD of {len(body)} octets, not {_BOARD.size}")
        heard, inputs, pilot, voltage, celsius, ampacity = _BOARD.unpack(body)
        if inputs > 511 or pilot > 5:
            raise CodecError(f"a BOARD with inputs {inputs:#x} and pilot {pilot}")
        return cls(heard, Input(inputs), Pilot(pilot), voltage, celsius, ampacity)
