"""When a car under a schedule is asked to negotiate it anew: the policy. Not often: a car that is asked all the time never settles.

Pure: the state goes in and comes out. Moments in monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from math import inf
from typing import Final

from iso15118.grid.planning import EvsePlan, SitePlan
from iso15118.units import HOUR, KW, Second, Watt
from iso15118.value import Value, replace

MOST: Final = 20
"""Renegotiations of one session; from then on only budgets bind."""
APART: Final[Second] = 300.0
"""Between two of those that only save money."""
LATE: Final[Second] = 600.0
"""Before departure nothing but a limit is worth one."""
GAIN: Final = 0.10
"""In the currency of the prices: less is not worth one."""
PART: Final = 0.03
"""Of what the session costs: the same."""
ASTRAY: Final[Second] = 60.0
"""A car may be off its profile for so long."""
LOWER: Final[Watt] = 100.0
"""A limit below the promise by less is none."""
DEPARTURE: Final[Second] = 60.0
"""Departures that differ by no more are the same."""
SQUEEZED: Final[Second] = 60.0
"""So long a fuse, beside loads that come and go, may leave less than what was promised; what a signal says counts at once."""


class Reason(StrEnum):
    """Why, in the order in which they count."""

    LIMIT = "a limit is below what was promised"
    NEED = "the departure or the energy wanted has changed"
    FREED = "the limit that held it is gone"
    PRICES = "prices have been replaced"
    ASTRAY = "the car is not where its power profile says"
    GAIN = "the new plan is cheaper"


class Facts(Value, kw_only=True):
    """What is known of one car under a schedule at a moment. Powers of charging or of giving back alike, magnitudes."""

    promised: Watt
    """The ceiling of the schedule that it has chosen, now."""
    limit: Watt = inf
    """What limits that others have set leave it."""
    left: Watt = inf
    """What fuses and other loads leave it besides."""
    departure: Second | None = None
    """Monotonic, as it says now."""
    needs_changed: bool = False
    """Departure or energy differ from those that the schedule was made for."""
    freed: bool = False
    """Its schedule was made under a limit that is not there any more."""
    prices_changed: bool = False
    cost: float = 0.0
    """Of the rest of the session under the schedule that it has."""
    saved: float = 0.0
    """Of that, by the newest plan."""
    deviation: Watt = 0.0
    """Of its power from its own profile, magnitude."""
    tolerance: Watt = inf
    """Of the same."""
    asked: bool = False
    """It has been asked already, and has not followed yet."""


class Asked(Value):
    """One session so far."""

    count: int = 0
    last: Second = -inf
    """When it was last asked for whatever reason."""
    astray: Second | None = None
    """Since when it has been off its profile."""
    squeezed: Second | None = None
    """Since when less than promised is left to it."""


def judge(state: Asked, facts: Facts, now: Second) -> tuple[Asked, Reason | None]:
    """The state after this moment, and why to ask the car now; None: no reason, or none that is worth it."""
    astray = _since(state.astray, facts.deviation > facts.tolerance, now)
    squeezed = _since(state.squeezed, facts.left < facts.promised - LOWER, now)
    state = replace(state, astray=astray, squeezed=squeezed)
    reason = None if facts.asked or state.count >= MOST else _reason(state, facts, now)
    if reason is None:
        return state, None
    return Asked(state.count + 1, now), reason


def _reason(state: Asked, facts: Facts, now: Second) -> Reason | None:
    squeezed = state.squeezed is not None and now - state.squeezed >= SQUEEZED
    if facts.limit < facts.promised - LOWER or squeezed:
        return Reason.LIMIT
    if facts.departure is not None and facts.departure - now < LATE:
        return None
    if facts.needs_changed:
        return Reason.NEED
    if facts.freed:
        return Reason.FREED
    if facts.prices_changed:
        return Reason.PRICES
    if state.astray is not None and now - state.astray >= ASTRAY:
        return Reason.ASTRAY
    if facts.saved > max(GAIN, PART * facts.cost) and now - state.last >= APART:
        return Reason.GAIN
    return None


def _since(since: Second | None, true: bool, now: Second) -> Second | None:
    return (now if since is None else since) if true else None


def departed(told: Second | None, now_told: Second | None) -> bool:
    """Do two departures differ?"""
    if told is None or now_told is None:
        return told is not now_told
    return abs(told - now_told) > DEPARTURE


def costs(plan: SitePlan, car: EvsePlan, profile: Callable[[Second], Watt], now: Second) -> tuple[float, float]:
    """What the rest of a session costs by the car's power profile (W, signed, at a moment of the plan), and what of it the plan saves.

    By the plan's own prices, and for as much energy as the plan charges.
    """
    own = planned = energy = wanted = 0.0
    for k, power in enumerate(car.power):
        begin, end = max(now, plan.edges[k]), plan.edges[k + 1]
        if begin < end:
            kwh = (end - begin) / HOUR / KW
            means = profile((begin + end) / 2.0)
            own, planned = own + means * kwh * plan.price[k], planned + power * kwh * plan.price[k]
            energy, wanted = energy + means * kwh, wanted + power * kwh
    if energy <= 0.0 or wanted <= 0.0:
        return 0.0, 0.0
    cost = own * wanted / energy
    return cost, cost - planned
