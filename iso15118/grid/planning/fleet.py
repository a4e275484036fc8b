"""What can be steered, in arrays: cars, those that are expected, and batteries, which are cars that never leave. kW, kWh.

Powers are at the inlet, energies stored and seen from the moment of the plan (of a car that is expected: from its arrival).
"""

from __future__ import annotations

from math import inf, isfinite, isnan
from typing import Final

import numpy as np

from iso15118.errors import LocalError
from iso15118.grid.planning import Objective, Question
from iso15118.grid.planning.horizon import Array, presence, said, tightest
from iso15118.grid.planning.matrix import Index
from iso15118.grid.planning.scene import Scene
from iso15118.grid.series import Series
from iso15118.grid.signals import Kind
from iso15118.grid.site import PHASES, Battery, Evse
from iso15118.grid.visits import Visit
from iso15118.units import HOUR, KW, KWH, Second
from iso15118.value import Value

CLIMB: Final = 1.5
"""Times what it takes at full power, a car is given to go from the top of its V2X window to its target: others want power, too."""
FOREVER: Final[Second] = 30 * 86_400.0
READY: Final = 0.5
"""What an hour costs in which a battery has a kWh too little, in the mean price of one: less than a peak, more than arbitrage gains."""
SLACK: Final = 0.02
"""Part of its capacity a battery may be measured below its floor and still be taken for being at it."""


class Dues(Value):
    """Energies that are to be there at the end of steps, and what a kWh costs that is not."""

    member: Index
    step: Index
    energy: Array
    cost: Array


class Fleet(Value, kw_only=True):
    """By member, or by member and step."""

    names: tuple[str, ...]
    circuits: tuple[str, ...]
    lines: Array
    """Part of its power in each phase."""
    there: Array
    """Part of each step."""
    charge: Array
    """Most, as the mean of a step."""
    discharge: Array
    stores: Array
    """Of what flows in, what is stored; and of what is stored, what flows out."""
    mains: Array
    """Of what the mains give, what flows in; and back."""
    wear: Array
    low: Array
    high: Array
    dues: Dues
    minimum: Array
    """To be had as soon as can be; 0.0: it is there."""
    rush: Array
    """To be charged at once; 0.0: nothing."""
    knee: Array
    slope: Array
    """kW less for each kWh above the knee; 0.0: no taper."""
    full: Array
    """kW below the knee."""
    worth: Array
    """Of a kWh that is in it at the end."""
    setpoint: Array
    """kW wanted of it; not a number: nobody wants any."""


def size(fleet: Fleet) -> int:
    """About how many columns a fleet makes."""
    columns = (fleet.there > 0.0).sum(axis=1) * np.where((fleet.discharge > 0.0).any(axis=1), 3, 1)
    return int(columns.sum())


class _Member:
    """One of them, as it is put together."""

    def __init__(self, name: str, circuit: str, scene: Scene) -> None:
        count = len(scene.hours)
        self.name, self.circuit = name, circuit
        self.lines = np.full(PHASES, 1.0 / PHASES)
        self.there = np.ones(count)
        self.charge = np.zeros(count)
        self.discharge = np.zeros(count)
        self.stores, self.mains, self.wear = 1.0, 1.0, 0.0
        self.low, self.high = np.zeros(count), np.zeros(count)
        self.dues: list[tuple[int, float, float]] = []
        self.minimum, self.rush, self.worth = 0.0, 0.0, 0.0
        self.knee, self.slope, self.full = 0.0, 0.0, 0.0
        self.setpoint = np.full(count, np.nan)

    def signalled(self, scene: Scene) -> None:
        """What signals say of this node alone, and of energy that comes back anywhere."""
        node = (self.name,)
        if scene.signals:
            self.discharge[tightest(scene.signals, Kind.DISCHARGE, ("", self.name), scene.edges) == 0.0] = 0.0
            most = self.charge.max(initial=0.0), self.discharge.max(initial=0.0)
            into = np.minimum(most[0], tightest(scene.signals, Kind.IMPORT_LIMIT, node, scene.edges) / KW * self.mains)
            out = np.minimum(most[1], tightest(scene.signals, Kind.EXPORT_LIMIT, node, scene.edges) / KW / self.mains)
            self.charge, self.discharge = np.minimum(self.charge, into * self.there), np.minimum(self.discharge, out * self.there)
            self.setpoint = said(scene.signals, Kind.SETPOINT, self.name, scene.edges, self.setpoint * KW) / KW


def fleet(question: Question, scene: Scene) -> Fleet:
    """Of cars that are there, then those that are expected within the horizon, then batteries."""
    site, objective = question.site, question.objective
    evses = {evse.name: evse for evse in site.evses}
    members = [_car(visit, evses.get(visit.evse) or site.evse(visit.evse), scene, objective) for visit in visits(question, scene)]
    held = question.outlook.held
    members += [
        _battery(battery, question.stored.get(battery.name), held.get(battery.name), scene, objective) for battery in site.batteries
    ]
    for member in members:
        member.signalled(scene)
    count = len(scene.hours)

    def by_step(field: str) -> Array:
        return np.array([getattr(member, field) for member in members], float).reshape(len(members), count)

    def by_member(field: str) -> Array:
        return np.array([getattr(member, field) for member in members], float)

    dues = [(m, *due) for m, member in enumerate(members) for due in member.dues]
    return Fleet(
        names=tuple(member.name for member in members),
        circuits=tuple(member.circuit for member in members),
        lines=np.array([member.lines for member in members]).reshape(-1, PHASES),
        **{field: by_step(field) for field in ("there", "charge", "discharge", "low", "high", "setpoint")},
        **{field: by_member(field) for field in ("stores", "mains", "wear", "minimum", "rush", "knee", "slope", "full", "worth")},
        dues=Dues(
            np.array([due[0] for due in dues], np.intp),
            np.array([due[1] for due in dues], np.intp),
            np.array([due[2] for due in dues], float),
            np.array([due[3] for due in dues], float),
        ),
    )


def visits(question: Question, scene: Scene) -> tuple[Visit, ...]:
    """Of cars that are there, then those that are expected within the horizon."""
    return (*question.visits, *(visit for visit in question.outlook.arrivals if visit.arrival < scene.edges[-2]))


def _car(visit: Visit, evse: Evse, scene: Scene, objective: Objective) -> _Member:
    edges, hours, weights, need = scene.edges, scene.hours, scene.weights, visit.need
    car = _Member(visit.evse, evse.circuit, scene)
    into, out = (power / KW for power in visit.powers(evse))
    if not evse.dc:
        lines = evse.lines[: visit.phases]
        car.lines = np.array([float(line in lines) / len(lines) for line in range(PHASES)])
    else:
        car.lines = np.array([float(line in evse.lines) / len(evse.lines) for line in range(PHASES)])
    car.stores, car.mains, car.wear, car.worth = visit.efficiency, evse.efficiency, visit.wear, visit.worth
    _checked(visit)
    # One that should have gone and is still there; one that says nothing.
    leaves = min(max(visit.departure, float(edges[1])), float(edges[-1]) + FOREVER)
    car.there = presence(edges, visit.arrival, leaves)
    if not car.there.any():  # it comes after the horizon
        return car
    last = int(np.flatnonzero(car.there)[-1])
    most_energy = max(0.0, need.max_energy / KWH)
    if visit.taper is not None and visit.taper.slope > 0.0:
        car.knee, car.slope, car.full = visit.taper.knee / KWH, visit.taper.slope * KWH / KW, into
        most_energy = min(most_energy, max(0.0, car.knee + into / car.slope))
        if car.knee + into / car.slope <= 0.0:
            into = 0.0
    target = min(need.target_energy / KWH, most_energy)
    car.charge, car.high[:] = into * car.there, most_energy
    if out > 0.0 and objective.discharge:
        _window(car, visit, target, into, out, objective, edges)
    car.minimum = min(max(0.0, need.min_energy / KWH), most_energy)
    if visit.override:
        car.rush = most_energy
    elif objective.serve_first:
        car.rush = target
    if leaves > edges[-1]:
        later = into * car.stores * (leaves - edges[-1]) / HOUR
        car.dues.append((last, target, float(np.average(scene.buy, weights=hours)) / car.stores))
        car.dues.append((last, target - later, weights.target))
    else:
        car.dues.append((last, target, weights.target))
    early = int(np.searchsorted(edges, leaves - visit.buffer + 1e-6, "right")) - 2
    early = max(early, int(np.flatnonzero(car.there)[0]))
    if early < last and visit.buffer > 0.0:
        car.dues.append((early, target, weights.wish))
    return car


def _checked(visit: Visit) -> None:
    """Raises LocalError on what no program can be made of."""
    need = visit.need
    told = [need.target_energy, need.max_energy, need.min_energy, need.charge_power, need.discharge_power, visit.arrival, visit.buffer]
    told += [edge for edge in (need.v2x_max_energy, need.v2x_min_energy) if edge is not None]
    if not all(map(isfinite, told)) or isnan(visit.departure):
        raise LocalError(f"{visit.evse}: {need}, from {visit.arrival} to {visit.departure}; allowed: finite numbers")
    if not 0.0 < visit.efficiency <= 1.0 or not visit.wear >= 0.0:
        raise LocalError(f"{visit.evse}: efficiency {visit.efficiency}, wear {visit.wear}; allowed: above 0 up to 1, 0 and more")


def _window(car: _Member, visit: Visit, target: float, into: float, out: float, objective: Objective, edges: Array) -> None:
    """Energy comes back only inside the V2X window, and never below the minimum.

    A car that is below its window gives nothing until a later plan finds it inside; one whose target is above it fills up at the end.
    """
    need = visit.need
    top = need.max_energy if need.v2x_max_energy is None else need.v2x_max_energy
    bottom = max(need.min_energy, -inf if need.v2x_min_energy is None else need.v2x_min_energy)
    top, bottom = top / KWH, bottom / KWH
    bottom += objective.kept * max(0.0, top - bottom)
    if bottom > 0.0 or top <= 0.0:
        return
    gives = car.there.copy()
    if target > top:
        climb = CLIMB * (target - top) / (into * car.stores) * HOUR if into > 0.0 else inf
        stop = visit.departure - visit.buffer - climb
        gives[edges[1:] > stop] = 0.0
        car.high = np.where(edges[1:] > stop, car.high, np.minimum(car.high, top))
    else:
        car.high = np.minimum(car.high, max(top, target))
    car.discharge = out * gives
    car.low[:] = bottom


def _battery(battery: Battery, stored: float | None, kept: Series | None, scene: Scene, objective: Objective) -> _Member:
    unit = _Member(battery.name, battery.circuit, scene)
    unit.stores, unit.wear = battery.efficiency, battery.wear
    if stored is None:  # nobody knows what is in it: it is left alone
        return unit
    held = battery.floor + objective.kept * (battery.ceiling - battery.floor)
    bottom, top = ((part * battery.capacity - stored) / KWH for part in (held, battery.ceiling))
    unit.charge[:] = battery.charge / KW
    unit.discharge[:] = battery.discharge / KW if bottom <= SLACK * battery.capacity / KWH else 0.0
    unit.low[:], unit.high[:] = min(bottom, 0.0), max(top, 0.0)
    mean = max(0.0, float(np.average(scene.buy, weights=scene.hours)))
    unit.worth = max(0.0, mean * battery.efficiency - battery.wear)
    if objective.kept and bottom > 0.0:
        unit.dues.append((len(scene.hours) - 1, bottom, scene.weights.wish))
    for t, end in enumerate(scene.edges[1:]):
        wanted = None if kept is None else kept.at(float(end) - 1.0)
        if wanted is not None:
            unit.dues.append((t, min(unit.high[t], (wanted - stored) / KWH), READY * mean * float(scene.hours[t])))
    return unit
