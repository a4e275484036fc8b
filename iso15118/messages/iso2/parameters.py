"""The limits of both sides, and the schedules that follow from them.

Currents in A, voltages in V, powers in W, energies in Wh, states of charge in %, departure in s from now.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head, Message, Name
from iso15118.messages.enumerations import EnergyTransferMode
from iso15118.messages.facets import Percent, UnsignedInt, UnsignedShort
from iso15118.messages.iso2.common import AC_EVSEStatus, DC_EVSEStatus, DC_EVStatus, EVSEProcessing, PhysicalValue, Request, Response
from iso15118.messages.iso2.schedule import SAScheduleList


class EVChargeParameter(Message):
    """Base of the vehicle's limits."""

    abstract = True

    departure_time: UnsignedInt | None = None


class AC_EVChargeParameter(EVChargeParameter):
    """The vehicle's need until departure, and its limits on AC; currents a phase."""

    e_amount: PhysicalValue
    ev_max_voltage: PhysicalValue
    ev_max_current: PhysicalValue
    ev_min_current: PhysicalValue


class DC_EVChargeParameter(EVChargeParameter):
    """The vehicle's limits on DC, its battery, and the states of charge at which it is full, or full enough."""

    dc_ev_status: Annotated[DC_EVStatus, Name("DC_EVStatus")]
    ev_maximum_current_limit: PhysicalValue
    ev_maximum_power_limit: PhysicalValue | None = None
    ev_maximum_voltage_limit: PhysicalValue
    ev_energy_capacity: PhysicalValue | None = None
    ev_energy_request: PhysicalValue | None = None
    full_soc: Percent | None = None
    bulk_soc: Percent | None = None


class AC_EVSEChargeParameter(Message):
    """The charger's limits on AC: the voltage between phase and neutral, the current a phase."""

    ac_evse_status: Annotated[AC_EVSEStatus, Name("AC_EVSEStatus")]
    evse_nominal_voltage: PhysicalValue
    evse_max_current: PhysicalValue


class DC_EVSEChargeParameter(Message):
    """The charger's limits on DC, how exact its current is and how much it ripples (peak to peak), and the energy there is."""

    dc_evse_status: Annotated[DC_EVSEStatus, Name("DC_EVSEStatus")]
    evse_maximum_current_limit: PhysicalValue
    evse_maximum_power_limit: PhysicalValue
    evse_maximum_voltage_limit: PhysicalValue
    evse_minimum_current_limit: PhysicalValue
    evse_minimum_voltage_limit: PhysicalValue
    evse_current_regulation_tolerance: PhysicalValue | None = None
    evse_peak_current_ripple: PhysicalValue
    evse_energy_to_be_delivered: PhysicalValue | None = None


class ChargeParameterDiscoveryReq(Request):
    """The vehicle tells how it would charge, its limits, and how many schedules it can hold."""

    max_entries_sa_schedule_tuple: UnsignedShort | None = None
    requested_energy_transfer_mode: EnergyTransferMode
    ev_charge_parameter: Annotated[AC_EVChargeParameter | DC_EVChargeParameter, Head("EVChargeParameter")]


class ChargeParameterDiscoveryRes(Response):
    """The charger tells its limits and, once processing is finished, its schedules."""

    evse_processing: EVSEProcessing
    sa_schedules: Annotated[SAScheduleList | None, Head("SASchedules")] = None
    evse_charge_parameter: Annotated[AC_EVSEChargeParameter | DC_EVSEChargeParameter, Head("EVSEChargeParameter")]
