"""How fast both sides of a conversation answer, on the machine's own clock: for statistics, while `punctual` judges on the loop's."""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import Final

from iso15118.units import Second

KEPT: Final = 20_000
"""The newest times of each."""


class Pace:
    """The times of one conversation. A charger answers with `turnarounds`, a car is answered after `waits`."""

    __slots__ = ("_came", "_left", "turnarounds", "waits")

    def __init__(self) -> None:
        self.turnarounds: deque[Second] = deque(maxlen=KEPT)
        """From octets of the peer to the next message written here."""
        self.waits: deque[Second] = deque(maxlen=KEPT)
        """From a message written here to the next octets of the peer."""
        self._came: Second | None = None
        self._left: Second | None = None

    def came(self) -> None:
        """Octets of the peer are here."""
        self._came = perf_counter()
        if self._left is not None:
            self.waits.append(self._came - self._left)
            self._left = None

    def left(self) -> None:
        """A message has been written."""
        self._left = perf_counter()
        if self._came is not None:
            self.turnarounds.append(self._left - self._came)
            self._came = None
