"""What alternating current says and hears beside the usual where the vehicle is a resource of the grid (AC_DER_IEC, AC_DER_SAE).

The grid code and the grid operator's demands come with the snapshot. Of AC_DER_IEC is said what was agreed on with the service; of
AC_DER_SAE all of it, and in the loop what has changed since it was said.
"""

from __future__ import annotations

from typing import Any

from iso15118.der.words import DerFunctions, GridCode
from iso15118.errors import PeerError
from iso15118.messages.v20.common import Processing
from iso15118.messages.v20.der import GridConnectionMode, OperatingMode
from iso15118.messages.v20.phases import said
from iso15118.messages.v20.rational import rational
from iso15118.power import AcAbilities, Limits
from iso15118.sequence.table import Outcome, Transfer
from iso15118.session.secc.state import Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import PerPhase, Watt
from iso15118.value import replace


def code_of(snapshot: SeccSnapshot) -> GridCode:
    """The grid code in force. Raises PeerError (FAILED) where there is none any more."""
    if snapshot.grid_code is None:
        raise PeerError("no grid code is configured")
    return snapshot.grid_code


def outcome(mode: Any) -> Outcome:
    """The car weighs the grid code [V2G20-3150], or has done so [V2G20-3151]."""
    return Outcome.DONE if mode.ev_processing is Processing.Finished else Outcome.AGAIN


def say_limits(session: Session, snapshot: SeccSnapshot, ours: Limits, phases: int) -> dict[str, Any]:
    """Nominal and most power, and the grid code; the most given is not below the nominal [V2G20-3229]."""
    code, sign = code_of(snapshot), -1.0 if session.config.negative_discharge else 1.0
    nominal = min(ours.discharge_power, code.nominal_discharge_power or ours.discharge_power)
    words = {
        "evse_nominal_charge_power": rational(round(ours.charge_power)),
        "evse_nominal_discharge_power": rational(round(sign * nominal) + 0),
        "evse_maximum_discharge_power": rational(round(sign * ours.discharge_power) + 0),
        "grid_connection_mode": GridConnectionMode.GridConnected,
    }
    if session.transfer is Transfer.AC_DER_SAE:
        from iso15118.session.der_sae import said_code as said_whole

        control = said_whole(code, snapshot.dso, base_of(session, snapshot), phases)
        return {**words, **_connection(snapshot), "der_control_cpd_res": control}
    from iso15118.session.der_iec import said_code

    return {**words, "ev_operating_mode": OperatingMode.GridFollowing, "der_control": said_code(code, functions(session))}


def _connection(snapshot: SeccSnapshot) -> dict[str, Any]:
    """The connection as SAE J3072 sees it."""
    from iso15118.messages.v20.der_sae import EVSEReactivePowerLimits, GridLimits

    ac = snapshot.abilities.ac or AcAbilities()
    low, high = ac.voltages
    ways = ("absorption_during_charging", "injection_during_charging", "absorption_during_discharging", "injection_during_discharging")
    return {
        "evse_processing": Processing.Finished,
        "evse_reactive_power_limits": EVSEReactivePowerLimits(**{f"evse_maximum_var_{way}": rational(ac.reactive) for way in ways}),
        "grid_limits": GridLimits(
            grid_nominal_frequency=rational(ac.frequency),
            grid_nominal_voltage=rational(ac.voltage),
            grid_nominal_voltage_offset=rational(0),
            grid_maximum_voltage=rational(round(high, 1)),
            grid_minimum_voltage=rational(round(low, 1)),
        ),
        "required_der_operating_mode": OperatingMode.GridFollowing,
        "evse_update_time": snapshot.clock,
    }


def base_of(session: Session, snapshot: SeccSnapshot) -> Any:
    """What percentages of AC_DER_SAE are of: what the car has said that it can give at most, else what was announced to it."""
    from iso15118.session.der_sae import Base

    ac = snapshot.abilities.ac or AcAbilities()
    most = session.vehicle_phases.discharge_total if session.vehicle_phases is not None else 0.0
    ours = session.announced.discharge_power if session.announced is not None else 0.0
    return Base(ac.voltage, ac.frequency, most or ours or 1.0, ac.reactive)


def functions(session: Session) -> DerFunctions:
    """Those of the parameter set selected."""
    return DerFunctions((session.parameters and session.parameters.der_functions) or 0)


def say_turn(session: Session, snapshot: SeccSnapshot, into: Watt, out: Watt, phases: int) -> dict[str, Any]:
    """Our limits now, and the grid operator's demands."""
    sign = -1.0 if session.config.negative_discharge else 1.0
    words: dict[str, Any] = said("evse_maximum_charge_power", PerPhase.even(into, phases), phases)
    words |= said("evse_maximum_discharge_power", PerPhase.even(sign * out + 0.0, phases), phases)
    if session.transfer is Transfer.AC_DER_SAE:
        from iso15118.session.der_sae import said_changes

        base = base_of(session, snapshot)
        return {**words, "der_control_cl_res": said_changes(code_of(snapshot), snapshot.dso, session.code_told, base, phases)}
    from iso15118.session.der_iec import said_demand

    return {**words, **said_demand(snapshot.dso, functions(session), phases)}


def told(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session that has said its grid code and the operator's demands, as they are now."""
    if session.transfer is not Transfer.AC_DER_SAE:
        return session
    now = code_of(snapshot), snapshot.dso
    return session if session.code_told == now else replace(session, code_told=now)


def heard(session: Session, mode: Any) -> Session:
    """The session that knows of the grid event the car reports, and tells a person of one; it goes on."""
    event = mode.der_alarm_status if session.transfer is Transfer.AC_DER_SAE else mode.grid_event_condition
    if event == session.grid_event:
        return session
    text = f"the car reports grid event condition {event}" if event else "the car reports that its grid event is over"
    return replace(session, grid_event=event).noted(text)
