"""Energy transfer by alternating current, in one direction or both (BPT).

Active powers in W, reactive powers in var, energies in Wh, frequencies in Hz. A quantity without a phase is that of L1, or of all phases
where those of L2 and L3 are absent. Targets and present values are positive into the vehicle; limits of discharge come with either sign,
so read their absolute value.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head, Message
from iso15118.messages.v20.common import (
    ChargeLoopReq,
    ChargeLoopRes,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    Dynamic_CLReqControlMode,
    Dynamic_CLResControlMode,
    RationalNumber,
    Scheduled_CLReqControlMode,
    Scheduled_CLResControlMode,
)


class AC_CPDReqEnergyTransferMode(Message):
    """The vehicle's limits, charging, per phase where they differ."""

    ev_maximum_charge_power: RationalNumber
    ev_maximum_charge_power_l2: RationalNumber | None = None
    ev_maximum_charge_power_l3: RationalNumber | None = None
    ev_minimum_charge_power: RationalNumber
    ev_minimum_charge_power_l2: RationalNumber | None = None
    ev_minimum_charge_power_l3: RationalNumber | None = None


class AC_CPDResEnergyTransferMode(Message):
    """The charger's limits, charging, its grid's nominal frequency in Hz, and how fast power may change (W/s) or differ between phases."""

    evse_maximum_charge_power: RationalNumber
    evse_maximum_charge_power_l2: RationalNumber | None = None
    evse_maximum_charge_power_l3: RationalNumber | None = None
    evse_minimum_charge_power: RationalNumber
    evse_minimum_charge_power_l2: RationalNumber | None = None
    evse_minimum_charge_power_l3: RationalNumber | None = None
    evse_nominal_frequency: RationalNumber
    maximum_power_asymmetry: RationalNumber | None = None
    evse_power_ramp_limitation: RationalNumber | None = None
    evse_present_active_power: RationalNumber | None = None
    evse_present_active_power_l2: RationalNumber | None = None
    evse_present_active_power_l3: RationalNumber | None = None


class BPT_AC_CPDReqEnergyTransferMode(AC_CPDReqEnergyTransferMode):
    """The vehicle's limits, both directions."""

    ev_maximum_discharge_power: RationalNumber
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None


class BPT_AC_CPDResEnergyTransferMode(AC_CPDResEnergyTransferMode):
    """The charger's limits, both directions."""

    evse_maximum_discharge_power: RationalNumber
    evse_maximum_discharge_power_l2: RationalNumber | None = None
    evse_maximum_discharge_power_l3: RationalNumber | None = None
    evse_minimum_discharge_power: RationalNumber
    evse_minimum_discharge_power_l2: RationalNumber | None = None
    evse_minimum_discharge_power_l3: RationalNumber | None = None


class AC_ChargeParameterDiscoveryReq(ChargeParameterDiscoveryReq):
    """The vehicle tells its limits."""

    energy_transfer_mode: BPT_AC_CPDReqEnergyTransferMode | AC_CPDReqEnergyTransferMode


class AC_ChargeParameterDiscoveryRes(ChargeParameterDiscoveryRes):
    """The charger tells its limits."""

    energy_transfer_mode: BPT_AC_CPDResEnergyTransferMode | AC_CPDResEnergyTransferMode


class Scheduled_AC_CLReqControlMode(Scheduled_CLReqControlMode):
    """What the vehicle takes under a schedule, and its limits where they changed."""

    ev_maximum_charge_power: RationalNumber | None = None
    ev_maximum_charge_power_l2: RationalNumber | None = None
    ev_maximum_charge_power_l3: RationalNumber | None = None
    ev_minimum_charge_power: RationalNumber | None = None
    ev_minimum_charge_power_l2: RationalNumber | None = None
    ev_minimum_charge_power_l3: RationalNumber | None = None
    ev_present_active_power: RationalNumber
    ev_present_active_power_l2: RationalNumber | None = None
    ev_present_active_power_l3: RationalNumber | None = None
    ev_present_reactive_power: RationalNumber | None = None
    ev_present_reactive_power_l2: RationalNumber | None = None
    ev_present_reactive_power_l3: RationalNumber | None = None


class Scheduled_AC_CLResControlMode(Scheduled_CLResControlMode):
    """What the charger would like under a schedule, and what it measures."""

    evse_target_active_power: RationalNumber | None = None
    evse_target_active_power_l2: RationalNumber | None = None
    evse_target_active_power_l3: RationalNumber | None = None
    evse_target_reactive_power: RationalNumber | None = None
    evse_target_reactive_power_l2: RationalNumber | None = None
    evse_target_reactive_power_l3: RationalNumber | None = None
    evse_present_active_power: RationalNumber | None = None
    evse_present_active_power_l2: RationalNumber | None = None
    evse_present_active_power_l3: RationalNumber | None = None


class BPT_Scheduled_AC_CLReqControlMode(Scheduled_AC_CLReqControlMode):
    """What the vehicle takes or gives under a schedule, and its limits of both directions where they changed."""

    ev_maximum_discharge_power: RationalNumber | None = None
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber | None = None
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None


class BPT_Scheduled_AC_CLResControlMode(Scheduled_AC_CLResControlMode):
    """What the charger would like under a schedule, both directions."""


class Dynamic_AC_CLReqControlMode(Dynamic_CLReqControlMode):
    """The vehicle's limits when the charger steers, and what it takes."""

    ev_maximum_charge_power: RationalNumber
    ev_maximum_charge_power_l2: RationalNumber | None = None
    ev_maximum_charge_power_l3: RationalNumber | None = None
    ev_minimum_charge_power: RationalNumber
    ev_minimum_charge_power_l2: RationalNumber | None = None
    ev_minimum_charge_power_l3: RationalNumber | None = None
    ev_present_active_power: RationalNumber
    ev_present_active_power_l2: RationalNumber | None = None
    ev_present_active_power_l3: RationalNumber | None = None
    ev_present_reactive_power: RationalNumber
    ev_present_reactive_power_l2: RationalNumber | None = None
    ev_present_reactive_power_l3: RationalNumber | None = None


class Dynamic_AC_CLResControlMode(Dynamic_CLResControlMode):
    """The power the charger demands when it steers, per phase where it differs, and what it measures."""

    evse_target_active_power: RationalNumber
    evse_target_active_power_l2: RationalNumber | None = None
    evse_target_active_power_l3: RationalNumber | None = None
    evse_target_reactive_power: RationalNumber | None = None
    evse_target_reactive_power_l2: RationalNumber | None = None
    evse_target_reactive_power_l3: RationalNumber | None = None
    evse_present_active_power: RationalNumber | None = None
    evse_present_active_power_l2: RationalNumber | None = None
    evse_present_active_power_l3: RationalNumber | None = None


class BPT_Dynamic_AC_CLReqControlMode(Dynamic_AC_CLReqControlMode):
    """The vehicle's limits when the charger steers, both directions, and the energy window within which it may be cycled."""

    ev_maximum_discharge_power: RationalNumber
    ev_maximum_discharge_power_l2: RationalNumber | None = None
    ev_maximum_discharge_power_l3: RationalNumber | None = None
    ev_minimum_discharge_power: RationalNumber
    ev_minimum_discharge_power_l2: RationalNumber | None = None
    ev_minimum_discharge_power_l3: RationalNumber | None = None
    ev_maximum_v2x_energy_request: RationalNumber | None = None
    ev_minimum_v2x_energy_request: RationalNumber | None = None


class BPT_Dynamic_AC_CLResControlMode(Dynamic_AC_CLResControlMode):
    """The power the charger demands when it steers, both directions."""


class AC_ChargeLoopReq(ChargeLoopReq):
    """The vehicle's turn in the charge loop."""

    control_mode: Annotated[
        BPT_Dynamic_AC_CLReqControlMode | BPT_Scheduled_AC_CLReqControlMode | Dynamic_AC_CLReqControlMode | Scheduled_AC_CLReqControlMode,
        Head("CLReqControlMode"),
    ]


class AC_ChargeLoopRes(ChargeLoopRes):
    """The charger's turn in the charge loop; the frequency in Hz where it forms a grid of its own."""

    evse_target_frequency: RationalNumber | None = None
    control_mode: Annotated[
        BPT_Dynamic_AC_CLResControlMode | BPT_Scheduled_AC_CLResControlMode | Dynamic_AC_CLResControlMode | Scheduled_AC_CLResControlMode,
        Head("CLResControlMode"),
    ]
