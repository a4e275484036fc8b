"""The vehicle confirms the meter's reading with its signature."""

from __future__ import annotations

from iso15118.exi import Message
from iso15118.messages.facets import NumericID, SessionID
from iso15118.messages.v20.common import MeterInfo, Receipt, Request, Response
from iso15118.messages.xmldsig import Id


class Dynamic_SMDTControlMode(Message):
    """The charger steers: there is no schedule to name."""


class Scheduled_SMDTControlMode(Message):
    """The schedule under which the energy was taken."""

    selected_schedule_tuple_id: NumericID


class SignedMeteringData(Message):
    """The reading just as the charger told it, with the session it belongs to. Signed."""

    id: Id
    session_id: SessionID
    meter_info: MeterInfo
    receipt: Receipt | None = None
    control_mode: Dynamic_SMDTControlMode | Scheduled_SMDTControlMode


class MeteringConfirmationReq(Request):
    """The vehicle confirms the reading."""

    signed_metering_data: SignedMeteringData


class MeteringConfirmationRes(Response):
    """Whether the confirmation is good."""
