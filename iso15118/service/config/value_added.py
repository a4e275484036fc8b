"""The keys of a charger's file that say which value-added services an outlet offers. A car's are in `wanted`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from iso15118.errors import LocalError
from iso15118.service.config.toml import Flag, Table
from iso15118.session.value_added import Intended, ParkingSpace, ParkingStatusType, ValueAddedService, internet, parking_status

Place = Annotated[int, Field(ge=-32_768, le=32_767, description="a whole number of -32768..32767")]


class InternetTable(Table):
    """Access to the internet."""

    protocols: Annotated[
        list[Literal["ftp", "http", "https"]], Field(min_length=1, max_length=3, description='a list of "ftp", "http" and "https"')
    ] = Field(default=["http", "https"])
    """Offered to the car."""
    free: Flag = True
    """It costs nothing."""


class ParkingTable(Table):
    """Checking in to and out of the parking space."""

    intended: Annotated[
        list[Literal["check_in", "check_out"]], Field(min_length=1, max_length=2, description='a list of "check_in" and "check_out"')
    ] = Field(default=["check_in", "check_out"])
    """What a car may do."""
    types: Annotated[
        list[Literal["auto_internal", "auto_external", "manual_internal", "manual_external"]],
        Field(
            min_length=1,
            max_length=4,
            description='a list of "auto_internal", "auto_external", "manual_internal" and "manual_external"',
        ),
    ] = Field(default=["manual_internal"])
    """How it may park, and who looks for the space."""
    free: Flag = True
    """It costs nothing."""
    space: Place | None = None
    """The number of the parking space."""
    device_location: Place | None = None
    """Where the charging device stands."""
    target_distance: Place | None = None
    """How far the car has to go."""


class VasKeys(Table):
    """Keys of an outlet."""

    internet: Annotated[InternetTable | None, Field(description="a table")] = None
    """Offers access to the internet beside energy."""
    parking: Annotated[ParkingTable | None, Field(description="a table")] = None
    """Offers checking in to and out of the parking space."""


def offered_beside(where: str, keys: VasKeys) -> tuple[ValueAddedService, ...]:
    """The value-added services of an outlet. Raises LocalError where a word stands twice."""
    found: list[ValueAddedService] = []
    if keys.internet is not None:
        found.append(internet(tuple(keys.internet.protocols), free=keys.internet.free))
    if keys.parking is not None:
        for key, words in (("intended", keys.parking.intended), ("types", keys.parking.types)):
            if len(set(words)) != len(words):
                raise LocalError(f"{where}.parking.{key}: {words}; allowed: each one once")
        intended = tuple(Intended[name.upper()] for name in keys.parking.intended)
        types = tuple(ParkingStatusType[name.upper()] for name in keys.parking.types)
        found.append(parking_status(intended, types, free=keys.parking.free))
    return tuple(found)


def parking_space(keys: VasKeys) -> ParkingSpace:
    """What a car that checks in is told."""
    table = keys.parking or ParkingTable()
    return ParkingSpace(table.space, table.device_location, table.target_distance)
