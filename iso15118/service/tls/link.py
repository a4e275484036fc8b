"""Between socket and conversation: a protocol that shakes hands on one side, a transport that decrypts and encrypts on the other.

asyncio's own TLS loses the alert that tells a peer why it is refused; here every alert leaves before the connection is closed. The steps
of a handshake take milliseconds, and run in `pool`, so that other sessions do not wait for them. Until the handshake is through nothing of
V2GTP is read.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Final, cast

from iso15118.service.tls.engine import Outcome, Session, TlsError
from iso15118.units import Second

HANDSHAKE: Final[Second] = 5.0
"""It takes at most this long: the peer's share of it, too."""
MOST: Final = 64 * 1024
"""Octets that a peer may send in a handshake."""

_POOL: Final[list[ThreadPoolExecutor]] = []


def handshakes() -> Executor:
    """The threads that shake hands, one a core and one more: of this process, made when first wanted."""
    if not _POOL:
        _POOL.append(ThreadPoolExecutor((os.cpu_count() or 1) + 1, "handshake"))
    return _POOL[0]


Through = Callable[[Outcome], asyncio.Protocol | None]
"""Told of an outcome; where the handshake has succeeded, it gives the protocol that goes on, or None to close."""


class TlsLink(asyncio.Protocol):
    """One connection. `through` is called exactly once."""

    def __init__(
        self, session: Session, through: Through, *, pool: Executor | None = None, client: bool = False, time: Second = HANDSHAKE
    ) -> None:
        self._session = session
        self._through: Through | None = through
        self._pool = pool
        self._client = client
        self._time = time
        self._loop = asyncio.get_running_loop()
        self._raw: asyncio.Transport | None = None
        self._transport: TlsTransport | None = None
        self._pending = bytearray()
        self._came = 0
        self._working = False
        self._deadline: asyncio.TimerHandle | None = None

    # What the socket says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._raw = cast(asyncio.Transport, transport)
        self._deadline = self._loop.call_later(self._time, self._late)
        if self._client:
            self._work()

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._session.feed(data)
            self._pump()
        elif self._through is not None:
            self._came += len(data)
            if self._came > MOST:
                self._end(f"{MOST} octets without a handshake")
                return
            self._pending += data
            if not self._working:
                self._work()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        if self._transport is not None:
            self._transport.protocol.pause_writing()

    def resume_writing(self) -> None:
        if self._transport is not None:
            self._transport.protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            error = self._transport.error or exc
            self._transport.protocol.connection_lost(error)
        else:
            self._end("the peer left in the middle of the handshake")

    def leave(self, why: str) -> None:
        """Out, where no session has come of it yet."""
        if self._transport is None:
            self._end(why)

    # The handshake.

    def _work(self) -> None:
        octets, self._working = bytes(self._pending), True
        self._pending.clear()
        if self._pool is None:
            self._worked(_step(self._session, octets))
        else:
            done = self._loop.run_in_executor(self._pool, _step, self._session, octets)
            done.add_done_callback(lambda future: self._worked(future.result()))

    def _worked(self, found: bool | TlsError) -> None:
        self._working = False
        raw = self._raw
        if raw is None or self._through is None:
            return
        if octets := self._session.outgoing():
            raw.write(octets)
        if isinstance(found, TlsError):
            self._end(str(found), alerted=True)
        elif found:
            self._established(raw)
        elif self._pending:
            self._work()

    def _established(self, raw: asyncio.Transport) -> None:
        through, self._through = self._through, None
        self._stop_clock()
        protocol = through(self._session.outcome()) if through is not None else None
        if protocol is None:
            self._session.close()
            raw.write(self._session.outgoing())
            raw.close()
            return
        self._transport = TlsTransport(raw, self._session, protocol)
        protocol.connection_made(self._transport)
        if self._pending:
            self._session.feed(bytes(self._pending))
            self._pending.clear()
        self._pump()

    def _late(self) -> None:
        self._end(f"no handshake within {self._time:g} s")

    def _end(self, why: str, *, alerted: bool = False) -> None:
        """No session comes of it. The alert, if there is one, is on its way."""
        through, self._through = self._through, None
        self._stop_clock()
        if through is not None:
            outcome = self._session.outcome()
            through(outcome if outcome.error else outcome._replace(error=why))
        if self._raw is not None:
            self._raw.close() if alerted else self._raw.abort()

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    # The session.

    def _pump(self) -> None:
        """Hand on what can be decrypted."""
        transport = self._transport
        if transport is None:
            return
        try:
            while octets := self._session.read():
                transport.protocol.data_received(octets)
            if octets is None:
                transport.close()  # in order, and ours in answer
            else:
                transport.flush()
        except TlsError as error:
            transport.fail(error)


def _step(session: Session, octets: bytes) -> bool | TlsError:
    """One step of the handshake, in whichever thread."""
    session.feed(octets)
    try:
        return session.handshake()
    except TlsError as error:
        return error


class TlsTransport(asyncio.Transport):
    """A socket's transport as a conversation sees it: octets in the clear."""

    def __init__(self, raw: asyncio.Transport, session: Session, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._raw = raw
        self._session = session
        self._outcome = session.outcome()
        self.protocol = protocol
        self.error: TlsError | None = None
        """What broke it."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._raw.is_closing():
            return
        try:
            self._session.write(bytes(data))
        except TlsError as error:
            self.fail(error)
        else:
            self._raw.write(self._session.outgoing())

    def flush(self) -> None:
        """Send what the engine has to say by itself."""
        if (octets := self._session.outgoing()) and not self._raw.is_closing():
            self._raw.write(octets)

    def fail(self, error: TlsError) -> None:
        """The connection is over; the alert leaves first."""
        self.error = error
        self.flush()
        self._raw.close()

    def close(self) -> None:
        if not self._raw.is_closing():
            self._session.close()
            self.flush()
            self._raw.close()

    def abort(self) -> None:
        self._raw.abort()

    def is_closing(self) -> bool:
        return self._raw.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`tls`: the outcome of the handshake."""
        return self._outcome if name == "tls" else self._raw.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def is_reading(self) -> bool:
        return self._raw.is_reading()

    def pause_reading(self) -> None:
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        self._raw.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._raw.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._raw.get_write_buffer_size()

    def can_write_eof(self) -> bool:
        return False
