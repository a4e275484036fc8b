"""A board: what hangs on one outlet, as a TOML file, read strictly. The defaults *are* the simulated board.

    family = "simulated"     # who drives it (`registry`)
    ramp = 100.0
    [limits]                 # its own limits, magnitudes in SI units
    max_voltage = 500.0
    [ac]                     # alternating current instead of direct current; its keys stand in `AcTable`
    phases = 3
    [surroundings]           # heat and grid; its keys stand in `monitoring.Surroundings`
    hottest = 95.0
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
from iso15118.hal.monitoring import CONVERTER, HERE, Surroundings
from iso15118.power import Abilities, AcAbilities, Limits
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


_AC_LIMITS: Final = Limits(
    min_voltage=207.0,
    max_voltage=253.0,
    charge_current=32.0,
    charge_power=22_080.0,
    discharge_current=32.0,
    discharge_power=22_080.0,
)
"""Of a board of alternating current: a 32 A outlet on three phases."""


class AcTable(Value):
    """The table [ac]: `power.AcAbilities` in a file's words, where 0 stands for no bound."""

    phases: int = 3
    """1 or 3."""
    voltage: float = 230.0
    """V, nominal, phase to neutral."""
    frequency: float = 50.0
    """Hz."""
    asymmetry: float = 0.0
    """W by which two phases may differ; 0: as much as they like."""
    ramp: float = 0.0
    """W/s at which power may change; 0: at once."""
    reactive: float = 0.0
    """var, most on demand, a magnitude."""


class Board(Value):
    """One outlet's hardware as data. `settings` is the family's own table, `file` where it was read (for messages)."""

    name: str = "simulated"
    """For people."""
    family: str = "simulated"
    """The driver's."""
    ramp: float = 100.0
    """A/s."""
    min_charge_current: float = 0.0
    """A, of each phase on alternating current; below it nothing flows."""
    min_discharge_current: float = 0.0
    """A, the same on the way back."""
    discharge_allowed: bool = True
    """May this board ever take energy out of a vehicle? The guard's own permission comes from here."""
    limits: Limits = _LIMITS
    ac: AcAbilities | None = None
    """None: direct current."""
    surroundings: Surroundings = HERE
    settings: Mapping[str, object] = MappingProxyType({})
    file: str = "<default>"

    @property
    def abilities(self) -> Abilities:
        """The same, in the words of the power side."""
        limits = self.limits if self.discharge_allowed else self.limits.charging_only()
        least = limits.min_voltage if self.ac is None else self.ac.voltage  # of alternating current, on a single phase
        return Abilities(
            limits,
            min_charge_current=self.min_charge_current,
            min_charge_power=self.min_charge_current * least,
            min_discharge_current=self.min_discharge_current,
            min_discharge_power=self.min_discharge_current * least,
            ramp=self.ramp,
            ac=self.ac,
        )


AC_BOARD: Final = Board(name="simulated_ac", min_charge_current=6.0, limits=_AC_LIMITS, ac=AcAbilities())
"""The simulated board of alternating current; what a file with a table [ac] leaves out is as here."""


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
    around = _around(_table(keys, "surroundings", file), file)
    ac = _ac(_table(keys, "ac", file), file) if "ac" in keys else None
    default = Board() if ac is None else AC_BOARD
    board = fill(replace(default, file=file), keys, file)
    return replace(
        board, limits=_possible(fill(default.limits, limits, file, "limits"), file), ac=ac, surroundings=around, settings=settings
    )


def _ac(table: Mapping[str, object], file: str) -> AcAbilities:
    """What the table [ac] says. Raises LocalError on what no grid is."""
    said = fill(AcTable(), table, file, "ac")
    for key, fits, allowed in (
        ("phases", said.phases in (1, 3), "1 or 3"),
        ("voltage", 0.0 < said.voltage <= 500.0, "above 0, up to 500 V from phase to neutral"),
        ("frequency", 40.0 <= said.frequency <= 70.0, "40 to 70 Hz"),
    ):
        if not fits:
            raise LocalError(f"{file}: ac.{key}: {getattr(said, key)}; allowed: {allowed}")
    return AcAbilities(said.phases, said.voltage, said.frequency, said.asymmetry or None, said.ramp or None, said.reactive)


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


def _around(table: Mapping[str, object], file: str) -> Surroundings:
    """The table [surroundings]. Raises LocalError."""
    around = fill(HERE, table, file, "surroundings")
    if around.grid not in ("sensor", CONVERTER):
        raise LocalError(f"{file}: surroundings.grid: {around.grid!r}; allowed: sensor or {CONVERTER}")
    if not 0 < around.grid_fresh <= 2:
        raise LocalError(f"{file}: surroundings.grid_fresh: {around.grid_fresh}; allowed: above 0 and up to 2 s")
    if around.derate_from > around.hottest:
        raise LocalError(f"{file}: surroundings.derate_from: {around.derate_from}; allowed: at most hottest, {around.hottest}")
    return around


def _possible(limits: Limits, file: str) -> Limits:
    """`limits`, if there is a voltage inside them. Raises LocalError."""
    if limits.min_voltage >= limits.max_voltage:
        raise LocalError(f"{file}: limits.min_voltage: {limits.min_voltage}; allowed: below limits.max_voltage, {limits.max_voltage}")
    return limits
