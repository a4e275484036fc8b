"""The highest mean import of a site's billing period so far, by the meter of its connection: what a demand charge is on."""

from __future__ import annotations

from typing import Final

from iso15118.grid.prices import Demand
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import replace

GAP: Final[Second] = 10.0
"""A meter that was silent for longer leaves a window of which nothing is known."""
PERIODS: Final = 3
"""Periods that are remembered: a clock may be wrong for a while."""


class Peak:
    """Of one site."""

    def __init__(self, before: Demand | None = None) -> None:
        """`before`: the charge as it stood when the site was led last; None: the market tells the peak so far."""
        self._peaks: dict[Second, Watt] = {} if before is None else {before.until: before.peak}
        """By the end of the period."""
        self._market: dict[Second, Watt | None] = {} if before is None else {before.until: None}
        """What it has told of each: a peak in a file is that of the month in which it was written."""
        self._until: Second = float("inf") if before is None else before.until
        self._read: Second = float("-inf")
        self._begin: Second = float("-inf")
        self._moment: Second = float("-inf")
        self._power: Watt = 0.0
        self._energy: WattHour = 0.0
        """Since the running window began,"""
        self._whole = False
        """if all of it was seen,"""
        self._of: Second = float("inf")
        """and of which period it is."""

    def saw(self, power: Watt, read: Second, moment: Second, window: Second) -> None:
        """What the connection draws, W signed: when it was read (monotonic), and that moment since the epoch. `window`: of the charge.

        A reading that was seen before is none.
        """
        if read <= self._read:
            return
        passed, begin = moment - self._moment, moment - moment % window
        seen = 0.0 < passed <= GAP
        if begin == self._begin:
            self._whole = self._whole and seen
            self._energy += self._power * passed / HOUR
        else:
            if seen and self._whole:
                mean = (self._energy * HOUR + self._power * (begin - self._moment)) / window
                self._peaks[self._of] = max(self._peaks.get(self._of, 0.0), mean)
            self._whole, self._of = seen or moment == begin, self._until
            self._energy = self._power * (moment - begin) / HOUR if seen else 0.0
        self._read, self._begin, self._moment, self._power = read, begin, moment, power

    def drawn(self, moment: Second, window: Second) -> WattHour | None:
        """Since the running window began, until now as it was read last; None: that was not seen."""
        if not self._whole or not 0.0 <= moment - self._moment <= GAP:
            return None
        begin = moment - moment % window
        if begin != self._begin:
            return self._power * (moment - begin) / HOUR
        return self._energy + self._power * (moment - self._moment) / HOUR

    def known(self, told: Demand) -> Demand:
        """The charge with the peak so far. `told`: as the market has it. Its own peak counts in the period in which it is told first, and
        in any where it rises.
        """
        until = told.until
        heard = self._market.get(until)
        if heard is None:
            heard = told.peak if self._market else -1.0
            for gone in list(self._market)[: 1 - PERIODS]:
                del self._market[gone]
                self._peaks.pop(gone, None)
        if told.peak > heard:
            self._peaks[until] = max(self._peaks.get(until, 0.0), told.peak)
        self._until, self._market[until] = until, told.peak
        return replace(told, peak=self._peaks.get(until, 0.0))
