"""What the car needs over time, and which of the offered schedules it takes."""

from __future__ import annotations

from typing import Final

from iso15118.errors import PeerError
from iso15118.messages.v20.common import Header, Processing
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import (
    ChargingSchedule,
    Dynamic_SEReqControlMode,
    Dynamic_SEResControlMode,
    Scheduled_SEReqControlMode,
    ScheduleExchangeReq,
    ScheduleExchangeRes,
    ScheduleTuple,
)
from iso15118.sequence.table import Outcome
from iso15118.session.energy_offer import say_offer
from iso15118.session.evcc import contract
from iso15118.session.evcc.cheapest import Course, course
from iso15118.session.evcc.figures import energies, percent
from iso15118.session.evcc.plan import Chosen
from iso15118.session.evcc.prices import Prices
from iso15118.session.evcc.state import Read, Rest, ScheduleChoice, Session, Told
from iso15118.session.lenience import Deviation
from iso15118.session.snapshot import EvccSnapshot
from iso15118.value import replace

A_DAY: Final = 86_400
"""s until departure, where the driver has not said but the message must."""
LONGEST: Final = 2**32 - 1
RESERVE: Final = 1.10
"""A course by price allows for so much more than is wanted: ramps, an on-board charger's losses. The car leaves when it has enough."""


def ask_schedule(session: Session, header: Header, snapshot: EvccSnapshot) -> ScheduleExchangeReq:
    """The energies wanted, until when, and how many entries of a schedule we hold."""
    energy = energies(snapshot.need)
    leaves = departure(session, snapshot)
    mode: Dynamic_SEReqControlMode | Scheduled_SEReqControlMode
    if session.dynamic:
        target = percent(snapshot.target_soc)
        mode = Dynamic_SEReqControlMode(
            departure_time=A_DAY if leaves is None else leaves,
            minimum_soc=min(percent(snapshot.minimum_soc), target),
            target_soc=target,
            ev_target_energy_request=energy.target,
            ev_maximum_energy_request=energy.maximum,
            ev_minimum_energy_request=energy.minimum,
            ev_maximum_v2x_energy_request=energy.v2x_maximum if session.bidirectional else None,
            ev_minimum_v2x_energy_request=energy.v2x_minimum if session.bidirectional else None,
        )
    else:
        offer = session.config.energy_offer if session.bidirectional else None
        mode = Scheduled_SEReqControlMode(
            departure_time=leaves,
            ev_target_energy_request=energy.target,
            ev_maximum_energy_request=energy.maximum,
            ev_minimum_energy_request=energy.minimum,
            ev_energy_offer=None if offer is None else say_offer(offer, header.time_stamp),
        )
    points = session.config.maximum_supporting_points
    return ScheduleExchangeReq(header=header, maximum_supporting_points=points, control_mode=mode)


def departure(session: Session, snapshot: EvccSnapshot) -> int | None:
    """Whole seconds until departure, at least 1 [V2G20-2103]: what the charger has supplied, else the driver's; None: nobody said."""
    if session.told.departure is not None:
        left = session.told.departure - snapshot.now
    elif snapshot.need.departure is not None:
        left = snapshot.need.departure
    else:
        return None
    return min(max(int(left), 1), LONGEST)


def read_schedule(session: Session, response: ScheduleExchangeRes, snapshot: EvccSnapshot) -> Read:
    """The schedule taken, or in Dynamic mode the charger's agreement. While it is ongoing only that is read [V2G20-1593].

    Raises PeerError on an answer in the other control mode [V2G20-1600].
    """
    notes = ("the charger would rather pause",) if response.go_to_pause else ()
    if response.evse_processing is not Processing.Finished:
        times = session.config.times
        return Read(session, Outcome.AGAIN, times.retry, times.ongoing_evcc, notes)
    response, doubt = contract.proven(session, response)
    notes = (*notes, doubt) if doubt else notes
    mode = response.control_mode
    if isinstance(mode, Dynamic_SEResControlMode) is not session.dynamic:
        raise PeerError(f"{type(mode).__name__} in the other control mode", requirement="V2G20-1600")
    if isinstance(mode, Dynamic_SEResControlMode):
        told = supplied(session, snapshot, mode.departure_time, mode.minimum_soc, mode.target_soc)
        prices = Prices.of(mode.price_schedule, response.header.time_stamp)
        rest = Rest.PAUSE if response.go_to_pause else None
        return Read(replace(session, told=told, prices=prices, rest=rest), notes=notes)
    if response.go_to_pause:
        session = replace(session, rest=Rest.PAUSE)
    chosen, shared = pick(session, snapshot, mode.schedule_tuple, response.header.time_stamp)
    if shared:
        notes = (*notes, session.config.lenience.judged(Deviation.TUPLE_ID_SHARED))
    if any(_positive(each.discharging_schedule) for each in mode.schedule_tuple):
        notes = (*notes, session.config.lenience.judged(Deviation.DISCHARGE_SCHEDULE_SIGN))
    if any(each.charging_schedule.price_schedule and Chosen.of(each).prices is None for each in mode.schedule_tuple):
        notes = (*notes, "a price schedule cannot be read and counts as none")
    return Read(replace(session, chosen=chosen), notes=notes)


def _positive(back: ChargingSchedule | None) -> bool:
    """True for a discharging schedule in the other sign."""
    entries = () if back is None else back.power_schedule.power_schedule_entries.power_schedule_entry
    return any(number(entry.power) > 0 for entry in entries)


def pick(session: Session, snapshot: EvccSnapshot, offered: tuple[ScheduleTuple, ...], heard: int = 0) -> tuple[Chosen, bool]:
    """The schedule to take, and whether tuples shared an id: then the first counts. `heard`: the response's stamp."""
    unique: dict[int, ScheduleTuple] = {}
    for each in offered:
        unique.setdefault(each.schedule_tuple_id, each)
    choices, shared = [Chosen.of(each, heard) for each in unique.values()], len(unique) < len(offered)
    match session.config.schedule_choice:
        case ScheduleChoice.MOST_ENERGY:
            return max(choices, key=lambda chosen: chosen.charge.energy), shared
        case ScheduleChoice.CHEAPEST:
            courses = [planned(session, snapshot, chosen, heard) for chosen in choices]
            # A price that is not known is not a low one.
            best = min(range(len(choices)), key=lambda i: (round(courses[i].short / 100), choices[i].prices is None, courses[i].cost, i))
            return choices[best], shared
        case _:
            return choices[0], shared


def planned(session: Session, snapshot: EvccSnapshot, chosen: Chosen, now: int) -> Course:
    """The cheapest course under a schedule, from `now` (a stamp) to departure, with a reserve for what ramps and losses take."""
    need = snapshot.need
    target = min(need.target_energy * RESERVE, max(need.max_energy, need.target_energy)) if need.target_energy > 0.0 else need.target_energy
    own = session.announced or snapshot.limits
    back = own.discharge_power if session.bidirectional else 0.0
    leaves, give = departure(session, snapshot), session.config.give_back
    return course(chosen, now, leaves, replace(need, target_energy=target), own.charge_power, back, give_back=give)


def supplied(session: Session, snapshot: EvccSnapshot, leaves: int | None, minimum: int | None, target: int | None) -> Told:
    """The mobility needs as the charger last told them, where it may (MobilityNeedsMode 2); absent ones stand as they were."""
    told = session.told
    if session.parameters is None or session.parameters.mobility_needs != 2 or (leaves, minimum, target) == (None, None, None):
        return told
    return Told(
        told.departure if leaves is None else snapshot.now + leaves,
        told.minimum_soc if minimum is None else minimum,
        told.target_soc if target is None else target,
    )
