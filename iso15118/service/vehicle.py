"""A simulated car on the network: it looks for a charger on its link, connects, and lives one session."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.common import EVSENotification
from iso15118.sequence.phases import Phase
from iso15118.service.capture import Capture
from iso15118.service.car import Car, CarConfig
from iso15118.service.discovery import discover
from iso15118.service.links import Link, link
from iso15118.service.log import Log
from iso15118.service.plain import plain
from iso15118.service.recorder import Head, Recorder, Stream, numbered
from iso15118.service.seen import Watcher
from iso15118.service.tls.link import TlsLink, handshakes
from iso15118.service.warmup import warm_up
from iso15118.units import Second, WattHour
from iso15118.value import Value, replace
from iso15118.wire.sdp import PORT, SdpResponse, Security

if TYPE_CHECKING:
    from iso15118.service.misbehave import Wiring
    from iso15118.service.tls.engine import Context, Credentials, Outcome

CONNECT: Final[Second] = 2.0
"""For the TCP connection; then the search begins anew."""
ATTEMPTS: Final = 3


class VehicleResult(Value):
    """What came of a session. Energies in Wh, in the battery; times in seconds."""

    clean: bool
    why: str
    phase: Phase
    """Where the session stood when it ended."""
    stored: WattHour
    soc_before: float
    soc_after: float
    loops: int
    messages: int
    waits: tuple[Second, ...]
    """How long the charger took, one an answer."""
    duration: Second


class Vehicle:
    """One car; detached, what it knows of the cable is what the charger says. Each `run` is a session; the battery stays what it is."""

    def __init__(
        self,
        config: CarConfig,
        *,
        sdp_port: int = PORT,
        security: Security = Security.NONE,
        tls: Credentials | None = None,
        record: Path | None = None,
        pcap: Path | None = None,
        wiring: Wiring | None = None,
        detached: bool = True,
        log: Log | None = None,
    ) -> None:
        """`security`: what discovery asks for; `tls`: what the car shows to a charger that speaks TLS, and whom it trusts, and then it asks
        for TLS. `record`, `pcap`: stream sessions into these files, as events and as packets. `wiring`: what
        a bench puts between conversation and connection. `detached`: False where a simulated charger's plant moves the car.

        Raises LocalError without the interface.
        """
        self.config = config
        self._link: Link = link(config.interface)
        self._sdp_port = sdp_port
        self._tls: Context | None = None
        if tls is not None:
            from iso15118.service.tls.choose import context  # a car without it starts without it

            security, self._tls = Security.TLS, context(tls, server=False)
        self._security = security
        self._record = record
        self._pcap = pcap
        self._wiring = wiring
        self._log = log or Log()
        self._runs = 0
        self.car = Car(config, detached=detached, log=self._log)

    def subscribe(self, watcher: Watcher) -> None:
        """`watcher` sees the conversations from now on."""
        self.car.subscribe(watcher)

    def stop(self, why: str) -> None:
        """The driver wants to leave: end the session in order."""
        if self.car.conversation is not None and not self.car.conversation.over:
            self.car.conversation.stop(why)

    def renegotiate_schedule(self, why: str) -> None:
        """The driver wants another schedule, since the wish has changed: once the car is in its charge loop, which goes on meanwhile."""
        if self.car.conversation is not None and not self.car.conversation.over:
            self.car.conversation.notify(EVSENotification.ScheduleRenegotiation, why)

    async def run(self) -> VehicleResult:
        """One session; behind a pause the same one goes on, when it is time.

        Raises PeerError where no charger answers or none takes the connection, LocalError where there is no way to ask.
        """
        warm_up(asyncio.get_running_loop())
        await self.car.rest()
        self._runs += 1
        capture = None if self._pcap is None else Capture(numbered(self._pcap, self._runs), log=self._log)
        try:
            began = asyncio.get_running_loop().time()
            sock, secure = await self._connect(capture)
            return await self._session(sock, secure, capture, asyncio.get_running_loop().time() - began)
        finally:
            if capture is not None:
                capture.close()

    async def _session(self, sock: socket.socket, secure: bool, capture: Capture | None, searched: Second) -> VehicleResult:
        """`searched`: s that finding the charger has taken of the time for communication setup, which begins with the search."""
        loop, battery = asyncio.get_running_loop(), self.car.metal.battery
        began, stored, soc = loop.time(), battery.stored, battery.soc
        session = self.config.session
        session = replace(session, times=session.times._replace(setup_evcc=max(0.0, session.times.setup_evcc - searched)))
        session = self.car.wish(session)
        head = Head("evcc", plain(session), name=self.config.name, paused=plain(self.car.paused))
        stream = None if self._record is None else Stream(numbered(self._record, self._runs), head, log=self._log)
        recorder = Recorder(head, stream=stream)
        conversation = self.car.converse(scribe=recorder, tap=None if capture is None else capture.tap(charger=False), session=session)
        try:
            await self._talk(conversation if self._wiring is None else self._wiring(conversation), sock, secure=secure)
            ended = await asyncio.shield(conversation.ended)
        finally:
            if not conversation.over:  # cancelled: leave nothing connected behind
                conversation.drop("the car gives up")
            recorder.close("")
        return VehicleResult(
            clean=ended.clean,
            why=ended.why,
            phase=ended.phase,
            stored=battery.stored - stored,
            soc_before=soc,
            soc_after=battery.soc,
            loops=self.car.loops,
            messages=conversation.messages_in + conversation.messages_out,
            waits=tuple(conversation.pace.waits),
            duration=loop.time() - began,
        )

    async def _talk(self, protocol: asyncio.Protocol, sock: socket.socket, *, secure: bool) -> None:
        """Let `protocol` speak on this connection, with TLS behind its handshake. Raises PeerError where there is none."""
        loop = asyncio.get_running_loop()
        if not secure or self._tls is None:
            await loop.create_connection(lambda: protocol, sock=sock)
            return
        shaken: asyncio.Future[Outcome] = loop.create_future()

        def through(outcome: Outcome) -> asyncio.Protocol | None:
            if not shaken.done():
                shaken.set_result(outcome)
            return None if outcome.error else protocol

        session = self._tls.session()
        await loop.create_connection(lambda: TlsLink(session, through, pool=handshakes(), client=True), sock=sock)
        outcome = await shaken
        if outcome.error:
            raise PeerError(f"no TLS with the charger: {outcome}", requirement="V2G20-1264")
        self._log.info("TLS", f"{self.config.name}: {outcome}")

    async def _connect(self, capture: Capture | None) -> tuple[socket.socket, bool]:
        """A connection to the charger on this link, and whether it is one for TLS; one that does not answer is looked for again."""
        why = ""
        for _ in range(ATTEMPTS):
            found = await discover(self._link, security=self._security, port=self._sdp_port, capture=capture)
            self._log.info("charger found", f"{self.config.name}: charger at {found.text} port {found.port}")
            try:
                return await self._open(found), found.security is Security.TLS
            except (OSError, TimeoutError) as error:
                why = str(error) or type(error).__name__
        raise PeerError(f"the charger announces a port that takes no connection: {why}")

    async def _open(self, found: SdpResponse) -> socket.socket:
        if found.security is Security.TLS and self._tls is None:
            raise LocalError("the charger speaks TLS only, and this car has no certificates; allowed: a table tls in its file")
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            host = found.text if self._link.loopback else f"{found.text}%{self._link.index}"  # uvloop drops a scope beside the address
            async with asyncio.timeout(CONNECT):
                await asyncio.get_running_loop().sock_connect(sock, (host, found.port))
        except BaseException:
            sock.close()
            raise
        return sock
