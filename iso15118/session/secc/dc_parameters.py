"""Answers about limits: charge parameter discovery, and how the car's limits are read and ours are said."""

from __future__ import annotations

from typing import Final

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
from iso15118.sequence.table import Transfer
from iso15118.session.lenience import Deviation
from iso15118.session.secc.state import OK, Answer, Session
from iso15118.session.sense import MOST_CURRENT, MOST_POWER, MOST_VOLTAGE, Sense, refused
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace

SANE: Final = {"power": MOST_POWER, "current": MOST_CURRENT, "voltage": MOST_VOLTAGE}
"""Above these (W, A, V) a number is a mistake of the sender, not a limit of a vehicle."""


def answer_charge_parameters(session: Session, request: DC_ChargeParameterDiscoveryReq, snapshot: SeccSnapshot) -> Answer:
    """Our limits against the car's. Raises PeerError (FAILED_WrongChargeParameter) on a wrong type or impossible values [V2G20-2272]."""
    mode = request.energy_transfer_mode
    if isinstance(mode, BPT_DC_CPDReqEnergyTransferMode) is not session.bidirectional:
        service = session.service.id.name if session.service else "none"
        raise refused(Sense.OTHER_SERVICE, f"{type(mode).__name__} under service {service}", Transfer.DC)
    vehicle = read_limits(mode, session.bidirectional)
    product = vehicle.max_voltage * vehicle.charge_current
    if vehicle.charge_power > product * 1.01:
        session = session.deviates(Deviation.POWER_ABOVE_PRODUCT, f"{vehicle.charge_power:g} W of {product:g} VA")
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
        raise refused(Sense.NEGATIVE, f"{what} {least:g}..{most:g}", Transfer.DC)
    if least > most:
        raise refused(Sense.MINIMUM_ABOVE_MAXIMUM, f"{what} {least:g}..{most:g}", Transfer.DC)
    if most > SANE[what.split()[-1]]:
        raise refused(Sense.BEYOND_SENSE, f"{what} of {most:g}", Transfer.DC)
    return least, most


def _compatible(vehicle: Limits, ours: Limits, abilities: Abilities) -> None:
    """Both windows must overlap: the car's maxima reach our minima."""
    if vehicle.max_voltage < ours.min_voltage or vehicle.min_voltage > ours.max_voltage:
        theirs = f"{vehicle.min_voltage:g}..{vehicle.max_voltage:g} V"
        what = f"the car's {theirs}, the outlet's {ours.min_voltage:g}..{ours.max_voltage:g} V"
        raise refused(Sense.NOTHING_IN_COMMON, what, Transfer.DC)
    if vehicle.charge_power < abilities.min_charge_power or vehicle.charge_current < abilities.min_charge_current:
        raise refused(Sense.BELOW_OUR_MINIMUM, f"{vehicle.charge_power:g} W, {vehicle.charge_current:g} A", Transfer.DC)


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
