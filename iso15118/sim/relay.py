"""A contactor as a thing that takes time: a level is demanded, the contacts follow after a delay."""

from __future__ import annotations

from iso15118.power import Contactor
from iso15118.units import Second

_EPSILON = 1e-9
"""Seconds below which a delay counts as over: sums of steps are not exact."""


class Relay:
    """Contacts with a delay. Until it is over they conduct as before and the feedback says MOVING.

    `welded`: they conduct whatever is demanded. `stuck_open`: they never do.
    """

    __slots__ = ("_closed", "_demanded", "_left", "delay", "operations", "stuck_open", "welded")

    def __init__(self, delay: Second = 0.050) -> None:
        self.delay = delay
        self.welded = False
        self.stuck_open = False
        self.operations = 0
        """How often the contacts have changed over."""
        self._closed = False
        self._demanded = False
        self._left = 0.0

    def demand(self, closed: bool) -> None:
        """Ask for a level; the same level again changes nothing."""
        if closed != self._demanded:
            self._demanded = closed
            self._left = self.delay if closed != self._closed else 0.0

    def advance(self, dt: Second) -> None:
        """Let `dt` seconds pass."""
        if self._closed != self._demanded:
            self._left -= dt
            if self._left <= _EPSILON:
                self._closed = self._demanded
                self.operations += 1

    @property
    def conducting(self) -> bool:
        """Do the main contacts carry?"""
        return self.welded or (self._closed and not self.stuck_open)

    @property
    def settled(self) -> bool:
        """Is nothing on its way?"""
        return self._closed == self._demanded

    @property
    def feedback(self) -> Contactor:
        """What the mirror contacts say."""
        if self.welded or self.stuck_open:
            return Contactor.CLOSED if self.conducting else Contactor.OPEN
        if not self.settled:
            return Contactor.MOVING
        return Contactor.CLOSED if self._closed else Contactor.OPEN
