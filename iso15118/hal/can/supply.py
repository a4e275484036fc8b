"""What all DC power modules on a bus have in common: a demand that dies, measurements with an age, and a start that is waited for."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import cycle
from math import isfinite
from typing import Any, Final, NamedTuple, TypeVar

from iso15118.errors import LocalError
from iso15118.hal.can.line import Frame, Line, LineKeys
from iso15118.hal.can.turns import Order, Turns
from iso15118.hal.protocols import Health
from iso15118.power import Abilities, Limits, Measured
from iso15118.units import Ampere, Second, Volt

LIFE: Final[Second] = 0.5
"""A demand that nobody has renewed for longer is off."""
FIRST: Final[Second] = 2.2
"""A module that has not said everything by then is not there. With the end of its line that is known within 3 s."""
LOST: Final[Second] = 3.0
"""A module that has been silent for longer has failed."""
NEVER: Final = float("-inf")
UNMEASURED: Final = Measured(0.0, NEVER)


class SupplyKeys(LineKeys):
    """The bus, and what the module can do by its data sheet; what it says of itself only narrows that. Magnitudes, both ways."""

    min_voltage: float = 150.0
    max_voltage: float = 1000.0
    charge_current: float = 0.0
    charge_power: float = 0.0
    discharge_current: float = 0.0
    discharge_power: float = 0.0
    min_current: float = 1.0
    """A; less than that, but not nothing, is charged with this."""
    ramp: float = 100.0
    """A/s."""

    @property
    def limits(self) -> Limits:
        """The window of these."""
        return Limits(
            self.min_voltage, self.max_voltage, self.charge_current, self.charge_power, self.discharge_current, self.discharge_power
        )


class Wanted(NamedTuple):
    """What a supply that is on is to do. `current`: + into the vehicle, never 0; with - `voltage` is the floor."""

    voltage: Volt
    current: Ampere


class CanSupply(ABC):
    """`hal.protocols.DcSupply`, and `line.Device` but for what a module's own class adds: `orders`, `look`, `heard`, `farewell`, `judged`.

    `demand`, `off` and `measured` belong to the guard's thread, `heard` to the one that hears, the rest to the one that speaks; what they
    share are whole values. `clock`: monotonic seconds.
    """

    def __init__(
        self, keys: SupplyKeys, turns: Turns, start: Sequence[Frame | Order], clock: Callable[[], Second] = time.monotonic
    ) -> None:
        """`start`: what is said, round after round, until nothing is `missing`."""
        self.line: Line | None = None
        self._keys, self._turns, self._clock = keys, turns, clock
        self._start, self._started = cycle(start), False
        self._told: tuple[Volt, Ampere, Second] = (0.0, 0.0, NEVER)
        self._measured: tuple[Measured[Volt], Measured[Ampere]] = (UNMEASURED, UNMEASURED)

    # For the guard.

    @property
    def limits(self) -> Limits:
        """What the keys allow and the module says it can do now."""
        return self._keys.limits

    @property
    def abilities(self) -> Abilities:
        """As the protocol says."""
        limits, least = self.limits, self._keys.min_current
        return Abilities(limits, min_charge_current=least, min_charge_power=least * limits.min_voltage, ramp=self._keys.ramp)

    @property
    def health(self) -> Health:
        """By what the module says, and whether it says anything."""
        return self.judged(self._clock())[0]

    @property
    def why(self) -> str:
        """Why it is not in good health, for the log."""
        reason, line = self.judged(self._clock())[1], "" if self.line is None else self.line.why
        return ": ".join(text for text in (reason, line) if text)

    def demand(self, voltage: Volt, current: Ampere, trickle: Ampere = 0.0) -> None:
        """As the protocol says. Dies after `LIFE`."""
        self._told = (voltage, current or max(trickle, 0.0), self._clock())

    def off(self) -> None:
        """As the protocol says."""
        self._told = (0.0, 0.0, self._clock())

    def measured(self) -> tuple[Measured[Volt], Measured[Ampere]]:
        """As the protocol says."""
        return self._measured

    def close(self) -> None:
        """Off, and the bus let go."""
        self.off()
        if self.line is not None:
            self.line.close()

    # For the line.

    def wanted(self, now: Second) -> Wanted | None:
        """The demand inside the module's abilities; None: off. A discharge of one that cannot is off; so is 0 A, with no trickle."""
        voltage, current, at = self._told
        if now - at > LIFE or not (isfinite(voltage) and isfinite(current)):
            return None
        limits, least = self.limits, self._keys.min_current
        if current < 0:
            most = limits.discharge_current
            return Wanted(min(max(voltage, limits.min_voltage), limits.max_voltage), -min(-current, most)) if voltage > 0 and most else None
        if current == 0 or voltage < limits.min_voltage or not limits.charge_current:
            return None
        return Wanted(min(voltage, limits.max_voltage), min(max(current, least), limits.charge_current))

    def speak(self, now: Second) -> Frame | None:
        """As `line.Device` says."""
        self._started = self._started or not self.missing()
        order: Frame | Order | None
        if self._started:
            frame, order = self._turns.next(self.orders(now), self.look(now))
        else:
            order = next(self._start)
            frame = order.frame if isinstance(order, Order) else order
        if isinstance(order, Order):
            self.ordered(order, now)
        return frame

    def unsaid(self) -> None:
        """As `line.Device` says."""
        self._turns.forget_all()

    # For a module's own class.

    @property
    @abstractmethod
    def accepts(self) -> Sequence[tuple[int, int, bool]]:
        """As `line.Device` says."""

    def missing(self) -> str:
        """What of all that a start takes it has not said yet, in words."""
        return "" if min(it.at for it in self._measured) > NEVER else "voltage and current"

    @abstractmethod
    def orders(self, now: Second) -> Sequence[Order]:
        """What may be said now, in that order."""

    def look(self, now: Second) -> Sequence[Frame]:
        """What is waited for; empty: nothing special."""
        return ()

    def ordered(self, order: Order, now: Second) -> None:
        """That one goes out now."""
        return

    @abstractmethod
    def heard(self, frame: Frame, now: Second) -> bool:
        """As `line.Device` says."""

    @abstractmethod
    def farewell(self) -> Sequence[Frame]:
        """As `line.Device` says."""

    @abstractmethod
    def judged(self, now: Second) -> tuple[Health, str]:
        """Its health, and why it is no better."""


S = TypeVar("S", bound=CanSupply)


def started(supply: S, keys: SupplyKeys, file: str, path: str, bus: Callable[[], Any] | None = None) -> S:
    """`supply` on its bus, once it has said what a start takes. Raises LocalError where it does not, within 3 s."""
    supply.line = Line(keys, supply, bus)
    end = time.monotonic() + FIRST
    while missing := supply.missing():
        if time.monotonic() > end:
            supply.close()
            why = supply.line.why or "silence"
            raise LocalError(f"{file}: {path}: no answer on {keys.interface} {keys.channel} to: {missing}; {why}")
        time.sleep(0.01)
    return supply


def possible(keys: SupplyKeys, file: str, path: str) -> None:
    """Raises LocalError where no supply can have these keys."""
    for key, fits, allowed in (
        ("min_voltage", keys.min_voltage < keys.max_voltage, f"below max_voltage, {keys.max_voltage}"),
        ("charge_current", keys.charge_current > 0, "above 0"),
        ("charge_power", keys.charge_power > 0, "above 0"),
        ("min_current", keys.min_current <= keys.charge_current, f"up to charge_current, {keys.charge_current}"),
        ("discharge_power", bool(keys.discharge_power) is bool(keys.discharge_current), "0 exactly where discharge_current is 0"),
        ("ramp", keys.ramp > 0, "above 0"),
    ):
        if not fits:
            raise LocalError(f"{file}: {path}.{key}: {getattr(keys, key)}; allowed: {allowed}")
