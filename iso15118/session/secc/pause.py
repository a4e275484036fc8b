"""A session that pauses: when it may, what is kept of it, and how the same car finds its way back into it.

The connection ends with a pause, the cable stays. What is kept is a value: the session hands it out (`Session.paused`), the shell holds it
while the cable is plugged, and gives it to the next session at the outlet, which may be joined with it once.
"""

from __future__ import annotations

import hmac
from hashlib import sha512
from typing import Final

from iso15118.energy import Authorisation
from iso15118.messages.v20.schedule import ScheduleTuple
from iso15118.sequence.phases import Phase
from iso15118.session.protocols import NAMESPACES
from iso15118.session.secc.state import Paused, Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Second, Watt
from iso15118.value import replace

_BEHIND: Final = (Phase.WELDING_DETECTION, Phase.SESSION_STOP)
"""Behind PowerDelivery(Stop)."""


def planned(session: Session, clock: int) -> Watt | None:
    """W, signed, that the car's profile says for this moment (us); None: there is no profile to hold to (Dynamic, or not begun)."""
    return None if session.profile is None else session.profile.at(clock)


def may_pause(session: Session, snapshot: SeccSnapshot) -> bool:
    """True where SessionStop(Pause) is in place.

    Scheduled: in a 0 W entry of the car's profile [V2G20-1197] [V2G20-1839]; Dynamic, or before a profile: when we have asked for it
    [V2G20-1842].
    """
    if session.phase not in _BEHIND or session.stop or session.authorised(snapshot) is not Authorisation.ACCEPTED:
        return False  # what is kept of it would be an authorisation, too
    power = planned(session, snapshot.clock)
    return session.pause_asked if power is None else power == 0.0


def binding(session_id: bytes, vehicle: bytes) -> bytes:
    """What a car that comes back is proven by: the session and what the car is known by in one digest [V2G20-2677]."""
    return sha512(session_id + sha512(vehicle).digest()).digest()


def _vehicle(session: Session, evcc_id: str) -> bytes:
    """What the car is known by: its certificate where the connection has one, else the EVCCID it names."""
    return session.vehicle_certificate or evcc_id.encode()


def kept(session: Session, snapshot: SeccSnapshot) -> Paused | None:
    """What is kept of a session that pauses now; None where no service is chosen."""
    if session.service is None or session.parameters is None:
        return None
    return Paused(
        session_id=session.id,
        binding=binding(session.id, _vehicle(session, session.evcc_id)),
        service=session.service,
        parameters=session.parameters,
        value_added=session.value_added,
        tuples=session.tuples,
        selected=None if session.chosen is None else session.chosen.id,
        meter_base=session.meter_base,
        since=snapshot.now,
        contract=session.contract,
        emaid=session.emaid,
    )


def over(paused: Paused, now: Second, limit: Second) -> bool:
    """True when a pause has lasted longer than `limit` seconds."""
    return now - paused.since > limit


def owns(session: Session, paused: Paused, evcc_id: str) -> bool:
    """Is this the car whose session is kept? Compared in constant time."""
    return hmac.compare_digest(binding(paused.session_id, _vehicle(session, evcc_id)), paused.binding)


def joined(session: Session, session_id: bytes, evcc_id: str, now: Second) -> Session | None:
    """The session as its first part left it, where SessionID and car are those of what is kept; None: they are not, or it is too late.

    Compared in constant time [V2G20-1613] [V2G20-2545] [V2G20-2630]. What was given to the first part stands: authorisation, service,
    meter readings [V2G20-1844] [V2G20-1847].
    """
    paused = session.paused
    if paused is None or over(paused, now, session.config.pause_seconds):
        return None
    same = hmac.compare_digest(binding(session_id, _vehicle(session, evcc_id)), paused.binding)
    if not same or NAMESPACES[paused.service.id.transfer] not in session.listed:
        return None
    return replace(
        session,
        id=paused.session_id,
        joined=True,
        paused=None,
        service=paused.service,
        parameters=paused.parameters,
        value_added=paused.value_added,
        tuples=paused.tuples,
        meter_base=paused.meter_base,
        contract=paused.contract,
        emaid=paused.emaid,
    )


def renumbered(offer: tuple[ScheduleTuple, ...], before: tuple[ScheduleTuple, ...]) -> tuple[ScheduleTuple, ...]:
    """The offer under ids none of which has meant another tuple `before`: only an identical one keeps its own [V2G20-1058]."""
    free = max((each.schedule_tuple_id for each in before), default=0)
    result = []
    for each in offer:
        if before and each not in before:
            free += 1
            each = each.but(schedule_tuple_id=free)
        result.append(each)
    return tuple(result)
