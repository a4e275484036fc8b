"""A site over the steps of a plan, in arrays: what flows whatever anybody does, within which limits, at which prices. kW, kWh.

Neighbours: `fleet` with what can be steered, `model` which brings both together.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iso15118.grid.planning import Question
from iso15118.grid.planning.horizon import Array, edges_of, lasting, over, said, tightest, windows
from iso15118.grid.prices import Demand
from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import VOLTAGE, Site
from iso15118.units import HOUR, KW, KWH, Second, Watt
from iso15118.value import Value, replace

SPREAD: Final = 1e-4
"""So much dearer than what is fed in must be what is drawn, or a program earns by doing both at once."""


class Weights(Value):
    """What it costs to miss an end, by kWh. Each is worth many times what is below it, whatever the prices are."""

    money: float
    """No kWh can be worth more: the dearest energy, and a peak of one window that rises for it alone."""

    @property
    def rush(self) -> float:
        """A step of delay of a kWh that is to be charged at once."""
        return 2.0 * self.money

    @property
    def wish(self) -> float:
        """What is asked for beside the targets: a set-point, a subscribed capacity, a target met before an early departure."""
        return max(1.5, 6.0 * self.money)

    @property
    def target(self) -> float:
        """Of a target."""
        return max(5.0, 20.0 * self.money)

    @property
    def delay(self) -> float:
        """A step of delay of a minimum."""
        return 2.0 * self.target

    @property
    def minimum(self) -> float:
        """Of a minimum, when the car leaves."""
        return 10.0 * self.target

    @property
    def overload(self) -> float:
        """Of a limit, for an hour."""
        return 10.0 * self.minimum


class Scene(Value, kw_only=True):
    """Arrays by step, or by circuit and step; circuits in the order of the site."""

    site: Site
    edges: Array
    hours: Array
    signals: tuple[Signal, ...]
    buy: Array
    """Of a kWh of import, emissions included."""
    sell: Array
    fixed: Array
    """By circuit: load less full generation, of all below it."""
    pv: Array
    """By photovoltaic plant."""
    imports: Array
    """By circuit; infinite: no limit."""
    exports: Array
    lines: Array
    """By circuit: kW in each phase."""
    controllable: Array
    """By circuit: most that controllable loads may draw from the grid."""
    fixed_controllable: Array
    """By circuit: controllable loads less full generation."""
    capacity: Array
    """Import that money does not exceed."""
    reserve: Array
    """Asked for."""
    setpoint: Array
    """Wanted at the connection; not a number: nothing is."""
    demand: Demand | None
    peak: float
    """Up to there power is free of the demand charge."""
    weights: Weights

    @property
    def root(self) -> int:
        """The connection."""
        return next(n for n, circuit in enumerate(self.site.circuits) if circuit.parent is None)

    def windows(self) -> list[tuple[NDArray[np.intp], Array, float]]:
        """Of the demand charge: the steps in each, what part of it each is, and the kW of its mean that are drawn already."""
        window = HOUR / 4 if self.demand is None else self.demand.window
        found = [(steps, part, 0.0) for steps, part in windows(self.edges, window)]
        drawn, begun = (None if self.demand is None else self.demand.drawn), float(self.edges[0]) % window
        if drawn is not None and begun > 0.0:
            steps = found[0][0]
            found[0] = (
                steps,
                self.hours[steps] * HOUR / max(window, begun + float(self.hours[steps].sum()) * HOUR),
                drawn / KWH / (window / HOUR),
            )
        return found

    def below(self, names: tuple[str, ...]) -> Array:
        """By circuit and device: 1.0 where the device, of which the circuit's name is given, is fed by the circuit at whatever depth."""
        chains = {circuit.name: {node.name for node in self.site.above(circuit.name)} for circuit in self.site.circuits}
        fed = [[float(circuit.name in chains[name]) for name in names] for circuit in self.site.circuits]
        return np.array(fed).reshape(len(chains), len(names))


def scene(question: Question, fine: Second = inf) -> Scene:
    """What is known over the horizon, in coarse steps beyond `fine` s. Limits are those planned: the margin is taken off."""
    site, objective = question.site, question.objective
    edges = edges_of(question.now, question.step, question.horizon, fine)
    hours = np.diff(edges) / HOUR
    signals = lasting(question.signals, question.now)
    buy, sell = _prices(question, edges, hours, signals)
    demand = question.prices.demand
    if objective.demand_price is not None:
        demand = replace(demand or Demand(0.0), price=objective.demand_price)
    load, pv = _outlook(question, edges)
    fixed, controllable = _fixed(site, load, pv, len(hours))
    connection = (site.root.name, "")
    asked = tightest(signals, Kind.RESERVE, connection, edges)
    return Scene(
        site=site,
        edges=edges,
        hours=hours,
        signals=signals,
        buy=buy,
        sell=sell,
        fixed=fixed,
        pv=pv,
        imports=_limits(site, edges, signals, Kind.IMPORT_LIMIT, [circuit.import_total for circuit in site.circuits]),
        exports=_limits(site, edges, signals, Kind.EXPORT_LIMIT, [circuit.export_total for circuit in site.circuits]),
        lines=np.array([inf if circuit.fuse is None else circuit.fuse * VOLTAGE * site.margin / KW for circuit in site.circuits]),
        controllable=_limits(site, edges, signals, Kind.CONTROLLABLE_LIMIT, [None] * len(site.circuits)),
        fixed_controllable=controllable,
        capacity=tightest(signals, Kind.CAPACITY, connection, edges) / KW,
        reserve=np.where(np.isfinite(asked), asked, 0.0) / KW,
        setpoint=said(signals, Kind.SETPOINT, "", edges, np.full(len(hours), np.nan)) / KW,
        demand=demand,
        peak=max(demand.peak, objective.peak_target) / KW if demand is not None else 0.0,
        weights=Weights(_dearest(question, demand, buy, sell)),
    )


def _prices(question: Question, edges: Array, hours: Array, signals: tuple[Signal, ...]) -> tuple[Array, Array]:
    """Of a kWh drawn, emissions included, and of one fed in."""
    prices = question.prices
    buy = said(signals, Kind.PRICE_IMPORT, "", edges, over(prices.import_price, edges))
    sell = said(signals, Kind.PRICE_EXPORT, "", edges, over(prices.export_price, edges))
    if not question.objective.prices:
        buy, sell = (np.full(len(hours), float(np.average(price, weights=hours))) for price in (buy, sell))
    if prices.carbon is not None and prices.carbon_price:
        buy = buy + prices.carbon_price * said(signals, Kind.CARBON, "", edges, over(prices.carbon, edges)) / 1e3
    return buy, sell


def _outlook(question: Question, edges: Array) -> tuple[dict[str, Array], Array]:
    """Load by circuit, generation by plant. Raises LocalError on a load of no circuit."""
    load = {question.site.circuit(name).name: over(series, edges) / KW for name, series in question.outlook.load.items()}
    pv = np.zeros((len(question.site.pvs), len(edges) - 1))
    for p, plant in enumerate(question.site.pvs):
        if plant.name in question.outlook.pv:
            pv[p] = np.maximum(0.0, over(question.outlook.pv[plant.name], edges) / KW)
    return load, pv


def _fixed(site: Site, load: dict[str, Array], pv: Array, count: int) -> tuple[Array, Array]:
    """By circuit: load less generation, and controllable loads (at their rated power, if so much is expected) less generation."""
    fixed, controllable = np.zeros((len(site.circuits), count)), np.zeros((len(site.circuits), count))
    place = {circuit.name: n for n, circuit in enumerate(site.circuits)}
    for name, power in load.items():
        rated = sum(device.rated for device in site.loads if device.circuit == name and device.controllable) / KW
        for node in site.above(name):
            fixed[place[node.name]] += power
            controllable[place[node.name]] += np.minimum(np.maximum(power, 0.0), rated)
    for plant, power in zip(site.pvs, pv, strict=True):
        for node in site.above(plant.circuit):
            fixed[place[node.name]] -= power
            controllable[place[node.name]] -= power
    return fixed, controllable


def _limits(site: Site, edges: Array, signals: tuple[Signal, ...], kind: Kind, built: Sequence[Watt | None]) -> Array:
    """By circuit: the tighter of what it is built for and what signals say, less the margin."""
    limits = []
    for circuit, total in zip(site.circuits, built, strict=True):
        nodes = (circuit.name, "") if circuit.parent is None else (circuit.name,)
        limits.append(np.minimum(tightest(signals, kind, nodes, edges), inf if total is None else total) * site.margin / KW)
    return np.array(limits)


def _dearest(question: Question, demand: Demand | None, buy: Array, sell: Array) -> float:
    """What no kWh is worth more than."""
    visits = (*question.visits, *question.outlook.arrivals)
    wear = max([visit.wear for visit in visits] + [battery.wear for battery in question.site.batteries], default=0.0)
    peak = demand.price * demand.left * HOUR / demand.window if demand is not None else 0.0
    tiers = sum(tier.surcharge for tier in question.prices.tiers)
    return float(max(np.abs(buy).max(), np.abs(sell).max())) + wear + peak + tiers + question.objective.reserve_price
