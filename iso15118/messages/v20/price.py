"""Prices over time: the charger's, absolute or by levels, and the vehicle's when it offers energy.

Durations and periods are in s, time anchors in microseconds, powers in W, fees in the schedule's currency.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Message, Occurs
from iso15118.messages.facets import (
    Currency,
    Description,
    Identifier,
    Language,
    NameText,
    NumericID,
    UnsignedByte,
    UnsignedInt,
    UnsignedLong,
    UnsignedShort,
)
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.xmldsig import Id


class PriceSchedule(Message):
    """Base of the charger's price schedules."""

    time_anchor: UnsignedLong
    price_schedule_id: NumericID
    price_schedule_description: Description | None = None


class PriceLevelScheduleEntry(Message):
    """For so long, this level holds."""

    duration: UnsignedInt
    price_level: UnsignedByte


class PriceLevelScheduleEntryList(Message):
    """Levels, each following the last."""

    price_level_schedule_entry: Annotated[tuple[PriceLevelScheduleEntry, ...], Occurs(1, 1024)]


class PriceLevelSchedule(PriceSchedule):
    """Prices as levels without an amount. Signed when it has an Id."""

    id: Id | None = None
    number_of_price_levels: UnsignedByte
    price_level_schedule_entries: PriceLevelScheduleEntryList


class TaxRule(Message):
    """A tax: its rate, and what it is raised on."""

    tax_rule_id: NumericID
    tax_rule_name: NameText | None = None
    tax_rate: RationalNumber
    tax_included_in_price: bool | None = None
    applies_to_energy_fee: bool
    applies_to_parking_fee: bool
    applies_to_overstay_fee: bool
    applies_minimum_maximum_cost: bool


class TaxRuleList(Message):
    """The taxes."""

    tax_rule: Annotated[tuple[TaxRule, ...], Occurs(1, 10)]


class PriceRule(Message):
    """Above a power: the fee for a kWh, for parking a period, and where the energy comes from (renewable share in %)."""

    energy_fee: RationalNumber
    parking_fee: RationalNumber | None = None
    parking_fee_period: UnsignedInt | None = None
    carbon_dioxide_emission: UnsignedShort | None = None
    renewable_generation_percentage: UnsignedByte | None = None
    power_range_start: RationalNumber


class PriceRuleStack(Message):
    """For so long, these rules hold, by power."""

    duration: UnsignedInt
    price_rule: Annotated[tuple[PriceRule, ...], Occurs(1, 8)]


class PriceRuleStackList(Message):
    """Stacks of rules, each following the last."""

    price_rule_stack: Annotated[tuple[PriceRuleStack, ...], Occurs(1, 1024)]


class OverstayRule(Message):
    """What staying on costs from a time on: the fee for a period."""

    overstay_rule_description: Description | None = None
    start_time: UnsignedInt
    overstay_fee: RationalNumber
    overstay_fee_period: UnsignedInt


class OverstayRuleList(Message):
    """When staying on begins (below a power, after a time), and what it costs."""

    overstay_time_threshold: UnsignedInt | None = None
    overstay_power_threshold: RationalNumber | None = None
    overstay_rule: Annotated[tuple[OverstayRule, ...], Occurs(1, 5)]


class AdditionalService(Message):
    """Another service and its fee."""

    service_name: NameText
    service_fee: RationalNumber


class AdditionalServiceList(Message):
    """Other services that are charged for."""

    additional_service: Annotated[tuple[AdditionalService, ...], Occurs(1, 5)]


class AbsolutePriceSchedule(PriceSchedule):
    """Prices in a currency, told in a language (codes of three letters), by the algorithm the URN names. Signed when it has an Id."""

    id: Id | None = None
    currency: Currency
    language: Language
    price_algorithm: Identifier
    minimum_cost: RationalNumber | None = None
    maximum_cost: RationalNumber | None = None
    tax_rules: TaxRuleList | None = None
    price_rule_stacks: PriceRuleStackList
    overstay_rules: OverstayRuleList | None = None
    additional_selected_services: AdditionalServiceList | None = None


class EVPriceRule(Message):
    """Above a power: what the vehicle asks for a kWh."""

    energy_fee: RationalNumber
    power_range_start: RationalNumber


class EVPriceRuleStack(Message):
    """For so long, these rules of the vehicle hold, by power."""

    duration: UnsignedInt
    ev_price_rule: Annotated[tuple[EVPriceRule, ...], Occurs(1, 8)]


class EVPriceRuleStackList(Message):
    """The vehicle's stacks of rules, each following the last."""

    ev_price_rule_stack: Annotated[tuple[EVPriceRuleStack, ...], Occurs(1, 1024)]


class EVAbsolutePriceSchedule(Message):
    """The vehicle's prices for the energy it offers."""

    time_anchor: UnsignedLong
    currency: Currency
    price_algorithm: Identifier
    ev_price_rule_stacks: EVPriceRuleStackList
