"""An outlet put together from devices of several kinds: `family = "composed"` in a board's file.

    [composed.meter]
    driver = "modbus"
    map = "../eastron_sdm630/map.toml"
    meter_id = "21370042"
    host = "192.0.2.17"

A device that has no table, and comes with none of the others, is simulated where the file has a table [composed.simulated]: so one after
the other of a real charger is put in, and tried. `simulated` says which these are. Of the simulated monitors the grid goes with the
converter, the others with the contactor: nobody trusts a simulated grid behind a real converter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.hal.board import Board
from iso15118.hal.protocols import AcOutlet, Monitors, Outlet
from iso15118.hal.simulated import outlet as simulated
from iso15118.power import Contactor, Measured
from iso15118.units import Second, Volt
from iso15118.value import replace

DRIVERS: Final[Mapping[str, Mapping[str, str]]] = {
    "controls": {"gpio": "iso15118.hal.controls.gpio:controls", "serial": "iso15118.hal.controls.serial:controls"},
    "meter": {"modbus": "iso15118.hal.modbus.meter:meter"},
    "supply": {
        "dbc": "iso15118.hal.can.dbc:supply",
        "infypower": "iso15118.hal.can.infypower:supply",
        "infypower_beg": "iso15118.hal.can.infypower_beg:supply",
        "uugreen": "iso15118.hal.can.uugreen:supply",
    },
    "path": {"modbus": "iso15118.hal.modbus.path:path", "sunspec": "iso15118.hal.sunspec.path:path"},
    "insulation": {"modbus": "iso15118.hal.modbus.insulation:insulation"},
    "voltage": {"modbus": "iso15118.hal.modbus.sensors:voltage"},
    "temperature": {"modbus": "iso15118.hal.modbus.sensors:temperature"},
    "grid": {"sunspec": "iso15118.hal.sunspec.grid:grid"},
}
"""Device -> driver -> what makes it, from its table, the file and the table's place.

What is made has `close`, and may have `also`: further devices by name that come with it (a converter sees the grid, a control board
has pilot, contactor and lock). `controls` is such a board and no device itself; `voltage` is a sensor behind the contactor.
"""
DEVICES: Final = ("supply", "path", "contactor", "insulation", "meter", "pilot", "lock")


class SeenBehind:
    """`hal.protocols.OutputContactor`: one device that moves it, another that measures the voltage behind it."""

    def __init__(self, contactor: Any, sensor: Any) -> None:
        self._contactor, self._sensor = contactor, sensor

    def demand(self, closed: bool) -> None:
        """As the contactor's."""
        self._contactor.demand(closed)

    def feedback(self) -> Measured[Contactor]:
        """As the contactor's."""
        feedback: Measured[Contactor] = self._contactor.feedback()
        return feedback

    def voltage(self) -> Measured[Volt]:
        """As the sensor's."""
        voltage: Measured[Volt] = self._sensor.voltage()
        return voltage


class WithResidual:
    """`hal.protocols.AcPath` of a device that knows nothing of residual currents, and another that does. Either may have tripped."""

    def __init__(self, path: Any, other: Any) -> None:
        self._path, self._other = path, other

    def __getattr__(self, name: str) -> Any:
        return getattr(self._path, name)

    def residual(self) -> Measured[bool]:
        """What one of them has found; as old as the newer one, where neither has."""
        own, other = self._path.residual(), self._other.residual()
        found = [each for each in (own, other) if each.value]
        newest: Measured[bool] = max(found or [own, other], key=lambda each: each.at)
        return newest


class Composed:
    """`Outlet` or `AcOutlet`, as the one it is put together on."""

    def __init__(self, base: Outlet | AcOutlet, made: Mapping[str, Any]) -> None:
        """`made`: what is no simulated one, by the name of its table."""
        self._base, self._made = base, made
        found: dict[str, Any] = {}
        for name, device in made.items():
            found |= {more: it for more, it in getattr(device, "also", {}).items() if more not in made}
            found[name] = device
        for name in DEVICES:
            if hasattr(base, name):
                setattr(self, name, found.get(name, getattr(base, name)))
        contactor = found.get("contactor", base.contactor)
        if "voltage" in made or ("voltage" in found and not getattr(contactor, "measures", contactor is not base.contactor)):
            self.contactor = SeenBehind(contactor, found["voltage"])
        if "path" in found and "residual" in found and "residual" not in made:
            self.path = WithResidual(found["path"], found["residual"])
        self.simulated = tuple(name for name in DEVICES if hasattr(base, name) and name not in found)
        """The devices that are not there."""
        seen = {"grid"} if {"supply", "path"} & set(self.simulated) else set()
        seen |= set(Monitors._fields) - {"grid"} if "contactor" in self.simulated else set()
        there = {name: monitor for name, monitor in base.monitors._asdict().items() if name in seen}
        self.monitors = Monitors(**{name: found.get(name, there.get(name)) for name in Monitors._fields})

    def advance(self, now: Second) -> None:
        """The simulated part's turn."""
        if self.simulated:
            self._base.advance(now)

    def close(self) -> None:
        """Everything is let go."""
        self._base.close()
        for device in self._made.values():
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
    found = Composed(base, made)
    if found.simulated and "simulated" not in board.settings:
        found.close()
        there = "allowed: a table for each device, or [composed.simulated] for those that are not there"
        raise LocalError(f"{board.file}: composed.{found.simulated[0]}: missing; {there}")
    return found


def _device(base: Outlet | AcOutlet, name: str, table: dict[str, object], file: str) -> Any:
    here = [device for device in DRIVERS if device not in DEVICES or hasattr(base, device)]
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
