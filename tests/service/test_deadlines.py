"""Timers of a session on one timer of the loop: what elapses, when, and what no longer does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from iso15118.sequence.timers import Timer
from iso15118.service import virtual
from iso15118.service.deadlines import Deadlines

Seen = list[tuple[float, Timer]]


def lived(act: Callable[[Deadlines, Seen], None], seconds: float = 10.0, answer: Callable[[Deadlines, Timer], None] | None = None) -> Seen:
    """What elapses within `seconds` after `act`, and when; `answer` is what the session does when one does."""

    async def main() -> Seen:
        loop, seen = asyncio.get_running_loop(), Seen()

        def elapsed(timer: Timer) -> None:
            seen.append((round(loop.time(), 6), timer))
            if answer is not None:
                answer(deadlines, timer)

        deadlines = Deadlines(loop, elapsed)
        act(deadlines, seen)
        await asyncio.sleep(seconds)
        return seen

    return virtual.run(main())


def test_each_elapses_once_at_its_time_in_order() -> None:
    def act(deadlines: Deadlines, seen: Seen) -> None:
        deadlines.arm(Timer.HOLD, 3.0)
        deadlines.arm(Timer.SEQUENCE, 1.0)
        deadlines.arm(Timer.WRITE, 2.0)

    assert lived(act) == [(1.0, Timer.SEQUENCE), (2.0, Timer.WRITE), (3.0, Timer.HOLD)]


def test_armed_anew_counts_from_now() -> None:
    def act(deadlines: Deadlines, seen: Seen) -> None:
        deadlines.arm(Timer.SEQUENCE, 1.0)
        deadlines.arm(Timer.SEQUENCE, 4.0)
        deadlines.arm(Timer.WRITE, 4.0)
        deadlines.arm(Timer.WRITE, 0.5)

    assert lived(act) == [(0.5, Timer.WRITE), (4.0, Timer.SEQUENCE)]


def test_disarmed_and_cleared_ones_do_not_elapse() -> None:
    def act(deadlines: Deadlines, seen: Seen) -> None:
        deadlines.arm(Timer.SEQUENCE, 1.0)
        deadlines.arm(Timer.WRITE, 2.0)
        assert Timer.SEQUENCE in deadlines
        deadlines.disarm(Timer.SEQUENCE)
        deadlines.disarm(Timer.HOLD)
        assert Timer.SEQUENCE not in deadlines

    def clear(deadlines: Deadlines, seen: Seen) -> None:
        deadlines.arm(Timer.SEQUENCE, 1.0)
        deadlines.clear()
        assert Timer.SEQUENCE not in deadlines

    def again(deadlines: Deadlines, seen: Seen) -> None:
        clear(deadlines, seen)
        deadlines.arm(Timer.WRITE, 2.0)

    assert lived(act) == lived(again) == [(2.0, Timer.WRITE)]
    assert lived(clear) == []


def test_one_may_disarm_and_arm_others_when_it_elapses() -> None:
    def act(deadlines: Deadlines, seen: Seen) -> None:
        for timer in (Timer.SEQUENCE, Timer.STOP):
            deadlines.arm(timer, 1.0)

    def answer(deadlines: Deadlines, timer: Timer) -> None:
        if timer is Timer.SEQUENCE:
            deadlines.disarm(Timer.STOP)
            deadlines.arm(Timer.SEQUENCE, 2.0)
            deadlines.arm(Timer.WRITE, 0.25)

    assert lived(act, 6.5, answer) == [
        (1.0, Timer.SEQUENCE),
        (1.25, Timer.WRITE),
        (3.0, Timer.SEQUENCE),
        (3.25, Timer.WRITE),
        (5.0, Timer.SEQUENCE),
        (5.25, Timer.WRITE),
    ]
