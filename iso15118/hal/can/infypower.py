"""InfyPower modules of protocol V1.13 (REG, CEG, LRG), one or several in parallel: they charge.

Their frames and figures stand in hw/infypower_reg.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import Any, Final

from iso15118.hal.board import fill
from iso15118.hal.can import infy
from iso15118.hal.can.infy import Ident
from iso15118.hal.can.line import Frame, checked
from iso15118.hal.can.several import Several, SeveralKeys, Unit, addresses, several
from iso15118.hal.can.supply import NEVER, possible, started
from iso15118.hal.can.turns import Order, Press, Turns
from iso15118.hal.protocols import Health
from iso15118.power import Limits, Measured
from iso15118.units import Ampere, Second, Volt

OUTPUT, STATUS, RATINGS, AVAILABLE, SWITCH, SET = 0x03, 0x04, 0x0A, 0x0C, 0x1A, 0x1C
ON, OFF = 0, 1
LAST: Final = 0x3E
"""The highest address of a module."""
SETTLED: Final[Second] = 0.1
"""A status that comes sooner may be from before the order."""
FOLLOWS: Final[Second] = 2.0
"""So long a module may take to switch off."""
SHEET: Final = SeveralKeys(max_voltage=1000.0, charge_current=1000.0, charge_power=1_000_000.0)
"""Where a table says nothing, the ratings of the modules speak alone."""


class InfyPower(Several):
    """All modules of one outlet."""

    def __init__(self, keys: SeveralKeys, clock: Callable[[], Second] = time.monotonic) -> None:
        there = addresses(keys)
        look = [asked(command, address) for address in there for command in (STATUS, AVAILABLE)]
        questions = [asked(command, address) for command in (RATINGS, STATUS, OUTPUT) for address in there]
        super().__init__(keys, Turns([asked(OUTPUT, it) for it in there], look), questions, clock)
        self._status: dict[int, Measured[int]] = {}
        self._ratings: dict[int, Limits] = {}
        self._available: dict[int, Ampere] = {}

    # Hear.

    @property
    def accepts(self) -> Sequence[tuple[int, int, bool]]:
        """As `line.Device` says."""
        return [infy.TO_US]

    def heard(self, frame: Frame, now: Second) -> bool:
        """As `line.Device` says."""
        found, data = infy.ident(frame.ident), frame.data
        unit = self._units.get(found.source)
        if unit is None or not frame.extended or found.destination != infy.CONTROLLER or found.group or len(data) != 8:
            return False
        if found.command in (SWITCH, SET):
            if found.error in (0, infy.BUSY):
                unit.refused.pop(found.command, None)
            else:
                unit.refused[found.command] = f"{found.command:02x} refused: {infy.ERRORS.get(found.error, found.error)}"
        elif found.error == 0:
            self._take(unit, found.command, data, now)
        return True

    def _take(self, unit: Unit, command: int, data: bytes, now: Second) -> None:
        """What it has said."""
        if command == OUTPUT:
            volts, amperes = struct.unpack(">ff", data)
            if isfinite(volts) and isfinite(amperes):
                unit.voltage, unit.current = Measured(volts, now), Measured(amperes, now)
                self.gather(now)
        elif command == STATUS:
            self._status[unit.address] = Measured(infy.status_of(data), now)
        elif command == RATINGS:
            highest, lowest, tenths, tens = struct.unpack(">HHHH", data)
            self._ratings[unit.address] = Limits(float(lowest), float(highest), tenths / 10.0, tens * 10.0)
        elif command == AVAILABLE:
            self._available[unit.address] = struct.unpack(">HH", data[:4])[1] / 10.0

    # Speak.

    def setting(self, unit: Unit, voltage: Volt, current: Ampere) -> Iterable[Order]:
        """As `Several` says."""
        return [Order(("current", unit.address), set_points(unit.address, voltage, current))]

    def switching(self, unit: Unit, on: bool) -> Order:
        """As `Several` says."""
        return Order(("switch", unit.address), switched(unit.address, on), Press.NOT if on else Press.NOW)

    # Judge.

    def missing(self) -> str:
        """As `CanSupply` says: of every module, measurements, status and ratings."""
        silent = [it for it, unit in self._units.items() if unit.at == NEVER or it not in self._status or it not in self._ratings]
        return ", ".join(f"module {address}" for address in silent)

    def capable(self, unit: Unit) -> Limits:
        """As `Several` says: its ratings; the current it has left where it says that it is limited."""
        rated, status = self._ratings[unit.address], self._status[unit.address].value
        left = self._available.get(unit.address, inf) if status & infy.LIMITED else inf
        return rated.lowered(Limits(0.0, inf, left, inf))

    def alive_at(self, unit: Unit) -> Second:
        """As `Several` says: a module without a status is none."""
        status = self._status.get(unit.address)
        return NEVER if status is None else min(status.at, unit.at)

    def ill(self, unit: Unit, now: Second) -> str:
        """As `Several` says: what makes a module useless by its status, what it has refused, an off that it does not follow."""
        refused, status = super().ill(unit, now), self._status.get(unit.address)
        if status is None or refused:
            return refused
        health, why = infy.health_of(status.value)
        return why if health is Health.FAILED else "does not switch off" if self.stuck(unit, now) else ""

    def is_off(self, unit: Unit, now: Second) -> bool:
        """As `Several` says."""
        status, since = self._status.get(unit.address), unit.off_since
        return status is not None and since is not None and status.at > since + SETTLED and bool(status.value & infy.DC_OFF)

    def stuck(self, unit: Unit, now: Second) -> bool:
        """As `Several` says."""
        since = unit.off_since
        return since is not None and now - since > FOLLOWS and not self.is_off(unit, now)

    def judged(self, now: Second) -> tuple[Health, str]:
        """As `CanSupply` says."""
        health, why = super().judged(now)
        if self.missing():
            return Health.FAILED, "silent"
        for unit in self.working(now):
            found, words = infy.health_of(self._status[unit.address].value)
            health, why = max(health, found), ", ".join(it for it in (why, f"module {unit.address} {words}" if words else "") if it)
        return health, why


def asked(command: int, address: int) -> Frame:
    """The question of that command to that module."""
    return Frame(Ident(command, address).pack(), bytes(8))


def switched(address: int, on: bool) -> Frame:
    """On or off."""
    return Frame(Ident(SWITCH, address).pack(), bytes([ON if on else OFF]) + bytes(7))


def set_points(address: int, voltage: Volt, current: Ampere) -> Frame:
    """What that one module is to regulate to."""
    return Frame(Ident(SET, address).pack(), struct.pack(">II", round(voltage * 1000), round(current * 1000)))


def supply(table: Mapping[str, object], file: str, path: str, bus: Callable[[], Any] | None = None) -> InfyPower:
    """The modules that a table of a board's file describes, once all have answered. Raises LocalError where one does not."""
    keys = fill(SHEET, table, file, path)
    possible(keys, file, path)
    several(keys, LAST, file, path)
    checked(keys, keys.modules, file, path)
    return started(InfyPower(keys), keys, file, path, bus)
