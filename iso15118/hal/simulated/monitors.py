"""The simulated monitors of an outlet, over the same plant as its devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from iso15118.hal.monitoring import NO_GRID
from iso15118.power import AcReading, Measured
from iso15118.sim.mains import Mains
from iso15118.sim.plant import Plant
from iso15118.units import PerPhase, Second, Volt

_NEVER: Final = float("-inf")
_UNSEEN: Final = Measured(False, _NEVER)
_COLD: Final = Measured(0.0, _NEVER)
_NO_PHASES: Final = Measured(0, _NEVER)
_DARK: Final = Measured(NO_GRID, _NEVER)
NOMINAL: Final = 230.0, 50.0
"""V and Hz of the grid behind a simulated converter."""


@dataclass(slots=True)
class SimulatedThermometer:
    """`hal.protocols.Thermometer`."""

    plant: Plant | Mains
    seen: Measured[float] = _COLD

    def celsius(self) -> Measured[float]:
        return self.seen

    def measure(self, now: Second) -> None:
        self.seen = Measured(self.plant.faults.celsius, now)


@dataclass(slots=True)
class SimulatedStop:
    """`hal.protocols.StopInputs`."""

    plant: Plant | Mains
    stop: Measured[bool] = _UNSEEN
    opened: Measured[bool] = _UNSEEN

    def pressed(self) -> Measured[bool]:
        return self.stop

    def door(self) -> Measured[bool]:
        return self.opened

    def measure(self, now: Second) -> None:
        self.stop = Measured(self.plant.faults.stop_pressed, now)
        self.opened = Measured(self.plant.faults.door_open, now)


@dataclass(slots=True)
class SimulatedPhaseSwitch:
    """`hal.protocols.PhaseSwitch`: takes `delay`, and moves whatever flows: it is the guard's to see that nothing does."""

    plant: Mains
    delay: Second = 0.2
    state: Measured[int] = _NO_PHASES
    _wanted: int = 0
    _moves: Second | None = None

    def demand(self, phases: int) -> None:
        self._wanted = phases

    def phases(self) -> Measured[int]:
        return self.state

    def measure(self, now: Second) -> None:
        if self._wanted in (0, self.plant.fed):
            self._moves = None
        elif self._moves is None:
            self._moves = now
        elif now - self._moves >= self.delay:
            self.plant.fed, self._moves = self._wanted, None
        self.state = Measured(self.plant.fed if self._moves is None else 0, now)


@dataclass(slots=True)
class SimulatedOverVoltageMonitor:
    """`hal.protocols.OverVoltageMonitor`. It sees what the plant has at the outlet's turn; a real one looks a hundred times as often."""

    plant: Plant
    limit: Volt | None = None
    state: Measured[bool] = _UNSEEN

    def demand(self, limit: Volt | None) -> None:
        self.limit = limit

    def tripped(self) -> Measured[bool]:
        return self.state

    def measure(self, now: Second) -> None:
        above = self.limit is not None and self.plant.bus.output_voltage > self.limit
        self.state = Measured(above or (self.state.value and self.limit is not None), now)


@dataclass(slots=True)
class SimulatedGridSensor:
    """`hal.protocols.GridSensor`: the grid that a converter of direct current is on."""

    plant: Plant
    seen: Measured[AcReading] = _DARK

    def measured(self) -> Measured[AcReading]:
        return self.seen

    def measure(self, now: Second) -> None:
        faults, (volts, hertz) = self.plant.faults, NOMINAL
        level = 0.0 if faults.grid_lost else volts * faults.grid_voltage
        frequency = 0.0 if faults.grid_lost else hertz if faults.grid_frequency is None else faults.grid_frequency
        old = self.seen.value
        if old.voltage.l1 != level or old.frequency != frequency:
            old = AcReading(PerPhase(level, level, level), frequency=frequency)
        self.seen = Measured(old, now)
