"""The car's `step`: faults, timers and closing first, then the response, then the next request.

The car speaks first, and one request at a time. A response counts only if it is the one awaited; whatever else comes is passed over
while the message timer runs on. Whatever ends the session, the contactor is told to open before the connection is closed.
"""

from __future__ import annotations

from typing import Final, assert_never

from iso15118.errors import LocalError, PeerError
from iso15118.exi import Message
from iso15118.messages import stamps
from iso15118.messages.catalogue import payload_type_of, response_of
from iso15118.messages.v20.common import ChargeLoopReq, EVSENotification, Header, Response, ResponseCode
from iso15118.messages.v20.session import SessionSetupRes, SessionStopReq
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import BEGIN, MESSAGE, PAYLOAD_TYPES, Stream, stream_of
from iso15118.sequence.streams import legal as legal_aside
from iso15118.sequence.table import Outcome, following, legal
from iso15118.sequence.timers import Timer, Times, times
from iso15118.session.commands import Apply, Arm, Close, Command, Consult, Disarm, Note, Provide, Send
from iso15118.session.consult import NO_ADVICE, Advice
from iso15118.session.evcc import contactor, contract, streams, turns
from iso15118.session.evcc.delivery import starts, stops
from iso15118.session.evcc.state import Aside, Config, Paused, Read, Session
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
from iso15118.session.lenience import Deviation
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import MICROSECONDS, Second
from iso15118.value import replace

CONTACTOR_TIME: Final[Second] = 5.0
"""In which our own contactor has to close; the ongoing timer counts it, since it is we who are busy."""

_UNSTARTED: Final = (Phase.APP_PROTOCOL, Phase.SESSION_SETUP)
"""Here no session can be stopped in order yet."""
_ENDING: Final = frozenset(((Timer.CABLE_CHECK, Phase.CABLE_CHECK), (Timer.PRE_CHARGE, Phase.PRE_CHARGE)))
"""Timers that end the session while their phase lasts."""
_BESIDE: Final = (MESSAGE[Stream.SCHEDULE], MESSAGE[Stream.METERING], Timer.SCHEDULE_ONGOING, Timer.SCHEDULE_PACE)
"""Timers of the side streams that live beside the charge loop."""
_ASIDE: Final = (*_BESIDE, MESSAGE[Stream.PARKING])
"""Timers of side streams."""


def begin(config: Config, paused: Paused | None = None) -> Session:
    """A session before its first event. `paused`: what was kept of one that is to be joined again [V2G20-1541]."""
    return Session(config) if paused is None else Session(config, id=paused.session_id, paused=paused)


def step(session: Session, event: Event, snapshot: EvccSnapshot) -> tuple[Session, tuple[Command, ...]]:
    """The next session and what is to be done, in order. Total: no event, however foul, raises."""
    out: list[Command] = []
    if session.phase is Phase.ENDED:
        if type(event) is Tick:
            session = _apply(session, snapshot, out, renew=True)
        return session, tuple(out)
    provided = session.value_added
    try:
        session = _happened(session, event, snapshot, out)
    except (PeerError, LocalError) as error:
        session = _end(session, snapshot, str(error), out)
    if session.value_added != provided:
        out.append(Provide(session.value_added))
    return session, tuple(out)


def _happened(session: Session, event: Event, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    match event:
        case Tick():
            return _apply(session, snapshot, out, renew=True)
        case Received(message, payload_type):
            stream = stream_of(payload_type)
            if stream is not Stream.MAIN:
                return _received_aside(session, stream, message, snapshot, out)
            return _received(session, message, snapshot, out)
        case Sent(stream):
            return _sent(session, out) if stream is Stream.MAIN else _sent_aside(session, stream, out)
        case Elapsed(timer):
            return _elapsed(session, timer, snapshot, out)
        case Connected(secure):
            return _connected(replace(session, secure=secure), snapshot, out)
        case StopWanted(why):
            return _stop(session, why, snapshot, out)
        case NotificationWanted(EVSENotification.ScheduleRenegotiation):
            return _begin_aside(replace(session, renewing=True), snapshot, out)
        case NotificationWanted():
            return _note(session, "a charger notifies a car, not a car itself", out)
        case Consulted(number, advice):
            return _consulted(session, number, advice, snapshot, out)
        case Garbled(error):
            return _end(session, snapshot, f"not a message: {error}", out)
        case Closed(why):
            return _end(session, snapshot, f"connection gone: {why}", out)
        case _:
            assert_never(event)


def _connected(session: Session, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    if session.request is not None:
        return session
    session = _apply(session, snapshot, out, renew=True)
    out.append(Arm(Timer.SETUP, session.config.times.setup_evcc))
    return _ask(session, snapshot, out)


def _received(session: Session, message: Message, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """Reads the awaited response and goes on; passes over everything else.

    Raises PeerError on a foreign SessionID [V2G20-1022], a refusal [V2G20-728] and whatever reading finds wrong.
    """
    request = session.request
    if request is None or not session.waiting or type(message) is not response_of(type(request)):
        return _note(session, f"{type(message).__name__} was not awaited and is ignored", out)
    out.append(Disarm(Timer.MESSAGE))
    stamp = session.peer_stamp
    if isinstance(message, Response):
        session, stamp = _check(session, message, out)
    turn = turns.read(session, message, snapshot)
    phase = following(session.phase, type(request), session.transfer, turn.outcome)
    return _go_on(session.phase, turn, phase, stamp, snapshot, out)


def _check(session: Session, message: Response, out: list[Command]) -> tuple[Session, int]:
    """What holds for every response: our SessionID, no refusal; a warning is told. Gives its time stamp in microseconds."""
    name, code, stamp = type(message).__name__, message.response_code, message.header.time_stamp
    if message.header.session_id != session.id and type(message) is not SessionSetupRes:
        raise PeerError(f"{name} for another session", requirement="V2G20-1022", code="FAILED_UnknownSession")
    if code is not ResponseCode.OK:
        if code.startswith("FAILED"):
            raise PeerError(f"{name} says {code}", requirement="V2G20-728")
        if code.startswith("WARNING"):
            session = _note(session, f"{name} says {code}", out)
    unit = stamps.unit(stamp)
    if unit != "microseconds":
        session = _note(session, session.config.lenience.judged(Deviation.TIME_STAMP_UNIT, unit), out)
        stamp = stamps.microseconds(stamp)
    if stamp < session.peer_stamp or (stamp == session.peer_stamp and unit == "microseconds"):
        session = _note(session, session.config.lenience.judged(Deviation.TIME_STAMP_BACK), out)
    return session, stamp


def _go_on(before: Phase, turn: Read, phase: Phase, stamp: int, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """The session after a response has been read: its phase and timers, then the next request or the pause before it."""
    session = replace(turn.session, phase=phase, waiting=False, peer_stamp=stamp)
    for text in turn.notes:
        session = _note(session, text, out)
    if phase is Phase.ENDED:
        return _end(session, snapshot, session.stop or ("paused" if session.paused else "session stopped"), out, clean=True)
    if turn.busy:
        session = _bear(session, turn.busy, snapshot, out)
    elif session.ongoing_since is not None:
        session = replace(session, ongoing_since=None, ongoing_for=0.0)
        out.append(Disarm(Timer.ONGOING))
    if turn.outcome is Outcome.STOP:
        session = streams.closed(replace(session, delivering=False, stopped_at=snapshot.now))
        out += (Disarm(timer) for timer in _BESIDE)
    if phase is not before:
        _change_timers(before, phase, session.config.times, out)
    session = turns.leaving(_apply(session, snapshot, out), snapshot)
    session = _begin_aside(session, snapshot, out)  # ahead of the loop's request, so that the charger need not ask twice
    if turn.pause and (not session.stop or phase is Phase.WELDING_DETECTION):
        out.append(Arm(Timer.PACE, turn.pause))
        return session
    return _ask(session, snapshot, out)


def _bear(session: Session, limit: Second, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """The charger is busy: the ongoing timer counts from its first answer that said so, and longer once it waits for a person."""
    since = snapshot.now if session.ongoing_since is None else session.ongoing_since
    if limit <= session.ongoing_for:
        return session
    out.append(Arm(Timer.ONGOING, max(0.0, limit - (snapshot.now - since))))
    return replace(session, ongoing_since=since, ongoing_for=limit)


def _timer_of(phase: Phase, limits: Times) -> tuple[Timer, Second] | None:
    """The timer that runs through a phase."""
    match phase:
        case Phase.CABLE_CHECK:
            return Timer.CABLE_CHECK, limits.cable_check_evcc
        case Phase.PRE_CHARGE:
            return Timer.PRE_CHARGE, limits.pre_charge_evcc
        case Phase.POWER_DELIVERY:
            return Timer.ONGOING, CONTACTOR_TIME
        case Phase.WELDING_DETECTION:
            return Timer.WELDING, limits.welding_evcc
        case _:
            return None


def _change_timers(before: Phase, phase: Phase, limits: Times, out: list[Command]) -> None:
    if before is Phase.SESSION_SETUP:
        out.append(Disarm(Timer.SETUP))
    if (old := _timer_of(before, limits)) is not None:
        out.append(Disarm(old[0]))
    if (new := _timer_of(phase, limits)) is not None:
        out.append(Arm(*new))


def _ask(session: Session, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """Sends what comes next, or waits for metal. Raises LocalError where that request may not stand here."""
    session = _consult(session, snapshot, out)
    ask, limits = turns.upcoming(session, snapshot), session.config.times
    if ask is None:
        out.append(Arm(Timer.PACE, limits.retry))
        return _begin_aside(session, snapshot, out)
    header = _header(session, snapshot)
    if session.ongoing_since is not None and session.request is not None and not session.stop:
        request = contract.repeated(session.request, header)
    else:
        request = ask(session, header, snapshot)
    if not legal(session.phase, type(request), session.transfer):
        raise LocalError(f"{type(request).__name__} must not be sent while {session.phase} is due")
    out += (Send(request, payload_type_of(request)), Arm(Timer.WRITE, limits.write))
    session = replace(session, request=request, waiting=True, writing=session.writing + 1, stamp=header.time_stamp)
    if starts(request):
        return _apply(replace(session, delivering=True), snapshot, out)
    return _apply(replace(session, stopping_at=snapshot.now), snapshot, out) if stops(request) else session


def _consult(session: Session, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """Asks the holder of our keys where something has to be signed or opened first; one who is silent for too long has refused."""
    if session.question is not None and snapshot.now - session.question_at >= session.config.times.consult:
        session, told = contract.consulted(session, session.question.number, NO_ADVICE)
        session = _note(session, told, out)
    question = contract.question(session)
    if question is None:
        return session
    out.append(Consult(question))
    return replace(session, question=question, question_at=snapshot.now, consulted=question.number)


def _consulted(session: Session, number: int, advice: Advice, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    if session.question is None or session.question.number != number:
        return session
    session, told = contract.consulted(session, number, advice)
    if told:
        session = _note(session, told, out)
    if session.phase.loop:
        return _begin_aside(session, snapshot, out)
    if session.waiting:
        return session
    out.append(Disarm(Timer.PACE))
    return _ask(session, snapshot, out)


def _header(session: Session, snapshot: EvccSnapshot) -> Header:
    """Of the next message: stamped on the charger's clock once it is known [V2G20-1536], later than the last [V2G20-1537]."""
    told = snapshot.clock if session.reference is None else round(snapshot.now * MICROSECONDS) + session.reference
    return Header(session_id=session.id, time_stamp=max(session.stamp + 1, told))


def _begin_aside(session: Session, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """Sends the first request on every side stream on which something is to begin, or has a reading signed for one."""
    session = _consult(session, snapshot, out)
    for stream in streams.wanted(session):
        session = replace(session, renewing=False) if stream is Stream.SCHEDULE else session
        session = _ask_aside(session, stream, snapshot, out)
    return session


def _ask_aside(session: Session, stream: Stream, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """Sends what comes next on a side stream. Raises LocalError where that request may not stand here."""
    aside = session.asides.get(stream) or Aside(BEGIN[stream])
    header = _header(session, snapshot)
    request = streams.ask(session, stream, header, snapshot)
    if not legal_aside(aside.due, type(request), session.transfer):
        raise LocalError(f"{type(request).__name__} must not be sent while {aside.due} is due")
    out += (Send(request, PAYLOAD_TYPES[stream]), Arm(Timer.WRITE, session.config.times.write))
    aside = replace(aside, request=request, waiting=True, writing=aside.writing + 1)
    return replace(session, stamp=header.time_stamp, asides={**session.asides, stream: aside})


def _received_aside(session: Session, stream: Stream, message: Message, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """Reads the awaited response of a side stream and goes on there. Raises PeerError as `_received` does."""
    aside = session.asides.get(stream)
    if aside is None or aside.request is None or not aside.waiting or type(message) is not response_of(type(aside.request)):
        return _note(session, f"{type(message).__name__} was not awaited and is ignored", out)
    out.append(Disarm(MESSAGE[stream]))
    stamp = session.peer_stamp
    if isinstance(message, Response):
        session, stamp = _check(session, message, out)
    turn = streams.read(session, stream, message, snapshot)
    session = replace(turn.session, peer_stamp=stamp)
    for text in turn.notes:
        session = _note(session, text, out)
    goes_on = session.asides.get(stream)
    if turn.busy and not aside.ongoing:
        out.append(Arm(Timer.SCHEDULE_ONGOING, turn.busy))
    elif aside.ongoing and not turn.busy:
        out.append(Disarm(Timer.SCHEDULE_ONGOING))
    if session.stop and not session.waiting:
        out.append(Disarm(Timer.PACE))
        return _ask(_apply(session, snapshot, out), snapshot, out)
    if goes_on is None:
        return _begin_aside(session, snapshot, out)
    if turn.pause:
        out.append(Arm(Timer.SCHEDULE_PACE, turn.pause))
        return session
    return session if streams.leaving(session) else _ask_aside(session, stream, snapshot, out)


def _sent(session: Session, out: list[Command]) -> Session:
    """The message timer starts when the request has left. A response that overtook this report needs none."""
    if session.writing > 1:
        return replace(session, writing=session.writing - 1)
    out.append(Disarm(Timer.WRITE))
    if session.waiting and session.request is not None:
        out.append(Arm(Timer.MESSAGE, _patience(session, session.request)))
    return replace(session, writing=0)


def _sent_aside(session: Session, stream: Stream, out: list[Command]) -> Session:
    """As `_sent`, on a side stream."""
    if not session.writing:
        out.append(Disarm(Timer.WRITE))
    aside = session.asides.get(stream)
    if aside is None:
        return session
    left = max(0, aside.writing - 1)
    if aside.waiting and aside.request is not None and not left:
        out.append(Arm(MESSAGE[stream], times(type(aside.request)).message_timeout))
    return replace(session, asides={**session.asides, stream: replace(aside, writing=left)})


def _patience(session: Session, request: Message) -> Second:
    return session.config.times.charge_loop if isinstance(request, ChargeLoopReq) else times(type(request)).message_timeout


def _elapsed(session: Session, timer: Timer, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """A timer has run out. One that was overtaken by what it waited for says nothing any more."""
    phase, request = session.phase, session.request
    if timer is Timer.PACE and not session.waiting and request is not None:
        return _ask(turns.leaving(_apply(session, snapshot, out, renew=True), snapshot), snapshot, out)
    if timer is Timer.MESSAGE and session.waiting and request is not None:
        return _end(session, snapshot, f"no answer to {type(request).__name__} within {_patience(session, request):g} s", out)
    if timer in _ASIDE:
        return _elapsed_aside(session, timer, snapshot, out)
    if timer is Timer.WRITE and (session.writing or any(aside.writing for aside in session.asides.values())):
        return _end(session, snapshot, "the charger does not read our requests", out)
    if timer is Timer.SETUP and phase in _UNSTARTED:
        return _end(session, snapshot, "no session within the communication setup time", out)
    if session.waiting and type(request) is SessionStopReq:
        return session
    if timer is Timer.ONGOING and session.ongoing_since is not None:
        return _end(session, snapshot, f"{phase} is still ongoing after {session.ongoing_for:g} s", out)
    if timer is Timer.ONGOING and phase is Phase.POWER_DELIVERY and not session.delivering:
        return _end(session, snapshot, f"our contactor does not close within {CONTACTOR_TIME:g} s", out)
    if (timer, phase) in _ENDING:
        return _end(session, snapshot, f"{phase} takes too long", out)
    if timer is Timer.WELDING and phase is Phase.WELDING_DETECTION:
        return _give_up_welding(session, snapshot, out)
    return session


def _elapsed_aside(session: Session, timer: Timer, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """A timer of a side stream has run out: the same rules hold there [V2G20-1042]."""
    if timer is Timer.SCHEDULE_PACE:
        aside = session.asides.get(Stream.SCHEDULE)
        if aside is None or aside.waiting or streams.leaving(session):
            return session
        return _ask_aside(session, Stream.SCHEDULE, snapshot, out)
    for stream, aside in session.asides.items():
        if timer is MESSAGE[stream] and aside.waiting:
            return _end(session, snapshot, f"no answer on the stream of {stream}", out)
        if timer is Timer.SCHEDULE_ONGOING and aside.ongoing:
            return _end(session, snapshot, f"{aside.due} is still ongoing", out)
    return session


def _give_up_welding(session: Session, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """The inlet keeps its voltage: the charger hears of it with the session's stop."""
    what = f"{snapshot.reading.voltage.value:.0f} V are left at the inlet"
    session = replace(session, welding_over=True, stop=f"{session.stop}; {what}", stop_code="WeldingDetection")
    session = _note(session, f"welding detection is given up: {what}", out)
    if session.waiting:
        return session
    out.append(Disarm(Timer.PACE))
    return _ask(_apply(session, snapshot, out), snapshot, out)


def _stop(session: Session, why: str, snapshot: EvccSnapshot, out: list[Command]) -> Session:
    """Our side wants the end: in order, once the outstanding response has come."""
    if session.stop:
        return session
    if session.phase in _UNSTARTED:
        return _end(session, snapshot, why, out)
    session = _apply(replace(session, stop=why), snapshot, out)
    if session.waiting:
        return session
    out.append(Disarm(Timer.PACE))
    return _ask(session, snapshot, out)


def _apply(session: Session, snapshot: EvccSnapshot, out: list[Command], *, renew: bool = False) -> Session:
    """Tells metal what is wanted of it, where that is new or has to be renewed."""
    setpoint = contactor.wanted(session, snapshot)
    if setpoint == session.setpoint:
        if renew:
            out.append(Apply(setpoint))
        return session
    out.append(Apply(setpoint))
    if setpoint.contactor and not session.setpoint.contactor:
        return replace(session, setpoint=setpoint, set_at=snapshot.now, precharged=snapshot.reading.voltage.value)
    return replace(session, setpoint=setpoint, set_at=snapshot.now)


def _note(session: Session, text: str, out: list[Command]) -> Session:
    """Tells a person, once a session."""
    if text in session.notes:
        return session
    out.append(Note(text))
    return replace(session, notes=session.notes | {text})


def _end(session: Session, snapshot: EvccSnapshot, why: str, out: list[Command], *, clean: bool = False) -> Session:
    """The end: metal first, then the connection."""
    session = replace(session, phase=Phase.ENDED, waiting=False, delivering=False, asides={}, value_added=(), closing=why, clean=clean)
    session = _apply(session, snapshot, out, renew=True)
    out += [*(Disarm(timer) for timer in Timer), Close(why, clean)]
    return session
