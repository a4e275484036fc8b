"""How many cars a connection carries: unmanaged, in equal shares, and planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from iso15118.errors import LocalError
from iso15118.grid.planning.buffer import Habit
from iso15118.grid.site import Evse, Site
from iso15118.study.baselines import planner, studied
from iso15118.study.metrics import satisfied
from iso15118.study.run import simulate
from iso15118.study.scenarios import Scenario, Stay, scenario
from iso15118.units import Watt
from iso15118.value import Value, replace

SERVICE: Final = 0.99
"""Part of the departures that must be satisfied, and of the days on which nothing may be exceeded."""
MOST: Final = 400


class Carried(Value, kw_only=True):
    """What a number of cars meets with."""

    cars: int
    over: float
    """Part of the days on which a limit was exceeded."""
    satisfied: float
    """Part of the departures."""

    @property
    def enough(self) -> bool:
        """99 of 100 days and departures are in order."""
        return self.over <= 1.0 - SERVICE and self.satisfied >= SERVICE


def crowd(name: str, cars: int, seed: int, limit: Watt | None = None) -> Scenario:
    """A day of a scenario with so many cars, all of them right at the connection; `limit`: W of it, None: as it is.

    Cars are those of the scenario, of as many of its seeds as it takes. Raises LocalError where they have no outlet of their own.
    """
    told = scenario(name, seed, 1)
    if not told.stays or not all(stay.evse for stay in told.stays):
        raise LocalError(f"scenario {name}: its cars take any outlet that is free; how many it carries is a matter of waiting")
    outlets: list[Evse] = []
    stays: list[Stay] = []
    history: list[Stay] = []
    habits: dict[str, Habit] = {}
    base = told.site.evses
    for number in range(cars):
        turn, evse = divmod(number, len(base))
        source = told if turn == 0 else scenario(name, seed + 1000 * turn, 1)
        known = base[evse].name
        outlets.append(replace(base[evse], name=f"{known}, {turn + 1}", circuit=told.site.root.name))
        for pool, into in ((source.stays, stays), (source.history, history)):
            into += [replace(stay, evse=f"{known}, {turn + 1}", user=f"{stay.user}, {turn + 1}") for stay in pool if stay.evse == known]
        habits |= {f"{user}, {turn + 1}": habit for user, habit in source.habits.items()}
    root = told.site.root if limit is None else replace(told.site.root, import_limit=limit, fuse=None)
    site = Site(
        name=told.site.name, circuits=(root,), evses=tuple(outlets), batteries=told.site.batteries, pvs=told.site.pvs, loads=told.site.loads
    )
    stays.sort(key=lambda stay: stay.arrival)
    return replace(told, site=site, stays=tuple(stays), history=tuple(history), habits=habits)


def carried(name: str, policy: str, cars: int, days: int, limit: Watt | None = None) -> Carried:
    """So many cars on so many days, each of its own seed."""
    over = fine = departures = 0
    for seed in range(1, days + 1):
        told = crowd(name, cars, seed, limit)
        record = simulate(told, planner(told) if policy == "planner" else studied(policy))
        over += any(record.excess)
        fine += sum(map(satisfied, record.outcomes))
        departures += len(record.outcomes)
    return Carried(cars=cars, over=over / days, satisfied=fine / departures if departures else 1.0)


def most(name: str, policy: str, days: int, limit: Watt | None = None, looked: Callable[[Carried], None] | None = None) -> Carried | None:
    """The most cars that 99 of 100 days and departures are in order with, found by halving; None: not even one."""
    good: Carried | None = None
    low, high = 0, 1
    while high <= MOST:
        found = carried(name, policy, high, days, limit)
        if looked is not None:
            looked(found)
        if not found.enough:
            break
        good, low, high = found, high, 2 * high
    high = min(high, MOST + 1)
    while high - low > 1:
        middle = (low + high) // 2
        found = carried(name, policy, middle, days, limit)
        if looked is not None:
            looked(found)
        if found.enough:
            good, low = found, middle
        else:
            high = middle
    return good
