"""The verdict on the insulation, from what a monitor tells round by round: the steps of a test, and what stands after it. Pure.

A test is ordered, runs, and is followed by a measurement with voltage on the output; that one is judged. A test that is never seen to run,
or to end, leaves the verdict at TESTING: whoever has asked has a time limit.

While the voltage moves, what charges the capacitances to earth looks like a bad insulation: `Moving` keeps that from the verdict.
"""

from __future__ import annotations

import threading
from collections import deque
from enum import IntEnum
from typing import Final

from iso15118.power import Insulation, Measured
from iso15118.units import Ohm, Second, Volt
from iso15118.value import Value, replace

TEST_VOLTAGE: Final[Volt] = 60.0
"""With less on the output there is nothing to judge."""
INSULATION_GRACE: Final[Second] = 1.0
"""A bad resistance has to hold for so long while the voltage moves (ours: what a monitor may take to find a single fault, N12)."""
INSULATION_MOVED: Final[Volt] = 20.0
"""A voltage that has changed by more than this within that time moves (ours: above ripple, and what may differ at a contactor, N14)."""


class Seen(Value):
    """What a monitor has told in one round."""

    ohm: Ohm | None
    """None: no valid value, or a test runs."""
    volts: Volt | None
    """Of the output, a magnitude; None: no valid value."""
    smaller: bool = False
    """The resistance may be smaller than `ohm`."""
    testing: bool = False
    """The test that can be ordered runs."""
    error: bool = False
    """It says that it cannot do its work, or that its test has gone wrong."""
    ready: bool = True
    """A test may be ordered."""

    def bad(self, limit: Ohm) -> bool:
        """There is a resistance, and it is smaller than `limit`, or may be."""
        return self.ohm is not None and (self.ohm < limit or self.smaller)


class Moving:
    """Which measurements are believed while the voltage moves. For the thread that has the monitor."""

    def __init__(self, limit: Ohm) -> None:
        """`limit`: the smallest good resistance."""
        self._limit = limit
        self._volts: deque[tuple[Second, Volt]] = deque()
        """With their times: those of the last `INSULATION_GRACE`, and the one before."""
        self._bad_from: Second | None = None
        """None: the latest resistance is good."""

    def believed(self, seen: Seen, at: Second) -> Seen:
        """What counts of a round that has ended `at`: all of it; but no resistance that has been bad for less than `INSULATION_GRACE`.

        No grace for an error of the device, nor where the voltage stays or is not known.
        """
        if seen.volts is not None:
            self._volts.append((at, seen.volts))
        while len(self._volts) > 1 and self._volts[1][0] <= at - INSULATION_GRACE:
            self._volts.popleft()
        if seen.ohm is None or seen.error:
            return seen
        if not seen.bad(self._limit):
            self._bad_from = None
            return seen
        if self._bad_from is None:
            self._bad_from = at
        volts = [each for _, each in self._volts]
        moves = seen.volts is not None and max(volts) - min(volts) > INSULATION_MOVED
        return replace(seen, ohm=None) if moves and at - self._bad_from < INSULATION_GRACE else seen


class Step(IntEnum):
    """How far a test is."""

    WANTED = 0
    ORDERED = 1
    RUNNING = 2
    MEASURING = 3


class Verdict:
    """Told by the owner of the outlet (`demand`) and by the thread that has the monitor (the others); each of them at any time."""

    def __init__(self, limit: Ohm, *, orders: bool = True) -> None:
        """`limit`: the smallest good resistance. `orders`: the monitor has a test that can be ordered; else a measurement is the test."""
        self._limit = limit
        self._first = Step.WANTED if orders else Step.MEASURING
        self._lock = threading.Lock()
        self._state = Measured(Insulation.UNKNOWN, float("-inf"))
        self._step = self._first
        self._wanted = False
        self._since: Second = float("-inf")

    def demand(self, testing: bool, now: Second) -> bool:
        """The level. True: it has risen, and the verdict is a fresh one."""
        with self._lock:
            rising = testing and not self._wanted
            self._wanted = testing
            if rising:
                self._since, self._step = now, self._first
                self._state = Measured(Insulation.TESTING, self._state.at)
            return rising

    @property
    def state(self) -> Measured[Insulation]:
        """As last judged."""
        return self._state

    def due(self, seen: Seen) -> Second | None:
        """The test that is to be ordered now, by the second it was asked for."""
        with self._lock:
            due = self._wanted and self._step is Step.WANTED and self._state.value is Insulation.TESTING
            return self._since if due and seen.ready and not seen.error else None

    def ordered(self, since: Second) -> None:
        """The test asked for then has been ordered."""
        with self._lock:
            if since == self._since and self._step is Step.WANTED:
                self._step = Step.ORDERED

    def see(self, seen: Seen, began: Second, at: Second) -> None:
        """Judge a round that has lasted from `began` to `at`; what began before a test was asked for says nothing of it."""
        with self._lock:
            value = self._state.value
            if value is not Insulation.TESTING or began >= self._since:
                value = self._judged(value, seen)
            self._state = Measured(value, at)

    def _judged(self, value: Insulation, seen: Seen) -> Insulation:
        bad = seen.error or seen.bad(self._limit)
        live = seen.volts is None or seen.volts >= TEST_VOLTAGE
        if value is Insulation.TESTING:
            return self._tested(seen, bad)
        if value is Insulation.VALID and bad:
            return Insulation.FAULT
        if value is Insulation.FAULT and not (self._wanted or live or seen.error):
            return Insulation.UNKNOWN  # no voltage, no test: there is nothing left to judge
        return value

    def _tested(self, seen: Seen, bad: bool) -> Insulation:
        if not self._wanted:
            return Insulation.UNKNOWN
        if seen.error:
            return Insulation.FAULT
        if self._step is Step.MEASURING and not seen.testing:
            if seen.ohm is None or seen.volts is None or seen.volts < TEST_VOLTAGE:
                return Insulation.TESTING
            return Insulation.FAULT if bad else Insulation.VALID
        if self._step is Step.ORDERED and seen.testing:
            self._step = Step.RUNNING
        elif self._step is Step.RUNNING and not seen.testing:
            self._step = Step.MEASURING
        return Insulation.TESTING
