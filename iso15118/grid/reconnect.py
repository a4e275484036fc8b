"""When power may come back to the grid: on a grid that has been fine for long enough, and then along a ramp.

Two windows: of a first start, and after a trip, which is the narrower one. Whether the inverter itself has come back is its own affair
(`der.in_service`); this is what the charge loop lets it give. Whoever sees a trip says so: `anti_islanding`, an inverter, a contactor.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from iso15118.der.follow import Grid
from iso15118.der.words import EnterService
from iso15118.grid.curves import Connection, enter_service
from iso15118.grid.profile import Profile
from iso15118.units import Second, Watt
from iso15118.value import Value


class Rules(Value):
    """The two windows of a grid code; a random delay is the inverter's."""

    start: EnterService
    after_trip: EnterService


def rules(profile: Profile, at: Connection) -> Rules:
    """Those of a profile. Raises LocalError where it has none."""
    return Rules(enter_service(profile, at, "start"), enter_service(profile, at))


class State(StrEnum):
    """Where a connection stands."""

    OUT = "out"
    """The grid is none to come back on, or is not measured."""
    OBSERVING = "observing"
    """It is, not yet for long enough."""
    RAMPING = "ramping"
    CONNECTED = "connected"


class Connecting(NamedTuple):
    """What is remembered: the state, since when (s, monotonic), and whether there was a trip."""

    state: State = State.OUT
    since: Second = 0.0
    tripped: bool = False


NEW: Final = Connecting()


def step(before: Connecting, grid: Grid | None, now: Second, by: Rules, *, trip: bool = False) -> Connecting:
    """What has become of `before` at `now`. `grid` None: not measured; a grid outside the window is no trip of itself."""
    if trip:
        return Connecting(State.OUT, now, tripped=True)
    window = by.after_trip if before.tripped else by.start
    if before.state in (State.OUT, State.OBSERVING):
        if grid is None or not (window.holds(grid.lowest, grid.frequency) and window.holds(grid.highest, grid.frequency)):
            return before if before.state is State.OUT else Connecting(State.OUT, now, before.tripped)
        if before.state is State.OUT:
            before = Connecting(State.OBSERVING, now, before.tripped)
        if now - before.since < (window.delay or 0.0):
            return before
        return Connecting(State.RAMPING if window.ramp_time else State.CONNECTED, now, before.tripped)
    if before.state is State.RAMPING and now - before.since >= (window.ramp_time or 0.0):
        return Connecting(State.CONNECTED, now)
    return before


def share(at: Connecting, now: Second, by: Rules) -> float:
    """Of the most power, 0..1, what may be given."""
    if at.state is State.CONNECTED:
        return 1.0
    ramp = (by.after_trip if at.tripped else by.start).ramp_time
    return min(1.0, (now - at.since) / ramp) if at.state is State.RAMPING and ramp else 0.0


def held(wish: Watt, most: Watt, at: Connecting, now: Second, by: Rules) -> Watt:
    """The wish (W, + into the vehicle) with no more given than may be; `most`: W, a magnitude. A load goes on."""
    return max(wish, 0.0 - share(at, now, by) * most)
