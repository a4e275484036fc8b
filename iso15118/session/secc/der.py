"""What alternating current says and hears beside the usual where the vehicle is a resource of the grid (AC_DER_IEC).

The grid code and the grid operator's demands come with the snapshot; of them is said what was agreed on with the service.
"""

from __future__ import annotations

from typing import Any

from iso15118.der.words import DerFunctions, GridCode
from iso15118.errors import PeerError
from iso15118.messages.v20.common import Processing
from iso15118.messages.v20.der import GridConnectionMode, OperatingMode
from iso15118.messages.v20.phases import said
from iso15118.messages.v20.rational import rational
from iso15118.power import Limits
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


def say_limits(session: Session, snapshot: SeccSnapshot, ours: Limits) -> dict[str, Any]:
    """Nominal and most power, and the functions selected; the most given is not below the nominal [V2G20-3229]."""
    from iso15118.session.der_iec import said_code

    if session.transfer is not Transfer.AC_DER_IEC:
        raise PeerError(f"{session.transfer} is not served")
    code, sign = code_of(snapshot), -1.0 if session.config.negative_discharge else 1.0
    nominal = min(ours.discharge_power, code.nominal_discharge_power or ours.discharge_power)
    return {
        "evse_nominal_charge_power": rational(round(ours.charge_power)),
        "evse_nominal_discharge_power": rational(round(sign * nominal) + 0),
        "evse_maximum_discharge_power": rational(round(sign * ours.discharge_power) + 0),
        "ev_operating_mode": OperatingMode.GridFollowing,
        "grid_connection_mode": GridConnectionMode.GridConnected,
        "der_control": said_code(code, functions(session)),
    }


def functions(session: Session) -> DerFunctions:
    """Those of the parameter set selected."""
    return DerFunctions((session.parameters and session.parameters.der_functions) or 0)


def say_turn(session: Session, snapshot: SeccSnapshot, into: Watt, out: Watt, phases: int) -> dict[str, Any]:
    """Our limits now, and the grid operator's demands."""
    from iso15118.session.der_iec import said_demand

    sign = -1.0 if session.config.negative_discharge else 1.0
    words = said("evse_maximum_charge_power", PerPhase.even(into, phases), phases)
    words |= said("evse_maximum_discharge_power", PerPhase.even(sign * out + 0.0, phases), phases)
    return {**words, **said_demand(snapshot.dso, functions(session), phases)}


def heard(session: Session, mode: Any) -> Session:
    """The session that knows of the grid event the car reports, and tells a person of one; it goes on."""
    event = mode.grid_event_condition
    if event == session.grid_event:
        return session
    text = f"the car reports grid event condition {event}" if event else "the car reports that its grid event is over"
    return replace(session, grid_event=event).noted(text)
