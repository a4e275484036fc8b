"""Tariffs to price schedules and back: absolute ones and those of levels, both directions side by side, for both roles.

A schedule that is to be signed gets its `id` where it is signed; what is made here has none.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final, TypeAlias, TypeVar

from iso15118.errors import PeerError
from iso15118.messages.v20 import price as wire
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.rational import number, rational
from iso15118.session.services import Pricing
from iso15118.session.steps import fewer, whole_seconds
from iso15118.tariff import Algorithm, Extra, Level, Overstay, Rule, Stack, Tariff, Tax
from iso15118.units import Second
from iso15118.value import replace

E = TypeVar("E", Stack, Level)
PriceSchedule: TypeAlias = wire.AbsolutePriceSchedule | wire.PriceLevelSchedule
ALGORITHM: Final = "urn:iso:std:iso:15118:-20:PriceAlgorithm:"
"""What the names of the algorithms begin with."""
FREE: Final = Tariff(levels=(Level(1, 0),))
"""One level, which tells nothing: for a schedule that has to have a price where none is known."""


def price_schedule(tariff: Tariff, pricing: int, *, anchor: int, id: int, span: int, points: int) -> PriceSchedule | None:
    """The tariff in the form that `pricing` asks for, over `span` s, in at most `points` entries; None where it does not know that form."""
    if pricing == Pricing.ABSOLUTE and tariff.stacks:
        return _absolute(tariff, anchor, id, fewer(_covering(tariff.stacks, span), points, _dearer_by, _dearer))
    if pricing == Pricing.LEVELS and tariff.graded:
        return _levels(tariff, anchor, id, fewer(_covering(tariff.graded, span), points, _worse_by, _worse))
    return None


def _covering(entries: tuple[E, ...], span: Second) -> tuple[E, ...]:
    """The entries with the last one drawn out or the end cut off, so that together they cover exactly `span` seconds."""
    ends: list[Second] = list(accumulate(entry.duration for entry in entries))
    kept: list[E] = [entry for entry, begin in zip(entries, (0.0, *ends), strict=False) if begin < span]
    kept[-1] = replace(kept[-1], duration=kept[-1].duration + span - ends[len(kept) - 1])
    return tuple(kept)


def _dearer(a: Stack, b: Stack) -> Stack:
    """One stack for both, which promises no better price than either did."""
    starts = sorted({rule.above for rule in (*a.rules, *b.rules)})
    while len(starts) > 8:
        starts.pop()
    rules = []
    for i, start in enumerate(starts):
        within = [r for stack in (a, b) for r in _in_range(stack, start, starts[i + 1] if i + 1 < len(starts) else float("inf"))]
        worst = max(within, key=lambda rule: rule.energy)
        park = max((r for r in within if r.parking is not None and r.parking_period), key=_parking_rate, default=worst)
        rules.append(
            Rule(
                worst.energy,
                start,
                park.parking,
                park.parking_period,
                max((r.carbon for r in within if r.carbon is not None), default=None),
                min((r.renewable for r in within if r.renewable is not None), default=None),
            )
        )
    return Stack(a.duration + b.duration, tuple(rules))


def _in_range(stack: Stack, low: float, high: float) -> list[Rule]:
    """The rules of a stack that hold anywhere from `low` up to `high` W."""
    ends = (*(rule.above for rule in stack.rules[1:]), float("inf"))
    return [rule for rule, end in zip(stack.rules, ends, strict=True) if rule.above < high and end > low]


def _parking_rate(rule: Rule) -> float:
    return (rule.parking or 0.0) / (rule.parking_period or 1.0)


def _dearer_by(a: Stack, b: Stack) -> float:
    """How much worse the joined price is, over the time for which it is."""
    low, high = sorted((a, b), key=lambda stack: stack.rules[0].energy)
    return (high.rules[0].energy - low.rules[0].energy) * low.duration + (0.0 if len(a.rules) == len(b.rules) else low.duration)


def _worse(a: Level, b: Level) -> Level:
    return Level(a.duration + b.duration, max(a.level, b.level))


def _worse_by(a: Level, b: Level) -> float:
    return abs(a.level - b.level) * (a if a.level < b.level else b).duration


def _said(value: float | None) -> RationalNumber | None:
    return None if value is None else rational(value)


def _heard(value: RationalNumber | None) -> float | None:
    return None if value is None else number(value)


def _levels(tariff: Tariff, anchor: int, id: int, levels: tuple[Level, ...]) -> wire.PriceLevelSchedule:
    entries = tuple(
        wire.PriceLevelScheduleEntry(duration=duration, price_level=level.level)
        for duration, level in zip(whole_seconds(e.duration for e in levels), levels, strict=True)
    )
    return wire.PriceLevelSchedule(
        time_anchor=anchor,
        price_schedule_id=id,
        price_schedule_description=tariff.description or None,
        number_of_price_levels=max(level.level for level in tariff.graded),
        price_level_schedule_entries=wire.PriceLevelScheduleEntryList(price_level_schedule_entry=entries),
    )


def _absolute(tariff: Tariff, anchor: int, id: int, stacks: tuple[Stack, ...]) -> wire.AbsolutePriceSchedule:
    taxes, extras = tuple(_tax(tax, i) for i, tax in enumerate(tariff.taxes, 1)), tariff.extras
    return wire.AbsolutePriceSchedule(
        time_anchor=anchor,
        price_schedule_id=id,
        price_schedule_description=tariff.description or None,
        currency=tariff.currency,
        language=tariff.language,
        price_algorithm=ALGORITHM + tariff.algorithm,
        minimum_cost=_said(tariff.minimum_cost),
        maximum_cost=_said(tariff.maximum_cost),
        tax_rules=wire.TaxRuleList(tax_rule=taxes) if taxes else None,
        price_rule_stacks=wire.PriceRuleStackList(
            price_rule_stack=tuple(
                wire.PriceRuleStack(duration=duration, price_rule=tuple(_rule(rule) for rule in stack.rules))
                for duration, stack in zip(whole_seconds(e.duration for e in stacks), stacks, strict=True)
            )
        ),
        overstay_rules=_overstay(tariff) if tariff.overstays else None,
        additional_selected_services=wire.AdditionalServiceList(
            additional_service=tuple(wire.AdditionalService(service_name=e.name, service_fee=rational(e.fee)) for e in extras)
        )
        if extras
        else None,
    )


def _tax(tax: Tax, id: int) -> wire.TaxRule:
    return wire.TaxRule(
        tax_rule_id=id,
        tax_rule_name=tax.name or None,
        tax_rate=rational(tax.rate),
        tax_included_in_price=tax.included,
        applies_to_energy_fee=tax.on_energy,
        applies_to_parking_fee=tax.on_parking,
        applies_to_overstay_fee=tax.on_overstay,
        applies_minimum_maximum_cost=tax.on_limits,
    )


def _rule(rule: Rule) -> wire.PriceRule:
    return wire.PriceRule(
        energy_fee=rational(rule.energy),
        parking_fee=_said(rule.parking),
        parking_fee_period=None if rule.parking_period is None else round(rule.parking_period),
        carbon_dioxide_emission=rule.carbon,
        renewable_generation_percentage=rule.renewable,
        power_range_start=rational(rule.above),
    )


def _overstay(tariff: Tariff) -> wire.OverstayRuleList:
    return wire.OverstayRuleList(
        overstay_time_threshold=None if tariff.overstay_after is None else round(tariff.overstay_after),
        overstay_power_threshold=_said(tariff.overstay_below),
        overstay_rule=tuple(
            wire.OverstayRule(
                overstay_rule_description=rule.name or None,
                start_time=round(rule.start),
                overstay_fee=rational(rule.fee),
                overstay_fee_period=round(rule.period),
            )
            for rule in tariff.overstays
        ),
    )


def read_tariff(told: PriceSchedule) -> Tariff:
    """The tariff a price schedule tells. Entries of no duration fall out, rules of a stack are put in order.

    Raises PeerError on an unknown algorithm, LocalError on what no tariff can be.
    """
    description = told.price_schedule_description or ""
    if isinstance(told, wire.PriceLevelSchedule):
        listed = told.price_level_schedule_entries.price_level_schedule_entry
        return Tariff(levels=tuple(Level(e.duration, e.price_level) for e in listed if e.duration), description=description)
    overstay, extras = told.overstay_rules, told.additional_selected_services
    return Tariff(
        read_stacks(told.price_rule_stacks.price_rule_stack),
        currency=told.currency,
        language=told.language,
        algorithm=_algorithm(told.price_algorithm),
        description=description,
        minimum_cost=_heard(told.minimum_cost),
        maximum_cost=_heard(told.maximum_cost),
        taxes=tuple(_read_tax(tax) for tax in told.tax_rules.tax_rule) if told.tax_rules else (),
        overstays=tuple(
            Overstay(r.start_time, number(r.overstay_fee), r.overstay_fee_period, r.overstay_rule_description or "")
            for r in (overstay.overstay_rule if overstay else ())
        ),
        overstay_after=overstay.overstay_time_threshold if overstay else None,
        overstay_below=_heard(overstay.overstay_power_threshold) if overstay else None,
        extras=tuple(Extra(e.service_name, number(e.service_fee)) for e in (extras.additional_service if extras else ())),
    )


def _algorithm(told: str) -> Algorithm:
    try:
        return Algorithm(told.removeprefix(ALGORITHM))
    except ValueError:
        raise PeerError(f"a price schedule by an unknown algorithm, {told!r}") from None


def _read_tax(tax: wire.TaxRule) -> Tax:
    return Tax(
        number(tax.tax_rate),
        tax.tax_rule_name or "",
        tax.tax_included_in_price,
        tax.applies_to_energy_fee,
        tax.applies_to_parking_fee,
        tax.applies_to_overstay_fee,
        tax.applies_minimum_maximum_cost,
    )


def read_stacks(told: tuple[wire.PriceRuleStack, ...] | tuple[wire.EVPriceRuleStack, ...]) -> tuple[Stack, ...]:
    """Price rule stacks of either side, each with its rules by rising power, the lowest of them from 0 W on."""
    return tuple(Stack(stack.duration, _read_rules(stack)) for stack in told if stack.duration)


def _read_rules(stack: wire.PriceRuleStack | wire.EVPriceRuleStack) -> tuple[Rule, ...]:
    told: tuple[wire.PriceRule, ...] | tuple[wire.EVPriceRule, ...]
    told = stack.price_rule if isinstance(stack, wire.PriceRuleStack) else stack.ev_price_rule
    rules: dict[float, Rule] = {}
    for each in told:
        above, energy = number(each.power_range_start), number(each.energy_fee)
        if isinstance(each, wire.PriceRule):
            parks = each.parking_fee is not None and bool(each.parking_fee_period)
            rule = Rule(
                energy,
                above,
                _heard(each.parking_fee) if parks else None,
                each.parking_fee_period if parks else None,
                each.carbon_dioxide_emission,
                each.renewable_generation_percentage,
            )
        else:
            rule = Rule(energy, above)
        rules[max(0.0, above)] = rule
    lowest = min(rules)
    return tuple(replace(rules[above], above=0.0 if above == lowest else above) for above in sorted(rules))
