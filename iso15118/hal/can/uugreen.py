"""UUGreenPower UR1000X0, one module or several in parallel: they charge, in a low or a high range of voltage.

A module changes its range at rest only: off, 2 s, range, 2 s, on. What its status bits mean is not known, so its health is whether it
answers: a fault it has itself shows in what it delivers, and the guard sees it there. Frames and figures: hw/uugreenpower_ur1000x0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.hal.board import fill
from iso15118.hal.can.line import Frame, checked
from iso15118.hal.can.several import Several, SeveralKeys, Unit, addresses, several
from iso15118.hal.can.supply import NEVER, Wanted, possible, started
from iso15118.hal.can.turns import Order, Press, Turns
from iso15118.power import Limits, Measured
from iso15118.units import Ampere, Second, Volt

SET, READ, READ_REPLY = 0, 2, 3
VOLTAGE, CURRENT, VOLTAGE_SET, CURRENT_SET, SHUTDOWN, RANGE = 0, 1, 2, 3, 4, 95
ON, OFF = 0, 1
HIGH, LOW = 1, 2
RANGES: Final = {"automatic": 0, "high": HIGH, "low": LOW}
VERSION, MONITOR = 1, 1
FIRST, LAST = 1, 0x7F
"""Addresses of modules; 0 is all of them, and would multiply a current."""
LOW_VOLTAGE: Final[Volt] = 500.0
"""The highest of the low range."""
RESTING: Final[Second] = 2.0
"""Off before a range is ordered, and after it."""
EACH: Final = Limits(150.0, 1000.0, 100.0, 40_000.0)
"""What one module can do."""


class UuGreenKeys(SeveralKeys):
    """The keys of its table."""

    range: str = "automatic"
    """Or "low", or "high"."""


SHEET: Final = UuGreenKeys(max_voltage=1000.0, charge_current=1000.0, charge_power=1_000_000.0, address=FIRST, pace=0.02)
"""Where a table says nothing, what one module can do speaks alone."""


class UuGreen(Several):
    """All modules of one outlet."""

    _keys: UuGreenKeys

    def __init__(self, keys: UuGreenKeys, clock: Callable[[], Second] = time.monotonic) -> None:
        questions = [asked(item, address) for address in addresses(keys) for item in (VOLTAGE, CURRENT)]
        self._needed = RANGES[keys.range] or LOW
        self._ranges: dict[int, tuple[int, Second]] = {}
        """Address -> range last ordered, and when. A module that was silent may have been without power: it is out of here."""
        super().__init__(keys, Turns(questions, questions), questions, clock)

    # Hear.

    @property
    def accepts(self) -> Sequence[tuple[int, int, bool]]:
        """As `line.Device` says: frames of this version."""
        return [(VERSION << 25, 0xF << 25, True)]

    def heard(self, frame: Frame, now: Second) -> bool:
        """As `line.Device` says. Date and serial number in the low bits of the id say nothing."""
        ident, data = frame.ident, frame.data
        unit = self._units.get(ident >> 14 & 0x7F)
        ours = frame.extended and ident >> 25 == VERSION and (ident >> 21 & 0xF) in (0, MONITOR)
        if unit is None or not ours or len(data) != 8 or data[0] & 0xF != READ_REPLY:
            return False
        item, value = data[1] & 0x7F, int.from_bytes(data[4:8], "big") / 1000.0
        if item not in (VOLTAGE, CURRENT):
            return False
        if self.silent(unit, now):
            self._ranges.pop(unit.address, None)
        if item == VOLTAGE:
            unit.voltage = Measured(value, now)
        else:
            unit.current = Measured(value, now)
        self.gather(now)
        return True

    # Speak.

    def orders(self, now: Second) -> Sequence[Order]:
        """As `Several` says; a range, to those that have rested and need it. Down it goes only from rest."""
        wanted, fixed = self.wanted(now), RANGES[self._keys.range]
        resting = not any(unit.on for unit in self._units.values())
        if wanted is not None and not fixed and (wanted.voltage > LOW_VOLTAGE or resting):
            self._needed = HIGH if wanted.voltage > LOW_VOLTAGE else LOW
        due = [unit for unit in self._units.values() if self._ranges.get(unit.address, (0, 0.0))[0] != self._needed]
        rested = [unit for unit in due if unit.off_since is not None and now - unit.off_since >= RESTING]
        self._turns.forget(*(("range", unit.address) for unit in due))
        return [*super().orders(now), *(Order(("range", unit.address), ranged(unit.address, self._needed)) for unit in rested)]

    def ordered(self, order: Order, now: Second) -> None:
        """As `Several` says, and when a range was ordered."""
        super().ordered(order, now)
        if isinstance(order.name, tuple) and order.name[0] == "range":
            self._ranges[order.name[1]] = (self._needed, now)

    def unsaid(self) -> None:
        """As `line.Device` says."""
        super().unsaid()
        self._ranges.clear()

    def setting(self, unit: Unit, voltage: Volt, current: Ampere) -> Iterable[Order]:
        """As `Several` says."""
        return [
            Order(("voltage", unit.address), said(VOLTAGE_SET, unit.address, round(voltage * 1000))),
            Order(("current", unit.address), said(CURRENT_SET, unit.address, round(current * 1000))),
        ]

    def switching(self, unit: Unit, on: bool) -> Order:
        """As `Several` says."""
        frame = said(SHUTDOWN, unit.address, ON if on else OFF)
        return Order(("switch", unit.address), frame, Press.NOT if on else Press.NOW)

    # Judge.

    def working(self, now: Second) -> list[Unit]:
        """As `Several` says, but all or none: of a watchdog nothing is known, so one that is silent may deliver for ever."""
        there = super().working(now)
        return there if len(there) == len(self._units) else []

    def gone(self, unit: Unit, now: Second) -> bool:
        """As `Several` says: never."""
        return False

    def fits(self, unit: Unit, wanted: Wanted, now: Second) -> bool:
        """As `Several` says: it has been in the range for long enough."""
        there, since = self._ranges.get(unit.address, (0, NEVER))
        return there == self._needed and now - since >= RESTING

    def capable(self, unit: Unit) -> Limits:
        """As `Several` says: the data sheet's, in the low range up to its end where there is no other."""
        return EACH if self._keys.range != "low" else EACH.lowered(Limits(0.0, LOW_VOLTAGE, EACH.charge_current, EACH.charge_power))


def _ident(address: int) -> int:
    return VERSION << 25 | MONITOR << 21 | address << 14


def asked(item: int, address: int) -> Frame:
    """The question for that item to that module."""
    return Frame(_ident(address), bytes([READ, item]) + bytes(6))


def said(item: int, address: int, value: int) -> Frame:
    """The order that that item of that module be `value`."""
    return Frame(_ident(address), bytes([SET, item]) + bytes(2) + value.to_bytes(4, "big"))


def ranged(address: int, value: int) -> Frame:
    """The order for a range."""
    return said(RANGE, address, value)


def supply(table: Mapping[str, object], file: str, path: str, bus: Callable[[], Any] | None = None) -> UuGreen:
    """The modules that a table of a board's file describes, once all have answered. Raises LocalError where one does not."""
    keys = fill(SHEET, table, file, path)
    if keys.range not in RANGES:
        raise LocalError(f"{file}: {path}.range: {keys.range!r}; allowed: {', '.join(RANGES)}")
    if keys.address < FIRST:
        raise LocalError(f"{file}: {path}.address: {keys.address}; allowed: {FIRST} to {LAST}")
    possible(keys, file, path)
    several(keys, LAST, file, path)
    checked(keys, 2 * keys.modules, file, path)
    return started(UuGreen(keys), keys, file, path, bus)
