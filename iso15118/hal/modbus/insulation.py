"""Insulation monitors on Modbus, by their model; `map` is one that only measures, by a map of its registers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.board import fill
from iso15118.hal.modbus import bender, dold
from iso15118.hal.modbus.line import LineKeys, Registers, keys_of
from iso15118.hal.modbus.monitor import ModbusInsulationMonitor
from iso15118.hal.modbus.registers import RegisterMap, load
from iso15118.hal.modbus.verdict import Seen
from iso15118.units import Ohm, Second
from iso15118.value import Value

FIRST: Final[Second] = 3.0
"""A monitor that has not answered by then is not there."""
MODELS: Final = {"bender_isocha425hv": bender.DELIVERED, "dold_rn5893": dold.DELIVERED, "map": LineKeys(every=0.1)}
WANTED: Final = ("resistance", "voltage")


class InsulationKeys(Value):
    """What a board's file says beside where the monitor is."""

    limit: float = 100e3
    """Ohm: the smallest good resistance (N10); 125e3 for MCS."""


class MappedMonitor(ModbusInsulationMonitor):
    """It measures, and has no test of its own: a measurement with voltage on the output is the test."""

    ORDERS = False

    def __init__(self, keys: LineKeys, limit: Ohm, found: RegisterMap, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one."""
        self._points = found.points
        super().__init__(keys, limit, client)

    def _seen(self) -> Seen:
        ohm, volts = (self._points[name].value(self._client.read(self._points[name], self._keys.unit)) for name in WANTED)
        return Seen(ohm=ohm, volts=None if volts is None else abs(volts))


def insulation(table: Mapping[str, object], file: str, path: str, client: Registers | None = None) -> ModbusInsulationMonitor:
    """The monitor that a table of a board's file describes, once it has answered. Raises LocalError where it does not."""
    words = dict(table)
    model, place = words.pop("model", None), words.pop("map", None)
    if model not in MODELS or (model == "map") is not isinstance(place, str):
        raise LocalError(f"{file}: {path}: model {model!r}, map {place!r}; allowed: {', '.join(MODELS)}, and with map alone a map's file")
    limit = fill(InsulationKeys(), {key: words.pop(key) for key in ("limit",) if key in words}, file, path).limit
    if not limit > 0.0:
        raise LocalError(f"{file}: {path}.limit: {limit}; allowed: above 0 ohm")
    keys = keys_of(words, file, path, MODELS[str(model)])
    made: ModbusInsulationMonitor
    if model == "map":
        made = MappedMonitor(keys, limit, load(Path(file).parent / str(place), WANTED), client)
    else:
        made = (bender.BenderMonitor if model == "bender_isocha425hv" else dold.DoldMonitor)(keys, limit, client)
    made.begin(FIRST, f"{file}: {path}: {model}")
    return made
