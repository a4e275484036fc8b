"""The grid code of a connection as values: which functions a vehicle that gives energy has to have, and with which figures.

Powers in W and var of all phases together, volts from phase to neutral. Reactive power is + inductive (under-excited: the vehicle takes it)
as everywhere [V2G20-1824]. No figure has a default: a grid code is the grid operator's.
"""

from __future__ import annotations

from enum import IntFlag
from itertools import pairwise
from math import isfinite
from typing import Final, TypeAlias

from iso15118.errors import LocalError
from iso15118.units import Ampere, Hertz, Second, Var, Volt, Watt
from iso15118.value import Value

Points: TypeAlias = tuple[tuple[float, float], ...]
"""(x, y) of a curve, x rising."""
FEWEST: Final = 2
MOST: Final = 10
"""Points of a curve."""


class DerFunctions(IntFlag):
    """Functions of distributed energy resources, by their bit in DERControlFunctions."""

    OVER_FREQUENCY_WATT = 1 << 0
    UNDER_FREQUENCY_WATT = 1 << 1
    VOLT_WATT = 1 << 2
    VOLT_VAR = 1 << 3
    WATT_VAR = 1 << 4
    WATT_COS_PHI = 1 << 5
    DSO_Q_SETPOINT = 1 << 6
    DSO_COS_PHI_SETPOINT = 1 << 7
    DC_INJECTION_RESTRICTION = 1 << 8
    ZERO_CURRENT = 1 << 9
    OVER_VOLTAGE_RIDE_THROUGH = 1 << 10
    UNDER_VOLTAGE_RIDE_THROUGH = 1 << 11


EVERY_FUNCTION: Final = DerFunctions((1 << 12) - 1)


def curve(points: Points, what: str) -> None:
    """Raises LocalError unless these are the 2 to 10 points of a curve over a rising x."""
    if not FEWEST <= len(points) <= MOST:
        raise LocalError(f"{what} has {len(points)} points; allowed: {FEWEST} to {MOST}")
    if not all(isfinite(value) for point in points for value in point):
        raise LocalError(f"{what}: a point is not finite")
    if any(x >= after for (x, _), (after, _) in pairwise(points)):
        raise LocalError(f"{what}: its points do not rise")


def between(points: Points, x: float) -> float:
    """The y at `x`: between two points on the line between them, outside all points that of the nearest."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


class Response(Value):
    """How fast a function acts: nothing for `delay`, then with the time constant of a first-order lag, or (`pt1` False) at once."""

    time_constant: Second = 0.0
    pt1: bool = False
    delay: Second = 0.0


class Curve(Value):
    """Reactive power (var) or power factor over voltage (V) or over the power given (W); a power factor is below 0 where over-excited.

    Raises LocalError on points that make no curve. With `lock_in` it acts only once so much (W given, or V) has been reached, until it has
    fallen to `lock_out`.
    """

    points: Points
    response: Response = Response()
    lock_in: float | None = None
    lock_out: float | None = None
    lock_by_voltage: bool = False
    min_cos_phi: float | None = None
    """No more reactive power than this power factor makes of the active one."""

    def __post_init__(self) -> None:
        curve(self.points, "a curve")

    def at(self, x: float) -> float:
        """Its y at `x`."""
        return between(self.points, x)


class FrequencyWatt(Value):
    """Active power over frequency: from `start` on it is cut by `slope` percent of the reference for each Hz, until `stop` is passed back.

    The reference is the vehicle's most discharge power or, `momentary`, the power when it began. With `hysteresis` what was cut
    stays cut until `stop` has been held for `deactivation`; then power may rise by `ramp` percent of the most a minute.
    A `storage` does not end at nothing: above a frequency it goes from giving on into taking, below one from taking on into giving. No
    message says so. Raises LocalError on a storage with a momentary reference: one at rest would never move.
    """

    start: Hertz
    stop: Hertz
    slope: float
    momentary: bool = False
    hysteresis: bool = False
    response: Response = Response()
    stop_delay: Second | None = None
    deactivation: Second | None = None
    ramp: float | None = None
    storage: bool = False

    def __post_init__(self) -> None:
        if self.storage and self.momentary:
            raise LocalError("frequency-watt of a storage with a momentary reference; allowed: the most it gives")


class VoltWatt(Value):
    """Active power over voltage: what given falls from `start` on, evenly, to nothing at `stop`. Raises LocalError unless start < stop."""

    start: Volt
    stop: Volt
    momentary: bool = False
    response: Response = Response()

    def __post_init__(self) -> None:
        if not self.start < self.stop:
            raise LocalError(f"volt-watt from {self.start:g} V to {self.stop:g} V; allowed: a start below the stop")


class RideThrough(Value):
    """Stay connected through a fault of the voltage, V, and support it by so much current for each part of it (K factors)."""

    start: Volt
    stop: Volt | None = None
    recovery: Volt | None = None
    k_positive: float | None = None
    k_negative: float | None = None
    active: Response = Response()
    reactive: Response = Response()


class ZeroCurrent(Value):
    """Beyond these voltages no current flows, and again from the recovery limits on."""

    over: Volt | None = None
    under: Volt | None = None
    over_recovery: Volt | None = None
    under_recovery: Volt | None = None
    active: Response = Response()
    reactive: Response = Response()


class EnterService(Value):
    """When an inverter may come into service (IEEE 1547): voltages and frequencies, then a delay, a random one up to so long, or both.

    Raises LocalError with neither delay [V2G20-3364].
    """

    voltage_low: Volt
    voltage_high: Volt
    frequency_low: Hertz
    frequency_high: Hertz
    delay: Second | None = None
    randomized_delay: Second | None = None
    ramp_time: Second | None = None
    permit: bool = True

    def __post_init__(self) -> None:
        if self.delay is None and self.randomized_delay is None:
            raise LocalError("entering service without a delay; allowed: a delay, a randomized delay or both")

    def holds(self, voltage: Volt, frequency: Hertz) -> bool:
        """Is this a grid to come into service on?"""
        return self.voltage_low <= voltage <= self.voltage_high and self.frequency_low <= frequency <= self.frequency_high


class Protection(Value):
    """What only the North American grid code (AC_DER_SAE) has: when to trip, as points (s, V or Hz), and when to enter service."""

    over_voltage: Points
    under_voltage: Points
    over_frequency: Points
    under_frequency: Points
    enter: EnterService

    def __post_init__(self) -> None:
        for name in ("over_voltage", "under_voltage", "over_frequency", "under_frequency"):
            curve(getattr(self, name), f"{name}, when to trip,")


class GridCode(Value, kw_only=True):
    """All that the grid operator asks of a vehicle at this connection. Raises LocalError on two kinds of reactive power at a time."""

    over_frequency_watt: FrequencyWatt | None = None
    under_frequency_watt: FrequencyWatt | None = None
    volt_watt: VoltWatt | None = None
    volt_var: Curve | None = None
    watt_var: Curve | None = None
    watt_cos_phi: Curve | None = None
    dso_q_setpoint: bool = False
    """The operator may demand a reactive power, and a power factor."""
    dso_cos_phi_setpoint: bool = False
    dc_injection: Ampere | None = None
    zero_current: ZeroCurrent | None = None
    over_voltage_ride_through: RideThrough | None = None
    under_voltage_ride_through: RideThrough | None = None
    nominal_discharge_power: Watt | None = None
    """Of the connection; None: the most it takes."""
    protection: Protection | None = None
    """None: it is not complete as AC_DER_SAE has to tell it."""

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.volt_var, self.watt_var, self.watt_cos_phi)) > 1:
            raise LocalError("reactive power by more than one of volt-var, watt-var and watt-cos-phi; allowed: one")

    @property
    def functions(self) -> DerFunctions:
        """Those it has."""
        held = {
            DerFunctions.OVER_FREQUENCY_WATT: self.over_frequency_watt is not None,
            DerFunctions.UNDER_FREQUENCY_WATT: self.under_frequency_watt is not None,
            DerFunctions.VOLT_WATT: self.volt_watt is not None,
            DerFunctions.VOLT_VAR: self.volt_var is not None,
            DerFunctions.WATT_VAR: self.watt_var is not None,
            DerFunctions.WATT_COS_PHI: self.watt_cos_phi is not None,
            DerFunctions.DSO_Q_SETPOINT: self.dso_q_setpoint,
            DerFunctions.DSO_COS_PHI_SETPOINT: self.dso_cos_phi_setpoint,
            DerFunctions.DC_INJECTION_RESTRICTION: self.dc_injection is not None,
            DerFunctions.ZERO_CURRENT: self.zero_current is not None,
            DerFunctions.OVER_VOLTAGE_RIDE_THROUGH: self.over_voltage_ride_through is not None,
            DerFunctions.UNDER_VOLTAGE_RIDE_THROUGH: self.under_voltage_ride_through is not None,
        }
        return DerFunctions(sum(function for function, here in held.items() if here))


class Inverter(Value):
    """Who a vehicle's inverter is, as AC_DER_SAE asks (SAE J3072)."""

    manufacturer: str = "simulated"
    model: str = "simulated"
    serial_number: str = "0"
    sw_version: str = "0"
    certified: bool = False
    """By SAE J3072."""
    certified_at: int = 0
    """us since the epoch."""


class DsoSetpoint(Value):
    """What the grid operator demands at this moment. Raises LocalError on a reactive power and a power factor at a time."""

    discharge_power: Watt | None = None
    """The most that may be given; None: no such limit."""
    reactive: Var | None = None
    """+ inductive."""
    cos_phi: float | None = None
    """0..1."""
    under_excited: bool = True
    """Of the power factor: reactive power is taken; False: given."""
    response: Response = Response()

    def __post_init__(self) -> None:
        if self.reactive is not None and self.cos_phi is not None:
            raise LocalError("a reactive power and a power factor at a time; allowed: one of both")
        if self.cos_phi is not None and not 0.0 < self.cos_phi <= 1.0:
            raise LocalError(f"a power factor of {self.cos_phi:g}; allowed: above 0 and up to 1")
        if self.discharge_power is not None and not self.discharge_power >= 0.0:
            raise LocalError(f"at most {self.discharge_power:g} W given; allowed: a magnitude, in W")


NO_DEMAND: Final = DsoSetpoint()


class DerOrder(Value):
    """What an inverter has to keep to now: the grid code, the operator's demands, the charger's limit of discharge."""

    code: GridCode
    dso: DsoSetpoint = NO_DEMAND
    discharge_power: Watt | None = None

    @property
    def permitted(self) -> bool:
        """False: it works as a load only [V2G20-3366]."""
        return self.code.protection is None or self.code.protection.enter.permit
