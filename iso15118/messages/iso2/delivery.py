"""Starting, stopping and renegotiating the transfer of energy."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Head, Message, Name
from iso15118.messages.iso2.common import AC_EVSEStatus, DC_EVSEStatus, DC_EVStatus, Request, Response
from iso15118.messages.iso2.facets import SAID
from iso15118.messages.iso2.schedule import ChargingProfile


class ChargeProgress(Enumeration):
    """What the vehicle wants of the power."""

    Start = "Start"
    Stop = "Stop"
    Renegotiate = "Renegotiate"


class DC_EVPowerDeliveryParameter(Message):
    """The vehicle's state on DC, and whether charging is complete, or the bulk of it."""

    dc_ev_status: Annotated[DC_EVStatus, Name("DC_EVStatus")]
    bulk_charging_complete: bool | None = None
    charging_complete: bool


class PowerDeliveryReq(Request):
    """The vehicle chooses a schedule, tells what it will make of it, and asks for power or for its end."""

    charge_progress: ChargeProgress
    sa_schedule_tuple_id: SAID
    charging_profile: ChargingProfile | None = None
    ev_power_delivery_parameter: Annotated[DC_EVPowerDeliveryParameter | None, Head("EVPowerDeliveryParameter")] = None


class PowerDeliveryRes(Response):
    """The charger has followed; its state."""

    evse_status: Annotated[AC_EVSEStatus | DC_EVSEStatus, Head("EVSEStatus")]
