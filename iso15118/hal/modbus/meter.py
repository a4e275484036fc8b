"""An energy meter on Modbus: two registers that count up, by the map of its model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from iso15118.errors import LocalError
from iso15118.hal.modbus.line import Line, Registers, keys_of
from iso15118.hal.modbus.registers import load
from iso15118.hal.protocols import Health
from iso15118.power import Measured
from iso15118.units import Second, WattHour

WANTED: Final = ("charged", "discharged")
FIRST: Final[Second] = 3.0
"""A meter that has not answered by then is not there."""
DEGRADED, FAILED = 2.0, 5.0
"""s since the last reading."""
_NEVER: Final = Measured(0.0, float("-inf"))


class Readings(Protocol):
    """A line with the two points."""

    latest: dict[str, Measured[float]]

    def close(self) -> None: ...


class ModbusMeter:
    """`hal.protocols.EnergyMeter`. A register that falls is no reading of a meter: the last one stays, and grows old."""

    def __init__(self, line: Readings, meter_id: str) -> None:
        self.meter_id = meter_id
        self._line = line
        self._kept: dict[str, Measured[float]] = {}

    @property
    def health(self) -> Health:
        """By the age of the older of both readings."""
        age = time.monotonic() - min(self._measured(name).at for name in WANTED)
        return Health.GOOD if age < DEGRADED else Health.DEGRADED if age < FAILED else Health.FAILED

    def charged(self) -> Measured[WattHour]:
        """Into the vehicle, Wh."""
        return self._measured("charged")

    def discharged(self) -> Measured[WattHour]:
        """Out of it, Wh."""
        return self._measured("discharged")

    def close(self) -> None:
        """Read no more."""
        self._line.close()

    def _measured(self, name: str) -> Measured[float]:
        kept, new = self._kept.get(name, _NEVER), self._line.latest.get(name, _NEVER)
        if new.value >= kept.value:
            kept = self._kept[name] = new
        return kept


def meter(table: Mapping[str, object], file: str, path: str, client: Registers | None = None) -> ModbusMeter:
    """The meter that a table of a board's file describes, once it has answered. Raises LocalError where it does not."""
    words = dict(table)
    place, meter_id = words.pop("map", None), words.pop("meter_id", None)
    if not isinstance(place, str) or not isinstance(meter_id, str) or not 1 <= len(meter_id) <= 32:
        raise LocalError(f"{file}: {path}: map {place!r}, meter_id {meter_id!r}; allowed: a map's file, and an id of 1 to 32 characters")
    found = load(Path(file).parent / place, WANTED)
    keys = keys_of(words, file, path)
    line = Line({name: found.points[name] for name in WANTED}, keys, client)
    line.begin(FIRST, f"{file}: {path}: {found.name}")
    return ModbusMeter(line, meter_id)
