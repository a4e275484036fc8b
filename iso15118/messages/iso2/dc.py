"""Energy transfer by direct current. Powers in W, currents in A, voltages in V, remaining times in s."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Name
from iso15118.messages.iso2.common import DC_EVSEStatus, DC_EVStatus, EVSEProcessing, MeterInfo, PhysicalValue, Request, Response
from iso15118.messages.iso2.facets import EVSEID, SAID


class CableCheckReq(Request):
    """The vehicle asks for the isolation to be tested."""

    dc_ev_status: Annotated[DC_EVStatus, Name("DC_EVStatus")]


class CableCheckRes(Response):
    """Whether the test is over; the status says how it ended."""

    dc_evse_status: Annotated[DC_EVSEStatus, Name("DC_EVSEStatus")]
    evse_processing: EVSEProcessing


class PreChargeReq(Request):
    """The vehicle asks for the voltage of its battery at the outlet, before it closes its contactors."""

    dc_ev_status: Annotated[DC_EVStatus, Name("DC_EVStatus")]
    ev_target_voltage: PhysicalValue
    ev_target_current: PhysicalValue


class PreChargeRes(Response):
    """The voltage at the outlet."""

    dc_evse_status: Annotated[DC_EVSEStatus, Name("DC_EVSEStatus")]
    evse_present_voltage: PhysicalValue


class CurrentDemandReq(Request):
    """The vehicle's turn in the charge loop: its target, its limits where they changed, and how far it has come."""

    dc_ev_status: Annotated[DC_EVStatus, Name("DC_EVStatus")]
    ev_target_current: PhysicalValue
    ev_maximum_voltage_limit: PhysicalValue | None = None
    ev_maximum_current_limit: PhysicalValue | None = None
    ev_maximum_power_limit: PhysicalValue | None = None
    bulk_charging_complete: bool | None = None
    charging_complete: bool
    remaining_time_to_full_soc: Annotated[PhysicalValue | None, Name("RemainingTimeToFullSoC")] = None
    remaining_time_to_bulk_soc: Annotated[PhysicalValue | None, Name("RemainingTimeToBulkSoC")] = None
    ev_target_voltage: PhysicalValue


class CurrentDemandRes(Response):
    """The charger's turn: what is measured at the outlet, which limits shape it and where they changed, and the meter's reading."""

    dc_evse_status: Annotated[DC_EVSEStatus, Name("DC_EVSEStatus")]
    evse_present_voltage: PhysicalValue
    evse_present_current: PhysicalValue
    evse_current_limit_achieved: bool
    evse_voltage_limit_achieved: bool
    evse_power_limit_achieved: bool
    evse_maximum_voltage_limit: PhysicalValue | None = None
    evse_maximum_current_limit: PhysicalValue | None = None
    evse_maximum_power_limit: PhysicalValue | None = None
    evse_id: EVSEID
    sa_schedule_tuple_id: SAID
    meter_info: MeterInfo | None = None
    receipt_required: bool | None = None


class WeldingDetectionReq(Request):
    """The vehicle has opened its contactors and asks what voltage is left at the outlet."""

    dc_ev_status: Annotated[DC_EVStatus, Name("DC_EVStatus")]


class WeldingDetectionRes(Response):
    """The voltage at the outlet."""

    dc_evse_status: Annotated[DC_EVSEStatus, Name("DC_EVSEStatus")]
    evse_present_voltage: PhysicalValue
