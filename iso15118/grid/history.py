"""What a site has seen of its loads and its sun, in means of a quarter of an hour, and what that lets expect. Neighbour: `forecast`."""

from __future__ import annotations

from collections import deque
from math import floor
from typing import Final

from iso15118.grid.forecast import LITTLE, LOOKBACK, Quality, blended, profile, quality, trouble
from iso15118.grid.series import Series
from iso15118.units import Second, Watt

STEP: Final[Second] = 900.0
DAY: Final = 96
"""Steps."""


class History:
    """Of one quantity. It lives with its process: what is expected before it knows enough is the site file's."""

    def __init__(self, what: str, *, weekdays: bool) -> None:
        """`what`: in words. `weekdays`: working days and weekends differ."""
        self._what, self._weekdays = what, weekdays
        self._first = 0
        """The step (since the epoch) of the oldest mean."""
        self._means: deque[Watt] = deque(maxlen=LOOKBACK * DAY)
        self._step, self._sum, self._count = 0, 0.0, 0
        self._judged: tuple[int, Quality] | None = None
        self.latest: Watt = 0.0

    def add(self, power: Watt, moment: Second) -> None:
        """A measurement at a moment (s since the epoch). One before the present step is forgotten: the clock was set back."""
        self.latest = power
        step = floor(moment / STEP)
        if step < self._step:
            return
        if step > self._step:
            self._close(step)
        self._sum, self._count = self._sum + power, self._count + 1

    def _close(self, step: int) -> None:
        """The present step is over. Steps in which nothing was measured were as the one before; after a day of them all begins anew."""
        if self._count:
            if not self._means:
                self._first = self._step
            mean = self._sum / self._count
            gap = step - self._step
            if gap > DAY:
                self._means.clear()
            else:
                before = len(self._means) + gap
                self._means.extend([mean] * gap)
                self._first += before - len(self._means)
        self._step, self._sum, self._count = step, 0.0, 0

    @property
    def days(self) -> float:
        """That are known."""
        return len(self._means) / DAY

    def expected(self, now: Second, horizon: Second) -> Series | None:
        """What similar days let expect, from what is measured at this moment on; None: they are too few."""
        if self.days < LITTLE:
            return None
        known = Series(self._first * STEP, STEP, tuple(self._means))
        return blended(profile(known, now, horizon, weekdays=self._weekdays), self.latest, now)

    def trouble(self, now: Second) -> str:
        """Why that cannot be trusted; empty: it can, or nothing is foretold yet. Judged once a day."""
        day = floor(now / STEP / DAY)
        if self.days < LITTLE + 1:
            return ""
        if self._judged is None or self._judged[0] != day:
            known = Series(self._first * STEP, STEP, tuple(self._means))
            self._judged = day, quality(known, now, weekdays=self._weekdays)
        found = self._judged[1]
        return trouble(self._what, found) if found.days >= LITTLE else ""
