"""Setting up and stopping a session."""

from __future__ import annotations

from iso15118.exi import Enumeration
from iso15118.messages.facets import Long
from iso15118.messages.iso2.common import Request, Response
from iso15118.messages.iso2.facets import EVCCID, EVSEID


class ChargingSession(Enumeration):
    """How the vehicle leaves."""

    Terminate = "Terminate"
    Pause = "Pause"


class SessionSetupReq(Request):
    """The vehicle says who it is, by its MAC address; a session id of zeros asks for a new session, another for the one paused before."""

    evcc_id: EVCCID


class SessionSetupRes(Response):
    """The charger says who it is and, in s since the epoch, what time it is; the session id in the header is the one to use from now on."""

    evse_id: EVSEID
    evse_time_stamp: Long | None = None


class SessionStopReq(Request):
    """The vehicle ends or pauses."""

    charging_session: ChargingSession


class SessionStopRes(Response):
    """The charger agrees."""
