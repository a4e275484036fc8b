"""The on-board charger: what a car on alternating current takes from each phase, and gives back, for what is demanded of it.

It follows its demand after a reaction time and along a ramp, within its currents, its apparent power (P² + Q² <= S²) and what the battery
lets in and out. Below its least current a phase is not loaded at all. Losses are a share of the power; idle it takes nothing.
Not here: what the car says (`session`), and the mains (the charger's plant).
"""

from __future__ import annotations

from collections import deque
from math import sqrt
from typing import Final

from iso15118.der.follow import NEW, Grid, Rated, follow
from iso15118.der.words import DerOrder
from iso15118.errors import LocalError
from iso15118.power import AcAbilities, AcReading, AcTarget, Limits
from iso15118.sim.battery import Battery
from iso15118.sim.slew import slew
from iso15118.units import NO_PHASE, Ampere, Hertz, PerPhase, Second, Var, Volt, Watt

PRESENT: Final = 0.5
"""The share of its nominal voltage from which on a phase counts as live."""
TOLERANCE: Final = 0.15
"""The share by which the mains may differ from their nominal voltage."""
_IDLE: Final = AcTarget()
_EPSILON: Final = 1e-9


class OnBoardCharger:
    """A converter between mains and battery. Powers in W and var on the mains' side, + into the car."""

    __slots__ = (
        "_coming",
        "_memory",
        "_moving",
        "_order",
        "_shaped",
        "_target",
        "abilities",
        "active",
        "chance",
        "curbed",
        "current",
        "delay",
        "efficiency",
        "fall",
        "frequency",
        "least",
        "power",
        "reactive",
        "rise",
        "voltage",
    )

    def __init__(
        self,
        *,
        phases: int = 3,
        power: Watt = 11_000.0,
        current: Ampere = 16.0,
        reactive: Var = 5_000.0,
        efficiency: float = 0.94,
        voltage: Volt = 230.0,
        least: Ampere = 6.0,
        rise: float = 20e3,
        fall: float = 100e3,
        delay: Second = 0.050,
        chance: float = 1.0,
    ) -> None:
        """`power`: apparent, all phases together, at most. `current`: of each phase, at most; `least`: at least, when charging.

        `chance`: 0..1, the share it draws of a random delay before it comes into service.
        `rise`, `fall`: W/s (and var/s) of all phases together. Raises LocalError on a converter that cannot be.
        """
        if phases not in (1, 3) or min(power, current, voltage, rise, fall) <= 0 or not 0 < efficiency <= 1 or min(reactive, delay) < 0:
            raise LocalError("an on-board charger has 1 or 3 phases, power and current above 0, and an efficiency above 0 and up to 1")
        self.abilities: Final = AcAbilities(phases=phases, voltage=voltage, reactive=reactive)
        self.power = power
        self.current = current
        self.efficiency = efficiency
        self.least = least
        self.rise = rise / phases
        self.fall = fall / phases
        self.delay = delay
        self.chance = chance
        self.voltage = self.active = self.reactive = NO_PHASE
        """What stands at it and flows now, phase by phase."""
        self.frequency: Hertz = 0.0
        self._target = self._shaped = _IDLE
        self._order: DerOrder | None = None
        self._memory = NEW
        self._moving = False
        self.curbed = False
        """A function of the grid code holds power back."""
        self._coming: deque[tuple[Second, AcTarget]] = deque()
        """Demands that it has not reacted to yet, and how long until it does."""

    def demand(self, target: AcTarget | None) -> None:
        """The level wanted from now on; the same level again changes nothing."""
        target = target or _IDLE
        if target != (self._coming[-1][1] if self._coming else self._target):
            self._coming.append((self.delay, target))

    def obey(self, order: DerOrder | None) -> None:
        """The grid code to follow from now on, by what stands at the mains; None: none."""
        if order is None or self._order is None or order.code is not self._order.code:
            service = self._memory.service if order is not None else NEW.service  # a curve that changes does not take it out of service
            self._memory, self.curbed, self._moving = NEW._replace(service=service), False, False
        self._order = order

    def limits(self, battery: Limits) -> Limits:
        """What it takes and gives with a battery of these limits, on the mains' side."""
        volts, phases = self.abilities.voltage, self.abilities.phases
        most = min(self.power, phases * self.current * volts)
        current = most / phases / volts
        return Limits(
            volts * (1 - TOLERANCE),
            volts * (1 + TOLERANCE),
            current,
            min(most, battery.charge_power / self.efficiency),
            current if battery.discharge_power else 0.0,
            min(most, battery.discharge_power * self.efficiency),
        )

    @property
    def least_power(self) -> Watt:
        """What it takes at least when it charges on all its phases."""
        return self.least * self.abilities.voltage * self.abilities.phases

    @property
    def reading(self) -> AcReading:
        """What it measures."""
        return AcReading(self.voltage, self.active, self.reactive, self.frequency)

    def settled(self, limits: Limits) -> bool:
        """Does it do what is demanded of it?"""
        return not self._coming and not self._moving and (self.active, self.reactive) == self._goal(limits)

    def draw(self, battery: Battery, limits: Limits, voltage: PerPhase, frequency: Hertz, dt: Second) -> tuple[PerPhase, PerPhase]:
        """Let `dt` seconds pass at these mains: (active, reactive) power taken, the mean of that time.

        `limits`: those of `limits()`, now. What goes in and out of the battery has the same mean, but for the losses.
        """
        self.voltage, self.frequency = voltage, frequency
        dead = tuple(volts < PRESENT * self.abilities.voltage for volts in voltage)
        if any(dead):  # a phase without voltage carries nothing, at once
            self.active = PerPhase(*(0.0 if off else power for off, power in zip(dead, self.active, strict=True)))
            self.reactive = PerPhase(*(0.0 if off else power for off, power in zip(dead, self.reactive, strict=True)))
        self._shape(dt)
        energy, turned, left = NO_PHASE, NO_PHASE, dt
        while left > _EPSILON:
            part = min(left, self._coming[0][0]) if self._coming else left
            active, reactive = self._goal(limits)
            self.active, energy = self._move(self.active, active, part, energy)
            self.reactive, turned = self._move(self.reactive, reactive, part, turned)
            self._react(part)
            left -= part
        if dt <= 0:
            return self.active, self.reactive
        mean = PerPhase(*(each / dt for each in energy))
        battery.advance(battery.current_at(self._behind(mean.total)), dt)
        return mean, PerPhase(*(each / dt for each in turned))

    def battery_current(self, battery: Battery) -> Ampere:
        """What flows into the battery now."""
        return battery.current_at(self._behind(self.active.total))

    def _behind(self, power: Watt) -> Watt:
        """What of `power` at the mains arrives at the battery, or has to leave it."""
        return power * self.efficiency if power >= 0 else power / self.efficiency

    def _shape(self, dt: Second) -> None:
        """Let the grid code have its say about what is demanded."""
        target, phases = self._target, self.abilities.phases
        if self._order is None:
            return
        live = [volts for volts in self.voltage[:phases] if volts >= PRESENT * self.abilities.voltage]
        if not live:
            self._shaped, self._memory = _IDLE, NEW
            return
        grid = Grid(sum(live) / len(live), max(live), min(live), self.frequency)
        rated = Rated(min(self.power, phases * self.current * self.abilities.voltage), self.abilities.reactive, self.chance)
        wanted = target.active.total
        found = follow(self._order, wanted, target.reactive.total, grid, rated, self._memory, dt)
        share = found.active / wanted if wanted else 0.0
        self._memory, self.curbed, self._moving = found.memory, found.curbed, found.moving
        self._shaped = AcTarget(PerPhase(*(power * share for power in target.active)), PerPhase.even(found.reactive, phases))

    def _react(self, dt: Second) -> None:
        """Let the demands under way come nearer."""
        self._coming = deque((wait - dt, target) for wait, target in self._coming)
        while self._coming and self._coming[0][0] <= _EPSILON:
            self._target = self._coming.popleft()[1]

    def _move(self, present: PerPhase, goal: PerPhase, dt: Second, passed: PerPhase) -> tuple[PerPhase, PerPhase]:
        """The phases after `dt` on their way, and `passed` with what has flowed meanwhile."""
        moved = [slew(p, g, dt, rise=self.rise, fall=self.fall) for p, g in zip(present, goal, strict=True)]
        return PerPhase(*(after for after, _ in moved)), PerPhase(*(a + b for a, (_, b) in zip(passed, moved, strict=True)))

    def _goal(self, limits: Limits) -> tuple[PerPhase, PerPhase]:
        """Active and reactive power it goes for: the demand, within all there is to keep to. Active power comes first."""
        phases, target = self.abilities.phases, self._target if self._order is None else self._shaped
        most = [0.0, 0.0, 0.0]
        for i in range(phases):
            if self.voltage[i] >= PRESENT * self.abilities.voltage:
                most[i] = min(self.power / phases, self.current * self.voltage[i])
        active = [min(max(wanted, -cap), cap) for wanted, cap in zip(target.active, most, strict=True)]
        active = [0.0 if 0.0 < power < self.least * volts else power for power, volts in zip(active, self.voltage, strict=True)]
        total = sum(active)
        bound = limits.charge_power if total >= 0 else limits.discharge_power
        if abs(total) > bound:
            active = [power * bound / abs(total) for power in active]
        share = self.abilities.reactive / phases
        reactive = []
        for wanted, power, cap in zip(target.reactive, active, most, strict=True):
            room = min(share, sqrt(max(0.0, cap * cap - power * power)))
            reactive.append(min(max(wanted, -room), room))
        return PerPhase(*active), PerPhase(*reactive)
