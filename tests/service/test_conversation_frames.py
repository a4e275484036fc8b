"""`service.conversation`: what comes as octets, whole, in pieces, slowly, or as garbage."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.errors import CodecError
from iso15118.sequence.phases import Phase
from iso15118.service.virtual import run
from iso15118.session.commands import Close
from iso15118.session.events import Connected, Garbled, Received, Sent
from iso15118.wire.v2gtp import LIMIT, LIMIT_UNAUTHENTICATED, frame_bytes
from tests.service.meeting import answering, kinds, meet, told


@pytest.mark.parametrize("octets", [b"\x01\xfe\x80\x01\x00\x00\x00\x01\x00", b"\x02\xfd" + bytes(8), b"GET / HTTP/1.1\r\n\r\n"])
def test_garbage_is_garbled(rig: Any, octets: bytes) -> None:
    async def main() -> None:
        r = rig(lambda event: [Close("garbled")] if isinstance(event, Garbled) else [])
        peer = await meet(r)
        peer.transport.write(octets)
        assert (await r.conversation.ended).why == "garbled"
        assert kinds(r.events) == [Connected, Garbled]

    run(main())


def test_garbage_behind_a_good_frame_comes_after_it(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> None:
        r = rig(answering(words))
        peer = await meet(r)
        peer.transport.write(words.ask_frame * 6 + b"garbage!")
        await asyncio.sleep(0.01)
        assert kinds(r.events) == [Connected, *[Received, Sent] * 6, Garbled]

    run(main())


@pytest.mark.parametrize("payload_type", [0x8105, 0xA000, 0x0000])
def test_an_unknown_payload_type_is_dropped_with_a_line(
    rig: Any, words: SimpleNamespace, caplog: pytest.LogCaptureFixture, payload_type: int
) -> None:
    async def main() -> None:
        r = rig(answering(words))
        peer = await meet(r)
        peer.transport.write(frame_bytes(payload_type, b"\x80") + words.ask_frame)
        await asyncio.sleep(0.01)
        assert kinds(r.events) == [Connected, Received, Sent]

    run(main())
    assert len(told(caplog)) == 1
    assert f"{payload_type:#06x}" in told(caplog)[0]


def test_a_frame_that_drips_is_given_two_seconds(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        r = rig(lambda event: [Close("late")] if isinstance(event, Garbled) else [])
        peer = await meet(r)
        peer.transport.write(words.ask_frame)  # a good one before and its clock with it
        await asyncio.sleep(1.5)
        peer.transport.write(words.ask_frame[:1])
        began = loop.time()
        for octet in words.ask_frame[1:-1]:
            if r.conversation.over:
                break
            await asyncio.sleep(0.3)
            peer.transport.write(bytes([octet]))
        await r.conversation.ended
        return loop.time() - began

    assert run(main()) == pytest.approx(2.1)  # the peer of this test looks up every 0.3 s


def test_a_slow_but_timely_frame_is_taken(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> None:
        r = rig(answering(words))
        peer = await meet(r)
        for _ in range(3):
            peer.transport.write(words.ask_frame[:9])
            await asyncio.sleep(1.9)
            peer.transport.write(words.ask_frame[9:])
            await asyncio.sleep(0.5)
        assert kinds(r.events) == [Connected, *[Received, Sent] * 3]

    run(main())


def test_the_payload_cap_rises_with_authorisation(rig: Any) -> None:
    async def ended(phase: Phase, length: int) -> bool:
        r = rig(lambda e: [phase] if isinstance(e, Connected) else [Close("cap")] if isinstance(e, Garbled) else [])
        peer = await meet(r)
        peer.transport.write(b"\x01\xfe\x80\x02" + length.to_bytes(4, "big"))
        await asyncio.sleep(0.01)
        return bool(r.conversation.over)

    assert run(ended(Phase.AUTHORIZATION, LIMIT_UNAUTHENTICATED)) is False
    assert run(ended(Phase.AUTHORIZATION, LIMIT_UNAUTHENTICATED + 1)) is True
    assert run(ended(Phase.SERVICE_DISCOVERY, LIMIT)) is False
    assert run(ended(Phase.SERVICE_DISCOVERY, LIMIT + 1)) is True


def test_garbled_tells_what_was_wrong(rig: Any) -> None:
    async def main() -> None:
        r = rig()
        peer = await meet(r)
        peer.transport.write(frame_bytes(0x8001, b""))
        await asyncio.sleep(0)
        (garbled,) = [event for event in r.events if isinstance(event, Garbled)]
        assert isinstance(garbled.error, CodecError)
        assert "empty" in str(garbled.error)

    run(main())
