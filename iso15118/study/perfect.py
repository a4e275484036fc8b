"""The best there can be: one linear program over a whole scenario that knows everything in advance. What no controller can do.

Its formulation is its own, apart from the planner's, and so a judge of it as well. Inside: kW and kWh. Extra `grid`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from iso15118.errors import LocalError
from iso15118.grid.prices import quarter
from iso15118.grid.series import Series
from iso15118.grid.signals import Kind
from iso15118.grid.site import PHASES, VOLTAGE, Battery, Circuit, Evse
from iso15118.study.record import Outcome, Record
from iso15118.study.scenarios import Scenario, Stay
from iso15118.study.share import limit_of
from iso15118.units import HOUR, KW, Second

MISSING: Final = 100.0
"""Of a kWh that is not in a car when it leaves."""
MISSING_MINIMUM: Final = 1000.0
OVERLOAD: Final = 10_000.0
WEAR: Final = 0.04
SOONER: Final = 1e-6
"""Of a kW in each step of delay: of what costs the same, the earlier."""
SPREAD: Final = 1e-4
"""Nothing is earned by buying and selling at once."""
UNLIMITED: Final = 1e9
"""W, where nothing is a limit."""
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
    """The cheapest run with everything known. `cars`, W at the inlets by outlet and step: they are given, and only batteries are free.

    Raises LocalError where the extra `grid` is missing.
    """
    found = _Best(told)
    if cars is None:
        found.add_cars()
    else:
        found.add_load(cars)
    found.add_batteries()
    found.add_connection()
    found.add_circuits()
    return _record(found, found.program.solved(), cars)


class _Best:
    """The program of a scenario, as it is put together."""

    def __init__(self, told: Scenario) -> None:
        self.told, self.program = told, _Program()
        self.hours = told.step / HOUR
        self.chains = {circuit.name: [node.name for node in told.site.above(circuit.name)] for circuit in told.site.circuits}
        steps = range(told.steps)
        self.flows: list[dict[str, list[tuple[int, float]]]] = [{name: [] for name in self.chains} for _ in steps]
        """By step and circuit: columns, and what flows through it for a kW of each."""
        self.lines: list[dict[tuple[str, int], list[tuple[int, float]]]] = [{} for _ in steps]
        self.fixed = [dict.fromkeys(self.chains, 0.0) for _ in steps]
        """kW that flow whatever is decided."""
        self.gives = [False for _ in steps]
        self.members: list[tuple[Stay, _Member]] = []
        self.batteries: list[tuple[Battery, _Member]] = []
        self.grid: list[tuple[int, int, int]] = []
        """By step: taken from the grid, fed into it, curtailed."""
        for name, series in told.load.items():
            self._flows(name, series.values, 1.0)
        for plant in told.site.pvs:
            self._flows(plant.circuit, told.pv[plant.name].values, -1.0)

    def _flows(self, circuit: str, watts: Sequence[float], factor: float) -> None:
        for k, value in enumerate(watts):
            for node in self.chains[circuit]:
                self.fixed[k][node] += factor * value / KW

    def _feeds(self, k: int, circuit: str, used: tuple[int, ...], column: int, factor: float) -> None:
        for node in self.chains[circuit]:
            self.flows[k][node].append((column, factor))
            for line in used:
                self.lines[k].setdefault((node, line), []).append((column, factor / len(used)))

    def add_load(self, cars: Mapping[str, list[float]]) -> None:
        """Cars whose power is given."""
        for evse in self.told.site.evses:
            self._flows(evse.circuit, cars[evse.name], 1.0 / evse.efficiency)

    def add_cars(self) -> None:
        """Each stay, and where a car comes back its next one."""
        evses = {evse.name: evse for evse in self.told.site.evses}
        before: dict[str, _Member] = {}
        for stay in self.told.stays:
            if steps := self.told.steps_of(stay):
                before[stay.user] = self._car(stay, evses[stay.evse], steps, before.get(stay.user) if stay.used is not None else None)
                self.members.append((stay, before[stay.user]))

    def _car(self, stay: Stay, evse: Evse, steps: range, before: _Member | None) -> _Member:
        program, dt, member = self.program, self.hours, _Member(steps)
        used = evse.lines if evse.dc else evse.lines[: stay.phases]
        most = min(stay.charge, evse.charge, INF if evse.dc else VOLTAGE * evse.most * len(used)) / KW
        back = min(stay.discharge, evse.discharge) / KW if self.told.objective.discharge else 0.0
        top = (stay.capacity if back else max(stay.target, stay.stored)) / KW
        for k in steps:
            member.charge[k] = program.column(SOONER * (k - steps.start), high=most)
            self._feeds(k, evse.circuit, used, member.charge[k], 1.0 / evse.efficiency)
            member.energy[k] = program.column(high=top)
            terms = [(member.energy[k], 1.0), (member.charge[k], -dt * stay.efficiency)]
            if back:
                member.discharge[k] = program.column(WEAR * dt, high=back)
                self._feeds(k, evse.circuit, used, member.discharge[k], -evse.efficiency)
                self.gives[k] = True
                terms.append((member.discharge[k], dt / stay.efficiency))
                program.row(-INF, 1.0, (member.charge[k], 1.0 / most), (member.discharge[k], 1.0 / back))
                program.row(stay.floor / KW, INF, (member.energy[k], 1.0), (program.column(MISSING_MINIMUM * dt), 1.0))
            begins, last = stay.stored, None if k == steps.start else member.energy[k - 1]
            if k == steps.start and before is not None:
                begins, last = -(stay.used or 0.0), before.energy[before.steps[-1]]
            if last is None:
                program.row(begins / KW, begins / KW, *terms)
            else:
                step = begins / KW if k == steps.start else 0.0
                program.row(step, step, *terms, (last, -1.0))
        reach = stay.target / KW
        if before is None:
            reach = min(reach, stay.stored / KW + most * stay.efficiency * dt * len(steps))
        program.row(reach, INF, (member.energy[steps[-1]], 1.0), (program.column(MISSING), 1.0))
        return member

    def add_batteries(self) -> None:
        """Stationary ones. What is in them at the end counts as in `metrics`."""
        told, program, dt = self.told, self.program, self.hours
        buy = self._prices(told.prices.import_price)
        for battery in told.site.batteries:
            member = _Member(range(told.steps))
            for k in member.steps:
                member.charge[k] = program.column(high=battery.charge / KW)
                member.discharge[k] = program.column(battery.wear * dt, high=battery.discharge / KW)
                member.energy[k] = program.column(0.0, battery.floor * battery.capacity / KW, battery.ceiling * battery.capacity / KW)
                self._feeds(k, battery.circuit, (0, 1, 2), member.charge[k], 1.0)
                self._feeds(k, battery.circuit, (0, 1, 2), member.discharge[k], -1.0)
                self.gives[k] = True
                stores, empties = -dt * battery.efficiency, dt / battery.efficiency
                terms = [(member.energy[k], 1.0), (member.charge[k], stores), (member.discharge[k], empties)]
                if k:
                    program.row(0.0, 0.0, *terms, (member.energy[k - 1], -1.0))
                else:
                    stored = told.stored.get(battery.name, 0.0) / KW
                    program.row(stored, stored, *terms)
            program.cost[member.energy[told.steps - 1]] -= sum(buy) / len(buy) / battery.efficiency
            self.batteries.append((battery, member))

    def _prices(self, series: Series) -> tuple[float, ...]:
        return series.sampled(self.told.start, self.told.step, self.told.steps, lambda moment: series.values[-1])

    def add_connection(self) -> None:
        """What is bought and sold, within the limits of the connection, and the demand charge."""
        told, program, root = self.told, self.program, self.told.site.root
        buy, sell = self._prices(told.prices.import_price), self._prices(told.prices.export_price)
        demand = told.prices.demand
        top = program.column() if demand is None else program.column(demand.price, demand.peak / KW)
        windows: dict[float, list[tuple[int, float]]] = {}
        for k in range(told.steps):
            moment, fixed = told.start + k * told.step, self.fixed[k][root.name]
            sun = sum(told.pv[plant.name].values[k] for plant in told.site.pvs) / KW
            taken = program.column(buy[k] * self.hours)
            fed = program.column(-min(sell[k], buy[k] - SPREAD) * self.hours, high=self._limit(root, moment, Kind.EXPORT_LIMIT))
            lost, over = program.column(high=sun), program.column(OVERLOAD * self.hours)
            inside = [(column, -factor) for column, factor in self.flows[k][root.name]]
            program.row(fixed, fixed, (taken, 1.0), (fed, -1.0), (lost, -1.0), *inside)
            program.row(-INF, max(self._limit(root, moment), fixed), (taken, 1.0), (over, -1.0))
            if self.gives[k] and not told.objective.export:
                program.row(-INF, sun, (fed, 1.0), (lost, 1.0))
            if demand is not None:
                windows.setdefault(quarter(moment, demand.window), []).append((taken, told.step / demand.window))
            self.grid.append((taken, fed, lost))
        for terms in windows.values():
            program.row(0.0, INF, (top, 1.0), *((column, -part) for column, part in terms))

    def _limit(self, circuit: Circuit, moment: Second, kind: Kind = Kind.IMPORT_LIMIT) -> float:
        return min(limit_of(circuit, self.told.signals, moment, kind), UNLIMITED) / KW

    def add_circuits(self) -> None:
        """Feeders, and fuses in each phase. Where what cannot be steered breaks a limit alone, the rest adds nothing."""
        for k in range(self.told.steps):
            for circuit in self.told.site.circuits:
                fixed, terms = self.fixed[k][circuit.name], self.flows[k][circuit.name]
                if circuit.parent is not None and terms:
                    limit = self._limit(circuit, self.told.start + k * self.told.step)
                    self.program.row(-INF, max(0.0, limit - fixed), *terms)
                for line in range(PHASES):
                    wires = self.lines[k].get((circuit.name, line))
                    if circuit.fuse is not None and wires:
                        self.program.row(-INF, max(0.0, circuit.fuse * VOLTAGE / KW - fixed / PHASES), *wires)


def _record(found: _Best, values: list[float], cars: Mapping[str, list[float]] | None) -> Record:
    told = found.told
    record = Record(told.start, told.step)
    for evse in told.site.evses:
        record.evses[evse.name] = list(cars[evse.name]) if cars is not None else [0.0] * told.steps
        record.cars[evse.name] = [None] * told.steps
    ended: dict[str, float] = {}
    for stay, member in found.members:
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
    for battery, member in found.batteries:
        record.batteries[battery.name] = [(values[member.charge[k]] - values[member.discharge[k]]) * KW for k in member.steps]
        record.stored[battery.name] = [values[member.energy[k]] * KW for k in member.steps]
    for k, (taken, fed, lost) in enumerate(found.grid):
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
