"""`wire.v2gtp`: the memory and the work that a peer can make a receiver spend."""

from __future__ import annotations

import builtins
import contextlib
import tracemalloc
from typing import Any, SupportsIndex

import pytest

from iso15118.errors import CodecError
from iso15118.wire import v2gtp
from iso15118.wire.v2gtp import (
    HEADER,
    LIMIT,
    Receiver,
    frame_bytes,
)
from tests.wire.test_v2gtp import SAP, header


def peak(receiver: Receiver, pieces: list[bytes]) -> int:
    """Octets allocated at the worst moment while the pieces are fed."""
    tracemalloc.start()
    try:
        for piece in pieces:
            with contextlib.suppress(CodecError):
                receiver.feed(piece)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", [2**32 - 1, LIMIT + 1, LIMIT])
def test_an_announced_length_allocates_nothing(length: int) -> None:  # TGP-01
    octets = header(0x8001, length)
    for pieces in ([octets + bytes(100)], [octets[at : at + 1] for at in range(8)]):
        peak(Receiver(), pieces)  # once for what Python keeps of its own
        assert peak(Receiver(), pieces) <= 4096


def test_a_dead_receiver_holds_nothing() -> None:
    receiver = Receiver()
    flood = [header(0x8001, 2**32 - 1), *[bytes(50_000)] * 200]
    peak(Receiver(), flood)
    assert peak(receiver, flood) <= 4096


def test_no_more_than_one_frame_is_held() -> None:
    octets = frame_bytes(0x8001, bytes(LIMIT))
    pieces = [octets[at : at + 100] for at in range(0, len(octets) - 100, 100)]
    receiver = Receiver()
    assert peak(receiver, pieces) <= 1.25 * (LIMIT + HEADER) + 4096  # a growing bytearray keeps an eighth in reserve
    assert receiver.pending <= LIMIT + HEADER


def test_ten_thousand_tiny_frames_leave_nothing_behind() -> None:  # TGP-10
    receiver = Receiver()
    assert len(receiver.feed(SAP * 10_000)) == 10_000
    assert receiver.pending == 0


class Meter:
    """Octets that were copied, by the input being sliced or by a buffer growing, being sliced or being turned into bytes."""

    copied = 0


class MeteredBytes(bytes):
    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        part = super().__getitem__(key)
        Meter.copied += len(part) if isinstance(part, bytes) else 1
        return part


class MeteredBytearray(bytearray):
    def __init__(self, *source: Any) -> None:
        super().__init__(*source)
        Meter.copied += len(self)

    def __iadd__(self, other: Any) -> Any:
        Meter.copied += len(other)
        return super().__iadd__(other)

    def __add__(self, other: Any) -> Any:
        Meter.copied += len(self) + len(other)
        return super().__add__(other)

    def extend(self, other: Any) -> None:
        Meter.copied += len(other)
        super().extend(other)

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        part = super().__getitem__(key)
        Meter.copied += len(part) if isinstance(part, bytearray) else 1
        return part

    def __delitem__(self, key: SupportsIndex | slice) -> None:
        super().__delitem__(key)
        Meter.copied += len(self)

    def __bytes__(self) -> bytes:
        Meter.copied += len(self)
        return builtins.bytes(memoryview(self))


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> type[Meter]:
    Meter.copied = 0
    monkeypatch.setattr(v2gtp, "bytearray", MeteredBytearray, raising=False)
    return Meter


@pytest.mark.parametrize("step", [1, 7, 1000, 10**6])
@pytest.mark.parametrize("sizes", [[LIMIT], [3] * 2000, [0] * 2000, [5000, 0, 20_000]])
def test_each_octet_is_copied_a_fixed_number_of_times(meter: type[Meter], step: int, sizes: list[int]) -> None:
    stream = b"".join(frame_bytes(0x8001, bytes(size)) for size in sizes)
    receiver, received = Receiver(), []
    for at in range(0, len(stream), step):
        received += receiver.feed(MeteredBytes(stream[at : at + step]))
    assert [len(frame.body) for frame in received] == sizes
    assert len(stream) <= meter.copied <= 4 * len(stream)


@pytest.mark.parametrize("step", [1, 1000])
def test_a_header_is_judged_once(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    judged: list[int] = []
    judge = v2gtp._header

    def judge_and_tell(octets: bytes | bytearray, start: int) -> tuple[int, int]:
        judged.append(start)
        return judge(octets, start)

    monkeypatch.setattr(v2gtp, "_header", judge_and_tell)
    stream = frame_bytes(0x8001, bytes(3000)) * 3
    receiver = Receiver()
    for at in range(0, len(stream), step):
        receiver.feed(stream[at : at + step])
    assert judged == [0, 3008, 6016]
