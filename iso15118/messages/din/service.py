"""What the charger offers, in what variants, and what the vehicle takes."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Attribute, Enumeration, Message, Name, Occurs
from iso15118.messages.din.common import PhysicalValue, Request, Response
from iso15118.messages.din.facets import ServiceScope
from iso15118.messages.enumerations import PaymentOption, ServiceCategory
from iso15118.messages.facets import AnyText, Byte, Int, ServiceID, ServiceName, Short


class SupportedEnergyTransfer(Enumeration):
    """What an outlet can do: one way to transfer energy, or two of them by their common connector."""

    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_dual = "DC_dual"
    AC_core1p_DC_extended = "AC_core1p_DC_extended"
    AC_single_DC_core = "AC_single_DC_core"
    AC_single_phase_three_phase_core_DC_extended = "AC_single_phase_three_phase_core_DC_extended"
    AC_core3p_DC_extended = "AC_core3p_DC_extended"


class ValueType(Enumeration):
    """Which of its values a parameter has."""

    bool = "bool"
    byte = "byte"
    short = "short"
    int = "int"
    physicalValue = "physicalValue"
    string = "string"


class ServiceTag(Message):
    """What a service is about, and how far it reaches."""

    service_id: ServiceID
    service_name: ServiceName | None = None
    service_category: ServiceCategory
    service_scope: ServiceScope | None = None


class Service(Message):
    """An offered service, and whether it is free of charge."""

    service_tag: ServiceTag
    free_service: bool


class ServiceList(Message):
    """Services beside charging."""

    service: Annotated[tuple[Service, ...], Occurs(1, None)]


class ServiceCharge(Service):
    """Charging itself, and how it can be done."""

    energy_transfer_type: SupportedEnergyTransfer


class PaymentOptions(Message):
    """The ways to pay."""

    payment_option: Annotated[tuple[PaymentOption, ...], Occurs(1, None)]


class Parameter(Message):
    """A property of a variant: its name and one value, of the type told."""

    choice = (("bool_value", "byte_value", "short_value", "int_value", "physical_value", "string_value"),)

    name: Annotated[AnyText, Attribute()]
    value_type: Annotated[ValueType, Attribute()]
    bool_value: Annotated[bool | None, Name("boolValue")] = None
    byte_value: Annotated[Byte | None, Name("byteValue")] = None
    short_value: Annotated[Short | None, Name("shortValue")] = None
    int_value: Annotated[Int | None, Name("intValue")] = None
    physical_value: Annotated[PhysicalValue | None, Name("physicalValue")] = None
    string_value: Annotated[AnyText | None, Name("stringValue")] = None


class ParameterSet(Message):
    """A variant of a service."""

    parameter_set_id: Short
    parameter: Annotated[tuple[Parameter, ...], Occurs(1, None)]


class ServiceParameterList(Message):
    """The variants of a service."""

    parameter_set: Annotated[tuple[ParameterSet, ...], Occurs(1, None)]


class SelectedService(Message):
    """A service, in the variant chosen where it has any."""

    service_id: ServiceID
    parameter_set_id: Short | None = None


class SelectedServiceList(Message):
    """The services chosen, charging among them."""

    selected_service: Annotated[tuple[SelectedService, ...], Occurs(1, None)]


class ServiceDiscoveryReq(Request):
    """The vehicle asks what is offered, in general or of one kind."""

    service_scope: ServiceScope | None = None
    service_category: ServiceCategory | None = None


class ServiceDiscoveryRes(Response):
    """What is offered: ways to pay, charging, and other services."""

    payment_options: PaymentOptions
    charge_service: ServiceCharge
    service_list: ServiceList | None = None


class ServiceDetailReq(Request):
    """The vehicle asks for the variants of one service."""

    service_id: ServiceID


class ServiceDetailRes(Response):
    """The variants of one service."""

    service_id: ServiceID
    service_parameter_list: ServiceParameterList | None = None


class ServicePaymentSelectionReq(Request):
    """How the vehicle pays, and the services it takes."""

    selected_payment_option: PaymentOption
    selected_service_list: SelectedServiceList


class ServicePaymentSelectionRes(Response):
    """Whether the choice stands."""
