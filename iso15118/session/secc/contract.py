"""Answers about contracts: that one may be shown, what became of one that was, and one that is to be installed.

The challenge is compared here; signature, chain and contract are judged by those who hold trust (`consult.Matter.AUTHORISE`), while the
car hears Ongoing. A request that is repeated unchanged is the same question; another one is a new question, and there is an end to them.
"""

from __future__ import annotations

import hmac
from typing import Any, Final

from iso15118.errors import PeerError
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20 import authorization as wire
from iso15118.messages.v20.certificate import CertificateInstallationReq, CertificateInstallationRes
from iso15118.messages.v20.common import Processing, ResponseCode
from iso15118.sequence.phases import Phase
from iso15118.sequence.refusals import refusal
from iso15118.sequence.table import Outcome
from iso15118.session.consult import Advice, Matter, Question
from iso15118.session.secc.state import OK, Answer, Session, Shown, Wait
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace

_GOOD: Final = frozenset({ResponseCode.OK, ResponseCode.OK_CertificateExpiresSoon})
_CODES: Final = frozenset(map(str, ResponseCode))
_EARLY: Final = 0.05
"""s: a deadline may come so much before its time."""


def offered(session: Session) -> bool:
    """True where a contract may be shown: it is configured, there is a challenge, and the connection is as it has to be."""
    pnc = session.config.plug_and_charge
    return pnc is not None and bool(session.fresh_challenge) and (session.secure or pnc.insecure)


def offer(session: Session) -> Answer:
    """Both ways, or contracts alone; the challenge, and whose contracts are taken."""
    pnc, both = session.config.plug_and_charge, (wire.Authorization.EIM, wire.Authorization.PnC)
    if pnc is None:
        raise PeerError("no contract is taken here")
    providers = wire.SupportedProvidersList(provider_id=pnc.providers) if pnc.providers else None
    response = wire.AuthorizationSetupRes(
        header=session.header,
        response_code=OK,
        authorization_services=both if pnc.eim else both[1:],
        certificate_installation_service=pnc.installation,
        authorization_mode=wire.PnC_ASResAuthorizationMode(gen_challenge=session.fresh_challenge, supported_providers=providers),
    )
    return Answer(replace(session, challenge=session.fresh_challenge, installable=pnc.installation), response)


def answer_contract(session: Session, request: wire.AuthorizationReq, snapshot: SeccSnapshot) -> Answer:
    """Ongoing until the contract is judged, then what they say of it; a warning may be followed by another try.

    Raises PeerError (FAILED) where that takes too long [V2G20-458], or too many have been shown.
    """
    mode = request.authorization_mode
    if not isinstance(mode, wire.PnC_AReqAuthorizationMode):
        return _warned(session, ResponseCode.WARNING_AuthorizationSelectionInvalid)
    if not hmac.compare_digest(mode.gen_challenge, session.challenge):
        return _warned(session, ResponseCode.WARNING_ChallengeInvalid)  # before any work on the chain
    shown = session.shown
    if shown is None or not _same(shown.question, request) or (shown.advice is not None and _code(shown.advice) not in _GOOD):
        return _ask(session, request, snapshot)
    if shown.advice is None:
        if snapshot.now - shown.since >= session.config.times.ongoing_secc:
            raise PeerError(f"nobody has judged the contract within {session.config.times.ongoing_secc:.0f} s", requirement="V2G20-458")
        return _authorization(session, OK, Processing.Ongoing, Outcome.AGAIN)
    return _judged(session, shown.advice)


def _ask(session: Session, request: wire.AuthorizationReq, snapshot: SeccSnapshot) -> Answer:
    shown, pnc = session.shown, session.config.plug_and_charge
    if shown is not None and shown.advice is not None and _same(shown.question, request):
        return _judged(session, shown.advice)  # the same once more fares alike
    if pnc is None or session.attempts >= pnc.attempts:
        raise PeerError(f"{session.attempts} contracts have been shown, and none was good")
    question = Question(session.consulted + 1, Matter.AUTHORISE, request)
    session = replace(
        session,
        question=question,
        consulted=question.number,
        attempts=session.attempts + 1,
        shown=Shown(question, snapshot.now),
    )
    return _authorization(session, OK, Processing.Ongoing, Outcome.AGAIN)


def _judged(session: Session, advice: Advice) -> Answer:
    code = _code(advice)
    if code not in _GOOD or not advice.name or not advice.chain:
        session = session.noted(f"contract {advice.name or '?'} not taken: {advice.why or code}")
        return _warned(session, ResponseCode.WARNING_GeneralPnCAuthorizationError if code in _GOOD else code)
    session = replace(session, emaid=advice.name, contract=advice.chain[0]).noted(f"contract {advice.name} pays")
    return _authorization(session, code, Processing.Finished, Outcome.DONE)


def _code(advice: Advice) -> ResponseCode:
    """What is answered; anything that is no word for it is a no."""
    known = advice.code in _CODES and advice.code.startswith(("OK", "WARNING_"))
    return ResponseCode(advice.code) if known else ResponseCode.WARNING_GeneralPnCAuthorizationError


def _same(question: Question, request: Any) -> bool:
    """True where the request is unchanged but for its time stamp [V2G20-1582]."""
    asked: Any = question.message
    return bool(asked.header.signature == request.header.signature and asked.authorization_mode == request.authorization_mode)


def _warned(session: Session, code: ResponseCode) -> Answer:
    return _authorization(session, code, Processing.Finished, Outcome.AGAIN)


def _authorization(session: Session, code: ResponseCode, processing: Processing, outcome: Outcome) -> Answer:
    return Answer(session, wire.AuthorizationRes(header=session.header, response_code=code, evse_processing=processing), outcome)


def answer_installation(session: Session, request: CertificateInstallationReq, snapshot: SeccSnapshot) -> Answer | Wait:
    """What those who have contracts give, as soon as they do; nothing in time is WARNING_NoCertificateAvailable [V2G20-2207].

    Raises PeerError: FAILED_SequenceError where it was not announced, FAILED_SignatureError where the car's signature is not good.
    """
    late = session.phase is Phase.SERVICE_DISCOVERY and not _expiring(session)
    if not session.installable or late:
        what = f"CertificateInstallationReq while {session.phase} is awaited, which was not announced"
        raise PeerError(what, requirement="V2G20-459", code="FAILED_SequenceError")
    limit, installing = session.config.times.installation, session.installing
    if session.deferred is None or installing is None:
        question = Question(session.consulted + 1, Matter.PROVIDE, request)
        session = replace(session, question=question, consulted=question.number, installing=Shown(question, snapshot.now))
        return Wait(session, "no contract is there yet", within=limit)
    if installing.advice is None and snapshot.now - installing.since < limit - _EARLY:
        return Wait(session, "no contract is there yet", within=limit)
    advice = installing.advice or Advice("WARNING_NoCertificateAvailable", why=f"nobody has answered within {limit:g} s")
    session = replace(session, installing=None)
    if advice.code.startswith("FAILED"):
        raise PeerError(advice.why, requirement="V2G20-461", code=advice.code if advice.code in _CODES else "FAILED")
    made = SCHEMAS[COMMON].decode(advice.octets) if advice.octets else None
    if isinstance(made, CertificateInstallationRes) and _code(advice) is OK:
        header = session.header.but(signature=made.header.signature)
        return Answer(session.noted(f"a contract is installed: {advice.name}"), made.but(header=header))
    code = ResponseCode.WARNING_NoCertificateAvailable if _code(advice) in _GOOD else _code(advice)
    session = session.noted(f"no contract is installed: {advice.why or code}")
    response = refusal(request, code, session_id=session.id, time_stamp=session.stamp)
    return Answer(session, response)


def _expiring(session: Session) -> bool:
    """The contract that pays has been said to expire soon [V2G20-2218]."""
    shown = session.shown
    return shown is not None and shown.advice is not None and _code(shown.advice) is ResponseCode.OK_CertificateExpiresSoon


def consulted(session: Session, number: int, advice: Advice) -> Session:
    """The session that knows the answer to its question; an answer to a question that is not open any more is passed over."""
    if session.shown is not None and session.shown.question.number == number and session.shown.advice is None:
        return replace(session, shown=replace(session.shown, advice=advice))
    if session.pricing is not None and session.pricing.question.number == number and session.pricing.advice is None:
        return replace(session, pricing=replace(session.pricing, advice=advice))
    if session.installing is not None and session.installing.question.number == number and session.installing.advice is None:
        return replace(session, installing=replace(session.installing, advice=advice))
    return session
