"""A contactor as a thing that takes time: a level is demanded, the contacts follow after a delay."""

from __future__ import annotations

from iso15118.power import Contactor
from iso15118.units import Second

CHATTER: Second = 0.005
"""So long bouncing contacts are apart, and together again."""
_EPSILON = 1e-9
"""Seconds below which a delay counts as over: sums of steps are not exact."""


class Relay:
    """Contacts with a delay. Until it is over they conduct as before and the feedback says MOVING.

    `welded`: they conduct whatever is demanded. `stuck_open`: they never do. `bounce`: s for which they chatter when they close.
    """

    __slots__ = ("_bouncing", "_closed", "_demanded", "_left", "bounce", "delay", "operations", "stuck_open", "welded")

    def __init__(self, delay: Second = 0.050) -> None:
        self.delay = delay
        self.welded = False
        self.stuck_open = False
        self.bounce = 0.0
        self.operations = 0
        """How often the contacts have changed over."""
        self._closed = False
        self._demanded = False
        self._left = 0.0
        self._bouncing = 0.0

    def demand(self, closed: bool) -> None:
        """Ask for a level; the same level again changes nothing."""
        if closed != self._demanded:
            self._demanded = closed
            self._left = self.delay if closed != self._closed else 0.0

    def advance(self, dt: Second) -> None:
        """Let `dt` seconds pass."""
        self._bouncing = max(0.0, self._bouncing - dt)
        if self._closed != self._demanded:
            self._left -= dt
            if self._left <= _EPSILON:
                self._closed = self._demanded
                self.operations += 1
                self._bouncing = self.bounce if self._closed else 0.0

    @property
    def conducting(self) -> bool:
        """Do the main contacts carry?"""
        return self.welded or (self._closed and not self.stuck_open and not self._apart)

    @property
    def _apart(self) -> bool:
        """Every other 5 ms of chatter the contacts are apart."""
        return self._bouncing > _EPSILON and round(self._bouncing / CHATTER) % 2 == 1

    @property
    def settled(self) -> bool:
        """Is nothing on its way?"""
        return self._closed == self._demanded and self._bouncing <= _EPSILON

    @property
    def feedback(self) -> Contactor:
        """What the mirror contacts say."""
        if self.welded or self.stuck_open:
            return Contactor.CLOSED if self.conducting else Contactor.OPEN
        if not self.settled:
            return Contactor.MOVING
        return Contactor.CLOSED if self._closed else Contactor.OPEN
