"""Distributed energy resources (AC_DER_IEC, AC_DER_SAE) in files: the grid code of a charger's outlet, `[evse.der]`, a car's `[inverter]`.

No figure of a grid code has a default but how fast: at once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from iso15118.der import words
from iso15118.der.words import GridCode, Response
from iso15118.errors import LocalError
from iso15118.service.config.toml import Flag, Magnitude, Positive, Table
from iso15118.units import MICROSECONDS

Finite = Annotated[float, Field(allow_inf_nan=False, description="a finite number")]
Point = Annotated[list[Finite], Field(min_length=2, max_length=2, description="[x, y]")]
Whole = Annotated[int, Field(ge=0, le=65535, description="0..65535, a whole number")]


class ResponseKeys(Table):
    """How fast a function acts, s."""

    time_constant: Magnitude = 0.0
    """s, of a first-order lag."""
    pt1: Flag = False
    """It acts with that lag; otherwise at once."""
    delay: Whole = 0
    """s before it acts."""

    @property
    def response(self) -> Response:
        """The same as a word."""
        return Response(self.time_constant, self.pt1, float(self.delay))


class FrequencyWattTable(ResponseKeys):
    """Hz; `slope` in percent of the reference for each Hz; times in s; `ramp` in percent a minute."""

    start: Positive
    """Hz from which on it acts."""
    stop: Positive
    """Hz at which it lets go."""
    slope: Positive
    """Percent of the reference for each Hz."""
    momentary: Flag = False
    """The reference is the power when it began, not the most."""
    hysteresis: Flag = False
    """What was cut stays cut until `stop` has been held."""
    stop_delay: Whole | None = None
    """s."""
    deactivation: Whole | None = None
    """s for which `stop` has to be held."""
    ramp: Whole | None = None
    """Percent of the most a minute, on the way back."""


class VoltWattTable(ResponseKeys):
    """V from phase to neutral."""

    start: Positive
    """V from which on power given falls."""
    stop: Positive
    """V at which nothing is given."""
    momentary: Flag = False
    """The reference is the power when it began, not the most."""


class CurveTable(ResponseKeys):
    """Points over V (volt_var) or W given (watt_var, watt_cos_phi): var, + inductive, or a power factor, below 0 where over-excited."""

    points: Annotated[list[Point], Field(min_length=2, max_length=10, description="a list of 2 to 10 points [x, y], x rising")]
    """The curve."""
    lock_in: Finite | None = None
    """It acts only once so much (W given, or V) has been reached,"""
    lock_out: Finite | None = None
    """until it has fallen to this."""
    lock_by_voltage: Flag = False
    """Both of the bounds are V."""
    min_cos_phi: Annotated[float | None, Field(gt=0, le=1, description="a number above 0 and up to 1")] = None
    """No more reactive power than this power factor makes."""


class RideThroughTable(Table):
    """V from phase to neutral, and K factors."""

    start: Positive
    """V."""
    stop: Positive | None = None
    """V."""
    recovery: Positive | None = None
    """V."""
    k_positive: Finite | None = None
    """Support in the positive sequence."""
    k_negative: Finite | None = None
    """Support in the negative sequence."""


class ZeroCurrentTable(Table):
    """V from phase to neutral."""

    over: Positive | None = None
    """V above which no current flows."""
    under: Positive | None = None
    """V below which no current flows."""
    over_recovery: Positive | None = None
    """V."""
    under_recovery: Positive | None = None
    """V."""


_TABLE = Field(default=None, description="a table")


Points = Annotated[list[Point], Field(min_length=2, max_length=10, description="a list of 2 to 10 points [s, V or Hz], s rising")]


class EnterServiceTable(Table):
    """When an inverter may come into service: V from phase to neutral, Hz, s. A delay, a random one up to so long, or both."""

    voltage_low: Positive
    """V from which on,"""
    voltage_high: Positive
    """V up to which it may."""
    frequency_low: Positive
    """Hz from which on,"""
    frequency_high: Positive
    """Hz up to which it may."""
    delay: Magnitude | None = None
    """s for which the grid has to be such."""
    randomized_delay: Magnitude | None = None
    """s, the most of a random delay."""
    ramp_time: Magnitude | None = None
    """s until all power is back."""
    permit: Flag = True
    """It may come into service at all; false: a load."""


class ProtectionTable(Table):
    """When an inverter trips, and when it enters service: AC_DER_SAE tells both."""

    over_voltage: Points
    """It trips once the voltage has been above for so long."""
    under_voltage: Points
    """Below."""
    over_frequency: Points
    """It trips once the frequency has been above for so long."""
    under_frequency: Points
    """Below."""
    enter_service: EnterServiceTable
    """When it comes into service."""


class DerTable(Table):
    """The functions that the grid operator asks for: those that are here."""

    over_frequency_watt: Annotated[FrequencyWattTable | None, _TABLE] = None
    """Less is given above a frequency."""
    under_frequency_watt: Annotated[FrequencyWattTable | None, _TABLE] = None
    """Less is taken below a frequency."""
    volt_watt: Annotated[VoltWattTable | None, _TABLE] = None
    """Less is given above a voltage."""
    volt_var: Annotated[CurveTable | None, _TABLE] = None
    """Reactive power over voltage."""
    watt_var: Annotated[CurveTable | None, _TABLE] = None
    """Reactive power over the power given."""
    watt_cos_phi: Annotated[CurveTable | None, _TABLE] = None
    """Power factor over the power given."""
    dso_q_setpoint: Flag = False
    """The grid operator may demand reactive power."""
    dso_cos_phi_setpoint: Flag = False
    """The grid operator may demand a power factor."""
    dc_injection: Positive | None = None
    """A, most direct current into the mains."""
    zero_current: Annotated[ZeroCurrentTable | None, _TABLE] = None
    """No current outside a window of voltage."""
    over_voltage_ride_through: Annotated[RideThroughTable | None, _TABLE] = None
    """Stay connected through a voltage above."""
    under_voltage_ride_through: Annotated[RideThroughTable | None, _TABLE] = None
    """Stay connected through a voltage below."""
    nominal_discharge_power: Positive | None = None
    """W, of the connection."""
    protection: Annotated[ProtectionTable | None, _TABLE] = None
    """When to trip and to enter service: AC_DER_SAE has to tell it."""


FunctionName = Literal[
    "over_frequency_watt",
    "under_frequency_watt",
    "volt_watt",
    "volt_var",
    "watt_var",
    "watt_cos_phi",
    "dso_q_setpoint",
    "dso_cos_phi_setpoint",
    "dc_injection_restriction",
    "zero_current",
    "over_voltage_ride_through",
    "under_voltage_ride_through",
]
"""`words.DerFunctions` as a file names them."""
Functions = Annotated[list[FunctionName], Field(description=f"a list of {', '.join(get_args(FunctionName))}")]
Word = Annotated[str, Field(min_length=1, max_length=32, description="1 to 32 characters")]


class InverterTable(Table):
    """The inverter of a car that is a resource of the grid (AC_DER_IEC, AC_DER_SAE)."""

    functions: Functions = Field(default_factory=lambda: list(get_args(FunctionName)))
    """What it can do of a grid code; a charger that asks for more is left for another service."""
    manufacturer: Word = words.Inverter().manufacturer
    """As AC_DER_SAE asks."""
    model: Word = words.Inverter().model
    """As AC_DER_SAE asks."""
    serial_number: Word = words.Inverter().serial_number
    """As AC_DER_SAE asks."""
    sw_version: Word = words.Inverter().sw_version
    """As AC_DER_SAE asks."""
    certified: date | None = None
    """Since when, by SAE J3072; without it: not."""

    @property
    def bits(self) -> int:
        """Its functions as DERControlFunctions has them."""
        return sum(words.DerFunctions[name.upper()] for name in self.functions)

    @property
    def value(self) -> words.Inverter:
        """The same as the session takes it."""
        about = {name: getattr(self, name) for name in ("manufacturer", "model", "serial_number", "sw_version")}
        if self.certified is None:
            return words.Inverter(**about)
        since = datetime.combine(self.certified, time(), UTC)
        return words.Inverter(**about, certified=True, certified_at=round(since.timestamp()) * MICROSECONDS)


_WORDS: dict[type[Table], Any] = {
    FrequencyWattTable: words.FrequencyWatt,
    VoltWattTable: words.VoltWatt,
    CurveTable: words.Curve,
    RideThroughTable: words.RideThrough,
    ZeroCurrentTable: words.ZeroCurrent,
    EnterServiceTable: words.EnterService,
}


def grid_code(where: str, table: DerTable | None, services: tuple[str, ...]) -> GridCode | None:
    """The grid code of an outlet. Raises LocalError on one that makes no sense, or that does not go together with the services."""
    served = {"AC_DER_IEC", "AC_DER_SAE"} & set(services)
    if (table is not None) is not bool(served):
        what = "missing" if table is None else "a table"
        raise LocalError(f"{where}.der: {what}; allowed: a table where AC_DER_IEC or AC_DER_SAE is among the services, and only there")
    if table is None:
        return None
    try:
        code = GridCode(**{key: _word(getattr(table, key)) for key in DerTable.model_fields})
        if "AC_DER_SAE" in served:
            from iso15118.session.der_sae import sayable

            sayable(code)
        return code
    except LocalError as error:
        raise LocalError(f"{where}.der: {error}") from None


def _word(value: Any) -> Any:
    if isinstance(value, ProtectionTable):
        trips = {key: tuple((x, y) for x, y in getattr(value, key)) for key in value.model_fields_set - {"enter_service"}}
        return words.Protection(**trips, enter=_word(value.enter_service))
    word = _WORDS.get(type(value))
    if word is None:
        return value
    timed = ResponseKeys.model_fields if isinstance(value, ResponseKeys) else {}
    keys = {key: getattr(value, key) for key in type(value).model_fields if key not in timed}
    if "points" in keys:
        keys["points"] = tuple((x, y) for x, y in keys["points"])
    return word(**keys, **({"response": value.response} if isinstance(value, ResponseKeys) else {}))
