"""A bidirectional DC supply as a law: the current it drives for what is demanded of it. Its capacitor is in `bus`."""

from __future__ import annotations

from iso15118.sim.slew import slew
from iso15118.units import Ampere, Ohm, Second, Volt


class Supply:
    """Current-limited voltage source and sink. Current in A, + into the vehicle.

    Source (`current` > 0): regulates to `voltage` with 0..current (CC, then CV). Sink (`current` < 0): takes up to |current|
    out of the vehicle while the output stays at or above `voltage`. Hold (`current` 0, `voltage` > 0): a source of at most
    `trickle`. Off: nothing, and the output capacitor is discharged. |I| rises at `rise` A/s and falls at `fall` A/s, through 0.
    """

    __slots__ = (
        "charge_current",
        "current",
        "dead",
        "discharge_current",
        "fall",
        "gain",
        "max_voltage",
        "rise",
        "trickle",
        "voltage",
        "voltage_gain",
    )

    def __init__(
        self,
        *,
        max_voltage: Volt = 500.0,
        charge_current: Ampere = 125.0,
        discharge_current: Ampere = 125.0,
        rise: float = 100.0,
        fall: float = 1000.0,
    ) -> None:
        self.max_voltage = max_voltage
        self.charge_current = charge_current
        self.discharge_current = discharge_current
        self.rise = rise
        self.fall = fall
        self.voltage: Volt = 0.0
        self.current: Ampere = 0.0
        self.trickle: Ampere = 0.0
        self.dead = False
        self.gain = 1.0
        self.voltage_gain = 1.0

    def demand(self, voltage: Volt, current: Ampere, trickle: Ampere = 0.0) -> None:
        """The level wanted from now on."""
        self.voltage, self.current, self.trickle = voltage, current, trickle

    def off(self) -> None:
        """Drive nothing."""
        self.voltage = self.current = self.trickle = 0.0

    @property
    def on(self) -> bool:
        """Is there a voltage to regulate to?"""
        return self.voltage > 0 and not self.dead

    @property
    def holding(self) -> bool:
        """Is it holding a voltage without charging or discharging (pre-charge)?"""
        return self.on and self.current == 0

    @property
    def target_voltage(self) -> Volt:
        """What it regulates to; 0 when off."""
        return min(self.voltage, self.max_voltage) * self.voltage_gain if self.on else 0.0

    @property
    def window(self) -> tuple[Ampere, Ampere]:
        """The lowest and highest current it may drive now."""
        if not self.on:
            return 0.0, 0.0
        if self.current < 0:
            return -min(-self.current, self.discharge_current) * self.gain, 0.0
        return 0.0, min(self.current or self.trickle, self.charge_current) * self.gain

    def settles_at(self, behind: Volt, resistance: Ohm) -> Ampere:
        """The steady current into a voltage source `behind` a `resistance`."""
        low, high = self.window
        if low == high:
            return low
        return min(max((self.target_voltage - behind) / resistance, low), high)

    def slew(self, present: Ampere, target: Ampere, dt: Second) -> tuple[Ampere, float]:
        """(current after `dt` on the way to `target`, charge that flowed meanwhile in A·s)."""
        return slew(present, target, dt, rise=self.rise, fall=self.fall)
