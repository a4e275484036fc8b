"""Answers that open a session: protocol negotiation, session setup, authorisation."""

from __future__ import annotations

from math import isfinite

from iso15118.energy import Authorisation
from iso15118.messages.app_protocol import AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.v20 import authorization
from iso15118.messages.v20.authorization import AuthorizationReq, AuthorizationRes, AuthorizationSetupReq, AuthorizationSetupRes
from iso15118.messages.v20.common import Processing, ResponseCode
from iso15118.messages.v20.session import SessionSetupReq, SessionSetupRes
from iso15118.procedures import authorise
from iso15118.sequence.table import Outcome
from iso15118.session.protocols import MINOR, in_common, namespaces
from iso15118.session.secc import contract
from iso15118.session.secc.pause import joined, owns
from iso15118.session.secc.state import OK, Answer, Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace


def answer_app_protocol(session: Session, request: supportedAppProtocolReq, snapshot: SeccSnapshot) -> Answer:
    """Filters to what is served (transport, services, major version), then takes the entry of best priority [V2G20-169].

    Nothing left: Failed_NoNegotiation, then the end.
    """
    allowed = session.secure or session.config.plain_tcp  # never on plain TCP or an older TLS [V2G20-1805]
    served = namespaces(service.id for service in session.config.services) if allowed else ()
    common = in_common(request.app_protocol, served)
    if not common:
        offered = ", ".join(f"{p.protocol_namespace} {p.version_number_major}.{p.version_number_minor}" for p in request.app_protocol)
        refused = supportedAppProtocolRes(response_code=AppProtocolResponseCode.Failed_NoNegotiation)
        why = "no protocol in common" if allowed else "ISO 15118-20 needs TLS 1.3"
        return Answer(replace(session, closing=f"{why}; the car offers {offered}"), refused)
    best = common[0]
    session = replace(session, namespace=best.protocol_namespace, listed=frozenset(entry.protocol_namespace for entry in common))
    code = AppProtocolResponseCode.OK_SuccessfulNegotiation
    if best.version_number_minor != MINOR:
        code = AppProtocolResponseCode.OK_SuccessfulNegotiationWithMinorDeviation
    return Answer(session, supportedAppProtocolRes(response_code=code, schema_id=best.schema_id))


def answer_session_setup(session: Session, request: SessionSetupReq, snapshot: SeccSnapshot) -> Answer:
    """The old session, where the same car comes back from a pause; else a new one under a fresh id, whatever id the car came with.

    What was kept of a pause serves its own car once [V2G20-2626] [V2G20-2627]; another one leaves it there until it takes energy.
    """
    reading, code, outcome = snapshot.reading, ResponseCode.OK_OldSessionJoined, Outcome.JOIN
    old = joined(session, request.header.session_id, request.evcc_id, snapshot.now)
    if old is None:
        code, outcome = ResponseCode.OK_NewSessionEstablished, Outcome.DONE
        known = isfinite(min(reading.charged.at, reading.discharged.at))  # else the first reading would be all it ever counted
        base = (reading.charged.value, reading.discharged.value) if known else None
        kept = None if session.paused is None or owns(session, session.paused, request.evcc_id) else session.paused
        old = replace(session, id=session.fresh_id, meter_base=base, paused=kept)
    session = replace(old, evcc_id=request.evcc_id)
    return Answer(session, SessionSetupRes(header=session.header, response_code=code, evse_id=session.config.evse_id), outcome)


def answer_authorization_setup(session: Session, request: AuthorizationSetupReq, snapshot: SeccSnapshot) -> Answer:
    """By contract and by external means, as far as they are on offer; a challenge with the former [V2G20-2566] [V2G20-2568]."""
    if contract.offered(session):
        return contract.offer(session)
    response = AuthorizationSetupRes(
        header=session.header,
        response_code=OK,
        authorization_services=(authorization.Authorization.EIM,),
        certificate_installation_service=False,
        authorization_mode=authorization.EIM_ASResAuthorizationMode(),
    )
    return Answer(session, response)


def answer_authorization(session: Session, request: AuthorizationReq, snapshot: SeccSnapshot) -> Answer:
    """Ongoing until somebody has decided; a refusal is a warning and may be tried again until the time is over, then FAILED."""
    asked = snapshot.now if session.asked_authorisation is None else session.asked_authorisation
    session = replace(session, asked_authorisation=asked)
    if request.selected_authorization_service is authorization.Authorization.PnC and session.challenge:
        return contract.answer_contract(session, request, snapshot)
    verdict = authorise.verdict(snapshot.authorisation, asked, snapshot.now, session.config.times.customer_secc)
    by_contract_only = bool(session.challenge) and session.config.plug_and_charge is not None and not session.config.plug_and_charge.eim
    if request.selected_authorization_service is not authorization.Authorization.EIM or by_contract_only:
        return _authorized(session, ResponseCode.WARNING_AuthorizationSelectionInvalid, Processing.Finished, Outcome.AGAIN)
    match verdict:
        case Authorisation.ACCEPTED:
            return _authorized(session, OK, Processing.Finished, Outcome.DONE)
        case Authorisation.REFUSED:
            return _authorized(session, ResponseCode.WARNING_EIMAuthorizationFailure, Processing.Finished, Outcome.AGAIN)
        case Authorisation.PENDING:
            return _authorized(session, OK, Processing.Ongoing_WaitingForCustomerInteraction, Outcome.AGAIN)


def _authorized(session: Session, code: ResponseCode, processing: Processing, outcome: Outcome) -> Answer:
    return Answer(session, AuthorizationRes(header=session.header, response_code=code, evse_processing=processing), outcome)
