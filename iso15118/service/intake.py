"""What comes in on a connection, frame by frame: bounded in size, in time, and in how much is acted on at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from iso15118.errors import CodecError
from iso15118.sequence.phases import Phase
from iso15118.units import Second
from iso15118.wire.v2gtp import LIMIT, LIMIT_UNAUTHENTICATED, Frame, Receiver

FRAME_TIME: Final[Second] = 2.0
"""A frame that has begun is complete by then."""
FRAMES_A_TURN: Final = 4
"""A peer that sends requests in heaps gets this many answered before others have their turn."""
_UNAUTHENTICATED: Final = frozenset({Phase.APP_PROTOCOL, Phase.SESSION_SETUP, Phase.AUTHORIZATION_SETUP, Phase.AUTHORIZATION})


class Intake:
    """Cuts octets into frames and hands them on, `take` for each, `garbled` once when there is no way on."""

    __slots__ = ("_closed", "_due", "_frames", "_garbled", "_loop", "_receiver", "_take", "_transport", "_turn")

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[Frame], None], garbled: Callable[[CodecError], None]) -> None:
        self._loop = loop
        self._take = take
        self._garbled = garbled
        self._receiver = Receiver(LIMIT_UNAUTHENTICATED)
        self._frames: deque[Frame] = deque()
        self._transport: asyncio.Transport | None = None
        self._due: asyncio.TimerHandle | None = None
        self._turn: asyncio.Handle | None = None
        self._closed = False

    def open(self, transport: asyncio.Transport) -> None:
        """This is where the octets come from: it waits while a heap is worked off."""
        self._transport = transport

    def entered(self, phase: Phase) -> None:
        """The session stands there now: more may be sent to it once it is authorised."""
        self._receiver.limit = LIMIT_UNAUTHENTICATED if phase in _UNAUTHENTICATED else LIMIT

    def close(self) -> None:
        """Nothing is handed on any more."""
        self._closed = True
        self._frames.clear()
        for handle in (self._due, self._turn):
            if handle is not None:
                handle.cancel()

    def feed(self, data: bytes) -> None:
        """More octets."""
        if self._closed:
            return
        try:
            frames = self._receiver.feed(data)
        except CodecError as error:
            self._garbled(error)
            return
        self._watch(bool(frames))
        if frames:
            self._frames += frames
            if self._turn is None:
                self._act()

    def _act(self) -> None:
        """Hand on the frames that have come; after a few let others have a turn, and let the peer wait meanwhile."""
        self._turn = None
        for _ in range(FRAMES_A_TURN):
            if not self._frames:
                break
            self._take(self._frames.popleft())
        if self._closed or self._transport is None:
            return
        if self._frames:
            self._transport.pause_reading()
            self._turn = self._loop.call_soon(self._act)
        elif (error := self._receiver.error) is not None:
            self._garbled(error)
        elif not self._transport.is_reading() and not self._transport.is_closing():
            self._transport.resume_reading()

    def _watch(self, completed: bool) -> None:
        """The deadline of a frame that has begun; each new one has its own."""
        if self._due is not None and (completed or not self._receiver.pending):
            self._due.cancel()
            self._due = None
        if self._due is None and self._receiver.pending:
            self._due = self._loop.call_later(FRAME_TIME, self._late)

    def _late(self) -> None:
        self._garbled(CodecError(f"frame not complete within {FRAME_TIME:g} s", path="V2GTP"))
