"""What the charger wants of the car while a session runs: raised by the station, said in EVSEStatus until the car has followed.

One thing is said at a time: the end first, then what takes power away, then the rest in the order in which it was raised. Each delay is
counted down from the moment the wish is first said [V2G20-1850] [V2G20-3308]. A wish that the car does not follow in time stands: people
are told of it once, it goes on being said with a delay of 0, and a wish to pause keeps the power at zero (Dynamic) until the station takes
it back (ExitStandby) or ends the session. Not here: how the answers follow it up (`dc_loop`, `delivery`, `pause`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iso15118.messages.v20.common import EVSENotification, EVSEStatus
from iso15118.sequence.phases import Phase
from iso15118.session.secc.pause import planned
from iso15118.session.secc.state import Session, Wish
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Second
from iso15118.value import replace

DELAYS: Final[Mapping[EVSENotification, Second]] = {
    EVSENotification.Pause: 60.0,  # [V2G20-1850]
    EVSENotification.ExitStandby: 60.0,
    EVSENotification.ServiceRenegotiation: 60.0,  # [V2G20-1964]
    EVSENotification.ScheduleRenegotiation: 60.0,  # [V2G20-1052]
    EVSENotification.MeteringConfirmation: 60.0,  # [V2G20-1621]
}
"""s the car has."""
_URGENT: Final = frozenset({EVSENotification.Pause, EVSENotification.ExitStandby})
_IN_LOOP: Final = frozenset({EVSENotification.ServiceRenegotiation, EVSENotification.MeteringConfirmation})
"""Said in responses of the charge loop only."""
_OVER: Final = frozenset({Phase.WELDING_DETECTION, Phase.SESSION_STOP, Phase.ENDED})


def objection(session: Session, notification: EVSENotification, snapshot: SeccSnapshot) -> str:
    """Why the car must not be asked for this now, in one line; empty: it may be."""
    if session.stop or session.phase in _OVER:
        return "the session is at its end"
    match notification:
        case EVSENotification.Pause:
            power = planned(session, snapshot.clock)
            return f"the car's power profile says {power:g} W now, and a pause needs 0 W [V2G20-1198]" if power else ""
        case EVSENotification.ExitStandby:
            standing = session.phase is Phase.STANDBY or wants(session, EVSENotification.Pause)
            return "" if standing else "the car is not in standby"
        case EVSENotification.ServiceRenegotiation:
            offered = session.config.service_renegotiation and session.phase is Phase.CHARGE_LOOP
            return "" if offered else "service renegotiation is not offered, or the car is not in the charge loop"
        case EVSENotification.ScheduleRenegotiation | EVSENotification.MeteringConfirmation:
            return "" if session.phase.loop else "the car is not in the charge loop"
        case EVSENotification.Terminate:
            return "a session is ended by its own wish"


def wants(session: Session, notification: EVSENotification) -> bool:
    """True while the car is asked for this."""
    return bool(session.wishes) and any(wish.notification is notification for wish in session.wishes)


def raised(session: Session, notification: EVSENotification, why: str, snapshot: SeccSnapshot) -> Session:
    """The session that wants this of the car, once and not twice. ExitStandby takes a wish to pause back first."""
    if notification is EVSENotification.ExitStandby:
        session = replace(dropped(session, EVSENotification.Pause), pause_asked=False)
        if session.phase is not Phase.STANDBY:
            return session
    if wants(session, notification):
        return session
    wish = Wish(notification, why)
    first = (wish,) if notification in _URGENT else ()
    asked = session.pause_asked or notification is EVSENotification.Pause
    session = replace(session, wishes=(*first, *session.wishes, *(() if first else (wish,))), pause_asked=asked)
    return counted(session, snapshot)[0]


def dropped(session: Session, *notifications: EVSENotification) -> Session:
    """The session without these wishes: the car has followed, or they are taken back."""
    kept = tuple(wish for wish in session.wishes if wish.notification not in notifications)
    return session if len(kept) == len(session.wishes) else replace(session, wishes=kept)


def status(session: Session, snapshot: SeccSnapshot, *, in_loop: bool = True) -> EVSEStatus | None:
    """What is asked of the car now, and in how many seconds; None: nothing, which has no word of its own.

    `in_loop` False: with a PowerDeliveryRes, which has no reading to confirm [V2G20-1083] and asks for no other service [V2G20-1641].
    """
    if session.stop:
        left = max(0, int(session.stop_by - snapshot.now))
        return EVSEStatus(notification_max_delay=left, evse_notification=EVSENotification.Terminate)
    for wish in session.wishes:
        if _timely(session, wish, snapshot) and (in_loop or wish.notification not in _IN_LOOP):
            return EVSEStatus(notification_max_delay=max(0, int(_left(wish, snapshot))), evse_notification=wish.notification)
    return None


def _timely(session: Session, wish: Wish, snapshot: SeccSnapshot) -> bool:
    """May it be said now? A pause in Scheduled mode inside a 0 W entry of the profile only [V2G20-1061] [V2G20-1198].

    A confirmation after the first pair of the charge loop [V2G20-1622]; a schedule renegotiation while none is under way.
    """
    if wish.notification is EVSENotification.MeteringConfirmation:
        return session.loops > 1 and session.meter_base is not None
    if wish.notification is EVSENotification.ScheduleRenegotiation:
        return session.renewal is None
    return wish.notification is not EVSENotification.Pause or not planned(session, snapshot.clock)


def _left(wish: Wish, snapshot: SeccSnapshot) -> Second:
    """s until the car has to have followed; negative: it has not in time."""
    return DELAYS[wish.notification] - (0.0 if wish.since is None else snapshot.now - wish.since)


def counted(session: Session, snapshot: SeccSnapshot) -> tuple[Session, str]:
    """The session as time passes: a wish that can be said starts to count, of one whose time is over people are told once (else empty)."""
    if not session.phase.loop:
        return session, ""
    for wish in session.wishes:
        if not wish.told and _left(wish, snapshot) < 0.0:
            late = f"the car does not follow {wish.notification} within {DELAYS[wish.notification]:.0f} s"
            return _changed(session, wish, replace(wish, told=True)), late
    said = next((wish for wish in session.wishes if _timely(session, wish, snapshot)), None)
    if said is not None and said.since is None:  # those behind it are not said yet, so that their time does not run
        session = _changed(session, said, replace(said, since=snapshot.now))
    return session, ""


def _changed(session: Session, old: Wish, new: Wish) -> Session:
    return replace(session, wishes=tuple(new if wish is old else wish for wish in session.wishes))


def powerless(session: Session) -> bool:
    """True while power is to be zero: at the end, in standby, and where a pause is asked for, which Dynamic begins with us [V2G20-2115]."""
    return bool(session.stop) or session.phase is Phase.STANDBY or (session.dynamic and wants(session, EVSENotification.Pause))
