"""The car's turn in the charge loop of alternating current: what it takes and may take, and the power the charger asks for.

The path of every quarter of a second. What the on-board charger makes of it: `onboard`. Mirror: `dc_loop`.
"""

from __future__ import annotations

from typing import Any

from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20 import ac
from iso15118.messages.v20.common import Header, RationalNumber
from iso15118.messages.v20.phases import said, told
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import DER, Outcome
from iso15118.session.alternating import control_mode, word
from iso15118.session.evcc import der
from iso15118.session.evcc.ac_parameters import limits
from iso15118.session.evcc.figures import energies
from iso15118.session.evcc.loop import display, read_status
from iso15118.session.evcc.mains import Mains
from iso15118.session.evcc.onboard import window
from iso15118.session.evcc.schedule import departure, supplied
from iso15118.session.evcc.state import Read, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import NO_PHASE
from iso15118.value import replace


def ask_charge_loop(session: Session, header: Header, snapshot: EvccSnapshot) -> Any:
    """What is measured and our limits, in Dynamic mode with the energies, from the newest snapshot, and what the charger may display."""
    mains, every = _mains(session), session.config.meter_every
    words: dict[str, Any] = {
        **_present(snapshot, mains),
        **limits(session, window(session, snapshot, mains.used), mains.phases, mains.used),
    }
    if session.transfer in DER:
        words |= der.say_turn(session, snapshot)
    words |= _wish(session, snapshot) if session.dynamic else {}
    return word(session.transfer, "AC_ChargeLoopReq")(
        header=header,
        display_parameters=display(session, snapshot),
        meter_info_requested=every > 0 and session.loops % every == 0,
        control_mode=control_mode(session.transfer, session.dynamic, session.bidirectional, "Req")(**words),
    )


def _present(snapshot: EvccSnapshot, mains: Mains) -> dict[str, RationalNumber]:
    """What our own charger measures, whatever was asked of it."""
    reading = snapshot.reading.ac
    active, reactive = (NO_PHASE, NO_PHASE) if reading is None else (reading.value.active, reading.value.reactive)
    return said("ev_present_active_power", active, mains.phases) | said("ev_present_reactive_power", reactive, mains.phases)


def _wish(session: Session, snapshot: EvccSnapshot) -> dict[str, Any]:
    """The energies and the departure of Dynamic mode."""
    energy = energies(snapshot.need)
    words: dict[str, Any] = {
        "departure_time": departure(session, snapshot),
        "ev_target_energy_request": energy.target,
        "ev_maximum_energy_request": energy.maximum,
        "ev_minimum_energy_request": energy.minimum,
    }
    if session.bidirectional:
        words |= {"ev_maximum_v2x_energy_request": energy.v2x_maximum, "ev_minimum_v2x_energy_request": energy.v2x_minimum}
    return words


def read_charge_loop(session: Session, response: Any, snapshot: EvccSnapshot) -> Read:
    """Power asked for, meter and notification of the charger's turn. Raises PeerError on another mode or service [V2G20-1600].

    In standby the power it tells, and in which mode, do not matter [V2G20-2117] [V2G20-2119].
    """
    mode, mains, standing = response.control_mode, _mains(session), session.phase is Phase.STANDBY
    if not standing and type(mode) is not control_mode(session.transfer, session.dynamic, session.bidirectional, "Res"):
        raise PeerError(f"{type(mode).__name__} under another control mode or service", requirement="V2G20-1600")
    needs = session.told
    if isinstance(mode, ac.Dynamic_AC_CLResControlMode):
        needs = supplied(session, snapshot, mode.departure_time, mode.minimum_soc, mode.target_soc)
    if not standing:
        active, reactive = (told(mode, f"evse_target_{which}_power", mains.phases) for which in ("active", "reactive"))
        mains = replace(mains, active=active, reactive=reactive)
        session = der.demanded(session, mode, snapshot, mains.phases) if session.transfer in DER else session
    session = replace(
        session,
        loops=session.loops + 1,
        mains=mains,
        report=response,
        meter=response.meter_info or session.meter,
        receipt=response.receipt or session.receipt,
        told=needs,
    )
    notes: tuple[str, ...] = ()
    if response.evse_status is not None:
        session, notes = read_status(session, response.evse_status, response.meter_info)
    return Read(session, Outcome.DONE, session.config.times.pace, notes=notes)


def _mains(session: Session) -> Mains:
    if session.mains is None:
        raise LocalError("a charge loop before charge parameters are known")
    return session.mains
