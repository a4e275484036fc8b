"""What the car asks around the transfer: cable check, pre-charge, power delivery, welding detection, session stop.

When the car's contactor moves is decided in `contactor`.
"""

from __future__ import annotations

from typing import Final

from iso15118.errors import LocalError
from iso15118.exi import Message
from iso15118.messages.v20 import delivery as wire
from iso15118.messages.v20.common import Header, Processing, ResponseCode
from iso15118.messages.v20.dc import (
    DC_CableCheckReq,
    DC_CableCheckRes,
    DC_PreChargeReq,
    DC_PreChargeRes,
    DC_WeldingDetectionReq,
    DC_WeldingDetectionRes,
)
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.v20.schedule import PowerScheduleEntry
from iso15118.messages.v20.session import ChargingSession, SessionStopReq, SessionStopRes
from iso15118.sequence.table import Outcome
from iso15118.session.evcc import pause
from iso15118.session.evcc.contactor import closed, matched, separated
from iso15118.session.evcc.figures import power_at_most, tenth
from iso15118.session.evcc.loop import read_status
from iso15118.session.evcc.schedule import A_DAY, departure, planned
from iso15118.session.evcc.state import Read, Rest, ScheduleChoice, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.session.steps import Steps
from iso15118.units import Watt
from iso15118.value import replace


def ask_cable_check(session: Session, header: Header, snapshot: EvccSnapshot) -> DC_CableCheckReq:
    """Test the insulation."""
    return DC_CableCheckReq(header=header)


def read_cable_check(session: Session, response: DC_CableCheckRes, snapshot: EvccSnapshot) -> Read:
    """Finished, or again."""
    if response.evse_processing is Processing.Finished:
        return Read(session)
    return Read(session, Outcome.AGAIN, session.config.times.retry)


def ask_pre_charge(session: Session, header: Header, snapshot: EvccSnapshot) -> DC_PreChargeReq:
    """Bring the outlet to the battery's voltage; Finished when it is there."""
    return DC_PreChargeReq(
        header=header,
        ev_processing=Processing.Finished if matched(session, snapshot) else Processing.Ongoing,
        ev_present_voltage=tenth(snapshot.reading.voltage.value),
        ev_target_voltage=tenth(snapshot.reading.battery_voltage.value),
    )


def read_pre_charge(session: Session, response: DC_PreChargeRes, snapshot: EvccSnapshot) -> Read:
    """Again until our own measurement matches and the last request has said so; the charger's measurement is not read."""
    if isinstance(session.request, DC_PreChargeReq) and session.request.ev_processing is Processing.Finished:
        return Read(session)
    return Read(session, Outcome.AGAIN, 0.0 if matched(session, snapshot) else session.config.times.retry)


def ask_power_delivery(session: Session, header: Header, snapshot: EvccSnapshot) -> PowerDeliveryReq:
    """Power, on direct current once our contactor is closed; until then that we are busy [V2G20-2007]."""
    if not session.alternating and not closed(session, snapshot):
        return PowerDeliveryReq(header=header, ev_processing=Processing.Ongoing, charge_progress=ChargeProgress.Start)
    return PowerDeliveryReq(
        header=header,
        ev_processing=Processing.Finished,
        charge_progress=ChargeProgress.Start,
        ev_power_profile=profile(session, snapshot, header.time_stamp),
        bpt_channel_selection=channel(session, snapshot),
    )


def profile(session: Session, snapshot: EvccSnapshot, stamp: int) -> wire.EVPowerProfile:
    """The power we mean to take: within every slot of the chosen schedule, or in Dynamic mode the most there can be until departure."""
    if session.announced is None or session.evse_limits is None:
        raise LocalError("a power profile before charge parameters are known")
    own = session.announced.charge_power
    if session.dynamic:
        span = departure(session, snapshot) or A_DAY
        entry = PowerScheduleEntry(duration=span, power=power_at_most(min(own, session.evse_limits.charge_power)))
        return wire.EVPowerProfile(
            time_anchor=stamp,
            control_mode=wire.Dynamic_EVPPTControlMode(),
            ev_power_profile_entries=wire.EVPowerProfileEntryList(ev_power_profile_entry=(entry,)),
        )
    if session.chosen is None:
        raise LocalError("a power profile before a schedule is chosen")
    # A full battery takes nothing now, but may after it has given: then the schedule alone bounds the profile.
    most: Watt = own if own > 0.0 else session.evse_limits.charge_power
    anchor, entries = session.chosen.charge.anchor, session.chosen.profile(most)
    if session.config.schedule_choice is ScheduleChoice.CHEAPEST:
        plan = planned(session, snapshot, session.chosen, stamp)
        anchor, entries = plan.anchor, wire.EVPowerProfileEntryList(ev_power_profile_entry=plan.entries())
    resting = pause.with_gap(session, entries.ev_power_profile_entry, anchor, stamp)
    return wire.EVPowerProfile(
        time_anchor=anchor,
        control_mode=wire.Scheduled_EVPPTControlMode(
            selected_schedule_tuple_id=session.chosen.id,
            power_tolerance_acceptance=wire.PowerToleranceAcceptance.PowerToleranceConfirmed if session.chosen.tolerance else None,
        ),
        ev_power_profile_entries=wire.EVPowerProfileEntryList(ev_power_profile_entry=resting),
    )


def channel(session: Session, snapshot: EvccSnapshot) -> wire.ChannelSelection | None:
    """The direction, where charging and discharging have channels of their own (BPTChannel 2)."""
    if session.parameters is None or session.parameters.bpt_channel != 2:
        return None
    wish = snapshot.target_power if session.alternating else snapshot.target_current
    return wire.ChannelSelection.Discharge if wish < 0.0 else wire.ChannelSelection.Charge


def starts(request: Message) -> bool:
    """True for the request after whose answer energy may flow."""
    return (
        type(request) is PowerDeliveryReq
        and request.charge_progress is ChargeProgress.Start
        and request.ev_processing is Processing.Finished
    )


def stops(request: Message) -> bool:
    """True for the request that ends the flow of energy."""
    return type(request) is PowerDeliveryReq and request.charge_progress is ChargeProgress.Stop


def ask_power_stop(session: Session, header: Header, snapshot: EvccSnapshot) -> PowerDeliveryReq:
    """No more power."""
    return PowerDeliveryReq(header=header, ev_processing=Processing.Finished, charge_progress=ChargeProgress.Stop)


def ask_power_standby(session: Session, header: Header, snapshot: EvccSnapshot) -> PowerDeliveryReq:
    """The loop at zero power, contactors closed [V2G20-2113]."""
    return PowerDeliveryReq(
        header=header,
        ev_processing=Processing.Finished,
        charge_progress=ChargeProgress.Standby,
        ev_power_profile=profile(session, snapshot, header.time_stamp),
    )


def read_power_delivery(session: Session, response: PowerDeliveryRes, snapshot: EvccSnapshot) -> Read:
    """Started, stopped, standing by or not allowed to, or again while our contactor moves."""
    request = session.request
    if not isinstance(request, PowerDeliveryReq):
        raise LocalError("a PowerDeliveryRes to another request")
    if request.charge_progress is ChargeProgress.Stop:
        return Read(session, Outcome.STOP)
    session, notes = read_status(session, response.evse_status)
    if request.charge_progress is ChargeProgress.Standby:
        if response.response_code is not ResponseCode.WARNING_StandbyNotAllowed:
            return Read(session, Outcome.STANDBY, notes=notes)
        refused = replace(session, rest=None, rest_from=None, rest_until=None, standby_refused=True)
        return Read(refused, Outcome.AGAIN, notes=notes)
    if request.ev_processing is Processing.Finished:
        scheduled = None if session.dynamic else request.ev_power_profile
        followed = None if scheduled is None else Steps.of_profile(scheduled, response.header.time_stamp)
        renewing = session.renewing or pause.outlasted(session)
        return Read(replace(session, profile=followed, renewing=renewing), Outcome.START, notes=notes)
    return Read(session, Outcome.AGAIN, 0.0 if closed(session, snapshot) else session.config.times.retry, notes=notes)


def ask_welding_detection(session: Session, header: Header, snapshot: EvccSnapshot) -> DC_WeldingDetectionReq:
    """The contactor is open; Finished when the voltage at our inlet has fallen."""
    return DC_WeldingDetectionReq(header=header, ev_processing=Processing.Finished if separated(snapshot) else Processing.Ongoing)


def read_welding_detection(session: Session, response: DC_WeldingDetectionRes, snapshot: EvccSnapshot) -> Read:
    """Again until the last request has said Finished, or time is over."""
    request = session.request
    if isinstance(request, DC_WeldingDetectionReq) and request.ev_processing is Processing.Finished:
        return Read(session)
    return Read(session, Outcome.AGAIN, 0.0 if session.welding_over or separated(snapshot) else session.config.times.retry)


def ask_session_stop(session: Session, header: Header, snapshot: EvccSnapshot) -> SessionStopReq:
    """The end; where something went wrong the charger is told what. Or a pause, or the way back to the services [V2G20-1964]."""
    wish = ChargingSession.Terminate
    if not session.stop and session.renegotiating:
        wish = ChargingSession.ServiceRenegotiation
    elif not session.stop and session.rest is Rest.PAUSE:
        wish = ChargingSession.Pause
    return SessionStopReq(
        header=header,
        charging_session=wish,
        ev_termination_code=session.stop_code or None,
        ev_termination_explanation=session.stop[:160] if session.stop_code else None,
    )


def read_session_stop(session: Session, response: SessionStopRes, snapshot: EvccSnapshot) -> Read:
    """The charger agrees: the connection is ours to close [V2G20-1463], at the end or for a pause; or services are chosen anew."""
    request = session.request
    if isinstance(request, SessionStopReq) and request.charging_session is ChargingSession.ServiceRenegotiation:
        return Read(_chosen_anew(session), Outcome.RENEGOTIATE)
    if isinstance(request, SessionStopReq) and request.charging_session is ChargingSession.Pause:
        return Read(replace(session, paused=pause.kept(session, snapshot)))
    return Read(session)


def _chosen_anew(session: Session) -> Session:
    """The session as it stood before its services were chosen: id, times, readings and counts go on."""
    fresh = Session(session.config)
    forgotten = {name: getattr(fresh, name) for name in _OF_A_SERVICE}
    return replace(session, **forgotten, renegotiations=session.renegotiations + 1)


_OF_A_SERVICE: Final = (
    *("candidates", "offers", "service", "parameters", "announced", "evse_announced", "evse_limits", "chosen", "prices", "profile"),
    *("told", "precharged", "delivering", "stopping_at", "stopped_at", "mains", "welding_over", "report", "renegotiating"),
    *("renewing", "unconfirmed", "rest", "rest_from", "rest_until"),
)
"""What of a session belongs to the service chosen, and goes with it."""
