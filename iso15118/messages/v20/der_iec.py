"""The vehicle as a distributed energy resource by European rules (Amendment 1, AC_DER_IEC): grid code, set-points of the grid operator.

Powers in W, reactive powers in var, voltages in V, frequencies in Hz. Response times (step response, PT1) in s. The messages are those of
`ac` with members of their own; they bear the same names under another namespace.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Head, Message, Name, Occurs
from iso15118.messages.facets import UnsignedByte, UnsignedInt, UnsignedShort
from iso15118.messages.v20.ac import (
    AC_CPDReqEnergyTransferMode,
    AC_CPDResEnergyTransferMode,
    BPT_AC_CPDReqEnergyTransferMode,
    BPT_AC_CPDResEnergyTransferMode,
    BPT_Dynamic_AC_CLReqControlMode,
    BPT_Dynamic_AC_CLResControlMode,
    BPT_Scheduled_AC_CLReqControlMode,
    BPT_Scheduled_AC_CLResControlMode,
    Dynamic_AC_CLReqControlMode,
    Dynamic_AC_CLResControlMode,
    Scheduled_AC_CLReqControlMode,
    Scheduled_AC_CLResControlMode,
)
from iso15118.messages.v20.common import (
    ChargeLoopReq,
    ChargeLoopRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    Processing,
    RationalNumber,
)
from iso15118.messages.v20.der import GridConnectionMode, OperatingMode, PowerFactorExcitation


class CurveDataPointsUnit(Enumeration):
    """Unit of one axis of a curve."""

    V = "V"
    Hz = "Hz"
    W = "W"
    s = "s"
    var = "var"


class LockValueUnit(Enumeration):
    """Unit of the values that start and end a function."""

    V = "V"
    Hz = "Hz"
    W = "W"
    s = "s"
    var = "var"


class PowerReference(Enumeration):
    """What a droop in percent is a percentage of."""

    MaximumDischargePower = "MaximumDischargePower"
    MomentaryPower = "MomentaryPower"


class SetpointExcitation(Message):
    """The y value of a point; for a power factor also on which side of 1 it lies."""

    setpoint_value: RationalNumber
    excitation: PowerFactorExcitation | None = None


class DataTuple(Message):
    """One point of a curve."""

    x_value: Annotated[RationalNumber, Name("xValue")]
    y_value: Annotated[SetpointExcitation, Name("yValue")]


class CurveDataPointsList(Message):
    """The points of a curve, x rising."""

    curve_data_point: Annotated[tuple[DataTuple, ...], Occurs(2, 10)]


class DERCurve(Message):
    """A curve of reactive power or power factor over voltage or power, when it is active, and how fast it acts (s)."""

    x_unit: Annotated[CurveDataPointsUnit, Name("xUnit")]
    y_unit: Annotated[CurveDataPointsUnit, Name("yUnit")]
    curve_data_points: CurveDataPointsList
    min_cos_phi: RationalNumber | None = None
    lock_value_unit: LockValueUnit | None = None
    lock_in_value: RationalNumber | None = None
    lock_out_value: RationalNumber | None = None
    pt1_response_reactive_power: bool
    step_response_time_constant_reactive_power: RationalNumber
    intentional_delay: RationalNumber | None = None


class FrequencyWatt(Message):
    """Active power over frequency: from `fstart` (Hz) on with `slope`, until `fstop`; delays and times in s."""

    fstart: RationalNumber
    fstop: RationalNumber
    intentional_delay_fstop: UnsignedShort | None = None
    slope: RationalNumber
    deactivation_time: UnsignedShort | None = None
    intentional_delay_power_control: UnsignedShort | None = None
    power_reference: PowerReference
    hysteresis_control: bool
    power_up_ramp: UnsignedShort | None = None
    pt1_response_active_power: bool
    step_response_time_constant_active_power: RationalNumber


class VoltWatt(Message):
    """Active power over voltage: from `u_start` on, down to nothing at `u_stop` (V)."""

    power_reference: PowerReference
    u_start: RationalNumber
    u_stop: RationalNumber
    pt1_response_active_power: bool
    step_response_time_constant_active_power: RationalNumber
    intentional_delay_power_control: UnsignedInt | None = None


class FaultRideThrough(Message):
    """How to stay through a fault of the voltage: limits in V, dynamic support by K factors, response times in s."""

    voltage_limit_start_frt: RationalNumber
    voltage_limit_stop_frt: RationalNumber | None = None
    voltage_recovery_limit: RationalNumber | None = None
    voltage_ride_through_positive_curve_k_factor: RationalNumber | None = None
    voltage_ride_through_negative_curve_k_factor: RationalNumber | None = None
    pt1_response_active_power: bool
    step_response_time_constant_active_power: RationalNumber
    pt1_response_reactive_power: bool
    step_response_time_constant_reactive_power: RationalNumber


class ZeroCurrent(Message):
    """Beyond which voltages (V) no current flows, and from which on it comes back."""

    over_voltage_limit: RationalNumber | None = None
    under_voltage_limit: RationalNumber | None = None
    over_voltage_recovery_limit: RationalNumber | None = None
    under_voltage_recovery_limit: RationalNumber | None = None
    pt1_response_active_power: bool
    step_response_time_constant_active_power: RationalNumber
    pt1_response_reactive_power: bool
    step_response_time_constant_reactive_power: RationalNumber


class ReactivePowerSupport(Message):
    """How reactive power is set: by voltage, by active power, or as a power factor over active power."""

    choice = (("volt_var", "watt_var", "watt_cos_phi"),)

    volt_var: DERCurve | None = None
    watt_var: DERCurve | None = None
    watt_cos_phi: DERCurve | None = None


class ActivePowerSupport(Message):
    """How active power answers frequency and voltage."""

    under_frequency_watt: FrequencyWatt | None = None
    over_frequency_watt: FrequencyWatt | None = None
    volt_watt: VoltWatt | None = None


class EVReactivePowerLimits(Message):
    """What reactive power (var) the vehicle can do while charging and while discharging."""

    ev_maximum_charge_reactive_power: RationalNumber
    ev_maximum_charge_reactive_power_l2: RationalNumber | None = None
    ev_maximum_charge_reactive_power_l3: RationalNumber | None = None
    ev_minimum_charge_reactive_power: RationalNumber | None = None
    ev_minimum_charge_reactive_power_l2: RationalNumber | None = None
    ev_minimum_charge_reactive_power_l3: RationalNumber | None = None
    ev_maximum_discharge_reactive_power: RationalNumber
    ev_maximum_discharge_reactive_power_l2: RationalNumber | None = None
    ev_maximum_discharge_reactive_power_l3: RationalNumber | None = None
    ev_minimum_discharge_reactive_power: RationalNumber | None = None
    ev_minimum_discharge_reactive_power_l2: RationalNumber | None = None
    ev_minimum_discharge_reactive_power_l3: RationalNumber | None = None


class DSOQSetpoint(Message):
    """The reactive power (var) that the grid operator demands, and how fast."""

    dso_q_setpoint_value: RationalNumber
    dso_q_setpoint_value_l2: RationalNumber | None = None
    dso_q_setpoint_value_l3: RationalNumber | None = None
    pt1_response_reactive_power: bool
    step_response_time_constant_reactive_power: RationalNumber


class DERControl(Message):
    """The grid code of this connection, function by function; direct current injected in A at most."""

    overvoltage_fault_ride_through: FaultRideThrough | None = None
    undervoltage_fault_ride_through: FaultRideThrough | None = None
    zero_current: ZeroCurrent | None = None
    reactive_power_support: ReactivePowerSupport | None = None
    active_power_support: ActivePowerSupport | None = None
    maximum_level_dc_injection: RationalNumber | None = None


class DSOCosPhiSetpoint(Message):
    """The power factor that the grid operator demands, and how fast."""

    dso_cos_phi_setpoint_value: RationalNumber
    dso_cos_phi_setpoint_value_l2: RationalNumber | None = None
    dso_cos_phi_setpoint_value_l3: RationalNumber | None = None
    excitation: PowerFactorExcitation
    pt1_response_reactive_power: bool
    step_response_time_constant_reactive_power: RationalNumber


class DER_AC_CPDReqEnergyTransferMode(AC_CPDReqEnergyTransferMode):
    """The vehicle's limits as a generator. Reactive power in var, energy that it may give in this session in Wh."""

    ev_processing: Processing
    ev_maximum_discharge_power: RationalNumber
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None
    ev_session_total_discharge_energy_available: RationalNumber | None = None
    ev_reactive_power_limits: EVReactivePowerLimits | None = None


class DER_AC_CPDResEnergyTransferMode(AC_CPDResEnergyTransferMode):
    """The connection's nominal and maximum powers, what the inverter is to be for the grid, and the grid code."""

    evse_nominal_charge_power: RationalNumber
    evse_nominal_charge_power_l2: RationalNumber | None = None
    evse_nominal_charge_power_l3: RationalNumber | None = None
    evse_nominal_discharge_power: RationalNumber
    evse_nominal_discharge_power_l2: RationalNumber | None = None
    evse_nominal_discharge_power_l3: RationalNumber | None = None
    evse_maximum_discharge_power: RationalNumber
    evse_maximum_discharge_power_l2: RationalNumber | None = None
    evse_maximum_discharge_power_l3: RationalNumber | None = None
    ev_operating_mode: OperatingMode
    grid_connection_mode: GridConnectionMode
    der_control: DERControl


class DER_Dynamic_AC_CLReqControlMode(Dynamic_AC_CLReqControlMode):
    """The vehicle's limits when the charger steers; `grid_event_condition` 0: no event, else as IEC 61851-1 numbers them."""

    ev_maximum_discharge_power: RationalNumber
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None
    ev_maximum_charge_reactive_power: RationalNumber | None = None
    ev_maximum_charge_reactive_power_l2: RationalNumber | None = None
    ev_maximum_charge_reactive_power_l3: RationalNumber | None = None
    ev_maximum_discharge_reactive_power: RationalNumber | None = None
    ev_maximum_discharge_reactive_power_l2: RationalNumber | None = None
    ev_maximum_discharge_reactive_power_l3: RationalNumber | None = None
    grid_event_condition: UnsignedByte
    ev_maximum_v2x_energy_request: RationalNumber | None = None
    ev_minimum_v2x_energy_request: RationalNumber | None = None
    ev_session_total_discharge_energy_available: RationalNumber | None = None


class DER_Dynamic_AC_CLResControlMode(Dynamic_AC_CLResControlMode):
    """The power the charger demands when it steers, and the grid operator's limits and demands."""

    evse_maximum_charge_power: RationalNumber
    evse_maximum_charge_power_l2: RationalNumber | None = None
    evse_maximum_charge_power_l3: RationalNumber | None = None
    evse_maximum_discharge_power: RationalNumber
    evse_maximum_discharge_power_l2: RationalNumber | None = None
    evse_maximum_discharge_power_l3: RationalNumber | None = None
    dso_maximum_discharge_power: RationalNumber | None = None
    dso_maximum_discharge_power_l2: RationalNumber | None = None
    dso_maximum_discharge_power_l3: RationalNumber | None = None
    dso_q_setpoint: DSOQSetpoint | None = None
    dso_cos_phi_setpoint: DSOCosPhiSetpoint | None = None


class DER_Scheduled_AC_CLReqControlMode(Scheduled_AC_CLReqControlMode):
    """The vehicle's limits under a schedule; `grid_event_condition` 0: no event, else as IEC 61851-1 numbers them."""

    ev_maximum_discharge_power: RationalNumber
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None
    ev_maximum_charge_reactive_power: RationalNumber | None = None
    ev_maximum_charge_reactive_power_l2: RationalNumber | None = None
    ev_maximum_charge_reactive_power_l3: RationalNumber | None = None
    ev_maximum_discharge_reactive_power: RationalNumber | None = None
    ev_maximum_discharge_reactive_power_l2: RationalNumber | None = None
    ev_maximum_discharge_reactive_power_l3: RationalNumber | None = None
    grid_event_condition: UnsignedByte


class DER_Scheduled_AC_CLResControlMode(Scheduled_AC_CLResControlMode):
    """The charger's and the grid operator's limits and demands under a schedule."""

    evse_maximum_charge_power: RationalNumber
    evse_maximum_charge_power_l2: RationalNumber | None = None
    evse_maximum_charge_power_l3: RationalNumber | None = None
    evse_maximum_discharge_power: RationalNumber
    evse_maximum_discharge_power_l2: RationalNumber | None = None
    evse_maximum_discharge_power_l3: RationalNumber | None = None
    dso_maximum_discharge_power: RationalNumber | None = None
    dso_maximum_discharge_power_l2: RationalNumber | None = None
    dso_maximum_discharge_power_l3: RationalNumber | None = None
    dso_q_setpoint: DSOQSetpoint | None = None
    dso_cos_phi_setpoint: DSOCosPhiSetpoint | None = None


class AC_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReq):
    """The vehicle tells its limits."""

    energy_transfer_mode: BPT_AC_CPDReqEnergyTransferMode | DER_AC_CPDReqEnergyTransferMode | AC_CPDReqEnergyTransferMode


class AC_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryRes):
    """The charger tells its limits, and the grid code."""

    energy_transfer_mode: BPT_AC_CPDResEnergyTransferMode | DER_AC_CPDResEnergyTransferMode | AC_CPDResEnergyTransferMode


class AC_ChargeLoopReq(ChargeLoopReq):
    """The vehicle's turn in the charge loop."""

    control_mode: Annotated[
        BPT_Dynamic_AC_CLReqControlMode
        | BPT_Scheduled_AC_CLReqControlMode
        | DER_Dynamic_AC_CLReqControlMode
        | DER_Scheduled_AC_CLReqControlMode
        | Dynamic_AC_CLReqControlMode
        | Scheduled_AC_CLReqControlMode,
        Head("CLReqControlMode"),
    ]


class AC_ChargeLoopRes(ChargeLoopRes):
    """The charger's turn in the charge loop; the frequency in Hz where it forms a grid of its own."""

    evse_target_frequency: RationalNumber | None = None
    control_mode: Annotated[
        BPT_Dynamic_AC_CLResControlMode
        | BPT_Scheduled_AC_CLResControlMode
        | DER_Dynamic_AC_CLResControlMode
        | DER_Scheduled_AC_CLResControlMode
        | Dynamic_AC_CLResControlMode
        | Scheduled_AC_CLResControlMode,
        Head("CLResControlMode"),
    ]
