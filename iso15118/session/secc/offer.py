"""Plans of the site as schedule tuples: within what was announced and what the car offers, as long as it stays."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise
from math import ceil, floor
from typing import Final

from iso15118.energy import Offer, Plan, Slot
from iso15118.messages.v20 import schedule as wire
from iso15118.messages.v20.rational import rational
from iso15118.session.prices import FREE, PriceSchedule, price_schedule
from iso15118.session.secc.state import Session
from iso15118.session.services import Pricing
from iso15118.session.steps import Steps, fewer, whole_seconds
from iso15118.tariff import Tariff
from iso15118.units import MICROSECONDS, PerPhase, Second
from iso15118.value import replace

A_DAY: Final = 86_400
"""s a schedule covers at least when the car names no departure."""
LONGEST: Final = 2**32 - 1
"""s that one entry can say."""


def tuples(session: Session, plans: Iterable[Plan], points: int, clock: int) -> wire.Scheduled_SEResControlMode:
    """The plans as schedule tuples; `clock` (us): now, from which the car's departure counts.

    Ids count from 1, and on from the last offer: one id never means two schedules.
    """
    first = 1 + max((told.schedule_tuple_id for told in session.tuples), default=0)
    return wire.Scheduled_SEResControlMode(
        schedule_tuple=tuple(_tuple(session, plan, points, clock, index) for index, plan in enumerate(plans, first))
    )


def _tuple(session: Session, plan: Plan, points: int, clock: int, index: int) -> wire.ScheduleTuple:
    into, out = (session.announced.charge_power, session.announced.discharge_power) if session.announced else (0.0, 0.0)
    within = tuple(replace(s, charge=min(s.charge, into), discharge=min(s.discharge, out)) for s in plan.slots)
    passed = max(0.0, clock / MICROSECONDS - plan.start)
    covered = covering(within, min(passed + (session.departure or A_DAY), LONGEST))
    if session.offer is not None:
        covered = offered(covered, plan.start, session.offer)
    slots = merged(covered, points)
    anchor = int(plan.start * MICROSECONDS)
    seconds = whole_seconds(slot.duration for slot in slots)
    charging = [_entry(d, s.charge, s.phases) for d, s in zip(seconds, slots, strict=True)]
    back = [_entry(d, -s.discharge) for d, s in zip(seconds, slots, strict=True)]
    price = _price(session, plan.tariff, anchor, 2 * index - 1, charging, points)
    back_price = _price(session, plan.back_tariff, anchor, 2 * index, back, points)
    return wire.ScheduleTuple(
        schedule_tuple_id=index,
        charging_schedule=_schedule(anchor, charging, plan.energy, plan.tolerance, price),
        discharging_schedule=_schedule(anchor, back, plan.back_energy, plan.tolerance, back_price) if session.bidirectional else None,
    )


def covering(slots: tuple[Slot, ...], span: Second) -> tuple[Slot, ...]:
    """The slots with the last one drawn out, so that together they cover `span` seconds."""
    rest = span - sum(slot.duration for slot in slots)
    return slots if rest <= 0 else (*slots[:-1], replace(slots[-1], duration=slots[-1].duration + rest))


def offered(slots: tuple[Slot, ...], start: Second, offer: Offer) -> tuple[Slot, ...]:
    """The slots (from `start` on) cut where the car's offer changes, with no more discharge at any moment than the car offers then."""
    ends = tuple(accumulate(round(slot.duration * MICROSECONDS) for slot in offer.slots))
    theirs = Steps(round((offer.start - start) * MICROSECONDS), ends, tuple(slot.discharge for slot in offer.slots))
    bounds = [(theirs.anchor + end) / MICROSECONDS for end in (0, *ends)]
    ours = list(accumulate(slot.duration for slot in slots))
    # Entries are whole seconds: the second in which the offer changes is one of its own, and has the lesser power.
    cuts = sorted({0.0, *ours, *(cut for bound in bounds for cut in (floor(bound), ceil(bound)) if 0 < cut < ours[-1])})
    result, at = [], 0
    for begin, end in pairwise(cuts):
        while ours[at] <= begin:
            at += 1
        first, last = round(begin * MICROSECONDS), round(end * MICROSECONDS)
        inside = bool(ends) and theirs.anchor <= first and last <= theirs.anchor + ends[-1]
        most = theirs.least(first, last) if inside else 0.0
        result.append(replace(slots[at], duration=end - begin, discharge=min(slots[at].discharge, most)))
    return tuple(result)


def merged(slots: tuple[Slot, ...], points: int) -> tuple[Slot, ...]:
    """At most `points` slots: neighbours become one with the lower power of both, the pair of least loss first."""
    return fewer(slots, points, _loss, _both)


def _both(a: Slot, b: Slot) -> Slot:
    if a.phases is not None and b.phases is not None:
        phases: PerPhase | None = PerPhase(*map(min, a.phases, b.phases))
    else:
        phases = a.phases or b.phases
    return Slot(a.duration + b.duration, min(a.charge, b.charge), min(a.discharge, b.discharge), phases)


def _loss(a: Slot, b: Slot) -> float:
    """Ws that merging two slots gives away."""
    longer = a.duration if a.charge > b.charge else b.duration
    back = a.duration if a.discharge > b.discharge else b.duration
    return abs(a.charge - b.charge) * longer + abs(a.discharge - b.discharge) * back


def _entry(seconds: int, power: float, phases: PerPhase | None = None) -> wire.PowerScheduleEntry:
    if phases is None:
        return wire.PowerScheduleEntry(duration=seconds, power=rational(power + 0.0))
    share = min(1.0, power / phases.total) if phases.total > 0.0 else 0.0  # what bounds the sum bounds each phase alike
    l1, l2, l3 = (rational(each * share) for each in phases)
    return wire.PowerScheduleEntry(duration=seconds, power=l1, power_l2=l2, power_l3=l3)


def _schedule(
    anchor: int, entries: list[wire.PowerScheduleEntry], energy: float | None, tolerance: float | None, price: PriceSchedule | None
) -> wire.ChargingSchedule:
    power = wire.PowerSchedule(
        time_anchor=anchor,
        available_energy=None if energy is None else rational(energy),
        power_tolerance=None if tolerance is None else rational(tolerance),
        power_schedule_entries=wire.PowerScheduleEntryList(power_schedule_entry=tuple(entries)),
    )
    return wire.ChargingSchedule(power_schedule=power, price_schedule=price)


def _price(
    session: Session, tariff: Tariff | None, anchor: int, id: int, entries: list[wire.PowerScheduleEntry], points: int
) -> PriceSchedule | None:
    """The tariff as the selected Pricing wants it; with `always_priced` one level where there would be none."""
    span = sum(entry.duration for entry in entries)
    pricing = session.parameters.pricing if session.parameters else Pricing.NONE
    price = None if tariff is None else price_schedule(tariff, pricing, anchor=anchor, id=id, span=span, points=points)
    if price is None and session.config.always_priced:
        return price_schedule(FREE, Pricing.LEVELS, anchor=anchor, id=id, span=span, points=points)
    return price


def price_alone(session: Session, plan: Plan, points: int, clock: int) -> PriceSchedule | None:
    """What energy costs where the charger steers: there is no power schedule, so it covers the plan, and the car's stay at least."""
    if plan.tariff is None or session.parameters is None:
        return None
    passed = max(0.0, clock / MICROSECONDS - plan.start)
    span = min(round(max(plan.duration, passed + (session.departure or A_DAY))), LONGEST)
    return price_schedule(plan.tariff, session.parameters.pricing, anchor=int(plan.start * MICROSECONDS), id=1, span=span, points=points)
