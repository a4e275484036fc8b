"""Hardware-side words, frozen: what metal reports and what is asked of it. Units and sign: `units`. Neighbour: `energy`, the market side.

A charger's metal is reached by two value types only, `Command` and `Telemetry`; both have a byte form, so that the guard can live
in this process, in another one or in a microcontroller.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from math import hypot, inf
from typing import Final, Generic, TypeVar

from iso15118.der.words import DerOrder
from iso15118.errors import CodecError, DeviceFault
from iso15118.units import NO_PHASE, Ampere, Hertz, Ohm, PerPhase, Second, Var, Volt, Watt, WattHour
from iso15118.value import Value, replace

T = TypeVar("T")


class Pilot(IntEnum):
    """Control pilot state of IEC 61851-1: A unplugged, B plugged, C/D ready for energy, E/F faults."""

    A = 0
    B = 1
    C = 2
    D = 3
    E = 4
    F = 5


class Contactor(IntEnum):
    """What the feedback contacts say: a level, never an edge. MOVING: neither end position."""

    OPEN = 0
    CLOSED = 1
    MOVING = 2


class Insulation(IntEnum):
    """Verdict of the insulation monitor (the cable check of IEC 61851-23)."""

    UNKNOWN = 0
    TESTING = 1
    VALID = 2
    FAULT = 3


class Measured(Value, Generic[T]):
    """A value and the monotonic second at which metal took it."""

    value: T
    at: Second

    def age(self, now: Second) -> Second:
        """Seconds since it was taken; never negative."""
        return max(0.0, now - self.at)


class AcReading(Value):
    """What is measured where alternating current flows: RMS values, volts from phase to neutral. Powers + into the vehicle."""

    voltage: PerPhase
    active: PerPhase = NO_PHASE
    """W."""
    reactive: PerPhase = NO_PHASE
    """var, + inductive."""
    frequency: Hertz = 50.0

    @property
    def current(self) -> Ampere:
        """RMS, of the most loaded phase, with the sign of the total active power."""
        flows = zip(self.active, self.reactive, self.voltage, strict=True)
        most = max(hypot(active, reactive) / volts if volts > 0.0 else 0.0 for active, reactive, volts in flows)
        return most if self.active.total >= 0.0 else -most


class AcAbilities(Value):
    """What an outlet or an on-board charger can do with alternating current, beside its limits of power (all phases together)."""

    phases: int = 3
    """1 or 3."""
    voltage: Volt = 230.0
    """Nominal, phase to neutral."""
    frequency: Hertz = 50.0
    """Nominal."""
    asymmetry: Watt | None = None
    """Most by which the powers of two phases may differ; None: as much as they like."""
    ramp: float | None = None
    """W/s at which power may change; None: at once."""
    reactive: Var = 0.0
    """Most reactive power, all phases together, a magnitude; 0: none on demand."""

    @property
    def voltages(self) -> tuple[Volt, Volt]:
        """Between which a vehicle may be fed, and feed: 80 to 115 % (ours: grid codes lie inside)."""
        return 0.80 * self.voltage, 1.15 * self.voltage

    def holds(self, grid: AcReading) -> bool:
        """Is this a grid that a vehicle may be fed from, and feed? Within `voltages` and 2.5 Hz."""
        seen, (low, high) = grid.voltage[: self.phases], self.voltages
        near = low <= min(seen) and max(seen) <= high
        return near and abs(grid.frequency - self.frequency) <= 2.5


class AcTarget(Value):
    """Power wanted of a vehicle's on-board charger, phase by phase; an outlet relays it and watches that it is kept."""

    active: PerPhase = NO_PHASE
    reactive: PerPhase = NO_PHASE


class Reading(Value):
    """What one outlet reports, vehicle side of the supply. Energies count up from 0 since the device started.

    Of an AC outlet `ac` tells the phases; then `voltage` is the highest phase voltage behind the contactor, `current` the RMS current
    of the most loaded phase with the sign of the total power, and `insulation` and `resistance` stay unknown.
    """

    voltage: Measured[Volt]
    current: Measured[Ampere]
    contactor: Measured[Contactor]
    pilot: Measured[Pilot]
    locked: Measured[bool]
    insulation: Measured[Insulation]
    resistance: Measured[Ohm]
    charged: Measured[WattHour]
    discharged: Measured[WattHour]
    ac: Measured[AcReading] | None = None

    @property
    def power(self) -> Watt:
        """W, + into the vehicle."""
        return self.voltage.value * self.current.value if self.ac is None else self.ac.value.active.total


class Limits(Value):
    """A window in which current, voltage and power may move. Magnitudes (>= 0); discharge 0 means: never out of the vehicle.

    For alternating current: volts from phase to neutral, amperes in each phase, power of all phases together.
    """

    min_voltage: Volt
    max_voltage: Volt
    charge_current: Ampere
    charge_power: Watt
    discharge_current: Ampere = 0.0
    discharge_power: Watt = 0.0

    def lowered(self, other: Limits) -> Limits:
        """The stricter of both in every direction: a chain of limits only ever narrows."""
        return Limits(
            max(self.min_voltage, other.min_voltage),
            min(self.max_voltage, other.max_voltage),
            min(self.charge_current, other.charge_current),
            min(self.charge_power, other.charge_power),
            min(self.discharge_current, other.discharge_current),
            min(self.discharge_power, other.discharge_power),
        )

    def charging_only(self) -> Limits:
        """The same window without the way back."""
        return replace(self, discharge_current=0.0, discharge_power=0.0)


UNBOUNDED: Final = Limits(0.0, inf, inf, inf, inf, inf)
"""No limit at all."""


class Abilities(Value):
    """What the power electronics can do at all, from its data sheet: the outermost limits, the minima and the ramp."""

    limits: Limits
    min_charge_current: Ampere = 0.0
    min_charge_power: Watt = 0.0
    min_discharge_current: Ampere = 0.0
    min_discharge_power: Watt = 0.0
    ramp: float = 100.0
    """A/s, bounds rises of |current| and reversals; reductions are commanded at once."""
    ac: AcAbilities | None = None
    """None: direct current."""


class Setpoint(Value):
    """The whole wanted state of one outlet: a level, sent again and again, so that a lost one does no harm.

    `current` > 0: source at most that much while holding the output at or below `voltage`; < 0: sink at most that much out of
    the vehicle while it stays at or above `voltage`; 0 with `voltage` > 0: hold the voltage (pre-charge) with `trickle` at most.
    `bidirectional` is the discharge interlock: True only while a bidirectional service is selected.
    For alternating current `target` says the power, and voltage, current and trickle stay 0.
    """

    voltage: Volt = 0.0
    current: Ampere = 0.0
    trickle: Ampere = 0.0
    contactor: bool = False
    lock: bool = False
    insulation_test: bool = False
    bidirectional: bool = False
    target: AcTarget | None = None


OFF: Final = Setpoint()
"""No voltage, no current, contactor open, connector free."""

_SETPOINT = struct.Struct(">dddB")
_COMMAND = struct.Struct(">QdB")
_READING = struct.Struct(">" + "dd" * 2 + "Bd" * 4 + "dd" * 3)
_TELEMETRY = struct.Struct(">QQI")
_LIMITS = struct.Struct(">6dB")
_TARGET = struct.Struct(">6d")
_AC_READING = struct.Struct(">11d")
FAULTS: Final = tuple(DeviceFault)


class Command(Value):
    """What the guard is told: a numbered set-point that lives `ttl` seconds. A number at or below the last one is stale and ignored."""

    number: int
    ttl: Second
    setpoint: Setpoint

    def to_bytes(self) -> bytes:
        """42 octets, big-endian; with a target for alternating current version 2 and 90 octets."""
        s = self.setpoint
        flags = s.contactor | s.lock << 1 | s.insulation_test << 2 | s.bidirectional << 3
        data = _COMMAND.pack(self.number, self.ttl, 1 if s.target is None else 2)
        data += _SETPOINT.pack(s.voltage, s.current, s.trickle, flags)
        return data if s.target is None else data + _TARGET.pack(*s.target.active, *s.target.reactive)

    @classmethod
    def from_bytes(cls, data: bytes) -> Command:
        """The command in `data`. Raises CodecError on a wrong length, version or flag."""
        short = _COMMAND.size + _SETPOINT.size
        if len(data) not in (short, short + _TARGET.size):
            raise CodecError(f"a Command has {short} or {short + _TARGET.size} octets, not {len(data)}")
        number, ttl, version = _COMMAND.unpack_from(data)
        voltage, current, trickle, flags = _SETPOINT.unpack_from(data, _COMMAND.size)
        if version != (1 if len(data) == short else 2) or flags > 15:
            raise CodecError(f"unknown Command version {version} or flags {flags}")
        contactor, lock, testing, bidirectional = (bool(flags >> i & 1) for i in range(4))
        target = None
        if version == 2:
            powers = _TARGET.unpack_from(data, short)
            target = AcTarget(PerPhase(*powers[:3]), PerPhase(*powers[3:]))
        return cls(number, ttl, Setpoint(voltage, current, trickle, contactor, lock, testing, bidirectional, target))


class Telemetry(Value):
    """What the guard tells: numbered, the last command it obeys, the reading and the faults in force (latched until reset)."""

    number: int
    acknowledged: int
    reading: Reading
    faults: frozenset[DeviceFault] = frozenset()
    limits: Limits = UNBOUNDED
    """What the outlet can do at this moment: its own limits, less what its devices have taken back (heat, a module that is lost)."""
    phases: int = 0
    """Alternating current: how many phases are fed, where they can be switched; 0: they cannot, or are on their way."""

    def to_bytes(self) -> bytes:
        """185 octets, big-endian; with a reading of alternating current 273."""
        r = self.reading
        mask = sum(1 << FAULTS.index(fault) for fault in self.faults)
        values: list[float] = []
        for measured in (r.voltage, r.current, r.contactor, r.pilot, r.locked, r.insulation, r.resistance, r.charged, r.discharged):
            values += (measured.value, measured.at)
        lim = self.limits
        most = lim.min_voltage, lim.max_voltage, lim.charge_current, lim.charge_power, lim.discharge_current, lim.discharge_power
        data = _TELEMETRY.pack(self.number, self.acknowledged, mask) + _READING.pack(*values) + _LIMITS.pack(*most, self.phases)
        if r.ac is None:
            return data
        ac = r.ac.value
        return data + _AC_READING.pack(*ac.voltage, *ac.active, *ac.reactive, ac.frequency, r.ac.at)

    @classmethod
    def from_bytes(cls, data: bytes) -> Telemetry:
        """The telemetry in `data`. Raises CodecError on a wrong length or an unknown state."""
        read = _TELEMETRY.size + _READING.size
        short = read + _LIMITS.size
        if len(data) not in (short, short + _AC_READING.size):
            raise CodecError(f"a Telemetry has {short} or {short + _AC_READING.size} octets, not {len(data)}")
        number, acknowledged, mask = _TELEMETRY.unpack_from(data)
        v = _READING.unpack_from(data, _TELEMETRY.size)
        if mask >> len(FAULTS):
            raise CodecError(f"unknown fault bits {mask:#x} in a Telemetry")
        try:
            reading = Reading(
                Measured(v[0], v[1]),
                Measured(v[2], v[3]),
                Measured(Contactor(v[4]), v[5]),
                Measured(Pilot(v[6]), v[7]),
                Measured(bool(v[8]), v[9]),
                Measured(Insulation(v[10]), v[11]),
                Measured(v[12], v[13]),
                Measured(v[14], v[15]),
                Measured(v[16], v[17]),
                None if len(data) == short else _ac_reading(_AC_READING.unpack_from(data, short)),
            )
        except ValueError as error:
            raise CodecError(f"unknown state in a Telemetry: {error}") from None
        faults = frozenset(fault for place, fault in enumerate(FAULTS) if mask >> place & 1)
        *most, phases = _LIMITS.unpack_from(data, read)
        return cls(number, acknowledged, reading, faults, Limits(*most), phases)


def _ac_reading(v: tuple[float, ...]) -> Measured[AcReading]:
    return Measured(AcReading(PerPhase(*v[:3]), PerPhase(*v[3:6]), PerPhase(*v[6:9]), v[9]), v[10])


class VehicleReading(Value):
    """What the car measures at its own inlet and battery."""

    voltage: Measured[Volt]
    """At the inlet, charger side of the car's contactors."""
    current: Measured[Ampere]
    contactor: Measured[Contactor]
    battery_voltage: Measured[Volt]
    soc: Measured[float]
    """State of charge, 0..100 percent."""
    ac: Measured[AcReading] | None = None
    """The on-board charger's, while the car is on alternating current; then voltage and current are as in `Reading`."""

    @property
    def power(self) -> Watt:
        """W, + into the vehicle."""
        return self.voltage.value * self.current.value if self.ac is None else self.ac.value.active.total


class VehicleSetpoint(Value):
    """What the car's side of the metal is told: its contactors, its control pilot, its connector lock, its on-board charger."""

    contactor: bool = False
    pilot: Pilot = Pilot.B
    lock: bool = False
    target: AcTarget | None = None
    """What the on-board charger is to take or give; None: nothing, or direct current."""
    order: DerOrder | None = None
    """The grid code that its inverter follows by its own measurement; None: it is no resource of the grid."""
