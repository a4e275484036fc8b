"""The charger's side streams, beside the charge loop: a schedule negotiated anew, a meter reading confirmed.

A renegotiation is answered by the functions that answered the first negotiation, on a view of the session in which it has already taken
effect. What they change is kept apart, and takes effect with the next request of the charge loop [V2G20-1050] [V2G20-1051]: until then
the loop, which never pauses, goes on as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.common import ChargeLoopRes, EVSENotification, Processing, Request, ResponseCode
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.sequence.streams import BEGIN, Due, Stream, following, require
from iso15118.sequence.table import Outcome
from iso15118.session.secc import notifications, parking
from iso15118.session.secc.delivery import agreed
from iso15118.session.secc.state import OK, Answer, Renewal, Session, Wait
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace

_RENEW: Final = EVSENotification.ScheduleRenegotiation
_CONFIRM: Final = EVSENotification.MeteringConfirmation
_AT_ONCE: Final = ("notes", "untold", "wishes", "question", "consulted", "pricing", "wished")
"""What an answer changes of the session here and now."""
_NEVER: Final = "setpoint"
"""What it changes of metal: nothing, neither now nor later. The loop goes on, and with it the contactor stays as it is."""

AnswerFunction = Callable[[Session, Any, SeccSnapshot], Answer | Wait]


def awaited(session: Session, stream: Stream) -> Due | None:
    """The request awaited on a side stream; None: the stream is not open. It opens with the first pair of the charge loop [V2G20-1846].

    The parking status opens when that service is taken.
    """
    if stream is Stream.PARKING:
        return BEGIN[stream] if parking.is_open(session) else None
    if not (session.phase.loop and session.loops):
        return None
    match stream:
        case Stream.SCHEDULE:
            return BEGIN[stream] if session.renewal is None else session.renewal.due
        case Stream.METERING:
            return None if session.reading is None else BEGIN[stream]
        case _:
            return None


def answered(session: Session, stream: Stream, request: Request, snapshot: SeccSnapshot, answer: AnswerFunction) -> Answer:
    """The answer to a request on a side stream, with the session in which the stream has gone on and the main one stands as it stood.

    `answer`: what answers such a request in the main stream. Raises PeerError (FAILED_SequenceError) on a request that may not stand here.
    """
    due = awaited(session, stream)
    if due is None:
        what = f"{type(request).__name__} while no {stream} may be under way"
        raise PeerError(what, requirement="V2G20-459", code="FAILED_SequenceError")
    require(due, type(request), session.transfer)
    if stream is Stream.SCHEDULE:
        return _renewed(session, due, request, snapshot, answer)
    return _at_once(answer(session, request, snapshot))


def _renewed(session: Session, due: Due, request: Request, snapshot: SeccSnapshot, answer: AnswerFunction) -> Answer:
    changes: Mapping[str, Any] = {"asked_schedule": None} if session.renewal is None else session.renewal.changes
    asked = notifications.wants(session, _RENEW) if session.renewal is None else session.renewal.asked
    session = notifications.dropped(session, _RENEW)
    view = replace(session, **changes)
    given = _delivered(view, request, snapshot) if isinstance(request, PowerDeliveryReq) else _at_once(answer(view, request, snapshot))
    session = replace(session, **{name: getattr(given.session, name) for name in _AT_ONCE})
    now = following(due, type(request), session.transfer, given.outcome)
    changes = {**changes, **_changed(view, given.session)}
    if isinstance(request, PowerDeliveryReq) and now is BEGIN[Stream.SCHEDULE]:
        return given._replace(session=replace(session, renewal=None, renewed=changes, failed_renewals=0, warn=False))
    return given._replace(session=replace(session, renewal=Renewal(now, changes, asked)))


def _at_once(answer: Answer | Wait) -> Answer:
    if isinstance(answer, Wait):
        raise LocalError("an answer on a side stream that waits for metal")
    return answer


def _changed(before: Session, after: Session) -> dict[str, Any]:
    """The fields that differ, but for those that do not wait, and metal."""
    names = (name for name in type(before).__fields__ if name not in _AT_ONCE and name != _NEVER)
    fields = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return {name: new for name, old, new in fields if new is not old}


def _delivered(view: Session, request: PowerDeliveryReq, snapshot: SeccSnapshot) -> Answer:
    """The profile under the new schedule; nothing of metal moves. While the car is still computing, the rest is ignored [V2G20-2007].

    Raises PeerError on any other progress than ScheduleRenegotiation.
    """
    if request.ev_processing is not Processing.Finished:
        return Answer(view, PowerDeliveryRes(header=view.header, response_code=OK), Outcome.AGAIN)
    if request.charge_progress is not ChargeProgress.ScheduleRenegotiation:
        what = f"PowerDelivery({request.charge_progress}) in a schedule renegotiation"
        raise PeerError(what, requirement="V2G20-2317", code="FAILED_SequenceError")
    return agreed(view, request, snapshot)


def effective(session: Session) -> Session:
    """The session as a request of the charge loop finds it: what was agreed on beside it holds from here on [V2G20-1050].

    The limits that the car told in the loop are forgotten: it has told newer ones.
    """
    return session if session.renewed is None else replace(session, **{**session.renewed, "renewed": None, "ask": None})


def unfinished(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session after a renegotiation that the car has begun and left: the schedule in force stays."""
    if session.renewal is None:
        return session
    asked, session = session.renewal.asked, replace(session, renewal=None)
    return _failed(session, snapshot) if asked else session


def overdue(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session, after a renegotiation has failed where the car was told to begin one and its time is over."""
    late = any(wish.notification is _RENEW and wish.told for wish in session.wishes)
    return _failed(session, snapshot) if late else session


def _failed(session: Session, snapshot: SeccSnapshot) -> Session:
    """A renegotiation that we wanted has come to nothing: the car is told, and asked once more [V2G20-2235]."""
    session = replace(notifications.dropped(session, _RENEW), failed_renewals=session.failed_renewals + 1, warn=True)
    return notifications.raised(session, _RENEW, "the last one has failed", snapshot)


def refused(session: Session) -> None:
    """Raises PeerError (FAILED_ScheduleRenegotiation) where a renegotiation that we wanted has failed twice [V2G20-2235]."""
    if session.failed_renewals > 1 and not session.stop:
        what = "the schedule renegotiation that was asked for has failed twice"
        raise PeerError(what, requirement="V2G20-2235", code="FAILED_ScheduleRenegotiation")


def said(answer: Answer) -> Answer:
    """An answer of the charge loop with what is to be said of the side streams, and the session that has said it.

    A wish for a confirmation is said once, with the reading that is to be confirmed [V2G20-1083]: the next one would be another reading.
    """
    session, response = answer.session, answer.response
    if not isinstance(response, ChargeLoopRes):
        return answer
    if session.warn and response.response_code is OK:
        session = replace(session, warn=False)
        response = response.but(response_code=ResponseCode.WARNING_ScheduleRenegotiationFailed)
    status = response.evse_status
    if status is not None and status.evse_notification is _CONFIRM:
        session = replace(notifications.dropped(session, _CONFIRM), reading=response.meter_info, receipt=response.receipt)
    return answer._replace(session=session, response=response)


def closed(session: Session) -> Session:
    """The session after the charge loop: whatever was under way beside it has ended with it [V2G20-1446]."""
    return replace(session, renewal=None, renewed=None, reading=None, receipt=None, failed_renewals=0, warn=False)
