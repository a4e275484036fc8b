"""A policy on a scenario, step by step at the resolution of plans. `proof` does it second by second with the allocator of a station.

In each step the means of load and sun are known; all that comes is known as forecasts, declared departures and published prices only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite

from iso15118.grid.planning import SitePlan
from iso15118.grid.policies import Moment, Policy
from iso15118.grid.signals import Kind
from iso15118.grid.site import VOLTAGE
from iso15118.grid.visits import Visit
from iso15118.grid.wishes import mains
from iso15118.study.arrivals import Arrivals
from iso15118.study.controller import Controller, Tuning, known
from iso15118.study.physics import Car, Store
from iso15118.study.record import Record
from iso15118.study.scenarios import Scenario
from iso15118.study.share import Row, Tree, fill, limit_of, serve
from iso15118.units import HOUR, Second, Watt
from iso15118.value import replace

_EXPORT = Kind.EXPORT_LIMIT
Progress = Callable[[int, int], None]
"""Steps done, steps in all."""


def simulate(told: Scenario, policy: Policy, tuning: Tuning | None = None, progress: Progress | None = None) -> Record:
    """What happens. A policy that plans does so in every step. Raises LocalError where the extra `grid` is missing."""
    return _Simulation(told, policy, tuning or Tuning(), progress).run()


def seen(cars: Mapping[str, Car], now: Second, controller: Controller | None, *, gives: bool) -> tuple[Visit, ...]:
    """The cars that are there, as a controller sees them."""
    if controller is None:
        return tuple(car.visit(now, 0.0, gives=gives) for car in cars.values())
    worth = controller.worth(now)
    return tuple(car.visit(now, controller.buffer(car.stay.user), gives=gives, worth=worth) for car in cars.values())


class _Simulation:
    def __init__(self, told: Scenario, policy: Policy, tuning: Tuning, progress: Progress | None) -> None:
        self.objective = policy.objective
        self.told = told if self.objective is None else replace(told, objective=self.objective)
        self.policy, self.progress = policy, progress
        self.controller = Controller(self.told, tuning) if self.objective is not None else None
        gives = self.objective is not None and self.objective.discharge
        self.arrivals = Arrivals(told, told.step, full=gives)
        self.gives = gives
        self.stores = {battery.name: Store(battery, told.stored.get(battery.name, 0.0)) for battery in told.site.batteries}
        self.record = Record(told.start, told.step)
        self.margin = told.site.margin if policy.limited else 1.0

    def run(self) -> Record:
        told, record = self.told, self.record
        for name in self.stores:
            record.batteries[name], record.stored[name] = [], []
        for evse in told.site.evses:
            record.evses[evse.name], record.cars[evse.name] = [], []
        window: list[Watt] = []
        for k in range(told.steps):
            now = told.start + k * told.step
            self._turn_over(now)
            grid = self._step(k, now)
            if self.controller is not None and told.prices.demand is not None:
                window.append(grid)
                self.controller.drawn = sum(window) * told.step / HOUR
                if (now + told.step) % told.prices.demand.window == 0.0:
                    self.controller.metered(sum(window) / (told.prices.demand.window / told.step))
                    window.clear()
            if self.progress is not None:
                self.progress(k + 1, told.steps)
        self._turn_over(told.end)
        record.lost = self.arrivals.lost
        if self.controller is not None:
            record.milliseconds = self.controller.milliseconds
        return record

    def _turn_over(self, now: Second) -> None:
        for gone in self.arrivals.leave(now):
            self.record.outcomes.append(gone)
            if self.controller is not None:
                self.controller.departed(gone.user, gone.declared, gone.left)
        if now < self.told.end:
            for car in self.arrivals.come(now):
                if self.controller is not None:
                    self.controller.arrived(car, now)

    def _step(self, k: int, now: Second) -> Watt:
        told, step, record = self.told, self.told.step, self.record
        load = {name: series.values[k] for name, series in told.load.items()}
        pv = {plant.name: told.pv[plant.name].values[k] for plant in told.site.pvs}
        base = dict(load)
        for plant in told.site.pvs:
            base[plant.circuit] = base.get(plant.circuit, 0.0) - pv[plant.name]
        fixed = sum(base.values())
        signals = known(told.signals, now)
        cars = self.arrivals.there
        visits = seen(cars, now, self.controller, gives=self.gives)
        plan: SitePlan | None = None
        if self.controller is not None and (visits or self.stores):
            plan = self.controller.plan(now, visits, load, pv, {name: store.stored for name, store in self.stores.items()})
            for name, car in cars.items():
                if car.plugged == now and (own := plan.of(name)) is not None:
                    record.planned[name, now] = [car.stored + energy for energy in own.energy]
        limit = limit_of(told.site.root, signals, now)
        tree = Tree(told.site, {name: car.stay.phases for name, car in cars.items()})
        available = limit * self.margin - fixed
        moment = Moment(
            now=now,
            site=told.site,
            visits=visits,
            available=max(0.0, min(available, 1e9)),
            surplus=-fixed,
            prices=told.prices,
            plan=plan,
        )
        targets = self.policy.targets(moment)
        power, stores = self._allot(targets, plan, tree.rows(base, signals, now, self.margin), base, limit * self.margin)
        flows = {name: mains(cars[name].evse, watts) for name, watts in power.items()}
        grid = fixed + sum(flows.values()) + sum(stores.values())
        allowed = limit_of(told.site.root, signals, now, _EXPORT)
        curtailed = min(sum(pv.values()), max(0.0, -grid - allowed)) if isfinite(allowed) else 0.0
        grid += curtailed
        self._note(power, stores, tree.rows(base, signals, now, 1.0), flows)
        record.load.append(sum(load.values()))
        record.pv.append(sum(pv.values()))
        record.curtailed.append(curtailed)
        record.grid.append(grid)
        record.limit.append(limit if isfinite(limit) else None)
        record.internal.append(plan.price[0] if plan is not None else None)
        record.currents.append(_currents(told, fixed + sum(stores.values()), cars, flows))
        for name, watts in stores.items():
            self.stores[name].move(watts, step)
        for name, watts in power.items():
            cars[name].move(watts, step)
        for name in self.stores:
            record.batteries[name].append(stores[name])
            record.stored[name].append(self.stores[name].stored)
        for evse in told.site.evses:
            record.evses[evse.name].append(power.get(evse.name, 0.0))
            record.cars[evse.name].append(cars[evse.name].stored if evse.name in cars else None)
        return grid

    def _allot(
        self, targets: Mapping[str, Watt], plan: SitePlan | None, rows: list[Row], base: Mapping[str, Watt], limit: Watt
    ) -> tuple[dict[str, Watt], dict[str, Watt]]:
        """W at the inlets and of the batteries: targets in the order of laxity, then, if the policy says so, the rest by weight."""
        told, step, cars = self.told, self.told.step, self.arrivals.there
        wants = {name: car.most(step) for name, car in cars.items()}
        fixed = sum(base.values())
        if not self.policy.limited:
            flows = fixed + sum(mains(cars[name].evse, watts) for name, watts in wants.items())
            return wants, self._buffered(flows, limit)
        given = {name: 0.0 for name in cars}
        for name, watts in targets.items():
            if watts < 0.0 and name in cars:
                given[name] = -min(-watts, cars[name].gives(step))
                for row in rows:
                    row.room -= given[name] * row.parts.get(name, 0.0) * cars[name].evse.efficiency ** 2
        planned = {name: self._planned(name, plan) for name in self.stores}
        support = {name: planned[name] + store.gives(step) for name, store in self.stores.items()} if self.stores else {}
        for row in rows:
            if row.name == told.site.root.name:
                row.room += sum(support.values()) - sum(planned.values())
        now = self.record.start + len(self.record.grid) * step
        order = sorted(cars, key=lambda name: cars[name].visit(now, 0.0, gives=False).laxity(now, cars[name].wires))
        serve(order, {name: min(wants[name], targets.get(name, 0.0)) for name in order}, rows, given)
        if self.policy.fills:
            able = {name: want for name, want in wants.items() if given[name] >= 0.0}
            fill(able, {name: cars[name].evse.weight for name in able}, rows, given)
        flows = fixed + sum(mains(cars[name].evse, watts) for name, watts in given.items())
        if plan is None:
            return given, self._buffered(flows, limit)
        allowed = self.controller.allowed(plan, now) if self.controller is not None else limit
        return self._kept(given, planned, support, flows, min(limit, allowed), fixed)

    def _planned(self, name: str, plan: SitePlan | None) -> Watt:
        if plan is None:
            return 0.0
        store = self.stores[name]
        return max(-store.gives(self.told.step), min(store.most(self.told.step), plan.batteries[name][0]))

    def _kept(
        self, given: dict[str, Watt], planned: dict[str, Watt], support: Mapping[str, Watt], flows: Watt, limit: Watt, fixed: Watt
    ) -> tuple[dict[str, Watt], dict[str, Watt]]:
        """Batteries help where the limit or the plan's peak would not be kept; what is given back stays on the site unless it may leave."""
        over = flows + sum(planned.values()) - limit
        for name in planned:
            help_ = min(max(0.0, over), support[name])
            planned[name] -= help_
            over -= help_
        if self.objective is not None and self.objective.export:
            return given, planned
        cars = self.arrivals.there
        out = sum(-mains(cars[name].evse, watts) for name, watts in given.items() if watts < 0.0) + sum(
            -b for b in planned.values() if b < 0.0
        )
        grid = flows + sum(planned.values())
        excess = min(out, max(0.0, -grid - max(0.0, -(grid + out))))
        if excess > 0.0:
            kept = 1.0 - excess / out
            given = {name: watts * kept if watts < 0.0 else watts for name, watts in given.items()}
            planned = {name: watts * kept if watts < 0.0 else watts for name, watts in planned.items()}
        return given, planned

    def _buffered(self, flows: Watt, limit: Watt) -> dict[str, Watt]:
        """What batteries do without a plan. Beside photovoltaics they take what is left over and give what the site uses.

        Without any they keep the import at half the limit, as far as they can.
        """
        level = 0.0 if self.told.site.pvs else limit / 2.0
        found = {}
        for name, store in self.stores.items():
            found[name] = max(-store.gives(self.told.step), min(store.most(self.told.step), level - flows))
            flows += found[name]
        return found

    def _note(self, power: Mapping[str, Watt], stores: Mapping[str, Watt], rows: list[Row], flows: Mapping[str, Watt]) -> None:
        """The worst breach of a limit that could have been avoided: beyond the room, or beyond nothing where others use it up."""
        worst = 0.0
        cars = self.arrivals.there
        for row in rows:
            drawn = sum(flows[name] * part * cars[name].evse.efficiency for name, part in row.parts.items() if name in flows)
            if row.name == self.told.site.root.name:
                drawn += sum(stores.values())
            worst = max(worst, drawn - max(0.0, row.room))
        self.record.excess.append(worst if worst > 1.0 else 0.0)


def _currents(told: Scenario, even: Watt, cars: Mapping[str, Car], flows: Mapping[str, Watt]) -> tuple[float, float, float]:
    lines = [even / 3.0] * 3
    for name, watts in flows.items():
        evse = cars[name].evse
        used = evse.lines if evse.dc else evse.lines[: cars[name].stay.phases]
        for line in used:
            lines[line] += watts / len(used)
    return lines[0] / VOLTAGE, lines[1] / VOLTAGE, lines[2] / VOLTAGE
