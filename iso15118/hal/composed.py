"""An outlet put together from devices of several kinds: `family = "composed"` in a board's file.

    [composed.meter]
    driver = "modbus"
    map = "../eastron_sdm630/map.toml"
    meter_id = "21370042"
    host = "192.0.2.17"

A device that has no table is simulated: so one after the other of a real charger is put in, and tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.hal.board import Board
from iso15118.hal.protocols import AcOutlet, Outlet
from iso15118.hal.simulated import outlet as simulated
from iso15118.units import Second
from iso15118.value import replace

DRIVERS: Final[Mapping[str, Mapping[str, str]]] = {"meter": {"modbus": "iso15118.hal.modbus.meter:meter"}}
"""Device -> driver -> what makes it, from its table, the file and the table's place."""
DEVICES: Final = ("supply", "path", "contactor", "insulation", "meter", "pilot", "lock")


class Composed:
    """`Outlet` or `AcOutlet`, as the one it is put together on."""

    def __init__(self, base: Outlet | AcOutlet, replaced: Mapping[str, Any]) -> None:
        self._base, self._replaced = base, replaced
        for name in DEVICES:
            if hasattr(base, name):
                setattr(self, name, replaced.get(name, getattr(base, name)))

    def advance(self, now: Second) -> None:
        """The simulated part's turn."""
        self._base.advance(now)

    def close(self) -> None:
        """Everything is let go."""
        self._base.close()
        for device in self._replaced.values():
            device.close()


def outlet(board: Board) -> Any:
    """The outlet of a board. Raises LocalError for a driver that is not known, or a device that does not answer."""
    tables = dict(board.settings)
    base = simulated(replace(board, settings=_table(tables.pop("simulated", {}), board.file, "composed.simulated")))
    made: dict[str, Any] = {}
    try:
        for name, table in tables.items():
            made[name] = _device(base, name, dict(_table(table, board.file, f"composed.{name}")), board.file)
    except BaseException:
        for device in made.values():
            device.close()
        raise
    return Composed(base, made)


def _device(base: Outlet | AcOutlet, name: str, table: dict[str, object], file: str) -> Any:
    here = [device for device in DRIVERS if hasattr(base, device)]
    if name not in here:
        raise LocalError(f"{file}: composed.{name}: no such device, or none with a driver; allowed: {', '.join(here)}, simulated")
    driver, known = table.pop("driver", None), DRIVERS[name]
    if driver not in known:
        raise LocalError(f"{file}: composed.{name}.driver: {driver!r}; allowed: {', '.join(known)}")
    module, _, attribute = known[str(driver)].partition(":")
    make: Callable[..., Any] = getattr(import_module(module), attribute)
    return make(table, file, f"composed.{name}")


def _table(table: object, file: str, path: str) -> Mapping[str, object]:
    if not isinstance(table, Mapping):
        raise LocalError(f"{file}: {path}: {table!r}; allowed: a table")
    return table
