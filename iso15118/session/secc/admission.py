"""What holds for every request before it is answered: whose it is, when it was said, and whether it may stand here."""

from __future__ import annotations

import hmac
from typing import Final

from iso15118.errors import PeerError
from iso15118.exi import Message
from iso15118.messages import stamps
from iso15118.messages.v20 import delivery
from iso15118.messages.v20 import session as wire
from iso15118.messages.v20.common import Request
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import require
from iso15118.session.lenience import Deviation
from iso15118.session.secc.state import NO_SESSION, Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace

_SKIPPED: Final = {
    (Phase.PRE_CHARGE, delivery.PowerDeliveryReq): (Deviation.PRE_CHARGE_ENDED_ONGOING, Phase.POWER_DELIVERY),
    (Phase.CHARGE_LOOP, wire.SessionStopReq): (Deviation.STOP_IN_LOOP, Phase.SESSION_STOP),
}
"""Requests that cars are known to send too early: as which deviation, and in which phase they would stand."""


def identify(session: Session, message: Message) -> None:
    """The SessionID of every request but the first is ours. Raises PeerError (FAILED_UnknownSession) [V2G20-460]."""
    if not isinstance(message, Request) or type(message) is wire.SessionSetupReq or session.id == NO_SESSION:
        return
    if not hmac.compare_digest(message.header.session_id, session.id):
        what = f"{type(message).__name__} for another session"
        raise PeerError(what, requirement="V2G20-460", code="FAILED_UnknownSession")


def stamped(session: Session, message: Message, snapshot: SeccSnapshot) -> Session:
    """The session with the stamp of its answer and the car's."""
    if not isinstance(message, Request):
        return session.stamped(snapshot)
    return session.stamped(snapshot, stamps.seconds(message.header.time_stamp))


def clocked(session: Session, message: Message, before: float) -> Session:
    """Judges the car's time stamp: its unit, and whether it jumps back behind `before` (s)."""
    if not isinstance(message, Request):
        return session
    unit = stamps.unit(message.header.time_stamp)
    if unit != "microseconds":
        session = session.deviates(Deviation.TIME_STAMP_UNIT, unit)
    if session.peer_stamp < before - 1.0:
        session = session.deviates(Deviation.TIME_STAMP_BACK)
    return session


def standing(session: Session, message: Message) -> Session:
    """The session in the phase where the request may stand. Raises PeerError (FAILED_SequenceError) where there is none."""
    skipped = _SKIPPED.get((session.phase, type(message)))
    if skipped is not None and skipped[0] in session.config.lenience.accepted:
        session = replace(session.deviates(skipped[0]), phase=skipped[1])
    require(session.phase, type(message), session.transfer)
    return session
