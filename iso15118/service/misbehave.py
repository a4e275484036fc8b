"""A conversation that misbehaves: `sim.misbehaviour` played between an honest session and its connection, in either role.

Two places are needed. What is said, and when, is changed between the session and its shell (`Conversation.step`); octets are changed
between the shell and the transport. Watchers of the conversation see what was changed in the first place, and a note a misdeed; the
octets of the second are seen by the peer alone.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, cast

from iso15118.errors import LocalError
from iso15118.messages.catalogue import payload_type_of
from iso15118.service.altered import changed, framed, garbled, headed, named, other_length, other_session, said
from iso15118.service.conversation import Conversation
from iso15118.session.commands import Arm, Command, Note, Send
from iso15118.session.events import Event
from iso15118.sim.misbehaviour import (
    Deaf,
    Duplicate,
    Framed,
    Garbled,
    Gone,
    Half,
    Ident,
    Instead,
    Late,
    Misbehaviour,
    Silent,
    WrongSession,
    WrongValues,
)
from iso15118.value import replace
from iso15118.wire.v2gtp import HEADER

Wiring: TypeAlias = Callable[[Conversation[Any, Any]], asyncio.Protocol]
"""What stands between a conversation and its connection."""

_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER, no time: closing sends a reset


def misbehaving(*misbehaviours: Misbehaviour) -> Wiring:
    """A wiring in which these happen. Raises LocalError for a message that nobody says."""
    for each in misbehaviours:
        named(each.at)
        if isinstance(each, Instead):
            said(each.say, None)
    return lambda conversation: Line(conversation, misbehaviours)


class Line(asyncio.Protocol):
    """One conversation's way to its connection."""

    def __init__(self, conversation: Conversation[Any, Any], misbehaviours: Sequence[Misbehaviour]) -> None:
        self._conversation = conversation
        self._loop = asyncio.get_running_loop()
        self._misbehaviours = misbehaviours
        self._honest = conversation.step
        conversation.step = self._step
        self._counts: Counter[str] = Counter()
        self._frozen = False
        self._held: list[Command] = []
        """What a late message waits with."""
        self._due = False
        self._octets: deque[Misbehaviour | None] = deque()
        """For each frame that is about to be written: what befalls its octets."""
        self._transport: asyncio.Transport | None = None
        self._way: Way | None = None

    # Between the session and its shell.

    def _step(self, session: Any, event: Event, world: Any) -> tuple[Any, Sequence[Command]]:
        if self._frozen:
            return session, ()
        session, commands = self._honest(session, event, world)
        out: list[Command] = []
        if self._due:
            out, self._held, self._due = self._held, [], False
            self._octets.append(None)
        for command in commands:
            if isinstance(command, Send):
                if self._say(command, out):
                    break
            elif isinstance(command, Arm) and self._held:
                self._held.append(command)
            else:
                out.append(command)
        return session, out

    def _say(self, send: Send, out: list[Command]) -> bool:
        """What becomes of one message. True: nothing comes behind it."""
        name = type(send.message).__name__
        self._counts[name] += 1
        octets: Misbehaviour | None = None
        for each in self._misbehaviours:
            if not each.meant(name, self._counts[name]):
                continue
            out.append(Note(f"misbehaves: {each}"))
            match each:
                case Silent():
                    self._frozen = True
                    return True
                case Late(by=by):
                    self._held.append(send)
                    self._loop.call_later(by, self._release)
                    return False
                case WrongSession(how=how) if how in (Ident.BIT, Ident.ZERO):
                    send = replace(send, message=other_session(send.message, how))
                case Instead(say=say, payload_type=payload_type):
                    other = said(say, getattr(send.message, "header", None))
                    send = Send(other, payload_type_of(other) if payload_type is None else payload_type)
                case WrongValues(values=values):
                    send = replace(send, message=changed(send.message, values))
                case _:
                    octets = each
        self._octets.append(octets)
        out.append(send)
        return False

    def _release(self) -> None:
        """The late message is due: the shell performs what a tick brings."""
        self._due = True
        self._conversation.tick()

    # Between the shell and the connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._way = Way(self._transport, self._write)
        self._conversation.connection_made(self._way)

    def data_received(self, data: bytes) -> None:
        self._conversation.data_received(data)

    def eof_received(self) -> bool | None:
        return self._conversation.eof_received()

    def pause_writing(self) -> None:
        self._conversation.pause_writing()

    def resume_writing(self) -> None:
        self._conversation.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._frozen = False  # or the session would not hear of it
        self._conversation.connection_lost(exc)

    def _write(self, transport: asyncio.Transport, frame: bytes) -> None:
        """One frame of the shell's, as it leaves."""
        misdeed = self._octets.popleft() if self._octets else None
        body = frame[HEADER:]
        match misdeed:
            case None:
                transport.write(frame)
            case WrongSession(how=how):
                other = other_length(body, self._conversation.session.id, how)
                transport.write(framed(frame, other))
            case Garbled():
                transport.write(framed(frame, garbled(body, misdeed)))
            case Framed():
                transport.write(headed(frame, misdeed) + (frame if misdeed.extra else b""))
            case Half(octets=octets):
                self._frozen = True
                transport.write(frame[:octets])
            case Duplicate(copies=copies):
                transport.write(frame * (1 + copies))
            case Gone(reset=reset):
                self._frozen = True
                _go(transport, reset)
            case Deaf(every=every):
                self._frozen = True
                if self._way is not None:
                    self._way.deaf = True
                transport.pause_reading()
                self._insist(transport, frame, every)
            case _:
                raise LocalError(f"{misdeed} is not done to octets")

    def _insist(self, transport: asyncio.Transport, frame: bytes, every: float) -> None:
        if not transport.is_closing():
            transport.write(frame)
            self._loop.call_later(every, self._insist, transport, frame, every)


class Way(asyncio.Transport):
    """A transport to the shell; what is written goes by way of `write`."""

    def __init__(self, transport: asyncio.Transport, write: Callable[[asyncio.Transport, bytes], None]) -> None:
        super().__init__()
        self.deaf = False
        self._transport = transport
        self._write = write

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._write(self._transport, bytes(data))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def is_reading(self) -> bool:
        return self.deaf or self._transport.is_reading()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self.deaf:
            self._transport.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


def _go(transport: asyncio.Transport, reset: bool) -> None:
    if not reset:
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
