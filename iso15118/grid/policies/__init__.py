"""How a site shares its power: one file a policy. A policy says what each car should have; the allocator says what it may have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from iso15118.errors import LocalError
from iso15118.grid.site import Site
from iso15118.grid.visits import Visit
from iso15118.units import Second, Watt
from iso15118.value import Value

if TYPE_CHECKING:
    from iso15118.grid.planning import Objective, SitePlan
    from iso15118.grid.prices import Prices

NAMES: Final = (
    "unmanaged",
    "equal_share",
    "earliest_deadline",
    "least_laxity",
    "solar_first",
    "cheapest",
    "peak_shaving",
    "v2h_backup",
    "v2g_revenue",
    "serve_first",
)


class Moment(Value, kw_only=True):
    """What a policy knows: this moment, and forecasts only of what comes."""

    now: Second
    """Seconds since the epoch."""
    site: Site
    visits: tuple[Visit, ...]
    """Of cars that are there."""
    available: Watt
    """For all outlets together at this moment, W: what the limits of the connection leave beside other loads."""
    surplus: Watt = 0.0
    """Of own generation over own load, W; negative: there is none."""
    prices: Prices | None = None
    plan: SitePlan | None = None
    """The newest one; None: none is there, or it is too old."""

    def most(self, visit: Visit) -> Watt:
        """What a car and its outlet can take at all, at the inlet."""
        into, _ = visit.powers(self.site.evse(visit.evse))
        return into if visit.need.max_energy > 0.0 else 0.0

    def served(self, order: Iterable[Visit]) -> dict[str, Watt]:
        """Full power to one after the other, as far as there is room."""
        found, left = {}, self.available
        for visit in order:
            evse = self.site.evse(visit.evse)
            found[visit.evse] = max(0.0, min(self.most(visit), left * evse.efficiency))
            left -= found[visit.evse] / evse.efficiency
        return found


Targets = Mapping[str, Watt]
"""W for each outlet by name, + into the vehicle: what it should have before anybody else gets more."""


class Policy(Value, kw_only=True):
    """One of them."""

    name: str
    targets: Callable[[Moment], Targets]
    limited: bool = True
    """False: it ignores the site's limits. For studies only; a station refuses it."""
    fills: bool = True
    """What is left once all targets are met is shared by weight; False: nobody gets more than its target."""
    objective: Objective | None = None
    """How its plans are made; None: it makes none."""


def policy(name: str) -> Policy:
    """By its name. Raises LocalError naming those there are."""
    if name not in NAMES:
        raise LocalError(f"there is no policy {name!r}; there are: {', '.join(NAMES)}")
    found: Policy = import_module(f"iso15118.grid.policies.{name}").POLICY
    return found
