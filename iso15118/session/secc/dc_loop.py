"""The answer of the DC charge loop, and the decision behind it, which every tick renews. Alternating current: `ac_loop`."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from iso15118.messages.v20 import dc
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.rational import number, rational
from iso15118.power import Limits, Setpoint
from iso15118.procedures.transfer import IDLE, Decision, follow, steer, wanted, within_window
from iso15118.sequence.phases import Phase
from iso15118.session.secc.allowance import allowance
from iso15118.session.secc.dc_parameters import discharge
from iso15118.session.secc.metering import meter_info, receipt
from iso15118.session.secc.mobility import proposing
from iso15118.session.secc.needs import need_of, ordered
from iso15118.session.secc.notifications import powerless, status
from iso15118.session.secc.profile import watch_profile
from iso15118.session.secc.state import Answer, Ask, Session
from iso15118.session.sense import Sense, refused
from iso15118.session.services import ControlMode
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Ampere, Volt, Watt
from iso15118.value import replace

LimitsSaid: TypeAlias = dc.Scheduled_DC_CLResControlMode | dc.Dynamic_DC_CLResControlMode
STALE: Final = 0.3
"""s: on an older measurement the current does not rise and nothing is discharged."""
OVER: Final = 0.4
"""s the output may be above the car's maximum before the session ends as an error."""
TOLERANCE: Final = 1.02
"""A measurement within this factor of a limit is not above it."""

_MODES: Final[dict[tuple[ControlMode, bool], type]] = {
    (ControlMode.SCHEDULED, False): dc.Scheduled_DC_CLReqControlMode,
    (ControlMode.SCHEDULED, True): dc.BPT_Scheduled_DC_CLReqControlMode,
    (ControlMode.DYNAMIC, False): dc.Dynamic_DC_CLReqControlMode,
    (ControlMode.DYNAMIC, True): dc.BPT_Dynamic_DC_CLReqControlMode,
}


def answer_charge_loop(session: Session, request: dc.DC_ChargeLoopReq, snapshot: SeccSnapshot) -> Answer:
    """Takes the car's turn, decides, and tells the truth about what is measured and which limits shaped it.

    In standby of the car's turn only the wish for a meter reading and what it displays count [V2G20-2118]; power stays zero.
    Raises PeerError (FAILED) on a control mode other than the one selected, or a target above the car's own maximum.
    """
    ours = our_limits(session, snapshot)
    if session.phase is Phase.STANDBY:
        session = replace(session, loops=session.loops + 1)
    else:
        turn = read_ask(session, request)
        if turn.need is not None:
            session = ordered(session, turn.need)
        session = decided(session, snapshot, turn, ours)
    decision, reading = session.decision, snapshot.reading
    held = decision.power_limited or decision.current_limited or decision.voltage_limited
    session, code = watch_profile(session, snapshot, held=held)
    session, limits = proposing(session, request, snapshot, _say_limits(session, snapshot, ours))
    meter = meter_info(session, snapshot, requested=request.meter_info_requested)
    response = dc.DC_ChargeLoopRes(
        header=session.header,
        response_code=code,
        evse_status=status(session, snapshot),
        meter_info=meter,
        receipt=receipt(snapshot, meter),
        evse_present_current=rational(round(reading.current.value, 1)),
        evse_present_voltage=rational(round(reading.voltage.value, 1)),
        evse_power_limit_achieved=decision.power_limited,
        evse_current_limit_achieved=decision.current_limited,
        evse_voltage_limit_achieved=decision.voltage_limited,
        control_mode=limits,
    )
    return Answer(session, response)


def decided(session: Session, snapshot: SeccSnapshot, turn: Ask | None = None, ours: Limits | None = None) -> Session:
    """The session with the set-point that the newest of all limits asks for. Every answer (with the car's turn) and tick comes here."""
    ask = turn or session.ask
    if not isinstance(ask, Ask):
        return session
    decision = IDLE if powerless(session) else _decide(session, ask, snapshot, ours or our_limits(session, snapshot))
    setpoint = Setpoint(
        voltage=decision.voltage,
        current=decision.current,
        contactor=True,
        lock=True,
        bidirectional=session.bidirectional,
    )
    if turn is not None:
        return replace(session, ask=turn, loops=session.loops + 1, decision=decision, setpoint=setpoint)
    return session if setpoint == session.setpoint else replace(session, decision=decision, setpoint=setpoint)


def _decide(session: Session, ask: Ask, snapshot: SeccSnapshot, ours: Limits) -> Decision:
    theirs = ask.limits
    if ask.need is not None:
        theirs = within_window(theirs, ask.need)
    fresh = snapshot.reading.voltage.age(snapshot.now) <= STALE and snapshot.reading.current.age(snapshot.now) <= STALE
    if not fresh:
        ours = replace(ours.charging_only(), charge_current=min(ours.charge_current, max(0.0, session.decision.current)))
    present = snapshot.reading.voltage.value if fresh else ask.present
    if ask.target is not None:
        return follow(ask.target, ask.ceiling, ours, theirs, present)
    return steer(wanted(snapshot.budget, snapshot.now, ask.need), ours, theirs, present)


def our_limits(session: Session, snapshot: SeccSnapshot) -> Limits:
    """What our side allows now: announced, hardware, operator, site budget and chosen schedule, the strictest of each."""
    hard, soft = snapshot.abilities.limits, snapshot.limits
    said = session.announced or hard
    charge, back = allowance(session, snapshot)
    return Limits(
        max(hard.min_voltage, soft.min_voltage, said.min_voltage),
        min(hard.max_voltage, soft.max_voltage, said.max_voltage),
        min(hard.charge_current, soft.charge_current, said.charge_current),
        min(hard.charge_power, soft.charge_power, said.charge_power, charge),
        min(hard.discharge_current, soft.discharge_current, said.discharge_current),
        min(hard.discharge_power, soft.discharge_power, said.discharge_power, back),
    )


def read_ask(session: Session, request: dc.DC_ChargeLoopReq) -> Ask:
    """The car's turn in our words. Limits it leaves out stand as last told. Raises PeerError (FAILED) on a wrong mode or contradiction."""
    mode = request.control_mode
    control = session.parameters.control_mode if session.parameters else None
    if control is None or type(mode) is not _MODES[control, session.bidirectional]:
        raise refused(Sense.OTHER_MODE, type(mode).__name__)
    known = session.ask.limits if isinstance(session.ask, Ask) else session.vehicle or Limits(0.0, 0.0, 0.0, 0.0)
    back_power, back_current = known.discharge_power, known.discharge_current
    if isinstance(mode, dc.BPT_Scheduled_DC_CLReqControlMode | dc.BPT_Dynamic_DC_CLReqControlMode):
        back_power = abs(_number(mode.ev_maximum_discharge_power, back_power))
        back_current = abs(_number(mode.ev_maximum_discharge_current, back_current))
    said = Limits(
        _number(mode.ev_minimum_voltage, known.min_voltage),
        _number(mode.ev_maximum_voltage, known.max_voltage),
        _number(mode.ev_maximum_charge_current, known.charge_current),
        _number(mode.ev_maximum_charge_power, known.charge_power),
        back_current,
        back_power,
    )
    limits = said.lowered(session.vehicle) if session.vehicle else said  # wider ones count for nothing: Sense.LIMIT_RAISED
    present = number(request.ev_present_voltage)
    if isinstance(mode, dc.Scheduled_DC_CLReqControlMode):
        target, ceiling = number(mode.ev_target_current), number(mode.ev_target_voltage)
        own = said.charge_current if target >= 0.0 or not session.bidirectional else said.discharge_current
        if abs(target) > own * TOLERANCE + 0.5 or ceiling > said.max_voltage * TOLERANCE:
            raise refused(Sense.ABOVE_OWN_MAXIMUM, f"{target:g} A, {ceiling:g} V of {own:g} A, {said.max_voltage:g} V")
        return Ask(limits, present, target, ceiling)
    return Ask(limits, present, need=need_of(mode))


def _number(value: RationalNumber | None, known: float) -> float:
    return known if value is None else number(value)


def overrun(session: Session, snapshot: SeccSnapshot) -> Session:
    """Watches the output against the car's own maxima: 0.4 s above one makes the session fail, since adapting silently would hide it."""
    ask, reading = session.ask, snapshot.reading
    if not isinstance(ask, Ask):
        return session
    current = reading.current.value
    inward, voltage = current >= 0.0, reading.voltage.value
    limit = ask.limits.charge_current if inward else ask.limits.discharge_current
    power = ask.limits.charge_power if inward else ask.limits.discharge_power
    over = (
        voltage > ask.limits.max_voltage * TOLERANCE
        or abs(current) > max(limit * TOLERANCE, limit + 2.0)
        or abs(current) * voltage > max(power * TOLERANCE, power + 2.0 * voltage)
    )
    if not over:
        return session if session.over_since is None else replace(session, over_since=None)
    if session.over_since is None:
        return replace(session, over_since=snapshot.now)
    if snapshot.now - session.over_since >= OVER:
        told = f"{Sense.OUTPUT_ABOVE_MAXIMUM.rule.what}: {voltage:.1f} V, {current:.1f} A"
        return replace(session, failing=told)
    return session


def _say_limits(session: Session, snapshot: SeccSnapshot, ours: Limits) -> LimitsSaid:
    """Our limits of this moment; in Dynamic mode the window that leads the car to the wanted power."""
    dynamic, need = session.dynamic, session.ask.need if session.ask else None
    charge, back = ours.charge_power, ours.discharge_power
    if powerless(session):
        charge = back = 0.0
    elif dynamic and (power := wanted(snapshot.budget, snapshot.now, need)) is not None:
        charge, back = min(charge, max(0.0, power)), min(back, max(0.0, -power))
    least = min(snapshot.abilities.min_charge_power, charge)
    if not session.bidirectional:
        return _said(dynamic, charge, least, ours.charge_current, ours.max_voltage)
    least_back = min(snapshot.abilities.min_discharge_power, back)
    both_ways = (back, least_back, ours.discharge_current, ours.min_voltage, session.config.negative_discharge)
    return _said_both_ways(dynamic, charge, least, ours.charge_current, ours.max_voltage, *both_ways)


@lru_cache(maxsize=64)
def _said(dynamic: bool, power: Watt, least: Watt, current: Ampere, voltage: Volt) -> LimitsSaid:
    """The element that says these limits; they stand for many loops, so it is remembered."""
    return (dc.Dynamic_DC_CLResControlMode if dynamic else dc.Scheduled_DC_CLResControlMode)(
        evse_maximum_charge_power=rational(power),
        evse_minimum_charge_power=rational(least),
        evse_maximum_charge_current=rational(current),
        evse_maximum_voltage=rational(voltage),
    )


@lru_cache(maxsize=64)
def _said_both_ways(
    dynamic: bool,
    power: Watt,
    least: Watt,
    current: Ampere,
    voltage: Volt,
    back: Watt,
    least_back: Watt,
    out: Ampere,
    floor: Volt,
    negative: bool,
) -> LimitsSaid:
    """The same with the limits of discharging."""
    return (dc.BPT_Dynamic_DC_CLResControlMode if dynamic else dc.BPT_Scheduled_DC_CLResControlMode)(
        evse_maximum_charge_power=rational(power),
        evse_minimum_charge_power=rational(least),
        evse_maximum_charge_current=rational(current),
        evse_maximum_voltage=rational(voltage),
        evse_maximum_discharge_power=discharge(back, negative),
        evse_minimum_discharge_power=discharge(least_back, negative),
        evse_maximum_discharge_current=discharge(out, negative),
        evse_minimum_voltage=rational(floor),
    )
