"""What is free of a site's limits in a plan, and whose share of it is whose. Neighbours: `schedules`; each second's room is `headroom`'s.

Forecasts that do not reach a moment leave nothing free there. Powers in W; of circuits + import, of cars at their inlet.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from iso15118.grid.planning import Question, SitePlan
from iso15118.grid.series import Series
from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import PHASES, VOLTAGE, Circuit, Evse
from iso15118.grid.visits import Visit
from iso15118.units import Second, Watt


def own_share(question: Question, plan: SitePlan, visit: Visit, step: int) -> Watt:
    """What this car can have beside its plan in a step, if all cars that are there then share what is free by their weights.

    A demand charge counts as a limit: up to the peak that is planned, or has been, power is free of it. Infinite where nothing is limited.
    """
    site, outlet = question.site, question.site.evse(visit.evse)
    begin, end = plan.edges[step], plan.edges[step + 1]
    phases = PHASES if outlet.dc else min(visit.phases, outlet.phases)
    least = inf
    for circuit in site.above(outlet.circuit):
        flow = _flow(question, plan, circuit, step)
        if flow is None:
            return 0.0
        total = _limit(question, circuit, Kind.IMPORT_LIMIT, begin, end, circuit.import_total)
        demand = question.prices.demand
        if circuit.parent is None and demand is not None and demand.price > 0.0:
            total = min(total, max(plan.peak, demand.peak))
        cars = _limit(question, circuit, Kind.CONTROLLABLE_LIMIT, begin, end, None)
        by_fuse = inf if circuit.fuse is None else (circuit.fuse * VOLTAGE * PHASES * site.margin - flow) * phases / PHASES
        least = min(least, _part(question, visit, circuit, begin) * max(0.0, min(total - flow, cars - flow, by_fuse)))
    return least


def surplus(question: Question, plan: SitePlan, visit: Visit, step: int) -> Watt:
    """The car's share, by weight, of what the whole site generates in a step and does not use otherwise."""
    begin, end = plan.edges[step], plan.edges[step + 1]
    load, pv = _mean(question.outlook.load.values(), begin, end), _mean(question.outlook.pv.values(), begin, end)
    if load is None or pv is None:
        return 0.0
    return max(0.0, pv - load) * _part(question, visit, question.site.root, begin)


def guaranteed(question: Question, outlet: Evse, begin: Second, end: Second) -> Watt:
    """What is left to the outlet if every other one takes its share, too, whether a car is there or not, and nothing is generated.

    A tenant's part is divided among the tenant's outlets, the rest among the others.
    """
    site = question.site
    down = list(site.above(outlet.circuit))[::-1]
    power = inf
    for circuit, parent in zip(down, (None, *down), strict=False):
        if parent is not None:
            power *= _tenancy(question, parent, circuit)
        load = _mean((s for name, s in question.outlook.load.items() if circuit in tuple(site.above(name))), begin, end)
        limit = _limit(question, circuit, Kind.IMPORT_LIMIT, begin, end, circuit.import_total)
        fuse = inf if circuit.fuse is None else circuit.fuse * VOLTAGE * PHASES * site.margin
        cars = _limit(question, circuit, Kind.CONTROLLABLE_LIMIT, begin, end, None)
        power = min(power, cars, max(0.0, min(limit, fuse) - load) if load is not None else 0.0)
    own = [evse for evse in site.below(outlet.circuit) if not _by_tenant(question, down[-1], evse)]
    rest = 1.0 - sum(c.share or 0.0 for c in site.circuits if c.parent == outlet.circuit)
    share = power * rest * outlet.weight / sum(evse.weight for evse in own)
    return share if share < inf else outlet.charge


def _tenancy(question: Question, parent: Circuit, circuit: Circuit) -> float:
    """The part (0..1) of a circuit in what its parent's outlets may take."""
    if circuit.share is not None:
        return circuit.share
    site = question.site
    rest = 1.0 - sum(c.share or 0.0 for c in site.circuits if c.parent == parent.name)
    others = [evse.weight for evse in site.below(parent.name) if not _by_tenant(question, parent, evse)]
    return rest * sum(evse.weight for evse in site.below(circuit.name)) / sum(others)


def _by_tenant(question: Question, parent: Circuit, evse: Evse) -> bool:
    """Is the outlet fed through a tenant's circuit right below `parent`?"""
    return any(node.share is not None and node.parent == parent.name for node in question.site.above(evse.circuit))


def _part(question: Question, visit: Visit, circuit: Circuit, moment: Second) -> float:
    """The car's weight among those of the cars that are below a circuit at a moment."""
    site = question.site
    below = {evse.name: evse.weight for evse in site.below(circuit.name)}
    there = [v.evse for v in question.visits if v.evse in below and v.arrival <= moment < v.departure]
    own = site.evse(visit.evse).weight
    return own / max(own, sum(below[name] for name in there))


def _flow(question: Question, plan: SitePlan, circuit: Circuit, step: int) -> Watt | None:
    """What flows through a circuit as planned; None: its loads are not known."""
    if circuit.parent is None:
        return plan.grid[step]
    site, begin, end = question.site, plan.edges[step], plan.edges[step + 1]
    names = {node.name for node in site.circuits if circuit in tuple(site.above(node.name))}
    load = _mean((series for name, series in question.outlook.load.items() if name in names), begin, end)
    if load is None:
        return None
    outlets = {outlet.name: outlet.efficiency for outlet in site.evses if outlet.circuit in names}
    for car in plan.evses:
        if (efficiency := outlets.get(car.evse)) is not None:
            power = car.power[step]
            load += power / efficiency if power > 0.0 else power * efficiency
    for battery in site.batteries:
        if battery.circuit in names and battery.name in plan.batteries:
            load += plan.batteries[battery.name][step]
    return load


def _mean(known: Iterable[Series], begin: Second, end: Second) -> Watt | None:
    """The sum of what is expected; None: one of them does not reach there."""
    total = 0.0
    for series in known:
        mean = series.mean(begin, end)
        if mean is None:
            return None
        total += mean
    return total


def _limit(question: Question, circuit: Circuit, kind: Kind, begin: Second, end: Second, built: Watt | None) -> Watt:
    """The least that what is built and what signals say allow at any moment of a stretch of time, less the margin; infinite: no limit."""
    nodes = ("", circuit.name) if circuit.parent is None else (circuit.name,)
    said = [_least(signal, begin, end) for signal in question.signals if signal.kind is kind and signal.node in nodes]
    return min(inf if built is None else built, *said, inf) * question.site.margin


def _least(signal: Signal, begin: Second, end: Second) -> float:
    """The least that a signal says in a stretch of time; one that will expire is taken to be renewed."""
    cuts = [begin, signal.start, signal.end]
    if isinstance(signal.value, Series):
        cuts += [signal.value.start + k * signal.value.step for k in range(len(signal.value.values) + 1)]
    told = (signal.at(cut) for cut in cuts if begin <= cut < end)
    return min((value for value in told if value is not None), default=inf)
