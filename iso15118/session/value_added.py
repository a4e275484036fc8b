"""Value-added services as both roles name them: what goes beside energy, in what variants, to and from their wire form.

Two are the standard's, Internet and ParkingStatus; any other id that is no energy service may be a proprietary one.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias

from iso15118.errors import LocalError
from iso15118.messages.v20.rational import number, rational
from iso15118.messages.v20.service import Parameter
from iso15118.messages.v20.service import ParameterSet as WireParameterSet
from iso15118.value import Value

Setting: TypeAlias = bool | int | float | str
"""What a parameter may be set to: boolValue, intValue, rationalNumber or finiteString on the wire."""
Settings: TypeAlias = tuple[tuple[str, Setting], ...]
"""Parameters by name."""

ENERGY: Final = range(1, 65)
"""ServiceIDs of energy transfer: no value-added service may have one."""
AT_MOST: Final = 32
"""Variants of a service, and parameters of a variant."""


class ValueAddedID(IntEnum):
    """Value-added services of the standard."""

    INTERNET = 65
    PARKING_STATUS = 66


class Intended(IntEnum):
    """What a variant of ParkingStatus is for (IntendedService)."""

    CHECK_IN = 1
    CHECK_OUT = 2


class ParkingStatusType(IntEnum):
    """Who parks the vehicle, with whose sensors."""

    AUTO_INTERNAL = 1
    AUTO_EXTERNAL = 2
    MANUAL_INTERNAL = 3
    MANUAL_EXTERNAL = 4


class ParkingSpace(Value):
    """What a car that checks in is told, as far as it is known: whole numbers, whose meaning is the car park's."""

    space: int | None = None
    device_location: int | None = None
    target_distance: int | None = None


class Variant(Value):
    """One parameter set of a value-added service."""

    id: int
    settings: Settings

    def has(self, wanted: Settings) -> bool:
        """True if every parameter wanted is set as wanted."""
        return set(wanted) <= set(self.settings)

    def to_wire(self) -> WireParameterSet:
        """The parameter set as told."""
        return WireParameterSet(parameter_set_id=self.id, parameter=tuple(_parameter(name, value) for name, value in self.settings))

    @classmethod
    def from_wire(cls, wire: WireParameterSet) -> Variant:
        """The parameter set as read, in the order told; whole numbers of any type alike."""
        return cls(wire.parameter_set_id, tuple((parameter.name, _setting(parameter)) for parameter in wire.parameter))


class Selected(NamedTuple):
    """A value-added service that a car has taken, in one of its variants."""

    service: int
    variant: int


class WantedVas(Value):
    """A value-added service that a car wants, in the first variant in which these parameters are set so."""

    service: int
    settings: Settings = ()


class ValueAddedService(Value):
    """A value-added service on offer. Raises LocalError on what cannot be said."""

    id: int
    variants: tuple[Variant, ...]
    free: bool = True

    def __post_init__(self) -> None:
        ids = {variant.id for variant in self.variants}
        if self.id in ENERGY or not 0 <= self.id <= 65_535:
            raise LocalError(f"a value-added service cannot have the id {self.id}; allowed: 65 to 65535")
        if not 1 <= len(ids) == len(self.variants) <= AT_MOST:
            raise LocalError(f"value-added service {self.id}: {len(self.variants)} variants; allowed: 1 to {AT_MOST}, each with its own id")
        if not all(1 <= len(variant.settings) <= AT_MOST for variant in self.variants):
            raise LocalError(f"value-added service {self.id}: a variant has 1 to {AT_MOST} parameters")

    def variant(self, wanted: int) -> Variant | None:
        """The variant with this ParameterSetID, if it is on offer."""
        return next((variant for variant in self.variants if variant.id == wanted), None)


_INTERNET: Final = (("ftp", 20), ("ftp", 21), ("http", 80), ("https", 443))
"""Protocol and port of the variants 1 to 4."""


def internet(protocols: tuple[str, ...] = ("http", "https"), *, free: bool = True) -> ValueAddedService:
    """Access to the internet by these protocols (ftp, http, https), in the standard's variants."""
    offered = enumerate(_INTERNET, 1)
    variants = (Variant(i, (("Protocol", name), ("Port", port))) for i, (name, port) in offered if name in protocols)
    return ValueAddedService(int(ValueAddedID.INTERNET), tuple(variants), free)


def parking_status(
    intended: tuple[Intended, ...] = tuple(Intended),
    types: tuple[ParkingStatusType, ...] = (ParkingStatusType.MANUAL_INTERNAL,),
    *,
    free: bool = True,
) -> ValueAddedService:
    """Checking in to and out of the parking space: a variant for each purpose and way of parking."""
    pairs = enumerate(((purpose, way) for purpose in intended for way in types), 1)
    variants = (Variant(i, (("IntendedService", int(purpose)), ("ParkingStatusType", int(way)))) for i, (purpose, way) in pairs)
    return ValueAddedService(int(ValueAddedID.PARKING_STATUS), tuple(variants), free)


def _parameter(name: str, value: Setting) -> Parameter:
    match value:
        case bool():
            return Parameter(name=name, bool_value=value)
        case int():
            return Parameter(name=name, int_value=value)
        case float():
            return Parameter(name=name, rational_number=rational(value))
        case str():
            return Parameter(name=name, finite_string=value)


def _setting(parameter: Parameter) -> Setting:
    values = (parameter.bool_value, parameter.byte_value, parameter.short_value, parameter.int_value, parameter.finite_string)
    for value in values:
        if value is not None:
            return value
    return 0.0 if parameter.rational_number is None else number(parameter.rational_number)
