"""The SECC discovery protocol on real sockets: the charger's answering machine and the car's search. The rules are `wire.sdp`'s.

Whoever asks is answered, also while a session goes on: where the charger is does not depend on who is there. Which connection may become
a session is the door's to say (`door`): as long as one goes on, none.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from iso15118.errors import CodecError, PeerError
from iso15118.service.links import Link, udp_socket
from iso15118.service.log import Log
from iso15118.wire.sdp import (
    MULTICAST,
    PORT,
    TRIES,
    SdpClient,
    SdpRequest,
    SdpResponse,
    SdpThrottle,
    Security,
    Transport,
    address_octets,
    answer,
    decode_request,
    on_link,
)

if TYPE_CHECKING:
    from iso15118.service.capture import Capture

_GROUP: Final = address_octets(MULTICAST)


class SdpServer(asyncio.DatagramProtocol):
    """Answers for one outlet on one link. What is malformed, foreign or too much gets no answer."""

    def __init__(
        self,
        on: Link,
        *,
        tls_port: int | None = None,
        plain_port: int | None = None,
        capture: Capture | None = None,
        log: Log | None = None,
    ) -> None:
        """`tls_port`, `plain_port`: where the outlet's listeners are; without TLS every car is told so, and of the plain port."""
        self.answered = 0
        self._on = on
        self._tls_port = tls_port
        self._plain_port = plain_port
        self._capture = capture
        self._log = log or Log()
        self._throttle = SdpThrottle()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # it is one, though CPython 3.11 does not say so

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if self._capture is not None:
            self._capture.datagram(addr, self._own, data)
        try:
            source = address_octets(str(addr[0]).partition("%")[0])
            on_link(source, scope=int(addr[3]), own_scope=self._on.index, loopback=self._on.loopback)
            response = self._response(decode_request(data))
        except (CodecError, PeerError) as refused:
            self._log.warning("SDP ignored", f"{self._on.name}: SDP datagram from {addr[0]} ignored: {refused}")
            return
        if not self._throttle.allow(source, self._loop.time()):
            self._log.warning("SDP throttled", f"{self._on.name}: too many SDP requests, last from {addr[0]}")
            return
        if response is not None and self._transport is not None:
            self.answered += 1
            octets = response.to_datagram()
            self._transport.sendto(octets, addr)
            if self._capture is not None:
                self._capture.datagram(self._own, addr, octets)

    @property
    def _own(self) -> tuple[str, int]:
        """Where it answers from, for the capture."""
        return self._on.text, PORT if self._transport is None else self._transport.get_extra_info("sockname")[1]

    def error_received(self, exc: Exception) -> None:
        self._log.warning("SDP unsent", f"{self._on.name}: SDP answer not sent: {exc}")

    def _response(self, request: SdpRequest) -> SdpResponse | None:
        if self._tls_port is not None:
            return answer(request, address=self._on.address, port=self._tls_port, plain_port=self._plain_port)
        if request.transport != Transport.TCP:
            raise PeerError("session over UDP asked for")
        return None if self._plain_port is None else SdpResponse(self._on.address, self._plain_port, Security.NONE)


async def serve_sdp(server: SdpServer, on: Link, *, port: int = PORT, log: Log | None = None) -> asyncio.DatagramTransport:
    """Let `server` answer on this link. Raises LocalError if the port is taken."""
    if on.loopback:
        (log or Log()).info("SDP loopback", f"{on.name}: no multicast on loopback, SDP answers what is sent to {on.text} port {port}")
    sock = udp_socket(on, port, multicast=None if on.loopback else _GROUP)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, sock=sock)
    return transport


class _Search(asyncio.DatagramProtocol):
    """A car's search on one link."""

    def __init__(
        self,
        client: SdpClient,
        on: Link,
        to: tuple[str, int, int, int],
        found: asyncio.Future[SdpResponse],
        capture: Capture | None,
    ) -> None:
        self._client = client
        self._on = on
        self._to = to
        self._found = found
        self._capture = capture
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._client.start(self._loop.time())
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not self._on.loopback and addr[3] != self._on.index:
            return  # from another link
        if self._capture is not None and self._transport is not None:
            self._capture.datagram(addr, self._transport.get_extra_info("sockname"), data)
        response = self._client.received(data, self._loop.time())
        if response is not None and not self._found.done():
            self._found.set_result(response)

    def error_received(self, exc: Exception) -> None:
        """A request did not leave (the link is down, nobody listens on loopback): the next one may."""

    def _ask(self) -> None:
        request = self._client.poll(self._loop.time())
        if request is not None and self._transport is not None:
            self._transport.sendto(request, self._to)
            if self._capture is not None:
                self._capture.datagram((self._on.text, self._transport.get_extra_info("sockname")[1]), self._to, request)
        due = self._client.next_deadline
        if due is not None:
            self._handle = self._loop.call_at(due, self._ask)
        elif self._client.gave_up and not self._found.done():
            notes = {note.reason for note in self._client.notes}
            ignored = f"; ignored answers: {', '.join(sorted(notes))}" if notes else ""
            self._found.set_exception(
                PeerError(f"no charger has answered {TRIES} requests on {self._on.name}{ignored}", requirement="V2G20-161")
            )


async def discover(
    on: Link, *, security: Security = Security.TLS, port: int = PORT, own: bool = False, capture: Capture | None = None
) -> SdpResponse:
    """The charger on this link. `own`: the one of this machine, asked at its own address, so that nothing goes out.

    Raises PeerError when nobody has answered usefully in time [V2G20-162], LocalError without a socket.
    """
    found: asyncio.Future[SdpResponse] = asyncio.get_running_loop().create_future()
    to = on.sockaddr(port) if own or on.loopback else (MULTICAST, port, 0, on.index)
    search = _Search(SdpClient(SdpRequest(security), loopback=on.loopback), on, to, found, capture)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: search, sock=udp_socket(on, 0))
    try:
        return await found
    finally:
        transport.close()
