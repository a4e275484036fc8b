"""The answer of the AC charge loop, and the decision behind it, which every tick renews. Mirror: `dc_loop`.

The car's own charger drives the current. We tell it the power (Dynamic), or leave it to its profile under our schedule (Scheduled) and
tell it a power where our limits have fallen below; and we watch what it really takes.
"""

from __future__ import annotations

from math import inf
from typing import Any, Final

from iso15118.messages.v20 import ac
from iso15118.messages.v20.phases import said, superfluous, told
from iso15118.messages.v20.rational import rational
from iso15118.power import AcReading, AcTarget, Contactor, Pilot, Setpoint
from iso15118.procedures.relay import NOTHING, PhaseLimits, beyond, ramped, relay, time_to_follow
from iso15118.procedures.transfer import wanted
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import DER
from iso15118.session.alternating import control_mode, word
from iso15118.session.secc import der
from iso15118.session.secc.ac_parameters import UNSAID, phases_of
from iso15118.session.secc.allowance import allowance
from iso15118.session.secc.metering import meter_info, receipt
from iso15118.session.secc.mobility import proposing
from iso15118.session.secc.needs import need_of, ordered
from iso15118.session.secc.notifications import powerless, status
from iso15118.session.secc.pause import planned
from iso15118.session.secc.profile import watch_profile
from iso15118.session.secc.state import AcAsk, Answer, Relayed, Session
from iso15118.session.sense import Sense, refused
from iso15118.session.services import GeneratorMode
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import NO_PHASE, PerPhase, Second, Watt
from iso15118.value import replace

STALE: Final[Second] = 0.3
"""On an older measurement the target does not rise and nothing is discharged."""
LATE: Final[Second] = 2.0
"""More than allowed has flowed for so long, beside what the ramp takes: people are told."""
OVER: Final[Second] = 5.0
"""And for so long: the session ends as an error."""
REVERSE: Final[Second] = 0.5
"""Energy has come out of a vehicle whose service has no way back for so long: an error."""
UNREADY: Final[Second] = 0.3
"""The pilot has been out of C and D for so long in the loop, and no PowerDelivery(Stop) has come."""
TOLERANCE: Final[Watt] = 250.0
"""W a phase beside 5 %: what is measured there is within a limit (1 A, and what a meter may err)."""
GRID_LOST: Final = "the grid is lost"


def answer_charge_loop(session: Session, request: ac.AC_ChargeLoopReq, snapshot: SeccSnapshot) -> Answer:
    """Takes the car's turn, decides, and tells the car its power (Dynamic: always) and what is measured; the frequency if it forms a grid.

    In standby of the car's turn only the wish for a meter reading and what it displays count [V2G20-2118]; power stays zero.
    Raises PeerError (FAILED) on a control mode other than the one selected, or phases the connector has not.
    """
    mode: Any = request.control_mode
    if session.phase is Phase.STANDBY:
        session = replace(session, loops=session.loops + 1)
    else:
        turn = read_ask(session, mode)
        if turn.need is not None:
            session = ordered(session, turn.need)
        session = decided(session, snapshot, turn)
        session = der.heard(session, mode) if session.transfer in DER else session
    session, code = watch_profile(session, snapshot, held=session.relayed.told)
    session, said_ = proposing(session, request, snapshot, _say(session, snapshot))
    session = der.told(session, snapshot) if session.transfer in DER else session
    meter = meter_info(session, snapshot, requested=request.meter_info_requested)
    response = word(session.transfer, "AC_ChargeLoopRes")(
        header=session.header,
        response_code=code,
        evse_status=status(session, snapshot),
        meter_info=meter,
        receipt=receipt(snapshot, meter),
        control_mode=said_,
    )
    if session.parameters is not None and session.parameters.generator_mode == GeneratorMode.GRID_FORMING:
        response = response.but(evse_target_frequency=rational((snapshot.abilities.ac or UNSAID).frequency))
    return Answer(session, response)


def read_ask(session: Session, mode: Any) -> AcAsk:
    """The car's turn in our words. Limits it leaves out stand as last told. Raises PeerError (FAILED) on a wrong mode or phase."""
    if type(mode) is not control_mode(session.transfer, session.dynamic, session.bidirectional, "Req"):
        raise refused(Sense.OTHER_MODE, type(mode).__name__)
    phases = phases_of(session)
    if phases == 1 and (names := superfluous(mode)):
        raise refused(Sense.PHASES_IN_LOOP, ", ".join(names))
    known = session.ask.limits if isinstance(session.ask, AcAsk) else session.vehicle_phases or NOTHING
    charge, least = told(mode, "ev_maximum_charge_power", phases), told(mode, "ev_minimum_charge_power", phases)
    back = least_back = None
    if session.bidirectional:
        back, least_back = told(mode, "ev_maximum_discharge_power", phases), told(mode, "ev_minimum_discharge_power", phases)
    charge = known.charge if charge is None else PerPhase(*(max(0.0, phase) for phase in charge))
    back = known.discharge if back is None else PerPhase(*map(abs, back))
    # In all no more than in charge parameter discovery (Sense.LIMIT_RAISED); how it is spread over phases may be told only now.
    first = session.vehicle_phases or NOTHING
    limits = PhaseLimits(
        charge,
        back,
        min(charge.total, first.charge.total),
        min(back.total, first.discharge.total),
        known.least_charge if least is None else max(0.0, least.total),
        known.least_discharge if least_back is None else abs(least_back.total),
    )
    present = told(mode, "ev_present_active_power", phases) or NO_PHASE
    return AcAsk(limits, present, need_of(mode) if session.dynamic else None)


def decided(session: Session, snapshot: SeccSnapshot, turn: AcAsk | None = None) -> Session:
    """The session with the power that the newest of all limits asks for. Every answer (with the car's turn) and tick comes here."""
    ask = turn or session.ask
    if not isinstance(ask, AcAsk):
        return session
    relayed = _relayed(session, ask, snapshot)
    # Once open, because the grid is lost, it stays open: the session ends.
    setpoint = Setpoint(contactor=session.setpoint.contactor, lock=True, bidirectional=session.bidirectional, target=relayed.target)
    if turn is not None:
        return replace(session, ask=turn, loops=session.loops + 1, relayed=relayed, setpoint=setpoint)
    return replace(session, relayed=relayed, setpoint=setpoint)


def our_limits(session: Session, snapshot: SeccSnapshot) -> PhaseLimits:
    """What our side allows now: hardware, operator, announced, site budget and chosen schedule, the strictest of each."""
    limits = snapshot.abilities.limits.lowered(snapshot.limits)
    if session.announced is not None:
        limits = limits.lowered(session.announced)
    charge, back = allowance(session, snapshot)
    phases, nominal = phases_of(session), (snapshot.abilities.ac or UNSAID).voltage
    into, out = limits.charge_current * nominal, limits.discharge_current * nominal
    return PhaseLimits(
        PerPhase(*(min(into, granted_) if i < phases else 0.0 for i, granted_ in enumerate(_by_site(snapshot)))),
        PerPhase(*(out if i < phases else 0.0 for i in range(3))) if session.bidirectional else NO_PHASE,
        max(0.0, min(limits.charge_power, charge)),
        max(0.0, min(limits.discharge_power, back, inf if snapshot.dso.discharge_power is None else snapshot.dso.discharge_power)),
        snapshot.abilities.min_charge_power,
        snapshot.abilities.min_discharge_power,
    )


def _by_site(snapshot: SeccSnapshot) -> PerPhase:
    """The most the site grants in each phase; once the budget has run out its fall-back, whole, in any."""
    budget = snapshot.budget
    if budget.phases is None or snapshot.now > budget.until:
        return PerPhase(*[float("inf")] * 3)
    return PerPhase(*(max(0.0, phase) for phase in budget.phases))


def _on_one_phase(session: Session, limits: PhaseLimits) -> PhaseLimits:
    """A car that was agreed with for three phases and is fed with one needs a third of its least power."""
    share = 1.0 / phases_of(session)
    return replace(limits, least_charge=limits.least_charge * share, least_discharge=limits.least_discharge * share)


def _relayed(session: Session, ask: AcAsk, snapshot: SeccSnapshot) -> Relayed:
    before = session.relayed
    ours = our_limits(session, snapshot)
    limits = ours.lowered(ask.limits if snapshot.fed != 1 else _on_one_phase(session, ask.limits))
    if ask.need is not None:
        limits = limits.within(ask.need)
    if powerless(session) or grid_lost(snapshot):
        limits = NOTHING
    if _fresh(snapshot) is None:
        limits = replace(limits.charging_only(), charge=PerPhase(*map(min, limits.charge, _positive(before.target.active))))
    abilities = snapshot.abilities.ac or UNSAID
    asymmetry = abilities.asymmetry if phases_of(session) == 3 else None
    plan = planned(session, snapshot.clock)
    if not session.dynamic and session.bidirectional and _gives(snapshot):
        plan = plan if plan is not None and plan < 0.0 else -inf  # by a wish of its own beside its profile: our word is of this way
    power = relay(wanted(snapshot.budget, snapshot.now, ask.need) if session.dynamic else plan, limits, asymmetry)
    if abilities.ramp is not None and session.dynamic:
        passed = 0.0 if before.at is None else snapshot.now - before.at
        power = ramped(before.target.active, power, abilities.ramp * passed)
    reactive = _reactive(session, snapshot)
    if session.dynamic:
        allowed = PhaseLimits(_positive(power), _positive(PerPhase(*(-phase for phase in power))))
        return Relayed(AcTarget(power, reactive), allowed, told=True, at=snapshot.now)
    # A car under a schedule is told a power only where our limit has fallen below what the schedule allows [V2G20-1826].
    into, out = session.chosen.power(snapshot.clock) if session.chosen is not None else (0.0, 0.0)
    if (plan or 0.0) < 0.0:
        short = min(limits.discharge.total, limits.discharge_total) < min(out, ask.limits.discharge_total)
    else:
        short = min(limits.charge.total, limits.charge_total) < min(into, ask.limits.charge_total)
    return Relayed(AcTarget(power, reactive), limits, told=short, at=snapshot.now)


def _positive(power: PerPhase) -> PerPhase:
    return PerPhase(*(max(0.0, phase) for phase in power))


def _reactive(session: Session, snapshot: SeccSnapshot) -> PerPhase:
    """var, + inductive [V2G20-1824], evenly spread: what the site wants, as far as the outlet can have it."""
    asked, most = snapshot.budget.reactive, (snapshot.abilities.ac or UNSAID).reactive
    if asked is None or not session.dynamic or powerless(session) or snapshot.now > snapshot.budget.until:
        return NO_PHASE
    return PerPhase.even(max(-most, min(most, asked)), phases_of(session))


def _gives(snapshot: SeccSnapshot) -> bool:
    """True where energy is measured to come back."""
    measured = _fresh(snapshot)
    return measured is not None and measured.active.total < -TOLERANCE


def _fresh(snapshot: SeccSnapshot) -> AcReading | None:
    """What is measured, unless it is too old to rest on."""
    measured = snapshot.reading.ac
    return None if measured is None or measured.age(snapshot.now) > STALE else measured.value


def grid_lost(snapshot: SeccSnapshot) -> bool:
    """True where a fresh measurement shows no grid, or one that no vehicle may feed."""
    measured = _fresh(snapshot)
    return measured is not None and not (snapshot.abilities.ac or UNSAID).holds(measured)


def overrun(session: Session, snapshot: SeccSnapshot) -> Session:
    """Watches what the car really does: it may take a moment to follow, not more. First people are told, then the session fails.

    Time above the limits counts up and time within them down, so that coming back for a moment does not begin the count anew.
    """
    session = _unready(session, snapshot)
    measured = _fresh(snapshot)
    if measured is None or session.failing:
        return session
    asked = isinstance(session.ask, AcAsk)  # before its first turn a car may charge at most: nobody has agreed on a way back
    allowed = session.relayed.allowed if asked else our_limits(session, snapshot).charging_only()
    power = measured.active
    reverse = not session.bidirectional and min(power) < -TOLERANCE
    over = reverse or beyond(power, allowed, TOLERANCE)
    if session.over_since is None:
        return replace(session, over_since=snapshot.now, over_for=0.0) if over else session
    passed = snapshot.now - session.over_since
    lasted = session.over_for + (passed if over else -passed)
    if lasted <= 0.0 and not over:
        return replace(session, over_since=None, over_for=0.0)
    session = replace(session, over_since=snapshot.now, over_for=lasted)
    if not over:
        return session
    if reverse and lasted >= REVERSE:
        return replace(session, failing=f"{Sense.REVERSE_POWER.rule.what}: {power.total:.0f} W")
    ramp = (snapshot.abilities.ac or UNSAID).ramp
    followed = time_to_follow(session.announced.charge_power if session.announced else 0.0, ramp)
    if lasted >= OVER + followed:
        return replace(session, failing=f"{Sense.DOES_NOT_FOLLOW.rule.what}: {power.total:.0f} W")
    if lasted >= LATE + followed and "follow" not in session.notes:
        text = f"the car does not follow: {power.total:.0f} W flow, {allowed.charge_total:.0f} W and {allowed.charge} W a phase are allowed"
        return replace(session, notes=session.notes | {"follow"}, untold=(*session.untold, text))
    return session


def _unready(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session, failing where the pilot has left C and D in the loop for too long.

    The outlet is open by then, and stays so: a pilot that flutters must not make its contactor flutter under load.
    """
    reading, opened = snapshot.reading, not session.setpoint.contactor
    away = reading.pilot.value not in (Pilot.C, Pilot.D) or reading.contactor.value is Contactor.OPEN
    own = opened and session.unready_since is None  # on its way to a stop
    if session.deferred is not None or own or grid_lost(snapshot) or not (away or opened):
        return session if session.unready_since is None else replace(session, unready_since=None)
    since = snapshot.now if session.unready_since is None else session.unready_since
    if snapshot.now - since >= UNREADY:
        seen = f"control pilot in {reading.pilot.value.name}, contactor {reading.contactor.value.name}"
        return replace(session, failing=f"{seen} in the charge loop")
    if reading.contactor.value is Contactor.OPEN and not opened:
        session = replace(session, setpoint=replace(session.setpoint, contactor=False))
    return session if since == session.unready_since else replace(session, unready_since=since)


def _say(session: Session, snapshot: SeccSnapshot) -> Any:
    """Our control mode: targets where they are told, and the power measured."""
    phases, relayed, measured = phases_of(session), session.relayed, _fresh(snapshot)
    words = said("evse_target_active_power", relayed.target.active, phases) if relayed.told or session.dynamic else {}
    if session.dynamic and snapshot.budget.reactive is not None:
        words |= said("evse_target_reactive_power", relayed.target.reactive, phases)
    if measured is not None:
        words |= said("evse_present_active_power", measured.active, phases)
    if session.transfer in DER:
        ours = our_limits(session, snapshot)
        into, out = (min(each.total, total) for each, total in ((ours.charge, ours.charge_total), (ours.discharge, ours.discharge_total)))
        words |= der.say_turn(session, snapshot, into, out, phases)
    return control_mode(session.transfer, session.dynamic, session.bidirectional, "Res")(**words)
