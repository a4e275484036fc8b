"""When a charger's process looks for unreachable objects: while nobody charges.

A search through everything that lives takes a tenth of a second with a hundred sessions, which keep what they went through in memory, and
a car waits half a second. What a session leaves behind in circles is small (some 200 objects), and all else goes by reference counts, so
the search may wait.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

from iso15118.service.seen import Ended, Seen
from iso15118.service.station import Station
from iso15118.units import Second

YOUNG: Final = (2_000, 5)
"""New objects before those are searched; and how many such searches before the ones that lived through them are: some 3 ms for these.

What is kept in recordings lives through both, so with fewer at a time as much is done, but no answer waits long for it.
"""
NEVER: Final = 1_000_000_000
REST: Final[Second] = 2.0
"""After a session's end: its connection is closed and its recording handed over."""
MOST: Final = 1000
"""Sessions that may have ended without a search: some 20 MB. Then it is due whoever charges."""


def settle() -> None:
    """What lives now will live as long as the process: it is left out of later searches, and the search through all waits for `Sweeper`."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG, NEVER)
    gc.enable()


class Sweeper:
    """A watcher of a station: it searches when a session has ended and no other one is in its charge loop."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._ended = 0

    def __call__(self, name: str, seen: Seen) -> None:
        if isinstance(seen, Ended):
            self._ended += 1
            asyncio.get_running_loop().call_later(REST, self.sweep)

    def sweep(self) -> bool:
        """Search, if there is anything to find and the time is good. True: it was done."""
        charging = any(evse.phase is not None and evse.phase.loop for evse in self._station.status())
        if not self._ended or (charging and self._ended < MOST):
            return False
        self._ended = 0
        gc.collect()
        return True
