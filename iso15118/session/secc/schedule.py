"""The answer about power over time: schedules to choose from, or agreement. Neighbours: `offer` makes them, `profile` comes back."""

from __future__ import annotations

from typing import Final, TypeAlias

from iso15118.energy import Plan, Slot
from iso15118.errors import PeerError
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20 import schedule as wire
from iso15118.messages.v20.common import EVSENotification, Processing
from iso15118.messages.v20.rational import number
from iso15118.messages.xmldsig import Signature
from iso15118.procedures.transfer import granted
from iso15118.sequence.table import Outcome
from iso15118.session.consult import Matter, Question
from iso15118.session.energy_offer import read_offer
from iso15118.session.secc.mobility import proposal
from iso15118.session.secc.needs import Energies, heard, ordered, planned
from iso15118.session.secc.notifications import wants
from iso15118.session.secc.offer import A_DAY, price_alone, tuples
from iso15118.session.secc.pause import renumbered
from iso15118.session.secc.state import OK, Answer, Session, Shown
from iso15118.session.sense import Sense, refused
from iso15118.session.services import ControlMode
from iso15118.session.signed_prices import named, signed_elements, without_prices
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import MICROSECONDS
from iso15118.value import replace

LEAST_POINTS: Final = 12
TUPLES: Final = 3
SIGNING: Final = 10.0
"""s: so long prices may take to be signed."""
Mode: TypeAlias = wire.Dynamic_SEResControlMode | wire.Scheduled_SEResControlMode


def answer_schedule_exchange(session: Session, request: wire.ScheduleExchangeReq, snapshot: SeccSnapshot) -> Answer:
    """One to three schedules (Scheduled), or nothing but agreement (Dynamic); Ongoing while the site still plans.

    Raises PeerError (FAILED) on a control mode other than the one selected, half a V2X pair, or a plan that is not ready in time.
    """
    mode = request.control_mode
    dynamic = session.parameters is not None and session.parameters.control_mode is ControlMode.DYNAMIC
    if isinstance(mode, wire.Dynamic_SEReqControlMode) is not dynamic:
        raise PeerError(f"{type(mode).__name__} though {'Dynamic' if dynamic else 'Scheduled'} was selected", requirement="V2G20-1600")
    if session.pricing is not None:
        return _priced(session, session.pricing, snapshot)
    energies = _energies(mode)
    session = heard(ordered(session, energies), energies, mode.departure_time, snapshot)
    asked = snapshot.now if session.asked_schedule is None else session.asked_schedule
    waits = not snapshot.fed or (snapshot.plans is None and not dynamic)
    if waits and snapshot.now - asked >= session.config.times.ongoing_secc:
        raise PeerError(f"no schedule within {session.config.times.ongoing_secc:.0f} s", requirement="V2G20-458")
    if isinstance(mode, wire.Dynamic_SEReqControlMode):
        if waits:
            ongoing = _response(session, Processing.Ongoing, wire.Dynamic_SEResControlMode())
            return Answer(replace(session, asked_schedule=asked), ongoing, Outcome.AGAIN)
        return _agree(replace(session, asked_schedule=None), request, mode, snapshot)
    offer = None if mode.ev_energy_offer is None else read_offer(mode.ev_energy_offer, snapshot.clock)
    session = replace(planned(session, mode.departure_time), departure=mode.departure_time, asked_schedule=asked, offer=offer)
    if waits or snapshot.plans is None:
        nothing = Plan(snapshot.clock / MICROSECONDS, (Slot(A_DAY, 0.0),))
        filler = tuples(session, (nothing,), LEAST_POINTS, snapshot.clock)
        return Answer(session, _response(session, Processing.Ongoing, filler), Outcome.AGAIN)
    plans = tuple(plan for plan in snapshot.plans if plan.slots) or (_as_granted(session, snapshot),)
    offered = tuples(session, plans[:TUPLES], request.maximum_supporting_points, snapshot.clock)
    if session.config.signs_prices:
        offered = named(offered)
    offered = offered.but(schedule_tuple=renumbered(offered.schedule_tuple, session.tuples))
    session = replace(session, tuples=offered.schedule_tuple, asked_schedule=None)
    return _finished(session, offered, snapshot)


def _energies(mode: wire.Dynamic_SEReqControlMode | wire.Scheduled_SEReqControlMode) -> Energies:
    """The energy requests, as far as they are told."""
    ends = ("target", "maximum", "minimum", "maximum_v2x", "minimum_v2x")
    told = (getattr(mode, f"ev_{end}_energy_request", None) for end in ends)
    return Energies(*(None if energy is None else number(energy) for energy in told))


def _agree(session: Session, request: wire.ScheduleExchangeReq, mode: wire.Dynamic_SEReqControlMode, snapshot: SeccSnapshot) -> Answer:
    """Dynamic mode: nothing to choose, so nothing to wait for. Prices and mobility needs where the set selected has them."""
    if (mode.ev_maximum_v2x_energy_request is None) is not (mode.ev_minimum_v2x_energy_request is None):
        raise refused(Sense.HALF_A_WINDOW, "the other is missing")
    session = planned(session, mode.departure_time, mode.minimum_soc, mode.target_soc)
    session = replace(session, departure=mode.departure_time)
    best = next((plan for plan in snapshot.plans or () if plan.slots), None)
    price = None if best is None else price_alone(session, best, request.maximum_supporting_points, snapshot.clock)
    done = wire.Dynamic_SEResControlMode(**proposal(session, snapshot)._asdict(), price_schedule=price)
    return _finished(session, named(done) if session.config.signs_prices else done, snapshot)


def _finished(session: Session, mode: Mode, snapshot: SeccSnapshot) -> Answer:
    """The offer; with prices that have to be signed first it is Ongoing until they are."""
    response = _response(session, Processing.Finished, mode)
    if not session.config.signs_prices or not signed_elements(response):
        return Answer(session, response)
    question = Question(session.consulted + 1, Matter.PRICE, response)
    session = replace(session, question=question, consulted=question.number, pricing=Shown(question, snapshot.now))
    return _still(session, response)


def _priced(session: Session, pricing: Shown, snapshot: SeccSnapshot) -> Answer:
    """The offer as it was made, once its prices are signed; unsigned where nobody has signed them in time."""
    response = pricing.question.message
    if not isinstance(response, wire.ScheduleExchangeRes):
        raise PeerError("an offer that is none")
    if pricing.advice is None and snapshot.now - pricing.since < SIGNING:
        return _still(session, response)
    octets = b"" if pricing.advice is None else pricing.advice.octets
    signature = SCHEMAS[COMMON].decode_fragment(octets)[1] if octets else None
    session = replace(session, pricing=None)
    if not isinstance(signature, Signature):
        why = "" if pricing.advice is None else pricing.advice.why
        session, signature = session.noted(f"prices are told unsigned: {why or 'nobody signs them'}"), None
    return Answer(session, response.but(header=session.header.but(signature=signature)))


def _still(session: Session, response: wire.ScheduleExchangeRes) -> Answer:
    """The same as long as it is not settled: the car reads nothing of it [V2G20-1593]."""
    bare = without_prices(response)
    return Answer(session, bare.but(header=session.header, evse_processing=Processing.Ongoing), Outcome.AGAIN)


def _response(session: Session, processing: Processing, mode: Mode) -> wire.ScheduleExchangeRes:
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
