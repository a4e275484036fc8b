"""Answers about power over time: the schedules offered, and the car's profile held against the one it chose."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

from iso15118.energy import Plan, Slot
from iso15118.errors import PeerError
from iso15118.messages.stamps import anchored
from iso15118.messages.v20 import delivery
from iso15118.messages.v20 import schedule as wire
from iso15118.messages.v20.common import EVSENotification, Processing
from iso15118.messages.v20.price import PriceLevelSchedule, PriceLevelScheduleEntry, PriceLevelScheduleEntryList
from iso15118.messages.v20.rational import number, rational
from iso15118.procedures.transfer import granted
from iso15118.sequence.table import Outcome
from iso15118.session.secc.notifications import wants
from iso15118.session.secc.state import OK, Answer, Chosen, Session
from iso15118.session.services import ControlMode
from iso15118.session.snapshot import SeccSnapshot
from iso15118.session.steps import Steps
from iso15118.units import MICROSECONDS
from iso15118.value import replace

A_DAY: Final = 86_400
"""s a schedule covers at least when the car names no departure."""
LEAST_POINTS: Final = 12
TUPLES: Final = 3


def answer_schedule_exchange(session: Session, request: wire.ScheduleExchangeReq, snapshot: SeccSnapshot) -> Answer:
    """One to three schedules (Scheduled), or nothing but agreement (Dynamic); Ongoing while the site still plans.

    Raises PeerError (FAILED) on a control mode other than the one selected, half a V2X pair, or a plan that is not ready in time.
    """
    mode = request.control_mode
    dynamic = session.parameters is not None and session.parameters.control_mode is ControlMode.DYNAMIC
    if isinstance(mode, wire.Dynamic_SEReqControlMode) is not dynamic:
        raise PeerError(f"{type(mode).__name__} though {'Dynamic' if dynamic else 'Scheduled'} was selected", requirement="V2G20-1600")
    if isinstance(mode, wire.Dynamic_SEReqControlMode):
        if (mode.ev_maximum_v2x_energy_request is None) is not (mode.ev_minimum_v2x_energy_request is None):
            raise PeerError("only one of the two V2X energy requests", requirement="V2G20-2681")
        session = replace(session, departure=mode.departure_time)
        done = wire.Dynamic_SEResControlMode()
        return Answer(session, _response(session, Processing.Finished, done))
    asked = snapshot.now if session.asked_schedule is None else session.asked_schedule
    session = replace(session, departure=mode.departure_time, asked_schedule=asked)
    if snapshot.plans is None:
        if snapshot.now - asked >= session.config.times.ongoing_secc:
            raise PeerError(f"no schedule within {session.config.times.ongoing_secc:.0f} s", requirement="V2G20-458")
        filler = _offer(session, (Plan(snapshot.clock / MICROSECONDS, (Slot(A_DAY, 0.0),)),), LEAST_POINTS)
        return Answer(session, _response(session, Processing.Ongoing, filler), Outcome.AGAIN)
    plans = tuple(plan for plan in snapshot.plans if plan.slots) or (_as_granted(session, snapshot),)
    offer = _offer(session, plans[:TUPLES], request.maximum_supporting_points)
    session = replace(session, tuples=offer.schedule_tuple)
    return Answer(session, _response(session, Processing.Finished, offer))


def _response(
    session: Session, processing: Processing, mode: wire.Dynamic_SEResControlMode | wire.Scheduled_SEResControlMode
) -> wire.ScheduleExchangeRes:
    return wire.ScheduleExchangeRes(
        header=session.header,
        response_code=OK,
        evse_processing=processing,
        control_mode=mode,
        go_to_pause=True if wants(session, EVSENotification.Pause) else None,
    )


def _as_granted(session: Session, snapshot: SeccSnapshot) -> Plan:
    """Without a plan from the site: what budget and limits allow now, for as long as needed."""
    charge, discharge, _ = granted(snapshot.budget, snapshot.now)
    return Plan(snapshot.clock / MICROSECONDS, (Slot(float(session.departure or A_DAY), charge, discharge),))


def _offer(session: Session, plans: Iterable[Plan], points: int) -> wire.Scheduled_SEResControlMode:
    tuples = []
    into, out = (session.announced.charge_power, session.announced.discharge_power) if session.announced else (0.0, 0.0)
    for index, plan in enumerate(plans, 1):
        within = tuple(Slot(s.duration, min(s.charge, into), min(s.discharge, out)) for s in plan.slots)
        slots = merged(covering(within, float(session.departure or A_DAY)), points)
        anchor = int(plan.start * MICROSECONDS)
        charging = _schedule(session, anchor, [(s.duration, s.charge) for s in slots], index)
        discharging = _schedule(session, anchor, [(s.duration, -s.discharge) for s in slots], index) if session.bidirectional else None
        tuples.append(wire.ScheduleTuple(schedule_tuple_id=index, charging_schedule=charging, discharging_schedule=discharging))
    return wire.Scheduled_SEResControlMode(schedule_tuple=tuple(tuples))


def covering(slots: tuple[Slot, ...], span: float) -> tuple[Slot, ...]:
    """The slots with the last one drawn out, so that together they cover `span` seconds."""
    rest = span - sum(slot.duration for slot in slots)
    return slots if rest <= 0 else (*slots[:-1], replace(slots[-1], duration=slots[-1].duration + rest))


def merged(slots: tuple[Slot, ...], points: int) -> tuple[Slot, ...]:
    """At most `points` slots: neighbours become one with the lower power of both, the pair of least loss first."""
    result = list(slots)
    while len(result) > points:
        losses = [_loss(a, b) for a, b in itertools.pairwise(result)]
        at = losses.index(min(losses))
        a, b = result[at : at + 2]
        result[at : at + 2] = [Slot(a.duration + b.duration, min(a.charge, b.charge), min(a.discharge, b.discharge))]
    return tuple(result)


def _loss(a: Slot, b: Slot) -> float:
    """Ws that merging two slots gives away."""
    longer = a.duration if a.charge > b.charge else b.duration
    back = a.duration if a.discharge > b.discharge else b.duration
    return abs(a.charge - b.charge) * longer + abs(a.discharge - b.discharge) * back


def _schedule(session: Session, anchor: int, entries: list[tuple[float, float]], index: int) -> wire.ChargingSchedule:
    listed = tuple(wire.PowerScheduleEntry(duration=max(1, round(d)), power=rational(p + 0.0)) for d, p in entries)
    power = wire.PowerSchedule(time_anchor=anchor, power_schedule_entries=wire.PowerScheduleEntryList(power_schedule_entry=listed))
    price = None
    if session.config.always_priced:
        level = PriceLevelScheduleEntry(duration=sum(e.duration for e in listed), price_level=0)
        price = PriceLevelSchedule(
            time_anchor=anchor,
            price_schedule_id=index,
            number_of_price_levels=0,
            price_level_schedule_entries=PriceLevelScheduleEntryList(price_level_schedule_entry=(level,)),
        )
    return wire.ChargingSchedule(power_schedule=power, price_schedule=price)


def check_profile(session: Session, profile: delivery.EVPowerProfile | None) -> Chosen:
    """The tuple the profile names. Raises PeerError where it names none [V2G20-479] or exceeds a slot it overlaps [V2G20-478]."""
    if profile is None or not isinstance(profile.control_mode, delivery.Scheduled_EVPPTControlMode):
        raise _invalid("a Scheduled start needs the power profile of a schedule")
    wanted = profile.control_mode.selected_schedule_tuple_id
    offered = next((t for t in session.tuples if t.schedule_tuple_id == wanted), None)
    if offered is None:
        raise PeerError(f"schedule tuple {wanted} was not offered", requirement="V2G20-479", code="FAILED_ScheduleSelectionInvalid")
    back = offered.discharging_schedule
    chosen = Chosen(
        wanted,
        Steps.of(offered.charging_schedule.power_schedule, magnitude=False),
        None if back is None else Steps.of(back.power_schedule, magnitude=True),
    )
    begin = anchored(profile.time_anchor, chosen.charge.anchor)
    for entry in profile.ev_power_profile_entries.ev_power_profile_entry:
        if entry.duration == 0:
            raise _invalid("a power profile entry of no duration")
        power, end = number(entry.power), begin + entry.duration * MICROSECONDS
        steps = chosen.charge if power >= 0 else chosen.discharge
        allowed = 0.0 if steps is None else steps.least(begin, end)
        if abs(power) > allowed * 1.0001 + 0.5:
            raise _invalid(f"power profile entry of {power:g} W where the schedule allows {allowed:g} W")
        begin = end
    return chosen


def _invalid(what: str) -> PeerError:
    return PeerError(what, requirement="V2G20-478", code="FAILED_EVPowerProfileInvalid")
