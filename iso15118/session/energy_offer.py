"""The car's energy offer on the wire and back: what it would take and give, and the fees it asks. For both roles."""

from __future__ import annotations

from iso15118.energy import Offer, Slot
from iso15118.messages.stamps import anchored
from iso15118.messages.v20 import price
from iso15118.messages.v20 import schedule as wire
from iso15118.messages.v20.rational import number, rational
from iso15118.session.prices import ALGORITHM, read_stacks
from iso15118.session.steps import whole_seconds
from iso15118.tariff import Algorithm, Stack
from iso15118.units import MICROSECONDS


def say_offer(offer: Offer, stamp: int) -> wire.EVEnergyOffer:
    """The offer from `stamp` (us) on; discharge is negative. A slot with both directions offers to discharge."""
    entries = tuple(
        wire.EVPowerScheduleEntry(duration=seconds, power=rational(-slot.discharge if slot.discharge else slot.charge))
        for seconds, slot in zip(whole_seconds(slot.duration for slot in offer.slots), offer.slots, strict=True)
    )
    power = wire.EVPowerSchedule(
        time_anchor=stamp, ev_power_schedule_entries=wire.EVPowerScheduleEntryList(ev_power_schedule_entry=entries)
    )
    stacks = price.EVPriceRuleStackList(ev_price_rule_stack=tuple(_stack(stack) for stack in offer.stacks))
    return wire.EVEnergyOffer(
        ev_power_schedule=power,
        ev_absolute_price_schedule=price.EVAbsolutePriceSchedule(
            time_anchor=stamp, currency=offer.currency, price_algorithm=ALGORITHM + Algorithm.POWER, ev_price_rule_stacks=stacks
        ),
    )


def _stack(stack: Stack) -> price.EVPriceRuleStack:
    rules = tuple(price.EVPriceRule(energy_fee=rational(rule.energy), power_range_start=rational(rule.above)) for rule in stack.rules)
    return price.EVPriceRuleStack(duration=round(stack.duration), ev_price_rule=rules)


def read_offer(told: wire.EVEnergyOffer, heard: int) -> Offer:
    """What a car offers; `heard` (us) stands for an anchor that tells no time."""
    power, fees = told.ev_power_schedule, told.ev_absolute_price_schedule
    entries = ((e.duration, number(e.power)) for e in power.ev_power_schedule_entries.ev_power_schedule_entry)
    return Offer(
        anchored(power.time_anchor, heard) / MICROSECONDS,
        tuple(Slot(duration, max(0.0, watt), max(0.0, -watt)) for duration, watt in entries if duration),
        read_stacks(fees.ev_price_rule_stacks.ev_price_rule_stack),
        fees.currency,
    )
