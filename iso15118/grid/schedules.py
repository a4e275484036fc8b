"""A site's plan as what one car is offered: up to three schedules, the best first, each of them a ceiling over time with its prices.

1. plan: what the car is planned to take, and its share of what is still free then; nothing where the plan leaves it out since energy is
   dearer then than whenever the car is charged;
2. green: its share of what the site generates and does not use, and of the plan what its departure needs beside that;
3. now: the share that it is guaranteed whatever the others do, for a driver who does not wait.

A ceiling is no promise: the allocator's budgets hold at every second. Neighbours: `room` (what is free, and whose it is), `price_tags`
(the prices of a schedule). How a schedule is said to a car: `session.secc.offer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from iso15118.energy import Plan, Slot
from iso15118.errors import LocalError
from iso15118.grid.planning import Question, SitePlan
from iso15118.grid.price_tags import Tagged, tags_of
from iso15118.grid.room import guaranteed, own_share, surplus
from iso15118.grid.series import Series
from iso15118.grid.site import VOLTAGE, Evse
from iso15118.grid.visits import Visit
from iso15118.units import HOUR, Second, Watt
from iso15118.value import replace

DAY: Final[Second] = 86_400.0
"""That a schedule covers where no departure is known."""
ENTRIES: Final = 1024
"""A schedule can have."""
NEAR: Final[Watt] = 100.0
"""Powers that differ by no more are one step of a schedule, at the lowest of them."""
NOTHING: Final[Watt] = 1.0
"""Less of a plan is none."""
SAME: Final = 1e-6
"""Prices of a kWh that differ by no more are the same."""


class _Step(NamedTuple):
    """A stretch of the car's stay in which the plan stands still. Powers at the car's inlet."""

    begin: Second
    end: Second
    power: Watt
    """Planned, + into the car."""
    share: Watt
    """Of what is free beside the plan."""
    green: Watt
    """Of what is generated and not used."""
    cost: float
    """Of one more kWh: the plan's own price, or where the site does not feed in the supplier's, whichever is the higher."""
    worth: float
    """Of a kWh to the site: the plan's own price."""

    @property
    def hours(self) -> float:
        """How long."""
        return (self.end - self.begin) / HOUR


def schedules(question: Question, plan: SitePlan, evse: str, now: Second, *, retail: Series | None = None) -> tuple[Plan, ...]:
    """What the car at `evse` is offered from `now` on (s since the epoch), to its departure or for a day.

    `question`: what the plan was asked with. Beyond the plan there is what the car is guaranteed. `retail`: what the driver pays for a kWh,
    in the currency of the prices; None: prices are told as levels alone, by what energy is worth to the site.
    Raises LocalError on an outlet that the site has not, or a car that is not in the plan at this moment.
    """
    outlet = question.site.evse(evse)
    visit = next((visit for visit in question.visits if visit.evse == evse and not visit.expected), None)
    mine = plan.of(evse)
    if visit is None or mine is None or not plan.edges[0] <= now < plan.edges[-1]:
        raise LocalError(f"EVSE {evse}: no car that the plan has at this moment")
    until = _until(visit, now)
    least, most = bounds(outlet, visit)

    def sure(begin: Second, end: Second) -> Watt:
        return max(least, min(most, guaranteed(question, outlet, begin, end)))

    steps = []
    for k, power in enumerate(mine.power):
        begin, end = max(now, plan.edges[k]), min(until, plan.edges[k + 1])
        if begin < end:
            share, green = own_share(question, plan, visit, k), surplus(question, plan, visit, k)
            steps.append(_Step(begin, end, power, share, green, _cost(question, plan, k), plan.price[k]))
    covered = steps[-1].end
    beyond = [Slot(until - covered, sure(covered, until))] if covered < until else []
    none = [0.0] * len(steps)
    tags = tags_of([Tagged(step.begin, step.end, step.cost, step.worth) for step in steps], visit.wear, question.prices, retail)
    return tuple(
        Plan(
            now,
            merged([*(Slot(s.end - s.begin, into, out) for s, into, out in zip(steps, charge, back, strict=True)), *beyond])[:ENTRIES],
            tariff=replace(tags.charging, description=name),
            back_tariff=replace(tags.back, description=name),
        )
        for name, charge, back in (
            ("plan", _planned(steps, least, most), [max(0.0, -step.power) for step in steps]),
            ("green", _green(steps, visit, least, most), none),
            ("now", [sure(step.begin, step.end) for step in steps], none),
        )
    )


def unplanned(outlet: Evse, visit: Visit, now: Second, held: Watt | None = None, until: Second = float("inf")) -> Plan:
    """What a car is offered without a plan: all that its outlet has, since its budget says at every second what there is.

    `held`: what a limit leaves it, up to `until`; None: no limit that others have set holds it.
    """
    least, most = bounds(outlet, visit)
    end = _until(visit, now)
    if held is None:
        return Plan(now, (Slot(end - now, most, outlet.discharge),))
    low, high = (
        Slot(min(until, end) - now, max(least, min(most, held)), min(outlet.discharge, held)),
        Slot(end - until, most, outlet.discharge),
    )
    return Plan(now, (low, high) if until < end else (low,))


def _until(visit: Visit, now: Second) -> Second:
    return now + DAY if visit.need.departure is None else max(now + 1.0, visit.departure)


def bounds(outlet: Evse, visit: Visit) -> tuple[Watt, Watt]:
    """The least power at which this car charges at this outlet, and the most."""
    most = outlet.charge if visit.need.charge_power <= 0.0 else min(outlet.charge, visit.need.charge_power)
    if outlet.dc:
        return 0.0, most
    phases = min(visit.phases, outlet.phases)
    return outlet.least * VOLTAGE * phases, min(most, outlet.most * VOLTAGE * phases)


def _cost(question: Question, plan: SitePlan, step: int) -> float:
    """Where nothing flows at the connection the plan's own price says only what a kWh would be worth; to draw one costs more."""
    own, supplied = plan.price[step], question.prices.import_price.mean(plan.edges[step], plan.edges[step + 1])
    return own if supplied is None or plan.grid[step] < -NOTHING else max(own, supplied)


def _planned(steps: Sequence[_Step], least: Watt, most: Watt) -> list[Watt]:
    worth = max((step.cost for step in steps if step.power > NOTHING), default=float("-inf"))
    powers = []
    for step in steps:
        power = step.power + step.share
        if step.power < -NOTHING or (step.power <= NOTHING and (step.cost > worth + SAME or power < least)):
            power = 0.0
        powers.append(min(most, max(least, power)) if power > 0.0 else 0.0)
    return powers


def _green(steps: Sequence[_Step], visit: Visit, least: Watt, most: Watt) -> list[Watt]:
    powers = [min(most, step.green) if step.green >= max(least, NOTHING) else 0.0 for step in steps]
    lacking = max(0.0, visit.need.target_energy) / visit.efficiency - sum(p * s.hours for p, s in zip(powers, steps, strict=True))
    had, order = 0.0, []
    for i, step in enumerate(steps):
        order.append((had >= visit.need.min_energy, step.cost, i))  # what cannot wait goes first, the rest by price
        had += max(0.0, step.power) * step.hours * visit.efficiency
    for _, _, i in sorted(order):
        step = steps[i]
        room = min(most, max(least, step.power + step.share)) - powers[i]
        if lacking > 0.0 and room > 0.0 and step.power > NOTHING:
            more = min(lacking, room * step.hours)
            powers[i] = max(least, powers[i] + more / step.hours)
            lacking -= more
    return powers


def merged(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """The slots with neighbours joined whose powers differ by no more than 0.1 kW from the first to the last, at the lowest of them.

    Nothing is joined with something: a step in which no energy flows stays one.
    """
    result: list[Slot] = []
    high = Slot(0.0, 0.0)
    for slot in slots:
        low = result[-1] if result else None
        if low is not None and _near(low.charge, high.charge, slot.charge) and _near(low.discharge, high.discharge, slot.discharge):
            result[-1] = Slot(low.duration + slot.duration, min(low.charge, slot.charge), min(low.discharge, slot.discharge))
            high = Slot(0.0, max(high.charge, slot.charge), max(high.discharge, slot.discharge))
        else:
            result.append(slot)
            high = slot
    return tuple(result)


def _near(low: Watt, high: Watt, power: Watt) -> bool:
    return max(high, power) - min(low, power) <= NEAR and (low > 0.0) is (power > 0.0)
