"""What a device must do to be driven: capability interfaces in SI units, with an age on every measurement.

The contract, for every driver: **nothing waits for hardware**. A `demand` is a level, noted and returned from at once, and
may come again any number of times; a measurement is the latest the driver holds, with the monotonic second at which metal
took it (`power.Measured`). A driver with a bus to poll keeps its own I/O task and its latest state. What it cannot do it
raises as `DeviceError`; it raises nothing else. Sign: + into the vehicle. The contract suite in the tests holds any driver to this.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol, runtime_checkable

from iso15118.power import Abilities, AcReading, AcTarget, Contactor, Insulation, Measured, Pilot
from iso15118.units import Ampere, Ohm, Second, Volt, WattHour


class Health(IntEnum):
    """What a device says of itself. DEGRADED: it works, with less; FAILED: what it says or does is void."""

    GOOD = 0
    DEGRADED = 1
    FAILED = 2


@runtime_checkable
class DcSupply(Protocol):
    """The power electronics of one outlet."""

    @property
    def abilities(self) -> Abilities:
        """What it can do now: data sheet, less any derating it reports."""

    @property
    def health(self) -> Health: ...

    def demand(self, voltage: Volt, current: Ampere, trickle: Ampere = 0.0) -> None:
        """Source, sink or hold, as `power.Setpoint` words it."""

    def off(self) -> None:
        """No voltage, no current, output discharged."""

    def measured(self) -> tuple[Measured[Volt], Measured[Ampere]]:
        """Voltage at its own output, supply side of the contactor; current into the vehicle."""


@runtime_checkable
class OutputContactor(Protocol):
    """The contactor between supply and cable, with its mirror contacts and the voltage measurement behind it."""

    def demand(self, closed: bool) -> None: ...

    def feedback(self) -> Measured[Contactor]:
        """The mirror contacts: a level."""

    def voltage(self) -> Measured[Volt]:
        """On its vehicle side: what a person at the connector, the cable check and the weld check meet."""


@runtime_checkable
class InsulationMonitor(Protocol):
    """Watches the resistance of the output to earth, and tests it on demand."""

    def demand(self, testing: bool) -> None:
        """A rising demand starts a test with a fresh verdict; the verdict stands when the demand is gone."""

    def verdict(self) -> Measured[Insulation]: ...

    def resistance(self) -> Measured[Ohm]: ...


@runtime_checkable
class EnergyMeter(Protocol):
    """A meter in the output. Registers only count up."""

    @property
    def meter_id(self) -> str:
        """Serial number, up to 32 characters."""

    @property
    def health(self) -> Health: ...

    def charged(self) -> Measured[WattHour]: ...

    def discharged(self) -> Measured[WattHour]: ...


@runtime_checkable
class ControlPilot(Protocol):
    """The pilot wire of IEC 61851-1, charger side."""

    def state(self) -> Measured[Pilot]: ...

    def duty(self, percent: float) -> None:
        """Duty cycle of the oscillator: 5 digital communication, 100 none (steady +12 V). LocalError outside 0..100."""


@runtime_checkable
class ConnectorLock(Protocol):
    """Holds the connector in the inlet (or the cable in the socket)."""

    def demand(self, locked: bool) -> None: ...

    def locked(self) -> Measured[bool]: ...


@runtime_checkable
class Outlet(Protocol):
    """Everything of one outlet that the guard drives. Families hand out these."""

    @property
    def supply(self) -> DcSupply: ...
    @property
    def contactor(self) -> OutputContactor: ...
    @property
    def insulation(self) -> InsulationMonitor: ...
    @property
    def meter(self) -> EnergyMeter: ...
    @property
    def pilot(self) -> ControlPilot: ...
    @property
    def lock(self) -> ConnectorLock: ...

    def advance(self, now: Second) -> None:
        """A turn for drivers that need one (simulated, polled); a driver with its own task does nothing here."""

    def close(self) -> None:
        """Leave the safe state behind and let the hardware go."""


@runtime_checkable
class AcPath(Protocol):
    """The way of alternating current from the grid to one outlet, up to its contactor: what is measured in it and what protects it."""

    @property
    def abilities(self) -> Abilities:
        """What it can carry now; `abilities.ac` says phases, voltage and frequency."""

    @property
    def health(self) -> Health: ...

    def demand(self, target: AcTarget | None) -> None:
        """What is asked of the vehicle, for a path that can bound it by itself; None: nothing may flow."""

    def measured(self) -> Measured[AcReading]:
        """Voltages on the grid's side of the contactor; powers into the vehicle."""

    def residual(self) -> Measured[bool]:
        """True: the residual current device has tripped, or found its fault."""


@runtime_checkable
class AcOutlet(Protocol):
    """Everything of one outlet of alternating current that its guard drives.

    `contactor` speaks for all its poles: MOVING where they do not agree; its voltage is the highest of a phase behind it.
    """

    @property
    def path(self) -> AcPath: ...
    @property
    def contactor(self) -> OutputContactor: ...
    @property
    def meter(self) -> EnergyMeter: ...
    @property
    def pilot(self) -> ControlPilot: ...
    @property
    def lock(self) -> ConnectorLock: ...

    def advance(self, now: Second) -> None:
        """As that of `Outlet`."""

    def close(self) -> None:
        """As that of `Outlet`."""
