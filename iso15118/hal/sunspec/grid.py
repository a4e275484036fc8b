"""What a SunSpec inverter measures: the thread that reads model 701, and the grid sensor that is made of it.

**Sign**: SunSpec counts what is injected into the grid, we count what goes into the vehicle. `turned` is the one place where that is said.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.modbus.line import LineKeys, Registers, Rounds, keys_of
from iso15118.hal.sunspec.chain import scan
from iso15118.hal.sunspec.points import READABLE, Model
from iso15118.power import AcReading, Measured
from iso15118.units import NO_PHASE, PerPhase, Second

FIRST: Final[Second] = 3.0
"""An inverter that has not answered by then is not there."""
FAST: Final = LineKeys(every=0.1)
"""A guard lets nothing rise on a measurement older than 0.3 s."""
PHASES: Final = {0: 1, 2: 3}
"""By ACType. Split phase, 1, has no voltage to a neutral."""
_MEASURED: Final = (2, 94)
"""From ACType to behind VL3: one request."""
_NEVER: Final = Measured(AcReading(NO_PHASE, frequency=0.0), float("-inf"))


def turned(power: float) -> float:
    """W or var from SunSpec's sign (injection +) to ours (into the vehicle +), and back: model 701 states it of W, 704 of WSet."""
    return -power + 0.0


def reading(ac: Model, phases: int) -> AcReading | None:
    """What model 701 holds; None where a value is missing. What it does not tell phase by phase is the same in each of them."""
    voltage, active, reactive = [], [], []
    total, more = ac.value("W"), ac.value("Var")
    for phase in range(1, phases + 1):
        voltage.append(_first(ac.value(f"VL{phase}"), ac.value("LNV")))
        active.append(_first(ac.value(f"WL{phase}"), None if total is None else total / phases))
        reactive.append(_first(ac.value(f"VarL{phase}"), None if more is None else more / phases, 0.0))
    values, frequency = (voltage, active, reactive), ac.value("Hz")
    if frequency is None or any(None in row for row in values):
        return None
    volts, watts, vars_ = ([0.0 if value is None else value for value in row] for row in values)
    return AcReading(PerPhase(*volts), PerPhase(*map(turned, watts)), PerPhase(*map(turned, vars_)), frequency)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


class SunSpecGrid(Rounds):
    """`hal.protocols.GridSensor`, and what every SunSpec device does: find its models, read them, measure."""

    WANTED: tuple[int, ...] = (701,)
    """Models without which it is none of ours."""
    USED: tuple[int, ...] = ()
    """Models that are made use of where they are there."""

    def __init__(self, keys: LineKeys, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one."""
        self.models: dict[int, Model] = {}
        self.phases = 3
        self._reading: Measured[AcReading] = _NEVER
        super().__init__(keys, client)

    def measured(self) -> Measured[AcReading]:
        """`GridSensor` and `AcPath`: voltages from phase to neutral; powers into the vehicle."""
        return self._reading

    def _prepare(self) -> None:
        places = scan(self._words)
        missing = [str(number) for number in self.WANTED if number not in places]
        if missing:
            raise LocalError(f"model {missing[0]}: missing; there are {', '.join(map(str, sorted(places)))}")
        self.models = {number: Model(number, *places[number]) for number in (*self.WANTED, *self.USED) if number in places}
        for model in self.models.values():
            self._refresh(model)
        ac = self.models[701]
        wiring = ac.raw("ACType")
        if wiring not in PHASES:
            raise LocalError(f"model 701: ACType: {wiring}; allowed: 0, single phase, or 2, three phases")
        self.phases = PHASES[wiring]
        for names in (("Hz",), ("W",), ("VL1", "LNV")):
            if all(ac.value(name) is None for name in names):
                raise LocalError(f"model 701: {' and '.join(names)}: not implemented; allowed: a value")

    def _turn(self) -> None:
        """A reading in which a value is missing leaves the old one, which grows old."""
        ac = self.models[701]
        self._refresh(ac, *_MEASURED)
        new = reading(ac, self.phases)
        if new is not None:
            self._reading = Measured(new, time.monotonic())

    def _refresh(self, model: Model, begin: int = 0, end: int | None = None) -> None:
        """Read a model's registers."""
        end = len(model.words) if end is None else end
        for offset in range(begin, end, READABLE):
            count = min(READABLE, end - offset)
            model.take(offset, self._words(model.address + offset, count))


def grid(table: Mapping[str, object], file: str, path: str, client: Registers | None = None) -> SunSpecGrid:
    """The grid that a converter sees, once it has answered. Raises LocalError where it does not."""
    made = SunSpecGrid(keys_of(table, file, path, FAST), client)
    made.begin(FIRST, f"{file}: {path}: SunSpec inverter")
    return made
