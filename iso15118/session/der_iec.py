"""The grid code of AC_DER_IEC on the wire: `der.words` to the elements of DERControl and back, and the grid operator's set-points.

The wire says a reactive power and a power factor as a magnitude with an excitation; where that is missing its sign counts, + inductive.
What the schema leaves open is read and written so: a slope in percent of the reference for each Hz; the watts on the x axis of a curve
are those the vehicle gives; times in s.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from iso15118.der import words
from iso15118.der.words import Curve, DsoSetpoint, FrequencyWatt, GridCode, Response, RideThrough, VoltWatt, ZeroCurrent
from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20 import der_iec as wire
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.der import PowerFactorExcitation as Excitation
from iso15118.messages.v20.phases import said, told
from iso15118.messages.v20.rational import number, rational
from iso15118.units import PerPhase

Unit = wire.CurveDataPointsUnit
Functions = words.DerFunctions
T = TypeVar("T")
_NO_SUPPORT: Final = SimpleNamespace(volt_var=None, watt_var=None, watt_cos_phi=None)


def said_code(code: GridCode, functions: words.DerFunctions) -> wire.DERControl:
    """Of the grid code what is among `functions`, and nothing else."""

    def have(function: words.DerFunctions, value: Any) -> Any:
        return value if function & functions else None

    volt_var, watt_var = have(Functions.VOLT_VAR, code.volt_var), have(Functions.WATT_VAR, code.watt_var)
    cos_phi = have(Functions.WATT_COS_PHI, code.watt_cos_phi)
    support = (
        wire.ReactivePowerSupport(
            volt_var=volt_var and _curve(volt_var, Unit.V),
            watt_var=watt_var and _curve(watt_var, Unit.W),
            watt_cos_phi=cos_phi and _curve(cos_phi, Unit.W),
        )
        if volt_var or watt_var or cos_phi
        else None
    )
    under, over = (
        have(Functions.UNDER_FREQUENCY_WATT, code.under_frequency_watt),
        have(Functions.OVER_FREQUENCY_WATT, code.over_frequency_watt),
    )
    volt_watt = have(Functions.VOLT_WATT, code.volt_watt)
    active = (
        wire.ActivePowerSupport(
            under_frequency_watt=under and _frequency(under),
            over_frequency_watt=over and _frequency(over),
            volt_watt=volt_watt and _volt_watt(volt_watt),
        )
        if under or over or volt_watt
        else None
    )
    ride_over = have(Functions.OVER_VOLTAGE_RIDE_THROUGH, code.over_voltage_ride_through)
    ride_under = have(Functions.UNDER_VOLTAGE_RIDE_THROUGH, code.under_voltage_ride_through)
    zero, dc = have(Functions.ZERO_CURRENT, code.zero_current), have(Functions.DC_INJECTION_RESTRICTION, code.dc_injection)
    return wire.DERControl(
        overvoltage_fault_ride_through=ride_over and _ride(ride_over),
        undervoltage_fault_ride_through=ride_under and _ride(ride_under),
        zero_current=zero and _zero(zero),
        reactive_power_support=support,
        active_power_support=active,
        maximum_level_dc_injection=_some(dc),
    )


def read_code(control: wire.DERControl) -> GridCode:
    """The grid code as told. Raises PeerError on one that makes no sense; curves of 1 or 11 points do not even decode."""
    active = control.active_power_support or wire.ActivePowerSupport()
    reactive: Any = control.reactive_power_support or _NO_SUPPORT
    try:
        return GridCode(
            over_frequency_watt=_each(_read_frequency, active.over_frequency_watt),
            under_frequency_watt=_each(_read_frequency, active.under_frequency_watt),
            volt_watt=_each(_read_volt_watt, active.volt_watt),
            volt_var=_each(_read_curve, reactive.volt_var),
            watt_var=_each(_read_curve, reactive.watt_var),
            watt_cos_phi=_each(_read_curve, reactive.watt_cos_phi),
            zero_current=_each(_read_zero, control.zero_current),
            over_voltage_ride_through=_each(_read_ride, control.overvoltage_fault_ride_through),
            under_voltage_ride_through=_each(_read_ride, control.undervoltage_fault_ride_through),
            dc_injection=_none(control.maximum_level_dc_injection),
        )
    except LocalError as error:
        raise PeerError(f"a grid code that makes no sense: {error}") from None


def said_demand(dso: DsoSetpoint, functions: words.DerFunctions, phases: int) -> dict[str, Any]:
    """The grid operator's demands, of those functions that were agreed on."""
    demand: dict[str, Any] = {}
    if dso.discharge_power is not None:
        demand |= said("dso_maximum_discharge_power", PerPhase.even(dso.discharge_power, phases), phases)
    if dso.reactive is not None and functions & Functions.DSO_Q_SETPOINT:
        value: dict[str, Any] = said("dso_q_setpoint_value", PerPhase.even(dso.reactive, phases), phases)
        demand["dso_q_setpoint"] = wire.DSOQSetpoint(**value, **_response(dso.response, "reactive"))
    if dso.cos_phi is not None and functions & Functions.DSO_COS_PHI_SETPOINT:
        demand["dso_cos_phi_setpoint"] = wire.DSOCosPhiSetpoint(
            dso_cos_phi_setpoint_value=rational(dso.cos_phi),
            excitation=Excitation.UnderExcited if dso.under_excited else Excitation.OverExcited,
            **_response(dso.response, "reactive"),
        )
    return demand


def read_demand(mode: Any, phases: int) -> DsoSetpoint:
    """The grid operator's demands in the charger's turn. Raises PeerError on some that contradict each other."""
    cap, q, cos_phi = told(mode, "dso_maximum_discharge_power", phases), mode.dso_q_setpoint, mode.dso_cos_phi_setpoint
    reactive = None if q is None else told(q, "dso_q_setpoint_value", phases)
    try:
        return DsoSetpoint(
            None if cap is None else sum(map(abs, cap)),
            None if reactive is None else reactive.total,
            None if cos_phi is None else abs(number(cos_phi.dso_cos_phi_setpoint_value)),
            cos_phi is None or cos_phi.excitation is Excitation.UnderExcited,
            Response() if q is None and cos_phi is None else _read_response(q or cos_phi, "reactive"),
        )
    except LocalError as error:
        raise PeerError(f"demands of the grid operator that make no sense: {error}") from None


def _each(read: Callable[[Any], T], element: Any) -> T | None:
    return None if element is None else read(element)


def _some(value: float | None) -> RationalNumber | None:
    return None if value is None else rational(value)


def _none(value: RationalNumber | None) -> float | None:
    return None if value is None else number(value)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _response(response: Response, which: str) -> dict[str, Any]:
    return {
        f"pt1_response_{which}_power": response.pt1,
        f"step_response_time_constant_{which}_power": rational(response.time_constant),
    }


def _read_response(element: Any, which: str, delay: float | None = None) -> Response:
    constant = number(getattr(element, f"step_response_time_constant_{which}_power"))
    return Response(max(0.0, constant), getattr(element, f"pt1_response_{which}_power"), delay or 0.0)


def _curve(curve: Curve, x: wire.CurveDataPointsUnit) -> wire.DERCurve:
    points = tuple(
        wire.DataTuple(
            x_value=rational(at),
            y_value=wire.SetpointExcitation(
                setpoint_value=rational(abs(y)), excitation=Excitation.OverExcited if y < 0.0 else Excitation.UnderExcited
            ),
        )
        for at, y in curve.points
    )
    locks = None if curve.lock_in is None else wire.LockValueUnit.V if curve.lock_by_voltage else wire.LockValueUnit.W
    return wire.DERCurve(
        x_unit=x,
        y_unit=Unit.var,  # also of a power factor, for which there is no unit
        curve_data_points=wire.CurveDataPointsList(curve_data_point=points),
        min_cos_phi=_some(curve.min_cos_phi),
        lock_value_unit=locks,
        lock_in_value=_some(curve.lock_in),
        lock_out_value=_some(curve.lock_out),
        intentional_delay=_some(curve.response.delay or None),
        **_response(curve.response, "reactive"),
    )


def _read_curve(curve: wire.DERCurve) -> Curve:
    def y(value: wire.SetpointExcitation) -> float:
        said_ = number(value.setpoint_value)
        if value.excitation is None:
            return said_
        return abs(said_) if value.excitation is Excitation.UnderExcited else -abs(said_)

    return Curve(
        tuple((number(point.x_value), y(point.y_value)) for point in curve.curve_data_points.curve_data_point),
        _read_response(curve, "reactive", _none(curve.intentional_delay)),
        _none(curve.lock_in_value),
        _none(curve.lock_out_value),
        curve.lock_value_unit is wire.LockValueUnit.V,
        _none(curve.min_cos_phi),
    )


def _frequency(function: FrequencyWatt) -> wire.FrequencyWatt:
    return wire.FrequencyWatt(
        fstart=rational(function.start),
        fstop=rational(function.stop),
        intentional_delay_fstop=_whole(function.stop_delay),
        slope=rational(function.slope),
        deactivation_time=_whole(function.deactivation),
        intentional_delay_power_control=_whole(function.response.delay or None),
        power_reference=wire.PowerReference.MomentaryPower if function.momentary else wire.PowerReference.MaximumDischargePower,
        hysteresis_control=function.hysteresis,
        power_up_ramp=_whole(function.ramp),
        **_response(function.response, "active"),
    )


def _read_frequency(function: wire.FrequencyWatt) -> FrequencyWatt:
    return FrequencyWatt(
        number(function.fstart),
        number(function.fstop),
        abs(number(function.slope)),
        function.power_reference is wire.PowerReference.MomentaryPower,
        function.hysteresis_control,
        _read_response(function, "active", function.intentional_delay_power_control),
        function.intentional_delay_fstop,
        function.deactivation_time,
        function.power_up_ramp,
    )


def _volt_watt(function: VoltWatt) -> wire.VoltWatt:
    return wire.VoltWatt(
        power_reference=wire.PowerReference.MomentaryPower if function.momentary else wire.PowerReference.MaximumDischargePower,
        u_start=rational(function.start),
        u_stop=rational(function.stop),
        intentional_delay_power_control=_whole(function.response.delay or None),
        **_response(function.response, "active"),
    )


def _read_volt_watt(function: wire.VoltWatt) -> VoltWatt:
    return VoltWatt(
        number(function.u_start),
        number(function.u_stop),
        function.power_reference is wire.PowerReference.MomentaryPower,
        _read_response(function, "active", function.intentional_delay_power_control),
    )


def _ride(function: RideThrough) -> wire.FaultRideThrough:
    return wire.FaultRideThrough(
        voltage_limit_start_frt=rational(function.start),
        voltage_limit_stop_frt=_some(function.stop),
        voltage_recovery_limit=_some(function.recovery),
        voltage_ride_through_positive_curve_k_factor=_some(function.k_positive),
        voltage_ride_through_negative_curve_k_factor=_some(function.k_negative),
        **_response(function.active, "active"),
        **_response(function.reactive, "reactive"),
    )


def _read_ride(function: wire.FaultRideThrough) -> RideThrough:
    return RideThrough(
        number(function.voltage_limit_start_frt),
        _none(function.voltage_limit_stop_frt),
        _none(function.voltage_recovery_limit),
        _none(function.voltage_ride_through_positive_curve_k_factor),
        _none(function.voltage_ride_through_negative_curve_k_factor),
        _read_response(function, "active"),
        _read_response(function, "reactive"),
    )


def _zero(function: ZeroCurrent) -> wire.ZeroCurrent:
    return wire.ZeroCurrent(
        over_voltage_limit=_some(function.over),
        under_voltage_limit=_some(function.under),
        over_voltage_recovery_limit=_some(function.over_recovery),
        under_voltage_recovery_limit=_some(function.under_recovery),
        **_response(function.active, "active"),
        **_response(function.reactive, "reactive"),
    )


def _read_zero(function: wire.ZeroCurrent) -> ZeroCurrent:
    return ZeroCurrent(
        _none(function.over_voltage_limit),
        _none(function.under_voltage_limit),
        _none(function.over_voltage_recovery_limit),
        _none(function.under_voltage_recovery_limit),
        _read_response(function, "active"),
        _read_response(function, "reactive"),
    )
