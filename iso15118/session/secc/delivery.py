"""Answers around the transfer: cable check, pre-charge, power delivery, welding detection, session stop."""

from __future__ import annotations

from typing import Final

from iso15118.errors import PeerError
from iso15118.messages.v20.common import EVSENotification, EVSEStatus, Processing, Response, ResponseCode
from iso15118.messages.v20.dc import (
    DC_CableCheckReq,
    DC_CableCheckRes,
    DC_PreChargeReq,
    DC_PreChargeRes,
    DC_WeldingDetectionReq,
    DC_WeldingDetectionRes,
)
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.v20.rational import number, rational
from iso15118.messages.v20.session import ChargingSession, SessionStopReq, SessionStopRes
from iso15118.power import Setpoint
from iso15118.procedures import isolate, precharge, wind_down
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Outcome, Transfer, following
from iso15118.session.lenience import Deviation
from iso15118.session.secc import ac_delivery
from iso15118.session.secc.allowance import with_channel
from iso15118.session.secc.notifications import dropped, raised, status, wants
from iso15118.session.secc.patience import computing
from iso15118.session.secc.pause import kept, may_pause
from iso15118.session.secc.profile import accept_profile
from iso15118.session.secc.standby import still
from iso15118.session.secc.state import OK, Answer, Session, Wait
from iso15118.session.services import MEGAWATT
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Volt
from iso15118.value import replace

DEAD: Final[Volt] = 60.0
"""No battery stands behind an output below this: contactors that close onto it now would carry its inrush."""
_OF_A_SERVICE: Final = (
    *("service", "parameters", "announced", "vehicle", "departure", "asked_schedule", "offer", "tuples", "chosen", "astray", "wished"),
    *(
        "proposed",
        "isolation_begun",
        "isolation_started",
        "precharge_since",
        "precharged",
        "ask",
        "decision",
        "loops",
        "over_since",
        "over_for",
    ),
    *("wishes", "pause_asked", "profile", "channel", "renewal", "renewed", "failed_renewals", "warn", "reading", "code_told", "computing"),
    *("vehicle_phases", "relayed", "unready_since"),
)
"""What of a session belongs to the service chosen, and goes with it."""


_SLOW: Final = "pre-charge"
"""Among the notes of a session."""


def answer_cable_check(session: Session, request: DC_CableCheckReq, snapshot: SeccSnapshot) -> Answer:
    """Ongoing while the insulation is tested. Raises DeviceError on a bad verdict; the answer is then FAILED and the output off."""
    if session.isolation_begun is None:
        vehicle = session.vehicle.max_voltage if session.vehicle else 0.0
        test = isolate.begin(vehicle, snapshot.abilities.limits.lowered(snapshot.limits))
        session = replace(session, isolation_begun=snapshot.now, setpoint=test)
    begun = session.isolation_begun if session.isolation_begun is not None else snapshot.now
    limit, started = session.config.times.cable_check_secc, session.isolation_started
    least = isolate.LEAST_MCS if session.service is not None and session.service.id in MEGAWATT else isolate.LEAST
    done = isolate.progress(snapshot.reading, begun, snapshot.now, limit, started=started, least=least)
    if done is not isolate.Progress.ONGOING:
        session = replace(session, setpoint=Setpoint(contactor=True, lock=True))
    if done is isolate.Progress.FINISHED:
        finished = DC_CableCheckRes(header=session.header, response_code=OK, evse_processing=Processing.Finished)
        return Answer(session, finished)
    ongoing = DC_CableCheckRes(header=session.header, response_code=OK, evse_processing=Processing.Ongoing)
    return Answer(session, ongoing, Outcome.AGAIN)


def answer_pre_charge(session: Session, request: DC_PreChargeReq, snapshot: SeccSnapshot) -> Answer:
    """The output follows the car's target, never above our maximum or its own [V2G20-2188]; the voltage told is the one measured.

    The car decides when it fits; when it takes longer than it should, people are told.
    """
    since = snapshot.now if session.precharge_since is None else session.precharge_since
    limit, session = session.config.times.pre_charge_secc, replace(session, precharge_since=since)
    if snapshot.now - since > limit and _SLOW not in session.notes:
        session = replace(session.noted(f"the pre-charge takes longer than {limit:g} s"), notes=session.notes | {_SLOW})
    target = number(request.ev_target_voltage)
    if session.vehicle is not None:
        target = min(target, session.vehicle.max_voltage)
    session = replace(session, setpoint=precharge.hold(target, snapshot.abilities.limits.lowered(snapshot.limits)))
    present = rational(round(snapshot.reading.voltage.value, 1))
    response = DC_PreChargeRes(header=session.header, response_code=OK, evse_present_voltage=present)
    if request.ev_processing is not Processing.Finished:
        return Answer(session, response, Outcome.AGAIN)
    return Answer(replace(session, precharged=True), response)


def answer_power_delivery(session: Session, request: PowerDeliveryReq, snapshot: SeccSnapshot) -> Answer | Wait:
    """Start, Standby, Stop, or a refusal of what is not offered. While the car is still computing, the rest is ignored [V2G20-2007]."""
    if request.ev_processing is not Processing.Finished and session.phase is not Phase.CABLE_CHECK:
        return _delivered(computing(session, snapshot), OK, Outcome.AGAIN)
    match request.charge_progress:
        case ChargeProgress.Start:
            following(session.phase, PowerDeliveryReq, session.transfer, Outcome.START)
            return _start(session, request, snapshot)
        case ChargeProgress.Stop:
            return _stop(session, snapshot)
        case ChargeProgress.Standby:
            return _stand_by(session, snapshot)
        case ChargeProgress.ScheduleRenegotiation:
            what = "schedule renegotiation on the main stream"
            raise PeerError(what, requirement="V2G20-459", code="FAILED_SequenceError")


def _start(session: Session, request: PowerDeliveryReq, snapshot: SeccSnapshot) -> Answer | Wait:
    if session.stop:
        raise PeerError(f"no power any more: {session.stop}", requirement="V2G20-1411", code="FAILED_PowerDeliveryNotApplied")
    if session.phase is Phase.STANDBY and session.transfer is Transfer.DC and not session.precharged:
        what = "power before cable check and pre-charge"
        raise PeerError(what, requirement="V2G20-459", code="FAILED_SequenceError")
    if session.phase is Phase.STANDBY and session.transfer is Transfer.DC and snapshot.reading.voltage.value < DEAD:
        what = f"{snapshot.reading.voltage.value:.0f} V at the output: the car's contactors have been open in standby"
        raise PeerError(what, requirement="V2G20-1411", code="FAILED_PowerDeliveryNotApplied")
    session = replace(dropped(session, EVSENotification.ExitStandby), pause_asked=wants(session, EVSENotification.Pause), paused=None)
    answer = agreed(session, request, snapshot)
    if session.transfer is not Transfer.DC:
        ready = ac_delivery.closed(answer.session, snapshot)
        return ready if isinstance(ready, Wait) else answer._replace(session=ready, outcome=Outcome.START)
    # Still the pre-charge: the first charge-loop request says what to do. From here on the discharge interlock may open.
    setpoint = replace(session.setpoint, bidirectional=session.bidirectional)
    return answer._replace(session=replace(answer.session, setpoint=setpoint), outcome=Outcome.START)


def agreed(session: Session, request: PowerDeliveryReq, snapshot: SeccSnapshot) -> Answer:
    """The answer to a power profile, with the session in which its schedule is chosen. Raises PeerError on one that must not be."""
    session, code = accept_profile(with_channel(session, request), request.ev_power_profile, snapshot)
    if code is ResponseCode.WARNING_PowerToleranceNotConfirmed:  # comes with the wish for another schedule [V2G20-1954]
        session = raised(session, EVSENotification.ScheduleRenegotiation, "the car does not confirm the power tolerance", snapshot)
    response = PowerDeliveryRes(header=session.header, response_code=code, evse_status=status(session, snapshot, in_loop=False))
    return Answer(session, response)


def _stop(session: Session, snapshot: SeccSnapshot) -> Answer | Wait:
    """Zero current, then the answer: the car opens its contactors on it, and must not do so under load."""
    if session.phase.loop and session.transfer is not Transfer.DC:
        opened = ac_delivery.opened(replace(session, ask=None), snapshot)
        return opened if isinstance(opened, Wait) else _delivered(opened, OK, Outcome.STOP)
    session = replace(session, setpoint=wind_down.REST, ask=None)
    return _flowing(session, snapshot) or _delivered(session, OK, Outcome.STOP)


def _stand_by(session: Session, snapshot: SeccSnapshot) -> Answer | Wait:
    """Zero current, then the answer; or a warning where it is not offered."""
    if not session.config.standby or session.stop:
        return _delivered(session, ResponseCode.WARNING_StandbyNotAllowed, Outcome.AGAIN)
    session = still(session)
    return _flowing(session, snapshot) or _delivered(dropped(session, EVSENotification.Pause), OK, Outcome.STANDBY)


def _flowing(session: Session, snapshot: SeccSnapshot) -> Wait | None:
    """The answer has to wait for the current of the loop to fall; None: it does not."""
    if not session.phase.loop or wind_down.at_rest(snapshot.reading, snapshot.now):
        return None
    return Wait(session, f"{snapshot.reading.current.value:.1f} A still flow")


def _delivered(session: Session, code: ResponseCode, outcome: Outcome) -> Answer:
    status = EVSEStatus(notification_max_delay=0, evse_notification=EVSENotification.Terminate) if session.stop else None
    return Answer(session, PowerDeliveryRes(header=session.header, response_code=code, evse_status=status), outcome)


def answer_welding_detection(session: Session, request: DC_WeldingDetectionReq, snapshot: SeccSnapshot) -> Answer:
    """The voltage left at the outlet, as often as the car wants to see it fall."""
    present = rational(round(snapshot.reading.voltage.value, 1))
    response = DC_WeldingDetectionRes(header=session.header, response_code=OK, evse_present_voltage=present)
    return Answer(session, response, Outcome.DONE if request.ev_processing is Processing.Finished else Outcome.AGAIN)


def answer_session_stop(session: Session, request: SessionStopReq, snapshot: SeccSnapshot) -> Answer:
    """The end, a pause, or the way back to the services. Raises PeerError on a pause that is not in place [V2G20-1195]."""
    pauses = request.charging_session is ChargingSession.Pause
    if pauses and not may_pause(session, snapshot):
        what = "a pause that was not asked for (Dynamic), or where the power profile is not at 0 W (Scheduled)"
        raise PeerError(what, requirement="V2G20-1195", code="FAILED_PauseNotAllowed")
    if request.charging_session is ChargingSession.ServiceRenegotiation:
        return _renegotiated(session)
    if session.phase is Phase.WELDING_DETECTION:
        session = session.deviates(Deviation.WELDING_SKIPPED)
    paused = kept(session, snapshot) if pauses else session.paused
    session = replace(session, setpoint=wind_down.REST, ask=None, clean=True, closing=farewell(request), paused=paused)
    response: Response = SessionStopRes(header=session.header, response_code=OK)
    return Answer(session, response)


def _renegotiated(session: Session) -> Answer:
    """Everything from the service on is forgotten; SessionID, authorisation and meter readings go on.

    Raises PeerError where it was not announced [V2G20-1955], or our side wants the end.
    """
    if not session.config.service_renegotiation:
        what = "service renegotiation is not offered"
        raise PeerError(what, requirement="V2G20-1955", code="FAILED_NoServiceRenegotiationSupported")
    if session.stop:
        raise PeerError(f"the charger ends the session: {session.stop}")
    fresh = Session(session.config, session.fresh_id)
    forgotten = {name: getattr(fresh, name) for name in _OF_A_SERVICE}
    response = SessionStopRes(header=session.header, response_code=OK)
    return Answer(replace(session, **forgotten, setpoint=wind_down.REST), response, Outcome.RENEGOTIATE)


def farewell(request: SessionStopReq) -> str:
    """The car's own words for this end, as a person should know them."""
    words = [word for word in (request.ev_termination_code, request.ev_termination_explanation) if word]
    return f"the car says: {', '.join(words)}" if words else ""
