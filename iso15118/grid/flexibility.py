"""What a site can do for an aggregator: between which powers and energies it can move, and the set-point that comes back.

Neighbours: `planning`, whose plan is the baseline; `signals`, what a set-point becomes.
"""

from __future__ import annotations

from math import inf

from iso15118.errors import LocalError
from iso15118.grid.planning import Question, SitePlan
from iso15118.grid.series import Series
from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.grid.site import Evse
from iso15118.grid.visits import Visit
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import Value


class Envelope(Value):
    """Of the whole site, in the steps of its plan. Any power in between keeps all targets of cars as far as the plan does, as long as the
    energy since the beginning stays in between, too. Necessary for each car, and close to sufficient for many.
    """

    edges: tuple[Second, ...]
    baseline: tuple[Watt, ...]
    """At the connection, as planned."""
    least: tuple[Watt, ...]
    most: tuple[Watt, ...]
    low: tuple[WattHour, ...]
    """Drawn at the connection by the end of each step, at least."""
    high: tuple[WattHour, ...]


def envelope(question: Question, plan: SitePlan) -> Envelope:
    """Of a site by its plan. Cars that are expected move with the plan alone."""
    steps = range(len(plan.edges) - 1)
    hours = [(plan.edges[k + 1] - plan.edges[k]) / HOUR for k in steps]
    least, most = list(plan.grid), list(plan.grid)
    low = high = [sum(plan.grid[j] * hours[j] for j in range(k + 1)) for k in steps]
    for visit in question.visits:
        car = plan.of(visit.evse)
        if car is None:
            continue
        evse = question.site.evse(visit.evse)
        into, out = visit.powers(evse)
        out = out if question.objective.discharge else 0.0
        there = [_there(plan, k, visit) for k in steps]
        floor, top, goal = _energies(visit, car.energy[-1], out > 0.0)
        after = [into * visit.efficiency * sum(there[j] * hours[j] for j in range(k + 1, len(there))) for k in steps]
        early, late, before = 0.0, 0.0, 0.0
        lows, highs = [], []
        for k in steps:
            early = min(top, early + into * visit.efficiency * there[k] * hours[k])
            late = max(floor, late - out / visit.efficiency * there[k] * hours[k], min(goal, goal - after[k]))
            lows.append((late - car.energy[k]) / _factor(late - car.energy[k], visit, evse))
            highs.append((early - car.energy[k]) / _factor(early - car.energy[k], visit, evse))
            room = (top - before) / (visit.efficiency * hours[k])
            spare = (before - floor) * visit.efficiency / hours[k]
            planned = car.power[k] / evse.efficiency if car.power[k] > 0.0 else car.power[k] * evse.efficiency
            most[k] += max(0.0, min(into * there[k], room) / evse.efficiency - planned)
            least[k] -= max(0.0, min(out * there[k], max(0.0, spare)) * evse.efficiency + planned)
            before = car.energy[k]
        low = [total + min(0.0, own) for total, own in zip(low, lows, strict=True)]
        high = [total + max(0.0, own) for total, own in zip(high, highs, strict=True)]
    root = question.site.root
    above = inf if root.import_total is None else root.import_total * question.site.margin
    below = inf if root.export_total is None else root.export_total * question.site.margin
    if not question.objective.export:
        below = 0.0
    return Envelope(
        edges=plan.edges,
        baseline=plan.grid,
        least=tuple(min(base, max(one, -below)) for one, base in zip(least, plan.grid, strict=True)),
        most=tuple(max(base, min(one, above)) for one, base in zip(most, plan.grid, strict=True)),
        low=tuple(low),
        high=tuple(high),
    )


def _there(plan: SitePlan, k: int, visit: Visit) -> float:
    begin, end = plan.edges[k], plan.edges[k + 1]
    return max(0.0, min(end, visit.departure) - max(begin, visit.arrival)) / (end - begin)


def _energies(visit: Visit, planned: WattHour, discharges: bool) -> tuple[WattHour, WattHour, WattHour]:
    """The least and the most that may be in it, and what is to be in it when it leaves: its target, or what the plan reaches of it."""
    need = visit.need
    floor = min(0.0, max(need.min_energy, -inf if need.v2x_min_energy is None else need.v2x_min_energy)) if discharges else 0.0
    goal = min(need.target_energy, planned) if discharges else max(0.0, min(need.target_energy, planned))
    return floor, max(need.max_energy, planned, 0.0), goal


def _factor(energy: WattHour, visit: Visit, evse: Evse) -> float:
    """Of what is stored to what the mains give, or get."""
    both = visit.efficiency * evse.efficiency
    return both if energy > 0.0 else 1.0 / both


def requested(envelope: Envelope, source: str, power: Series, received: Second) -> Signal:
    """A set-point of an aggregator (W at the connection) as a signal. Raises LocalError naming the step that it leaves the envelope in."""
    for k, (begin, end) in enumerate(zip(envelope.edges, envelope.edges[1:], strict=False)):
        asked = power.mean(max(begin, power.start), min(end, power.end)) if begin < power.end and end > power.start else None
        if asked is not None and not envelope.least[k] - 1.0 <= asked <= envelope.most[k] + 1.0:
            raise LocalError(
                f"set-point of {source}: {asked:.0f} W from {begin:.0f} on (s since the epoch);"
                f" allowed: {envelope.least[k]:.0f} to {envelope.most[k]:.0f} W"
            )
    return Signal(
        id=f"{source} {power.start:.0f}",
        source=source,
        kind=Kind.SETPOINT,
        value=power,
        start=power.start,
        end=power.end,
        rank=Rank.BACK_END,
        received=received,
    )
