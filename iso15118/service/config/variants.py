"""The keys of a charger's file that say in which variants an outlet offers its services, and of a car's file which it wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

from iso15118.der.words import DerFunctions
from iso15118.errors import LocalError
from iso15118.power import AcAbilities
from iso15118.sequence.table import Transfer
from iso15118.service.config.toml import ModeName, ServiceName, Table, both_services
from iso15118.session.services import (
    MEGAWATT,
    PARAMETERS,
    BptChannel,
    ControlMode,
    GeneratorMode,
    Islanding,
    Pricing,
    Service,
    ServiceID,
    Variants,
    service_of,
)

PricingName = Literal["none", "absolute", "levels"]
Needs = Annotated[list[Literal[1, 2]], Field(min_length=1, max_length=2, description="a list of 1 (from the car) and 2 (from the charger)")]
Pricings = Annotated[
    list[PricingName],
    Field(min_length=1, max_length=3, description='a list of "none", "absolute" and "levels", the preferred one first'),
]


NO_FUNCTION: Final = DerFunctions(0)


class VariantKeys(Table):
    """Keys of an outlet. Those left out are the usual ones of the services that have them, phases and voltage the board's."""

    connector: Annotated[int | None, Field(ge=1, le=4, description="1 (Core), 2 (Extended: CCS), 3 (Dual2) or 4 (Dual4)")] = None
    """Of DC and DC_BPT."""
    mcs_connector: Annotated[int | None, Field(ge=1, le=7, description="1 (MCS) to 7 (marine)")] = None
    """Of MCS and MCS_BPT."""
    phases: Annotated[Literal[1, 3] | None, Field(description="1 or 3")] = None
    """Of the AC services; the board's, if left out."""
    nominal_voltage: Annotated[int | None, Field(ge=0, le=500, description="0..500, whole volts from phase to neutral")] = None
    """Of the AC services; the board's, if left out."""
    mobility_needs: Needs | None = None
    """Who knows when the car leaves."""
    pricing: Pricings | None = None
    """The forms of prices on offer."""
    bpt_channel: Annotated[
        list[Literal["unified", "separated"]] | None,
        Field(min_length=1, max_length=2, description='a list of "unified" and "separated", the preferred one first'),
    ] = None
    """Of bidirectional services: one path for both directions, or two."""
    generator_mode: Annotated[
        list[Literal["grid_following", "grid_forming"]] | None,
        Field(min_length=1, max_length=2, description='a list of "grid_following" and "grid_forming", the preferred one first'),
    ] = None
    """Of bidirectional services: the car follows a grid, or makes one."""
    islanding_detection: Annotated[Literal["active", "passive"] | None, Field(description='"active" or "passive"')] = None
    """Of AC_BPT and AC_DER_IEC: how a car finds that the grid has gone."""


_SAID_BY: Final[Mapping[str, tuple[ServiceID, ...]]] = {
    "connector": tuple(s for s in ServiceID if s.transfer is Transfer.DC and s not in MEGAWATT),
    "mcs_connector": tuple(s for s in ServiceID if s in MEGAWATT),
    "phases": tuple(s for s in ServiceID if s.transfer is not Transfer.DC),
    "nominal_voltage": tuple(s for s in ServiceID if "EVSENominalVoltage" in PARAMETERS[s]),
    "bpt_channel": tuple(s for s in ServiceID if "BPTChannel" in PARAMETERS[s]),
    "generator_mode": tuple(s for s in ServiceID if "GeneratorMode" in PARAMETERS[s]),
    "islanding_detection": tuple(s for s in ServiceID if "GridCodeIslandingDetectionMethod" in PARAMETERS[s]),
}
"""Key to the services whose parameter sets have a word for it."""


def offered(
    where: str,
    services: list[ServiceName] | None,
    control_modes: list[ModeName],
    keys: VariantKeys,
    ac: AcAbilities | None = None,
    der: DerFunctions = NO_FUNCTION,
) -> tuple[Service, ...]:
    """The services in all their variants; `ac`: what the board can do with alternating current, None: it is one of direct current.

    `der`: functions of the grid code.

    Raises LocalError for a service of the other current, a key that no service has a word for, or more phases than the board has.
    """
    if services is None:
        services = both_services() if ac is None else ["AC_BPT", "AC"]
    once(f"{where}.services", services)
    for name in services:
        if (ServiceID[name].transfer is Transfer.DC) is not (ac is None):
            current = "direct" if ac is None else "alternating"
            raise LocalError(f"{where}.services: {name!r}; allowed: services of {current} current, which the board is for")
    once(f"{where}.control_modes", control_modes)
    for key in VariantKeys.model_fields:
        value = getattr(keys, key)
        if isinstance(value, list):
            once(f"{where}.{key}", value)
        speakers = _SAID_BY.get(key, tuple(ServiceID))
        if value is not None and not {service.name for service in speakers} & set(services):
            names = " or ".join(service.name for service in speakers)
            raise LocalError(f"{where}.{key}: {value!r}; allowed: where {names} is among the services")
    if keys.mobility_needs and 2 in keys.mobility_needs and "dynamic" not in control_modes:
        raise LocalError(f'{where}.mobility_needs: {keys.mobility_needs}; allowed: 2 only with "dynamic" among the control_modes')
    if ac is not None and keys.phases is not None and keys.phases > ac.phases:
        raise LocalError(f"{where}.phases: {keys.phases}; allowed: {ac.phases}, which the board has")
    modes = tuple(ControlMode[name.upper()] for name in control_modes)
    try:
        return tuple(service_of(ServiceID[name], modes, _variants(keys, ac or AcAbilities(), der)) for name in services)
    except LocalError as error:
        raise LocalError(f"{where}: {error}") from None


def _variants(keys: VariantKeys, ac: AcAbilities, der: DerFunctions) -> Variants:
    usual = Variants()
    return Variants(
        mobility_needs=tuple(keys.mobility_needs or usual.mobility_needs),
        pricing=pricings(keys.pricing or ["none"]),
        connector=keys.connector or usual.connector,
        mcs_connector=keys.mcs_connector or usual.mcs_connector,
        phases=keys.phases or ac.phases,
        nominal_voltage=round(ac.voltage) if keys.nominal_voltage is None else keys.nominal_voltage,
        bpt_channels=tuple(BptChannel[name.upper()] for name in keys.bpt_channel or ("unified",)),
        generator_modes=tuple(GeneratorMode[name.upper()] for name in keys.generator_mode or ("grid_following",)),
        islanding=Islanding[(keys.islanding_detection or "active").upper()],
        der_functions=der,
    )


def pricings(names: list[PricingName]) -> tuple[Pricing, ...]:
    """The names as words of the session."""
    return tuple(Pricing[name.upper()] for name in names)


def once(key: str, values: Sequence[str | int]) -> None:
    """Raises LocalError where a value stands twice."""
    if len(set(values)) != len(values):
        raise LocalError(f"{key}: {values}; allowed: each one once")
