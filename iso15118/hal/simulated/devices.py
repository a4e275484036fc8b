"""The simulated devices: one side of each is a protocol of `hal.protocols`, the other a corner of the shared `Plant`.

Measurements are taken by the outlet at its turn and handed out as they are, so that a frozen plant shows old ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.protocols import Health
from iso15118.power import Abilities, Contactor, Insulation, Measured, Pilot
from iso15118.sim.mains import Mains
from iso15118.sim.plant import Plant
from iso15118.units import Ampere, Ohm, Second, Volt, WattHour
from iso15118.value import replace

INSULATION_FAULT: Final[Ohm] = 100e3
"""Below it the output must not be energised (N10)."""
TEST_VOLTAGE: Final[Volt] = 60.0
"""A test measures nothing while less than this stands on the output."""
_NEVER: Final = float("-inf")
_UNMEASURED: Final = Measured(0.0, _NEVER)
_OPEN: Final = Measured(Contactor.OPEN, _NEVER)
_UNKNOWN: Final = Measured(Insulation.UNKNOWN, _NEVER)
_UNPLUGGED: Final = Measured(Pilot.A, _NEVER)
_FREE: Final = Measured(False, _NEVER)


@dataclass(slots=True)
class SimulatedSupply:
    """`hal.protocols.DcSupply`."""

    plant: Plant
    rated: Abilities
    voltage: Measured[Volt] = _UNMEASURED
    current: Measured[Ampere] = _UNMEASURED

    @property
    def abilities(self) -> Abilities:
        share = self.plant.faults.supply_derating
        if share >= 1:
            return self.rated
        r = self.rated.limits
        limits = replace(
            r,
            charge_current=r.charge_current * share,
            charge_power=r.charge_power * share,
            discharge_current=r.discharge_current * share,
            discharge_power=r.discharge_power * share,
        )
        return replace(self.rated, limits=limits)

    @property
    def health(self) -> Health:
        if self.plant.faults.supply_dead or self.plant.faults.grid_lost:
            return Health.FAILED
        return Health.DEGRADED if self.plant.faults.supply_derating < 1 else Health.GOOD

    def demand(self, voltage: Volt, current: Ampere, trickle: Ampere = 0.0) -> None:
        self.plant.bus.supply.demand(voltage, current, trickle)

    def off(self) -> None:
        self.plant.bus.supply.off()

    def measured(self) -> tuple[Measured[Volt], Measured[Ampere]]:
        return self.voltage, self.current

    def measure(self, now: Second) -> None:
        self.voltage = Measured(self.plant.bus.supply_voltage, now)
        self.current = Measured(self.plant.bus.current, now)


@dataclass(slots=True)
class SimulatedContactor:
    """`hal.protocols.OutputContactor`."""

    plant: Plant
    state: Measured[Contactor] = _OPEN
    behind: Measured[Volt] = _UNMEASURED

    def demand(self, closed: bool) -> None:
        self.plant.bus.contactor.demand(closed)

    def feedback(self) -> Measured[Contactor]:
        return self.state

    def voltage(self) -> Measured[Volt]:
        return self.behind

    def measure(self, now: Second) -> None:
        self.state = Measured(self.plant.bus.contactor.feedback, now)
        self.behind = Measured(self.plant.bus.output_voltage, now)


@dataclass(slots=True)
class SimulatedInsulationMonitor:
    """`hal.protocols.InsulationMonitor`. A test takes `test_time` of voltage on the output; afterwards it goes on watching.

    A bad verdict is forgotten when the contactor is open and no test is wanted: there is nothing left to judge. Any verdict
    is forgotten when the connector is pulled.
    """

    plant: Plant
    test_time: Second
    state: Measured[Insulation] = _UNKNOWN
    ohm: Measured[Ohm] = _UNMEASURED
    _since: Second | None = None

    def demand(self, testing: bool) -> None:
        if testing and not self.plant.bus.testing:
            self.state = replace(self.state, value=Insulation.TESTING)
            self._since = None
        self.plant.bus.testing = testing

    def verdict(self) -> Measured[Insulation]:
        return self.state

    def resistance(self) -> Measured[Ohm]:
        return self.ohm

    def measure(self, now: Second) -> None:
        self.ohm = Measured(self.plant.insulation, now)
        self.state = Measured(self._judged(now), now)

    def _judged(self, now: Second) -> Insulation:
        """The verdict at `now`."""
        bus, verdict = self.plant.bus, self.state.value
        bad = self.plant.insulation < INSULATION_FAULT
        if self.plant.pilot is Pilot.A:
            return Insulation.UNKNOWN
        if verdict is Insulation.TESTING:
            if not bus.testing:
                return Insulation.UNKNOWN
            if max(bus.output_voltage, bus.supply_voltage) < TEST_VOLTAGE:
                self._since = None
                return verdict
            if self._since is None:
                self._since = now
            if now - self._since < self.test_time:
                return verdict
            return Insulation.FAULT if bad else Insulation.VALID
        if verdict is Insulation.VALID and bad:
            return Insulation.FAULT
        if verdict is Insulation.FAULT and not bus.testing and bus.contactor.feedback is Contactor.OPEN:
            return Insulation.UNKNOWN
        return verdict


@dataclass(slots=True)
class SimulatedMeter:
    """`hal.protocols.EnergyMeter`."""

    plant: Plant | Mains
    meter_id: str
    into: Measured[WattHour] = _UNMEASURED
    out: Measured[WattHour] = _UNMEASURED

    @property
    def health(self) -> Health:
        return Health.FAILED if self.plant.faults.meter_failed else Health.GOOD

    def charged(self) -> Measured[WattHour]:
        return self.into

    def discharged(self) -> Measured[WattHour]:
        return self.out

    def measure(self, now: Second) -> None:
        self.into = Measured(self.plant.meter.charged, now)
        self.out = Measured(self.plant.meter.discharged, now)


@dataclass(slots=True)
class SimulatedPilot:
    """`hal.protocols.ControlPilot`."""

    plant: Plant | Mains
    percent: float = 100.0
    seen: Measured[Pilot] = _UNPLUGGED

    def state(self) -> Measured[Pilot]:
        return self.seen

    def duty(self, percent: float) -> None:
        if not 0 <= percent <= 100:
            raise LocalError(f"a duty cycle is 0..100 percent, not {percent}")
        self.percent = percent

    def measure(self, now: Second) -> None:
        self.seen = Measured(self.plant.pilot, now)


@dataclass(slots=True)
class SimulatedLock:
    """`hal.protocols.ConnectorLock`: a motor that takes `delay`."""

    plant: Plant | Mains
    delay: Second
    state: Measured[bool] = _FREE
    _wanted: bool = False
    _moving_since: Second | None = None

    def demand(self, locked: bool) -> None:
        if locked != self._wanted:
            self._wanted, self._moving_since = locked, None

    def locked(self) -> Measured[bool]:
        return self.state

    def measure(self, now: Second) -> None:
        locked = self.state.value
        if locked != self._wanted and not self.plant.faults.lock_stuck:
            if self._moving_since is None:
                self._moving_since = now
            if now - self._moving_since >= self.delay:
                locked = self._wanted
        self.state = Measured(locked, now)
