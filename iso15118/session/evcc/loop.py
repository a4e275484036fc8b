"""The car's side of the charge loop whatever flows: what it displays, how it reads the charger's wishes, when it leaves."""

from __future__ import annotations

from functools import lru_cache

from iso15118.messages.v20.common import DisplayParameters, EVSENotification, EVSEStatus, MeterInfo
from iso15118.power import Contactor
from iso15118.sequence.streams import Stream
from iso15118.session.evcc import pause
from iso15118.session.evcc.figures import percent, power_at_most
from iso15118.session.evcc.state import ScheduleChoice, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.value import replace


def display(session: Session, snapshot: EvccSnapshot) -> DisplayParameters:
    """What the charger may show. States of charge the charger has supplied are reflected here."""
    told = session.told
    target = percent(snapshot.target_soc) if told.target_soc is None else told.target_soc
    minimum = percent(snapshot.minimum_soc) if told.minimum_soc is None else told.minimum_soc
    return _display(percent(snapshot.soc), min(minimum, target), target, snapshot.complete, round(snapshot.capacity))


@lru_cache(maxsize=512)
def _display(present: int, minimum: int, target: int, complete: bool, capacity: int) -> DisplayParameters:
    return DisplayParameters(
        present_soc=present,
        minimum_soc=minimum,
        target_soc=target,
        charging_complete=complete,
        battery_energy_capacity=power_at_most(capacity) if capacity > 0 else None,
    )


def read_status(session: Session, status: EVSEStatus | None, meter: MeterInfo | None = None) -> tuple[Session, tuple[str, ...]]:
    """The charger's wish, obeyed at once, within any NotificationMaxDelay [V2G20-1960] [V2G20-1052] [V2G20-1621].

    Wishes that are not followed are told and passed over. `meter`: the reading in the same response, which is to be confirmed [V2G20-1083].
    """
    if status is None or session.stop:
        return session, ()
    if status.evse_notification is EVSENotification.Terminate:
        return replace(session, stop="the charger asks to end"), ()
    if status.evse_notification is EVSENotification.ServiceRenegotiation and session.renegotiable:
        return replace(session, renegotiating=True), ()
    if status.evse_notification in (EVSENotification.Pause, EVSENotification.ExitStandby):
        session, note = pause.asked(session, status.evse_notification)
        return session, (note,) if note else ()
    if status.evse_notification is EVSENotification.ScheduleRenegotiation:
        return (session if Stream.SCHEDULE in session.asides else replace(session, renewing=True)), ()
    if status.evse_notification is EVSENotification.MeteringConfirmation and meter is not None and session.loops > 1:
        return (session if Stream.METERING in session.asides else replace(session, unconfirmed=meter)), ()
    return session, (f"the charger asks for {status.evse_notification}, which is not followed",)


def may_renegotiate(session: Session) -> bool:
    """True when the car's own plan is to choose another service now, and the charger offers that."""
    change = session.config.renegotiation
    return change is not None and session.renegotiable and not session.renegotiations and session.loops >= change.after


def gives_later(session: Session) -> bool:
    """True while our profile still has energy to give back."""
    profile = session.profile
    return profile is not None and any(power < 0.0 for power in profile.powers[profile.index(session.stamp) :])


def carried_out(session: Session) -> bool:
    """True when our profile has no power any more."""
    profile = session.profile
    return profile is not None and not any(profile.powers[profile.index(session.stamp) :])


def reason_to_stop(session: Session, snapshot: EvccSnapshot) -> tuple[str, str]:
    """Why the loop is to be left now (reason, termination code); empty where it goes on."""
    if snapshot.complete and not gives_later(session):
        return "the wish is fulfilled", ""
    if session.config.schedule_choice is ScheduleChoice.CHEAPEST and carried_out(session):
        return "the plan by price is carried out", ""
    if session.config.loops is not None and session.loops >= session.config.loops:
        return f"{session.loops} exchanges done", ""
    if not session.alternating and snapshot.reading.contactor.value is Contactor.OPEN:
        return "our contactor opened by itself", "ContactorError"
    return "", ""
