"""One charging point of alternating current with what is plugged in: grid, contactor, meter, moved through time in one piece.

The counterpart of `plant` and `bus`: the grid holds the voltage, and the vehicle's own charger takes what it likes.
"""

from __future__ import annotations

from typing import Protocol

from iso15118.power import AcReading, AcTarget, Pilot
from iso15118.sim.faults import SimulatedFaults
from iso15118.sim.meter import Meter
from iso15118.sim.plant import LONG_STEP, STEP
from iso15118.sim.relay import Relay
from iso15118.units import NO_PHASE, Hertz, PerPhase, Second, Volt, Watt

_EPSILON = 1e-9
ISLAND: Watt = -100.0
"""What a vehicle has to feed, to hold an island."""


class AcLoad(Protocol):
    """What hangs on the cable: a vehicle with a charger on board."""

    @property
    def settled(self) -> bool:
        """Is nothing on its way that a long step would miss?"""

    @property
    def pilot(self) -> Pilot: ...
    def draw(self, voltage: PerPhase, frequency: Hertz, dt: Second, at: Second) -> tuple[PerPhase, PerPhase]:
        """(active, reactive) power taken, the mean of the `dt` seconds that end at `at`; `voltage`: what stands at its inlet."""

    def break_contactor(self, welded: bool, stuck_open: bool) -> None:
        """Put a fault into its contactor."""


class MainsPhantom:
    """The car that is not there, for a charger alone with a foreign car: it takes what the outlet is told to offer. `pilot` may be set."""

    def __init__(self, pilot: Pilot = Pilot.C) -> None:
        self.pilot = pilot
        self.target = AcTarget()

    @property
    def settled(self) -> bool:
        """Always: it follows at once."""
        return True

    def draw(self, voltage: PerPhase, frequency: Hertz, dt: Second, at: Second) -> tuple[PerPhase, PerPhase]:
        """The target, where there is voltage."""
        active, reactive = self.target.active, self.target.reactive
        return _where(voltage, active), _where(voltage, reactive)

    def break_contactor(self, welded: bool, stuck_open: bool) -> None:
        """It has none."""


def _where(voltage: PerPhase, power: PerPhase) -> PerPhase:
    return PerPhase(*(watts if volts else 0.0 for volts, watts in zip(voltage, power, strict=True)))


class Mains:
    """The shared metal of charger and car. `now` is None until the first `advance` says what time it is."""

    __slots__ = ("_alone", "contactor", "faults", "fed", "frequency", "load", "meter", "now", "reading", "steps", "target", "voltage")

    def __init__(
        self,
        load: AcLoad | None = None,
        *,
        phases: int = 3,
        voltage: Volt = 230.0,
        frequency: Hertz = 50.0,
        contactor: Relay | None = None,
        faults: SimulatedFaults | None = None,
    ) -> None:
        self.load = load
        self.voltage = PerPhase(*(voltage if i < phases else 0.0 for i in range(3)))
        self.frequency = frequency
        self.contactor = Relay() if contactor is None else contactor
        self.faults = SimulatedFaults() if faults is None else faults
        self._alone: Second = 0.0
        """Since the grid was lost."""
        self.fed = phases
        """Phases that the contactor feeds: 1, or as many as there are."""
        self.meter = Meter()
        self.target: AcTarget | None = None
        """What the outlet offers: read by a phantom, by nobody else."""
        self.now: Second | None = None
        self.steps = 0
        self.reading = AcReading(self.voltage, frequency=frequency)

    @property
    def pilot(self) -> Pilot:
        """What the charger sees on the control pilot: A while nothing is plugged in."""
        if self.faults.pilot is not None:
            return self.faults.pilot
        return Pilot.A if self.load is None else self.load.pilot

    @property
    def behind(self) -> Volt:
        """The highest voltage of a phase on the vehicle's side of the contactor."""
        return max(self._inlet())

    def advance(self, now: Second) -> None:
        """Move everything up to `now`; a time already reached changes nothing."""
        self._break()
        if self.now is None:
            self.now = now
            self._draw(0.0)
        while now - self.now > _EPSILON:
            settled = self.contactor.settled and (self.load is None or self.load.settled)
            dt = min(now - self.now, LONG_STEP if settled else STEP)
            self.contactor.advance(dt)
            self.now += dt
            self.steps += 1
            self._draw(dt)

    def _draw(self, dt: Second) -> None:
        active = reactive = NO_PHASE
        self._alone = self._alone + dt if self.faults.grid_lost else 0.0
        if self.load is not None and self.now is not None:
            if isinstance(self.load, MainsPhantom):
                self.load.target = self.target or AcTarget()
            active, reactive = self.load.draw(self._inlet(), self._grid()[1], dt, self.now)
            if dt > 0:
                self.meter.count(active.total, 1.0, dt)
        voltage, frequency = self._grid()
        self.reading = AcReading(voltage, active, reactive, frequency)

    def _inlet(self) -> PerPhase:
        if not self.contactor.conducting:
            return NO_PHASE
        volts = self._grid()[0]
        return volts if self.fed > 1 else PerPhase(volts.l1)

    def _grid(self) -> tuple[PerPhase, Hertz]:
        """Voltage and frequency of the grid, with what is wrong with it today."""
        if self.faults.grid_lost:
            if self.faults.island and self.reading.active.total < ISLAND:
                return self.voltage, self.frequency + self.faults.island * self._alone
            return NO_PHASE, 0.0
        frequency = self.frequency if self.faults.grid_frequency is None else self.faults.grid_frequency
        return PerPhase(*(volts * self.faults.grid_voltage for volts in self.voltage)), frequency

    def _break(self) -> None:
        """Put the faults of the day into the metal."""
        self.contactor.welded = self.faults.contactor_welded
        self.contactor.stuck_open = self.faults.contactor_stuck_open
        self.contactor.bounce = self.faults.contactor_bounce
        self.meter.gain = self.faults.meter_gain
        if self.load is not None:
            self.load.break_contactor(self.faults.vehicle_welded, self.faults.vehicle_stuck_open)
