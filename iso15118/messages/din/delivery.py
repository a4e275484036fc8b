"""Starting and stopping the transfer of energy."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head, Message, Name
from iso15118.messages.din.common import AC_EVSEStatus, DC_EVSEStatus, DC_EVStatus, Request, Response
from iso15118.messages.din.schedule import ChargingProfile


class DC_EVPowerDeliveryParameter(Message):
    """The vehicle's state on DC, and whether charging is complete, or the bulk of it."""

    dc_ev_status: Annotated[DC_EVStatus, Name("DC_EVStatus")]
    bulk_charging_complete: bool | None = None
    charging_complete: bool


class PowerDeliveryReq(Request):
    """The vehicle asks for power (true) or for its end, and tells what it will make of the schedule."""

    ready_to_charge_state: bool
    charging_profile: ChargingProfile | None = None
    ev_power_delivery_parameter: Annotated[DC_EVPowerDeliveryParameter | None, Head("EVPowerDeliveryParameter")] = None


class PowerDeliveryRes(Response):
    """The charger has followed; its state."""

    evse_status: Annotated[AC_EVSEStatus | DC_EVSEStatus, Head("EVSEStatus")]
