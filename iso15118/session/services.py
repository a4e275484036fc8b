"""Energy services as both roles name them: ServiceIDs, and parameter sets to and from their wire form (ISO 15118-20, service tables)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from iso15118.errors import PeerError
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.service import Parameter
from iso15118.messages.v20.service import ParameterSet as WireParameterSet
from iso15118.sequence.table import Transfer
from iso15118.value import Value


class ServiceID(IntEnum):
    """Energy transfer services known here."""

    AC = 1
    DC = 2
    AC_BPT = 5
    DC_BPT = 6
    MCS = 8
    MCS_BPT = 9
    AC_DER_IEC = 10
    AC_DER_SAE = 11

    @property
    def transfer(self) -> Transfer:
        """The messages it is spoken in."""
        return _TRANSFERS.get(self, Transfer.DC)


class ControlMode(IntEnum):
    """Who owns the power trajectory: the car within a schedule, or the charger."""

    __hash__ = int.__hash__

    SCHEDULED = 1
    DYNAMIC = 2


_TRANSFERS: Final = {
    ServiceID.AC: Transfer.AC,
    ServiceID.AC_BPT: Transfer.AC,
    ServiceID.AC_DER_IEC: Transfer.AC_DER_IEC,
    ServiceID.AC_DER_SAE: Transfer.AC_DER_SAE,
}
BIDIRECTIONAL: Final = frozenset({ServiceID.AC_BPT, ServiceID.DC_BPT, ServiceID.MCS_BPT, ServiceID.AC_DER_IEC, ServiceID.AC_DER_SAE})
"""Services with which energy may come back out of the vehicle."""
MEGAWATT: Final = frozenset({ServiceID.MCS, ServiceID.MCS_BPT})
"""Megawatt charging: the messages of DC, with connectors of its own."""


BOTH_MODES: Final = (ControlMode.SCHEDULED, ControlMode.DYNAMIC)


class ParameterSet(Value):
    """One variant of an energy service. `mobility_needs` 2 (the charger may supply them) goes with DYNAMIC only [V2G20-2663]."""

    id: int
    control_mode: ControlMode
    mobility_needs: int = 1
    pricing: int = 0
    connector: int = 2
    bpt_channel: int | None = None
    generator_mode: int | None = None

    def to_wire(self) -> WireParameterSet:
        """The complete list of parameters."""
        values = {
            "Connector": self.connector,
            "ControlMode": int(self.control_mode),
            "MobilityNeedsMode": self.mobility_needs,
            "Pricing": self.pricing,
            "BPTChannel": self.bpt_channel,
            "GeneratorMode": self.generator_mode,
        }
        parameters = tuple(Parameter(name=name, int_value=value) for name, value in values.items() if value is not None)
        return WireParameterSet(parameter_set_id=self.id, parameter=parameters)

    @classmethod
    def from_wire(cls, wire: WireParameterSet) -> ParameterSet:
        """Read in any order, unknown names passed over. Raises PeerError where the control mode is missing or unknown."""
        values = {p.name: _integer(p) for p in wire.parameter}
        try:
            mode = ControlMode(values.get("ControlMode") or 0)
        except ValueError:
            raise PeerError(f"parameter set {wire.parameter_set_id} has no known ControlMode") from None
        return cls(
            id=wire.parameter_set_id,
            control_mode=mode,
            mobility_needs=values.get("MobilityNeedsMode") or 1,
            pricing=values.get("Pricing") or 0,
            connector=values.get("Connector") or 0,
            bpt_channel=values.get("BPTChannel"),
            generator_mode=values.get("GeneratorMode"),
        )


def _integer(parameter: Parameter) -> int | None:
    for value in (parameter.int_value, parameter.short_value, parameter.byte_value):
        if value is not None:
            return value
    return int(number(parameter.rational_number)) if parameter.rational_number is not None else None


class Service(Value):
    """An energy service on offer, with its variants."""

    id: ServiceID
    sets: tuple[ParameterSet, ...]
    free: bool = False

    @property
    def bidirectional(self) -> bool:
        """True where energy may come back out of the vehicle."""
        return self.id in BIDIRECTIONAL


def dc_service(bidirectional: bool = False, modes: tuple[ControlMode, ...] = BOTH_MODES) -> Service:
    """DC or DC_BPT, as `service_of` has it."""
    return service_of(ServiceID.DC_BPT if bidirectional else ServiceID.DC, modes)


def service_of(service: ServiceID, modes: tuple[ControlMode, ...] = BOTH_MODES) -> Service:
    """A service with one variant a control mode, in the order given (cars without a preference take the first).

    Connector 2 is the extended one of CCS, 1 that of MCS; both directions share one channel and follow the grid.
    """
    channel = 1 if service in BIDIRECTIONAL else None
    connector = 1 if service in MEGAWATT else 2
    sets = (ParameterSet(i, mode, connector=connector, bpt_channel=channel, generator_mode=channel) for i, mode in enumerate(modes, 1))
    return Service(service, tuple(sets))
