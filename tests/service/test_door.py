from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from iso15118.service import memory
from iso15118.service.door import FIRST_FRAME, FRAME_TIME, MOST, WAITING, Door
from iso15118.service.virtual import run
from iso15118.wire.v2gtp import frame_bytes


class Caller(asyncio.Protocol):
    """Someone outside."""

    def __init__(self) -> None:
        self.lost_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost_at = asyncio.get_running_loop().time()


class House:
    """A door, and who was let in."""

    def __init__(self) -> None:
        self.taken = False
        self.admitted: list[tuple[asyncio.Transport, bytes]] = []
        self.door = Door(shut=lambda: self.taken, admit=self.admit, name="house")

    def admit(self, transport: asyncio.Transport, octets: bytes) -> None:
        self.taken = True
        self.admitted.append((transport, octets))

    async def call(self) -> Caller:
        caller = Caller()
        memory.connect(self.door.accept(), caller)  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return caller


def test_the_first_whole_frame_is_let_in_with_all_its_octets(words: SimpleNamespace) -> None:
    async def main() -> None:
        house = House()
        caller = await house.call()
        caller.transport.write(words.ask_frame[:5])
        await asyncio.sleep(0.1)
        assert house.admitted == []
        caller.transport.write(words.ask_frame[5:] + words.ask_frame[:3])
        await asyncio.sleep(100)
        ((_, octets),) = house.admitted
        assert octets == words.ask_frame + words.ask_frame[:3]
        assert caller.lost_at is None

    run(main())


def test_a_frame_that_nobody_serves_opens_no_door(words: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    """One such frame a minute would keep every car out."""

    async def main() -> None:
        house = House()
        caller, stranger = await house.call(), frame_bytes(0xA000, b"hello")
        caller.transport.write(stranger)
        await asyncio.sleep(0.5)
        assert house.admitted == []
        caller.transport.write(words.ask_frame)
        await asyncio.sleep(0.1)
        assert [octets for _, octets in house.admitted] == [stranger + words.ask_frame]
        talker = await House().call()
        talker.transport.write(stranger)
        await asyncio.sleep(FRAME_TIME + 0.1)
        assert talker.lost_at is not None
        flooder = await House().call()
        for _ in range(MOST // 10_000 + 1):
            flooder.transport.write(frame_bytes(0xA000, bytes(10_000)))
            await asyncio.sleep(0.01)
        assert flooder.lost_at is not None

    run(main())
    assert f"{MOST} octets without a message" in caplog.text


def test_a_second_one_is_refused_at_once(words: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        house = House()
        first = await house.call()
        first.transport.write(words.ask_frame)
        await asyncio.sleep(0.01)
        second = await house.call()
        await asyncio.sleep(0)
        assert second.lost_at == asyncio.get_running_loop().time()
        assert first.lost_at is None
        assert len(house.admitted) == 1

    run(main())
    assert len(caplog.records) == 1


def test_half_open_ones_make_room_and_lock_nobody_out(words: SimpleNamespace) -> None:
    async def main() -> None:
        house = House()
        callers = [await house.call() for _ in range(50)]
        await asyncio.sleep(0.1)
        assert [caller.lost_at is None for caller in callers] == [False] * (50 - WAITING) + [True] * WAITING
        assert len(house.door) == WAITING
        honest = await house.call()
        honest.transport.write(words.ask_frame)
        await asyncio.sleep(0.1)
        assert len(house.admitted) == 1
        assert honest.lost_at is None
        assert all(caller.lost_at is not None for caller in callers)
        assert len(house.door) == 0

    run(main())


def test_two_that_speak_at_once_are_one(words: SimpleNamespace) -> None:
    async def main() -> None:
        house = House()
        one, two = await house.call(), await house.call()
        one.transport.write(words.ask_frame)
        two.transport.write(words.ask_frame)
        await asyncio.sleep(0.1)
        assert len(house.admitted) == 1
        assert one.lost_at is None
        assert two.lost_at is not None

    run(main())


@pytest.mark.parametrize(("octets", "leaves"), [(b"", FIRST_FRAME), (b"\x01", 2.0), (b"GET / HTTP/1.1\r\n", 0.0)])
def test_who_does_not_speak_in_time_leaves(octets: bytes, leaves: float) -> None:
    async def main() -> None:
        house = House()
        caller = await house.call()
        caller.transport.write(octets)
        await asyncio.sleep(60)
        assert caller.lost_at == pytest.approx(leaves)
        assert house.admitted == []
        assert len(house.door) == 0

    run(main())


def test_one_that_drips_leaves_after_two_seconds(words: SimpleNamespace) -> None:
    async def main() -> None:
        house = House()
        caller = await house.call()
        for octet in words.ask_frame[:20]:
            caller.transport.write(bytes([octet]))
            await asyncio.sleep(0.5)
        assert caller.lost_at == pytest.approx(2.0)

    run(main())


def test_a_closed_door_is_empty() -> None:
    async def main() -> None:
        house = House()
        callers = [await house.call() for _ in range(3)]
        callers[0].transport.close()
        await asyncio.sleep(0.1)
        assert len(house.door) == 2
        house.door.close()
        await asyncio.sleep(0.1)
        assert len(house.door) == 0
        assert all(caller.lost_at is not None for caller in callers)

    run(main())
