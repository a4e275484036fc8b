"""Sensors on Modbus by a map of their registers: the voltage behind a contactor, and temperatures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.modbus.line import Line, LineKeys, Registers, keys_of
from iso15118.hal.modbus.registers import load
from iso15118.power import Measured
from iso15118.units import Second, Volt

FIRST: Final[Second] = 3.0
"""A sensor that has not answered by then is not there."""
FAST: Final = LineKeys(every=0.1)
"""A guard lets nothing rise on a voltage older than 0.3 s."""
_NEVER: Final = Measured(0.0, float("-inf"))


class VoltageSensor:
    """`voltage` of `hal.protocols.OutputContactor`: what stands behind it, a magnitude."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def voltage(self) -> Measured[Volt]:
        """The latest; the wires may be the wrong way round, and a conductor is no less live for it."""
        latest = self._line.latest.get("voltage", _NEVER)
        return Measured(abs(latest.value), latest.at)

    def close(self) -> None:
        """Read no more."""
        self._line.close()


class ModbusThermometer:
    """`hal.protocols.Thermometer`: the hottest of its points, as old as the oldest of them."""

    def __init__(self, line: Line, names: tuple[str, ...]) -> None:
        self._line, self._names = line, names

    def celsius(self) -> Measured[float]:
        """Degrees Celsius."""
        latest = [self._line.latest.get(name, _NEVER) for name in self._names]
        return Measured(max(one.value for one in latest), min(one.at for one in latest))

    def close(self) -> None:
        """Read no more."""
        self._line.close()


def voltage(table: Mapping[str, object], file: str, path: str, client: Registers | None = None) -> VoltageSensor:
    """The sensor that a table describes, by the point `voltage` of its map. Raises LocalError where it does not answer."""
    line, _ = _line(table, file, path, "voltage", client, FAST)
    return VoltageSensor(line)


def temperature(table: Mapping[str, object], file: str, path: str, client: Registers | None = None) -> ModbusThermometer:
    """The thermometer that a table describes, by all points of its map whose names begin with `celsius`. Raises as `voltage`."""
    return ModbusThermometer(*_line(table, file, path, "celsius", client, LineKeys()))


def _line(
    table: Mapping[str, object], file: str, path: str, wanted: str, client: Registers | None, default: LineKeys
) -> tuple[Line, tuple[str, ...]]:
    words = dict(table)
    place = words.pop("map", None)
    if not isinstance(place, str):
        raise LocalError(f"{file}: {path}.map: {place!r}; allowed: a map's file")
    found = load(Path(file).parent / place, (wanted,))
    points = {name: point for name, point in found.points.items() if name.startswith(wanted)}
    line = Line(points, keys_of(words, file, path, default), client)
    line.begin(FIRST, f"{file}: {path}: {found.name}")
    return line, tuple(points)
