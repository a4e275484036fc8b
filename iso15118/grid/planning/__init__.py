"""When each car, battery and feed-in does what, over a day: the words. `program` finds the best plan with a linear program (extra `grid`).

Powers in W, + import and + into the vehicle or battery; energies of cars seen from the moment of the plan, as in `Need`.
"""

from __future__ import annotations

from collections.abc import Mapping

from iso15118.grid.prices import Prices
from iso15118.grid.series import Series
from iso15118.grid.signals import Signal
from iso15118.grid.site import Site
from iso15118.grid.visits import Visit
from iso15118.units import Second, Watt, WattHour
from iso15118.value import Value


class Objective(Value, kw_only=True):
    """What a plan is good for. The order of ends is fixed: no overload, then minimum energies, then targets, then money."""

    discharge: bool = True
    """Cars give back where all that must allow it does."""
    export: bool = False
    """Energy of cars and batteries may leave the site; False: only photovoltaics are fed in (V2H, V2B)."""
    prices: bool = True
    """False: a kWh costs the same whenever it is taken."""
    demand_price: float | None = None
    """Of a kW of peak, in place of the demand charge of the prices; None: theirs."""
    kept: float = 0.0
    """Part (0..1) of a car's V2X window, and of a battery, that is held back for an outage."""
    reserve_price: float = 0.0
    """Of a kW of symmetric reserve for an hour; 0.0: none is held."""
    serve_first: bool = False
    """Cars are charged at once as far as limits allow; only batteries are planned."""
    peak_target: Watt = 0.0
    """The peak of similar days: up to there power is free of the demand charge, besides the peak so far."""


class Outlook(Value, kw_only=True):
    """What is expected. A series that is shorter than the horizon is drawn out with its last day, and if it has none with its mean."""

    load: Mapping[str, Series]
    """W by circuit, of what is no outlet and no battery."""
    pv: Mapping[str, Series]
    """W of generation (magnitude) by name."""
    arrivals: tuple[Visit, ...] = ()
    """Cars that are expected (`Visit.expected`)."""
    held: Mapping[str, Series] = {}
    """Wh that a battery should have at the end of each step, for more than what is expected."""


class Question(Value, kw_only=True):
    """All a planner is asked with: a value, which goes to another process as it is."""

    now: Second
    site: Site
    visits: tuple[Visit, ...]
    outlook: Outlook
    prices: Prices
    signals: tuple[Signal, ...] = ()
    stored: Mapping[str, WattHour] = {}
    """In each battery by name."""
    objective: Objective = Objective()
    step: Second = 900.0
    """The first step ends at the next multiple of it on the clock."""
    horizon: Second = 86_400.0
    epoch: int = 0
    """Counts up with every question: an answer to an older one is void once a newer one is there."""


class EvsePlan(Value, kw_only=True):
    """One car."""

    evse: str
    power: tuple[Watt, ...]
    """In each step."""
    energy: tuple[WattHour, ...]
    """At the end of each step, seen from the moment of the plan."""
    target: WattHour = 0.0
    """Of its need when the plan was made: what it lacks less by now, it has been given."""
    missing: WattHour = 0.0
    """Of its target when it leaves."""
    missing_minimum: WattHour = 0.0
    reserve: Watt = 0.0
    """Its part of the reserve."""
    why: str = ""
    """In words: what keeps it from its target; empty: nothing does."""
    expected: bool = False


class SitePlan(Value, kw_only=True):
    """A plan. Steps begin at `edges[k]` and end at `edges[k + 1]` (seconds since the epoch)."""

    made: Second
    edges: tuple[Second, ...]
    evses: tuple[EvsePlan, ...]
    batteries: Mapping[str, tuple[Watt, ...]]
    grid: tuple[Watt, ...]
    """At the connection."""
    curtailed: tuple[Watt, ...]
    """Of photovoltaics, magnitude."""
    price: tuple[float, ...]
    """The internal price of a kWh in each step, demand charge and congestion included: the dual of the site's balance."""
    peak: Watt
    """The highest mean of a window of the demand charge."""
    cost: float
    """Of energy, demand, wear; without the penalties of what is missing."""
    overload: tuple[Watt, ...] = ()
    """Above the limit of the connection, where what cannot be steered breaks it alone."""
    reserve: tuple[Watt, ...] = ()
    why_peak: str = ""
    """In words: what its peak is from, and whether it costs anything; empty: there is no demand charge."""
    how: str = "lp"
    """How it was found: `lp`, `bins 30 min`, ..."""
    epoch: int = 0

    def step(self, moment: Second) -> int | None:
        """The step that `moment` lies in; None: none."""
        if not self.edges[0] <= moment < self.edges[-1]:
            return None
        return next(k for k in range(len(self.edges) - 1) if moment < self.edges[k + 1])

    def of(self, evse: str) -> EvsePlan | None:
        """The plan of the car that is at an outlet now."""
        return next((plan for plan in self.evses if plan.evse == evse and not plan.expected), None)
