"""What is asked of the allocator and what it says: words, and one outlet as it reckons with it. Neighbours: `allocate`, `table`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from iso15118.grid.headroom import NO_LINES, Headroom, Limit
from iso15118.grid.site import PHASES, Evse
from iso15118.grid.turns import Seat
from iso15118.units import Ampere, PerPhase, Second, Watt
from iso15118.value import Value

RAMP: Final[Ampere] = 2.0
"""A a second, upwards,"""
SLOWEST: Final[Second] = 16.0
"""or, on direct current, so fast that it has all its outlet can in this time."""
DEAD: Final[Ampere] = 0.5
"""A: a smaller increase is not worth a new set-point."""
OVERDRAWN: Final[Ampere] = 1.0
FOUND: Final = 1e-6


class Wish(Value, kw_only=True):
    """What one car should have, and could. W at the mains' side of its outlet."""

    evse: str
    most: Watt
    """The car and its outlet together, + into the car."""
    target: Watt = 0.0
    """Of the policy, signed: negative, and it is to give back. More than `most` is `most`."""
    fills: bool = True
    """It may have more than its target if there is room."""
    gives: Watt = 0.0
    """Magnitude: it could give so much, and everything that must allow it does."""
    phases: int = 3
    """That the car uses; while one and three are being switched, three."""
    urgent: bool = False
    """It lacks its minimum energy, or its driver wants it now."""
    laxity: Second = float("inf")
    priority: int = 0
    since: Second = 0.0
    """Waiting since (monotonic)."""
    why_most: str = "car"
    """What `most` is from, for people."""


class Grant(Value, kw_only=True):
    """What one outlet may do now."""

    evse: str
    current: Ampere
    """In each of its lines, signed."""
    power: Watt
    """At the mains' side of the outlet, signed."""
    lines: PerPhase
    """A in the mains' L1, L2, L3."""
    until: Second
    """Monotonic; after it the outlet falls to its own fail-safe."""
    why: str
    """What held it, for people."""
    limit: Limit | None = None
    """The limit that held it; None: a target, the car, its turn or a ramp did."""
    fault: str = ""
    """It takes more than it may and has done so for 5 s: open it."""


Grants: TypeAlias = tuple[tuple[Second, Ampere], ...]
"""What was granted to one outlet, each since a moment (monotonic) and until the next."""


class Allocated(Value, kw_only=True):
    """State from second to second."""

    at: Second = float("-inf")
    currents: Mapping[str, Ampere] = {}
    """As granted last, in each line."""
    seats: Mapping[str, Seat] = {}
    recent: Mapping[str, Grants] = {}
    """What each outlet was granted of late: any of the last 5 s may be what its car is on its way to, and meters tell later still."""
    ending: Mapping[str, Second] = {}
    """Since when an outlet gives back more than its target wants."""
    over: Mapping[str, Second] = {}
    """Since when an outlet takes more than it was granted."""


class Place:
    """One outlet with a wish, in A a line."""

    __slots__ = ("evse", "least", "lines", "measured", "most", "per", "ramp", "returned", "target", "wish")

    def __init__(self, evse: Evse, wish: Wish, room: Headroom) -> None:
        self.evse, self.wish = evse, wish
        self.least = 0.0 if evse.dc else evse.least
        self.ramp = max(RAMP, evse.most / SLOWEST) if evse.dc else RAMP
        self.lines = evse.lines if evse.dc else evse.lines[: wish.phases]
        self.per = len(self.lines) * room.voltage
        """W for an A."""
        self.most = min(evse.most, wish.most / self.per) if wish.most > 0.0 else 0.0
        self.target = max(-min(evse.most, wish.gives / self.per), min(self.most, wish.target / self.per))
        drawn = room.draws[evse.name]
        here = NO_LINES if drawn is None else drawn if len(self.lines) == PHASES else [drawn[line] for line in self.lines]
        most, least = max(here), min(here)
        self.measured = None if drawn is None else most if most > -least else least
        self.returned = max(0.0, -most) if evse.name not in room.frozen else 0.0
        """A that surely come back in each line."""


def wanted(place: Place) -> Ampere:
    """What it would take if nobody else were there."""
    return place.most if place.wish.fills or place.wish.urgent else max(0.0, place.target)
