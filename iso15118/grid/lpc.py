"""Limitation of power consumption (EEBUS LPC) as states: who limits, for how long, and what holds when nobody is heard any more.

Pure: `step` gives the next state and what is to go into the log of events, which has to be kept for 2 years (§ 14a; `paragraph_14a` has
the formula). Times are seconds of one clock that does not jump. The link to the grid operator, EEBUS or a relay, is a back-end's.
Limitation of production (LPP) has the same states.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from iso15118.errors import LocalError
from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.units import HOUR, Second, Watt
from iso15118.value import Value

SILENCE: Final[Second] = 120.0
"""Without a heartbeat for so long, the limiter is gone (EEBUS LPC)."""
WAIT: Final[Second] = 120.0
"""For so long a first limit is waited for, after the start and after heartbeats are back."""


class State(StrEnum):
    """Names of the use case."""

    INIT = "Init"
    UNLIMITED_CONTROLLED = "UnlimitedControlled"
    LIMITED = "Limited"
    FAILSAFE = "Failsafe"
    UNLIMITED_AUTONOMOUS = "UnlimitedAutonomous"


class Heartbeat(NamedTuple):
    """The limiter is alive."""


class Limit(NamedTuple):
    """The limiter says how much may be drawn, W; None: as much as one likes. It is alive, too."""

    power: Watt | None
    duration: Second | None = None
    """None: until it says something else."""


Event: TypeAlias = Heartbeat | Limit


class Failsafe(Value):
    """What holds without a limiter. Raises LocalError on a power below 0, and on a duration other than 2 to 24 h."""

    power: Watt
    """`paragraph_14a.minimum_power` of this connection, unless agreed otherwise."""
    minimum_duration: Second = 2 * HOUR
    """It holds at least so long, if no limit comes."""

    def __post_init__(self) -> None:
        if not self.power >= 0.0:
            raise LocalError(f"a failsafe limit of {self.power:g} W; allowed: a magnitude, in W")
        if not 2 * HOUR <= self.minimum_duration <= 24 * HOUR:
            raise LocalError(f"a failsafe of at least {self.minimum_duration / HOUR:g} h; allowed: 2 to 24 h")


class Entry(Value):
    """A time of limitation that has ended: seconds, W, and whether it was the limiter's or the failsafe."""

    start: Second
    end: Second
    limit: Watt
    state: State


class Limitation(NamedTuple):
    """Where it stands."""

    state: State
    since: Second
    """It came into this state, or this limit."""
    heard: Second
    """The limiter's last sign of life."""
    limit: Watt | None = None
    until: Second | None = None
    heard_again: Second | None = None
    """In Failsafe: since when there have been heartbeats again."""


def start(now: Second) -> Limitation:
    """Nobody has said anything."""
    return Limitation(State.INIT, now, now)


def in_force(at: Limitation, failsafe: Failsafe) -> Watt | None:
    """The limit that holds, W; None: there is none. While a first one is waited for, the failsafe (ours: silence is the worst case)."""
    if at.state in (State.INIT, State.FAILSAFE):
        return failsafe.power
    return at.limit if at.state is State.LIMITED else None


def signal(at: Limitation, failsafe: Failsafe) -> Signal | None:
    """What the site is told: a limit of what its controllable loads draw beyond its own generation; None: there is none."""
    limit = in_force(at, failsafe)
    if limit is None:
        return None
    return Signal(id="lpc", source="grid operator", kind=Kind.CONTROLLABLE_LIMIT, value=limit, rank=Rank.GRID_OPERATOR)


def step(before: Limitation, event: Event | None, now: Second, failsafe: Failsafe) -> tuple[Limitation, tuple[Entry, ...]]:
    """What has become of `before` at `now`, and what has ended. `event` None: time has passed. Raises LocalError on no limit."""
    passed = _passed(before, now, failsafe)
    after = passed if event is None else _received(passed, event, now)
    return after, tuple(_ended(old, now, failsafe) for old, new in ((before, passed), (passed, after)) if _ends(old, new))


def _passed(at: Limitation, now: Second, failsafe: Failsafe) -> Limitation:
    silent = now - at.heard >= SILENCE
    match at.state:
        case State.UNLIMITED_CONTROLLED | State.LIMITED if silent:
            return Limitation(State.FAILSAFE, now, at.heard)
        case State.LIMITED if at.until is not None and now >= at.until:
            return Limitation(State.UNLIMITED_CONTROLLED, now, at.heard)
        case State.INIT if now - at.since >= WAIT:
            return Limitation(State.UNLIMITED_AUTONOMOUS, now, at.heard)
        case State.FAILSAFE:
            again = None if silent else at.heard_again
            if now - at.since >= failsafe.minimum_duration or (again is not None and now - again >= WAIT):
                return Limitation(State.UNLIMITED_AUTONOMOUS, now, at.heard)
            return at._replace(heard_again=again)
    return at


def _received(at: Limitation, event: Event, now: Second) -> Limitation:
    if isinstance(event, Heartbeat):
        again = now if at.heard_again is None and at.state is State.FAILSAFE else at.heard_again
        return at._replace(heard=now, heard_again=again)
    if event.power is None:
        return Limitation(State.UNLIMITED_CONTROLLED, now, now)
    if not event.power >= 0.0:
        raise LocalError(f"a limit of {event.power:g} W; allowed: a magnitude, in W")
    if event.duration is not None and not event.duration > 0.0:
        raise LocalError(f"a limit for {event.duration:g} s; allowed: above 0, or until it says something else")
    since = at.since if (at.state, at.limit) == (State.LIMITED, event.power) else now
    return Limitation(State.LIMITED, since, now, event.power, None if event.duration is None else now + event.duration)


def _ends(old: Limitation, new: Limitation) -> bool:
    return old.state in (State.LIMITED, State.FAILSAFE) and (old.state, old.limit) != (new.state, new.limit)


def _ended(old: Limitation, now: Second, failsafe: Failsafe) -> Entry:
    return Entry(old.since, now, failsafe.power if old.limit is None else old.limit, old.state)
