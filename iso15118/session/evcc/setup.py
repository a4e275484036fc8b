"""What the car asks to open a session: protocol negotiation, session setup, authorisation."""

from __future__ import annotations

from typing import Final

from iso15118.errors import LocalError, PeerError
from iso15118.messages import stamps
from iso15118.messages.app_protocol import AppProtocol, AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.v20.authorization import (
    Authorization,
    AuthorizationReq,
    AuthorizationRes,
    AuthorizationSetupReq,
    AuthorizationSetupRes,
    EIM_AReqAuthorizationMode,
)
from iso15118.messages.v20.common import Header, Processing, ResponseCode
from iso15118.messages.v20.session import SessionSetupReq, SessionSetupRes
from iso15118.sequence.table import Outcome
from iso15118.session.evcc import contract
from iso15118.session.evcc.pause import joined
from iso15118.session.evcc.state import NO_SESSION, Config, Read, Session, Way
from iso15118.session.protocols import MAJOR, MINOR, namespaces
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import MICROSECONDS
from iso15118.value import replace

_BY_EIM: Final = EIM_AReqAuthorizationMode()


def ask_app_protocol(session: Session, header: Header, snapshot: EvccSnapshot) -> supportedAppProtocolReq:
    """A protocol for each kind of transfer we want, in our order. It has no header. Raises LocalError where none is allowed."""
    if not (session.secure or session.config.plain_tcp):
        raise LocalError("ISO 15118-20 needs TLS 1.3, and this connection has none [V2G20-1237]")
    offers = enumerate(_offers(session.config), 1)
    return supportedAppProtocolReq(
        app_protocol=tuple(
            AppProtocol(
                protocol_namespace=namespace, version_number_major=MAJOR, version_number_minor=MINOR, schema_id=place, priority=place
            )
            for place, namespace in offers
        )
    )


def _offers(config: Config) -> tuple[str, ...]:
    """The namespaces of all services that may be wanted in this session, now or after a change of mind; the place is the SchemaID."""
    later = () if config.renegotiation is None else config.renegotiation.services
    return namespaces((*config.services, *later))


def read_app_protocol(session: Session, response: supportedAppProtocolRes, snapshot: EvccSnapshot) -> Read:
    """The choice. Raises PeerError on none, or on a SchemaID that was not offered."""
    if response.response_code is AppProtocolResponseCode.Failed_NoNegotiation:
        raise PeerError("the charger speaks no protocol of ours")
    offers = _offers(session.config)
    if response.schema_id is None or not 1 <= response.schema_id <= len(offers):
        raise PeerError(f"the charger chose protocol {response.schema_id}, which was not offered")
    session = replace(session, namespace=offers[response.schema_id - 1])
    deviates = response.response_code is AppProtocolResponseCode.OK_SuccessfulNegotiationWithMinorDeviation
    return Read(session, notes=("the charger speaks another minor version",) if deviates else ())


def ask_session_setup(session: Session, header: Header, snapshot: EvccSnapshot) -> SessionSetupReq:
    """Who we are; the header's SessionID of zeros asks for a new session, one that was kept for that [V2G20-1541]."""
    return SessionSetupReq(header=header, evcc_id=session.config.evcc_id)


def read_session_setup(session: Session, response: SessionSetupRes, snapshot: EvccSnapshot) -> Read:
    """The SessionID, and the charger's clock as the reference from now on [V2G20-1535] [V2G20-1536].

    A session that is joined again goes on with charge parameters [V2G20-1843], if the same charger answers [V2G20-2539]; where the
    charger opens a new one instead, everything that was kept is forgotten [V2G20-2615]. Raises PeerError on a SessionID of zeros
    [V2G20-2106], or an old session joined that was not asked for.
    """
    paused, old = session.paused, response.response_code is ResponseCode.OK_OldSessionJoined
    if old and (paused is None or paused.session_id != response.header.session_id):
        raise PeerError("the charger joined an old session, which was not asked for")
    if response.header.session_id == NO_SESSION:
        raise PeerError("the charger gave out a SessionID of zeros", requirement="V2G20-2106")
    theirs = stamps.microseconds(response.header.time_stamp)
    session = replace(
        session,
        id=response.header.session_id,
        evse_id=response.evse_id,
        reference=theirs - round(snapshot.now * MICROSECONDS),
        stamp=0,  # the reference may lie behind our own clock
        paused=None,
    )
    if paused is None:
        return Read(session)
    if not old:
        return Read(session, notes=("the charger does not know our session any more: everything begins anew",))
    session, note = joined(session, paused, theirs)
    if response.evse_id != paused.evse_id:
        what = f"our session is joined by {response.evse_id}, and paused at {paused.evse_id}"
        session = replace(session, stop=what, stop_code="AnotherCharger")
    return Read(session, Outcome.JOIN, notes=(note,) if note else ())


def ask_authorization_setup(session: Session, header: Header, snapshot: EvccSnapshot) -> AuthorizationSetupReq:
    """How may we be authorised?"""
    return AuthorizationSetupReq(header=header)


def read_authorization_setup(session: Session, response: AuthorizationSetupRes, snapshot: EvccSnapshot) -> Read:
    """By contract where we have one and it is taken, else by external identification; without either the session ends in order."""
    return Read(contract.begun(session, response, snapshot))


def ask_authorization(session: Session, header: Header, snapshot: EvccSnapshot) -> AuthorizationReq:
    """By contract, or by external identification."""
    if session.way is Way.CONTRACT:
        return contract.ask_contract(session, header, snapshot)
    return AuthorizationReq(header=header, selected_authorization_service=Authorization.EIM, authorization_mode=_BY_EIM)


def read_authorization(session: Session, response: AuthorizationRes, snapshot: EvccSnapshot) -> Read:
    """Ongoing: again, for longer where a person decides. After a final warning there may be another way, never the same request."""
    times = session.config.times
    match response.evse_processing:
        case Processing.Ongoing:
            return Read(session, Outcome.AGAIN, times.retry, times.ongoing_evcc)
        case Processing.Ongoing_WaitingForCustomerInteraction:
            return Read(session, Outcome.AGAIN, times.retry, times.customer_evcc)
        case Processing.Finished:
            if response.response_code.startswith("WARNING"):
                session, told = contract.refused(session, response.response_code)
                return Read(session, Outcome.AGAIN, notes=(told,))
            if response.response_code is ResponseCode.OK_CertificateExpiresSoon:
                return Read(contract.expiring(session), notes=("the contract expires soon",))
            return Read(session)
