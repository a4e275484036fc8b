"""A charger's TLS to say things to: the product's link and engine in a thread of their own, and behind them an echo that counts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from iso15118.pki.tree import Tree
from iso15118.service.tls.engine import Engine, Outcome
from iso15118.service.tls.link import TlsLink, handshakes
from iso15118.service.tls.store import of_tree


class Charger:
    """`port`, `outcomes` of the handshakes so far, and how many octets of data have come through."""

    def __init__(self) -> None:
        self.port = 0
        self.outcomes: list[Outcome] = []
        self.octets = 0


@contextmanager
def charger(engine: Engine, tree: Tree) -> Iterator[Charger]:
    """One that listens on loopback for as long as the block lasts."""
    made, ready = Charger(), threading.Event()
    loop = asyncio.new_event_loop()
    context = engine.context(of_tree(tree, "secc"), server=True)

    class Echo(asyncio.Protocol):
        """Says again what it hears."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            made.octets += len(data)
            self.transport.write(data)  # type: ignore[attr-defined]

    def through(outcome: Outcome) -> asyncio.Protocol | None:
        made.outcomes.append(outcome)
        return None if outcome.error else Echo()

    async def listen() -> None:
        made.server = await loop.create_server(lambda: TlsLink(context.session(), through, pool=handshakes()), "::1", 0)  # type: ignore
        made.port = made.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        ready.set()

    def serve() -> None:
        loop.run_until_complete(listen())
        loop.run_forever()

    thread = threading.Thread(target=serve, name="charger", daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
