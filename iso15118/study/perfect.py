"""The best there can be: one linear program over a whole scenario that knows everything in advance. What no controller can do.

Its formulation is its own, apart from the planner's, and so a judge of it as well. Inside: kW and kWh. Extra `grid`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iso15118.errors import LocalError
from iso15118.grid.prices import quarter
from iso15118.grid.signals import Kind
from iso15118.grid.site import VOLTAGE, Battery
from iso15118.study.record import Outcome, Record
from iso15118.study.scenarios import Scenario, Stay
from iso15118.study.share import limit_of
from iso15118.units import HOUR, KW

MISSING: Final = 100.0
"""Of a kWh that is not in a car when it leaves."""
MISSING_MINIMUM: Final = 1000.0
OVERLOAD: Final = 10_000.0
WEAR: Final = 0.04
SPREAD: Final = 1e-4
INF: Final = float("inf")


class _Program:
    """A linear program as it is written down: columns with costs and bounds, rows with bounds, and what stands where they meet."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.row_low: list[float] = []
        self.row_high: list[float] = []
        self.starts: list[int] = []
        self.index: list[int] = []
        self.value: list[float] = []

    def column(self, cost: float = 0.0, low: float = 0.0, high: float = INF) -> int:
        self.cost.append(cost)
        self.low.append(low)
        self.high.append(high)
        return len(self.cost) - 1

    def row(self, low: float, high: float, *terms: tuple[int, float]) -> None:
        self.row_low.append(low)
        self.row_high.append(high)
        self.starts.append(len(self.index))
        self.index += [column for column, _ in terms]
        self.value += [value for _, value in terms]

    def solved(self) -> list[float]:
        """The value of each column. Raises LocalError where it cannot be solved, or the extra is missing."""
        try:
            import highspy
            import numpy as np
            from highspy._core import _Highs  # Highs itself prints its name the first time it is made
        except ImportError as error:
            raise LocalError(f"the best there can be needs {error.name}: pip install chargeloop[grid]") from None
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.row_low)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.array(self.cost), np.array(self.low), np.array(self.high)
        lp.row_lower_, lp.row_upper_ = np.array(self.row_low), np.array(self.row_high)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array([*self.starts, len(self.index)], np.int32)
        lp.a_matrix_.index_ = np.array(self.index, np.int32)
        lp.a_matrix_.value_ = np.array(self.value)
        solver = _Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.passModel(lp)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise LocalError(f"the program of the best there can be: {solver.modelStatusToString(solver.getModelStatus())}")
        return [float(value) for value in solver.getSolution().col_value]


class _Member:
    """A car or battery in the program: its columns by step."""

    def __init__(self, steps: range) -> None:
        self.steps = steps
        self.charge: dict[int, int] = {}
        self.discharge: dict[int, int] = {}
        self.energy: dict[int, int] = {}


def best(told: Scenario, cars: Mapping[str, list[float]] | None = None) -> Record:
    """The cheapest run with everything known. `cars`, W at the inlets by outlet and step: they are given, and only batteries are free."""
    program = _Program()
    dt = told.step / HOUR
    prices, site = told.prices, told.site
    moments = [told.start + k * told.step for k in range(told.steps)]
    buy = prices.import_price.sampled(told.start, told.step, told.steps, lambda moment: prices.import_price.values[-1])
    sell = prices.export_price.sampled(told.start, told.step, told.steps, lambda moment: prices.export_price.values[-1])
    worth = sum(buy) / len(buy)
    chains = {circuit.name: [node.name for node in site.above(circuit.name)] for circuit in site.circuits}
    flows: list[dict[str, list[tuple[int, float]]]] = [{circuit.name: [] for circuit in site.circuits} for _ in moments]
    lines: list[dict[tuple[str, int], list[tuple[int, float]]]] = [{} for _ in moments]
    fixed: list[dict[str, float]] = [dict.fromkeys(chains, 0.0) for _ in moments]
    for k in range(told.steps):
        for name, series in told.load.items():
            for node in chains[name]:
                fixed[k][node] += series.values[k] / KW
        for plant in site.pvs:
            for node in chains[plant.circuit]:
                fixed[k][node] -= told.pv[plant.name].values[k] / KW
        for evse in site.evses if cars is not None else ():
            watts = cars[evse.name][k] if cars is not None else 0.0
            for node in chains[evse.circuit]:
                fixed[k][node] += watts / KW / evse.efficiency

    def feeds(k: int, circuit: str, used: tuple[int, ...], column: int, factor: float) -> None:
        for node in chains[circuit]:
            flows[k][node].append((column, factor))
            for line in used:
                lines[k].setdefault((node, line), []).append((column, factor / len(used)))

    members: list[tuple[Stay, _Member]] = []
    before: dict[str, tuple[Stay, _Member]] = {}
    evses = {evse.name: evse for evse in site.evses}
    gives = told.objective.discharge
    given_back: list[list[tuple[int, float]]] = [[] for _ in moments]
    for stay in told.stays if cars is None else ():
        member, evse = _Member(told.steps_of(stay)), evses[stay.evse]
        if not member.steps:
            continue
        used = evse.lines if evse.dc else evse.lines[: stay.phases]
        most = min(stay.charge, evse.charge, INF if evse.dc else VOLTAGE * evse.most * len(used)) / KW
        back = min(stay.discharge, evse.discharge) / KW if gives else 0.0
        top = (stay.capacity if back else max(stay.target, stay.stored)) / KW
        chained = before.get(stay.user) if stay.used is not None else None
        reach = stay.target / KW if chained else min(stay.target / KW, stay.stored / KW + most * stay.efficiency * dt * len(member.steps))
        for k in member.steps:
            member.charge[k] = program.column(1e-6 * (k - member.steps.start), high=most)
            feeds(k, evse.circuit, used, member.charge[k], 1.0 / evse.efficiency)
            member.energy[k] = program.column(high=top)
            terms = [(member.energy[k], 1.0), (member.charge[k], -dt * stay.efficiency)]
            if back:
                member.discharge[k] = program.column(WEAR * dt, high=back)
                feeds(k, evse.circuit, used, member.discharge[k], -evse.efficiency)
                given_back[k].append((member.discharge[k], evse.efficiency))
                terms.append((member.discharge[k], dt / stay.efficiency))
                program.row(-INF, 1.0, (member.charge[k], 1.0 / most), (member.discharge[k], 1.0 / back))
                low = program.column(MISSING_MINIMUM * dt)
                program.row(stay.floor / KW, INF, (member.energy[k], 1.0), (low, 1.0))
            if k > member.steps.start:
                program.row(0.0, 0.0, *terms, (member.energy[k - 1], -1.0))
            elif chained is None:
                program.row(stay.stored / KW, stay.stored / KW, *terms)
            else:
                last = chained[1].energy[chained[1].steps[-1]]
                program.row(-(stay.used or 0.0) / KW, -(stay.used or 0.0) / KW, *terms, (last, -1.0))
        short = program.column(MISSING)
        program.row(reach, INF, (member.energy[member.steps[-1]], 1.0), (short, 1.0))
        members.append((stay, member))
        before[stay.user] = (stay, member)
    batteries: list[tuple[Battery, _Member]] = []
    for battery in site.batteries:
        member = _Member(range(told.steps))
        for k in member.steps:
            member.charge[k] = program.column(high=battery.charge / KW)
            member.discharge[k] = program.column(battery.wear * dt, high=battery.discharge / KW)
            member.energy[k] = program.column(low=battery.floor * battery.capacity / KW, high=battery.ceiling * battery.capacity / KW)
            feeds(k, battery.circuit, (0, 1, 2), member.charge[k], 1.0)
            feeds(k, battery.circuit, (0, 1, 2), member.discharge[k], -1.0)
            given_back[k].append((member.discharge[k], 1.0))
            terms = [(member.energy[k], 1.0), (member.charge[k], -dt * battery.efficiency), (member.discharge[k], dt / battery.efficiency)]
            stored = told.stored.get(battery.name, 0.0) / KW
            if k:
                program.row(0.0, 0.0, *terms, (member.energy[k - 1], -1.0))
            else:
                program.row(stored, stored, *terms)
        program.cost[member.energy[told.steps - 1]] -= worth / battery.efficiency
        batteries.append((battery, member))

    demand = prices.demand
    top_of = program.column(demand.price if demand is not None else 0.0, low=(demand.peak if demand is not None else 0.0) / KW)
    grid: list[tuple[int, int, int]] = []
    windows: dict[float, list[tuple[int, float]]] = {}
    for k, moment in enumerate(moments):
        limit = min(limit_of(site.root, told.signals, moment), 1e9) / KW
        taken = program.column(buy[k] * dt)
        fed = program.column(
            -min(sell[k], buy[k] - SPREAD) * dt, high=min(limit_of(site.root, told.signals, moment, Kind.EXPORT_LIMIT), 1e9) / KW
        )
        sun = sum(told.pv[plant.name].values[k] for plant in site.pvs) / KW
        lost, over = program.column(high=sun), program.column(OVERLOAD * dt)
        root = site.root.name
        program.row(fixed[k][root], fixed[k][root], (taken, 1.0), (fed, -1.0), (lost, -1.0), *((c, -f) for c, f in flows[k][root]))
        program.row(-INF, max(limit, fixed[k][root]), (taken, 1.0), (over, -1.0))
        if not told.objective.export and given_back[k]:
            program.row(-INF, sun, (fed, 1.0), (lost, 1.0))
        for circuit in site.circuits:
            inside = min(limit_of(circuit, told.signals, moment), 1e9) / KW
            if circuit.parent is not None and flows[k][circuit.name] and inside < 1e6:
                program.row(-INF, max(0.0, inside - fixed[k][circuit.name]), *flows[k][circuit.name])
            for line in range(3):
                if circuit.fuse is not None and (wires := lines[k].get((circuit.name, line))):
                    program.row(-INF, max(0.0, circuit.fuse * VOLTAGE / KW - fixed[k][circuit.name] / 3.0), *wires)
        if demand is not None:
            windows.setdefault(quarter(moment, demand.window), []).append((taken, told.step / demand.window))
        grid.append((taken, fed, lost))
    for terms in windows.values():
        program.row(0.0, INF, (top_of, 1.0), *((column, -part) for column, part in terms))
    return _record(told, program.solved(), members, batteries, grid, cars)


def _record(
    told: Scenario,
    values: list[float],
    members: list[tuple[Stay, _Member]],
    batteries: list[tuple[Battery, _Member]],
    grid: list[tuple[int, int, int]],
    cars: Mapping[str, list[float]] | None,
) -> Record:
    record = Record(told.start, told.step)
    for evse in told.site.evses:
        record.evses[evse.name] = list(cars[evse.name]) if cars is not None else [0.0] * told.steps
        record.cars[evse.name] = [None] * told.steps
    ended: dict[str, float] = {}
    for stay, member in members:
        begin = stay.stored
        if stay.used is not None and stay.user in ended:
            begin = ended[stay.user] - stay.used
        given, most = 0.0, min(stay.charge, next(evse.charge for evse in told.site.evses if evse.name == stay.evse))
        for k in member.steps:
            out = values[member.discharge[k]] if k in member.discharge else 0.0
            record.evses[stay.evse][k] = (values[member.charge[k]] - out) * KW
            record.cars[stay.evse][k] = values[member.energy[k]] * KW
            given += max(0.0, out - values[member.charge[k]]) * KW * told.step / HOUR
        ended[stay.user] = values[member.energy[member.steps[-1]]] * KW
        reach = begin + most * stay.efficiency * len(member.steps) * told.step / HOUR
        times = [told.start + told.step * k for k in (member.steps.start, member.steps.stop)]
        record.outcomes.append(
            Outcome(
                evse=stay.evse,
                user=stay.user,
                came=stay.arrival,
                plugged=times[0],
                left=times[1],
                declared=stay.declared,
                stored=begin,
                target=stay.target,
                reach=max(begin, min(stay.target, reach)),
                ended=ended[stay.user],
                given=given,
                capacity=stay.capacity,
                charge=most,
                discharge=stay.discharge,
                floor=stay.floor,
                efficiency=stay.efficiency,
                chained=stay.used is not None,
            )
        )
    for battery, member in batteries:
        record.batteries[battery.name] = [(values[member.charge[k]] - values[member.discharge[k]]) * KW for k in member.steps]
        record.stored[battery.name] = [values[member.energy[k]] * KW for k in member.steps]
    for k, (taken, fed, lost) in enumerate(grid):
        moment = told.start + k * told.step
        record.load.append(sum(series.values[k] for series in told.load.values()))
        record.pv.append(sum(told.pv[plant.name].values[k] for plant in told.site.pvs))
        record.curtailed.append(values[lost] * KW)
        record.grid.append((values[taken] - values[fed]) * KW)
        record.limit.append(limit if (limit := limit_of(told.site.root, told.signals, moment)) < INF else None)
        record.excess.append(0.0)
        record.internal.append(None)
        record.currents.append((record.grid[-1] / 3.0 / VOLTAGE,) * 3)
    return record
