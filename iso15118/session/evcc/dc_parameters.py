"""The car's limits, and whether the charger's suit its battery."""

from __future__ import annotations

from iso15118.errors import PeerError
from iso15118.messages.v20.common import Header, RationalNumber
from iso15118.messages.v20.dc import (
    BPT_DC_CPDReqEnergyTransferMode,
    BPT_DC_CPDResEnergyTransferMode,
    DC_ChargeParameterDiscoveryReq,
    DC_ChargeParameterDiscoveryRes,
    DC_CPDReqEnergyTransferMode,
    DC_CPDResEnergyTransferMode,
)
from iso15118.messages.v20.rational import number
from iso15118.power import Limits
from iso15118.session.evcc.figures import ZERO, at_least, at_most, percent, power_at_most
from iso15118.session.evcc.state import Read, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import Volt
from iso15118.value import replace


def ask_charge_parameters(session: Session, header: Header, snapshot: EvccSnapshot) -> DC_ChargeParameterDiscoveryReq:
    """What the battery takes, and gives where the service is bidirectional; discharge limits as magnitudes."""
    limits = snapshot.limits
    said: dict[str, RationalNumber] = {
        "ev_maximum_charge_power": power_at_most(limits.charge_power),
        "ev_minimum_charge_power": ZERO,
        "ev_maximum_charge_current": at_most(limits.charge_current),
        "ev_minimum_charge_current": ZERO,
        "ev_maximum_voltage": at_most(limits.max_voltage),
        "ev_minimum_voltage": at_least(limits.min_voltage),
    }
    target = percent(snapshot.target_soc)
    mode: BPT_DC_CPDReqEnergyTransferMode | DC_CPDReqEnergyTransferMode
    if session.bidirectional:
        mode = BPT_DC_CPDReqEnergyTransferMode(
            **said,
            target_soc=target,
            ev_maximum_discharge_power=power_at_most(limits.discharge_power),
            ev_minimum_discharge_power=ZERO,
            ev_maximum_discharge_current=at_most(limits.discharge_current),
            ev_minimum_discharge_current=ZERO,
        )
    else:
        mode = DC_CPDReqEnergyTransferMode(**said, target_soc=target)
    return DC_ChargeParameterDiscoveryReq(header=header, energy_transfer_mode=mode)


def read_charge_parameters(session: Session, response: DC_ChargeParameterDiscoveryRes, snapshot: EvccSnapshot) -> Read:
    """The charger's limits; where they do not suit the battery the session ends in order. Raises PeerError on those of another service."""
    mode = response.energy_transfer_mode
    if isinstance(mode, BPT_DC_CPDResEnergyTransferMode) is not session.bidirectional:
        raise PeerError(f"{type(mode).__name__} under another service", requirement="V2G20-1600")
    evse = read_limits(mode)
    own = snapshot.limits if session.bidirectional else snapshot.limits.charging_only()
    session = replace(session, announced=own, evse_announced=evse, evse_limits=evse)
    unsuited = misfit(mode, evse, own, snapshot.reading.battery_voltage.value)
    return Read(replace(session, stop=unsuited, stop_code="IncompatibleLimits") if unsuited else session)


def read_limits(mode: DC_CPDResEnergyTransferMode) -> Limits:
    """The charger's limits; those of discharge by magnitude, since both signs are in use."""
    discharge_current = discharge_power = 0.0
    if isinstance(mode, BPT_DC_CPDResEnergyTransferMode):
        discharge_current = abs(number(mode.evse_maximum_discharge_current))
        discharge_power = abs(number(mode.evse_maximum_discharge_power))
    return Limits(
        number(mode.evse_minimum_voltage),
        number(mode.evse_maximum_voltage),
        max(0.0, number(mode.evse_maximum_charge_current)),
        max(0.0, number(mode.evse_maximum_charge_power)),
        discharge_current,
        discharge_power,
    )


def misfit(mode: DC_CPDResEnergyTransferMode, evse: Limits, own: Limits, battery: Volt) -> str:
    """Why the charger cannot serve this battery, empty where it can. A maximum of ours of 0 (battery full) is no misfit."""
    least_current, least_power = number(mode.evse_minimum_charge_current), number(mode.evse_minimum_charge_power)
    if not evse.min_voltage <= evse.max_voltage:
        return f"the charger's voltages are {evse.min_voltage:g} to {evse.max_voltage:g} V"
    if evse.max_voltage < own.min_voltage or evse.min_voltage > own.max_voltage:
        window = f"{own.min_voltage:g} to {own.max_voltage:g} V"
        return f"the charger's {evse.min_voltage:g} to {evse.max_voltage:g} V do not meet the battery's {window}"
    if not evse.min_voltage <= battery <= evse.max_voltage:
        return f"the battery's {battery:g} V lie outside the charger's {evse.min_voltage:g} to {evse.max_voltage:g} V"
    if 0.0 < own.charge_current < least_current or 0.0 < own.charge_power < least_power:
        return f"the charger gives no less than {least_current:g} A, {least_power:g} W"
    return ""
