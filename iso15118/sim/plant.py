"""One charging point with what is plugged in: bus, meter, lock and insulation, moved through time in one piece.

Steps are 10 ms while anything is on its way (a contactor, a ramp, a capacitor) and up to a second while nothing is: an hour
of steady charging costs as many steps as there are calls, not 360,000.
"""

from __future__ import annotations

from iso15118.power import Pilot
from iso15118.sim.bus import DcBus, Load
from iso15118.sim.faults import SimulatedFaults
from iso15118.sim.meter import Meter
from iso15118.units import Ohm, Second

STEP: Second = 0.010
LONG_STEP: Second = 1.0
_EPSILON = 1e-9


class Plant:
    """The shared metal of charger and car. `now` is None until the first `advance` says what time it is."""

    __slots__ = ("_insulation", "bus", "faults", "meter", "now", "steps")

    def __init__(self, bus: DcBus, *, faults: SimulatedFaults | None = None, insulation: Ohm = 10e6) -> None:
        self.bus = bus
        self.faults = SimulatedFaults() if faults is None else faults
        self.meter = Meter()
        self.now: Second | None = None
        self.steps = 0
        self._insulation = insulation

    @property
    def load(self) -> Load | None:
        """What is plugged in."""
        return self.bus.load

    @property
    def pilot(self) -> Pilot:
        """What the charger sees on the control pilot: A while nothing is plugged in."""
        if self.faults.pilot is not None:
            return self.faults.pilot
        return Pilot.A if self.bus.load is None else self.bus.load.pilot

    @property
    def insulation(self) -> Ohm:
        """Resistance of the output to earth."""
        return self._insulation if self.faults.insulation is None else self.faults.insulation

    def advance(self, now: Second) -> None:
        """Move everything up to `now`; a time already reached changes nothing."""
        if self.now is None:
            self.now = now
            self._see()
        self._break()
        while now - self.now > _EPSILON:
            dt = min(now - self.now, LONG_STEP if self.bus.settled else STEP)
            before = self.bus.output_voltage
            self.bus.advance(dt)
            self.meter.count((before + self.bus.output_voltage) / 2, self.bus.charge / dt, dt)
            self.now += dt
            self.steps += 1
            self._see()

    def _see(self) -> None:
        if self.bus.load is not None and self.now is not None:
            self.bus.load.sense(self.bus, self.now)

    def _break(self) -> None:
        """Put the faults of the day into the metal."""
        supply, faults = self.bus.supply, self.faults
        self.bus.contactor.welded = faults.contactor_welded
        self.bus.contactor.stuck_open = faults.contactor_stuck_open
        self.bus.contactor.bounce = faults.contactor_bounce
        supply.dead = faults.supply_dead or faults.grid_lost
        supply.gain = faults.current_gain
        supply.voltage_gain = faults.voltage_gain
        self.bus.short = faults.short_circuit
        self.meter.gain = faults.meter_gain
        if self.bus.load is not None:
            self.bus.load.break_contactor(faults.vehicle_welded, faults.vehicle_stuck_open)
