"""An event loop whose time is virtual: when nothing is ready it jumps to the next timer instead of waiting.

A session of an hour runs in the time its computing takes, the same way each time. `pace` slows it down to so many virtual seconds per
real one, for people who watch. Real sockets work too, but real time does not pass for them: what a loop of this kind runs talks over
`memory`.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from iso15118.errors import LocalError
from iso15118.units import Second

T = TypeVar("T")
POLL = 64
"""Turns between two looks at the system where no socket is open."""


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits, unless paced: the time it is asked to wait passes on the loop's clock instead."""

    loop: VirtualTimeLoop | None = None
    _turn = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        loop = self.loop
        if loop is None or (timeout is not None and timeout <= 0):
            return self._now()
        found = self._now()
        if found:
            return found
        if timeout is None:
            raise LocalError("nothing is ready and no timer runs: this would wait for ever")
        if loop.pace is not None:
            found = list(super().select(loop.real_wait(timeout)))
        loop.passed(timeout, cut_short=bool(found))
        return found

    def _now(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready. While there is nothing but the loop's own wake-up (signals), the system is asked now and then only."""
        self._turn = (self._turn + 1) % POLL
        return [] if self._turn and len(self.get_map()) == 1 else list(super().select(0))


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at `start` and moves only when nothing is ready to run."""

    def __init__(self, *, pace: float | None = None, start: Second = 0.0) -> None:
        """`pace`: virtual seconds per real second, > 0; None: as fast as it goes. Raises LocalError for any other."""
        selector = _JumpingSelector()
        super().__init__(selector)
        if pace is not None and not pace > 0:
            self.close()
            raise LocalError(f"pace {pace} is not above 0")
        self._virtual = start
        self.pace = pace
        self._origin = start - (time.monotonic() * pace if pace else 0.0)
        selector.loop = self

    def time(self) -> Second:
        """Virtual seconds."""
        return self._virtual

    def real_wait(self, timeout: Second) -> Second:
        """Real seconds until `timeout` virtual ones from now have passed."""
        if self.pace is None:
            return 0.0
        return max(0.0, (self._virtual + timeout - self._origin) / self.pace - time.monotonic())

    def passed(self, timeout: Second, *, cut_short: bool) -> None:
        """Let the clock move on by `timeout`, or by what of it has really passed when something came in between."""
        if cut_short and self.pace is not None:
            timeout = min(timeout, max(0.0, self._origin + time.monotonic() * self.pace - self._virtual))
        self._virtual += timeout


def run(main: Coroutine[Any, Any, T], *, pace: float | None = None) -> T:
    """The result of `main`, run on a loop of its own in virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(pace=pace)) as runner:
        return runner.run(main)
