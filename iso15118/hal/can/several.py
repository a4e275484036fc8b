"""Charging modules in parallel on one bus: who takes part, what each is told, what all of them measure together.

A module that falls silent may go on delivering what it was told last, until its own watchdog has switched it off: so long its share is not
given to the others.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.can.line import Frame
from iso15118.hal.can.supply import NEVER, UNMEASURED, CanSupply, SupplyKeys, Wanted
from iso15118.hal.can.turns import Order, Press, Turns
from iso15118.hal.protocols import Health
from iso15118.power import Limits, Measured
from iso15118.units import Ampere, Second, Volt

SILENT: Final[Second] = 1.0
"""Without an answer for longer a module takes no further part."""
GONE: Final[Second] = 15.0
"""For longer, and it has switched itself off: its watchdog takes 10 s, and this must stay above."""
FALLS: Final[Ampere] = 2.0
"""A current that falls by more is told at once: a guard bears 2.5 A."""
JOINING: Final = 1.5
"""A further module joins where each has that many times the least current, and leaves below once."""
MOST: Final = 16
"""Modules on one bus, by what a table may say."""


class SeveralKeys(SupplyKeys):
    """Currents and powers of a table are those of all modules together."""

    modules: int = 1
    address: int = 0
    """Of the first one; the others follow."""


@dataclass(slots=True, eq=False)
class Unit:
    """One module, as it is known."""

    address: int
    voltage: Measured[Volt] = UNMEASURED
    current: Measured[Ampere] = UNMEASURED
    on: bool = False
    """By the last order."""
    off_since: Second | None = None
    """The first order off since the last on."""
    told: Ampere = 0.0
    """The last set-point."""
    refused: dict[int, str] = field(default_factory=dict)
    """What it has refused, and why."""

    @property
    def at(self) -> Second:
        """The older of its measurements."""
        return min(self.voltage.at, self.current.at)


class Several(CanSupply):
    """Its modules know no discharge."""

    _keys: SeveralKeys

    def __init__(self, keys: SeveralKeys, turns: Turns, questions: Sequence[Frame], clock: Callable[[], Second] = time.monotonic) -> None:
        """`questions`: what a start takes, of all modules."""
        self._units = {address: Unit(address) for address in addresses(keys)}
        super().__init__(keys, turns, [*(self.switching(unit, False) for unit in self._units.values()), *questions], clock)
        self._used = 0
        self._meant: dict[int, Ampere] = {}

    # What a kind of module says of one.

    @abstractmethod
    def capable(self, unit: Unit) -> Limits:
        """What that module can do now."""

    @abstractmethod
    def setting(self, unit: Unit, voltage: Volt, current: Ampere) -> Iterable[Order]:
        """Its set-points; the last one has the current in it."""

    @abstractmethod
    def switching(self, unit: Unit, on: bool) -> Order:
        """On, or off, which presses."""

    def alive_at(self, unit: Unit) -> Second:
        """When it last said all that it must."""
        return unit.at

    def ill(self, unit: Unit, now: Second) -> str:
        """Why it must not take part; empty: it may."""
        return ", ".join(unit.refused.copy().values())

    def is_off(self, unit: Unit, now: Second) -> bool:
        """Has it said that it delivers nothing?"""
        return False

    def stuck(self, unit: Unit, now: Second) -> bool:
        """Is it on though it was told to be off?"""
        return False

    def fits(self, unit: Unit, wanted: Wanted, now: Second) -> bool:
        """Is it ready for this?"""
        return True

    # All of them.

    def idle(self, unit: Unit, now: Second) -> str:
        """Why it does not work; empty: it does."""
        return "silent" if self.silent(unit, now) else self.ill(unit, now) or ("lost" if self.gone(unit, now) else "")

    def working(self, now: Second) -> list[Unit]:
        """Those that can take part."""
        return [unit for unit in self._units.values() if not self.idle(unit, now)]

    def silent(self, unit: Unit, now: Second) -> bool:
        """Does it not answer any more?"""
        return now - unit.at > SILENT

    def gone(self, unit: Unit, now: Second) -> bool:
        """Has it been silent for so long that it must be off?"""
        return now - self.alive_at(unit) > GONE

    @property
    def limits(self) -> Limits:
        """Keys, and the sum of those that work."""
        keys = self._keys.limits.charging_only()
        able = [self.capable(unit) for unit in self.working(self._clock())]
        if not able:
            return keys.lowered(Limits(keys.min_voltage, keys.max_voltage, 0.0, 0.0))
        low, high = max(it.min_voltage for it in able), min(it.max_voltage for it in able)
        return keys.lowered(Limits(low, high, sum(it.charge_current for it in able), sum(it.charge_power for it in able)))

    def missing(self) -> str:
        """As `CanSupply` says: of every module, measurements."""
        return ", ".join(f"module {unit.address}" for unit in self._units.values() if unit.at == NEVER)

    def gather(self, now: Second) -> None:
        """The highest voltage and the sum of the currents, as old as the oldest; of those that may deliver."""
        there = [unit for unit in self._units.values() if not self.gone(unit, now)]
        if there and all(unit.at > NEVER for unit in there):
            voltage, current = max(unit.voltage.value for unit in there), sum(unit.current.value for unit in there)
            self._measured = (
                Measured(voltage, min(unit.voltage.at for unit in there)),
                Measured(current, min(unit.current.at for unit in there)),
            )

    def orders(self, now: Second) -> Sequence[Order]:
        """For those that are on and stay so first, then for those that join; the others are off."""
        if self._told[:2] == (0.0, 0.0):
            for unit in self._units.values():
                unit.refused.clear()
        wanted = self.wanted(now)
        active, share = self._shared(wanted, now) if wanted is not None else ([], 0.0)
        orders: list[Order] = []
        for unit in sorted(active, key=lambda unit: not unit.on):
            current = self._meant[unit.address] = min(share, self.capable(unit).charge_current)
            *others, last = self.setting(unit, wanted.voltage if wanted is not None else 0.0, current)
            falls = unit.on and unit.told - current > FALLS / len(self._units)
            orders += [*others, last._replace(press=Press.SOON) if falls else last, self.switching(unit, True)]
        return orders + [self.switching(unit, False) for unit in self._units.values() if unit not in active]

    def _shared(self, wanted: Wanted, now: Second) -> tuple[list[Unit], Ampere]:
        """Those that are to be on, and what each of them gets: what others may still deliver is not given twice."""
        fit = [unit for unit in self._units.values() if self.fits(unit, wanted, now)]
        working = [unit for unit in self.working(now) if unit in fit]
        part = working[: self._count(wanted.current, len(working))]
        held = [unit for unit in self._units.values() if unit not in part and self._may_deliver(unit, now)]
        silent = [unit for unit in held if unit in fit and unit.on and self.silent(unit, now) and not self.ill(unit, now)]
        self._used = len(part)
        return part + silent, wanted.current / max(1, len(part) + len(held))

    def _may_deliver(self, unit: Unit, now: Second) -> bool:
        """Is it on by the last order, or is it ill and has not said that it is off?"""
        return not self.gone(unit, now) and (unit.on or (bool(self.ill(unit, now)) and not self.is_off(unit, now)))

    def _count(self, current: Ampere, there: int) -> int:
        """How many share `current`, so that none has less than the least; a module does not come and go at a boundary."""
        least = max(self._keys.min_current, 1e-3)
        count = min(there, max(1, int(current / least + 1e-9)))
        stays = 0 < self._used < count and current < (self._used + 1) * JOINING * least
        return self._used if stays else count

    def ordered(self, order: Order, now: Second) -> None:
        """Remembers who is on, and with what."""
        what, address = order.name if isinstance(order.name, tuple) else ("", 0)
        unit = self._units[address]
        if what == "current":
            unit.told = self._meant[address]
        elif what == "switch" and order.press is Press.NOW:
            unit.on, unit.off_since = False, now if unit.off_since is None else unit.off_since
            self._turns.forget(("voltage", address), ("current", address))
        elif what == "switch":
            unit.on, unit.off_since = True, None

    def farewell(self) -> Sequence[Frame]:
        """As `line.Device` says."""
        return [self.switching(unit, False).frame for unit in self._units.values()]

    def judged(self, now: Second) -> tuple[Health, str]:
        """As `CanSupply` says: with none that works it has failed, with fewer it does with less."""
        idle = {unit: why for unit in self._units.values() if (why := self.idle(unit, now))}
        words = ", ".join(f"module {unit.address} {why}" for unit, why in idle.items())
        if not self.working(now) or any(self.stuck(unit, now) for unit in idle):
            return Health.FAILED, words
        return Health.DEGRADED if idle else Health.GOOD, words


def addresses(keys: SeveralKeys) -> range:
    """Of the modules."""
    return range(keys.address, keys.address + keys.modules)


def several(keys: SeveralKeys, last: int, file: str, path: str) -> None:
    """Raises LocalError for modules that cannot be: addresses go up to `last`."""
    if not 1 <= keys.modules <= MOST or keys.address + keys.modules - 1 > last:
        raise LocalError(
            f"{file}: {path}: modules {keys.modules}, address {keys.address}; allowed: 1 to {MOST}, and addresses up to {last}"
        )
    if keys.discharge_current or keys.discharge_power:
        raise LocalError(f"{file}: {path}.discharge_current: {keys.discharge_current}; allowed: 0, these modules only charge")
