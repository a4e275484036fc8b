"""Power over time: what the charger grants and at what price, and what the vehicle makes of it.

Intervals start so many s from now; the last one lasts for its duration, the others to the start of the next. Powers in W.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head, Message, Name, Occurs
from iso15118.messages.enumerations import CostKind
from iso15118.messages.facets import Multiplier, TariffDescription, UnsignedByte, UnsignedInt
from iso15118.messages.iso2.common import PhysicalValue
from iso15118.messages.iso2.facets import SAID, Duration, PhaseCount, Start
from iso15118.messages.xmldsig import Id


class RelativeTimeInterval(Message):
    """From so many s from now on, for so many s."""

    start: Annotated[Start, Name("start")]
    duration: Annotated[Duration | None, Name("duration")] = None


class Entry(Message):
    """Base of what holds during an interval."""

    abstract = True

    time_interval: Annotated[RelativeTimeInterval, Head("TimeInterval")]


class PMaxScheduleEntry(Entry):
    """The most power during an interval, in W, all phases together."""

    p_max: PhysicalValue


class PMaxSchedule(Message):
    """Limits of power, each following the last."""

    p_max_schedule_entry: Annotated[tuple[PMaxScheduleEntry, ...], Occurs(1, 1024)]


class Cost(Message):
    """An amount of cost of one kind: amount x 10**multiplier."""

    cost_kind: Annotated[CostKind, Name("costKind")]
    amount: Annotated[UnsignedInt, Name("amount")]
    amount_multiplier: Annotated[Multiplier | None, Name("amountMultiplier")] = None


class ConsumptionCost(Message):
    """What it costs to draw more than `start_value` (W)."""

    start_value: Annotated[PhysicalValue, Name("startValue")]
    cost: Annotated[tuple[Cost, ...], Occurs(1, 3)]


class SalesTariffEntry(Entry):
    """The price during an interval: its level (the lower, the cheaper), and costs by power."""

    e_price_level: UnsignedByte | None = None
    consumption_cost: Annotated[tuple[ConsumptionCost, ...], Occurs(0, 3)] = ()


class SalesTariff(Message):
    """Prices over time, in so many levels. Signed where it has an Id."""

    id: Id | None = None
    sales_tariff_id: SAID
    sales_tariff_description: TariffDescription | None = None
    num_e_price_levels: UnsignedByte | None = None
    sales_tariff_entry: Annotated[tuple[SalesTariffEntry, ...], Occurs(1, 1024)]


class SAScheduleTuple(Message):
    """One of the schedules to choose from, and its prices."""

    sa_schedule_tuple_id: SAID
    p_max_schedule: PMaxSchedule
    sales_tariff: SalesTariff | None = None


class SAScheduleList(Message):
    """The schedules to choose from."""

    sa_schedule_tuple: Annotated[tuple[SAScheduleTuple, ...], Occurs(1, 3)]


class ProfileEntry(Message):
    """From so many s from now on, at most this power (W), on so many phases."""

    charging_profile_entry_start: UnsignedInt
    charging_profile_entry_max_power: PhysicalValue
    charging_profile_entry_max_number_of_phases_in_use: PhaseCount | None = None


class ChargingProfile(Message):
    """What the vehicle will draw, each entry until the next."""

    profile_entry: Annotated[tuple[ProfileEntry, ...], Occurs(1, 24)]
