"""What the charger offers, in what variants, and what the vehicle takes."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Attribute, Message, Name, Occurs
from iso15118.messages.facets import Byte, Int, NameText, ServiceID, Short
from iso15118.messages.v20.common import RationalNumber, Request, Response


class ServiceIDList(Message):
    """The services the vehicle can use."""

    service_id: Annotated[tuple[ServiceID, ...], Occurs(1, 16)]


class Service(Message):
    """An offered service, and whether it is free of charge."""

    service_id: ServiceID
    free_service: bool


class ServiceList(Message):
    """Offered services."""

    service: Annotated[tuple[Service, ...], Occurs(1, 8)]


class SelectedService(Message):
    """A service in the variant chosen."""

    service_id: ServiceID
    parameter_set_id: ServiceID


class SelectedServiceList(Message):
    """Value-added services chosen."""

    selected_service: Annotated[tuple[SelectedService, ...], Occurs(1, 16)]


class Parameter(Message):
    """A property of a variant: its name and one value."""

    choice = (("bool_value", "byte_value", "short_value", "int_value", "rational_number", "finite_string"),)

    name: Annotated[NameText, Attribute()]
    bool_value: Annotated[bool | None, Name("boolValue")] = None
    byte_value: Annotated[Byte | None, Name("byteValue")] = None
    short_value: Annotated[Short | None, Name("shortValue")] = None
    int_value: Annotated[Int | None, Name("intValue")] = None
    rational_number: Annotated[RationalNumber | None, Name("rationalNumber")] = None
    finite_string: Annotated[NameText | None, Name("finiteString")] = None


class ParameterSet(Message):
    """A variant of a service."""

    parameter_set_id: ServiceID
    parameter: Annotated[tuple[Parameter, ...], Occurs(1, 32)]


class ServiceParameterList(Message):
    """The variants of a service."""

    parameter_set: Annotated[tuple[ParameterSet, ...], Occurs(1, 32)]


class ServiceDiscoveryReq(Request):
    """The vehicle asks what is offered, among the services it names or in general."""

    supported_service_ids: Annotated[ServiceIDList | None, Name("SupportedServiceIDs")] = None


class ServiceDiscoveryRes(Response):
    """What is offered: ways to transfer energy, and value-added services."""

    service_renegotiation_supported: bool
    energy_transfer_service_list: ServiceList
    vas_list: ServiceList | None = None


class ServiceDetailReq(Request):
    """The vehicle asks for the variants of one service."""

    service_id: ServiceID


class ServiceDetailRes(Response):
    """The variants of one service."""

    service_id: ServiceID
    service_parameter_list: ServiceParameterList


class ServiceSelectionReq(Request):
    """The energy transfer and the value-added services the vehicle takes."""

    selected_energy_transfer_service: SelectedService
    selected_vas_list: SelectedServiceList | None = None


class ServiceSelectionRes(Response):
    """Whether the choice stands."""
