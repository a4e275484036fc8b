"""Power over time: what the charger grants and at what price, and what the vehicle makes of it.

Intervals start so many s from now; the last one lasts for its duration, the others to the start of the next. Powers in W.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head, Message, Name, Occurs
from iso15118.messages.din.facets import SAID, PMax
from iso15118.messages.enumerations import CostKind
from iso15118.messages.facets import Multiplier, TariffDescription, UnsignedByte, UnsignedInt
from iso15118.messages.xmldsig import Id


class RelativeTimeInterval(Message):
    """From so many s from now on, for so many s."""

    start: Annotated[UnsignedInt, Name("start")]
    duration: Annotated[UnsignedInt | None, Name("duration")] = None


class Entry(Message):
    """Base of what holds during an interval."""

    abstract = True

    time_interval: Annotated[RelativeTimeInterval, Head("TimeInterval")]


class PMaxScheduleEntry(Entry):
    """The most power during an interval, in W. More than 32767 W cannot be said."""

    p_max: PMax


class PMaxSchedule(Message):
    """Limits of power, each following the last."""

    p_max_schedule_id: SAID
    p_max_schedule_entry: Annotated[tuple[PMaxScheduleEntry, ...], Occurs(1, None)]


class Cost(Message):
    """An amount of cost of one kind: amount x 10**multiplier."""

    cost_kind: Annotated[CostKind, Name("costKind")]
    amount: Annotated[UnsignedInt, Name("amount")]
    amount_multiplier: Annotated[Multiplier | None, Name("amountMultiplier")] = None


class ConsumptionCost(Message):
    """What it costs to draw more than `start_value` (W)."""

    start_value: Annotated[UnsignedInt, Name("startValue")]
    cost: Annotated[tuple[Cost, ...], Occurs(0, None)] = ()


class SalesTariffEntry(Entry):
    """The price during an interval: its level (the lower, the cheaper), and costs by power."""

    e_price_level: UnsignedByte
    consumption_cost: Annotated[tuple[ConsumptionCost, ...], Occurs(0, None)] = ()


class SalesTariff(Message):
    """Prices over time, in so many levels."""

    id: Id
    sales_tariff_id: SAID
    sales_tariff_description: TariffDescription | None = None
    num_e_price_levels: UnsignedByte
    sales_tariff_entry: Annotated[tuple[SalesTariffEntry, ...], Occurs(1, None)]


class SAScheduleTuple(Message):
    """One of the schedules to choose from, and its prices."""

    sa_schedule_tuple_id: SAID
    p_max_schedule: PMaxSchedule
    sales_tariff: SalesTariff | None = None


class SAScheduleList(Message):
    """The schedules to choose from."""

    sa_schedule_tuple: Annotated[tuple[SAScheduleTuple, ...], Occurs(1, None)]


class ProfileEntry(Message):
    """From so many s from now on, at most this power (W)."""

    charging_profile_entry_start: UnsignedInt
    charging_profile_entry_max_power: PMax


class ChargingProfile(Message):
    """The schedule chosen, and what the vehicle will draw, each entry until the next."""

    sa_schedule_tuple_id: SAID
    profile_entry: Annotated[tuple[ProfileEntry, ...], Occurs(1, None)]
