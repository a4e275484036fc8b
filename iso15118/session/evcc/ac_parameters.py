"""The car's limits on alternating current, and whether the charger's suit its on-board charger. Mirror: `dc_parameters`."""

from __future__ import annotations

from typing import Any, Final

from iso15118.errors import PeerError
from iso15118.messages.v20.ac import AC_CPDResEnergyTransferMode
from iso15118.messages.v20.common import Header, RationalNumber
from iso15118.messages.v20.phases import told
from iso15118.messages.v20.rational import number
from iso15118.power import Limits
from iso15118.sequence.table import DER
from iso15118.session.alternating import limits_mode, word
from iso15118.session.evcc import der
from iso15118.session.evcc.figures import ZERO, power_at_most
from iso15118.session.evcc.mains import Mains
from iso15118.session.evcc.onboard import Window, abilities, window
from iso15118.session.evcc.state import Read, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import NO_PHASE, PerPhase, Watt
from iso15118.value import replace

FREQUENCIES: Final = (45.0, 65.0)
"""Hz that an on-board charger runs on."""


def ask_charge_parameters(session: Session, header: Header, snapshot: EvccSnapshot) -> Any:
    """What the on-board charger takes, and gives where the service is bidirectional; discharge limits as magnitudes."""
    phases, used = phases_of(session, snapshot)
    said = limits(session, window(session, snapshot, used), phases, used)
    further = der.say_limits(session, snapshot) if session.transfer in DER else {}
    mode = limits_mode(session.transfer, session.bidirectional, "Req")(**said, **further)
    return word(session.transfer, "AC_ChargeParameterDiscoveryReq")(header=header, energy_transfer_mode=mode)


def phases_of(session: Session, snapshot: EvccSnapshot) -> tuple[int, int]:
    """(phases of the connector, those of them that the on-board charger has)."""
    phases = 1 if session.parameters is None else session.parameters.phases
    return phases, min(phases, abilities(snapshot)[1].phases)


def limits(session: Session, own: Window, phases: int, used: int) -> dict[str, RationalNumber]:
    """The words for `own`: one element where the phases of the connector are used evenly [V2G20-1817], else each [V2G20-1818]."""
    powers = {"ev_maximum_charge_power": own.charge, "ev_minimum_charge_power": own.least}
    if session.bidirectional:
        powers |= {"ev_maximum_discharge_power": own.discharge, "ev_minimum_discharge_power": 0.0}
    words = {name: power_at_most(power) for name, power in powers.items()}
    if used < phases:
        words |= {name + other: ZERO for name in powers for other in ("_l2", "_l3")}
    return words


def read_charge_parameters(session: Session, response: Any, snapshot: EvccSnapshot) -> Read:
    """The charger's limits; where they do not suit us the session ends in order. Raises PeerError on those of another service."""
    mode = response.energy_transfer_mode
    if type(mode) is not limits_mode(session.transfer, session.bidirectional, "Res"):
        raise PeerError(f"{type(mode).__name__} under another service", requirement="V2G20-1600")
    phases, used = phases_of(session, snapshot)
    mains, own = read_mains(mode, phases, used), window(session, snapshot, used)
    if session.mains is not None:  # schedule renegotiation: the loop goes on meanwhile
        mains = replace(mains, active=session.mains.active, reactive=session.mains.reactive)
    onboard, ac = abilities(snapshot)
    low, high = onboard.limits.min_voltage, onboard.limits.max_voltage
    session = replace(
        session,
        mains=mains,
        announced=Limits(low, high, onboard.limits.charge_current, own.charge, onboard.limits.discharge_current, own.discharge),
        evse_announced=(evse := _limits(mains, low, high, ac.voltage)),
        evse_limits=evse,
    )
    unsuited = misfit(mode, mains, own, onboard.limits, session.parameters.nominal_voltage if session.parameters else None)
    if not unsuited and session.transfer in DER:
        return der.weighed(session, mode, snapshot, phases)
    return Read(replace(session, stop=unsuited, stop_code="IncompatibleLimits") if unsuited else session)


def read_mains(mode: AC_CPDResEnergyTransferMode, phases: int, used: int) -> Mains:
    """The charger's limits in the phases used; those of discharge by magnitude, since both signs are in use.

    A car of one phase on three keeps within the asymmetry they may have.
    """
    charge = told(mode, "evse_maximum_charge_power", phases) or NO_PHASE
    back = NO_PHASE
    if hasattr(mode, "evse_maximum_discharge_power"):
        back = PerPhase(*map(abs, told(mode, "evse_maximum_discharge_power", phases) or NO_PHASE))
    most = number(mode.maximum_power_asymmetry) if mode.maximum_power_asymmetry is not None and used < phases else None
    least = told(mode, "evse_minimum_charge_power", phases) or NO_PHASE
    ramp = mode.evse_power_ramp_limitation
    return Mains(
        phases,
        used,
        _usable(charge, used, most),
        _usable(back, used, most),
        max(0.0, sum(least[:used])),
        None if ramp is None or number(ramp) <= 0.0 else number(ramp),
        number(mode.evse_nominal_frequency),
    )


def _usable(power: PerPhase, used: int, most: Watt | None) -> PerPhase:
    bounded = (max(0.0, each if most is None else min(each, most)) for each in power)
    return PerPhase(*(each if phase < used else 0.0 for phase, each in enumerate(bounded)))


def _limits(mains: Mains, low: float, high: float, nominal: float) -> Limits:
    """The charger's limits as the car spreads its power: evenly, so that the weakest phase binds."""
    into, out = min(mains.charge[: mains.used]), min(mains.discharge[: mains.used])
    return Limits(low, high, into / nominal, into * mains.used, out / nominal, out * mains.used)


def misfit(mode: AC_CPDResEnergyTransferMode, mains: Mains, own: Window, limits: Limits, nominal: float | None) -> str:
    """Why the charger cannot serve this car, empty where it can. A maximum of ours of 0 (battery full) is no misfit."""
    frequency, most = number(mode.evse_nominal_frequency), mains.charge.total
    if nominal is not None and not limits.min_voltage <= nominal <= limits.max_voltage:
        return f"the charger's {nominal:g} V lie outside the on-board charger's {limits.min_voltage:g} to {limits.max_voltage:g} V"
    if not FREQUENCIES[0] <= frequency <= FREQUENCIES[1]:
        return f"the charger's mains have {frequency:g} Hz"
    if mains.least > most:
        return f"the charger gives {mains.least:g} W at least and {most:g} W at most"
    if 0.0 < own.charge < mains.least:
        return f"the charger gives no less than {mains.least:g} W"
    if own.charge > 0.0 and most < own.least:
        return f"the charger gives no more than {most:g} W, and we take {own.least:g} W at least"
    return ""
