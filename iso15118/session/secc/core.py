"""The charger's `step`: faults and timers first, then the request, then the words.

Every request gets the response that pairs with it, also when it is refused: the SessionID is compared, the order of messages looked
up and the state of metal asked, in this order, before any answer function sees it. Whatever goes wrong, the safe set-point is
applied before anything is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, assert_never

from iso15118.energy import Authorisation
from iso15118.errors import DeviceError, DeviceFault, PeerError
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.v20 import ac, authorization, certificate, dc, delivery, schedule, service
from iso15118.messages.v20 import session as wire
from iso15118.messages.v20.common import ChargeLoopReq, EVSENotification, ResponseCode
from iso15118.messages.v20.metering import MeteringConfirmationReq
from iso15118.messages.v20.parking import VehicleCheckInReq, VehicleCheckOutReq
from iso15118.power import OFF, Insulation, Pilot, Setpoint
from iso15118.procedures import wind_down
from iso15118.sequence.phases import Phase
from iso15118.sequence.refusals import asks, refusal
from iso15118.sequence.streams import SEQUENCE, Stream, stream_of
from iso15118.sequence.table import Outcome, Transfer, following, in_table
from iso15118.sequence.timers import Timer, times
from iso15118.session.commands import Apply, Arm, Close, Command, Consult, Disarm, Note, Provide, Send
from iso15118.session.events import (
    Closed,
    Connected,
    Consulted,
    Elapsed,
    Event,
    Garbled,
    NotificationWanted,
    Received,
    Sent,
    StopWanted,
    Tick,
)
from iso15118.session.secc import (
    ac_loop,
    ac_parameters,
    admission,
    contract,
    dc_loop,
    dc_parameters,
    loop,
    metering,
    notifications,
    parking,
    services,
    setup,
    standby,
    streams,
)
from iso15118.session.secc import delivery as power
from iso15118.session.secc import schedule as schedules
from iso15118.session.secc.state import Answer, Config, Paused, Session, Wait
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace

LOST: Final = 1.0
"""s: telemetry older than this is a fault while the contactor may be closed."""
SAFE_VOLTAGE: Final = 60.0
"""V: the connector is released below."""

AnswerFunction = Callable[[Session, Any, SeccSnapshot], Answer | Wait]

ANSWERS: Final[dict[type[Message], AnswerFunction]] = {
    supportedAppProtocolReq: setup.answer_app_protocol,
    wire.SessionSetupReq: setup.answer_session_setup,
    authorization.AuthorizationSetupReq: setup.answer_authorization_setup,
    authorization.AuthorizationReq: setup.answer_authorization,
    certificate.CertificateInstallationReq: contract.answer_installation,
    service.ServiceDiscoveryReq: services.answer_service_discovery,
    service.ServiceDetailReq: services.answer_service_detail,
    service.ServiceSelectionReq: services.answer_service_selection,
    ac.AC_ChargeParameterDiscoveryReq: ac_parameters.answer_charge_parameters,
    dc.DC_ChargeParameterDiscoveryReq: dc_parameters.answer_charge_parameters,
    schedule.ScheduleExchangeReq: schedules.answer_schedule_exchange,
    dc.DC_CableCheckReq: power.answer_cable_check,
    dc.DC_PreChargeReq: power.answer_pre_charge,
    delivery.PowerDeliveryReq: power.answer_power_delivery,
    ac.AC_ChargeLoopReq: ac_loop.answer_charge_loop,
    dc.DC_ChargeLoopReq: dc_loop.answer_charge_loop,
    MeteringConfirmationReq: metering.answer_metering_confirmation,
    dc.DC_WeldingDetectionReq: power.answer_welding_detection,
    wire.SessionStopReq: power.answer_session_stop,
    VehicleCheckInReq: parking.answer_check_in,
    VehicleCheckOutReq: parking.answer_check_out,
}

_TOWARDS_POWER: Final = frozenset({Phase.CABLE_CHECK, Phase.PRE_CHARGE, Phase.POWER_DELIVERY})
"""Here each answer puts voltage on the cable: the authorisation is asked for again."""
WITHDRAWN: Final = "the authorisation is withdrawn"
UNPLUGGED: Final = "the car is unplugged"
_BEFORE_POWER: Final = frozenset(list(Phase)[: list(Phase).index(Phase.POWER_DELIVERY)])


def begin(config: Config, session_id: bytes, paused: Paused | None = None, challenge: bytes = b"") -> Session:
    """A session before its first event. `session_id`: 8 octets from a cryptographic generator, never zero, never used before.

    `challenge`: 16 octets likewise, for Plug & Charge; none: it is not offered.
    `paused`: what was kept of a session at this outlet, which the same car may join with this one.
    """
    return Session(config, session_id, paused=paused, fresh_challenge=challenge)


def step(session: Session, event: Event, snapshot: SeccSnapshot) -> tuple[Session, tuple[Command, ...]]:
    """The next session and what is to be done, in order. Total: no event, however foul, raises."""
    out: list[Command] = []
    provided, stood = session.value_added, session.phase
    session = _watch(session, snapshot, out)
    match event:
        case _ if session.phase is Phase.ENDED and stood is not Phase.ENDED:
            pass  # metal has ended it
        case Tick():
            session = _tick(session, snapshot, out)
        case Received(message, payload_type):
            session = _received(session, message, payload_type, snapshot, out)
        case Sent(stream):
            session = _sent(session, stream, out)
        case Connected(secure, peer):
            session = replace(session, secure=secure, vehicle_certificate=peer)
            out.append(Arm(Timer.SEQUENCE, session.config.times.setup_secc))
        case Elapsed(timer):
            session = _elapsed(session, timer, snapshot, out)
        case StopWanted(why):
            session = _stop(session, why, snapshot, out)
        case NotificationWanted(notification, why):
            session = _notify(session, notification, why, snapshot, out)
        case Consulted(number, advice):
            session = _answer_deferred(contract.consulted(session, number, advice), snapshot, out)
        case Garbled(error):
            session = _end(session, f"not a message: {error}", out)
        case Closed(why):
            setpoint = _released(session, snapshot)
            session = replace(session, phase=Phase.ENDED, setpoint=setpoint, ask=None, deferred=None)
            out += [Apply(setpoint), *(Disarm(timer) for timer in Timer), Note(f"connection gone: {why}")]
        case _:
            assert_never(event)
    if session.value_added != provided or (provided and session.phase is Phase.ENDED):
        session = _provide(session, out)
    return session, tuple(out)


def _provide(session: Session, out: list[Command]) -> Session:
    """Value-added services are taken or let go of, with the session's end at the latest."""
    session = replace(session, value_added=()) if session.phase is Phase.ENDED else session
    out.append(Provide(session.value_added))
    return session


def _watch(session: Session, snapshot: SeccSnapshot, out: list[Command]) -> Session:
    """Metal first: a fault, lost telemetry or an output above the car's limits takes power away before anything else is looked at."""
    if session.failing or session.phase is Phase.ENDED:
        return session
    if not session.plugged and snapshot.reading.pilot.value is not Pilot.A:
        session = replace(session, plugged=True)
    if session.plugged and snapshot.reading.pilot.value is Pilot.A and not snapshot.faults:
        return _end(session, UNPLUGGED, out)  # the next car at the cable is not the one that was authorised
    if session.isolation_begun is not None and not session.isolation_started:
        started = snapshot.reading.insulation.value in (Insulation.TESTING, Insulation.UNKNOWN)
        session = replace(session, isolation_started=started)
    if snapshot.faults:
        why = ", ".join(sorted(snapshot.faults))
    elif session.setpoint.contactor and min(snapshot.reading.voltage.at, snapshot.reading.current.at) < snapshot.now - LOST:
        why = DeviceFault.STALE.value
    elif session.setpoint.contactor and session.phase in _TOWARDS_POWER and session.authorised(snapshot) is not Authorisation.ACCEPTED:
        why = WITHDRAWN  # at once: the car has a minute for its next request
    else:
        if session.phase.loop:
            watch = loop.overrun if session.phase is Phase.CHARGE_LOOP else standby.watched
            session = watch(session, snapshot)
            if session.authorised(snapshot) is not Authorisation.ACCEPTED:
                session = _stop(session, WITHDRAWN, snapshot, out)
            elif ending := loop.ending(session, snapshot):
                session = _stop(replace(session, setpoint=wind_down.REST), ending, snapshot, out)
        why = session.failing
    return _fail(session, why, out) if why else session


def _released(session: Session, snapshot: SeccSnapshot) -> Setpoint:
    """Rest, and the connector free once a fresh measurement shows that the voltage is gone; in a pause it may stay locked."""
    voltage = snapshot.reading.voltage
    if session.clean and session.paused is not None and session.config.pause_locked:
        return wind_down.REST
    return OFF if voltage.value < SAFE_VOLTAGE and voltage.age(snapshot.now) <= wind_down.STALE else wind_down.REST


def _fail(session: Session, why: str, out: list[Command]) -> Session:
    """Power away now; the car hears FAILED when it next asks."""
    out += [Apply(wind_down.REST), Note(f"power removed: {why}", serious=True)]
    return replace(session, failing=why, setpoint=wind_down.REST, ask=None)


def _received(session: Session, message: Message, payload_type: int, snapshot: SeccSnapshot, out: list[Command]) -> Session:
    if session.phase is Phase.ENDED or not asks(message):
        out.append(Note(f"{type(message).__name__} ignored: {'the session has ended' if asks(message) else 'not a request'}"))
        return session
    stream = stream_of(payload_type)
    out.append(Disarm(SEQUENCE[stream]))
    before, session = session.peer_stamp, admission.stamped(session, message, snapshot)
    try:
        session = admission.clocked(session, message, before)
        admission.identify(session, message)
        if stream is not Stream.MAIN:
            return _aside(session, stream, message, payload_type, snapshot, out)
        if session.deferred is not None:
            what = "a second request before the first was answered"
            raise PeerError(what, requirement="V2G20-459", code="FAILED_SequenceError")
        session = admission.standing(session, message)
        if session.failing:
            not_applied = type(message) is delivery.PowerDeliveryReq
            code = "FAILED_PowerDeliveryNotApplied" if not_applied else "FAILED"
            raise PeerError(session.failing, requirement="V2G20-1411" if not_applied else "", code=code)
        if session.phase in _TOWARDS_POWER and session.authorised(snapshot) is not Authorisation.ACCEPTED:
            raise PeerError(WITHDRAWN)
        if session.stop and session.phase in _BEFORE_POWER and type(message) is not wire.SessionStopReq:
            raise PeerError(f"the charger ends the session: {session.stop}")
        if isinstance(message, ChargeLoopReq):
            streams.refused(session)
            session = streams.effective(session)
        answer = ANSWERS[in_table(message.__class__, session.transfer)](session, message, snapshot)
        if isinstance(answer, Wait):
            within = session.config.times.answer if answer.within is None else answer.within
            out += [Apply(answer.session.setpoint), Arm(Timer.ANSWER, within)]
            session = _asked(answer.session, out)
            return replace(session, deferred=(message, payload_type), deferred_at=snapshot.now)
        return _reply(session, answer, message, payload_type, out)
    except PeerError as error:
        return _refuse(session, message, payload_type, ResponseCode(error.code), str(error), out)
    except DeviceError as error:
        return _refuse(session, message, payload_type, ResponseCode.FAILED, str(error), out)


def _aside(session: Session, stream: Stream, message: Any, payload_type: int, snapshot: SeccSnapshot, out: list[Command]) -> Session:
    """Answers on a side stream: the main stream, its timer and metal are left as they are. Raises PeerError on what is refused."""
    if session.failing:
        raise PeerError(session.failing)
    answer = streams.answered(session, stream, message, snapshot, ANSWERS.get(in_table(message.__class__, session.transfer), _unserved))
    out += [Send(answer.response, payload_type), Arm(Timer.WRITE, session.config.times.write)]
    return _asked(answer.session, out)


def _unserved(session: Session, request: Message, snapshot: SeccSnapshot) -> Answer:
    raise PeerError(f"{type(request).__name__} is not served", requirement="V2G20-459", code="FAILED_SequenceError")


def _reply(before: Session, answer: Answer, request: Message, payload_type: int, out: list[Command]) -> Session:
    """Applies what the answer wants of metal, then says it. Raises PeerError where the table has no such outcome."""
    if answer.session.wishes or answer.session.warn:
        answer = streams.said(answer)
        if answer.session.reading is not before.reading:
            out.append(Arm(Timer.METERING_SEQUENCE, notifications.DELAYS[EVSENotification.MeteringConfirmation]))
    session = _asked(answer.session, out)
    if answer.outcome is Outcome.STOP:
        session = streams.closed(session)
        out += [Disarm(Timer.SCHEDULE_SEQUENCE), Disarm(Timer.METERING_SEQUENCE)]
    phase = Phase.ENDED if session.closing else following(before.phase, type(request), before.transfer, answer.outcome)
    row = times(type(request))
    # While power flows the car is heard every half second, whatever it says in between.
    flowing = row.sequence_timeout < 1.0 or (phase is Phase.CHARGE_LOOP and session.ask is not None)
    wait = session.config.times.charge_loop if flowing else row.sequence_timeout
    out += [Apply(session.setpoint), Send(answer.response, payload_type), Arm(Timer.WRITE, session.config.times.write)]
    if session.untold:
        out += map(Note, session.untold)
        session = replace(session, untold=())
    if session.closing:
        out.append(Note(session.closing))
    if (phase, wait, None) == (session.phase, session.sequence, session.deferred):
        return session
    return replace(session, phase=phase, sequence=wait, deferred=None)


def _asked(session: Session, out: list[Command]) -> Session:
    """Others are asked what the answer function wants to know."""
    if session.question is None:
        return session
    out.append(Consult(session.question))
    return replace(session, question=None)


def _refuse(session: Session, request: Message, payload_type: int, code: ResponseCode, why: str, out: list[Command]) -> Session:
    """Power away, then the paired response with `code`, then the end."""
    told = f"{type(request).__name__} refused with {code}: {why}"
    if isinstance(request, wire.SessionStopReq) and (words := power.farewell(request)):
        told += f"; {words}"
    response = refusal(request, code, session_id=session.id, time_stamp=session.stamp)
    out += [Apply(wind_down.REST), Disarm(Timer.ANSWER), *map(Note, session.untold), Note(told)]
    out += [Send(response, payload_type), Arm(Timer.WRITE, session.config.times.write)]
    return replace(session, phase=Phase.ENDED, setpoint=wind_down.REST, ask=None, deferred=None, untold=(), closing=told, clean=False)


def _sent(session: Session, stream: Stream, out: list[Command]) -> Session:
    """The sequence timer starts when the response has left; that of a side stream only while something is under way on it."""
    out.append(Disarm(Timer.WRITE))
    if session.phase is not Phase.ENDED:
        if stream is Stream.SCHEDULE and session.renewal is not None:
            out.append(Arm(SEQUENCE[stream], times(schedule.ScheduleExchangeReq).sequence_timeout))
        if stream is Stream.PARKING and parking.under_way(session):
            out.append(Arm(SEQUENCE[stream], times(VehicleCheckInReq).sequence_timeout))
        if stream is Stream.MAIN and session.deferred is None:  # else the next request is here already, and has its own deadline
            out.append(Arm(Timer.SEQUENCE, session.sequence))
    elif session.clean:
        out.append(Arm(Timer.HOLD, session.config.times.hold))
    else:
        out.append(Close(session.closing))
    return session


def _tick(session: Session, snapshot: SeccSnapshot, out: list[Command]) -> Session:
    """Renews the set-point under the newest limits, or withdraws it; answers what has waited for metal."""
    if session.phase is Phase.ENDED:
        setpoint = _released(session, snapshot)
        out.append(Apply(setpoint))
        return session if setpoint == session.setpoint else replace(session, setpoint=setpoint)
    if session.wishes:
        session, late = notifications.counted(session, snapshot)
        if late:
            out.append(Note(late))
            session = streams.overdue(session, snapshot)
    if session.ask is not None:
        session = loop.decided(session, snapshot)
    out.append(Apply(session.setpoint))
    return session if session.deferred is None else _answer_deferred(session, snapshot, out)


def _answer_deferred(session: Session, snapshot: SeccSnapshot, out: list[Command], *, due: bool = False) -> Session:
    """The answer that has waited, now that metal has acted, or, `due`, because it has not in time."""
    if session.deferred is None:
        return session
    request, payload_type = session.deferred
    stamped = session.stamped(snapshot)
    try:
        if session.failing:
            contactor = DeviceFault.CONTACTOR in snapshot.faults and session.transfer is not Transfer.DC
            raise PeerError(session.failing, code="FAILED_ContactorError" if contactor else "FAILED_PowerDeliveryNotApplied")
        if session.phase in _TOWARDS_POWER and session.authorised(snapshot) is not Authorisation.ACCEPTED:
            raise PeerError(WITHDRAWN)  # while metal was waited for
        answer = ANSWERS[in_table(request.__class__, session.transfer)](stamped, request, snapshot)
        if not isinstance(answer, Wait):
            out.append(Disarm(Timer.ANSWER))
            return _reply(stamped, answer, request, payload_type, out)
        if due:
            raise PeerError(answer.why, code=answer.code)
    except PeerError as error:
        return _refuse(stamped, request, payload_type, ResponseCode(error.code), str(error), out)
    if answer.session.setpoint != session.setpoint:
        out.append(Apply(answer.session.setpoint))
    return answer.session


def _elapsed(session: Session, timer: Timer, snapshot: SeccSnapshot, out: list[Command]) -> Session:
    match timer:
        case Timer.SEQUENCE:
            return _end(session, f"no request while {session.phase} was awaited", out)
        case Timer.WRITE:
            return _end(session, "the car does not read its answers", out)
        case Timer.ANSWER:
            return _answer_deferred(session, snapshot, out, due=True)
        case Timer.STOP:
            return _end(session, f"the car did not stop in time ({session.stop})", out)
        case Timer.SCHEDULE_SEQUENCE:
            out.append(Note("the car has left a schedule renegotiation unfinished: the schedule in force stays"))
            return streams.unfinished(session, snapshot)
        case Timer.METERING_SEQUENCE:
            out.append(Note("the car has not confirmed the meter reading in time [V2G20-1621]"))
        case Timer.PARKING_SEQUENCE:
            out.append(Note("the car has not completed checking in or out"))
            return parking.abandoned(session)
        case Timer.HOLD:
            out.append(Close("session stopped", clean=True))
        case _:
            out.append(Note(f"{timer} elapsed, which a charger does not use"))
    return session


def _stop(session: Session, why: str, snapshot: SeccSnapshot, out: list[Command]) -> Session:
    """Our side wants the end: power goes to zero, in the loop the car is told; a car that does not follow is cut off."""
    if session.stop or session.phase is Phase.ENDED:
        return session
    if session.phase in (Phase.APP_PROTOCOL, Phase.SESSION_SETUP):
        return _end(session, why, out)
    out.append(Arm(Timer.STOP, session.config.times.stop))
    session = replace(session, stop=why, stop_by=snapshot.now + session.config.times.stop)
    if session.phase in _TOWARDS_POWER:
        session = replace(session, setpoint=wind_down.REST)
    else:
        session = loop.decided(session, snapshot)
        if session.phase.loop and session.ask is None:
            session = standby.still(session)  # before the first turn the output still follows the pre-charge
    out.append(Apply(session.setpoint))
    return session


def _notify(session: Session, notification: EVSENotification, why: str, snapshot: SeccSnapshot, out: list[Command]) -> Session:
    """Our side wants something of the car beside an end: power follows at once, words with the next response that has room for them."""
    if objection := notifications.objection(session, notification, snapshot):
        out.append(Note(f"the car is not asked for {notification}: {objection}"))
        return session
    session = notifications.raised(session, notification, why, snapshot)
    return loop.decided(session, snapshot) if session.ask is not None else session


def _end(session: Session, why: str, out: list[Command]) -> Session:
    """Without a word: power away, connection closed."""
    if session.phase is Phase.ENDED and session.clean:
        out.append(Close("session stopped", clean=True))
        return session
    rest: Setpoint = wind_down.REST
    out += [Apply(rest), *(Disarm(timer) for timer in Timer), Close(why)]
    return replace(session, phase=Phase.ENDED, setpoint=rest, ask=None, deferred=None, closing=why)
