"""The door of an outlet: connections that are not a session yet, and those that must not become one.

A car becomes a session with its first complete frame of a payload type that is served; other frames are not processed. Until then its
connection is one of a few that wait, and the oldest makes room for a new one, so that connections nobody speaks on lock nobody out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

from iso15118.errors import CodecError
from iso15118.sequence.streams import READ
from iso15118.service.log import Log
from iso15118.units import Second
from iso15118.wire.v2gtp import LIMIT_UNAUTHENTICATED, Receiver

WAITING: Final = 4
"""Connections that have not spoken yet."""
FIRST_FRAME: Final[Second] = 18.0
"""They have this long for their first frame."""
FRAME_TIME: Final[Second] = 2.0
"""And this long from its first octet to its last."""

MOST: Final = 4 * LIMIT_UNAUTHENTICATED
"""Octets they may say without a message that is served here."""

Admit = Callable[[asyncio.Transport, bytes], None]
"""Takes over a connection, with the octets that have come on it."""


class Door:
    """Accepts for one outlet. `shut` says whether it is taken; `admit` is given the first connection that speaks."""

    def __init__(self, *, shut: Callable[[], bool], admit: Admit, name: str = "", log: Log | None = None) -> None:
        self.name = name
        self._shut = shut
        self._admit = admit
        self._log = log or Log()
        self._waiting: list[_Waiting] = []

    def accept(self) -> asyncio.Protocol:
        """The protocol of a new connection: what a server calls."""
        if self._shut():
            self._log.warning("second connection", f"{self.name}: a second connection is refused during a session")
            return _Refused()
        return _Waiting(self)

    def close(self) -> None:
        """Send everybody away who waits."""
        for waiting in tuple(self._waiting):
            waiting.leave("")

    def __len__(self) -> int:
        return len(self._waiting)

    def arrived(self, waiting: _Waiting) -> None:
        """One more that has not spoken."""
        self._waiting.append(waiting)
        if len(self._waiting) > WAITING:
            self._waiting[0].leave("others wait")

    def left(self, waiting: _Waiting, why: str) -> None:
        """One less."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            if why:
                self._log.warning("connection dropped", f"{self.name}: connection dropped before a session: {why}")

    def spoke(self, waiting: _Waiting, transport: asyncio.Transport, octets: bytes) -> None:
        """The first to say something whole is admitted; the others are in the way."""
        self._waiting.remove(waiting)
        for other in tuple(self._waiting):
            other.leave("another one was first")
        if self._shut():
            transport.abort()
        else:
            self._admit(transport, octets)


class _Refused(asyncio.Protocol):
    """A connection that comes while another one charges."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()


class _Waiting(asyncio.Protocol):
    """A connection whose first frame is still to come."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._receiver = Receiver(LIMIT_UNAUTHENTICATED)
        self._octets = bytearray()
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._deadline = self._loop.call_later(FIRST_FRAME, self.leave, "it said nothing")
        self._door.arrived(self)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None or self._transport is None:
            return
        if not self._octets:
            due = min(self._deadline.when(), self._loop.time() + FRAME_TIME)
            self._deadline.cancel()
            self._deadline = self._loop.call_at(due, self.leave, "its first frame took too long")
        self._octets += data
        if len(self._octets) > MOST:
            self.leave(f"{MOST} octets without a message")
            return
        try:
            whole = self._receiver.feed(data)
        except CodecError as error:
            self.leave(f"no V2GTP: {error}")
            return
        if any(frame.payload_type in READ for frame in whole):  # other frames are passed over, and open no door
            self._deadline.cancel()
            self._deadline = None
            self._door.spoke(self, self._transport, bytes(self._octets))

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave("")

    def leave(self, why: str) -> None:
        """Out, unless it has become a session."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._door.left(self, why)
        if self._transport is not None:
            self._transport.abort()
