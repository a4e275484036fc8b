"""What a device must do to be driven: capability interfaces in SI units, with an age on every measurement.

The contract, for every driver: **nothing waits for hardware**. A `demand` is a level, noted and returned from at once, and
may come again any number of times; a measurement is the latest the driver holds, with the monotonic second at which metal
took it (`power.Measured`). A driver with a bus to poll keeps its own I/O task and its latest state. What it cannot do it
raises as `DeviceError`; it raises nothing else. Sign: + into the vehicle. The contract suite in the tests holds any driver to this.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple, Protocol, runtime_checkable

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
class OverVoltageMonitor(Protocol):
    """Watches the output much faster than a guard can, and has the contactor opened by itself."""

    def demand(self, limit: Volt | None) -> None:
        """Trip above this; None: nothing is watched, and what has tripped is forgotten."""

    def tripped(self) -> Measured[bool]: ...


@runtime_checkable
class Thermometer(Protocol):
    """The hottest of the places that must not get too hot: contacts of the connector, cable, cabinet."""

    def celsius(self) -> Measured[float]: ...


@runtime_checkable
class StopInputs(Protocol):
    """What a person has done: levels."""

    def pressed(self) -> Measured[bool]:
        """The emergency stop."""

    def door(self) -> Measured[bool]:
        """True: an enclosure is open."""


@runtime_checkable
class GridSensor(Protocol):
    """Is the grid there? Of an outlet of direct current, that of its converter; of one of alternating current the path sees it."""

    def measured(self) -> Measured[AcReading]: ...


@runtime_checkable
class Proximity(Protocol):
    """The proximity contact of a socket (IEC 61851-1): what the cable can carry."""

    def ampacity(self) -> Measured[Ampere]:
        """13, 20, 32 or 63 A (70 on one phase); 0: no plug."""


@runtime_checkable
class PhaseSwitch(Protocol):
    """Which phases an outlet of alternating current feeds: L1, or all three. It moves without current only."""

    def demand(self, phases: int) -> None:
        """A level: 1 or 3."""

    def phases(self) -> Measured[int]:
        """Those in force; 0: on its way."""


@runtime_checkable
class AuthReader(Protocol):
    """A card reader or the like at the outlet."""

    def read(self) -> str | None:
        """The token that was shown since the last call, if one was."""


@runtime_checkable
class SignedMeter(EnergyMeter, Protocol):
    """A meter that signs what it counts, transaction by transaction (OCMF)."""

    def begin(self, transaction: str) -> None:
        """A level: from now on what flows belongs to this one; "": to none."""

    def record(self, transaction: str) -> str | None:
        """The signed record of one that has ended; None: not there (yet)."""


@runtime_checkable
class VehicleBoard(Protocol):
    """The car's side of the cable on a bench with real hardware in the loop."""

    def demand(self, pilot: Pilot, contactor: bool) -> None:
        """Which resistors are on the pilot wire, and is the car's contactor closed?"""

    def duty(self) -> Measured[float]:
        """Of the charger's oscillator, percent; 100: steady."""

    def measured(self) -> tuple[Measured[Volt], Measured[Ampere]]:
        """At the inlet; current into the vehicle."""


class Monitors(NamedTuple):
    """What an outlet may have beside what it needs; None: it has none."""

    over_voltage: OverVoltageMonitor | None = None
    temperature: Thermometer | None = None
    stop: StopInputs | None = None
    grid: GridSensor | None = None
    proximity: Proximity | None = None
    reader: AuthReader | None = None
    phases: PhaseSwitch | None = None


NO_MONITORS: Final = Monitors()


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
    @property
    def monitors(self) -> Monitors: ...

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
    @property
    def monitors(self) -> Monitors: ...

    def advance(self, now: Second) -> None:
        """As that of `Outlet`."""

    def close(self) -> None:
        """As that of `Outlet`."""
