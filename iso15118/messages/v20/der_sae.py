"""The vehicle as a distributed energy resource by North American rules (Amendment 1, AC_DER_SAE; SAE J3072, IEEE 1547).

Powers in W, reactive powers in var, apparent powers in VA, voltages in V, frequencies in Hz. The charger declares the whole grid code in
charge parameter discovery and what changed in each loop. The messages are those of `ac` with members of their own.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Head, Message
from iso15118.messages.facets import InverterText, UnsignedInt, UnsignedLong
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
    EVSEStatus,
    Processing,
    RationalNumber,
)
from iso15118.messages.v20.der import GridConnectionMode, OperatingMode
from iso15118.messages.v20.der_sae_grid_code import DERControlCLRes, DERControlCPDRes


class IEEE1547NormalCategory(Enumeration):
    """Category of IEEE 1547 for normal operation."""

    CategoryA = "CategoryA"
    CategoryB = "CategoryB"


class IEEE1547AbnormalCategory(Enumeration):
    """Category of IEEE 1547 for ride-through."""

    CategoryI = "CategoryI"
    CategoryII = "CategoryII"
    CategoryIII = "CategoryIII"


class DEROperationalState(Enumeration):
    """Does the inverter work?"""

    On = "On"
    Off = "Off"


class DERConnectionStatus(Enumeration):
    """Is the inverter connected to the grid?"""

    Disconnected = "Disconnected"
    Connected = "Connected"


class EVApparentPowerLimits(Message):
    """What apparent power (VA) the vehicle can do."""

    ev_maximum_apparent_power_during_charging_and_var_absorption: RationalNumber
    ev_maximum_apparent_power_during_charging_and_var_absorption_l2: RationalNumber | None = None
    ev_maximum_apparent_power_during_charging_and_var_absorption_l3: RationalNumber | None = None
    ev_maximum_apparent_power_during_charging_and_var_injection: RationalNumber
    ev_maximum_apparent_power_during_charging_and_var_injection_l2: RationalNumber | None = None
    ev_maximum_apparent_power_during_charging_and_var_injection_l3: RationalNumber | None = None
    ev_maximum_apparent_power_during_discharging_and_var_absorption: RationalNumber
    ev_maximum_apparent_power_during_discharging_and_var_absorption_l2: RationalNumber | None = None
    ev_maximum_apparent_power_during_discharging_and_var_absorption_l3: RationalNumber | None = None
    ev_maximum_apparent_power_during_discharging_and_var_injection: RationalNumber
    ev_maximum_apparent_power_during_discharging_and_var_injection_l2: RationalNumber | None = None
    ev_maximum_apparent_power_during_discharging_and_var_injection_l3: RationalNumber | None = None


class EVReactivePowerLimits(Message):
    """What reactive power (var) the vehicle can do."""

    ev_maximum_var_absorption_during_charging: RationalNumber
    ev_maximum_var_absorption_during_charging_l2: RationalNumber | None = None
    ev_maximum_var_absorption_during_charging_l3: RationalNumber | None = None
    ev_minimum_var_absorption_during_charging: RationalNumber | None = None
    ev_minimum_var_absorption_during_charging_l2: RationalNumber | None = None
    ev_minimum_var_absorption_during_charging_l3: RationalNumber | None = None
    ev_maximum_var_injection_during_charging: RationalNumber
    ev_maximum_var_injection_during_charging_l2: RationalNumber | None = None
    ev_maximum_var_injection_during_charging_l3: RationalNumber | None = None
    ev_minimum_var_injection_during_charging: RationalNumber | None = None
    ev_minimum_var_injection_during_charging_l2: RationalNumber | None = None
    ev_minimum_var_injection_during_charging_l3: RationalNumber | None = None
    ev_maximum_var_absorption_during_discharging: RationalNumber
    ev_maximum_var_absorption_during_discharging_l2: RationalNumber | None = None
    ev_maximum_var_absorption_during_discharging_l3: RationalNumber | None = None
    ev_minimum_var_absorption_during_discharging: RationalNumber | None = None
    ev_minimum_var_absorption_during_discharging_l2: RationalNumber | None = None
    ev_minimum_var_absorption_during_discharging_l3: RationalNumber | None = None
    ev_maximum_var_injection_during_discharging: RationalNumber
    ev_maximum_var_injection_during_discharging_l2: RationalNumber | None = None
    ev_maximum_var_injection_during_discharging_l3: RationalNumber | None = None
    ev_minimum_var_injection_during_discharging: RationalNumber | None = None
    ev_minimum_var_injection_during_discharging_l2: RationalNumber | None = None
    ev_minimum_var_injection_during_discharging_l3: RationalNumber | None = None
    ev_reactive_susceptance: RationalNumber
    ev_reactive_susceptance_l2: RationalNumber | None = None
    ev_reactive_susceptance_l3: RationalNumber | None = None


class EVExcitationLimits(Message):
    """The power factors the vehicle can do, and the discharge power (W) that goes with them."""

    ev_specified_over_excited_power_factor: RationalNumber
    ev_specified_over_excited_power_factor_l2: RationalNumber | None = None
    ev_specified_over_excited_power_factor_l3: RationalNumber | None = None
    ev_specified_over_excited_discharge_power: RationalNumber
    ev_specified_over_excited_discharge_power_l2: RationalNumber | None = None
    ev_specified_over_excited_discharge_power_l3: RationalNumber | None = None
    ev_specified_under_excited_power_factor: RationalNumber
    ev_specified_under_excited_power_factor_l2: RationalNumber | None = None
    ev_specified_under_excited_power_factor_l3: RationalNumber | None = None
    ev_specified_under_excited_discharge_power: RationalNumber
    ev_specified_under_excited_discharge_power_l2: RationalNumber | None = None
    ev_specified_under_excited_discharge_power_l3: RationalNumber | None = None


class EVInverterDetails(Message):
    """Who made the inverter, and which one it is."""

    ev_inverter_sw_version: InverterText
    ev_inverter_hw_version: InverterText | None = None
    ev_inverter_manufacturer: InverterText
    ev_inverter_model: InverterText
    ev_inverter_serial_number: InverterText


class EVSEReactivePowerLimits(Message):
    """What reactive power (var) the charger lets pass."""

    evse_maximum_var_absorption_during_charging: RationalNumber
    evse_maximum_var_absorption_during_charging_l2: RationalNumber | None = None
    evse_maximum_var_absorption_during_charging_l3: RationalNumber | None = None
    evse_maximum_var_injection_during_charging: RationalNumber
    evse_maximum_var_injection_during_charging_l2: RationalNumber | None = None
    evse_maximum_var_injection_during_charging_l3: RationalNumber | None = None
    evse_maximum_var_absorption_during_discharging: RationalNumber
    evse_maximum_var_absorption_during_discharging_l2: RationalNumber | None = None
    evse_maximum_var_absorption_during_discharging_l3: RationalNumber | None = None
    evse_maximum_var_injection_during_discharging: RationalNumber
    evse_maximum_var_injection_during_discharging_l2: RationalNumber | None = None
    evse_maximum_var_injection_during_discharging_l3: RationalNumber | None = None


class GridLimits(Message):
    """The grid at this connection: frequencies in Hz, voltages in V."""

    grid_nominal_frequency: RationalNumber
    grid_nominal_voltage: RationalNumber
    grid_nominal_voltage_offset: RationalNumber
    grid_min_frequency: RationalNumber | None = None
    grid_max_frequency: RationalNumber | None = None
    grid_maximum_voltage: RationalNumber
    grid_minimum_voltage: RationalNumber


class EVApparentPower(Message):
    """What apparent power (VA) the vehicle can do now."""

    ev_maximum_apparent_power_during_charging_and_var_absorption: RationalNumber
    ev_maximum_apparent_power_during_charging_and_var_absorption_l2: RationalNumber | None = None
    ev_maximum_apparent_power_during_charging_and_var_absorption_l3: RationalNumber | None = None
    ev_maximum_apparent_power_during_charging_and_var_injection: RationalNumber
    ev_maximum_apparent_power_during_charging_and_var_injection_l2: RationalNumber | None = None
    ev_maximum_apparent_power_during_charging_and_var_injection_l3: RationalNumber | None = None
    ev_maximum_apparent_power_during_discharging_and_var_absorption: RationalNumber
    ev_maximum_apparent_power_during_discharging_and_var_absorption_l2: RationalNumber | None = None
    ev_maximum_apparent_power_during_discharging_and_var_absorption_l3: RationalNumber | None = None
    ev_maximum_apparent_power_during_discharging_and_var_injection: RationalNumber
    ev_maximum_apparent_power_during_discharging_and_var_injection_l2: RationalNumber | None = None
    ev_maximum_apparent_power_during_discharging_and_var_injection_l3: RationalNumber | None = None


class EVReactivePower(Message):
    """What reactive power (var) the vehicle can do now."""

    ev_maximum_var_absorption_during_charging: RationalNumber
    ev_maximum_var_absorption_during_charging_l2: RationalNumber | None = None
    ev_maximum_var_absorption_during_charging_l3: RationalNumber | None = None
    ev_minimum_var_absorption_during_charging: RationalNumber | None = None
    ev_minimum_var_absorption_during_charging_l2: RationalNumber | None = None
    ev_minimum_var_absorption_during_charging_l3: RationalNumber | None = None
    ev_maximum_var_injection_during_charging: RationalNumber
    ev_maximum_var_injection_during_charging_l2: RationalNumber | None = None
    ev_maximum_var_injection_during_charging_l3: RationalNumber | None = None
    ev_minimum_var_injection_during_charging: RationalNumber | None = None
    ev_minimum_var_injection_during_charging_l2: RationalNumber | None = None
    ev_minimum_var_injection_during_charging_l3: RationalNumber | None = None
    ev_maximum_var_absorption_during_discharging: RationalNumber
    ev_maximum_var_absorption_during_discharging_l2: RationalNumber | None = None
    ev_maximum_var_absorption_during_discharging_l3: RationalNumber | None = None
    ev_minimum_var_absorption_during_discharging: RationalNumber | None = None
    ev_minimum_var_absorption_during_discharging_l2: RationalNumber | None = None
    ev_minimum_var_absorption_during_discharging_l3: RationalNumber | None = None
    ev_maximum_var_injection_during_discharging: RationalNumber
    ev_maximum_var_injection_during_discharging_l2: RationalNumber | None = None
    ev_maximum_var_injection_during_discharging_l3: RationalNumber | None = None
    ev_minimum_var_injection_during_discharging: RationalNumber | None = None
    ev_minimum_var_injection_during_discharging_l2: RationalNumber | None = None
    ev_minimum_var_injection_during_discharging_l3: RationalNumber | None = None


class EVExcitation(Message):
    """The power factors the vehicle can do now, and the discharge power (W) that goes with them."""

    ev_specified_over_excited_power_factor: RationalNumber | None = None
    ev_specified_over_excited_power_factor_l2: RationalNumber | None = None
    ev_specified_over_excited_power_factor_l3: RationalNumber | None = None
    ev_specified_over_excited_discharge_power: RationalNumber
    ev_specified_over_excited_discharge_power_l2: RationalNumber | None = None
    ev_specified_over_excited_discharge_power_l3: RationalNumber | None = None
    ev_specified_under_excited_power_factor: RationalNumber | None = None
    ev_specified_under_excited_power_factor_l2: RationalNumber | None = None
    ev_specified_under_excited_power_factor_l3: RationalNumber | None = None
    ev_specified_under_excited_discharge_power: RationalNumber
    ev_specified_under_excited_discharge_power_l2: RationalNumber | None = None
    ev_specified_under_excited_discharge_power_l3: RationalNumber | None = None


class DER_AC_CPDReqEnergyTransferMode(AC_CPDReqEnergyTransferMode):
    """The vehicle as a generator of SAE J3072: limits, inverter, certification; energies in Wh, times in us since the epoch."""

    ev_processing: Processing
    ev_maximum_discharge_power: RationalNumber
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber | None = None
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None
    ev_session_total_discharge_energy_available: RationalNumber | None = None
    ev_apparent_power_limits: EVApparentPowerLimits
    ev_reactive_power_limits: EVReactivePowerLimits
    ev_excitation_limits: EVExcitationLimits
    ev_inverter_details: EVInverterDetails
    ieee1547_normal_category: IEEE1547NormalCategory
    ieee1547_abnormal_category: IEEE1547AbnormalCategory
    ev_nominal_voltage: RationalNumber
    ev_maximum_voltage: RationalNumber
    ev_minimum_voltage: RationalNumber
    ev_nominal_voltage_offset: RationalNumber
    j3072_certified: bool
    j3072_certification_date: UnsignedLong
    ev_useable_watt_hours: UnsignedInt
    ev_update_time: UnsignedLong
    supported_modes: UnsignedInt
    enabled_modes: UnsignedInt


class DER_AC_CPDResEnergyTransferMode(AC_CPDResEnergyTransferMode):
    """The connection as SAE J3072 sees it: the whole grid code, limits, and what the inverter is to be for the grid."""

    evse_processing: Processing
    evse_status: EVSEStatus | None = None
    der_control_cpd_res: DERControlCPDRes
    evse_nominal_charge_power: RationalNumber | None = None
    evse_nominal_charge_power_l2: RationalNumber | None = None
    evse_nominal_charge_power_l3: RationalNumber | None = None
    evse_nominal_discharge_power: RationalNumber | None = None
    evse_nominal_discharge_power_l2: RationalNumber | None = None
    evse_nominal_discharge_power_l3: RationalNumber | None = None
    evse_maximum_discharge_power: RationalNumber
    evse_maximum_discharge_power_l2: RationalNumber | None = None
    evse_maximum_discharge_power_l3: RationalNumber | None = None
    evse_reactive_power_limits: EVSEReactivePowerLimits
    grid_limits: GridLimits
    required_der_operating_mode: OperatingMode
    grid_connection_mode: GridConnectionMode
    evse_update_time: UnsignedLong


class DER_Scheduled_AC_CLReqControlMode(Scheduled_AC_CLReqControlMode):
    """The vehicle's state and limits under a schedule; durations in s, alarms and modes as bits."""

    ev_present_voltage: RationalNumber
    ev_present_frequency: RationalNumber
    ev_maximum_discharge_power: RationalNumber | None = None
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber | None = None
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None
    der_operational_state: DEROperationalState
    der_connection_status: DERConnectionStatus
    ev_apparent_power: EVApparentPower | None = None
    ev_reactive_power: EVReactivePower | None = None
    ev_excitation: EVExcitation | None = None
    ev_update_time: UnsignedLong
    ev_minimum_charging_duration: UnsignedInt | None = None
    ev_duration_maximum_charge_rate: UnsignedInt | None = None
    ev_duration_maximum_discharge_rate: UnsignedInt | None = None
    der_alarm_status: UnsignedInt
    enabled_modes: UnsignedInt


class DER_Scheduled_AC_CLResControlMode(Scheduled_AC_CLResControlMode):
    """What changed in the grid code and the limits, under a schedule."""

    der_control_cl_res: DERControlCLRes
    evse_maximum_charge_power: RationalNumber | None = None
    evse_maximum_charge_power_l2: RationalNumber | None = None
    evse_maximum_charge_power_l3: RationalNumber | None = None
    evse_maximum_discharge_power: RationalNumber | None = None
    evse_maximum_discharge_power_l2: RationalNumber | None = None
    evse_maximum_discharge_power_l3: RationalNumber | None = None
    required_der_operating_mode: OperatingMode | None = None
    grid_connection_mode: GridConnectionMode | None = None


class DER_Dynamic_AC_CLReqControlMode(Dynamic_AC_CLReqControlMode):
    """The vehicle's state and limits when the charger steers; durations in s, alarms and modes as bits."""

    ev_maximum_discharge_power: RationalNumber
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None
    ev_present_voltage: RationalNumber
    ev_present_frequency: RationalNumber
    ev_session_total_discharge_energy_available: RationalNumber | None = None
    ev_apparent_power: EVApparentPower | None = None
    ev_reactive_power: EVReactivePower | None = None
    ev_excitation: EVExcitation | None = None
    ev_maximum_v2x_energy_request: RationalNumber | None = None
    ev_minimum_v2x_energy_request: RationalNumber | None = None
    der_operational_state: DEROperationalState
    der_connection_status: DERConnectionStatus
    ev_update_time: UnsignedLong
    ev_minimum_charging_duration: UnsignedInt
    ev_duration_maximum_charge_rate: UnsignedInt
    ev_duration_maximum_discharge_rate: UnsignedInt
    der_alarm_status: UnsignedInt
    enabled_modes: UnsignedInt


class DER_Dynamic_AC_CLResControlMode(Dynamic_AC_CLResControlMode):
    """The power the charger demands when it steers, and what changed in the grid code and the limits."""

    der_control_cl_res: DERControlCLRes
    evse_maximum_charge_power: RationalNumber | None = None
    evse_maximum_charge_power_l2: RationalNumber | None = None
    evse_maximum_charge_power_l3: RationalNumber | None = None
    evse_maximum_discharge_power: RationalNumber | None = None
    evse_maximum_discharge_power_l2: RationalNumber | None = None
    evse_maximum_discharge_power_l3: RationalNumber | None = None
    required_der_operating_mode: OperatingMode | None = None
    grid_connection_mode: GridConnectionMode | None = None


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
