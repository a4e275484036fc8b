"""A simulated device of any register map on Modbus TCP: an energy meter, and what else has a wire in the world.

python -m iso15118.testing.devices.modbus_meter --wires FILE --map hw/eastron_sdm630/map.toml --port N
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from iso15118.hal.modbus.registers import Point, load
from iso15118.testing.devices.modbus import ModbusDevice, program
from iso15118.testing.devices.wires import World

WIRES: Final = {
    "charged": "meter.charged",
    "discharged": "meter.discharged",
    "voltage": "output.voltage",
    "resistance": "insulation.ohm",
    "celsius": "supply.celsius",
}
"""Where a point's value comes from."""
_KINDS: Final = {"u16": "UINT16", "i16": "INT16", "u32": "UINT32", "i32": "INT32", "u64": "UINT64", "i64": "INT64", "f32": "FLOAT32"}


class MappedDevice(ModbusDevice):
    """Every point of its map that has a wire, encoded by pymodbus's own conversion."""

    def __init__(self, world: World, map_: Path, *, unit: int = 1) -> None:
        """Raises LocalError as `registers.load`."""
        super().__init__(unit)
        self.world = world
        self.points = {name: point for name, point in load(map_, ()).points.items() if name in WIRES}

    def words(self, function: int, address: int, count: int) -> list[int] | None:
        """As `ModbusDevice` says: whole points."""
        for name, point in self.points.items():
            value = self.world.get(WIRES[name], 0.0)
            whole = value // point.scale * point.scale if point.plus is not None else value
            for one, part in ((point, whole), (point.plus, value - whole)):
                if one is not None and (one.function, one.address, one.count) == (function, address, count):
                    return self._encoded(one, part)
        return None

    def _encoded(self, point: Point, value: float) -> list[int]:
        from pymodbus.client.mixin import ModbusClientMixin

        if "invalid" in self.faults:
            void = 0x7FC0 if point.void is None else point.void  # a float that is no number; a map says what else is none
            return [void, *[0] * (point.count - 1)] if point.order == "big" else [*[0] * (point.count - 1), void]
        kind = ModbusClientMixin.DATATYPE[_KINDS[point.type]]
        number = value / point.scale if point.type == "f32" else round(value / point.scale)
        words = ModbusClientMixin.convert_to_registers(number, kind, word_order="big" if point.order == "big" else "little")
        return list(words)


def _more(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--map", type=Path, required=True, help="the register map of its model")


def _made(world: World, words: argparse.Namespace) -> ModbusDevice:
    return MappedDevice(world, words.map, unit=words.unit)


if __name__ == "__main__":
    program("modbus_meter", _made, more=_more)
