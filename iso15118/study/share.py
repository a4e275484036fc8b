"""Who gets how much in a step of a plan: what targets ask for, cut to the limits of the tree. The mean of a step, without amperes below 6.

The allocator of a station (`grid.allocate`) does this each second, with meters that age and cars that lag; here a step is one moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from iso15118.grid.signals import Kind, Signal, bound
from iso15118.grid.site import VOLTAGE, Circuit, Site
from iso15118.units import Second, Watt

EPSILON: Watt = 1e-3


class Row:
    """One limit: `room` W that outlets below may draw together, each by its part."""

    __slots__ = ("name", "parts", "room")

    def __init__(self, name: str, room: Watt, parts: Mapping[str, float]) -> None:
        self.name, self.room, self.parts = name, room, parts


def limit_of(circuit: Circuit, signals: Sequence[Signal], moment: Second, kind: Kind = Kind.IMPORT_LIMIT) -> Watt:
    """W that may flow through a circuit at a moment, of all phases; infinite: as much as there is."""
    own = circuit.import_total if kind is Kind.IMPORT_LIMIT else circuit.export_total
    nodes = (circuit.name, "") if circuit.parent is None else (circuit.name,)
    said = [found.value for node in nodes if (found := bound(signals, kind, node, moment)) is not None]
    return min([*said, inf if own is None else own])


class Tree:
    """The limits of a site, made once: which outlets and loads are below which circuit, and on which lines."""

    def __init__(self, site: Site, phases: Mapping[str, int]) -> None:
        """`phases` of the car at each outlet that has one."""
        self.site = site
        self.below: list[tuple[Circuit, dict[str, float], list[dict[str, float]], list[str]]] = []
        chains = {circuit.name: {node.name for node in site.above(circuit.name)} for circuit in site.circuits}
        for circuit in site.circuits:
            outlets = [evse for evse in site.evses if circuit.name in chains[evse.circuit]]
            parts = {evse.name: 1.0 / evse.efficiency for evse in outlets}
            lines: list[dict[str, float]] = [{}, {}, {}]
            for evse in outlets:
                used = evse.lines if evse.dc else evse.lines[: phases.get(evse.name, 3)]
                for line in used:
                    lines[line][evse.name] = 1.0 / evse.efficiency / len(used)
            fed = [other.name for other in site.circuits if circuit.name in chains[other.name]]
            self.below.append((circuit, parts, lines, fed))

    def rows(self, base: Mapping[str, Watt], signals: Sequence[Signal], moment: Second, margin: float) -> list[Row]:
        """The rooms beside what flows anyway: `base` W by circuit, + load, evenly on three lines."""
        found = []
        for circuit, parts, lines, fed in self.below:
            flows = sum(base.get(name, 0.0) for name in fed)
            limit = limit_of(circuit, signals, moment)
            if limit < inf and parts:
                found.append(Row(circuit.name, limit * margin - flows, parts))
            if circuit.fuse is not None:
                for number, line in enumerate(lines):
                    if line:
                        found.append(Row(f"L{number + 1} of {circuit.name}", circuit.fuse * VOLTAGE * margin - flows / 3.0, line))
        return found


def serve(order: Sequence[str], wants: Mapping[str, Watt], rows: Sequence[Row], given: dict[str, Watt]) -> None:
    """One after the other gets what it wants beyond what is given, as far as it fits; `given` and the rooms change."""
    for name in order:
        mine = [row for row in rows if name in row.parts]
        more = min([wants.get(name, 0.0) - given.get(name, 0.0), *(row.room / row.parts[name] for row in mine)])
        if more > EPSILON:
            given[name] = given.get(name, 0.0) + more
            for row in mine:
                row.room -= more * row.parts[name]


def fill(wants: Mapping[str, Watt], weights: Mapping[str, float], rows: Sequence[Row], given: dict[str, Watt]) -> None:
    """All rise together by weight until a limit or their want stops each: the weighted max-min share of what is left."""
    active = {name for name, want in wants.items() if want - given.get(name, 0.0) > EPSILON}
    while active:
        loads = [(row, sum(part * weights[name] for name, part in row.parts.items() if name in active)) for row in rows]
        level = min((wants[name] - given.get(name, 0.0)) / weights[name] for name in active)
        level = max(0.0, min([level, *(row.room / load for row, load in loads if load > 0.0)]))
        for name in active:
            given[name] = given.get(name, 0.0) + level * weights[name]
        for row, load in loads:
            row.room -= level * load
        full = [row for row, load in loads if load > 0.0 and row.room <= EPSILON]
        stopped = {name for name in active if wants[name] - given[name] <= EPSILON or any(name in row.parts for row in full)}
        if not stopped:
            return
        active -= stopped
