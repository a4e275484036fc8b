"""What the charger offers, in what variants, and what the vehicle takes."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Attribute, Message, Name, Occurs
from iso15118.messages.enumerations import EnergyTransferMode, PaymentOption, ServiceCategory
from iso15118.messages.facets import AnyText, Byte, Int, ServiceID, ServiceName, Short
from iso15118.messages.iso2.common import PhysicalValue, Request, Response
from iso15118.messages.iso2.facets import ServiceScope


class Service(Message):
    """An offered service: what it is about, how far it reaches, and whether it is free of charge."""

    service_id: ServiceID
    service_name: ServiceName | None = None
    service_category: ServiceCategory
    service_scope: ServiceScope | None = None
    free_service: bool


class ServiceList(Message):
    """Services beside charging."""

    service: Annotated[tuple[Service, ...], Occurs(1, 8)]


class SupportedEnergyTransferMode(Message):
    """The ways to transfer energy."""

    energy_transfer_mode: Annotated[tuple[EnergyTransferMode, ...], Occurs(1, 6)]


class ChargeService(Service):
    """Charging itself, and how it can be done."""

    supported_energy_transfer_mode: SupportedEnergyTransferMode


class PaymentOptionList(Message):
    """The ways to pay."""

    payment_option: Annotated[tuple[PaymentOption, ...], Occurs(1, 2)]


class Parameter(Message):
    """A property of a variant: its name and one value."""

    choice = (("bool_value", "byte_value", "short_value", "int_value", "physical_value", "string_value"),)

    name: Annotated[AnyText, Attribute()]
    bool_value: Annotated[bool | None, Name("boolValue")] = None
    byte_value: Annotated[Byte | None, Name("byteValue")] = None
    short_value: Annotated[Short | None, Name("shortValue")] = None
    int_value: Annotated[Int | None, Name("intValue")] = None
    physical_value: Annotated[PhysicalValue | None, Name("physicalValue")] = None
    string_value: Annotated[AnyText | None, Name("stringValue")] = None


class ParameterSet(Message):
    """A variant of a service."""

    parameter_set_id: Short
    parameter: Annotated[tuple[Parameter, ...], Occurs(1, 16)]


class ServiceParameterList(Message):
    """The variants of a service."""

    parameter_set: Annotated[tuple[ParameterSet, ...], Occurs(1, 255)]


class SelectedService(Message):
    """A service, in the variant chosen where it has any."""

    service_id: ServiceID
    parameter_set_id: Short | None = None


class SelectedServiceList(Message):
    """The services chosen, charging among them."""

    selected_service: Annotated[tuple[SelectedService, ...], Occurs(1, 16)]


class ServiceDiscoveryReq(Request):
    """The vehicle asks what is offered, in general or of one kind."""

    service_scope: ServiceScope | None = None
    service_category: ServiceCategory | None = None


class ServiceDiscoveryRes(Response):
    """What is offered: ways to pay, charging, and other services."""

    payment_option_list: PaymentOptionList
    charge_service: ChargeService
    service_list: ServiceList | None = None


class ServiceDetailReq(Request):
    """The vehicle asks for the variants of one service."""

    service_id: ServiceID


class ServiceDetailRes(Response):
    """The variants of one service."""

    service_id: ServiceID
    service_parameter_list: ServiceParameterList | None = None


class PaymentServiceSelectionReq(Request):
    """How the vehicle pays, and the services it takes."""

    selected_payment_option: PaymentOption
    selected_service_list: SelectedServiceList


class PaymentServiceSelectionRes(Response):
    """Whether the choice stands."""
