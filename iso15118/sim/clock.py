"""A clock that moves only when told: the `now` of demos, benches and tests in virtual time."""

from __future__ import annotations

from iso15118.errors import LocalError
from iso15118.units import Second


class VirtualClock:
    """Monotonic seconds, standing still between calls of `advance`."""

    __slots__ = ("now",)

    def __init__(self, now: Second = 0.0) -> None:
        self.now = now

    def advance(self, seconds: Second) -> Second:
        """The new time, `seconds` later. Raises LocalError on a step backwards."""
        if seconds < 0:
            raise LocalError(f"a monotonic clock cannot go back by {-seconds} s")
        self.now += seconds
        return self.now
