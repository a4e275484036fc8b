from __future__ import annotations

import asyncio
import logging
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.service import memory
from iso15118.service.seen import Direction, Ended, Exchanged, Noted, PhaseChanged, Seen
from iso15118.service.virtual import run
from iso15118.session.commands import Apply, Arm, Disarm, Note, Send
from iso15118.session.events import Connected, Elapsed, Received, Sent, StopWanted, Tick
from iso15118.wire.v2gtp import frame_bytes
from tests.service.meeting import Peer, answering, kinds, meet, told


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
