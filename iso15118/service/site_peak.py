"""The highest mean import of a site's billing period so far, by the meter of its connection: what a demand charge is on."""

from __future__ import annotations

from typing import Final

from iso15118.grid.prices import Demand
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import replace

GAP: Final[Second] = 10.0
"""A meter that was silent for longer leaves a window of which nothing is known."""
RENEWED: Final = 0.5
"""More than this part of the period is suddenly to come: another one has begun."""


class Peak:
    """Of one site."""

    def __init__(self, before: Demand | None = None) -> None:
        """`before`: the charge as it stood when the site was led last; None: the site's file tells the peak so far."""
        self._peak: Watt = 0.0 if before is None else before.peak
        self._left = None if before is None else before.left
        self._told: Watt | None = None
        self._begin: Second = float("-inf")
        self._at: Second = float("-inf")
        self._power: Watt = 0.0
        self._energy: WattHour = 0.0
        """Since the running window began,"""
        self._whole = False
        """if all of it was seen."""

    def saw(self, power: Watt, at: Second, window: Second) -> None:
        """What the connection draws, W signed, read at a moment (s since the epoch). `window`: of the charge."""
        passed, begin = at - self._at, at - at % window
        if passed == 0.0:
            return
        seen = 0.0 < passed <= GAP
        if begin == self._begin:
            self._whole = self._whole and seen
            self._energy += self._power * passed / HOUR
        else:
            if seen and self._whole:
                self._peak = max(self._peak, (self._energy * HOUR + self._power * (begin - self._at)) / window)
            self._whole, self._energy = seen or at == begin, self._power * (at - begin) / HOUR if seen else 0.0
        self._begin, self._at, self._power = begin, at, power

    def drawn(self, moment: Second) -> WattHour | None:
        """Since the running window began; None: that was not seen."""
        if not self._whole or not 0.0 <= moment - self._at <= GAP:
            return None
        return self._energy + self._power * (moment - self._at) / HOUR

    def known(self, told: Demand) -> Demand:
        """The charge with the peak so far. `told`: as the market has it, whose own peak counts in the period in which it was told first,
        and whenever it rises: one in a file is that of the month in which it was written.
        """
        if self._left is not None and told.left > self._left + RENEWED:
            self._peak = 0.0
        elif self._left is None or (self._told is not None and told.peak > self._told):
            self._peak = max(self._peak, told.peak)
        self._left, self._told = told.left, told.peak
        return replace(told, peak=self._peak)
