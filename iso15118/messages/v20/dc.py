"""Energy transfer by direct current, in one direction or both (BPT).

Powers in W, currents in A, voltages in V, energies in Wh. Targets and present values are positive into the vehicle, negative out of
it; limits of discharge come with either sign, so read their absolute value.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head, Message
from iso15118.messages.facets import Percent
from iso15118.messages.v20.common import (
    ChargeLoopReq,
    ChargeLoopRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    Dynamic_CLReqControlMode,
    Dynamic_CLResControlMode,
    Processing,
    RationalNumber,
    Request,
    Response,
    Scheduled_CLReqControlMode,
    Scheduled_CLResControlMode,
)


class DC_CPDReqEnergyTransferMode(Message):
    """The vehicle's limits, charging."""

    ev_maximum_charge_power: RationalNumber
    ev_minimum_charge_power: RationalNumber
    ev_maximum_charge_current: RationalNumber
    ev_minimum_charge_current: RationalNumber
    ev_maximum_voltage: RationalNumber
    ev_minimum_voltage: RationalNumber
    target_soc: Percent | None = None


class DC_CPDResEnergyTransferMode(Message):
    """The charger's limits, charging, and how fast its power may change."""

    evse_maximum_charge_power: RationalNumber
    evse_minimum_charge_power: RationalNumber
    evse_maximum_charge_current: RationalNumber
    evse_minimum_charge_current: RationalNumber
    evse_maximum_voltage: RationalNumber
    evse_minimum_voltage: RationalNumber
    evse_power_ramp_limitation: RationalNumber | None = None


class BPT_DC_CPDReqEnergyTransferMode(DC_CPDReqEnergyTransferMode):
    """The vehicle's limits, both directions."""

    ev_maximum_discharge_power: RationalNumber
    ev_minimum_discharge_power: RationalNumber
    ev_maximum_discharge_current: RationalNumber
    ev_minimum_discharge_current: RationalNumber


class BPT_DC_CPDResEnergyTransferMode(DC_CPDResEnergyTransferMode):
    """The charger's limits, both directions."""

    evse_maximum_discharge_power: RationalNumber
    evse_minimum_discharge_power: RationalNumber
    evse_maximum_discharge_current: RationalNumber
    evse_minimum_discharge_current: RationalNumber


class DC_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReq):
    """The vehicle tells its limits."""

    energy_transfer_mode: BPT_DC_CPDReqEnergyTransferMode | DC_CPDReqEnergyTransferMode


class DC_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryRes):
    """The charger tells its limits."""

    energy_transfer_mode: BPT_DC_CPDResEnergyTransferMode | DC_CPDResEnergyTransferMode


class DC_CableCheckReq(Request):
    """The vehicle asks for the isolation to be tested."""


class DC_CableCheckRes(Response):
    """Whether the test is over; the code says how it ended."""

    evse_processing: Processing


class DC_PreChargeReq(Request):
    """The vehicle asks for the voltage of its battery at the outlet, before it closes its contactors."""

    ev_processing: Processing
    ev_present_voltage: RationalNumber
    ev_target_voltage: RationalNumber


class DC_PreChargeRes(Response):
    """The voltage at the outlet."""

    evse_present_voltage: RationalNumber


class Scheduled_DC_CLReqControlMode(Scheduled_CLReqControlMode):
    """The vehicle's target under a schedule, charging, and its limits where they changed."""

    ev_target_current: RationalNumber
    ev_target_voltage: RationalNumber
    ev_maximum_charge_power: RationalNumber | None = None
    ev_minimum_charge_power: RationalNumber | None = None
    ev_maximum_charge_current: RationalNumber | None = None
    ev_maximum_voltage: RationalNumber | None = None
    ev_minimum_voltage: RationalNumber | None = None


class Scheduled_DC_CLResControlMode(Scheduled_CLResControlMode):
    """The charger's limits under a schedule, charging, where they changed."""

    evse_maximum_charge_power: RationalNumber | None = None
    evse_minimum_charge_power: RationalNumber | None = None
    evse_maximum_charge_current: RationalNumber | None = None
    evse_maximum_voltage: RationalNumber | None = None


class BPT_Scheduled_DC_CLReqControlMode(Scheduled_DC_CLReqControlMode):
    """The vehicle's target under a schedule, both directions: a negative current discharges."""

    ev_maximum_discharge_power: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber | None = None
    ev_maximum_discharge_current: RationalNumber | None = None


class BPT_Scheduled_DC_CLResControlMode(Scheduled_DC_CLResControlMode):
    """The charger's limits under a schedule, both directions, where they changed."""

    evse_maximum_discharge_power: RationalNumber | None = None
    evse_minimum_discharge_power: RationalNumber | None = None
    evse_maximum_discharge_current: RationalNumber | None = None
    evse_minimum_voltage: RationalNumber | None = None


class Dynamic_DC_CLReqControlMode(Dynamic_CLReqControlMode):
    """The vehicle's limits when the charger steers, charging."""

    ev_maximum_charge_power: RationalNumber
    ev_minimum_charge_power: RationalNumber
    ev_maximum_charge_current: RationalNumber
    ev_maximum_voltage: RationalNumber
    ev_minimum_voltage: RationalNumber


class Dynamic_DC_CLResControlMode(Dynamic_CLResControlMode):
    """The charger's limits when it steers, charging."""

    evse_maximum_charge_power: RationalNumber
    evse_minimum_charge_power: RationalNumber
    evse_maximum_charge_current: RationalNumber
    evse_maximum_voltage: RationalNumber


class BPT_Dynamic_DC_CLReqControlMode(Dynamic_DC_CLReqControlMode):
    """The vehicle's limits when the charger steers, both directions, and the energy window within which it may be cycled."""

    ev_maximum_discharge_power: RationalNumber
    ev_minimum_discharge_power: RationalNumber
    ev_maximum_discharge_current: RationalNumber
    ev_maximum_v2x_energy_request: RationalNumber | None = None
    ev_minimum_v2x_energy_request: RationalNumber | None = None


class BPT_Dynamic_DC_CLResControlMode(Dynamic_DC_CLResControlMode):
    """The charger's limits when it steers, both directions."""

    evse_maximum_discharge_power: RationalNumber
    evse_minimum_discharge_power: RationalNumber
    evse_maximum_discharge_current: RationalNumber
    evse_minimum_voltage: RationalNumber


class DC_ChargeLoopReq(ChargeLoopReq):
    """The vehicle's turn in the charge loop."""

    ev_present_voltage: RationalNumber
    control_mode: Annotated[
        BPT_Dynamic_DC_CLReqControlMode | BPT_Scheduled_DC_CLReqControlMode | Dynamic_DC_CLReqControlMode | Scheduled_DC_CLReqControlMode,
        Head("CLReqControlMode"),
    ]


class DC_ChargeLoopRes(ChargeLoopRes):
    """The charger's turn in the charge loop: what is measured at the outlet, and which limits shape it."""

    evse_present_current: RationalNumber
    evse_present_voltage: RationalNumber
    evse_power_limit_achieved: bool
    evse_current_limit_achieved: bool
    evse_voltage_limit_achieved: bool
    control_mode: Annotated[
        BPT_Dynamic_DC_CLResControlMode | BPT_Scheduled_DC_CLResControlMode | Dynamic_DC_CLResControlMode | Scheduled_DC_CLResControlMode,
        Head("CLResControlMode"),
    ]


class DC_WeldingDetectionReq(Request):
    """The vehicle has opened its contactors and asks what voltage is left at the outlet."""

    ev_processing: Processing


class DC_WeldingDetectionRes(Response):
    """The voltage at the outlet."""

    evse_present_voltage: RationalNumber
