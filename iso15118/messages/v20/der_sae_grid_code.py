"""The grid code of AC_DER_SAE (Amendment 1): curves, droops, trips and set-points by the names of IEEE 1547, as `der_sae` carries them.

Voltages in V, frequencies in Hz, times in s. Each function says whether it is on, and its priority among those that conflict.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Message, Name, Occurs
from iso15118.messages.facets import UnsignedInt, UnsignedShort
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.der import PowerFactorExcitation


class PowerReference(Enumeration):
    """What a droop is a share of."""

    MaximumActivePower = "MaximumActivePower"
    MomentaryPower = "MomentaryPower"


class DERUnit(Enumeration):
    """Unit of one axis of a curve, or of a set-point."""

    V = "V"
    Hz = "Hz"
    W = "W"
    s = "s"
    var = "var"
    PercentageEVMaximumConfiguredActivePower = "PercentageEVMaximumConfiguredActivePower"
    PercentageEVMaximumConfiguredReactivePower = "PercentageEVMaximumConfiguredReactivePower"
    PercentageEVMaximumConfiguredApparentPower = "PercentageEVMaximumConfiguredApparentPower"
    PercentageEVMaximumAvailableActivePower = "PercentageEVMaximumAvailableActivePower"
    PercentageEVMaximumAvailableReactivePower = "PercentageEVMaximumAvailableReactivePower"
    PercentageV = "PercentageV"


class DataTuple(Message):
    """One point of a curve."""

    x_value: Annotated[RationalNumber, Name("xValue")]
    y_value: Annotated[RationalNumber, Name("yValue")]


class FrequencyDroopSettings(Message):
    """A droop: dead band in Hz, factor per phase where it differs, and how fast it acts (s)."""

    db: Annotated[RationalNumber, Name("db")]
    droop_factor: RationalNumber
    droop_factor_l2: RationalNumber | None = None
    droop_factor_l3: RationalNumber | None = None
    power_reference: PowerReference
    power_reference_l2: PowerReference | None = None
    power_reference_l3: PowerReference | None = None
    open_loop_response_time: RationalNumber


class CurveDataPointsList(Message):
    """The points of a curve, x rising."""

    curve_data_point: Annotated[tuple[DataTuple, ...], Occurs(2, 10)]


class DERCurve(Message):
    """A curve that trips or ceases, and whether it is on."""

    enable: bool
    priority: UnsignedShort | None = None
    x_unit: Annotated[DERUnit, Name("xUnit")]
    y_unit: Annotated[DERUnit, Name("yUnit")]
    curve_data_points: CurveDataPointsList
    curve_data_points_l2: CurveDataPointsList | None = None
    curve_data_points_l3: CurveDataPointsList | None = None


class ConstantPowerFactor(Message):
    """A power factor to hold."""

    enable: bool
    priority: UnsignedShort | None = None
    power_factor_value: RationalNumber
    power_factor_value_l2: RationalNumber | None = None
    power_factor_value_l3: RationalNumber | None = None
    power_factor_excitation: PowerFactorExcitation
    power_factor_excitation_l2: PowerFactorExcitation | None = None
    power_factor_excitation_l3: PowerFactorExcitation | None = None


class FrequencyDroop(Message):
    """Active power over frequency, above and below."""

    enable: bool
    priority: UnsignedShort | None = None
    over_frequency_droop: FrequencyDroopSettings | None = None
    under_frequency_droop: FrequencyDroopSettings | None = None


class VoltVar(Message):
    """Reactive power over voltage, around a reference (V) that may follow the grid. Times in s."""

    enable: bool
    priority: UnsignedShort | None = None
    x_unit: Annotated[DERUnit, Name("xUnit")]
    y_unit: Annotated[DERUnit, Name("yUnit")]
    curve_data_points: CurveDataPointsList
    curve_data_points_l2: CurveDataPointsList | None = None
    curve_data_points_l3: CurveDataPointsList | None = None
    open_loop_response_time: RationalNumber
    time_constant_pt1: UnsignedInt | None = None
    reference_voltage: RationalNumber
    autonomous_reference_voltage_adjustment_enable: bool
    reference_voltage_adjustment_time_constant: UnsignedInt


class VoltWatt(Message):
    """Active power over voltage. Times in s."""

    enable: bool
    priority: UnsignedShort | None = None
    x_unit: Annotated[DERUnit, Name("xUnit")]
    y_unit: Annotated[DERUnit, Name("yUnit")]
    curve_data_points: CurveDataPointsList
    curve_data_points_l2: CurveDataPointsList | None = None
    curve_data_points_l3: CurveDataPointsList | None = None
    open_loop_response_time: RationalNumber
    time_constant_pt1: UnsignedInt | None = None


class WattVar(Message):
    """Reactive power over active power. Times in s."""

    enable: bool
    priority: UnsignedShort | None = None
    x_unit: Annotated[DERUnit, Name("xUnit")]
    y_unit: Annotated[DERUnit, Name("yUnit")]
    curve_data_points: CurveDataPointsList
    curve_data_points_l2: CurveDataPointsList | None = None
    curve_data_points_l3: CurveDataPointsList | None = None
    open_loop_response_time: RationalNumber | None = None
    time_constant_pt1: UnsignedInt | None = None


class ConstantWatt(Message):
    """An active power to hold."""

    enable: bool
    priority: UnsignedShort | None = None
    watt_setpoint: RationalNumber
    watt_setpoint_l2: RationalNumber | None = None
    watt_setpoint_l3: RationalNumber | None = None
    unit: DERUnit


class ConstantVar(Message):
    """A reactive power to hold."""

    enable: bool
    priority: UnsignedShort | None = None
    var_setpoint: RationalNumber
    var_setpoint_l2: RationalNumber | None = None
    var_setpoint_l3: RationalNumber | None = None
    unit: DERUnit


class LimitMaxDischargePower(Message):
    """Discharge power at most, in percent of the maximum."""

    enable: bool
    priority: UnsignedShort | None = None
    percentage_value: UnsignedShort
    percentage_value_l2: UnsignedShort | None = None
    percentage_value_l3: UnsignedShort | None = None
    open_loop_response_time: RationalNumber | None = None


class VoltageTrip(Message):
    """When to trip, or to cease for a moment, by voltage (V) over time (s)."""

    over_voltage_must_trip_curve: DERCurve
    under_voltage_must_trip_curve: DERCurve
    over_voltage_momentary_cessation_trip_curve: DERCurve | None = None
    under_voltage_momentary_cessation_trip_curve: DERCurve | None = None
    over_voltage_may_trip_curve: DERCurve | None = None
    under_voltage_may_trip_curve: DERCurve | None = None


class FrequencyTrip(Message):
    """When to trip by frequency (Hz) over time (s)."""

    over_frequency_must_trip_curve: DERCurve
    under_frequency_must_trip_curve: DERCurve
    over_frequency_may_trip_curve: DERCurve | None = None
    under_frequency_may_trip_curve: DERCurve | None = None


class EnterServiceCPDRes(Message):
    """When the inverter may come (back) into service: voltages in V, frequencies in Hz, times in s."""

    permit_service: bool
    enter_service_voltage_high: RationalNumber
    enter_service_voltage_low: RationalNumber
    enter_service_frequency_high: RationalNumber
    enter_service_frequency_low: RationalNumber
    enter_service_delay: RationalNumber | None = None
    enter_service_randomized_delay: RationalNumber | None = None
    enter_service_ramp_time: RationalNumber | None = None


class EnterServiceCLRes(Message):
    """The same where it changed, and whether it may."""

    permit_service: bool
    enter_service_voltage_high: RationalNumber | None = None
    enter_service_voltage_low: RationalNumber | None = None
    enter_service_frequency_high: RationalNumber | None = None
    enter_service_frequency_low: RationalNumber | None = None
    enter_service_delay: RationalNumber | None = None
    enter_service_randomized_delay: RationalNumber | None = None
    enter_service_ramp_time: RationalNumber | None = None


class ReactivePowerSupportCPDRes(Message):
    """The functions of reactive power, all of them."""

    constant_power_factor: ConstantPowerFactor
    volt_var: VoltVar
    watt_var: WattVar
    constant_var: ConstantVar


class ReactivePowerSupportCLRes(Message):
    """The functions of reactive power that changed."""

    constant_power_factor: ConstantPowerFactor | None = None
    volt_var: VoltVar | None = None
    watt_var: WattVar | None = None
    constant_var: ConstantVar | None = None


class ActivePowerSupportCPDRes(Message):
    """The functions of active power, all of them."""

    frequency_droop: FrequencyDroop
    volt_watt: VoltWatt
    constant_watt: ConstantWatt
    limit_max_discharge_power: LimitMaxDischargePower


class ActivePowerSupportCLRes(Message):
    """The functions of active power that changed."""

    frequency_droop: FrequencyDroop | None = None
    volt_watt: VoltWatt | None = None
    constant_watt: ConstantWatt | None = None
    limit_max_discharge_power: LimitMaxDischargePower | None = None


class DERControlCLRes(Message):
    """The grid code where it changed."""

    voltage_trip: VoltageTrip | None = None
    frequency_trip: FrequencyTrip | None = None
    enter_service_cl_res: EnterServiceCLRes
    reactive_power_support_cl_res: ReactivePowerSupportCLRes | None = None
    active_power_support_cl_res: ActivePowerSupportCLRes | None = None


class DERControlCPDRes(Message):
    """The grid code of this connection, whole."""

    voltage_trip: VoltageTrip
    frequency_trip: FrequencyTrip
    enter_service_cpd_res: EnterServiceCPDRes
    reactive_power_support_cpd_res: ReactivePowerSupportCPDRes
    active_power_support_cpd_res: ActivePowerSupportCPDRes
