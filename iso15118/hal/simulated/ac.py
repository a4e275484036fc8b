"""The simulated outlet of alternating current: the protocols of `hal.protocols.AcOutlet` over `sim.mains`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from iso15118.hal.board import Board
from iso15118.hal.protocols import Health, Monitors
from iso15118.hal.simulated.devices import SimulatedLock, SimulatedMeter, SimulatedPilot
from iso15118.hal.simulated.monitors import SimulatedPhaseSwitch, SimulatedStop, SimulatedThermometer
from iso15118.power import Abilities, AcReading, AcTarget, Contactor, Measured
from iso15118.sim.mains import AcLoad, Mains
from iso15118.units import NO_PHASE, Second, Volt

_NEVER: Final = float("-inf")
_UNMEASURED: Final = Measured(AcReading(NO_PHASE, frequency=0.0), _NEVER)
_WHOLE: Final = Measured(False, _NEVER)
_OPEN: Final = Measured(Contactor.OPEN, _NEVER)
_DEAD: Final = Measured(0.0, _NEVER)


@dataclass(slots=True)
class SimulatedAcPath:
    """`hal.protocols.AcPath`."""

    mains: Mains
    rated: Abilities
    reading: Measured[AcReading] = _UNMEASURED
    tripped: Measured[bool] = _WHOLE

    @property
    def abilities(self) -> Abilities:
        return self.rated

    @property
    def health(self) -> Health:
        return Health.FAILED if self.mains.faults.supply_dead else Health.GOOD

    def demand(self, target: AcTarget | None) -> None:
        self.mains.target = target

    def measured(self) -> Measured[AcReading]:
        return self.reading

    def residual(self) -> Measured[bool]:
        return self.tripped

    def measure(self, now: Second) -> None:
        self.reading = Measured(self.mains.reading, now)
        self.tripped = Measured(self.mains.faults.residual_current, now)


@dataclass(slots=True)
class SimulatedAcContactor:
    """`hal.protocols.OutputContactor`."""

    mains: Mains
    state: Measured[Contactor] = _OPEN
    behind: Measured[Volt] = _DEAD

    def demand(self, closed: bool) -> None:
        self.mains.contactor.demand(closed)

    def feedback(self) -> Measured[Contactor]:
        return self.state

    def voltage(self) -> Measured[Volt]:
        return self.behind

    def measure(self, now: Second) -> None:
        self.state = Measured(self.mains.contactor.feedback, now)
        self.behind = Measured(self.mains.behind, now)


class SimulatedAcOutlet:
    """`hal.protocols.AcOutlet` over `Mains`. `plant.faults` is the door for breaking things."""

    __slots__ = ("_devices", "contactor", "lock", "meter", "monitors", "path", "pilot", "plant")

    def __init__(self, mains: Mains, board: Board, *, meter_id: str, lock_delay: Second) -> None:
        self.plant = mains
        self.path = SimulatedAcPath(mains, board.abilities)
        self.contactor = SimulatedAcContactor(mains)
        self.meter = SimulatedMeter(mains, meter_id)
        self.pilot = SimulatedPilot(mains)
        self.lock = SimulatedLock(mains, lock_delay)
        heat, stop = SimulatedThermometer(mains), SimulatedStop(mains)
        switch = SimulatedPhaseSwitch(mains) if board.ac is not None and board.ac.phases == 3 else None
        self.monitors = Monitors(temperature=heat, stop=stop, phases=switch)
        devices = (self.path, self.contactor, self.meter, self.pilot, self.lock, heat, stop)
        self._devices = devices if switch is None else (*devices, switch)

    def plug(self, load: AcLoad | None) -> None:
        """Hang this vehicle on the cable in place of what hung there; None: nothing."""
        self.plant.load = load

    def advance(self, now: Second) -> None:
        """Move the mains up to `now` and measure them."""
        self.plant.advance(now)
        if not self.plant.faults.telemetry_frozen:
            for device in self._devices:
                device.measure(now)

    def close(self) -> None:
        """Off, open, free."""
        self.path.demand(None)
        self.contactor.demand(False)
        self.lock.demand(False)
