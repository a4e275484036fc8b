"""A simulated Bender isoCHA425HV on Modbus TCP.

python -m iso15118.testing.devices.bender --wires FILE --port N
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from iso15118.testing.devices.earth import EarthMonitor
from iso15118.testing.devices.modbus import ModbusDevice, program
from iso15118.testing.devices.wires import World

TRUE, INVALID = 0x00, 0xC0
"""Validities."""
NAME = "isoCHA425HV"


class Bender(EarthMonitor):
    """`setup`: what its holding registers have been set to. It is delivered disabled."""

    def __init__(self, world: World, *, unit: int = 3, version: int = 510, **how: Any) -> None:
        super().__init__(world, unit=unit, **how)
        self.version = version
        self.setup: dict[int, int] = {3026: 0}
        self.validity = TRUE

    def words(self, function: int, address: int, count: int) -> list[int] | None:
        """As `ModbusDevice` says: measurements, name and version, by function 3."""
        self.turn()
        if function != 3:
            return None
        if address == 9820 and count == 6:
            return [1, self.version, 2024, 5, 17, 1]
        if address == 9800 and count == 10:
            text = NAME.ljust(20, "\0").encode()
            return [int.from_bytes(text[at : at + 2], "big") for at in range(0, 20, 2)]
        found = {1000: (self.ohm, 2, 71), 1008: (self.volts, 4, 76)}.get(address)
        return self._measurement(*found) if found is not None and count == 4 else None

    def take(self, address: int, words: Sequence[int]) -> bool:
        """One register: its set-up, or a self test."""
        if len(words) != 1:
            return False
        if (address, words[0]) == (8005, 0x5445):
            if self.setup[3026] == 1:
                self.order()
            return True
        self.setup[address] = words[0]
        return 3000 <= address <= 3028

    def _measurement(self, value: float, unit: int, channel: int) -> list[int]:
        from pymodbus.client.mixin import ModbusClientMixin  # another's conversion

        number = ModbusClientMixin.convert_to_registers(value, ModbusClientMixin.DATATYPE.FLOAT32)
        valid = unit == 4 or (self.measured and self.setup[3026] == 1)
        alarm = 2 if self.failed and not self.testing else 0
        state = (0x80 if self.testing else 0) | alarm
        return [*number, state << 8 | (self.validity if valid else INVALID) | unit, channel]


def _made(world: World, words: argparse.Namespace) -> ModbusDevice:
    return Bender(world, unit=words.unit)


if __name__ == "__main__":
    program("bender", _made, unit=3)
