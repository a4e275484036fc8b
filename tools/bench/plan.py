"""How soon a site is planned: 50, 200 and 1000 cars over a night in quarters of an hour, one way and both ways. Beside it the cheapest
hours of each car alone, and, where large fleets are planned in coarser steps, the same night in quarters.
"""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass
from math import exp, pi, sin
from random import Random
from time import perf_counter
from unittest.mock import patch

from iso15118.energy import Need
from iso15118.grid.planning import Objective, Outlook, Question, SitePlan, program
from iso15118.grid.planning.fleet import fleet
from iso15118.grid.planning.model import Model
from iso15118.grid.planning.scene import scene
from iso15118.grid.prices import Demand, Prices, bill, peak
from iso15118.grid.series import Series, constant
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.grid.visits import Visit
from iso15118.service.planner import Planner
from iso15118.units import HOUR, KW
from iso15118.value import replace
from tools.bench.measure import Goal, Progress, Row, Table

SIZES = (50, 200, 1000)
MOST = {50: 0.5, 200: 1.0, 1000: 3.0}
"""Goals: s for a plan both ways."""
GAP, BUILD, EVENT = 0.6, 20.0, 2.0
"""Goals: percent dearer than in quarters throughout, percent of the time that is not the solver's, s from a question to its plan."""
STEP = 900.0
EVENING = 1_700_006_400.0 + 17 * HOUR


@dataclass(frozen=True, slots=True)
class Run:
    """One plan."""

    build: float
    total: float
    made: SitePlan


def night(cars: int, both_ways: bool, seed: int = 1) -> Question:
    """Cars on four feeders that come from 17:00 on and stay over night; the evening is dear, the night cheap, and power has its price."""
    rnd = Random(seed)
    limit = cars * 5.0 * KW
    circuits = [Circuit(name="grid", import_limit=limit, export_limit=limit)]
    circuits += [Circuit(name=f"feeder {j}", parent="grid", import_limit=limit * 0.32) for j in range(4)]
    evses, visits = [], []
    for i in range(cars):
        evses.append(Evse(name=f"e{i}", circuit=f"feeder {i % 4}", charge=11.0 * KW, discharge=11.0 * KW))
        arrival = EVENING + max(0.0, rnd.gauss(1.6, 3.0)) * HOUR
        energy = min(60.0, rnd.lognormvariate(2.56, 0.6)) * KW
        need = Need(energy, energy + 20e3, -25e3, None, rnd.choice((3.7, 7.4, 11.0, 11.0)) * KW, 11.0 * KW, energy + 10e3, -25e3)
        visits.append(
            Visit(
                evse=f"e{i}",
                need=need,
                arrival=arrival,
                departure=arrival + max(1.0, rnd.gauss(13.0, 2.0)) * HOUR,
                discharges=both_ways,
                efficiency=0.93,
                expected=arrival > EVENING,
            )
        )
    hours = [17.0 + k / 4 for k in range(96)]
    price = [
        0.22 + 0.14 * exp(-(((h % 24 - 8.0) / 2.0) ** 2)) + 0.24 * exp(-(((h % 24 - 19.5) / 2.0) ** 2)) + rnd.gauss(0.0, 0.02)
        for h in hours
    ]
    load = [cars * 2.0 * KW * (1.0 + 0.3 * sin(h / 24 * 2.0 * pi)) + rnd.gauss(0.0, 50.0) for h in hours]
    return Question(
        now=EVENING,
        site=Site(name="night", circuits=tuple(circuits), evses=tuple(evses)),
        visits=tuple(visit for visit in visits if not visit.expected),
        outlook=Outlook(
            load={"grid": Series(EVENING, STEP, tuple(load))}, pv={}, arrivals=tuple(visit for visit in visits if visit.expected)
        ),
        prices=Prices(
            import_price=Series(EVENING, STEP, tuple(price)),
            export_price=constant(0.07, EVENING, EVENING + 24 * HOUR),
            demand=Demand(0.6),
        ),
        objective=Objective(discharge=both_ways),
    )


def planned(question: Question) -> Run:
    """A plan, timed; what is not the solver's is building."""
    solving = []
    solve = Model.solve

    def timed(model: Model) -> object:
        found = solve(model)
        solving.append(found.seconds)
        return found

    with patch.object(Model, "solve", timed):
        began = perf_counter()
        made = program.plan(question)
        total = perf_counter() - began
    return Run(total - sum(solving), total, made)


def in_quarters(question: Question) -> Run:
    """The same without coarser steps."""
    with patch.object(program, "COARSER", ()):
        return planned(question)


def alone(question: Question) -> tuple[float, float, float]:
    """Each car in its own cheapest quarters, blind to others: s, what the site pays, and kWh above its limits."""
    began = perf_counter()
    known = scene(question)
    members = fleet(question, known)
    order = known.buy.argsort(kind="stable")
    power = members.charge * 0.0
    for i in range(len(members.names)):
        left = float(members.dues.energy[members.dues.member == i].max(initial=0.0)) / members.stores[i]
        for t in order:
            power[i, t] = min(members.charge[i, t], left / known.hours[t])
            left -= power[i, t] * known.hours[t]
    seconds = perf_counter() - began
    flows = known.fixed + known.below(members.circuits) @ power
    above = float(((flows - known.imports).clip(0.0) @ known.hours).max())
    cost = bill(question.prices, question.now, STEP, tuple((flows[known.root] * KW).tolist()))
    return seconds, cost, above


def lived(question: Question, made: SitePlan) -> float:
    """What a night costs whose first six hours go by a plan, and the rest by the best one from there."""
    steps = 24
    later = question.now + steps * STEP
    prices, demand = question.prices, question.prices.demand
    everybody = (*question.visits, *question.outlook.arrivals)
    cost = bill(prices, question.now, STEP, made.grid[:steps])
    cost += sum(
        visit.wear * max(0.0, -watts) * STEP / HOUR / KW
        for visit, car in zip(everybody, made.evses, strict=True)
        for watts in car.power[:steps]
    )
    left = []
    for visit, car in zip(everybody, made.evses, strict=True):
        has, need = car.energy[steps - 1], visit.need
        told = {
            name: getattr(need, name) - has for name in ("target_energy", "max_energy", "min_energy", "v2x_max_energy", "v2x_min_energy")
        }
        if visit.departure > later:
            left.append(replace(visit, need=replace(need, **told), expected=visit.arrival > later))
    so_far = peak(demand.window, question.now, STEP, made.grid[:steps]) if demand is not None else 0.0
    rest = replace(
        question,
        now=later,
        horizon=question.horizon - steps * STEP,
        visits=tuple(visit for visit in left if not visit.expected),
        outlook=replace(question.outlook, arrivals=tuple(visit for visit in left if visit.expected)),
        prices=replace(prices, demand=replace(demand, peak=max(demand.peak, so_far)) if demand is not None else None),
    )
    return cost + in_quarters(rest).made.cost


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """Medians over the repeats; with a tenth of the calls, of the two smaller sizes only."""
    sizes = SIZES if calls > 500 else SIZES[:2]
    rows, goals = [], []
    for cars in sizes:
        for both_ways in (False, True):
            question = night(cars, both_ways)
            progress(f"plan: {cars} cars")
            runs = [planned(question) for _ in range(repeats)]
            total, build = (statistics.median(getattr(run, what) for run in runs) for what in ("total", "build"))
            made = runs[0].made
            what = f"{cars} cars, {'both ways' if both_ways else 'one way'}"
            rows.append(_row(what, total, build, made.cost, made.how))
            if both_ways:
                goals.append(Goal(f"{cars} cars both ways", total, MOST[cars], "s"))
                if cars == 200:
                    goals.append(Goal("building of it", 100.0 * build / total, BUILD, "%"))
            if made.how != "lp" and cars <= 200:
                progress(f"plan: {cars} cars in quarters")
                whole = in_quarters(question)
                rows.append(_row(f"{what}, quarters throughout", whole.total, whole.build, whole.made.cost, whole.made.how))
                gap = 100.0 * (lived(question, made) / whole.made.cost - 1.0)
                goals.append(Goal(f"{what}: six hours by it, then the best, are dearer than the best by", gap, GAP, "%"))
        seconds, cost, above = alone(night(cars, both_ways=False))
        rows.append(_row(f"{cars} cars, each alone in its cheapest hours", seconds, seconds, cost, f"{above:.0f} kWh above limits"))
    seconds = asyncio.run(_event(night(50, both_ways=True), repeats))
    goals.append(Goal("50 cars both ways, from an event to a plan of the other process", seconds, EVENT, "s"))
    title = f"s for a plan of 24 h in steps of 15 min, energy, peak and wear of it in EUR; median of {repeats}"
    return Table("plan", title, ("site", "s", "building s", "EUR", "how"), tuple(rows), goals=tuple(goals))


async def _event(question: Question, repeats: int) -> float:
    """The median from a question to its plan."""
    planner, times = Planner(), []
    for epoch in range(repeats + 1):
        began = perf_counter()
        await planner.plan(replace(question, epoch=epoch))
        times.append(perf_counter() - began)
    await planner.close()
    return statistics.median(times[1:])


def _row(what: str, total: float, build: float, cost: float, how: str) -> Row:
    data: dict[str, object] = {"site": what, "seconds": total, "building": build, "cost": cost, "how": how}
    return Row((what, f"{total:.3f}", f"{build:.3f}", f"{cost:.2f}", how), data)
