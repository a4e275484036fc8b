"""A traction battery: open-circuit voltage over charge, a resistance, and what it lets in and out.

Bookkeeping is in **charge**: the state of charge is the stored charge over the full charge, in percent, and moves with
the integral of the current alone. Stored *energy* is the integral of the open-circuit voltage over the charge, so that
energy at the terminals = change of stored energy + I²R, exactly, for any step at constant current (no other loss).
Outside 0..100 % the end slopes of the curve go on: an abused battery shows what was done to it.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from math import sqrt

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.power import Limits
from iso15118.units import HOUR, Ampere, Ohm, Second, Volt, Watt, WattHour

NMC_CELL = ((0.0, 3.335), (10.0, 3.50), (30.0, 3.64), (50.0, 3.75), (70.0, 3.90), (90.0, 4.07), (100.0, 4.165))
"""(percent, volt) of one NMC cell: 96 in series run from 320 V to 400 V."""
TRICKLE_SHARE = 0.05
"""What is left of the current at the very end of a taper: an end that is reached, not approached for ever."""


class Battery:
    """A battery at a state of charge. Current in A, + charges."""

    __slots__ = (
        "_charge_points",
        "_energies",
        "_known",
        "_stored",
        "_volts",
        "capacity",
        "charge",
        "charge_current",
        "discharge_current",
        "full_charge",
        "loss",
        "max_voltage",
        "min_voltage",
        "resistance",
        "taper_above",
        "taper_below",
    )

    def __init__(
        self,
        capacity: WattHour = 60_000.0,
        soc: float = 50.0,
        *,
        curve: tuple[tuple[float, Volt], ...] = NMC_CELL,
        series: int = 96,
        resistance: Ohm = 0.040,
        charge_current: Ampere = 250.0,
        discharge_current: Ampere = 150.0,
        min_voltage: Volt | None = None,
        max_voltage: Volt | None = None,
        taper_above: float = 80.0,
        taper_below: float = 10.0,
    ) -> None:
        """`curve`: (percent, volt per cell), rising from 0 to 100 percent. Voltage limits default to 10 % under and 5 % over it."""
        percents = [percent for percent, _ in curve]
        if len(curve) < 2 or percents[0] != 0 or percents[-1] != 100 or any(b <= a for a, b in pairwise(percents)):
            raise LocalError(f"a battery curve rises from 0 to 100 percent, not {percents}")
        if min(capacity, series, *(volt for _, volt in curve)) <= 0 or resistance < 0 or not 0 <= soc <= 100:
            raise LocalError("a battery has capacity, cells and voltage above 0, a resistance >= 0 and a charge of 0..100 percent")
        self._volts = [volt * series for _, volt in curve]
        mean = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(curve)) / 100 * series
        self.capacity = capacity
        self.full_charge = capacity * HOUR / mean
        """A·s."""
        self._charge_points = [percent / 100 * self.full_charge for percent in percents]
        self._energies = [0.0]
        for i in range(1, len(curve)):
            width = self._charge_points[i] - self._charge_points[i - 1]
            self._energies.append(self._energies[-1] + width * (self._volts[i - 1] + self._volts[i]) / 2)
        self.charge = soc / 100 * self.full_charge
        self._known = (-1.0, 0.0, 0.0)
        """Charge, voltage and energy last asked for: between two steps it is asked for many times."""
        self._stored: dict[float, WattHour] = {}
        self.resistance = resistance
        self.charge_current = charge_current
        self.discharge_current = discharge_current
        self.min_voltage = 0.9 * min(self._volts) if min_voltage is None else min_voltage
        self.max_voltage = 1.05 * max(self._volts) if max_voltage is None else max_voltage
        self.taper_above = taper_above
        self.taper_below = taper_below
        self.loss: WattHour = 0.0
        """Heat made in the resistance so far."""

    @property
    def soc(self) -> float:
        """State of charge in percent: charge over full charge."""
        return 100 * self.charge / self.full_charge

    @property
    def open_circuit_voltage(self) -> Volt:
        """The voltage at rest."""
        return self._present()[1]

    @property
    def stored(self) -> WattHour:
        """Energy stored, 0 at 0 percent, `capacity` at 100."""
        return self._present()[2] / HOUR

    def stored_at(self, soc: float) -> WattHour:
        """Energy stored at `soc` percent."""
        if soc not in self._stored:
            self._stored[soc] = self._at(soc / 100 * self.full_charge)[1] / HOUR
        return self._stored[soc]

    def terminal_voltage(self, current: Ampere) -> Volt:
        """The voltage at the terminals while `current` flows in."""
        return self.open_circuit_voltage + current * self.resistance

    def current_at(self, power: Watt) -> Ampere:
        """The current at which `power` (W, + charges) goes in at the terminals; a power it cannot give comes out as the most it can."""
        voltage = self.open_circuit_voltage
        if self.resistance <= 0:
            return power / voltage
        # Roots of R I^2 + V I = P; the one near 0, without the difference of two near numbers.
        return 2 * power / (voltage + sqrt(max(0.0, voltage * voltage + 4 * self.resistance * power)))

    def advance(self, current: Ampere, dt: Second) -> None:
        """Let `current` flow in for `dt` seconds. Exact for any `dt`."""
        self.charge += current * dt
        self.loss += current * current * self.resistance * dt / HOUR

    def limits(self) -> Limits:
        """What it lets in and out at the present charge: tapering toward full and empty, 0 at the end."""
        charge = self.charge_current * _taper(100 - self.soc, 100 - self.taper_above)
        discharge = self.discharge_current * _taper(self.soc, self.taper_below)
        return Limits(
            self.min_voltage,
            self.max_voltage,
            charge,
            charge * self.terminal_voltage(charge),
            discharge,
            discharge * self.terminal_voltage(-discharge),
        )

    def need(
        self,
        target_soc: float = 80.0,
        *,
        max_soc: float = 100.0,
        min_soc: float = 0.0,
        v2x_max_soc: float | None = None,
        v2x_min_soc: float | None = None,
        departure: Second | None = None,
        limits: Limits | None = None,
    ) -> Need:
        """The energies from now to each state of charge (percent), behind the terminals; powers by `limits`, else the present ones."""
        limits, stored = limits or self.limits(), self.stored
        return Need(
            target_energy=self.stored_at(target_soc) - stored,
            max_energy=self.stored_at(max_soc) - stored,
            min_energy=self.stored_at(min_soc) - stored,
            departure=departure,
            charge_power=limits.charge_power,
            discharge_power=limits.discharge_power,
            v2x_max_energy=None if v2x_max_soc is None else self.stored_at(v2x_max_soc) - stored,
            v2x_min_energy=None if v2x_min_soc is None else self.stored_at(v2x_min_soc) - stored,
        )

    def _present(self) -> tuple[float, Volt, float]:
        """Charge, and what `_at` says of it."""
        if self._known[0] != self.charge:
            self._known = (self.charge, *self._at(self.charge))
        return self._known

    def _at(self, charge: float) -> tuple[Volt, float]:
        """(open-circuit voltage, stored joule) at `charge`."""
        points, volts = self._charge_points, self._volts
        i = min(max(bisect_right(points, charge) - 1, 0), len(points) - 2)
        beyond = charge - points[i]
        volt = volts[i] + beyond * (volts[i + 1] - volts[i]) / (points[i + 1] - points[i])
        return volt, self._energies[i] + beyond * (volts[i] + volt) / 2


def _taper(distance: float, width: float) -> float:
    """The share left at `distance` percent from the end of a taper `width` percent wide: 1 before it, 0 at its end."""
    if distance <= 0:
        return 0.0
    return 1.0 if distance >= width else max(distance / width, TRICKLE_SHARE)
