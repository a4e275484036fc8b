"""The timers of a session, on one timer of the loop.

Nearly every one is disarmed long before its time: arming and disarming are bookkeeping here, and the loop is asked only for the earliest.
It may wake for one that has been disarmed, and then sleeps on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from iso15118.sequence.timers import Timer
from iso15118.units import Second


class Deadlines:
    """Which timers run, and until when (s of the loop). `elapsed` is told of each that has come to its end."""

    __slots__ = ("_due", "_elapsed", "_handle", "_loop", "_wakes")

    def __init__(self, loop: asyncio.AbstractEventLoop, elapsed: Callable[[Timer], None]) -> None:
        self._loop = loop
        self._elapsed = elapsed
        self._due: dict[Timer, Second] = {}
        self._handle: asyncio.TimerHandle | None = None
        self._wakes: Second = inf

    def __contains__(self, timer: Timer) -> bool:
        return timer in self._due

    def arm(self, timer: Timer, seconds: Second) -> None:
        """From now on, also if it runs already."""
        due = self._due[timer] = self._loop.time() + seconds
        if due < self._wakes:
            self._wake_at(due)

    def disarm(self, timer: Timer) -> None:
        """Let it not elapse; one that does not run is no error."""
        self._due.pop(timer, None)

    def clear(self) -> None:
        """Let none elapse."""
        self._due.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle, self._wakes = None, inf

    def _wake_at(self, due: Second) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._wakes = due
        self._handle = self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        now = max(self._loop.time(), self._wakes)  # a loop wakes up to its clock's resolution early
        self._handle, self._wakes = None, inf
        for timer in sorted(self._due, key=self._due.__getitem__):
            if self._due.get(timer, now + 1.0) <= now:  # what elapsed before may have disarmed it, or armed it anew
                del self._due[timer]
                self._elapsed(timer)
        if (earliest := min(self._due.values(), default=inf)) < self._wakes:
            self._wake_at(earliest)
