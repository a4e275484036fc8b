"""Any module that charges and is described by a DBC: the table names message and signal of what it is told and of what it tells.

It is told everything each `period`, whether that has changed or not. It tells by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.hal.board import fill
from iso15118.hal.can.line import Frame, checked
from iso15118.hal.can.signals import Signals, decoded, encoded, held, holds
from iso15118.hal.can.supply import LOST, CanSupply, SupplyKeys, possible, started
from iso15118.hal.can.turns import Order, Turns
from iso15118.hal.protocols import Health
from iso15118.power import Measured
from iso15118.units import Second
from iso15118.value import replace


class DbcKeys(SupplyKeys):
    """The keys of its table; beside them `faults`, a list of signals of which any that is not 0 is a fault."""

    dbc: str = ""
    """The file, seen from the board's."""
    voltage: str = ""
    """V, told, as "message.signal"."""
    current: str = ""
    """A, told."""
    switch: str = ""
    """On and off, told."""
    on: float = 1.0
    """The value of that signal that means on."""
    off: float = 0.0
    """The value that means off."""
    measured_voltage: str = ""
    """V, told by the module."""
    measured_current: str = ""
    """A, told by the module, + into the vehicle."""
    period: float = 0.1
    """s from one word to the module to the same again."""


TOLD: Final = {"voltage": "V", "current": "A", "switch": ""}
TELLS: Final = {"measured_voltage": "V", "measured_current": "A"}
SLOWEST: Final[Second] = 0.25
"""A module that hears less often keeps a set-point for too long."""


class Dbc(CanSupply):
    """One module. It knows no discharge."""

    _keys: DbcKeys

    def __init__(
        self, keys: DbcKeys, told: Mapping[str, Any], tells: Mapping[str, Any], clock: Callable[[], Second] = time.monotonic
    ) -> None:
        """`told`, `tells`: (message, signal) by key, of a fault by its name. Raises ValueError on a signal that is too small."""
        super().__init__(keys, Turns([], []), [], clock)
        self._told_in, self._tells = told, tells
        self._messages = {message.name: message for message, _ in told.values()}
        self._listened = {(it.frame_id, it.is_extended_frame): it for it, _ in tells.values()}
        self._values: dict[str, Measured[float]] = {}
        self._turn = self._said = 0
        for voltage, current, switch in ((0.0, 0.0, keys.off), (keys.max_voltage, keys.charge_current, keys.on)):
            for message, values in self._values_of(voltage, current, switch):
                carrier, signal = told["switch"]
                holds(message, values, signal.name if carrier is message else "")

    @property
    def accepts(self) -> Sequence[tuple[int, int, bool]]:
        """As `line.Device` says."""
        return [(ident, 0x1FFFFFFF if extended else 0x7FF, extended) for ident, extended in self._listened]

    def heard(self, frame: Frame, now: Second) -> bool:
        """As `line.Device` says."""
        message = self._listened.get((frame.ident, frame.extended))
        values = None if message is None else decoded(message, frame.data)
        if message is None or values is None:
            return False
        for name, (carrier, signal) in self._tells.items():
            if carrier is message and signal.name in values:
                self._values[name] = Measured(values[signal.name], now)
        if all(name in self._values for name in TELLS):
            self._measured = (self._values["measured_voltage"], self._values["measured_current"])
        return True

    def speak(self, now: Second) -> Frame | None:
        """As `line.Device` says: one message after the other; on comes after all set-points."""
        self._turn += 1
        wanted = self.wanted(now)
        if wanted is None:
            self._said = 0
            frames = self.farewell()
        else:
            self._said += 1
            frames = self._frames(wanted.voltage, wanted.current, self._keys.on if self._said >= len(self._messages) else self._keys.off)
        return frames[self._turn % len(frames)]

    def unsaid(self) -> None:
        """As `line.Device` says."""
        self._said = 0

    def orders(self, now: Second) -> Sequence[Order]:
        """As `CanSupply` says: none, everything is said again and again."""
        return ()

    def farewell(self) -> Sequence[Frame]:
        """As `line.Device` says."""
        return self._frames(0.0, 0.0, self._keys.off)

    def judged(self, now: Second) -> tuple[Health, str]:
        """As `CanSupply` says: silent, or a fault signal that is not 0."""
        if any(name not in self._values or now - self._values[name].at > LOST for name in self._tells):
            return Health.FAILED, "silent"
        faults = [name for name in self._tells if name not in TELLS and self._values[name].value != 0.0]
        return Health.FAILED if faults else Health.GOOD, ", ".join(faults)

    def missing(self) -> str:
        """As `CanSupply` says: every signal the table names."""
        return ", ".join(f"{message.name}.{signal.name}" for name, (message, signal) in self._tells.items() if name not in self._values)

    def _frames(self, voltage: float, current: float, switch: float) -> Sequence[Frame]:
        """Every message to the module, with these in it."""
        return [encoded(message, values) for message, values in self._values_of(voltage, current, switch)]

    def _values_of(self, voltage: float, current: float, switch: float) -> Iterator[tuple[Any, Mapping[str, float]]]:
        said = {"switch": switch, "voltage": voltage, "current": current}
        for message in self._messages.values():
            mine = {name: signal for name, (carrier, signal) in self._told_in.items() if carrier is message}
            yield message, {it.name: said[name] if name == "switch" else held(it, said[name]) for name, it in mine.items()}


def supply(table: Mapping[str, object], file: str, path: str, bus: Callable[[], Any] | None = None) -> Dbc:
    """The module that a table of a board's file describes, once it has said everything. Raises LocalError where it does not."""
    made = _made(table, file, path)
    return started(made, made._keys, file, path, bus)


def _made(table: Mapping[str, object], file: str, path: str, clock: Callable[[], Second] = time.monotonic) -> Dbc:
    words = dict(table)
    faults = words.pop("faults", [])
    if "pace" in words:
        raise LocalError(f"{file}: {path}.pace: {words['pace']!r}; allowed: period, of all messages")
    if not isinstance(faults, list):
        raise LocalError(f"{file}: {path}.faults: {faults!r}; allowed: a list of signals")
    keys = fill(DbcKeys(), words, file, path)
    possible(keys, file, path)
    if keys.discharge_current or keys.discharge_power:
        raise LocalError(f"{file}: {path}.discharge_current: {keys.discharge_current}; allowed: 0, such a module only charges")
    if keys.on == keys.off or not 0.002 <= keys.period <= SLOWEST:
        where = f"on {keys.on}, off {keys.off}, period {keys.period}"
        raise LocalError(f"{file}: {path}: {where}; allowed: two values, and a period of 0.002 to {SLOWEST} s")
    signals = Signals(Path(file).parent / keys.dbc, f"{file}: {path}")
    told = {name: signals.quantity(name, getattr(keys, name), TOLD[name]) for name in TOLD}
    tells = {name: signals.quantity(name, getattr(keys, name), TELLS[name]) for name in TELLS}
    tells |= {str(name): signals.found("faults", name) for name in faults}
    keys = replace(keys, pace=keys.period / len({message.name for message, _ in told.values()}))
    checked(keys, 1, file, path)
    for name, least in (("voltage", keys.min_voltage), ("current", keys.min_current)):
        if held(told[name][1], least) > least:
            raise LocalError(f"{file}: {path}.min_{name}: {least}; allowed: from {told[name][1].minimum}, as the file says of its signal")
    both = {message.name for message, _ in told.values()} & {message.name for message, _ in tells.values()}
    if both:
        raise LocalError(f"{file}: {path}: {', '.join(sorted(both))} is told and tells; allowed: messages of one direction")
    try:
        return Dbc(keys, told, tells, clock)
    except ValueError as error:
        raise LocalError(f"{file}: {path}: {error}; allowed: signals that hold 0 and the highest voltage and current") from None
