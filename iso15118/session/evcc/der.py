"""What the car says and hears beside the usual where it is a resource of the grid: it weighs the grid code, then keeps to it.

What keeps to it is the inverter (`VehicleSetpoint.order`), by its own measurement. AC_DER_SAE asks for more words about that inverter
than AC_DER_IEC, and tells later what has changed of its grid code. Mirror: `secc.der`.
"""

from __future__ import annotations

from typing import Any

from iso15118.der.modes import EVERY_MODE, enabled
from iso15118.der.words import DerFunctions, DerOrder, DsoSetpoint, GridCode
from iso15118.errors import PeerError
from iso15118.messages.v20.common import Processing
from iso15118.messages.v20.phases import told
from iso15118.messages.v20.rational import rational
from iso15118.power import AcReading
from iso15118.sequence.table import Outcome, Transfer
from iso15118.session.evcc.figures import power_at_most
from iso15118.session.evcc.onboard import abilities
from iso15118.session.evcc.state import Read, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import PerPhase
from iso15118.value import replace


def say_limits(session: Session, snapshot: EvccSnapshot) -> dict[str, Any]:
    """How far we are with the grid code: it is told with the first answer, so that the first request goes on."""
    processing = Processing.Ongoing if session.order is None else Processing.Finished
    words = {"ev_processing": processing, "ev_session_total_discharge_energy_available": _energy(snapshot)}
    return words | _inverter(session, snapshot) if session.transfer is Transfer.AC_DER_SAE else words


def _inverter(session: Session, snapshot: EvccSnapshot) -> dict[str, Any]:
    """The inverter as SAE J3072 asks for it. Of power factors and susceptance it promises nothing: what it can do is its reactive power."""
    from iso15118.messages.v20 import der_sae as wire

    onboard, ac = abilities(snapshot)
    limits, about = onboard.limits, session.config.inverter
    into, out, reactive = (power_at_most(power) for power in (limits.charge_power, limits.discharge_power, ac.reactive))
    ways = ("var_absorption", "var_injection")
    apparent = {f"ev_maximum_apparent_power_during_charging_and_{way}": into for way in ways}
    apparent |= {f"ev_maximum_apparent_power_during_discharging_and_{way}": out for way in ways}
    both = {f"ev_maximum_{way}_during_{direction}": reactive for way in ways for direction in ("charging", "discharging")}
    excitation: dict[str, Any] = {}
    for way in ("over", "under"):
        excitation[f"ev_specified_{way}_excited_power_factor"] = rational(1)
        excitation[f"ev_specified_{way}_excited_discharge_power"] = out
    return {
        "ev_apparent_power_limits": wire.EVApparentPowerLimits(**apparent),
        "ev_reactive_power_limits": wire.EVReactivePowerLimits(**both, ev_reactive_susceptance=rational(0)),
        "ev_excitation_limits": wire.EVExcitationLimits(**excitation),
        "ev_inverter_details": wire.EVInverterDetails(
            ev_inverter_sw_version=about.sw_version,
            ev_inverter_manufacturer=about.manufacturer,
            ev_inverter_model=about.model,
            ev_inverter_serial_number=about.serial_number,
        ),
        "ieee1547_normal_category": wire.IEEE1547NormalCategory.CategoryB,
        "ieee1547_abnormal_category": wire.IEEE1547AbnormalCategory.CategoryI,  # it trips, and does not ride through
        "ev_nominal_voltage": rational(ac.voltage),
        "ev_maximum_voltage": rational(round(limits.max_voltage, 1)),
        "ev_minimum_voltage": rational(round(limits.min_voltage, 1)),
        "ev_nominal_voltage_offset": rational(0),
        "j3072_certified": about.certified,
        "j3072_certification_date": about.certified_at,
        "ev_useable_watt_hours": max(0, int((snapshot.soc - snapshot.minimum_soc) / 100.0 * snapshot.capacity)),
        "ev_update_time": max(0, snapshot.clock),
        "supported_modes": int(EVERY_MODE),
        "enabled_modes": int(enabled(session.order)),
    }


def say_turn(session: Session, snapshot: EvccSnapshot) -> dict[str, Any]:
    """The event that the inverter sees and, where the charger steers, the energy there is to give."""
    words = {"ev_session_total_discharge_energy_available": _energy(snapshot)} if session.dynamic else {}
    if session.transfer is not Transfer.AC_DER_SAE:
        return {**words, "grid_event_condition": snapshot.grid_event}
    return {**words, **_state(session, snapshot)}


def _state(session: Session, snapshot: EvccSnapshot) -> dict[str, Any]:
    """The inverter's state and what it measures, as SAE J3072 asks for them. For how long it could go on it does not reckon: 0 s."""
    from iso15118.messages.v20.der_sae import DERConnectionStatus, DEROperationalState

    measured: AcReading | None = None if snapshot.reading.ac is None else snapshot.reading.ac.value
    volts, hertz = (0.0, 0.0) if measured is None else (max(measured.voltage), measured.frequency)
    on = session.order is not None and session.order.permitted
    words: dict[str, Any] = {
        "ev_present_voltage": rational(round(volts, 1)),
        "ev_present_frequency": rational(round(hertz, 2)),
        "der_operational_state": DEROperationalState.On if on else DEROperationalState.Off,
        "der_connection_status": DERConnectionStatus.Connected if volts else DERConnectionStatus.Disconnected,
        "ev_update_time": max(0, snapshot.clock),
        "der_alarm_status": snapshot.grid_event,
        "enabled_modes": int(enabled(session.order)),
    }
    if session.dynamic:
        words |= dict.fromkeys(("ev_minimum_charging_duration", "ev_duration_maximum_charge_rate", "ev_duration_maximum_discharge_rate"), 0)
    return words


def weighed(session: Session, mode: Any, snapshot: EvccSnapshot, phases: int) -> Read:
    """The session with the grid code taken, or its service declined [V2G20-3154]: then other services are looked for."""
    if (service := session.service) is None:
        raise PeerError("charge parameters of no service")
    nominal = mode.evse_nominal_discharge_power
    back = _sum(mode, "evse_maximum_discharge_power", phases)
    try:
        code, dso = _read_code(session, mode, snapshot, phases)
        if nominal is not None and back < (least := _sum(mode, "evse_nominal_discharge_power", phases)):
            raise PeerError(f"{back:g} W given at most, less than the nominal {least:g} W", requirement="V2G20-3229")
        if missing := code.functions & ~DerFunctions(session.config.der_functions):
            raise PeerError(f"our inverter has no {missing.name}")
    except PeerError as error:
        declined = replace(session, declined=session.declined | {service.id}, order=None)
        return Read(declined, Outcome.AGAIN, notes=(f"service {service.id.name} is declined: {error}",))
    first = session.order is None
    order = DerOrder(code, dso, discharge_power=None if session.mains is None else session.mains.discharge.total)
    return Read(replace(session, order=order), Outcome.AGAIN if first else Outcome.DONE)


def _read_code(session: Session, mode: Any, snapshot: EvccSnapshot, phases: int) -> tuple[GridCode, DsoSetpoint]:
    if session.transfer is Transfer.AC_DER_SAE:
        from iso15118.session.der_sae import read_code as read_whole

        return read_whole(mode.der_control_cpd_res, _base(session, snapshot), phases)
    from iso15118.session.der_iec import read_code

    return read_code(mode.der_control), DsoSetpoint()


def _base(session: Session, snapshot: EvccSnapshot) -> Any:
    """What percentages of AC_DER_SAE are of: our own size, as we have said it."""
    from iso15118.session.der_sae import Base

    ac = abilities(snapshot)[1]
    most = session.announced.discharge_power if session.announced is not None else 0.0
    return Base(ac.voltage, ac.frequency if session.mains is None else session.mains.frequency, most or 1.0, ac.reactive or 1.0)


def demanded(session: Session, mode: Any, snapshot: EvccSnapshot, phases: int) -> Session:
    """The session with what charger and grid operator demand from now on, of the functions agreed on."""
    if (order := session.order) is None:
        return session
    if session.transfer is Transfer.AC_DER_SAE:
        from iso15118.session.der_sae import read_changes

        code, dso = read_changes(mode.der_control_cl_res, order.code, order.dso, _base(session, snapshot), phases)
    else:
        code, dso = order.code, _demand(session, mode, phases)
    out = told(mode, "evse_maximum_discharge_power", phases)
    now = DerOrder(code, dso, None if out is None else sum(map(abs, out)))
    return session if now == order else replace(session, order=now)


def _demand(session: Session, mode: Any, phases: int) -> DsoSetpoint:
    from iso15118.session.der_iec import read_demand

    dso, agreed = read_demand(mode, phases), DerFunctions((session.parameters and session.parameters.der_functions) or 0)
    if (dso.reactive is not None and not agreed & DerFunctions.DSO_Q_SETPOINT) or (
        dso.cos_phi is not None and not agreed & DerFunctions.DSO_COS_PHI_SETPOINT
    ):
        return DsoSetpoint(dso.discharge_power)
    return dso


def _sum(mode: Any, name: str, phases: int) -> float:
    return sum(map(abs, told(mode, name, phases) or PerPhase(0.0, 0.0, 0.0)))


def _energy(snapshot: EvccSnapshot) -> Any:
    """Wh that may be given until the least state of charge."""
    return power_at_most(max(0.0, (snapshot.soc - snapshot.minimum_soc) / 100.0 * snapshot.capacity))
