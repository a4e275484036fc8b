"""A simulated Dold RN5893 on Modbus TCP. When its line is silent it goes into fault by itself.

python -m iso15118.testing.devices.dold --wires FILE --port N
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from iso15118.testing.devices.earth import EarthMonitor
from iso15118.testing.devices.modbus import ModbusDevice, program
from iso15118.testing.devices.wires import World


class Dold(EarthMonitor):
    """`holding`: control word, supervision and its time in ms."""

    def __init__(self, world: World, *, unit: int = 1, **how: Any) -> None:
        super().__init__(world, unit=unit, **how)
        self.holding = [0, 0, 2000]
        self.fault = 0
        self._asked = self._clock()

    def words(self, function: int, address: int, count: int) -> list[int] | None:
        """As `ModbusDevice` says: input registers by function 4, holding ones by 3."""
        self.turn()
        registers = {4: {0: self._fault, 1: self._state, 2000: self._resistance, 2001: 1, 2002: min(round(self.volts), 0xFFFF)}}
        registers[3] = dict(enumerate(self.holding))
        found = [registers.get(function, {}).get(address + i) for i in range(count)]
        return None if None in found else [value for value in found if value is not None]

    def take(self, address: int, words: Sequence[int]) -> bool:
        """Its holding registers. In fault of its line it takes a reset alone."""
        self.turn()
        if self.fault and not (address == 0 and words[0] & 1):
            return False
        if address + len(words) > len(self.holding):
            return False
        rising = address == 0 and words[0] & ~self.holding[0]
        self.holding[address : address + len(words)] = words
        if rising and rising & 0x01:
            self.fault = 0
        if rising and rising & 0x10 and self._state == 1:
            self.order()
        return True

    def turn(self) -> None:
        """As of every monitor; and was its line silent?"""
        now = self._clock()
        if self.holding[1] == 1 and now - self._asked > self.holding[2] / 1e3:
            self.fault = 9
        self._asked = now
        super().turn()

    @property
    def _fault(self) -> int:
        return self.fault or (3 if self.broken else 12 if self.failed else 0)

    @property
    def _state(self) -> int:
        if self.testing:
            return 3
        return 2 if self._fault else 1 if self.measured else 0

    @property
    def _resistance(self) -> int:
        return 0xFFFF if self.ohm > 2e6 else round(self.ohm / 100.0)


def _made(world: World, words: argparse.Namespace) -> ModbusDevice:
    return Dold(world, unit=words.unit)


if __name__ == "__main__":
    program("dold", _made)
