"""`service.conversation`: however it ends, the safe state is the last word, and it is told once."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.messages.app_protocol import supportedAppProtocolRes
from iso15118.power import OFF, Setpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.service import memory
from iso15118.service.virtual import run
from iso15118.session.commands import Apply, Arm, Close, Disarm, Send
from iso15118.session.events import Closed, Connected, Elapsed, Received, Sent, StopWanted
from tests.service.meeting import Peer, kinds, meet, told


def test_a_peer_that_never_reads_is_dropped_within_half_a_second_with_power_off(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        off_at: list[float] = []

        def script(event: Any) -> list[Any]:
            match event:
                case Received():
                    return [Apply(words.live), Send(words.answer, 0x8001), Arm(Timer.WRITE, 0.5)]
                case Elapsed(Timer.WRITE):
                    return [Apply(OFF), Close("does not read")]
            return []

        r = rig(script)
        peer = Peer()
        memory.connect(r.make(perform=lambda s: off_at.append(loop.time()) if s == OFF else None), peer, kernel=5)
        await asyncio.sleep(0)
        peer.transport.write(words.ask_frame)
        peer.transport.pause_reading()
        ended = await r.conversation.ended
        assert (ended.why, ended.clean) == ("does not read", False)
        assert loop.time() <= 0.501
        assert off_at == [pytest.approx(0.5)]

    run(main())


@pytest.mark.parametrize(("clean", "level"), [(True, logging.INFO), (False, logging.WARNING)])
def test_an_end_out_of_order_is_a_warning(
    rig: Any, words: SimpleNamespace, caplog: pytest.LogCaptureFixture, clean: bool, level: int
) -> None:
    """Or a station that is told to say only what is wrong says nothing of it."""
    caplog.set_level(logging.INFO, logger="iso15118")

    async def main() -> None:
        r = rig(lambda event: [Close("so it is", clean=clean)] if isinstance(event, Received) else [])
        peer = await meet(r)
        peer.transport.write(words.ask_frame)
        await r.conversation.ended

    run(main())
    assert [record.levelno for record in caplog.records if "so it is" in record.getMessage()] == [level]


def test_a_peer_that_goes_on_asking_but_never_reads_is_dropped_just_as_soon(rig: Any, words: SimpleNamespace) -> None:
    """The deadline is that of the oldest answer which has not left: a later one must not put it off."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def script(event: Any) -> list[Any]:
            match event:
                case Received():
                    return [Apply(words.live), Send(words.answer, 0x8001), Arm(Timer.WRITE, 0.5)]
                case Sent():
                    return [Disarm(Timer.WRITE)]
                case Elapsed(Timer.WRITE):
                    return [Apply(OFF), Close("does not read")]
            return []

        r = rig(script)
        peer = await meet(r, kernel=5)
        peer.transport.pause_reading()
        for _ in range(12):
            peer.transport.write(words.ask_frame)
            await asyncio.sleep(0.1)
        assert r.conversation.ended.done()
        assert r.conversation.ended.result().why == "does not read"
        assert r.conversation.ended.result().at <= loop.time() - 0.6
        assert r.applied[-1] == OFF

    run(main())


def test_the_last_words_before_a_close_still_leave_or_are_cut_off_in_time(rig: Any, words: SimpleNamespace) -> None:
    async def main(reads: bool) -> tuple[bytes, float]:
        r = rig(lambda event: [Send(words.answer, 0x8001), Close("refused")] if isinstance(event, Received) else [])
        peer = await meet(r, kernel=5)
        peer.transport.write(words.ask_frame)
        if not reads:
            peer.transport.pause_reading()
        await r.conversation.ended
        await asyncio.sleep(0)
        return peer.got, asyncio.get_running_loop().time()

    assert run(main(True)) == (words.answer_frame, 0.0)
    got, at = run(main(False))
    assert got == b""
    assert at == pytest.approx(0.5)


@pytest.mark.parametrize("where", ["step", "snapshot", "perform", "encode", "schema"])
def test_a_defect_ends_the_session_off_and_with_one_line(
    rig: Any, words: SimpleNamespace, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    async def main() -> None:
        r = rig()
        broken = False
        performed: list[Any] = []

        def script(event: Any) -> list[Any]:
            if isinstance(event, Connected):
                return [Apply(words.live)]
            match where if broken else "":
                case "step":
                    raise ZeroDivisionError
                case "perform":
                    return [Apply(Setpoint(1.0))]
                case "encode":
                    return [Send(supportedAppProtocolRes(response_code=words.answer.response_code, schema_id=999), 0x8001)]
                case "schema":
                    return [Send(words.answer, 0x8003)]
            return []

        def snapshot() -> float:
            if broken and where == "snapshot":
                raise ZeroDivisionError
            return 0.0

        def perform(setpoint: Any) -> None:
            if broken and where == "perform" and setpoint != OFF:
                raise ZeroDivisionError
            performed.append(setpoint)

        r.script = script
        peer = Peer()
        memory.connect(r.make(snapshot=snapshot, perform=perform), peer)
        await asyncio.sleep(0)
        broken = True
        peer.transport.write(words.ask_frame * 3)
        ended = await r.conversation.ended
        assert (ended.why, ended.clean) == ("internal error", False)
        assert performed == [words.live, OFF]
        await asyncio.sleep(1)
        assert peer.lost
        assert peer.got == b""

    run(main())
    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.ERROR
    assert "rig: session given up" in told(caplog)[0]


def test_a_defect_while_going_safe_is_said_too_and_nothing_escapes(
    rig: Any, words: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        def perform(setpoint: Any) -> None:
            if setpoint == OFF:
                raise OSError("metal is gone")

        r = rig(lambda event: [Apply(words.live)] if isinstance(event, Connected) else [][0])
        peer = Peer()
        memory.connect(r.make(perform=perform), peer)
        await asyncio.sleep(0)
        peer.transport.write(words.ask_frame)
        assert (await r.conversation.ended).why == "internal error"

    run(main())
    assert ["safe state not reached" in line for line in told(caplog)] == [False, True]


@pytest.mark.parametrize("end", ["close", "abort"])
def test_a_peer_that_goes_leaves_the_safe_state(rig: Any, words: SimpleNamespace, end: str) -> None:
    async def main() -> None:
        r = rig(lambda event: [Phase.CHARGE_LOOP, Apply(words.live)] if isinstance(event, Connected) else [])
        peer = await meet(r)
        getattr(peer.transport, end)()
        ended = await r.conversation.ended
        assert isinstance(r.events[-1], Closed)
        assert r.applied == [words.live, OFF]
        assert ended.phase is Phase.CHARGE_LOOP
        assert not ended.clean
        assert ended.why == {"close": "the peer closed the connection", "abort": "connection reset by peer"}[end]

    run(main())


def test_the_safe_state_is_the_last_word(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> None:
        r = rig(lambda event: [Apply(words.live), Close("enough"), Apply(words.live), Send(words.answer, 0x8001), Arm(Timer.STOP, 1.0)])
        peer = await meet(r)
        await asyncio.sleep(5)
        assert kinds(r.events) == [Connected]
        assert r.applied == [words.live, OFF]
        assert peer.got == b""
        assert peer.lost

    run(main())


def test_drop_cuts_and_tells_the_session(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> None:
        r = rig(lambda event: [Apply(words.live)] if isinstance(event, Connected) else [])
        peer = await meet(r)
        r.conversation.drop("the process ends")
        assert r.applied == [words.live, OFF]
        assert r.events[-1] == Closed("the process ends")
        assert (await r.conversation.ended).why == "the process ends"
        assert peer.lost

    run(main())


def test_after_a_clean_stop_a_peer_that_closes_is_clean(rig: Any) -> None:
    async def main() -> None:
        r = rig(lambda event: [Close("session stopped", clean=True)] if isinstance(event, StopWanted) else [])
        await meet(r)
        r.conversation.stop("done")
        assert (await r.conversation.ended).clean

    run(main())


def test_a_decoder_that_breaks_is_our_defect(
    rig: Any, words: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def decode(self, body: bytes) -> None:
            raise OverflowError("negative shift count")

    monkeypatch.setattr("iso15118.service.conversation.schema_for", lambda payload_type: Broken())

    async def main() -> None:
        r = rig()
        peer = await meet(r)
        peer.transport.write(words.ask_frame)
        assert (await r.conversation.ended).why == "internal error"

    run(main())
    assert len(told(caplog)) == 1
