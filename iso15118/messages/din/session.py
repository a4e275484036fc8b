"""Setting up and stopping a session."""

from __future__ import annotations

from iso15118.messages.din.common import Request, Response
from iso15118.messages.din.facets import EVCCID, EVSEID
from iso15118.messages.facets import Long


class SessionSetupReq(Request):
    """The vehicle says who it is, by its MAC address; a session id of zeros asks for a new session."""

    evcc_id: EVCCID


class SessionSetupRes(Response):
    """The charger says who it is and, in s since the epoch, what time it is; the session id in the header is the one to use from now on."""

    evse_id: EVSEID
    date_time_now: Long | None = None


class SessionStopReq(Request):
    """The vehicle ends."""


class SessionStopRes(Response):
    """The charger agrees."""
