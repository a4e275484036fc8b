"""A connection inside one process: two asyncio transports, bytes both ways, no socket.

It has what a TCP connection has that matters here: bytes arrive later than they are written, joined or cut; a peer may stop reading, and
then the write buffer fills; `close` flushes, `abort` does not and resets the other side.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

KERNEL: Final = 64 * 1024
"""Octets that may be under way before the writer's own buffer counts them."""

Cut = Callable[[bytes], Iterable[bytes]]


class MemoryTransport(asyncio.Transport):
    """One end. `cut`: how the octets that arrive at this end are handed to its protocol; default: as they have gathered."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol, *, kernel: int = KERNEL, cut: Cut | None = None
    ) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._kernel = kernel
        self._cut = cut
        self._peer: MemoryTransport = self
        self._arriving = bytearray()
        self._eof_comes = False
        self._scheduled = False
        self._reading = True
        self._closing = False
        self._gone = False
        self._eof_written = False
        self._high, self._low = KERNEL, KERNEL // 4
        self._paused = False

    # What a transport is asked.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return "memory" if name == "peername" else default

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        if isinstance(protocol, asyncio.Protocol):
            self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def get_write_buffer_size(self) -> int:
        """Octets written that neither the peer nor the imagined kernel has taken."""
        return max(0, len(self._peer._arriving) - self._kernel)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = (KERNEL if low is None else 4 * low) if high is None else high
        self._low = self._high // 4 if low is None else low
        self._watch_buffer()

    def can_write_eof(self) -> bool:
        return True

    # What it does.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or self._eof_written or self._peer._gone or not data:
            return
        self._peer._arriving += data
        self._peer._schedule()
        self._watch_buffer()

    def write_eof(self) -> None:
        self._eof_written = True
        self._peer._eof_comes = True
        self._peer._schedule()

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        self._schedule()

    def close(self) -> None:
        """No more is read; what was written still goes out, then both ends are told."""
        if self._closing:
            return
        self._closing = True
        self._flushed()

    def abort(self) -> None:
        """Gone at once: what was not read yet is lost, and the peer sees a reset."""
        if self._gone:
            return
        self._peer._arriving.clear()
        self._lose(None)
        self._peer._reset()

    # Inside.

    def _schedule(self) -> None:
        if not self._scheduled and self._reading and not self._closing:
            self._scheduled = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        if self._closing or not self._reading:
            return
        data = bytes(self._arriving)
        self._arriving.clear()
        self._peer._taken()
        for piece in self._cut(data) if self._cut else (data,):
            if piece and not self._closing:
                self._protocol.data_received(piece)
        if self._eof_comes and not self._arriving and not self._closing:
            self._eof_comes = False
            if not self._protocol.eof_received():
                self.close()

    def _taken(self) -> None:
        """The peer has read: go on writing, or closing."""
        self._watch_buffer()
        if self._closing:
            self._flushed()

    def _watch_buffer(self) -> None:
        size = self.get_write_buffer_size()
        if self._gone:
            return
        if not self._paused and size > self._high:
            self._paused = True
            self._protocol.pause_writing()
        elif self._paused and size <= self._low:
            self._paused = False
            self._protocol.resume_writing()

    def _flushed(self) -> None:
        """Closing: once everything is under way the connection is over, and the peer will read an end of file behind it."""
        if not self._gone and self.get_write_buffer_size() == 0:
            self._peer._eof_comes = True
            self._peer._schedule()
            self._lose(None)

    def _reset(self) -> None:
        if not self._gone:
            self._arriving.clear()
            self._lose(ConnectionResetError("connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        self._closing = self._gone = True
        self._arriving.clear()
        self._loop.call_soon(self._protocol.connection_lost, error)


def connect(
    a: asyncio.Protocol,
    b: asyncio.Protocol,
    *,
    loop: asyncio.AbstractEventLoop | None = None,
    kernel: int = KERNEL,
    cut: Cut | None = None,
) -> tuple[MemoryTransport, MemoryTransport]:
    """Two connected ends. Both protocols hear `connection_made` from the loop, `a` first, before any byte moves."""
    loop = loop or asyncio.get_running_loop()
    one, two = MemoryTransport(loop, a, kernel=kernel, cut=cut), MemoryTransport(loop, b, kernel=kernel, cut=cut)
    one._peer, two._peer = two, one
    loop.call_soon(a.connection_made, one)
    loop.call_soon(b.connection_made, two)
    return one, two
