"""One connection and the session that lives on it, in either role: bytes become events, commands become bytes, timers and set-points.

Everything is decided by `step`; here it is only performed, in order and never re-entrantly. Whatever goes wrong here or there ends *this*
session, in the safe state and with one line, and the caller learns of it from `ended`, which never raises.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, Generic, TypeVar, assert_never, cast

from iso15118.errors import ChargeloopError, CodecError
from iso15118.exi import Message
from iso15118.messages.catalogue import RENEGOTIATION, renegotiated, schema_for, schema_of
from iso15118.messages.v20.common import EVSENotification
from iso15118.power import Setpoint, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import READ, Stream, stream_of
from iso15118.sequence.timers import Timer
from iso15118.service.advice import Consultations
from iso15118.service.deadlines import Deadlines
from iso15118.service.intake import Intake
from iso15118.service.log import Log
from iso15118.service.onlookers import Onlookers
from iso15118.service.pace import Pace
from iso15118.service.parties import Scribe, SessionLike
from iso15118.service.punctual import Punctuality
from iso15118.service.seen import Direction, Ended, Exchanged, Noted, PhaseChanged, Seen, Watcher
from iso15118.session.commands import Apply, Arm, Close, Command, Consult, Disarm, Note, Provide, Send
from iso15118.session.consult import Advice, Question
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
from iso15118.session.value_added import Selected
from iso15118.units import Second
from iso15118.wire.v2gtp import Frame, frame_bytes

if TYPE_CHECKING:
    from iso15118.service.capture import Tap

TICK: Final[Second] = 0.1
"""How often set-points are renewed or withdrawn."""
LATEST: Final[Second] = 0.125
"""How long after a set-point has been renewed by something else, such as an answer."""
FLUSH_TIME: Final[Second] = 0.5
"""What was written has this long to leave; after that the connection is cut, not closed."""

_SENT: Final = {stream: Sent(stream) for stream in Stream}


S = TypeVar("S", bound=SessionLike)
W = TypeVar("W")


class Conversation(asyncio.Protocol, Generic[S, W]):
    """A session and its connection. `session` is always the newest state."""

    def __init__(
        self,
        session: S,
        step: Callable[[S, Event, W], tuple[S, Sequence[Command]]],
        *,
        snapshot: Callable[[], W],
        perform: Callable[[Setpoint | VehicleSetpoint], None],
        safe: Setpoint | VehicleSetpoint,
        provide: Callable[[tuple[Selected, ...]], None] | None = None,
        consult: Callable[[Question], Awaitable[Advice]] | None = None,
        heard: Callable[[Message], None] | None = None,
        name: str = "",
        log: Log | None = None,
        scribe: Scribe | None = None,
        tap: Tap | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """`perform` brings a set-point to metal; `safe` is the one that is performed last, whatever happens. `name` for the log.

        `provide` is told which value-added services are taken, at the end none. `consult` answers what the session asks; None: no.
        `heard` is told of a message before the session is; watchers see it when the answer has been given. `tap` gets the octets as they
        come and go.
        """
        self.session = session
        self.name = name
        self.messages_in = 0
        self.messages_out = 0
        self.pace = Pace()
        self.punctuality = Punctuality()
        """Of what is said here, on the loop's clock."""
        self.step = step
        """What decides. A bench may put itself between, before the connection is made."""
        self._snapshot = snapshot
        self._perform = perform
        self._safe = safe
        self._provide = provide or (lambda selected: None)
        self._provided: tuple[Selected, ...] = ()
        self._heard = heard
        self._consult = consult
        self._applied = safe
        self._log = log or Log()
        self._scribe = scribe
        self._tap = tap
        self._loop = loop or asyncio.get_running_loop()
        self.ended: asyncio.Future[Ended] = self._loop.create_future()
        """How it ended. Never an exception."""
        self._onlookers = Onlookers(name, self._log)
        self._transport: asyncio.Transport | None = None
        self._intake = Intake(self._loop, self._take, lambda error: self._feed(Garbled(error)))
        self._events: deque[tuple[Event, bytes]] = deque()
        self._busy = False
        self._world: W | None = None
        """What the event before has met, while events are worked off one after the other."""
        self._over = False
        self._given_up = False
        self._ending: tuple[str, bool] | None = None
        self._stood = session.phase
        self._consultations: Consultations | None = None
        self._timers = Deadlines(self._loop, lambda timer: self._feed(Elapsed(timer)))
        self._tick: asyncio.TimerHandle | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._writing = False
        self._unsent: list[Sent] = []
        self._written_at: Second = 0.0
        self._renewed_at: Second = float("-inf")
        self._arrived_at: Second = 0.0

    # For whoever owns it.

    def subscribe(self, watcher: Watcher) -> None:
        """`watcher` sees everything from now on."""
        self._onlookers.add(watcher)

    def tick(self) -> None:
        """Metal has something new to say: let the session look at once."""
        if self._transport is not None:
            self._feed(Tick())

    def stop(self, why: str) -> None:
        """This side wants the session to end in order."""
        self._feed(StopWanted(why))

    def notify(self, notification: EVSENotification, why: str) -> None:
        """A charger wants this of the car; a car whose driver wants another schedule says so in the same word."""
        self._feed(NotificationWanted(notification, why))

    def drop(self, why: str) -> None:
        """End it now, without a word to the peer."""
        self._feed(Closed(why))
        self._finish(why, clean=False, cut=True)

    @property
    def over(self) -> bool:
        """True when the session decides nothing any more."""
        return self._over

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)  # other loops' transports are one, too, but no subclass
        self._transport = stream
        if self._over:  # dropped before it began
            stream.abort()
            return
        if self._tap is not None:
            self._tap.opened(stream.get_extra_info("sockname"), stream.get_extra_info("peername"))
        self._intake.open(stream)
        stream.set_write_buffer_limits(high=0)  # so that resume_writing means: everything has left
        self._tick = self._loop.call_at(self._loop.time() + TICK, self._ticked, self._loop.time() + TICK)
        tls = stream.get_extra_info("tls")
        self._feed(Connected() if tls is None else Connected(True, tls.fingerprint))

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        self._arrived_at = self._loop.time()
        self.pace.came()
        if self._tap is not None:
            self._tap.passed(data, outgoing=False)
        self._intake.feed(data)

    def pause_writing(self) -> None:
        self._writing = True

    def resume_writing(self) -> None:
        self._writing = False
        unsent, self._unsent = self._unsent, []
        for sent in unsent:
            self._feed(sent)

    def connection_lost(self, exc: Exception | None) -> None:
        why = str(exc) or type(exc).__name__ if exc else "the peer closed the connection"
        self._transport = None
        self._feed(Closed(why))
        self._finish(why, clean=False)
        if self._cut is not None:
            self._cut.cancel()
        if self._tap is not None:
            self._tap.closed()
        why, clean = self._ending or (why, False)
        late = tuple(sorted(self.punctuality.late.items()))
        ended = Ended(self._loop.time(), why, clean or self.session.clean, self._stood, late)
        how = "in order" if ended.clean else f"in {ended.phase}"
        say = self._log.info if ended.clean or self._given_up else self._log.warning
        say("session ended", f"{self.name}: session ended {how}: {ended.why}{f'; late: {self.punctuality.told}' if late else ''}")
        self._show(ended)
        if not self.ended.done():
            self.ended.set_result(ended)

    # Frames.

    def _take(self, frame: Frame) -> None:
        """Decode by the payload type, and on the renegotiation stream, which has messages of two schemas, by what is due."""
        if frame.payload_type not in READ:  # not processed: no state and no timer changes
            self._log.warning("unknown payload type", f"{self.name}: frame dropped: payload type {frame.payload_type:#06x} is not read")
            return
        try:
            if frame.payload_type == RENEGOTIATION:
                message = renegotiated(frame.body, self.session.renegotiated_in)
            else:
                message = schema_for(frame.payload_type).decode(frame.body)
        except CodecError as error:
            self._feed(Garbled(error), frame.body)
            return
        except Exception as defect:
            self._give_up(f"decoding a frame of type {frame.payload_type:#06x}", defect)
            return
        self.messages_in += 1
        self.punctuality.heard(stream_of(frame.payload_type), type(message), self._arrived_at)
        if self._heard is not None:
            self._heard(message)
        if self._onlookers:
            self._onlookers.later(Exchanged(self._loop.time(), Direction.IN, frame.payload_type, message, frame.body))
        self._feed(Received(message, frame.payload_type), frame.body)

    # Events.

    def _ticked(self, due: Second) -> None:
        """The session looks at the world every `TICK`: here, unless something else has just made it renew its set-point."""
        now = self._loop.time()
        renewed = self._renewed_at + LATEST
        if renewed > now + TICK / 4:  # a car at a pace of 0.1 s renews it by itself
            self._tick = self._loop.call_at(renewed, self._ticked, renewed)
            return
        following = due + TICK
        if following <= now:
            following = now + TICK  # after a pause: no burst
        self._tick = self._loop.call_at(following, self._ticked, following)
        self._feed(Tick())

    def _feed(self, event: Event, raw: bytes = b"") -> None:
        """Let the session decide; an event that comes while it does is next."""
        if self._over:
            return
        self._events.append((event, raw))
        if self._busy:
            return
        self._busy = True
        try:
            while self._events and not self._over:
                self._decide(*self._events.popleft())
        finally:
            self._busy = False
            self._world = None
            self._onlookers.show()

    def _decide(self, event: Event, raw: bytes) -> None:
        """The one place where anything may go wrong: no error leaves it."""
        before = self.session.phase
        # That a message has left is told the moment after it was made: in the same world.
        world = self._world if isinstance(event, Sent) else None
        commands: Sequence[Command] | None = None
        written: list[bytes] = []
        try:
            world = self._world = self._snapshot() if world is None else world
            self.session, commands = self.step(self.session, event, world)
            phase = self.session.phase
            if phase is not before:
                self._stood = before if phase is Phase.ENDED else phase
                self._intake.entered(phase)
                self._show(PhaseChanged(self._loop.time(), before, phase))
            self._do(commands, written)
        except ChargeloopError as error:
            self._give_up(f"{type(event).__name__} in {before}: {error}")
        except Exception as defect:
            self._give_up(f"{type(event).__name__} in {before}", defect)
        finally:
            if self._scribe is not None and world is not None:
                self._tell_scribe(self._scribe, event, raw, world, commands, tuple(written))

    def _do(self, commands: Sequence[Command], written: list[bytes]) -> None:
        """Perform, in this order. `written` gathers the EXI octets of what was said."""
        for command in commands:
            if isinstance(command, Disarm):
                self._timers.disarm(command.timer)
            elif isinstance(command, Apply):
                if not self._over:  # the safe state is the last word
                    self._applied = command.setpoint
                    self._renewed_at = self._loop.time()
                    self._perform(command.setpoint)
            elif isinstance(command, Send):
                written.append(self._send(command))
            elif isinstance(command, Arm):
                if command.timer is Timer.WRITE and Timer.WRITE in self._timers:
                    continue  # an older message has not left yet: its deadline holds, however many come after it
                if not self._over:
                    self._timers.arm(command.timer, command.seconds)
            elif isinstance(command, Provide):
                if command.selected != self._provided:  # at the end they have been let go of already
                    self._serve(command.selected)
            elif isinstance(command, Consult):
                if self._consultations is None:
                    self._consultations = Consultations(self._consult, self._advised, self.name, self._log, self._loop)
                self._consultations.ask(command.question)
            elif isinstance(command, Note):
                (self._log.warning if command.serious else self._log.info)("note", f"{self.name}: {command.text}")
                if self._onlookers:
                    self._show(Noted(self._loop.time(), command.text))
            elif isinstance(command, Close):
                self._finish(command.why, clean=command.clean)
            else:
                assert_never(command)

    def _send(self, command: Send) -> bytes:
        """Encode and write. Raises CodecError for what cannot be said."""
        body = schema_of(command.message, command.payload_type).encode(command.message)
        transport = self._transport
        if transport is None or self._over or transport.is_closing():
            return body
        if not self._writing:
            self._written_at = self._loop.time()
        octets = frame_bytes(command.payload_type, body)
        transport.write(octets)
        self.pace.left()
        if self._tap is not None:
            self._tap.passed(octets, outgoing=True)
        self.messages_out += 1
        self.punctuality.said(stream_of(command.payload_type), type(command.message), self._loop.time())
        if self._onlookers:
            self._show(Exchanged(self._loop.time(), Direction.OUT, command.payload_type, command.message, body))
        sent = _SENT[stream_of(command.payload_type)]
        if self._writing:
            self._unsent.append(sent)
        else:
            self._events.append((sent, b""))
        return body

    def _advised(self, number: int, advice: Advice) -> None:
        self._feed(Consulted(number, advice))

    def _serve(self, selected: tuple[Selected, ...]) -> None:
        """Value-added services are others' business: what goes wrong there disturbs nothing here."""
        self._provided = selected
        try:
            self._provide(selected)
        except Exception as defect:
            self._log.error("value-added service failed", f"{self.name}: a value-added service failed", error=defect)

    # The end.

    def _give_up(self, where: str, defect: BaseException | None = None) -> None:
        """Our own failure: one line (with the state, if it is a defect), the safe state, the end."""
        self._given_up = True
        state = f"; the session was {self.session!r:.2000}" if defect is not None else ""
        self._log.error("session given up", f"{self.name}: session given up: {where}{state}", error=defect)
        self._finish("internal error", clean=False)

    def _finish(self, why: str, *, clean: bool, cut: bool = False) -> None:
        """Nothing is decided any more; metal is left in the safe state, and the connection ends."""
        if not self._over:
            self._over = True
            self._ending = (why, clean)
            self._intake.close()
            if self._tick is not None:
                self._tick.cancel()
            self._timers.clear()
            if self._consultations is not None:
                self._consultations.drop()
            self._events.clear()
            if self._applied != self._safe:
                self._applied = self._safe
                try:
                    self._perform(self._safe)
                except Exception as defect:
                    self._log.error("no safe state", f"{self.name}: safe state not reached", error=defect)
            if self._provided:
                self._serve(())
        self._hang_up(cut)

    def _hang_up(self, cut: bool) -> None:
        """Close; what does not leave in time is cut off."""
        transport = self._transport
        if transport is None:
            return
        left = self._written_at + FLUSH_TIME - self._loop.time()
        if cut or (transport.get_write_buffer_size() and left <= 0):
            transport.abort()
            return
        transport.close()
        if self._cut is None and transport.get_write_buffer_size():
            self._cut = self._loop.call_later(left, transport.abort)

    # Those who look on.

    def _tell_scribe(
        self, scribe: Scribe, event: Event, raw: bytes, world: W, commands: Sequence[Command] | None, written: tuple[bytes, ...]
    ) -> None:
        try:
            scribe.saw(event, raw, world, commands, written)
        except Exception as defect:
            self._scribe = None
            self._log.error("recording stopped", f"{self.name}: recording failed and is given up", error=defect)

    def _show(self, seen: Seen) -> None:
        """Let those who look on see it; while the session decides they wait."""
        self._onlookers.later(seen)
        if not self._busy:
            self._onlookers.show()
