"""The electrical path: supply and capacitor, output contactor, cable and inlet, the vehicle's contactor, battery.

The time constants of resistance and capacitor (some 50 µs) are far below a step, so nothing is integrated numerically: while
both contactors conduct the bus *is* the battery's terminal voltage plus I·R; while they do not the capacitor is charged at
constant current, held, or discharged by an exponential. Every step is exact at constant current, whatever its length.
"""

from __future__ import annotations

from math import exp
from typing import Protocol

from iso15118.power import Pilot
from iso15118.sim.battery import Battery
from iso15118.sim.relay import Relay
from iso15118.sim.supply import Supply
from iso15118.units import Ampere, Ohm, Second, Volt

DEAD: Volt = 0.5
"""Below this a bleeding conductor counts as discharged."""
CABLE_TIME: Second = 0.050
"""Time constant of a floating cable: little capacitance, and the measuring resistors of both sides."""
CALM: Second = 0.010
"""A current that can be reached within this time counts as settled."""


class Load(Protocol):
    """What hangs on the cable: a vehicle."""

    @property
    def battery(self) -> Battery: ...
    @property
    def conducting(self) -> bool:
        """Is its battery connected to the cable?"""

    @property
    def settled(self) -> bool:
        """Is nothing on its way that a long step would miss?"""

    @property
    def pilot(self) -> Pilot: ...
    def advance(self, dt: Second) -> None:
        """Let its own contactor move."""

    def sense(self, bus: DcBus, at: Second) -> None:
        """See the bus as it stands at time `at`."""

    def break_contactor(self, welded: bool, stuck_open: bool) -> None:
        """Put a fault into its contactor."""


class DcBus:
    """One output. Voltages: `supply_voltage` at the capacitor, `output_voltage` on the vehicle side of the output contactor,
    `inlet_voltage` at the car. `current`: A, + into the vehicle."""

    __slots__ = (
        "_driven",
        "_joined",
        "bleed_time",
        "cable_resistance",
        "capacitance",
        "charge",
        "contactor",
        "current",
        "inlet_voltage",
        "load",
        "output_voltage",
        "short",
        "supply",
        "supply_voltage",
        "testing",
    )

    def __init__(
        self,
        supply: Supply | None = None,
        load: Load | None = None,
        *,
        contactor: Relay | None = None,
        capacitance: float = 1e-3,
        cable_resistance: Ohm = 0.002,
        bleed_time: Second = 0.45,
    ) -> None:
        """`bleed_time`: time constant of the capacitor when the supply is off; 0.45 s takes 500 V below 60 V in a second."""
        self.supply = Supply() if supply is None else supply
        self.load = load
        self.contactor = Relay() if contactor is None else contactor
        self.capacitance = capacitance
        self.cable_resistance = cable_resistance
        self.bleed_time = bleed_time
        self.supply_voltage: Volt = 0.0
        self.output_voltage: Volt = 0.0
        self.inlet_voltage: Volt = 0.0
        self.current: Ampere = 0.0
        self.charge = 0.0
        """A·s that went into the vehicle during the last step."""
        self.short: Ohm | None = None
        """What stands between both poles of the cable; None: nothing."""
        self.testing = False
        """An insulation test is running: the voltage on the bus is not a pre-charge."""
        self._joined = False
        self._driven: Ampere = 0.0
        """What the supply drives: `current` without the rush out of the capacitor at the moment of joining."""

    @property
    def settled(self) -> bool:
        """May the next step be long?"""
        load = self.load
        if not self.contactor.settled or (load is not None and not load.settled) or self._joined != self._joins():
            return False
        if load is not None and self._joined:
            target = self.supply.settles_at(load.battery.open_circuit_voltage, self._resistance(load))
            return self.current == self._driven and abs(target - self._driven) <= self.supply.rise * CALM
        floating = not self.contactor.conducting and (load is None or not load.conducting)
        if floating and self.inlet_voltage:
            return False
        target = self.supply.target_voltage
        return self.supply_voltage == target or (self.supply_voltage < target and not self.supply.window[1])

    def advance(self, dt: Second) -> None:
        """Let `dt` seconds pass: any length while `settled`, else some 10 ms."""
        self.contactor.advance(dt)
        if self.load is not None:
            self.load.advance(dt)
        joined = self._joins()
        if joined and self.load is not None:
            self._flow(self.load, dt)
        else:
            self.current = self._driven = self.charge = 0.0
            self._charge_capacitor(dt)
            if self.contactor.conducting and self.short is not None:
                self.supply_voltage = min(self.supply_voltage, self.supply.window[1] * self.short)
                self.current = self.supply_voltage / self.short
            if self.contactor.conducting:
                self.output_voltage = self.inlet_voltage = self.supply_voltage
            elif self.load is not None and self.load.conducting:
                self.output_voltage = self.inlet_voltage = self.load.battery.open_circuit_voltage
            else:
                self.output_voltage = self.inlet_voltage = _bled(self.inlet_voltage, dt, CABLE_TIME)
        self._joined = joined

    def _joins(self) -> bool:
        return self.contactor.conducting and self.load is not None and self.load.conducting

    def _resistance(self, load: Load) -> Ohm:
        return load.battery.resistance + self.cable_resistance

    def _flow(self, load: Load, dt: Second) -> None:
        """Battery and supply are joined: move the current toward what the supply wants, and its charge into the battery."""
        battery, resistance = load.battery, self._resistance(load)
        rush = 0.0 if self._joined else self.capacitance * (self.supply_voltage - battery.open_circuit_voltage)
        target = self.supply.settles_at(battery.open_circuit_voltage, resistance)
        self._driven, charge = self.supply.slew(self._driven, target, dt)
        self.charge = charge + rush
        battery.advance(self.charge / dt, dt)
        self.current = self._driven + rush / dt
        self.inlet_voltage = battery.terminal_voltage(self.current)
        self.output_voltage = self.inlet_voltage + self.current * self.cable_resistance
        self.supply_voltage = self.output_voltage

    def _charge_capacitor(self, dt: Second) -> None:
        """Nobody is connected: up at the current the supply may drive, down by its discharge circuit."""
        target = self.supply.target_voltage
        if self.supply_voltage < target:
            self.supply_voltage = min(target, self.supply_voltage + self.supply.window[1] * dt / self.capacitance)
        else:
            self.supply_voltage = max(target, _bled(self.supply_voltage, dt, self.bleed_time))


def _bled(voltage: Volt, dt: Second, time: Second) -> Volt:
    """`voltage` after `dt` seconds of discharge with time constant `time`."""
    left = voltage * exp(-dt / time)
    return left if left > DEAD else 0.0
