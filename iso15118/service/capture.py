"""What goes over a station's or a car's connections, as a packet capture that any analyser opens: `--pcap FILE`.

The packets are made, not caught: what is read and written becomes a TCP connection of its own, discovery datagrams go in as they went. So
no privilege is needed, and a session in memory can be captured too. Written by a thread of its own (`background`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from iso15118.service.background import LARGEST, Background
from iso15118.service.log import Log
from iso15118.units import MICROSECONDS
from iso15118.wire import pcapng
from iso15118.wire.pcapng import Place, TcpStream

CAR, CHARGER = "fe80::ca", "fe80::c4"
"""Where they are said to be when they are nowhere: in memory."""
FIRST_PORT: Final = 49152

Clock: TypeAlias = Callable[[], int]
"""Microseconds since the epoch."""
Blocks: TypeAlias = Callable[[], bytes]
"""Makes blocks of the file, in the writer's thread."""


class Tap(Protocol):
    """Sees the octets of one connection, at one of its ends."""

    def opened(self, own: object, peer: object) -> None:
        """Where the ends are, as the transport says it."""

    def passed(self, octets: bytes, *, outgoing: bool) -> None:
        """What was read or is written."""

    def closed(self) -> None:
        """The connection is gone."""


class Capture:
    """One file; `tap` for each connection. Closed once, at the end."""

    def __init__(self, path: Path, *, largest: int = LARGEST, log: Log | None = None) -> None:
        """`largest`: octets after which no more is written."""
        self._file: Background[Blocks] = Background(path, _made, opening=pcapng.section(), largest=largest, log=log)
        self._ports = count(FIRST_PORT)

    def tap(self, *, charger: bool, clock: Clock = lambda: time.time_ns() // 1000) -> Tap:
        """For one connection, at the charger's end or at the car's."""
        return _Tap(self._file.put, charger, clock, next(self._ports))

    def datagram(self, source: object, target: object, octets: bytes) -> None:
        """A discovery datagram. `source`, `target`: socket addresses."""
        ends = _place(source) or Place(CAR, 0), _place(target) or Place(CHARGER, 0)
        self._file.put(partial(pcapng.datagram, time.time(), *ends, octets))

    def secrets(self, key_log: str) -> None:
        """Lines of an NSS key log, which open what comes after them."""
        self._file.put(partial(pcapng.secrets, key_log))

    def close(self, *, patience: float = 0.0) -> None:
        """No more comes. Waits up to `patience` seconds for what is still to be written."""
        self._file.close("", patience=patience)


class _Tap:
    def __init__(self, put: Callable[[Blocks], None], charger: bool, clock: Clock, port: int) -> None:
        self._put = put
        self._charger = charger
        self._clock = clock
        self._port = port
        self._stream: TcpStream | None = None

    def opened(self, own: object, peer: object) -> None:
        car, charger = (peer, own) if self._charger else (own, peer)
        self._stream = TcpStream(
            _place(car) or Place(CAR, self._port),
            _place(charger) or Place(CHARGER, self._port),
        )
        self._put(partial(self._stream.opening, self._now()))

    def passed(self, octets: bytes, *, outgoing: bool) -> None:
        if self._stream is not None:
            self._put(partial(self._stream.data, self._now(), octets, from_client=outgoing is not self._charger))

    def closed(self) -> None:
        if self._stream is not None:
            self._put(partial(self._stream.closing, self._now(), from_client=not self._charger))
            self._stream = None

    def _now(self) -> float:
        return self._clock() / MICROSECONDS


def _place(address: object) -> Place | None:
    """A socket's address; None for what is none, as in memory."""
    match address:
        case (str(host), int(port), *_):
            return Place(host, port)
    return None


def _made(blocks: Blocks) -> bytes:
    return blocks()
