from __future__ import annotations

import asyncio

import pytest

from iso15118.service import memory
from iso15118.service.virtual import run


class End(asyncio.Protocol):
    """Writes down what happens to it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.log: list[str] = []
        self.lost: Exception | str | None = "not yet"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.log.append("made")

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        self.log.append("data")

    def eof_received(self) -> None:
        self.log.append("eof")

    def pause_writing(self) -> None:
        self.log.append("pause")

    def resume_writing(self) -> None:
        self.log.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = exc
        self.log.append("lost")


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_bytes_arrive_joined_and_in_order() -> None:
    async def main() -> None:
        a, b = End(), End()
        one, two = memory.connect(a, b)
        one.write(b"ab")
        one.write(b"cd")
        two.write(b"x")
        assert b.pieces == []  # never while the writer is still speaking
        await settle()
        assert b.pieces == [b"abcd"]
        assert a.pieces == [b"x"]
        assert a.log == ["made", "data"]

    run(main())


def test_a_cut_splits_them() -> None:
    async def main() -> None:
        a, b = End(), End()
        one, _ = memory.connect(a, b, cut=lambda data: (data[i : i + 1] for i in range(len(data))))
        one.write(b"abc")
        await settle()
        assert b.pieces == [b"a", b"b", b"c"]

    run(main())


def test_a_peer_that_does_not_read_fills_the_buffer() -> None:
    async def main() -> None:
        a, b = End(), End()
        one, two = memory.connect(a, b, kernel=10)
        one.set_write_buffer_limits(high=0)
        two.pause_reading()
        one.write(bytes(10))
        assert one.get_write_buffer_size() == 0
        one.write(bytes(1))
        assert one.get_write_buffer_size() == 1
        await settle()
        assert a.log == ["pause", "made"]
        assert b.pieces == []
        two.resume_reading()
        await settle()
        assert b.pieces == [bytes(11)]
        assert a.log == ["pause", "made", "resume"]

    run(main())


def test_close_flushes_and_tells_both() -> None:
    async def main() -> None:
        a, b = End(), End()
        one, two = memory.connect(a, b, kernel=0)
        one.write(b"last")
        one.close()
        assert one.is_closing()
        await settle()
        assert b.log == ["made", "data", "eof", "lost"]
        assert a.log == ["made", "lost"]
        assert (a.lost, b.lost) == (None, None)
        assert two.is_closing()

    run(main())


def test_close_waits_for_a_peer_that_does_not_read_and_abort_does_not() -> None:
    async def main() -> None:
        a, b = End(), End()
        one, two = memory.connect(a, b, kernel=0)
        two.pause_reading()
        one.write(b"never read")
        one.close()
        await settle()
        assert a.lost == "not yet"
        one.abort()
        await settle()
        assert a.lost is None
        assert isinstance(b.lost, ConnectionResetError)
        assert b.pieces == []

    run(main())


@pytest.mark.parametrize("how", ["close", "abort"])
def test_nothing_moves_after_the_end(how: str) -> None:
    async def main() -> None:
        a, b = End(), End()
        one, two = memory.connect(a, b)
        await settle()
        getattr(one, how)()
        getattr(one, how)()
        one.write(b"late")
        await settle()
        two.write(b"later")
        await settle()
        assert a.pieces == b.pieces == []
        assert a.log.count("lost") == b.log.count("lost") == 1

    run(main())
