"""Energy transfer by alternating current: the charge loop and its receipts. Currents in A, a phase. No session of DIN 70121 has them."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Name
from iso15118.messages.din.common import AC_EVSEStatus, MeterInfo, PhysicalValue, Request, Response
from iso15118.messages.din.facets import EVSEID, SAID, SessionID
from iso15118.messages.xmldsig import Id


class ChargingStatusReq(Request):
    """The vehicle is still there."""


class ChargingStatusRes(Response):
    """The most current the vehicle may draw from now on, the meter's reading, and whether that is to be confirmed."""

    evse_id: EVSEID
    sa_schedule_tuple_id: SAID
    evse_max_current: PhysicalValue | None = None
    meter_info: MeterInfo | None = None
    receipt_required: bool
    ac_evse_status: Annotated[AC_EVSEStatus, Name("AC_EVSEStatus")]


class MeteringReceiptReq(Request):
    """The reading returned, with the session and schedule it belongs to."""

    id: Id | None = None
    session_id: SessionID
    sa_schedule_tuple_id: SAID | None = None
    meter_info: MeterInfo


class MeteringReceiptRes(Response):
    """Whether the receipt is good; the charger's state."""

    ac_evse_status: Annotated[AC_EVSEStatus, Name("AC_EVSEStatus")]
