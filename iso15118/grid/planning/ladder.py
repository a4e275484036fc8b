"""What a site goes by when its plan is old or there is none: the fallback ladder."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from iso15118.grid.planning import SitePlan
from iso15118.units import Second
from iso15118.value import Value

FRESH: Final[Second] = 900.0
"""Up to this age a plan is followed."""
USABLE: Final[Second] = 3600.0
"""Up to this age it still bounds charging; nothing is given back by it."""
AHEAD: Final[Second] = 5.0
"""A plan that was made later than now tells that the clock has been set back: it is as good as old."""


class Rung(IntEnum):
    """From the best to the last."""

    PLAN = 0
    LIMITS = 1
    """Of the plan only what cars are charged with counts."""
    LAXITY = 2
    SHARE = 3
    FAILSAFE = 4


class Footing(Value):
    """What holds now, and why it is no better."""

    rung: Rung
    policy: str
    why: str = ""


def age(plan: SitePlan, now: Second) -> Second:
    """Of a plan, in s; infinite: it does not reach to this moment, or the clock was set back."""
    return now - plan.made if plan.made - AHEAD <= now < plan.edges[-1] else float("inf")


def footing(
    policy: str,
    now: Second,
    plan: SitePlan | None,
    *,
    needs: bool = True,
    metered: bool = True,
    forecast: str = "",
    trouble: str = "",
    planned: bool = True,
) -> Footing:
    """Which policy to go by in place of `policy`.

    `needs`: it is known of some car what it needs. `metered`: the connection's meter speaks. `forecast`: why it cannot be trusted; empty:
    it can. `trouble`: why there is no newer plan. `planned`: the policy wants a plan.
    """
    if not metered:
        return Footing(Rung.FAILSAFE, "equal_share", "the meter of the connection is silent: outlets fall back to what is safe without it")
    if not planned:
        return Footing(Rung.PLAN, policy)
    if not needs:
        return Footing(Rung.SHARE, "equal_share", "nobody has said what cars need")
    if forecast:
        return Footing(Rung.SHARE, "equal_share", forecast)
    old = float("inf") if plan is None else age(plan, now)
    if old <= FRESH:
        return Footing(Rung.PLAN, policy)
    because = f": {trouble}" if trouble else ""
    if old <= USABLE:
        return Footing(Rung.LIMITS, policy, f"the plan is {old / 60.0:.0f} min old{because}")
    missing = "there is no plan" if plan is None or old == float("inf") else f"the plan is {old / 60.0:.0f} min old"
    return Footing(Rung.LAXITY, "least_laxity", missing + because)
