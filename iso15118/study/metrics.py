"""What a simulated site has cost, and how well it has served: one row of figures of a record. Neighbour: `record`."""

from __future__ import annotations

from statistics import mean, median
from typing import Final, TypeAlias

from iso15118.grid.prices import bill, peak
from iso15118.study.record import Outcome, Record
from iso15118.study.scenarios import Scenario
from iso15118.units import HOUR
from iso15118.value import replace

Row: TypeAlias = dict[str, float | int | str | None]
ENOUGH: Final = 0.98
"""Part of what was asked for and possible that satisfies."""
SMALL: Final = 1000.0
"""Wh: what is missing of a smaller request is measured by this."""
CHANGE: Final = 100.0
"""W by which a set-point has changed."""
SERVICE: Final = 99.0
"""Per cent of departures satisfied, below which a cheaper day is worth nothing."""


def satisfied(stay: Outcome) -> bool:
    """It left with 98 % of what it asked for, as far as full power from plugging in to leaving could have given it."""
    missing = max(0.0, min(stay.target, stay.reach) - stay.ended)
    return missing <= (1.0 - ENOUGH) * max(stay.possible, SMALL)


def _asked(stay: Outcome) -> bool:
    return stay.target - stay.ended <= (1.0 - ENOUGH) * max(stay.target - stay.stored, SMALL)


def row(told: Scenario, record: Record) -> Row:
    """The figures.

    Costs: energy and demand charge as billed, wear of what cars and batteries gave. What a battery has lost against its beginning counts at
    the mean import price (gains count, too), and so does what a car leaves without of its target: it is bought somewhere. Of a car that
    comes back that is so of its last stay.
    """
    prices, step = told.prices, record.step
    grid = tuple(record.grid)
    energy = bill(replace(prices, demand=None), record.start, step, grid)
    demand = prices.demand
    top = peak(demand.window if demand is not None else 900.0, record.start, step, grid)
    charge = 0.0 if demand is None else demand.price * top / 1e3
    hours = step / HOUR
    given = sum(stay.given for stay in record.outcomes) / 1e3
    wear = 0.04 * given
    worth = mean(prices.import_price.sampled(record.start, step, len(grid), lambda moment: prices.import_price.values[-1]))
    left = 0.0
    for battery in told.site.batteries:
        powers, stored = record.batteries[battery.name], record.stored[battery.name]
        wear += battery.wear * -sum(power for power in powers if power < 0.0) * hours / 1e3
        left += (told.stored.get(battery.name, 0.0) - stored[-1]) / battery.efficiency
    efficiency = {evse.name: evse.efficiency for evse in told.site.evses}
    chained = {stay.user for stay in record.outcomes if stay.chained}
    last = {stay.user: stay for stay in record.outcomes}
    for stay in record.outcomes:
        if stay.user not in chained or stay is last[stay.user]:
            left += max(0.0, stay.target - stay.ended) / efficiency[stay.evse] / stay.efficiency
    generated = sum(record.pv)
    exported = -sum(power for power in grid if power < 0.0)
    shares = [min(1.0, (stay.ended - stay.stored) / stay.possible) for stay in record.outcomes if stay.possible > SMALL]
    changes, connected = 0, 0.0
    for name, powers in record.evses.items():
        there = record.cars[name]
        for k in range(1, len(powers)):
            if there[k] is not None:
                connected += hours
                changes += there[k - 1] is not None and abs(powers[k] - powers[k - 1]) > CHANGE
    count = len(record.outcomes)
    capacity = sum({stay.user: stay.capacity for stay in record.outcomes if stay.discharge > 0.0}.values())
    return {
        "cost": energy + charge + wear + left * worth / 1e3,
        "energy_cost": energy,
        "demand_cost": charge,
        "wear_cost": wear,
        "stored_cost": left * worth / 1e3,
        "import_kwh": sum(power for power in grid if power > 0.0) * hours / 1e3,
        "export_kwh": exported * hours / 1e3,
        "peak_kw": top / 1e3,
        "violation_kwh": sum(record.excess) * hours / 1e3,
        "violation_steps": sum(excess > 0.0 for excess in record.excess),
        "departures": count,
        "satisfied": 100.0 * sum(map(satisfied, record.outcomes)) / count if count else 100.0,
        "satisfied_all": 100.0 * sum(map(_asked, record.outcomes)) / count if count else 100.0,
        "unserved_kwh": sum(max(0.0, min(stay.target, stay.reach) - stay.ended) for stay in record.outcomes) / 1e3,
        "self_consumption": 100.0 * (1.0 - (exported + sum(record.curtailed)) / generated) if generated else None,
        "v2x_kwh": given,
        "cycles": given * 1e3 / capacity if capacity else None,
        "jain": sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares)) if any(shares) else 1.0,
        "changes_per_hour": changes / connected if connected else 0.0,
        "plan_ms": median(record.milliseconds) if record.milliseconds else None,
        "plan_ms_max": max(record.milliseconds, default=None),
        "waited_minutes": mean((stay.plugged - stay.came) / 60.0 for stay in record.outcomes) if count else 0.0,
        "plugged_minutes": mean((stay.left - stay.plugged) / 60.0 for stay in record.outcomes) if count else 0.0,
        "lost": record.lost,
    }


def captured(cost: float, share: float, perfect: float) -> float | None:
    """Per cent of what can be saved against an equal share; None: nothing can be."""
    return 100.0 * (share - cost) / (share - perfect) if share - perfect > 0.005 else None
