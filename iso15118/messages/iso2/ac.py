"""Energy transfer by alternating current: the charge loop. Currents in A, a phase."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Name
from iso15118.messages.iso2.common import AC_EVSEStatus, MeterInfo, PhysicalValue, Request, Response
from iso15118.messages.iso2.facets import EVSEID, SAID


class ChargingStatusReq(Request):
    """The vehicle is still there."""


class ChargingStatusRes(Response):
    """The most current the vehicle may draw from now on, the meter's reading, and whether that is to be confirmed."""

    evse_id: EVSEID
    sa_schedule_tuple_id: SAID
    evse_max_current: PhysicalValue | None = None
    meter_info: MeterInfo | None = None
    receipt_required: bool | None = None
    ac_evse_status: Annotated[AC_EVSEStatus, Name("AC_EVSEStatus")]
