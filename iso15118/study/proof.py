"""A policy on a scenario second by second, with the allocator of a station: what limits are worth when meters age and cars lag.

The controller reads meters that tell of the second before, and now and then nothing for some seconds. Cars follow what they are granted
after one to three seconds. Each second what was granted, and what really flows, is held against every limit of the tree.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import isfinite

from iso15118.grid.allocate import allocate
from iso15118.grid.grants import Allocated
from iso15118.grid.headroom import Swings, headroom
from iso15118.grid.meters import Reading
from iso15118.grid.planning import SitePlan
from iso15118.grid.policies import Moment, Policy
from iso15118.grid.signals import LIMITS, Kind, Signal
from iso15118.grid.site import VOLTAGE
from iso15118.grid.tree import Tree
from iso15118.grid.wishes import inlet, mains, wishes
from iso15118.study.arrivals import Arrivals
from iso15118.study.controller import Controller, Tuning, known
from iso15118.study.physics import Car, Store
from iso15118.study.record import Record
from iso15118.study.run import Progress, seen
from iso15118.study.scenarios import Scenario
from iso15118.study.scenarios.chance import stream
from iso15118.study.seconds import LOAD, PV, Within
from iso15118.study.share import limit_of
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import replace

SILENCES = 1.0 / 1800.0
"""A second, that the meter of the connection falls silent: once in half an hour,"""
SILENT = (2, 8)
"""for so many seconds."""
LAG = (1, 3)
"""Seconds in which a car follows."""
PLANS_AGAIN: Second = 2.0
"""After a car came or went."""
AHEAD: Second = 5.0
"""A limit that was announced is kept so much early: cars need some seconds to follow."""
EMPTIES: Second = 120.0
"""A battery gives no more than it could for so long: near its end it gives less and less, and cars that it feeds have time to follow."""
TOLERANCE: Watt = 1.0


def prove(
    told: Scenario, policy: Policy, tuning: Tuning | None = None, progress: Progress | None = None
) -> tuple[Record, dict[str, float]]:
    """What happens, as means of plan steps, and what was seen of the seconds.

    `seconds_over`, `worst_over_kw`: a limit was exceeded by what flowed, as far as outlets and batteries could have kept it;
    `granted_over`: seconds in which what was granted, on top of the other load of that very second, would have done so.
    """
    return _Proof(told, policy, tuning or Tuning(), progress).run()


class _Proof:
    def __init__(self, told: Scenario, policy: Policy, tuning: Tuning, progress: Progress | None) -> None:
        self.policy, self.progress, self.objective = policy, progress, policy.objective
        self.told = told if self.objective is None else replace(told, objective=self.objective)
        self.controller = Controller(self.told, tuning) if self.objective is not None else None
        self.gives = self.objective is not None and self.objective.discharge
        self.arrivals = Arrivals(told, 1.0, full=self.gives)
        self.stores = {battery.name: Store(battery, told.stored.get(battery.name, 0.0)) for battery in told.site.batteries}
        self.store_power = dict.fromkeys(self.stores, 0.0)
        self.record = Record(told.start, told.step)
        self.tree = Tree(told.site)
        self.swings, self.state = Swings(), Allocated()
        self.plan: SitePlan | None = None
        self.again: Second = told.start
        self.granted: dict[str, deque[Watt]] = {}
        self.actual: dict[str, Watt] = {}
        self.silent_until: Second = 0.0
        self.window: list[Watt] = []
        """Mean imports of the steps so far in this window of the demand charge."""
        self.meter: Reading | None = None
        self.random = stream(told.name, told.seed, "seconds")
        self.seen = {"seconds_over": 0.0, "worst_over_kw": 0.0, "granted_over": 0.0}
        self.chains = {circuit.name: [node.name for node in told.site.above(circuit.name)] for circuit in told.site.circuits}

    def run(self) -> tuple[Record, dict[str, float]]:
        told, record = self.told, self.record
        for name in self.stores:
            record.batteries[name], record.stored[name] = [], []
        for evse in told.site.evses:
            record.evses[evse.name], record.cars[evse.name] = [], []
        load = {name: Within(stream(told.name, told.seed, f"{name} load seconds"), series, LOAD) for name, series in told.load.items()}
        sun = {name: Within(stream(told.name, told.seed, f"{name} sun seconds"), series, PV) for name, series in told.pv.items()}
        length = round(told.step)
        for k in range(told.steps):
            loads = {name: within.step(k) for name, within in load.items()}
            suns = {name: within.step(k) for name, within in sun.items()}
            self._begin()
            for second in range(length):
                now = told.start + k * told.step + second
                self._second(
                    now, {name: values[second] for name, values in loads.items()}, {name: values[second] for name, values in suns.items()}
                )
            self._end(told.start + (k + 1) * told.step - 1.0, loads, suns)
            if self.progress is not None:
                self.progress(k + 1, told.steps)
        self._turn_over(told.end)
        record.lost = self.arrivals.lost
        if self.controller is not None:
            record.milliseconds = self.controller.milliseconds
        return record, self.seen

    def _begin(self) -> None:
        told = self.told
        self.sums = {evse.name: 0.0 for evse in told.site.evses}
        self.store_sums = dict.fromkeys(self.stores, 0.0)
        self.grid_sum = self.over_sum = self.lost_sum = 0.0
        self.line_sums = [0.0, 0.0, 0.0]

    def _end(self, now: Second, loads: Mapping[str, list[Watt]], suns: Mapping[str, list[Watt]]) -> None:
        told, record, length = self.told, self.record, self.told.step
        record.load.append(sum(map(sum, loads.values())) / length)
        record.pv.append(sum(map(sum, suns.values())) / length)
        record.curtailed.append(self.lost_sum / length)
        record.grid.append(self.grid_sum / length)
        limit = limit_of(told.site.root, known(told.signals, now), now)
        record.limit.append(limit if isfinite(limit) else None)
        record.excess.append(self.over_sum / length)
        at = self.plan.step(now) if self.plan is not None else None
        record.internal.append(self.plan.price[at] if self.plan is not None and at is not None else None)
        record.currents.append((self.line_sums[0] / length, self.line_sums[1] / length, self.line_sums[2] / length))
        for name, total in self.sums.items():
            record.evses[name].append(total / length)
            car = self.arrivals.there.get(name)
            record.cars[name].append(car.stored if car is not None else None)
        for name, total in self.store_sums.items():
            record.batteries[name].append(total / length)
            record.stored[name].append(self.stores[name].stored)
        demand = told.prices.demand
        if self.controller is not None and demand is not None:
            self.window.append(record.grid[-1])
            if (now + 1.0) % demand.window == 0.0:
                self.controller.metered(sum(self.window) / (demand.window / length))
                self.window.clear()

    def _turn_over(self, now: Second) -> None:
        for gone in self.arrivals.leave(now):
            self.record.outcomes.append(gone)
            self.granted.pop(gone.evse)
            self.actual.pop(gone.evse)
            if self.controller is not None:
                self.controller.departed(gone.user, gone.declared, gone.left)
                self.again = min(self.again, now + PLANS_AGAIN)
        if now < self.told.end:
            for car in self.arrivals.come(now):
                lag = self.random.randint(*LAG)
                self.granted[car.evse.name] = deque([0.0] * lag, maxlen=lag + 1)
                self.actual[car.evse.name] = 0.0
                if self.controller is not None:
                    self.controller.arrived(car, now)
                    self.again = min(self.again, now + PLANS_AGAIN)

    def _second(self, now: Second, load: Mapping[str, Watt], pv: Mapping[str, Watt]) -> None:
        told = self.told
        self._turn_over(now)
        cars = self.arrivals.there
        base = dict(load)
        for plant in told.site.pvs:
            base[plant.circuit] = base.get(plant.circuit, 0.0) - pv[plant.name]
        fixed = sum(base.values())
        signals = known(told.signals, now)
        if self.controller is not None and (now >= self.again or now % told.step == 0.0) and (cars or self.stores):
            self._replan(now, load, pv)
        room_limit = limit_of(told.site.root, signals, now) * told.site.margin
        powers: dict[str, Watt] = {}
        wanting = {name: car for name, car in cars.items() if self._wants(car) or any(self.granted[name]) or self.actual[name]}
        if wanting:
            powers = self._grants(now, wanting, signals, fixed)
        for name in cars:
            self.granted[name].append(powers.get(name, 0.0))
            wanted = self.granted[name][0]
            car = cars[name]
            self.actual[name] = min(wanted, car.most(1.0)) if wanted >= 0.0 else -min(-wanted, car.gives(1.0))
        flows = {name: mains(cars[name].evse, watts) for name, watts in self.actual.items()}
        self._batteries(now, fixed, sum(flows.values()), room_limit)
        stores = sum(self.store_power.values())
        self._judge(now, base, flows, {name: mains(cars[name].evse, powers.get(name, 0.0)) for name in cars}, stores)
        grid = fixed + sum(flows.values()) + stores
        allowed = limit_of(told.site.root, signals, now, Kind.EXPORT_LIMIT)
        lost = min(sum(pv.values()), max(0.0, -grid - allowed)) if isfinite(allowed) else 0.0
        self.grid_sum += grid + lost
        self.lost_sum += lost
        lines = self._lines(fixed + stores, flows)
        for line in range(3):
            self.line_sums[line] += lines[line]
        for name, watts in self.actual.items():
            self.sums[name] += watts
            cars[name].move(watts, 1.0)
        for name, watts in self.store_power.items():
            self.store_sums[name] += watts
            self.stores[name].move(watts, 1.0)
        if self.random.random() < SILENCES:
            self.silent_until = now + self.random.randint(*SILENT)
        if now >= self.silent_until:
            self.meter = Reading(lines, now)

    def _wants(self, car: Car) -> bool:
        return (car.most(1.0) > 0.0 and car.top - car.stored > 1.0) or (self.gives and car.stay.discharge > 0.0)

    def _grants(self, now: Second, wanting: Mapping[str, Car], signals: tuple[Signal, ...], fixed: Watt) -> dict[str, Watt]:
        told, policy = self.told, self.policy
        if not policy.limited:
            return {name: car.most(1.0) for name, car in wanting.items()}
        draws = {name: Reading(self._own(name), now - 1.0) for name in self.arrivals.there}
        for evse in told.site.evses:
            if evse.name not in draws:
                draws[evse.name] = Reading((0.0, 0.0, 0.0), now - 1.0)
        meters = {told.site.root.name: self.meter} if self.meter is not None else {}
        limits = tuple(replace(signal, start=signal.start - AHEAD) if signal.kind in LIMITS else signal for signal in signals)
        self.swings, room = headroom(self.tree, meters, draws, limits, self.swings, now=now, moment=now)
        visits = tuple(car.visit(now, 0.0, gives=self.gives) for car in wanting.values())
        other = room.other(told.site.root.name)
        moment = Moment(
            now=now,
            site=told.site,
            visits=visits,
            available=min(1e9, room.available),
            surplus=-other,
            prices=told.prices,
            plan=self.plan,
        )
        targets = policy.targets(moment)
        if self.objective is not None and not self.objective.export:
            targets = self._at_home(targets, other)
        since = {name: car.plugged for name, car in wanting.items()}
        asked = wishes(told.site, visits, targets, signals, moment=now, fills=policy.fills, since=since)
        self.state, grants = allocate(self.tree, room, asked, self.state, now)
        return {grant.evse: inlet(wanting[grant.evse].evse, grant.power) for grant in grants}

    def _at_home(self, targets: Mapping[str, Watt], other: Watt) -> dict[str, Watt]:
        """What cars give back stays on the site: not more than it uses besides."""
        out = sum(-watts for watts in targets.values() if watts < 0.0)
        used = max(0.0, other + sum(watts for watts in targets.values() if watts > 0.0))
        kept = min(1.0, used / out) if out > 0.0 else 1.0
        return {name: watts * kept if watts < 0.0 else watts for name, watts in targets.items()}

    def _replan(self, now: Second, load: Mapping[str, Watt], pv: Mapping[str, Watt]) -> None:
        if self.controller is None:
            return
        self.again = float("inf")
        self.controller.drawn = self._drawn()
        cars = self.arrivals.there
        visits = seen(cars, now, self.controller, gives=self.gives)
        self.plan = plan = self.controller.plan(now, visits, load, pv, {name: store.stored for name, store in self.stores.items()})
        for name, car in cars.items():
            own = plan.of(name)
            if own is not None:
                self.record.planned.setdefault((name, car.plugged), [car.stored + energy for energy in own.energy])

    def _batteries(self, now: Second, fixed: Watt, flows: Watt, limit: Watt) -> None:
        """Batteries follow the plan, or what was measured a second ago; beyond the limit they help."""
        at = self.plan.step(now) if self.plan is not None else None
        level = 0.0 if self.told.site.pvs else limit / 2.0
        allowed = float("inf")
        if self.plan is not None and self.controller is not None:
            self.controller.drawn = self._drawn()
            allowed = self.controller.allowed(self.plan, now)
        for name, store in self.stores.items():
            net = fixed + flows
            wanted = self.plan.batteries[name][at] if self.plan is not None and at is not None else level - net
            if self.objective is not None and not self.objective.export and wanted < 0.0:
                wanted = max(wanted, min(0.0, -net))
            wanted = min(wanted, limit - net, allowed - net)
            self.store_power[name] = max(-store.gives(EMPTIES), min(store.most(1.0), wanted))

    def _drawn(self) -> WattHour:
        """In the running window."""
        return (sum(self.window) * self.told.step + self.grid_sum) / HOUR

    def _own(self, name: str) -> tuple[float, float, float]:
        car = self.arrivals.there[name]
        used = car.evse.lines if car.evse.dc else car.evse.lines[: car.stay.phases]
        amps = mains(car.evse, self.actual[name]) / len(used) / VOLTAGE
        return (amps if 0 in used else 0.0, amps if 1 in used else 0.0, amps if 2 in used else 0.0)

    def _lines(self, even: Watt, flows: Mapping[str, Watt]) -> tuple[float, float, float]:
        lines = [even / 3.0 / VOLTAGE] * 3
        for name in flows:
            for line, amps in enumerate(self._own(name)):
                lines[line] += amps
        return lines[0], lines[1], lines[2]

    def _judge(self, now: Second, base: Mapping[str, Watt], flows: Mapping[str, Watt], granted: Mapping[str, Watt], stores: Watt) -> None:
        """This second's flows, and this second's grants, against every limit of the tree."""
        worst = {"flows": 0.0, "granted": 0.0}
        signals = known(self.told.signals, now)
        cars = self.arrivals.there
        for circuit in self.told.site.circuits:
            below = [name for name in flows if circuit.name in self.chains[cars[name].evse.circuit]]
            even = sum(watts for name, watts in base.items() if circuit.name in self.chains[name])
            extra = stores if circuit.parent is None else 0.0
            limit = limit_of(circuit, signals, now)
            for what, watts in (("flows", flows), ("granted", granted)):
                total = sum(watts[name] for name in below) + extra
                if isfinite(limit):
                    worst[what] = max(worst[what], total - max(0.0, limit - even))
                if circuit.fuse is not None:
                    for line in range(3):
                        drawn = extra / 3.0
                        for name in below:
                            evse = cars[name].evse
                            used = evse.lines if evse.dc else evse.lines[: cars[name].stay.phases]
                            drawn += watts[name] / len(used) if line in used else 0.0
                        worst[what] = max(worst[what], drawn - max(0.0, circuit.fuse * VOLTAGE - even / 3.0))
        if worst["flows"] > TOLERANCE:
            self.seen["seconds_over"] += 1.0
            self.seen["worst_over_kw"] = max(self.seen["worst_over_kw"], worst["flows"] / 1e3)
            self.over_sum += worst["flows"]
        self.seen["granted_over"] += worst["granted"] > TOLERANCE
