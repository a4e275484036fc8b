"""The car's turn in the DC charge loop: what it wants under the newest of all limits, and what it reads from the charger's turn.

The path of every quarter of a second: parts that seldom change are remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20 import dc
from iso15118.messages.v20.common import Header, RationalNumber
from iso15118.messages.v20.rational import number
from iso15118.power import Limits
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Outcome
from iso15118.session.evcc.figures import ZERO, at_least, at_most, energies, power_at_most, tenth
from iso15118.session.evcc.loop import display, read_status
from iso15118.session.evcc.pause import still
from iso15118.session.evcc.schedule import departure, supplied
from iso15118.session.evcc.state import Read, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import Ampere, Volt
from iso15118.value import replace

LEAST_VOLTAGE: Final[Volt] = 50.0
"""A power is not turned into a current below this, where the quotient would mean nothing."""

_RESPONSE_MODES: Final[Mapping[tuple[bool, bool], type]] = {
    (False, False): dc.Scheduled_DC_CLResControlMode,
    (False, True): dc.BPT_Scheduled_DC_CLResControlMode,
    (True, False): dc.Dynamic_DC_CLResControlMode,
    (True, True): dc.BPT_Dynamic_DC_CLResControlMode,
}
"""(Dynamic, bidirectional) -> the type the charger answers in."""

_Bidirectional = (dc.BPT_Dynamic_DC_CLResControlMode, dc.BPT_Scheduled_DC_CLResControlMode)


def ask_charge_loop(session: Session, header: Header, snapshot: EvccSnapshot) -> dc.DC_ChargeLoopReq:
    """Target (Scheduled) or limits and energies (Dynamic), from the newest snapshot, with what the charger may display."""
    every, snapshot = session.config.meter_every, still(session, snapshot)
    return dc.DC_ChargeLoopReq(
        header=header,
        display_parameters=display(session, snapshot),
        meter_info_requested=every > 0 and session.loops % every == 0,
        ev_present_voltage=tenth(snapshot.reading.voltage.value),
        control_mode=_steered(session, snapshot) if session.dynamic else _scheduled(session, snapshot, header.time_stamp),
    )


def _limits(limits: Limits) -> dict[str, RationalNumber]:
    return {
        "ev_maximum_charge_power": power_at_most(limits.charge_power),
        "ev_minimum_charge_power": ZERO,
        "ev_maximum_charge_current": at_most(limits.charge_current),
        "ev_maximum_voltage": at_most(limits.max_voltage),
        "ev_minimum_voltage": at_least(limits.min_voltage),
    }


def _discharge_limits(limits: Limits) -> dict[str, RationalNumber]:
    return {
        "ev_maximum_discharge_power": power_at_most(limits.discharge_power),
        "ev_minimum_discharge_power": ZERO,
        "ev_maximum_discharge_current": at_most(limits.discharge_current),
    }


def _scheduled(session: Session, snapshot: EvccSnapshot, stamp: int) -> dc.Scheduled_DC_CLReqControlMode:
    current, voltage = target(session, snapshot, stamp)
    inward = at_most if current >= 0.0 else at_least  # toward zero current, so that rounding breaks no limit
    targets = {"ev_target_current": inward(current), "ev_target_voltage": inward(voltage), **_limits(snapshot.limits)}
    if session.bidirectional:
        return dc.BPT_Scheduled_DC_CLReqControlMode(**targets, **_discharge_limits(snapshot.limits))
    return dc.Scheduled_DC_CLReqControlMode(**targets)


def target(session: Session, snapshot: EvccSnapshot, stamp: int) -> tuple[Ampere, Volt]:
    """Current and voltage to ask for: the wish, within our limits, the charger's of its last response, the schedule and our profile.

    A profile that gives back is a wish of its own. Without a voltage in the snapshot the limit itself is the target: the ceiling when
    charging, the floor when discharging.
    """
    own, evse, chosen = snapshot.limits, session.evse_limits, session.chosen
    if evse is None or chosen is None:
        raise LocalError("a target before limits and schedule are known")
    wish, level = snapshot.target_current, max(snapshot.reading.voltage.value, LEAST_VOLTAGE)
    planned = None if session.profile is None else session.profile.at(stamp)
    if planned is not None and planned < 0.0 and session.rest is None:
        power = min(own.discharge_power, evse.discharge_power, -planned)
        return -min(own.discharge_current, evse.discharge_current, power / level), max(own.min_voltage, evse.min_voltage)
    if wish < 0.0 and session.bidirectional:
        power = min(own.discharge_power, evse.discharge_power)
        if chosen.discharge is not None:
            power = min(power, chosen.discharge.at(stamp))
        return -min(-wish, own.discharge_current, evse.discharge_current, power / level), max(
            snapshot.target_voltage, own.min_voltage, evse.min_voltage
        )
    power = min(own.charge_power, evse.charge_power, chosen.charge.at(stamp) if planned is None else planned)
    # In this order a wish that is no number stays one, and cannot be said.
    current = max(min(wish, own.charge_current, evse.charge_current, power / level), 0.0)
    return current, min(snapshot.target_voltage or own.max_voltage, own.max_voltage, evse.max_voltage)


def _steered(session: Session, snapshot: EvccSnapshot) -> dc.Dynamic_DC_CLReqControlMode:
    energy, leaves = energies(snapshot.need), departure(session, snapshot)
    said = {
        "ev_target_energy_request": energy.target,
        "ev_maximum_energy_request": energy.maximum,
        "ev_minimum_energy_request": energy.minimum,
        **_limits(snapshot.limits),
    }
    if not session.bidirectional:
        return dc.Dynamic_DC_CLReqControlMode(departure_time=leaves, **said)
    said |= _discharge_limits(snapshot.limits)
    return dc.BPT_Dynamic_DC_CLReqControlMode(
        departure_time=leaves,
        **said,
        ev_maximum_v2x_energy_request=energy.v2x_maximum,
        ev_minimum_v2x_energy_request=energy.v2x_minimum,
    )


def read_charge_loop(session: Session, response: dc.DC_ChargeLoopRes, snapshot: EvccSnapshot) -> Read:
    """Limits, meter and notification of the charger's turn. Raises PeerError on an answer in another mode or service [V2G20-1600].

    In standby its limits, and in which mode they are told, do not matter [V2G20-2117] [V2G20-2119].
    """
    mode, standing = response.control_mode, session.phase is Phase.STANDBY
    if not standing and type(mode) is not _RESPONSE_MODES[session.dynamic, session.bidirectional]:
        raise PeerError(f"{type(mode).__name__} under another control mode or service", requirement="V2G20-1600")
    told = session.told
    if isinstance(mode, dc.Dynamic_DC_CLResControlMode):
        told = supplied(session, snapshot, mode.departure_time, mode.minimum_soc, mode.target_soc)
    session = replace(
        session,
        loops=session.loops + 1,
        evse_limits=session.evse_limits if standing else _read_limits(session, mode),
        report=response,
        meter=response.meter_info or session.meter,
        receipt=response.receipt or session.receipt,
        told=told,
    )
    notes: tuple[str, ...] = ()
    if response.evse_status is not None:
        session, notes = read_status(session, response.evse_status, response.meter_info)
    return Read(session, Outcome.DONE, session.config.times.pace, notes=notes)


def _read_limits(
    session: Session,
    mode: dc.Scheduled_DC_CLResControlMode | dc.Dynamic_DC_CLResControlMode,
) -> Limits:
    """The charger's limits now: what is absent stands as last told, and nothing exceeds what was announced [V2G20-2654] [V2G20-2655]."""
    last, first = session.evse_limits, session.evse_announced
    if last is None or first is None:
        raise LocalError("a charge loop before charge parameters are known")
    low, back_current, back_power = last.min_voltage, last.discharge_current, last.discharge_power
    if isinstance(mode, _Bidirectional):
        low = _number(mode.evse_minimum_voltage, low)
        back_current = abs(_number(mode.evse_maximum_discharge_current, back_current))
        back_power = abs(_number(mode.evse_maximum_discharge_power, back_power))
    return first.lowered(
        Limits(
            low,
            _number(mode.evse_maximum_voltage, last.max_voltage),
            max(0.0, _number(mode.evse_maximum_charge_current, last.charge_current)),
            max(0.0, _number(mode.evse_maximum_charge_power, last.charge_power)),
            back_current,
            back_power,
        )
    )


def _number(value: RationalNumber | None, last: float) -> float:
    return last if value is None else number(value)
