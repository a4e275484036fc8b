"""One outlet of a charger on its link: metal, listener, discovery, and one session at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iso15118.hal import registry
from iso15118.sequence.phases import Phase
from iso15118.service.actuate import PERIOD, Actuator, GuardLike
from iso15118.service.discovery import SdpServer, serve_sdp
from iso15118.service.door import Door
from iso15118.service.evse import Evse, fresh_challenge, fresh_session_id
from iso15118.service.evse_config import EvseConfig, guarded
from iso15118.service.links import Link, link, listener
from iso15118.service.log import Log
from iso15118.service.plain import plain
from iso15118.service.recorder import Head, Recorder
from iso15118.service.seen import Ended
from iso15118.service.tls.link import TlsLink, handshakes
from iso15118.units import Second
from iso15118.value import replace
from iso15118.wire.sdp import PORT

if TYPE_CHECKING:
    from iso15118.hal.protocols import AcOutlet, Outlet
    from iso15118.service.capture import Capture
    from iso15118.service.guard_link import GuardLink
    from iso15118.service.ledger import Ledger
    from iso15118.service.ledger_outlet import Book
    from iso15118.service.misbehave import Wiring
    from iso15118.service.tls.engine import Context, Outcome

HANDS: Final = 4
"""Handshakes of one outlet at a time; one more, and the oldest has to go."""


class Served:
    """One outlet on its link."""

    def __init__(
        self,
        config: EvseConfig,
        *,
        sdp_port: int = PORT,
        period: Second = PERIOD,
        record: Callable[[Head], Recorder] = Recorder,
        recordings: Path | None = None,
        capture: Capture | None = None,
        wiring: Wiring | None = None,
        tls: Context | None = None,
        plain_tcp: bool = True,
        ledger: Ledger | None = None,
        log: Log | None = None,
    ) -> None:
        """`record` makes the recorder of a session. `recordings`: where one that did not end in order is written to. `capture` gets the
        packets. `wiring`: what a bench puts between conversation and connection. `tls`: who shakes hands with cars; None: nobody does.
        `plain_tcp`: cars may also come without TLS. `ledger`: keeps transactions and latched faults; None: nobody does.

        Raises LocalError without the interface, or for a board that cannot be made.
        """
        self.sessions = 0
        self.port = 0
        self.sdp_port = sdp_port
        self._record = record
        self._recordings = recordings
        self._capture = capture
        self._wiring = wiring
        self.tls = tls
        self._plain = plain_tcp
        self._log = log or Log()
        self._link: Link = link(config.interface)
        guard, meter_id = self._guard(config)
        self.config = config = replace(config, session=replace(config.session, meter_id=meter_id))
        self.evse = Evse(config, Actuator(guard, period=period, name=config.name, log=self._log), log=self._log)
        self._book: Book | None = None
        if ledger is not None:
            from iso15118.service.ledger_outlet import Book  # a charger without it starts without it

            self._book = Book(ledger, self.evse, log=self._log)
        self._door = Door(shut=self._shut, admit=self._admit, name=config.name, log=self._log)
        self._servers: list[asyncio.Server] = []
        self._hands: list[TlsLink] = []
        """Connections whose handshake goes on, the oldest first."""
        self._sdp: asyncio.DatagramTransport | None = None
        self._discovery: SdpServer | None = None

    def _guard(self, config: EvseConfig) -> tuple[GuardLike, str]:
        """The guard, and the id of the meter it holds; `metal` is what it guards, as far as that is in this process."""
        self.metal: Outlet | AcOutlet | None = None
        self._link_to_guard: GuardLink | None = None
        if config.guard_line is not None:
            from iso15118.service.serial_guard import SerialGuardLink

            device, baud = config.guard_line
            wired = self._link_to_guard = SerialGuardLink(config.name, device, discharge_allowed=config.may_give, baud=baud, log=self._log)
            return wired, wired.meter_id
        if config.guard_apart:
            from iso15118.service.guard_link import GuardLink  # a charger with its guard in it starts without it

            apart = self._link_to_guard = GuardLink(
                config.name, config.board, config.allowed, discharge_allowed=config.may_give, log=self._log
            )
            return apart, apart.meter_id
        metal = self.metal = registry.outlet(config.board)
        return guarded(config, metal, self._log), metal.meter.meter_id

    async def start(self) -> None:
        """Metal, then the listener, then discovery: nobody is sent to a door that is not there."""
        loop = asyncio.get_running_loop()
        self.evse.actuator.start()
        tls_port = None if self.tls is None else await self._listen(loop, self._accept)
        plain_port = await self._listen(loop, self._door.accept) if self._plain else None
        self.port = tls_port or plain_port or 0
        found = SdpServer(self._link, tls_port=tls_port, plain_port=plain_port, capture=self._capture, log=self._log)
        self._discovery = found
        self._sdp = await serve_sdp(found, self._link, port=self.sdp_port, log=self._log)
        ports = [f"{port} {how} TLS" for port, how in ((tls_port, "with"), (plain_port, "without")) if port is not None]
        self._log.info("ready", f"{self.config.name}: ready on {self.config.interface}, TCP port {' and '.join(ports)}")

    async def _listen(self, loop: asyncio.AbstractEventLoop, accept: Callable[[], asyncio.Protocol]) -> int:
        sock = listener(self._link)
        port: int = sock.getsockname()[1]
        self._servers.append(await loop.create_server(accept, sock=sock, backlog=16))
        return port

    @property
    def found(self) -> int:
        """Searches that have been answered."""
        return 0 if self._discovery is None else self._discovery.answered

    def deaf(self) -> None:
        """No new cars."""
        if self._sdp is not None:
            self._sdp.close()
        for server in self._servers:
            server.close()
        for hand in tuple(self._hands):
            hand.leave("the charger stops")
        self._door.close()

    def off(self) -> None:
        """Metal is let go."""
        self.evse.actuator.stop()
        if self._book is not None:
            self._book.close()
        if self.metal is not None:
            self.metal.close()
        if self._link_to_guard is not None:
            self._link_to_guard.close()

    # Connections.

    def _accept(self) -> asyncio.Protocol:
        """A connection to the port with TLS. The outlet's door is behind the handshake; a taken outlet shakes no hands."""
        if self.tls is None or self._shut():
            return self._door.accept()
        if len(self._hands) >= HANDS:
            self._hands[0].leave("others wait")
        hand = TlsLink(self.tls.session(), lambda outcome: self._shaken(hand, outcome), pool=handshakes())
        self._hands.append(hand)
        return hand

    def _shaken(self, hand: TlsLink, outcome: Outcome) -> asyncio.Protocol | None:
        self._hands.remove(hand)
        if outcome.error:
            self._log.warning("no TLS", f"{self.config.name}: no TLS with a car: {outcome}")
            return None
        self._log.info("TLS", f"{self.config.name}: {outcome}")
        return self._door.accept()

    def _shut(self) -> bool:
        """Is a session going on? The rest of a connection whose session has ended [V2G20-1633] keeps nobody out."""
        conversation = self.evse.conversation
        return self.evse.busy and conversation is not None and conversation.session.phase is not Phase.ENDED

    def _admit(self, transport: asyncio.Transport, octets: bytes) -> None:
        """A car has said something: it gets the outlet."""
        if self.evse.busy and self.evse.conversation is not None:
            self.evse.conversation.drop("the next session begins")
        self.sessions += 1
        session_id, challenge = fresh_session_id(), fresh_challenge()
        head = Head("secc", plain(self.config.offered), session_id.hex(), self.config.name, plain(self.evse.paused), challenge.hex())
        recorder = self._record(head)
        tap = None if self._capture is None else self._capture.tap(charger=True)
        conversation = self.evse.converse(scribe=recorder, tap=tap, session_id=session_id, challenge=challenge)
        conversation.ended.add_done_callback(lambda ended: self._ended(recorder, ended.result()))
        protocol = conversation if self._wiring is None else self._wiring(conversation)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(octets)

    def _ended(self, recorder: Recorder, ended: Ended) -> None:
        recorder.close(ended.why)
        if self._recordings is not None and not ended.clean:
            path = self._recordings / f"{self.config.name}-{recorder.head.session_id}.jsonl"
            recorder.dump(path, ended.why, log=self._log)
