"""What the car says and hears beside the usual where it is a resource of the grid (AC_DER_IEC): it weighs the grid code, then keeps to it.

What keeps to it is the inverter (`VehicleSetpoint.order`), by its own measurement. Mirror: `secc.der`.
"""

from __future__ import annotations

from typing import Any

from iso15118.der.words import DerFunctions, DerOrder, DsoSetpoint
from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.common import Processing
from iso15118.messages.v20.phases import told
from iso15118.messages.v20.rational import number
from iso15118.sequence.table import Outcome, Transfer
from iso15118.session.evcc.figures import power_at_most
from iso15118.session.evcc.state import Read, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.value import replace


def say_limits(session: Session, snapshot: EvccSnapshot) -> dict[str, Any]:
    """How far we are with the grid code: it is told with the first answer, so that the first request goes on."""
    if session.transfer is not Transfer.AC_DER_IEC:
        raise LocalError(f"{session.transfer} is not spoken")
    processing = Processing.Ongoing if session.order is None else Processing.Finished
    return {"ev_processing": processing, "ev_session_total_discharge_energy_available": _energy(snapshot)}


def say_turn(session: Session, snapshot: EvccSnapshot) -> dict[str, Any]:
    """The event that the inverter sees and, where the charger steers, the energy there is to give."""
    words: dict[str, Any] = {"grid_event_condition": snapshot.grid_event}
    return words | {"ev_session_total_discharge_energy_available": _energy(snapshot)} if session.dynamic else words


def weighed(session: Session, mode: Any) -> Read:
    """The session with the grid code taken, or its service declined [V2G20-3154]: then other services are looked for."""
    from iso15118.session.der_iec import read_code

    if (service := session.service) is None:
        raise PeerError("charge parameters of no service")
    back, nominal = abs(number(mode.evse_maximum_discharge_power)), abs(number(mode.evse_nominal_discharge_power))
    try:
        code = read_code(mode.der_control)
        if back < nominal:
            raise PeerError(f"{back:g} W given at most, less than the nominal {nominal:g} W", requirement="V2G20-3229")
        if missing := code.functions & ~DerFunctions(session.config.der_functions):
            raise PeerError(f"our inverter has no {missing.name}")
    except PeerError as error:
        declined = replace(session, declined=session.declined | {service.id}, order=None)
        return Read(declined, Outcome.AGAIN, notes=(f"service {service.id.name} is declined: {error}",))
    first = session.order is None
    order = DerOrder(code, discharge_power=None if session.mains is None else session.mains.discharge.total)
    return Read(replace(session, order=order), Outcome.AGAIN if first else Outcome.DONE)


def demanded(session: Session, mode: Any, phases: int) -> Session:
    """The session with what charger and grid operator demand from now on, of the functions agreed on."""
    from iso15118.session.der_iec import read_demand

    if session.order is None:
        return session
    dso, agreed = read_demand(mode, phases), DerFunctions((session.parameters and session.parameters.der_functions) or 0)
    if (dso.reactive is not None and not agreed & DerFunctions.DSO_Q_SETPOINT) or (
        dso.cos_phi is not None and not agreed & DerFunctions.DSO_COS_PHI_SETPOINT
    ):
        dso = DsoSetpoint(dso.discharge_power)
    out = told(mode, "evse_maximum_discharge_power", phases)
    order = replace(session.order, dso=dso, discharge_power=None if out is None else sum(map(abs, out)))
    return session if order == session.order else replace(session, order=order)


def _energy(snapshot: EvccSnapshot) -> Any:
    """Wh that may be given until the least state of charge."""
    return power_at_most(max(0.0, (snapshot.soc - snapshot.minimum_soc) / 100.0 * snapshot.capacity))
