from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.errors import CodecError
from iso15118.messages.app_protocol import supportedAppProtocolRes
from iso15118.power import OFF, Setpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.service import memory
from iso15118.service.seen import Direction, Ended, Exchanged, Noted, PhaseChanged, Seen
from iso15118.service.virtual import run
from iso15118.session.commands import Apply, Arm, Close, Disarm, Note, Send
from iso15118.session.events import Closed, Connected, Elapsed, Garbled, Received, Sent, StopWanted, Tick
from iso15118.wire.v2gtp import LIMIT, LIMIT_UNAUTHENTICATED, frame_bytes


class Peer(asyncio.Protocol):
    """The other end, by hand."""

    def __init__(self) -> None:
        self.got = b""
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def kinds(events: tuple[Any, ...]) -> list[type]:
    """What kinds of event came, ticks left out."""
    return [type(event) for event in events if type(event) is not Tick]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def meet(rig: Any, **words: Any) -> Peer:
    peer = Peer()
    memory.connect(rig.make(), peer, **words)
    await asyncio.sleep(0)
    return peer


def answering(words: SimpleNamespace) -> Callable[[Any], list[Any]]:
    return lambda event: [Send(words.answer, 0x8001)] if isinstance(event, Received) else []


def test_events_come_in_order_and_commands_are_performed_in_order(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> None:
        r = rig(lambda e: [Apply(words.live), Send(words.answer, 0x8001), Arm(Timer.WRITE, 0.5)] if isinstance(e, Received) else [])
        peer = await meet(r)
        peer.transport.write(words.ask_frame)
        await asyncio.sleep(0.01)
        assert kinds(r.events) == [Connected, Received, Sent]
        assert r.events[1] == Received(words.ask, 0x8001)
        assert r.applied == [words.live]
        assert peer.got == words.answer_frame
        assert (r.conversation.messages_in, r.conversation.messages_out) == (1, 1)
        assert len(r.conversation.pace.turnarounds) == 1

    run(main())


@pytest.mark.parametrize("size", [1, 3, 7, 8, 9, 1000])
def test_any_split_and_join(rig: Any, words: SimpleNamespace, size: int) -> None:
    async def main() -> None:
        r = rig(answering(words))
        peer = await meet(r, cut=lambda data: (data[i : i + size] for i in range(0, len(data), size)))
        peer.transport.write(words.ask_frame * 11)
        await asyncio.sleep(0.01)
        assert kinds(r.events) == [Connected, *[Received, Sent] * 11]
        assert peer.got == words.answer_frame * 11

    run(main())


def test_a_heap_of_requests_leaves_others_their_turn(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> None:
        r = rig(answering(words))
        peer = await meet(r)
        peer.transport.write(words.ask_frame * 9)
        counts = []
        for _ in range(4):
            await asyncio.sleep(0)
            counts.append(r.conversation.messages_in)
        assert counts[:3] == [4, 8, 9]

    run(main())


def test_ticks_come_every_100_ms_without_drift(rig: Any) -> None:
    async def main() -> None:
        times: list[float] = []
        loop = asyncio.get_running_loop()
        r = rig(lambda event: times.append(loop.time()) or [] if isinstance(event, Tick) else [])
        await meet(r)
        await asyncio.sleep(10.05)
        assert times == pytest.approx([0.1 * i for i in range(1, 101)])
        r.conversation.tick()
        assert times[-1] == pytest.approx(10.05)
        await asyncio.sleep(0.06)
        assert times[-1] == pytest.approx(10.1)

    run(main())


def test_timers_elapse_once_and_are_replaced_and_disarmed(rig: Any) -> None:
    async def main() -> None:
        times: dict[Timer, float] = {}
        loop = asyncio.get_running_loop()

        def script(event: Any) -> list[Any]:
            match event:
                case Connected():
                    return [Arm(Timer.SEQUENCE, 1.0), Arm(Timer.STOP, 1.0), Arm(Timer.HOLD, 2.0), Arm(Timer.HOLD, 3.0), Disarm(Timer.PACE)]
                case Elapsed(timer):
                    assert timer not in times
                    times[timer] = loop.time()
                    return [Disarm(Timer.STOP), Disarm(Timer.SEQUENCE)]  # both are due at this moment: only one may come
            return []

        await meet(rig(script))
        await asyncio.sleep(60)
        assert sorted(times.values()) == pytest.approx([1.0, 3.0])
        assert Timer.HOLD in times

    run(main())


def test_an_event_during_an_event_waits(rig: Any) -> None:
    async def main() -> None:
        depth = 0

        def script(event: Any) -> list[Any]:
            nonlocal depth
            depth += 1
            assert depth == 1
            if isinstance(event, Connected):
                r.conversation.stop("now")
                assert kinds(r.events) == []
            depth -= 1
            return []

        r = rig(script)
        await meet(r)
        assert kinds(r.events) == [Connected, StopWanted]

    run(main())


def test_sent_only_when_all_has_left(rig: Any, words: SimpleNamespace) -> None:
    async def main() -> None:
        r = rig(answering(words))
        peer = await meet(r, kernel=5)
        peer.transport.write(words.ask_frame)
        peer.transport.pause_reading()
        await asyncio.sleep(0.3)
        assert kinds(r.events) == [Connected, Received]
        peer.transport.resume_reading()
        await asyncio.sleep(0.01)
        assert kinds(r.events) == [Connected, Received, Sent]

    run(main())


def test_what_leaves_at_once_has_left_in_the_world_it_was_made_in(rig: Any, words: SimpleNamespace) -> None:
    async def met(kernel: int | None) -> list[tuple[str, object]]:
        r, moments = rig(answering(words)), count()
        found: list[tuple[str, object]] = []

        class Scribe:
            def saw(self, event: Any, raw: bytes, world: object, commands: object, written: object) -> None:
                found.append((type(event).__name__, world))

        peer = Peer()
        memory.connect(r.make(snapshot=lambda: next(moments), scribe=Scribe()), peer, **({} if kernel is None else {"kernel": kernel}))
        await asyncio.sleep(0)
        if kernel is not None:
            peer.transport.pause_reading()
        peer.transport.write(words.ask_frame)
        await asyncio.sleep(0.01)
        peer.transport.resume_reading()
        await asyncio.sleep(0.01)
        return found

    assert run(met(None)) == [("Connected", 0), ("Received", 1), ("Sent", 1)]
    assert run(met(5)) == [("Connected", 0), ("Received", 1), ("Sent", 2)]


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


def test_watchers_see_everything_and_one_that_fails_is_dropped(rig: Any, words: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        caplog.set_level(logging.INFO, logger="iso15118")
        seen: list[Seen] = []
        calls = 0

        def bad(_: Seen) -> None:
            nonlocal calls
            calls += 1
            raise ZeroDivisionError

        r = rig(lambda e: [Note("hello"), Send(words.answer, 0x8001), Phase.SESSION_SETUP] if isinstance(e, Received) else [])
        conversation, peer = r.make(), Peer()
        conversation.subscribe(bad)
        conversation.subscribe(seen.append)
        memory.connect(conversation, peer)
        await asyncio.sleep(0)
        peer.transport.write(words.ask_frame)
        await asyncio.sleep(0)
        peer.transport.close()
        await conversation.ended
        assert calls == 1
        assert [type(s) for s in seen] == [Exchanged, PhaseChanged, Noted, Exchanged, Ended]
        came, went = seen[0], seen[3]
        assert isinstance(came, Exchanged)
        assert isinstance(went, Exchanged)
        assert (came.direction, came.message, frame_bytes(0x8001, came.raw)) == (Direction.IN, words.ask, words.ask_frame)
        assert (went.direction, went.message, frame_bytes(0x8001, went.raw)) == (Direction.OUT, words.answer, words.answer_frame)
        assert seen[1] == PhaseChanged(0.0, Phase.APP_PROTOCOL, Phase.SESSION_SETUP)

    run(main())
    assert [line for line in told(caplog) if "watcher" in line] == ["rig: a watcher failed and is dropped"]
    assert "rig: hello" in told(caplog)


def test_a_scribe_that_fails_disturbs_nothing(rig: Any, words: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    class Scribe:
        calls = 0

        def saw(self, *_: object) -> None:
            self.calls += 1
            raise OSError("disk full")

    async def main() -> None:
        r, scribe, peer = rig(answering(words)), Scribe(), Peer()
        memory.connect(r.make(scribe=scribe), peer)
        await asyncio.sleep(0)
        peer.transport.write(words.ask_frame)
        await asyncio.sleep(0.01)
        assert peer.got == words.answer_frame
        assert scribe.calls == 1

    run(main())
    assert len(told(caplog)) == 1


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
