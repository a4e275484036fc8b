"""The meter's reading, confirmed by the vehicle."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head
from iso15118.messages.iso2.common import AC_EVSEStatus, DC_EVSEStatus, MeterInfo, Request, Response
from iso15118.messages.iso2.facets import SAID, SessionID
from iso15118.messages.xmldsig import Id


class MeteringReceiptReq(Request):
    """The reading returned, with the session and schedule it belongs to. Signed by the contract."""

    id: Id | None = None
    session_id: SessionID
    sa_schedule_tuple_id: SAID | None = None
    meter_info: MeterInfo


class MeteringReceiptRes(Response):
    """Whether the receipt is good; the charger's state."""

    evse_status: Annotated[AC_EVSEStatus | DC_EVSEStatus, Head("EVSEStatus")]
