"""Answers about limits: charge parameter discovery, and how the car's limits are read and ours are said."""

from __future__ import annotations

from typing import Final

from iso15118.errors import PeerError
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.dc import (
    BPT_DC_CPDReqEnergyTransferMode,
    BPT_DC_CPDResEnergyTransferMode,
    DC_ChargeParameterDiscoveryReq,
    DC_ChargeParameterDiscoveryRes,
    DC_CPDReqEnergyTransferMode,
    DC_CPDResEnergyTransferMode,
)
from iso15118.messages.v20.rational import number, rational
from iso15118.power import Abilities, Limits
from iso15118.session.secc.state import OK, Answer, Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace

SANE: Final = {"power": 20e6, "current": 20e3, "voltage": 5e3}
"""Above these (W, A, V) a number is a mistake of the sender, not a limit of a vehicle."""


def answer_charge_parameters(session: Session, request: DC_ChargeParameterDiscoveryReq, snapshot: SeccSnapshot) -> Answer:
    """Our limits against the car's. Raises PeerError (FAILED_WrongChargeParameter) on a wrong type or impossible values [V2G20-2272]."""
    mode = request.energy_transfer_mode
    if isinstance(mode, BPT_DC_CPDReqEnergyTransferMode) is not session.bidirectional:
        raise _wrong(f"{type(mode).__name__} under service {session.service.id.name if session.service else 'none'}")
    vehicle = read_limits(mode, session.bidirectional)
    ours = snapshot.abilities.limits.lowered(snapshot.limits)
    if not session.bidirectional:
        ours = ours.charging_only()
    _compatible(vehicle, ours, snapshot.abilities)
    session = replace(session, announced=ours, vehicle=vehicle)
    answer = _say_limits(session, ours, snapshot.abilities)
    return Answer(session, DC_ChargeParameterDiscoveryRes(header=session.header, response_code=OK, energy_transfer_mode=answer))


def read_limits(mode: DC_CPDReqEnergyTransferMode, bidirectional: bool) -> Limits:
    """The car's limits, discharge by magnitude: both signs are in use. Raises PeerError on values that contradict each other."""
    power = _window(mode.ev_minimum_charge_power, mode.ev_maximum_charge_power, "charge power")
    current = _window(mode.ev_minimum_charge_current, mode.ev_maximum_charge_current, "charge current")
    low, high = _window(mode.ev_minimum_voltage, mode.ev_maximum_voltage, "voltage")
    limits = Limits(low, high, current[1], power[1])
    if bidirectional and isinstance(mode, BPT_DC_CPDReqEnergyTransferMode):
        power = _window(mode.ev_minimum_discharge_power, mode.ev_maximum_discharge_power, "discharge power", signed=True)
        current = _window(mode.ev_minimum_discharge_current, mode.ev_maximum_discharge_current, "discharge current", signed=True)
        limits = replace(limits, discharge_current=current[1], discharge_power=power[1])
    return limits


def _window(low: RationalNumber, high: RationalNumber, what: str, *, signed: bool = False) -> tuple[float, float]:
    """A pair of limits as magnitudes, checked against each other and against sense."""
    least, most = number(low), number(high)
    if signed:
        least, most = abs(least), abs(most)
    if least < 0 or most < 0:
        raise _wrong(f"negative {what}: {least:g}..{most:g}")
    if least > most:
        raise _wrong(f"minimum {what} {least:g} above its maximum {most:g}")
    if most > SANE[what.split()[-1]]:
        raise _wrong(f"{what} of {most:g} is beyond sense")
    return least, most


def _compatible(vehicle: Limits, ours: Limits, abilities: Abilities) -> None:
    """Both windows must overlap: the car's maxima reach our minima."""
    if vehicle.max_voltage < ours.min_voltage or vehicle.min_voltage > ours.max_voltage:
        theirs = f"{vehicle.min_voltage:g}..{vehicle.max_voltage:g} V"
        raise _wrong(f"the car's {theirs} and the outlet's {ours.min_voltage:g}..{ours.max_voltage:g} V do not meet")
    if vehicle.charge_power < abilities.min_charge_power or vehicle.charge_current < abilities.min_charge_current:
        raise _wrong(f"the car's maximum {vehicle.charge_power:g} W, {vehicle.charge_current:g} A is below the outlet's minimum")


def _wrong(what: str) -> PeerError:
    return PeerError(what, requirement="V2G20-2272", code="FAILED_WrongChargeParameter")


def discharge(value: float, negative: bool) -> RationalNumber:
    """A discharge limit on the wire, in the sign the configuration asks for."""
    return rational(-value if negative and value else value)


def _say_limits(session: Session, ours: Limits, abilities: Abilities) -> DC_CPDResEnergyTransferMode:
    said = {
        "evse_maximum_charge_power": rational(ours.charge_power),
        "evse_minimum_charge_power": rational(min(abilities.min_charge_power, ours.charge_power)),
        "evse_maximum_charge_current": rational(ours.charge_current),
        "evse_minimum_charge_current": rational(min(abilities.min_charge_current, ours.charge_current)),
        "evse_maximum_voltage": rational(ours.max_voltage),
        "evse_minimum_voltage": rational(ours.min_voltage),
    }
    negative = session.config.negative_discharge
    if not session.bidirectional:
        return DC_CPDResEnergyTransferMode(**said)
    return BPT_DC_CPDResEnergyTransferMode(
        **said,
        evse_maximum_discharge_power=discharge(ours.discharge_power, negative),
        evse_minimum_discharge_power=discharge(min(abilities.min_discharge_power, ours.discharge_power), negative),
        evse_maximum_discharge_current=discharge(ours.discharge_current, negative),
        evse_minimum_discharge_current=discharge(
            min(abilities.min_discharge_current, ours.discharge_current), session.config.negative_discharge
        ),
    )
