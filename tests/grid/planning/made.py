"""Sites, questions, and a judge of plans that knows nothing of linear programs: what a plan breaks, said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isclose
from random import Random

from iso15118.energy import Need
from iso15118.grid.planning import Objective, Outlook, Question, SitePlan
from iso15118.grid.prices import Demand, Prices, Tier, bill
from iso15118.grid.series import Series, constant
from iso15118.grid.signals import Kind, Signal, bound, forbidden
from iso15118.grid.site import Battery, Circuit, Evse, Pv, Site
from iso15118.grid.visits import Visit
from iso15118.units import HOUR

MIDNIGHT = 1_700_006_400.0
KW = KWH = 1e3


def car(
    evse: str = "a",
    target: float = 10.0,
    *,
    most: float | None = None,
    minimum: float = 0.0,
    charge: float = 10.0,
    discharge: float = 0.0,
    window: tuple[float, float] | None = None,
    arrival: float = 0.0,
    departure: float = 4.0,
    **words: object,
) -> Visit:
    """A visit in kWh, kW, and hours from midnight."""
    need = Need(
        target * KWH,
        (target if most is None else most) * KWH,
        minimum * KWH,
        None,
        charge * KW,
        discharge * KW,
        None if window is None else window[1] * KWH,
        None if window is None else window[0] * KWH,
    )
    at, until = MIDNIGHT + arrival * HOUR, MIDNIGHT + departure * HOUR
    return Visit(evse=evse, need=need, arrival=at, departure=until, discharges=discharge > 0.0, **words)  # type: ignore[arg-type]


def hourly(values: Sequence[float], scale: float = 1.0) -> Series:
    """From midnight on."""
    return Series(MIDNIGHT, HOUR, tuple(value * scale for value in values))


def ask(
    visits: Sequence[Visit],
    price: Sequence[float],
    *,
    load: Sequence[float] | float = 0.0,
    pv: Sequence[float] = (),
    export: float = 0.05,
    limit: float | None = None,
    circuits: Sequence[Circuit] = (),
    evses: Sequence[Evse] = (),
    batteries: Sequence[Battery] = (),
    stored: Mapping[str, float] | None = None,
    demand: Demand | None = None,
    tiers: tuple[Tier, ...] = (),
    taken: float = 0.0,
    signals: tuple[Signal, ...] = (),
    objective: Objective | None = None,
    arrivals: tuple[Visit, ...] = (),
    curtailable: bool = True,
    now: float = 0.0,
    hours: float | None = None,
    step: float = HOUR,
) -> Question:
    """A question in kW and hours from midnight, at one connection without a margin."""
    count = len(price)
    loads = load if isinstance(load, Sequence) else [load] * count
    names = {visit.evse for visit in (*visits, *arrivals)}
    site = Site(
        name="site",
        circuits=tuple(circuits) or (Circuit(name="grid", import_limit=None if limit is None else limit * KW),),
        evses=tuple(evses) or tuple(Evse(name=name, circuit="grid", discharge=22_080.0) for name in sorted(names)),
        batteries=tuple(batteries),
        pvs=(Pv(name="roof", circuit="grid", peak=max(pv) * KW, curtailable=curtailable),) if pv else (),
        margin=1.0,
    )
    return Question(
        now=MIDNIGHT + now * HOUR,
        site=site,
        visits=tuple(visits),
        outlook=Outlook(load={site.root.name: hourly(loads, KW)}, pv={"roof": hourly(pv, KW)} if pv else {}, arrivals=arrivals),
        prices=Prices(
            import_price=hourly(price),
            export_price=constant(export, MIDNIGHT, MIDNIGHT + count * HOUR),
            demand=demand,
            tiers=tiers,
            taken=taken,
        ),
        signals=signals,
        stored=stored or {},
        objective=objective or Objective(),
        step=step,
        horizon=(count if hours is None else hours) * HOUR,
    )


def kilowatts(power: Sequence[float]) -> list[float]:
    """Rounded to a watt."""
    return [round(watts / KW, 3) + 0.0 for watts in power]


def broken(question: Question, plan: SitePlan, slack: float = 1.0) -> list[str]:
    """What a plan breaks by more than `slack` W or Wh: powers, energies, windows, limits of every circuit and phase, the balance."""
    site, count = question.site, len(plan.edges) - 1
    visits = (*question.visits, *question.outlook.arrivals)
    hours = [(b - a) / HOUR for a, b in zip(plan.edges, plan.edges[1:], strict=False)]
    found = []
    evses = {evse.name: evse for evse in site.evses}
    drawn: list[tuple[str, tuple[int, ...], list[float]]] = []
    for visit, made in zip(visits, plan.evses, strict=True):
        evse, need, energy = evses[visit.evse], visit.need, 0.0
        lines = evse.lines if evse.dc else evse.lines[: visit.phases]
        most = min(need.charge_power, evse.charge, 1e9 if evse.dc else len(lines) * 230.0 * evse.most)
        least = -min(need.discharge_power, evse.discharge) if visit.discharges else 0.0
        bottom = max(need.min_energy, need.v2x_min_energy if need.v2x_min_energy is not None else -1e9)
        for k, power in enumerate(made.power):
            middle = (plan.edges[k] + plan.edges[k + 1]) / 2.0
            limit = bound(question.signals, Kind.IMPORT_LIMIT, visit.evse, middle)
            if limit is not None and power / evse.efficiency > limit.value + slack:
                found.append(f"{visit.evse} step {k}: {power:.0f} W against {limit}")
            if power < -slack and forbidden(question.signals, visit.evse, middle):
                found.append(f"{visit.evse} step {k}: gives {power:.0f} W against a signal")
            there = max(0.0, min(plan.edges[k + 1], max(visit.departure, plan.edges[1])) - max(plan.edges[k], visit.arrival))
            part = there / (plan.edges[k + 1] - plan.edges[k])
            if not least * part - slack <= power <= most * part + slack:
                found.append(f"{visit.evse} step {k}: {power:.0f} W, allowed {least * part:.0f} to {most * part:.0f}")
            before = energy
            energy += hours[k] * (power * visit.efficiency if power > 0.0 else power / visit.efficiency)
            if not isclose(energy, made.energy[k], abs_tol=slack):
                found.append(f"{visit.evse} step {k}: says {made.energy[k]:.0f} Wh, has {energy:.0f}")
            if power < -slack and (energy < bottom - slack or before > max(0.0, need.v2x_max_energy or need.max_energy) + slack):
                found.append(f"{visit.evse} step {k}: gives {power:.0f} W at {energy:.0f} Wh, floor {bottom:.0f}")
            if energy > max(0.0, need.max_energy) + slack:
                found.append(f"{visit.evse} step {k}: {energy:.0f} Wh, fits {need.max_energy:.0f}")
        mains = [power / evse.efficiency if power > 0.0 else power * evse.efficiency for power in made.power]
        drawn.append((evse.circuit, lines, mains))
    for battery in site.batteries:
        power, held = plan.batteries[battery.name], question.stored[battery.name]
        for k, watts in enumerate(power):
            held += hours[k] * (watts * battery.efficiency if watts > 0.0 else watts / battery.efficiency)
            if not battery.floor * battery.capacity - slack <= held <= battery.ceiling * battery.capacity + slack:
                found.append(f"{battery.name} step {k}: {held:.0f} Wh of {battery.capacity:.0f}")
            if not -battery.discharge - slack <= watts <= battery.charge + slack:
                found.append(f"{battery.name} step {k}: {watts:.0f} W")
        drawn.append((battery.circuit, (0, 1, 2), list(power)))
    for circuit in site.circuits:
        for k in range(count):
            total, lines = 0.0, [0.0, 0.0, 0.0]
            for name, series in question.outlook.load.items():
                if circuit.name in [node.name for node in site.above(name)]:
                    total += series.mean(plan.edges[k], plan.edges[k + 1]) or 0.0
            for plant in site.pvs:
                if circuit.name in [node.name for node in site.above(plant.circuit)]:
                    total -= (question.outlook.pv[plant.name].mean(plan.edges[k], plan.edges[k + 1]) or 0.0) - plan.curtailed[k]
            fixed = total
            for place, phases, watts_over_time in drawn:
                if circuit.name in [node.name for node in site.above(place)]:
                    total += watts_over_time[k]
                    for phase in phases:
                        lines[phase] += watts_over_time[k] / len(phases)
            if circuit.parent is None:
                if not isclose(total, plan.grid[k], abs_tol=slack):
                    found.append(f"balance step {k}: {total:.0f} W flow, {plan.grid[k]:.0f} are said")
                if not question.objective.export and total < min(0.0, fixed) - slack:
                    found.append(f"step {k}: {total:.0f} W with {fixed:.0f} W of load less generation")
            said = bound(question.signals, Kind.IMPORT_LIMIT, circuit.name, (plan.edges[k] + plan.edges[k + 1]) / 2.0)
            most = min(circuit.import_total or 1e9, 1e9 if said is None else said.value) * site.margin
            least = (1e9 if circuit.export_total is None else circuit.export_total) * site.margin
            if not min(-least, fixed) - slack <= total <= max(most, fixed) + slack:
                found.append(f"{circuit.name} step {k}: {total:.0f} W, allowed {-least:.0f} to {most:.0f}, fixed {fixed:.0f}")
            if circuit.fuse is not None:
                for phase, watts in enumerate(lines):
                    alone = abs(fixed) / 3.0
                    if abs(watts + fixed / 3.0) > max(circuit.fuse * 230.0 * site.margin, alone) + slack:
                        found.append(f"{circuit.name} L{phase + 1} step {k}: {watts + fixed / 3.0:.0f} W, fuse {circuit.fuse} A")
    return found


def cost_of(question: Question, plan: SitePlan) -> float:
    """What a plan costs by the bill and by wear, of steps that are alike."""
    cost = bill(question.prices, plan.edges[0], plan.edges[1] - plan.edges[0], plan.grid)
    hours = (plan.edges[1] - plan.edges[0]) / HOUR
    visits = (*question.visits, *question.outlook.arrivals)
    for visit, made in zip(visits, plan.evses, strict=True):
        cost += visit.wear * hours * sum(-watts for watts in made.power if watts < 0.0) / KW
    for battery in question.site.batteries:
        cost += battery.wear * hours * sum(-watts for watts in plan.batteries[battery.name] if watts < 0.0) / KW
    return cost


def any_question(seed: int, *, steps: int = 16, cars: int = 6) -> Question:
    """A random one: two levels of circuits, single and three phases, alternating and direct current, both ways, battery, sun, peak."""
    rnd = Random(seed)
    hours = float(steps)
    circuits = [
        Circuit(name="grid", import_limit=rnd.uniform(10.0, 60.0) * KW, fuse=rnd.choice((None, 40.0, 63.0)), export_limit=20.0 * KW)
    ]
    circuits += [
        Circuit(name=name, parent="grid", fuse=rnd.choice((None, 20.0, 32.0)), import_limit=rnd.choice((None, 15.0 * KW))) for name in "AB"
    ]
    evses, visits = [], []
    for i in range(cars):
        dc = rnd.random() < 0.3
        lines = (0, 1, 2) if dc or rnd.random() < 0.6 else (rnd.randrange(3),)
        evses.append(
            Evse(
                name=f"e{i}",
                circuit=rnd.choice(("grid", "A", "B")),
                lines=lines,
                dc=dc,
                charge=22.0 * KW,
                discharge=11.0 * KW,
                efficiency=rnd.uniform(0.9, 1.0) if dc else 1.0,
            )
        )
        target = rnd.uniform(0.0, 30.0)
        below, above = rnd.uniform(-15.0, 3.0), rnd.uniform(0.0, 20.0)
        arrival = rnd.uniform(-1.0, hours / 2)
        visits.append(
            car(
                f"e{i}",
                target,
                most=target + rnd.uniform(0.0, 20.0),
                minimum=rnd.uniform(-20.0, 3.0),
                charge=rnd.choice((3.7, 7.4, 11.0, 22.0)),
                discharge=rnd.choice((0.0, 5.0, 11.0)),
                window=(below, below + above + 3.0),
                arrival=arrival,
                departure=arrival + rnd.uniform(0.5, hours),
                phases=len(lines),
                efficiency=1.0 if dc else rnd.uniform(0.88, 1.0),
                wear=rnd.uniform(0.0, 0.1),
                expected=arrival > 0.0,
                buffer=rnd.choice((0.0, 1800.0)),
            )
        )
    begin, end = sorted(rnd.sample(range(steps + 1), 2))
    said = [
        (Kind.IMPORT_LIMIT, "A", 6.0 * KW),
        (Kind.IMPORT_LIMIT, "e1", 4.0 * KW),
        (Kind.DISCHARGE, "e0", 0.0),
        (Kind.IMPORT_LIMIT, "grid", 9.0 * KW),
    ]
    signals = tuple(
        Signal(id=f"{kind} {node}", source="s", kind=kind, node=node, value=value, start=MIDNIGHT + begin * HOUR, end=MIDNIGHT + end * HOUR)
        for kind, node, value in rnd.sample(said, rnd.randint(0, 3))
    )
    battery = Battery(name="cell", circuit="grid", capacity=20.0 * KWH, charge=8.0 * KW, discharge=8.0 * KW)
    return ask(
        [visit for visit in visits if not visit.expected],
        [rnd.uniform(rnd.choice((0.05, -0.1)), 0.5) for _ in range(steps)],
        load=[rnd.uniform(1.0, 12.0) for _ in range(steps)],
        pv=[max(0.0, rnd.uniform(-10.0, 25.0)) for _ in range(steps)],
        export=rnd.uniform(0.0, 0.12),
        circuits=circuits,
        evses=evses,
        batteries=(battery,),
        stored={"cell": rnd.uniform(2.5, 19.0) * KWH},
        demand=rnd.choice((None, Demand(10.0, 3600.0, rnd.uniform(0.0, 20.0) * KW))),
        arrivals=tuple(visit for visit in visits if visit.expected),
        objective=Objective(export=rnd.random() < 0.3),
        curtailable=rnd.random() < 0.8,
        signals=signals,
    )
