"""How the car rests: it pauses (the session ends and is joined again later) or stands by (the loop goes on at zero power).

Either begins by the car's own plan or because the charger asks. In Scheduled mode a pause by plan is an entry of 0 W in the power profile,
in Dynamic mode it needs the charger's wish [V2G20-1842].
"""

from __future__ import annotations

from typing import Final

from iso15118.messages.v20.common import EVSENotification
from iso15118.messages.v20.schedule import PowerScheduleEntry
from iso15118.sequence.phases import Phase
from iso15118.session.evcc.contactor import flowing
from iso15118.session.evcc.figures import ZERO
from iso15118.session.evcc.plan import Chosen
from iso15118.session.evcc.state import Paused, Rest, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import MICROSECONDS, Second
from iso15118.value import replace

LONG_ENOUGH: Final = 60
"""s: an entry of 0 W is no shorter, so that the way out of the loop and the stop of the session fit in."""
PATIENCE: Final[Second] = 5.0
"""For the current to fall before the loop is left; the charger brings it to zero at the latest when asked to."""


def asked(session: Session, notification: EVSENotification) -> tuple[Session, str]:
    """The session, and what to tell of it, when the charger asks for a pause or for the end of a standby."""
    if notification is EVSENotification.ExitStandby:
        if session.phase is not Phase.STANDBY:
            return session, "the charger ends a standby in which we are not"
        return replace(session, rest=None, rest_from=None, rest_until=None), ""
    if session.rest is Rest.PAUSE or (session.rest and session.config.on_pause is Rest.STANDBY):
        return session, ""
    if not session.dynamic and session.profile is not None and session.profile.at(session.stamp):
        return session, "the charger asks for a pause where our power profile is not at 0 W"
    rest = Rest.PAUSE if session.standby_refused else session.config.on_pause
    return replace(session, rest=rest, rest_from=None, rest_until=None), ""


def by_plan(session: Session, snapshot: EvccSnapshot) -> Session:
    """The session as the car's own plan has it in the charge loop: at its time it wants to rest, once in each way."""
    stand, pause = session.config.standby, session.config.pause
    if stand and not session.stood_by and session.loops >= stand.after_loops:
        return replace(session, rest=Rest.STANDBY, rest_until=snapshot.now + stand.seconds, stood_by=True)
    at_zero = session.profile is not None and session.profile.at(session.stamp) == 0.0  # none in Dynamic mode
    if pause and not session.has_paused and at_zero and session.loops >= pause.after_loops:
        return replace(session, rest=Rest.PAUSE, has_paused=True)
    return session


def woken(session: Session, snapshot: EvccSnapshot) -> Session:
    """The session in standby, which wants power again when the time of its plan is over."""
    if session.rest_until is None or snapshot.now < session.rest_until:
        return session
    return replace(session, rest=None, rest_from=None, rest_until=None)


def still(session: Session, snapshot: EvccSnapshot) -> EvccSnapshot:
    """The world as the loop is to ask in it: a car that rests, or is about to, wants no current. Alternating current: `onboard`."""
    return snapshot if session.rest is None else replace(snapshot, target_current=0.0)


def ready(session: Session, snapshot: EvccSnapshot) -> bool:
    """True when the loop may be left: nothing flows, or the charger, whose power it is in Dynamic mode, was not asked to end it."""
    if not flowing(session, snapshot) or (session.dynamic and session.rest_until is not None):
        return True
    return session.rest_from is not None and snapshot.now - session.rest_from >= PATIENCE


def with_gap(session: Session, entries: tuple[PowerScheduleEntry, ...], anchor: int, stamp: int) -> tuple[PowerScheduleEntry, ...]:
    """The entries of a profile with one of 0 W at the time of the planned pause; `anchor` and `stamp` (now) in us."""
    pause = session.config.pause
    if pause is None or session.has_paused:
        return entries
    begin = round((stamp - anchor) / MICROSECONDS + pause.after_loops * session.config.times.pace)
    end = begin + max(round(pause.seconds), LONG_ENOUGH)
    result, at = [], 0
    for entry in entries:
        first, at = at, at + entry.duration
        for low, high, resting in ((first, min(at, begin), False), (max(first, begin), min(at, end), True), (max(first, end), at, False)):
            if high > low:
                spent = {"power": ZERO, "power_l2": None, "power_l3": None} if resting else {}
                result.append(entry.but(duration=high - low, **spent))
    return tuple(result)


def kept(session: Session, snapshot: EvccSnapshot) -> Paused | None:
    """What the car keeps of a session that pauses now; None where no service is chosen."""
    if session.service is None or session.parameters is None:
        return None
    pause = session.config.pause
    return Paused(
        session_id=session.id,
        evse_id=session.evse_id,
        service=session.service,
        parameters=session.parameters,
        value_added=session.value_added,
        parking_for=session.parking_for,
        check_in=session.check_in,
        renegotiable=session.renegotiable,
        covered=None if session.chosen is None else _end(session.chosen),
        wake=None if pause is None else snapshot.now + pause.seconds,
        contract=session.contract,
    )


def _end(chosen: Chosen) -> int:
    """us on the charger's clock at which the schedule ends."""
    return chosen.charge.anchor + (chosen.charge.ends or (0,))[-1]


def outlasted(session: Session) -> bool:
    """True where behind a pause even the schedule offered now has run out: a new one is asked for beside the loop [V2G20-1841]."""
    return session.joined and session.chosen is not None and not session.dynamic and _end(session.chosen) <= session.stamp


def joined(session: Session, paused: Paused, stamp: int) -> tuple[Session, str]:
    """The session as its first part left it, and what to tell; `stamp`: the charger's time now, us.

    A schedule counts from its anchor, so that the time of the pause is gone from it [V2G20-1840]; one that has run out meanwhile is
    replaced at once, by the exchange that follows [V2G20-1841].
    """
    over = paused.covered is not None and stamp > paused.covered
    session = replace(
        session,
        joined=True,
        has_paused=True,
        service=paused.service,
        parameters=paused.parameters,
        value_added=paused.value_added,
        parking_for=paused.parking_for,
        check_in=paused.check_in,
        renegotiable=paused.renegotiable,
        contract=paused.contract,
    )
    return session, "the pause has outlasted the schedule: a new one is asked for [V2G20-1841]" if over else ""
