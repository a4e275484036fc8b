"""A board: what hangs on one outlet, as a TOML file, read strictly. The defaults *are* the simulated board.

    family = "simulated"     # who drives it (`registry`)
    ramp = 100.0
    [limits]                 # its own limits, magnitudes in SI units
    max_voltage = 500.0
    [simulated]              # the family's own table, which the family reads with `fill`

A wrong file is one clear line: file, key, what is allowed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from iso15118.errors import LocalError
from iso15118.power import Abilities, Limits
from iso15118.value import Value, replace

V = TypeVar("V", bound=Value)

_WORDS: Final = {str: "a text", bool: "true or false", int: "a whole number >= 0", float: "a finite number >= 0"}
_LIMITS: Final = Limits(
    min_voltage=150.0,
    max_voltage=500.0,
    charge_current=125.0,
    charge_power=50_000.0,
    discharge_current=125.0,
    discharge_power=50_000.0,
)


class Board(Value):
    """One outlet's hardware as data. `settings` is the family's own table, `file` where it was read (for messages)."""

    name: str = "simulated"
    family: str = "simulated"
    ramp: float = 100.0
    """A/s."""
    min_charge_current: float = 0.0
    min_discharge_current: float = 0.0
    discharge_allowed: bool = True
    """May this board ever take energy out of a vehicle? The guard's own permission comes from here."""
    limits: Limits = _LIMITS
    settings: Mapping[str, object] = MappingProxyType({})
    file: str = "<default>"

    @property
    def abilities(self) -> Abilities:
        """The same, in the words of the power side."""
        limits = self.limits if self.discharge_allowed else self.limits.charging_only()
        return Abilities(
            limits,
            min_charge_current=self.min_charge_current,
            min_charge_power=self.min_charge_current * limits.min_voltage,
            min_discharge_current=self.min_discharge_current,
            min_discharge_power=self.min_discharge_current * limits.min_voltage,
            ramp=self.ramp,
        )


def load(path: Path) -> Board:
    """The board in the TOML file `path`. Raises LocalError: file, key, what is allowed."""
    file = str(path)
    try:
        keys = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocalError(f"{file}: not TOML: {error}") from None
    limits = _table(keys, "limits", file)
    family = keys.get("family", Board().family)
    settings = _table(keys, family, file) if isinstance(family, str) else {}
    board = fill(Board(file=file), keys, file)
    return replace(board, limits=_possible(fill(_LIMITS, limits, file, "limits"), file), settings=settings)


def fill(default: V, table: Mapping[str, object], file: str, path: str = "") -> V:
    """`default` with its str, bool, int and float fields overwritten from `table`. Numbers are magnitudes: finite, >= 0.

    Raises LocalError on an unknown key (naming the known ones) and on a value that is not of the default's kind.
    """
    known = {name: getattr(default, name) for name in type(default).__fields__}
    known = {name: value for name, value in known.items() if type(value) in _WORDS and name != "file"}
    changes: dict[str, object] = {}
    for key, value in table.items():
        where = f"{file}: {path}.{key}" if path else f"{file}: {key}"
        if key not in known:
            raise LocalError(f"{where}: unknown key; allowed: {', '.join(sorted(known))}")
        kind = type(known[key])
        number = float(value) if kind is float and type(value) is int else value
        if type(number) is not kind or (isinstance(number, int | float) and not (isfinite(number) and number >= 0)):
            raise LocalError(f"{where}: {value!r}; allowed: {_WORDS[kind]}")
        changes[key] = number
    return replace(default, **changes)


def _table(keys: dict[str, object], name: str, file: str) -> Mapping[str, object]:
    """The sub-table `name`, taken out of `keys`; empty where there is none."""
    table = keys.pop(name, {})
    if not isinstance(table, dict):
        raise LocalError(f"{file}: {name}: {table!r}; allowed: a table")
    return table


def _possible(limits: Limits, file: str) -> Limits:
    """`limits`, if there is a voltage inside them. Raises LocalError."""
    if limits.min_voltage >= limits.max_voltage:
        raise LocalError(f"{file}: limits.min_voltage: {limits.min_voltage}; allowed: below limits.max_voltage, {limits.max_voltage}")
    return limits
