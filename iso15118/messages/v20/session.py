"""Setting up and stopping a session."""

from __future__ import annotations

from iso15118.exi import Enumeration
from iso15118.messages.facets import Description, Identifier, NameText
from iso15118.messages.v20.common import Request, Response


class ChargingSession(Enumeration):
    """How the vehicle leaves."""

    Pause = "Pause"
    Terminate = "Terminate"
    ServiceRenegotiation = "ServiceRenegotiation"


class SessionSetupReq(Request):
    """The vehicle says who it is; a session id of zeros in the header asks for a new session, another one for the session paused before."""

    evcc_id: Identifier


class SessionSetupRes(Response):
    """The charger says who it is; the session id in the header is the one to use from now on."""

    evse_id: Identifier


class SessionStopReq(Request):
    """The vehicle ends, pauses or renegotiates, and may say why."""

    charging_session: ChargingSession
    ev_termination_code: NameText | None = None
    ev_termination_explanation: Description | None = None


class SessionStopRes(Response):
    """The charger agrees."""
