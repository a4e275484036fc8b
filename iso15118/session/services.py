"""Energy services as both roles name them: ServiceIDs, and parameter sets to and from their wire form (ISO 15118-20, service tables)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from itertools import product
from math import sqrt
from typing import Final

from iso15118.der.words import DerFunctions
from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.service import Parameter
from iso15118.messages.v20.service import ParameterSet as WireParameterSet
from iso15118.sequence.table import Transfer
from iso15118.session.lenience import Deviation
from iso15118.units import Volt
from iso15118.value import Value


class ServiceID(IntEnum):
    """Energy transfer services known here."""

    __hash__ = int.__hash__

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


class ControlMode(IntEnum):
    """Who owns the power trajectory: the car within a schedule, or the charger."""

    __hash__ = int.__hash__

    SCHEDULED = 1
    DYNAMIC = 2


class Pricing(IntEnum):
    """What a schedule says of prices."""

    NONE = 0
    ABSOLUTE = 1
    LEVELS = 2


class BptChannel(IntEnum):
    """Charging and discharging by one channel, or by one each."""

    UNIFIED = 1
    SEPARATED = 2


class GeneratorMode(IntEnum):
    """A vehicle that gives energy follows a grid, or makes one (on an island)."""

    GRID_FOLLOWING = 1
    GRID_FORMING = 2


class Islanding(IntEnum):
    """How a vehicle that gives energy finds out that the grid has gone."""

    ACTIVE = 1
    PASSIVE = 2


BOTH_MODES: Final = (ControlMode.SCHEDULED, ControlMode.DYNAMIC)
"""A charger supports both [V2G20-2656]."""
AT_MOST: Final = 32
"""Parameter sets of a service."""

_FIELDS: Final = {
    "Connector": "connector",
    "ControlMode": "control_mode",
    "EVSENominalVoltage": "nominal_voltage",
    "MobilityNeedsMode": "mobility_needs",
    "Pricing": "pricing",
    "BPTChannel": "bpt_channel",
    "GeneratorMode": "generator_mode",
    "GridCodeIslandingDetectionMethod": "islanding",
    "DERControlFunctions": "der_functions",
}
"""Parameter to the field of `ParameterSet` that holds it, in the order told."""
_OTHER_NAMES: Final = {"DetectionMethodGridCodeIslanding": "GridCodeIslandingDetectionMethod"}
"""What some chargers call a parameter."""
_DC: Final = ("Connector", "ControlMode", "MobilityNeedsMode", "Pricing")
_AC: Final = (*_DC, "EVSENominalVoltage")
_BPT: Final = ("BPTChannel", "GeneratorMode")
PARAMETERS: Final[Mapping[ServiceID, tuple[str, ...]]] = {
    ServiceID.AC: _AC,  # [V2G20-1356]
    ServiceID.DC: _DC,
    ServiceID.AC_BPT: (*_AC, *_BPT, "GridCodeIslandingDetectionMethod"),  # [V2G20-1361]
    ServiceID.DC_BPT: (*_DC, *_BPT),
    ServiceID.MCS: _DC,
    ServiceID.MCS_BPT: (*_DC, *_BPT),
    ServiceID.AC_DER_IEC: (*_AC, "DERControlFunctions"),
    ServiceID.AC_DER_SAE: _AC,
}
"""The parameters that every set of a service has."""


HIGHEST: Final[Volt] = 350.0
"""From phase to neutral: 347 V is the highest in use, and 380 V the lowest usual between phases where that is told instead."""
_THREE_PHASES: Final = (2, 3)
"""Connectors of an AC service."""


class ParameterSet(Value):
    """One variant of an energy service. `mobility_needs` 2 (the charger may supply them) goes with DYNAMIC only [V2G20-2663]."""

    id: int
    control_mode: ControlMode
    mobility_needs: int = 1
    pricing: int = 0
    connector: int = 2
    bpt_channel: int | None = None
    generator_mode: int | None = None
    nominal_voltage: int | None = None
    """V, line to neutral."""
    islanding: int | None = None
    der_functions: int | None = None
    """`DerFunctions`."""

    @property
    def phases(self) -> int:
        """Of an AC service: 1 or 3. A Connector of 3 means three phases where a charger says so instead of 2."""
        return 3 if self.connector in _THREE_PHASES else 1

    def to_wire(self) -> WireParameterSet:
        """The complete list of parameters."""
        values = {name: getattr(self, field) for name, field in _FIELDS.items()}
        parameters = tuple(Parameter(name=name, int_value=int(value)) for name, value in values.items() if value is not None)
        return WireParameterSet(parameter_set_id=self.id, parameter=parameters)

    @classmethod
    def from_wire(cls, wire: WireParameterSet) -> ParameterSet:
        """Read in any order and from any kind of number, unknown names passed over; what was odd about it say `deviations`.

        Raises PeerError where the control mode is missing or unknown.
        """
        values = {name: value for name, parameter in _named(wire).items() if (value := _integer(parameter)) is not None}
        try:
            mode = ControlMode(values.get("ControlMode", 0))
        except ValueError:
            raise PeerError(f"parameter set {wire.parameter_set_id} has no known ControlMode") from None
        return cls(
            id=wire.parameter_set_id,
            control_mode=mode,
            mobility_needs=(values.get("MobilityNeedsMode") or 1) if mode is ControlMode.DYNAMIC else 1,
            pricing=values.get("Pricing", 0),
            connector=values.get("Connector", 0),
            bpt_channel=values.get("BPTChannel"),
            generator_mode=values.get("GeneratorMode"),
            nominal_voltage=_to_neutral(values),
            islanding=values.get("GridCodeIslandingDetectionMethod"),
            der_functions=values.get("DERControlFunctions"),
        )


def deviations(service: ServiceID, wire: WireParameterSet) -> Iterator[tuple[Deviation, str]]:
    """What of a parameter set is not as the standard has it, though it can be understood, and where."""
    named, where = _named(wire), f"service {service.name}"
    for parameter in wire.parameter:
        if parameter.name in _OTHER_NAMES:
            yield Deviation.ISLANDING_NAME, f"{where}, {parameter.name}"
    for name in PARAMETERS[service]:
        if name not in named:
            yield Deviation.PARAMETER_MISSING, f"{where}, {name}"
        elif named[name].int_value is None:
            rational = name == "EVSENominalVoltage" and named[name].rational_number is not None
            yield Deviation.VOLTAGE_RATIONAL if rational else Deviation.PARAMETER_TYPE, f"{where}, {name}"
    values = {name: _integer(parameter) for name, parameter in named.items()}
    if service.transfer is not Transfer.DC and values.get("Connector") == 3:
        yield Deviation.CONNECTOR_THREE, where
    if service.transfer is not Transfer.DC and _to_neutral(values) != values.get("EVSENominalVoltage"):
        yield Deviation.VOLTAGE_BETWEEN_PHASES, f"{where}, {values.get('EVSENominalVoltage')} V"
    if values.get("MobilityNeedsMode") == 2 and values.get("ControlMode") == ControlMode.SCHEDULED:
        yield Deviation.NEEDS_IN_SCHEDULED, where


def _to_neutral(values: Mapping[str, int | None]) -> int | None:
    """EVSENominalVoltage, V, from phase to neutral: no mains have more than `HIGHEST` there, so on three phases it was between them."""
    said = values.get("EVSENominalVoltage")
    if said is None or said <= HIGHEST or values.get("Connector") not in _THREE_PHASES:
        return said
    return round(said / sqrt(3.0))


def _named(wire: WireParameterSet) -> dict[str, Parameter]:
    return {_OTHER_NAMES.get(parameter.name, parameter.name): parameter for parameter in wire.parameter}


def _integer(parameter: Parameter) -> int | None:
    for value in (parameter.int_value, parameter.short_value, parameter.byte_value):
        if value is not None:
            return value
    return round(number(parameter.rational_number)) if parameter.rational_number is not None else None


class Service(Value):
    """An energy service on offer, with its variants."""

    id: ServiceID
    sets: tuple[ParameterSet, ...]
    free: bool = False

    @property
    def bidirectional(self) -> bool:
        """True where energy may come back out of the vehicle."""
        return self.id in BIDIRECTIONAL


class Variants(Value):
    """What one outlet can be, beside its control modes: each combination that a service has words for becomes a parameter set of it."""

    mobility_needs: tuple[int, ...] = (1,)
    """In Dynamic mode; Scheduled has 1 only [V2G20-2663]."""
    pricing: tuple[Pricing, ...] = (Pricing.NONE,)
    connector: int = 2
    """Of a DC service: 1 Core, 2 Extended (CCS), 3 Dual2, 4 Dual4."""
    mcs_connector: int = 1
    """Of a megawatt service: 1 MCS, 2 ChaoJi, 3 Ultra-ChaoJi, 4 rMCS, 5 xMCS, 6 aviation, 7 marine."""
    phases: int = 3
    """Of an AC service: 1 or 3."""
    nominal_voltage: int = 230
    """V, line to neutral, 0..500."""
    bpt_channels: tuple[BptChannel, ...] = (BptChannel.UNIFIED,)
    generator_modes: tuple[GeneratorMode, ...] = (GeneratorMode.GRID_FOLLOWING,)
    islanding: Islanding = Islanding.ACTIVE
    der_functions: DerFunctions = DerFunctions(0)


STANDARD: Final = Variants()


def dc_service(bidirectional: bool = False, modes: tuple[ControlMode, ...] = BOTH_MODES) -> Service:
    """DC or DC_BPT, as `service_of` has it."""
    return service_of(ServiceID.DC_BPT if bidirectional else ServiceID.DC, modes)


def service_of(service: ServiceID, modes: tuple[ControlMode, ...] = BOTH_MODES, variants: Variants = STANDARD) -> Service:
    """A service in all its variants, control modes in the order given (cars without a preference take the first).

    Raises LocalError where there are more than 32.
    """
    names = PARAMETERS[service]
    needs = {ControlMode.SCHEDULED: (1,), ControlMode.DYNAMIC: variants.mobility_needs}
    channels = variants.bpt_channels if "BPTChannel" in names else (None,)
    generators = variants.generator_modes if "GeneratorMode" in names else (None,)
    sets = tuple(
        ParameterSet(
            id,
            mode,
            need,
            int(price),
            _connector(service, variants),
            channel and int(channel),
            generator and int(generator),
            nominal_voltage=variants.nominal_voltage if "EVSENominalVoltage" in names else None,
            islanding=int(variants.islanding) if "GridCodeIslandingDetectionMethod" in names else None,
            der_functions=int(variants.der_functions) if "DERControlFunctions" in names else None,
        )
        for id, (mode, need, price, channel, generator) in enumerate(
            ((mode, *rest) for mode in modes for rest in product(needs[mode], variants.pricing, channels, generators)), 1
        )
    )
    if not 1 <= len(sets) <= AT_MOST:
        raise LocalError(f"service {service.name}: its variants make {len(sets)} parameter sets; allowed: 1 to {AT_MOST}")
    return Service(service, sets)


def _connector(service: ServiceID, variants: Variants) -> int:
    if service.transfer is not Transfer.DC:
        return 1 if variants.phases == 1 else 2
    return variants.mcs_connector if service in MEGAWATT else variants.connector
