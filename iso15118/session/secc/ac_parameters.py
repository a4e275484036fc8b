"""Answers about limits of alternating current: charge parameter discovery, and how the car's limits are read. Mirror: `dc_parameters`."""

from __future__ import annotations

from typing import Any, Final

from iso15118.messages.v20.ac import AC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.phases import said, superfluous, told
from iso15118.messages.v20.rational import rational
from iso15118.power import AcAbilities, Limits
from iso15118.procedures import wind_down
from iso15118.procedures.relay import PhaseLimits
from iso15118.sequence.table import DER, Outcome, Transfer
from iso15118.session.alternating import limits_mode, word
from iso15118.session.secc import der
from iso15118.session.secc.patience import computing
from iso15118.session.secc.state import OK, Answer, Session
from iso15118.session.sense import MOST_POWER, Sense, refused
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace

UNSAID: Final = AcAbilities()
"""Of an outlet that says nothing of alternating current."""


def answer_charge_parameters(session: Session, request: AC_ChargeParameterDiscoveryReq, snapshot: SeccSnapshot) -> Answer:
    """Our limits against the car's. Raises PeerError (FAILED_WrongChargeParameter) on a wrong type or impossible values [V2G20-1619].

    From here on the connector is locked, so that the contactor can close in time.
    """
    mode, transfer = request.energy_transfer_mode, session.transfer
    if type(mode) is not limits_mode(transfer, session.bidirectional, "Req"):
        service = session.service.id.name if session.service else "none"
        raise refused(Sense.OTHER_SERVICE, f"{type(mode).__name__} under service {service}", transfer)
    phases = phases_of(session)
    if phases == 1 and (names := superfluous(mode)):
        raise refused(Sense.PHASES, ", ".join(names), transfer)
    vehicle = read_limits(mode, phases, transfer)
    ours = _ours(session, snapshot, phases)
    if vehicle.charge_total < snapshot.abilities.min_charge_power:
        raise refused(Sense.BELOW_OUR_MINIMUM, f"{vehicle.charge_total:g} W", transfer)
    session = replace(session, announced=ours, vehicle_phases=vehicle, setpoint=wind_down.REST)
    answer = _say_limits(session, snapshot, ours, phases)
    session = der.told(session, snapshot) if transfer in DER else session
    response = word(transfer, "AC_ChargeParameterDiscoveryRes")(header=session.header, response_code=OK, energy_transfer_mode=answer)
    outcome = der.outcome(mode) if transfer in DER else Outcome.DONE
    return Answer(session if outcome is Outcome.DONE else computing(session, snapshot), response, outcome)


def phases_of(session: Session) -> int:
    """1 or 3: those of the connector selected."""
    return 1 if session.parameters is not None and session.parameters.phases == 1 else 3


def read_limits(mode: Any, phases: int, transfer: Transfer | None = None) -> PhaseLimits:
    """The car's limits, discharge by magnitude: both signs are in use. Raises PeerError on values that contradict each other."""
    least, most = _window(mode, "charge", phases, transfer)
    least_back, back = NO_PHASE, NO_PHASE
    if hasattr(mode, "ev_maximum_discharge_power"):
        least_back, back = _window(mode, "discharge", phases, transfer)
    return PhaseLimits(most, back, most.total, back.total, least.total, least_back.total)


def _window(mode: Any, way: str, phases: int, transfer: Transfer | None) -> tuple[PerPhase, PerPhase]:
    """Least and most power of one way, phase by phase, checked against each other and against sense."""
    least = told(mode, f"ev_minimum_{way}_power", phases) or NO_PHASE
    most = told(mode, f"ev_maximum_{way}_power", phases) or NO_PHASE
    if way == "discharge":
        least, most = PerPhase(*map(abs, least)), PerPhase(*map(abs, most))
    for low, high in zip(least, most, strict=True):
        if low < 0.0 or high < 0.0:
            raise refused(Sense.NEGATIVE, f"{way} power {low:g}..{high:g} W", transfer)
        if low > high:
            raise refused(Sense.MINIMUM_ABOVE_MAXIMUM, f"{way} power {low:g}..{high:g} W", transfer)
    if most.total > MOST_POWER:
        raise refused(Sense.BEYOND_SENSE, f"{way} power of {most.total:g} W", transfer)
    return least, most


def _ours(session: Session, snapshot: SeccSnapshot, phases: int) -> Limits:
    """What is announced: of all phases together no more than their currents make at the nominal voltage [V2G20-1823]."""
    ours = snapshot.abilities.limits.lowered(snapshot.limits)
    nominal = phases * (snapshot.abilities.ac or UNSAID).voltage
    ours = replace(
        ours,
        charge_power=min(ours.charge_power, ours.charge_current * nominal),
        discharge_power=min(ours.discharge_power, ours.discharge_current * nominal),
    )
    return ours if session.bidirectional else ours.charging_only()


def _say_limits(session: Session, snapshot: SeccSnapshot, ours: Limits, phases: int) -> Any:
    abilities = snapshot.abilities
    ac = abilities.ac or UNSAID
    even = {
        "evse_maximum_charge_power": ours.charge_power,
        "evse_minimum_charge_power": min(abilities.min_charge_power, ours.charge_power),
    }
    if session.transfer not in DER and session.bidirectional:
        sign = -1.0 if session.config.negative_discharge else 1.0
        even["evse_maximum_discharge_power"] = sign * ours.discharge_power + 0.0
        even["evse_minimum_discharge_power"] = sign * min(abilities.min_discharge_power, ours.discharge_power) + 0.0
    words = {name: rational(round(power)) for name, power in even.items()}
    words["evse_nominal_frequency"] = rational(ac.frequency)
    if ac.asymmetry is not None and phases == 3:
        words["maximum_power_asymmetry"] = rational(ac.asymmetry)
    if ac.ramp is not None:
        words["evse_power_ramp_limitation"] = rational(ac.ramp)
    if snapshot.reading.ac is not None:
        words |= said("evse_present_active_power", snapshot.reading.ac.value.active, phases)
    further = der.say_limits(session, snapshot, ours, phases) if session.transfer in DER else {}
    return limits_mode(session.transfer, session.bidirectional, "Res")(**words, **further)
