"""The grid code of AC_DER_SAE on the wire: `der.words` to the elements of DERControl and back. In charge parameter discovery it is told
whole, functions that are off included; in the loop what has changed [V2G20-3358] [V2G20-3361].

What the schema leaves open is written so: curves in V, s, Hz, W and var, reactive power + inductive, watts on an x axis as power given;
a droop factor as IEEE 1547 has it, the change of frequency in parts of the nominal one that moves all of the power; an open-loop
response as the time to nine tenths. Units in percent are read. Of a volt-watt curve with more than two points the steepest reading counts.
"""

from __future__ import annotations

from math import log
from typing import Any, Final, NamedTuple

from iso15118.der.words import (
    Curve,
    DsoSetpoint,
    EnterService,
    FrequencyWatt,
    GridCode,
    Points,
    Protection,
    Response,
    VoltWatt,
)
from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20 import der_sae_grid_code as wire
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.der import PowerFactorExcitation as Excitation
from iso15118.messages.v20.phases import said, told
from iso15118.messages.v20.rational import number, rational
from iso15118.units import Hertz, PerPhase, Second, Var, Volt, Watt
from iso15118.value import replace

Unit = wire.DERUnit
_TENTH: Final = log(10.0)
"""Time constants of a first-order lag until nine tenths are done."""
_ADJUSTMENT: Final = 300
"""s, of a reference voltage that follows the grid; ours does not."""
ENTERING: Final = ("voltage_high", "voltage_low", "frequency_high", "frequency_low", "delay", "randomized_delay", "ramp_time")
ONLY_IEC: Final = ("watt_cos_phi", "zero_current", "dc_injection", "over_voltage_ride_through", "under_voltage_ride_through")
"""Functions of a grid code that AC_DER_SAE has no words for."""


class Base(NamedTuple):
    """What a percentage is of, and nominal values: V to neutral, Hz; what the inverter gives at most, W, var."""

    voltage: Volt
    frequency: Hertz
    active: Watt
    reactive: Var


def sayable(code: GridCode) -> None:
    """Raises LocalError on a grid code that AC_DER_SAE cannot tell whole."""
    if code.protection is None:
        raise LocalError("protection: missing; allowed: a table that says when to trip and to enter service, where AC_DER_SAE is served")
    if unknown := [name for name in ONLY_IEC if getattr(code, name) is not None]:
        raise LocalError(f"{unknown[0]}: not allowed where AC_DER_SAE is served, which has no words for it")
    for droop in (code.over_frequency_watt, code.under_frequency_watt):
        if droop is not None and (droop.hysteresis or droop.stop != droop.start):
            raise LocalError("frequency-watt with hysteresis or another stop; allowed under AC_DER_SAE: a droop, with stop = start")
    if code.volt_watt is not None and code.volt_watt.momentary:
        raise LocalError("volt-watt of the momentary power; allowed under AC_DER_SAE: of the most")
    for curve in (code.volt_var, code.watt_var):
        if curve is not None and (curve.lock_in, curve.lock_out, curve.min_cos_phi) != (None, None, None):
            raise LocalError("a curve with lock_in, lock_out or min_cos_phi; allowed under AC_DER_SAE: points and a time constant")
    acting = (code.over_frequency_watt, code.under_frequency_watt, code.volt_watt, code.volt_var, code.watt_var)
    if any(function.response.delay for function in acting if function is not None):
        raise LocalError("a function with a delay; allowed under AC_DER_SAE: a time constant")


def said_code(code: GridCode, dso: DsoSetpoint, base: Base, phases: int) -> wire.DERControlCPDRes:
    """The whole grid code. Raises PeerError where it is not complete any more."""
    if code.protection is None:
        raise PeerError("the grid code does not say when to trip")
    words = _words(code, dso, base, phases)
    enter = code.protection.enter
    return wire.DERControlCPDRes(
        **{name: words[name] for name in ("voltage_trip", "frequency_trip")},
        enter_service_cpd_res=wire.EnterServiceCPDRes(permit_service=enter.permit, **_entering(enter)),
        reactive_power_support_cpd_res=wire.ReactivePowerSupportCPDRes(**{name: words[name] for name in _REACTIVE}),
        active_power_support_cpd_res=wire.ActivePowerSupportCPDRes(**{name: words[name] for name in _ACTIVE}),
    )


def said_changes(
    code: GridCode, dso: DsoSetpoint, before: tuple[GridCode, DsoSetpoint] | None, base: Base, phases: int
) -> wire.DERControlCLRes:
    """What is not as `before`, and whether the inverter may be in service. Raises PeerError as `said_code`."""
    if code.protection is None:
        raise PeerError("the grid code does not say when to trip")
    enter = code.protection.enter
    if before == (code, dso):
        return _unchanged(enter.permit)
    words, entering = _words(code, dso, base, phases), _entering(enter)
    if before is not None and before[0].protection is not None:
        old, past = _words(*before, base, phases), _entering(before[0].protection.enter)
        words = {name: value for name, value in words.items() if value != old[name]}
        entering = {name: value for name, value in entering.items() if value != past[name]}
    reactive = {name: words[name] for name in _REACTIVE if name in words}
    active = {name: words[name] for name in _ACTIVE if name in words}
    return wire.DERControlCLRes(
        voltage_trip=words.get("voltage_trip"),
        frequency_trip=words.get("frequency_trip"),
        enter_service_cl_res=wire.EnterServiceCLRes(permit_service=enter.permit, **entering),
        reactive_power_support_cl_res=wire.ReactivePowerSupportCLRes(**reactive) if reactive else None,
        active_power_support_cl_res=wire.ActivePowerSupportCLRes(**active) if active else None,
    )


def read_code(control: wire.DERControlCPDRes, base: Base, phases: int) -> tuple[GridCode, DsoSetpoint]:
    """The grid code as told. Raises PeerError on one that makes no sense, or that our words cannot hold."""
    enter, trips = control.enter_service_cpd_res, _read_trips(control.voltage_trip, control.frequency_trip, base)
    entering: dict[str, Any] = {name: _none(getattr(enter, f"enter_service_{name}")) for name in ENTERING}
    reactive, active = control.reactive_power_support_cpd_res, control.active_power_support_cpd_res
    try:
        protection = Protection(**trips, enter=EnterService(permit=enter.permit_service, **entering))
        return _read(GridCode(protection=protection), DsoSetpoint(), reactive, active, base, phases)
    except LocalError as error:
        raise PeerError(f"a grid code that makes no sense: {error}", requirement="V2G20-3364") from None


def read_changes(control: wire.DERControlCLRes, code: GridCode, dso: DsoSetpoint, base: Base, phases: int) -> tuple[GridCode, DsoSetpoint]:
    """Both with what the charger's turn changes of them; the same objects where it changes nothing. Raises PeerError as `read_code`."""
    protection = code.protection
    if protection is None:
        raise PeerError("a change of a grid code that was not told")
    told_ = control.enter_service_cl_res
    entering = {name: _none(getattr(told_, f"enter_service_{name}")) for name in ENTERING}
    if control == _unchanged(protection.enter.permit):
        return code, dso
    enter = replace(protection.enter, permit=told_.permit_service, **{k: v for k, v in entering.items() if v is not None})
    try:
        trips = _read_trips(control.voltage_trip, control.frequency_trip, base)
        code = replace(code, protection=replace(protection, enter=enter, **trips))
        return _read(code, dso, control.reactive_power_support_cl_res, control.active_power_support_cl_res, base, phases)
    except LocalError as error:
        raise PeerError(f"a grid code that makes no sense: {error}") from None


_REACTIVE: Final = ("constant_power_factor", "volt_var", "watt_var", "constant_var")
_ACTIVE: Final = ("frequency_droop", "volt_watt", "constant_watt", "limit_max_discharge_power")
_PERMITTED: Final = wire.DERControlCLRes(enter_service_cl_res=wire.EnterServiceCLRes(permit_service=True))
_FORBIDDEN: Final = wire.DERControlCLRes(enter_service_cl_res=wire.EnterServiceCLRes(permit_service=False))


def _unchanged(permit: bool) -> wire.DERControlCLRes:
    return _PERMITTED if permit else _FORBIDDEN


def _words(code: GridCode, dso: DsoSetpoint, base: Base, phases: int) -> dict[str, Any]:
    """Each element of the grid code by its field, but for entering service."""
    p = code.protection
    if p is None:
        raise PeerError("the grid code does not say when to trip")
    cos_phi, percent = dso.cos_phi, dso.discharge_power
    var: dict[str, Any] = said("var_setpoint", PerPhase.even(dso.reactive or 0.0, phases), phases)
    return {
        "voltage_trip": wire.VoltageTrip(
            over_voltage_must_trip_curve=_trip(p.over_voltage, Unit.V), under_voltage_must_trip_curve=_trip(p.under_voltage, Unit.V)
        ),
        "frequency_trip": wire.FrequencyTrip(
            over_frequency_must_trip_curve=_trip(p.over_frequency, Unit.Hz),
            under_frequency_must_trip_curve=_trip(p.under_frequency, Unit.Hz),
        ),
        "constant_power_factor": wire.ConstantPowerFactor(
            enable=cos_phi is not None,
            power_factor_value=rational(1.0 if cos_phi is None else cos_phi),
            power_factor_excitation=Excitation.UnderExcited if dso.under_excited else Excitation.OverExcited,
        ),
        "volt_var": wire.VoltVar(
            **_curve(code.volt_var, Unit.V, base),
            reference_voltage=rational(base.voltage),
            autonomous_reference_voltage_adjustment_enable=False,
            reference_voltage_adjustment_time_constant=_ADJUSTMENT,
        ),
        "watt_var": wire.WattVar(**_curve(code.watt_var, Unit.W, base)),
        "constant_var": wire.ConstantVar(enable=dso.reactive is not None, unit=Unit.var, **var),
        "frequency_droop": wire.FrequencyDroop(
            enable=code.over_frequency_watt is not None or code.under_frequency_watt is not None,
            over_frequency_droop=_droop(code.over_frequency_watt, base),
            under_frequency_droop=_droop(code.under_frequency_watt, base),
        ),
        "volt_watt": _volt_watt(code.volt_watt, base),
        "constant_watt": wire.ConstantWatt(enable=False, watt_setpoint=rational(0), unit=Unit.W),
        "limit_max_discharge_power": wire.LimitMaxDischargePower(
            enable=percent is not None, percentage_value=100 if percent is None else min(100, int(100.0 * percent / base.active))
        ),
    }


def _entering(enter: EnterService) -> dict[str, Any]:
    values = {name: getattr(enter, name) for name in ENTERING}
    return {f"enter_service_{name}": None if value is None else rational(value) for name, value in values.items()}


def _list(points: Points) -> wire.CurveDataPointsList:
    return wire.CurveDataPointsList(curve_data_point=tuple(wire.DataTuple(x_value=rational(x), y_value=rational(y)) for x, y in points))


def _trip(points: Points, unit: wire.DERUnit) -> wire.DERCurve:
    return wire.DERCurve(enable=True, x_unit=Unit.s, y_unit=unit, curve_data_points=_list(points))


def _curve(curve: Curve | None, x: wire.DERUnit, base: Base) -> dict[str, Any]:
    """A curve of reactive power; one that is off is flat."""
    flat = ((0.0, 0.0), (base.voltage if x is Unit.V else base.active, 0.0))
    return {
        "enable": curve is not None,
        "x_unit": x,
        "y_unit": Unit.var,
        "curve_data_points": _list(flat if curve is None else curve.points),
        "open_loop_response_time": _open_loop(Response() if curve is None else curve.response),
    }


def _volt_watt(function: VoltWatt | None, base: Base) -> wire.VoltWatt:
    start, stop = (base.voltage, 2 * base.voltage) if function is None else (function.start, function.stop)
    return wire.VoltWatt(
        enable=function is not None,
        x_unit=Unit.V,
        y_unit=Unit.PercentageEVMaximumConfiguredActivePower,
        curve_data_points=_list(((start, 100.0), (stop, 0.0))),
        open_loop_response_time=_open_loop(Response() if function is None else function.response),
    )


def _droop(function: FrequencyWatt | None, base: Base) -> wire.FrequencyDroopSettings | None:
    if function is None:
        return None
    return wire.FrequencyDroopSettings(
        db=rational(round(abs(function.start - base.frequency), 6)),
        droop_factor=rational(round(100.0 / (function.slope * base.frequency), 9)),
        power_reference=wire.PowerReference.MomentaryPower if function.momentary else wire.PowerReference.MaximumActivePower,
        open_loop_response_time=_open_loop(function.response),
    )


def _open_loop(response: Response) -> RationalNumber:
    return rational(round(response.time_constant * _TENTH, 3) if response.pt1 else 0)


def _read_open_loop(seconds: RationalNumber | None) -> Response:
    time: Second = 0.0 if seconds is None else max(0.0, number(seconds))
    return Response(time / _TENTH, pt1=True) if time else Response()


def _none(value: RationalNumber | None) -> float | None:
    return None if value is None else number(value)


def _factor(unit: wire.DERUnit, wanted: wire.DERUnit, base: Base) -> float:
    """What a number in `unit` is to be multiplied with, to be one in `wanted`. Raises PeerError on a unit of another kind."""
    percent = {
        Unit.PercentageV: (Unit.V, base.voltage),
        Unit.PercentageEVMaximumConfiguredActivePower: (Unit.W, base.active),
        Unit.PercentageEVMaximumAvailableActivePower: (Unit.W, base.active),
        Unit.PercentageEVMaximumConfiguredReactivePower: (Unit.var, base.reactive),
        Unit.PercentageEVMaximumAvailableReactivePower: (Unit.var, base.reactive),
        Unit.PercentageEVMaximumConfiguredApparentPower: (wanted, base.active),  # the inverter's whole size
    }
    kind, whole = percent.get(unit, (unit, 100.0))
    if kind is not wanted:
        raise PeerError(f"a curve in {unit}, where {wanted} is looked for")
    return whole / 100.0


def _points(curve: Any, x: wire.DERUnit, y: wire.DERUnit, base: Base) -> Points:
    fx, fy = _factor(curve.x_unit, x, base), _factor(curve.y_unit, y, base)
    return tuple((number(point.x_value) * fx, number(point.y_value) * fy) for point in curve.curve_data_points.curve_data_point)


def _read_trips(voltage: wire.VoltageTrip | None, frequency: wire.FrequencyTrip | None, base: Base) -> dict[str, Points]:
    trips: dict[str, Points] = {}
    for element, kind, unit in ((voltage, "voltage", Unit.V), (frequency, "frequency", Unit.Hz)):
        if element is not None:
            for way in ("over", "under"):
                trips[f"{way}_{kind}"] = _points(getattr(element, f"{way}_{kind}_must_trip_curve"), Unit.s, unit, base)
    return trips


def _read(code: GridCode, dso: DsoSetpoint, reactive: Any, active: Any, base: Base, phases: int) -> tuple[GridCode, DsoSetpoint]:
    """Both with what is told here; what is not told stays. Raises LocalError and PeerError."""
    functions: dict[str, Any] = {}
    demand: dict[str, Any] = {}
    if reactive is not None:
        for name, x in (("volt_var", Unit.V), ("watt_var", Unit.W)):
            if (curve := getattr(reactive, name)) is not None:
                functions[name] = _read_curve(curve, x, base) if curve.enable else None
        if (cos_phi := reactive.constant_power_factor) is not None:
            demand["cos_phi"] = abs(number(cos_phi.power_factor_value)) if cos_phi.enable else None
            demand["under_excited"] = cos_phi.power_factor_excitation is Excitation.UnderExcited
        if (var := reactive.constant_var) is not None:
            held = told(var, "var_setpoint", phases) if var.enable else None
            demand["reactive"] = None if held is None else held.total * _factor(var.unit, Unit.var, base)
    if active is not None:
        if (droop := active.frequency_droop) is not None:
            for way, sign in (("over", 1.0), ("under", -1.0)):
                settings = getattr(droop, f"{way}_frequency_droop") if droop.enable else None
                functions[f"{way}_frequency_watt"] = None if settings is None else _read_droop(settings, sign, base)
        if (volt_watt := active.volt_watt) is not None:
            functions["volt_watt"] = _read_volt_watt(volt_watt, base) if volt_watt.enable else None
        if active.constant_watt is not None and active.constant_watt.enable:
            raise PeerError("a constant active power, which our inverter does not hold")
        if (limit := active.limit_max_discharge_power) is not None:
            demand["discharge_power"] = limit.percentage_value / 100.0 * base.active if limit.enable else None
    return replace(code, **functions), replace(dso, **demand)


def _read_curve(curve: Any, x: wire.DERUnit, base: Base) -> Curve:
    points = _points(curve, x, Unit.var, base)
    if x is Unit.W and max(at for at, _ in points) <= 0.0:  # power given said as below 0
        points = tuple((-at + 0.0, y) for at, y in reversed(points))
    return Curve(points, _read_open_loop(curve.open_loop_response_time))


def _read_droop(settings: wire.FrequencyDroopSettings, sign: float, base: Base) -> FrequencyWatt:
    factor = abs(number(settings.droop_factor))
    if not factor:
        raise PeerError("a droop factor of 0")
    start = base.frequency + sign * abs(number(settings.db))
    momentary = settings.power_reference is wire.PowerReference.MomentaryPower
    slope = round(100.0 / (factor * base.frequency), 6)
    return FrequencyWatt(start, start, slope, momentary, response=_read_open_loop(settings.open_loop_response_time))


def _read_volt_watt(function: wire.VoltWatt, base: Base) -> VoltWatt:
    """From the last point at its most to where the steepest line from there meets 0."""
    points = _points(function, Unit.V, Unit.W, base)
    most = max(y for _, y in points)
    start = max(x for x, y in points if y == most)
    falls = [(most - y) / (x - start) for x, y in points if x > start]
    if most <= 0.0 or not falls or max(falls) <= 0.0:
        raise PeerError("a volt-watt curve that does not fall")
    return VoltWatt(start, start + most / max(falls), response=_read_open_loop(function.open_loop_response_time))
