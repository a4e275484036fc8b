"""The keys of a car's file that say which value-added services it wants. A charger's are in `value_added`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from iso15118.messages.v20.parking import ParkingMethod
from iso15118.service.config.toml import Table
from iso15118.service.config.value_added import Place
from iso15118.session import evcc
from iso15118.session.value_added import Setting, ValueAddedID, WantedVas

_NAMES: Final = {"Internet": ValueAddedID.INTERNET, "ParkingStatus": ValueAddedID.PARKING_STATUS}


class WantedTable(Table):
    """A value-added service that a car wants."""

    service: Annotated[
        Annotated[int, Field(ge=65, le=65_535)] | Literal["Internet", "ParkingStatus"],
        Field(description='"Internet", "ParkingStatus" or a number of 65..65535'),
    ]
    """By name or number."""
    parameters: Annotated[dict[str, bool | int | float | str], Field(description="a table of parameters and what they are to be")] = Field(
        default={}
    )
    """What its parameters have to be."""


class CarParkingTable(Table):
    """How a car gets to its parking space."""

    method: Annotated[
        Literal["AutoParking", "MVGuideManual", "Manual"], Field(description='"AutoParking", "MVGuideManual" or "Manual"')
    ] = "Manual"
    """Who drives."""
    vehicle_frame: Place | None = None
    """Told when checking in."""
    device_offset: Place | None = None
    """Told when checking in."""
    vehicle_travel: Place | None = None
    """Told when checking in."""


Wanted = Annotated[
    list[WantedTable],
    Field(
        max_length=16,
        description="a list of at most 16 {service = ..., parameters = {...}}, such as "
        '{service = "Internet", parameters = {Protocol = "https"}}',
    ),
]


def car_parking(table: CarParkingTable) -> evcc.Parking:
    """How a car gets to its parking space."""
    return evcc.Parking(ParkingMethod(table.method), table.vehicle_frame, table.device_offset, table.vehicle_travel)


def wanted(tables: list[WantedTable]) -> tuple[WantedVas, ...]:
    """What a car wants beside energy."""
    return tuple(WantedVas(_id(table.service), _settings(table.parameters)) for table in tables)


def _id(service: int | str) -> int:
    return service if isinstance(service, int) else int(_NAMES[service])


def _settings(parameters: dict[str, Setting]) -> tuple[tuple[str, Setting], ...]:
    return tuple(parameters.items())
