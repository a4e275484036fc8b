"""`service.tls.link`: a connection that breaks off at any place of its handshake leaves nothing behind, and an alert reaches its peer."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from iso15118.pki.tree import Tree, make_tree
from iso15118.service.tls.choose import engine
from iso15118.service.tls.engine import Context, Outcome, Session, TlsError
from iso15118.service.tls.engine_std import StdSession
from iso15118.service.tls.link import TlsLink, handshakes
from iso15118.service.tls.store import of_tree

STAGES = 6
"""Places in the octets of a car's side of the handshake, from none to all but the last."""


@pytest.fixture(scope="module")
def tree() -> Tree:
    return make_tree("ed448", now=datetime.now(UTC))


class Kept(asyncio.Protocol):
    """A conversation that remembers what it has been told."""

    def __init__(self) -> None:
        self.heard = b""
        self.lost: list[Exception | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)


@asynccontextmanager
async def serving(context: Context, outcomes: list[Outcome], kept: list[Kept], **words: float) -> AsyncIterator[int]:
    def through(outcome: Outcome) -> asyncio.Protocol | None:
        outcomes.append(outcome)
        if outcome.error:
            return None
        kept.append(Kept())
        return kept[-1]

    def link() -> TlsLink:
        return TlsLink(context.session(), through, pool=handshakes(), **words)

    server = await asyncio.get_running_loop().create_server(link, "::1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def recorded(tree: Tree) -> list[bytes]:
    """What a car says in a handshake, flight by flight."""
    charger = engine().context(of_tree(tree, "secc"), server=True).session()
    car = engine().context(of_tree(tree, "vehicle"), server=False).session()
    flights: list[bytes] = []
    done = False
    while not done:
        done = car.handshake()
        flights.append(car.outgoing())
        charger.feed(flights[-1])
        charger.handshake()
        car.feed(charger.outgoing())
    return flights


class Mallinfo(ctypes.Structure):
    """What glibc says of its allocator (mallinfo(3)), summed over the arenas of all threads."""

    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]


def in_use() -> tuple[int, int]:
    """Octets that C has asked for and not given back, and blocks that Python has: what the allocators keep in store is in neither."""
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = Mallinfo
    said = mallinfo()
    return said.uordblks + said.hblkhd, sys.getallocatedblocks()


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_a_thousand_handshakes_that_break_off_at_each_stage_leave_nothing_behind(tree: Tree) -> None:
    said, outcomes, kept = b"".join(recorded(tree)), list[Outcome](), list[Kept]()
    places = [len(said) * stage // STAGES for stage in range(STAGES)]
    async with serving(engine().context(of_tree(tree, "secc"), server=True), outcomes, kept) as port:

        async def broken(place: int) -> None:
            _, writer = await asyncio.open_connection("::1", port)
            writer.write(said[:place])
            await writer.drain()
            writer.close()

        async def many(rounds: int) -> None:
            for _ in range(rounds):
                await asyncio.gather(*(broken(place) for place in places for _ in range(4)))
            await until(lambda: len(outcomes) >= rounds * STAGES * 4)
            outcomes.clear()
            await until(lambda: gc.collect() >= 0 and not [thing for thing in gc.get_objects() if isinstance(thing, TlsLink | StdSession)])

        await many(250)  # a thousand at each stage; now what the allocator keeps for each thread is there
        before, descriptors, grown = in_use(), len(os.listdir("/proc/self/fd")), list[tuple[int, int]]()
        for _ in range(2):
            await many(250)
            now = in_use()
            grown.append((now[0] - before[0], now[1] - before[1]))
            before = now
        assert min(octets for octets, _ in grown) < 600_000, "it grows with every handshake"  # a hundred octets for each
        assert min(blocks for _, blocks in grown) < 6000, "Python keeps something of every handshake"
        assert abs(len(os.listdir("/proc/self/fd")) - descriptors) <= 2
    assert kept == []


async def until(holds: Callable[[], bool]) -> None:
    """Wait for it, 30 s at most."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)


async def test_a_silent_peer_is_sent_away(tree: Tree) -> None:
    outcomes: list[Outcome] = []
    async with serving(engine().context(of_tree(tree, "secc"), server=True), outcomes, [], time=0.2) as port:
        reader, writer = await asyncio.open_connection("::1", port)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 5)
        writer.close()
    assert [outcome.error for outcome in outcomes] == ["no handshake within 0.2 s"]


async def test_too_much_before_a_handshake(tree: Tree) -> None:
    outcomes: list[Outcome] = []
    async with serving(engine().context(of_tree(tree, "secc"), server=True), outcomes, []) as port:
        reader, writer = await asyncio.open_connection("::1", port)
        writer.write(b"\x16\x03\x01\x40\x00" + bytes(200_000))
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(100), 5)
        writer.close()
    assert len(outcomes) == 1
    assert outcomes[0].error


async def test_octets_go_through_and_an_orderly_end_is_one(tree: Tree) -> None:
    outcomes, kept = list[Outcome](), list[Kept]()
    loop = asyncio.get_running_loop()
    async with serving(engine().context(of_tree(tree, "secc"), server=True), outcomes, kept) as port:
        car, shaken = Kept(), loop.create_future()
        session = engine().context(of_tree(tree, "vehicle"), server=False).session()

        def through(outcome: Outcome) -> asyncio.Protocol:
            shaken.set_result(outcome)
            return car

        await loop.create_connection(lambda: TlsLink(session, through, client=True), "::1", port)
        assert not (await asyncio.wait_for(shaken, 5)).error
        long = bytes(range(256)) * 100
        car.transport.write(long)  # type: ignore[attr-defined]
        await until(lambda: bool(kept) and len(kept[0].heard) >= len(long))
        assert kept[0].heard == long
        car.transport.close()  # type: ignore[attr-defined]
        await until(lambda: bool(kept[0].lost and car.lost))
        assert (kept[0].lost, car.lost) == ([None], [None])


def _read_on(session: Session) -> None:
    while session.read() == b"":
        session.feed(bytes(100))


@pytest.mark.parametrize("where", [0, 5, 40])
async def test_a_record_that_was_changed_ends_the_connection_with_an_alert(tree: Tree, where: int) -> None:
    charger = engine().context(of_tree(tree, "secc"), server=True).session()
    car = engine().context(of_tree(tree, "vehicle"), server=False).session()
    done = {charger: False, car: False}
    while not all(done.values()):
        for side, other in ((car, charger), (charger, car)):
            done[side] = done[side] or side.handshake()
            other.feed(side.outgoing())
    car.write(b"x" * 100)
    record = bytearray(car.outgoing())
    record[where] ^= 0x01
    charger.feed(bytes(record))
    with pytest.raises(TlsError):
        _read_on(charger)
    assert charger.outcome().alert_sent in ("bad_record_mac", "unexpected_message", "decode_error", "protocol_version", "record_overflow")
