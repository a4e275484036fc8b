"""The `[[evse.schedule]]` tables of a charger's file: what an outlet offers over time, and what it costs."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from iso15118.energy import Mobility, Plan, Slot
from iso15118.errors import LocalError
from iso15118.service.config.toml import Flag, Magnitude, Positive, Table
from iso15118.session.services import Pricing, Service
from iso15118.tariff import Algorithm, Extra, Level, Overstay, Rule, Stack, Tariff, Tax
from iso15118.units import PerPhase

Fee = Annotated[float, Field(allow_inf_nan=False, description="a finite number, for a kWh")]
LevelNumber = Annotated[int, Field(ge=0, le=255, description="0..255, 0 the best for the vehicle")]
_ALGORITHMS: Final = {"power": Algorithm.POWER, "peak_power": Algorithm.PEAK_POWER, "stacked_energy": Algorithm.STACKED_ENERGY}


class RuleTable(Table):
    """Another price from a power on."""

    power: Positive
    """W, from which on it holds."""
    price: Fee | None = None
    """What a kWh costs."""
    pays: Fee | None = None
    """What a kWh given back brings the vehicle."""


class SlotTable(Table):
    """One step: s, W, and what a kWh costs (`price`) or brings the vehicle (`pays`)."""

    duration: Annotated[float, Field(ge=1, le=2**32 - 1, description="1..4294967295 s")]
    """s."""
    charge: Magnitude
    """W, most into the vehicle."""
    discharge: Magnitude = 0.0
    """W, most out of it."""
    phases: Annotated[
        list[Magnitude] | None, Field(min_length=3, max_length=3, description="a list of three numbers: W of charging in L1, L2 and L3")
    ] = None
    """W of charging in each phase, on alternating current."""
    price: Fee | None = None
    """What a kWh costs."""
    pays: Fee | None = None
    """What a kWh given back brings the vehicle."""
    above: Annotated[list[RuleTable], Field(max_length=7, description="a list of at most 7 {power = ..., price = ..., pays = ...}")] = (
        Field(default=[])
    )
    """Other prices from a power on."""
    level: LevelNumber | None = None
    """Price level of charging, for `levels`."""
    back_level: LevelNumber | None = None
    """Price level of giving back."""
    parking: Fee | None = None
    """What parking costs meanwhile, each parking_period."""
    parking_period: Positive | None = None
    """s."""
    carbon: Annotated[int | None, Field(ge=0, le=65535, description="0..65535 g a kWh")] = None
    """CO2, g a kWh."""
    renewable: Annotated[int | None, Field(ge=0, le=100, description="0..100 percent")] = None
    """Percent of renewable energy."""


class TaxTable(Table):
    """A tax, in percent of the fees named."""

    rate: Magnitude
    """Percent."""
    name: Annotated[str, Field(max_length=80, description="a text of at most 80 characters")] = ""
    """For people."""
    included: Flag | None = None
    """The fees include it already."""
    on: Annotated[
        list[Literal["energy", "parking", "overstay", "limits"]],
        Field(description='a list of "energy", "parking", "overstay" and "limits"'),
    ] = Field(default=["energy", "parking", "overstay"])
    """The fees it is on."""


class OverstayTable(Table):
    """What staying on costs from `start` s on."""

    start: Magnitude
    """s from the start of overstaying on."""
    fee: Fee
    """Each period."""
    period: Positive
    """s."""
    name: Annotated[str, Field(max_length=160, description="a text of at most 160 characters")] = ""
    """For people."""


class ExtraTable(Table):
    """Another service that is charged for."""

    name: Annotated[str, Field(min_length=1, max_length=80, description="a text of 1 to 80 characters")]
    """For people."""
    fee: Fee
    """Once."""


class ScheduleTable(Table):
    """One schedule tuple."""

    slots: Annotated[
        list[SlotTable], Field(min_length=1, max_length=1024, description="a list of 1 to 1024 {duration = ..., charge = ...}")
    ]
    """The schedule, step by step."""
    tolerance: Magnitude | None = None
    """W by which a car that confirms it may leave its profile."""
    available_energy: Magnitude | None = None
    """Wh, most into the vehicle over the schedule."""
    available_back: Magnitude | None = None
    """Wh, most out of it."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description='a code of three capital letters, such as "EUR"')] = "EUR"
    """Of all prices."""
    language: Annotated[str, Field(pattern="^[a-z]{3}$", description='a code of three letters, such as "eng"')] = "eng"
    """Of the texts."""
    algorithm: Annotated[
        Literal["power", "peak_power", "stacked_energy"], Field(description='"power", "peak_power" or "stacked_energy"')
    ] = "power"
    """How prices of several powers make one: that of the power, of the highest power, or of each part of the power."""
    description: Annotated[str, Field(max_length=160, description="a text of at most 160 characters")] = ""
    """For people."""
    minimum_cost: Fee | None = None
    """The least that is charged."""
    maximum_cost: Fee | None = None
    """The most that is charged."""
    taxes: Annotated[list[TaxTable], Field(max_length=10, description="a list of at most 10 {rate = ...}")] = Field(default=[])
    """Taxes on the fees."""
    overstay: Annotated[list[OverstayTable], Field(max_length=5, description="a list of at most 5 {start, fee, period}")] = Field(
        default=[]
    )
    """What staying on costs."""
    overstay_after: Magnitude | None = None
    """s without power after which a car overstays."""
    overstay_below: Magnitude | None = None
    """W below which it counts as without power."""
    services: Annotated[list[ExtraTable], Field(max_length=5, description="a list of at most 5 {name = ..., fee = ...}")] = Field(
        default=[]
    )
    """What else is charged for."""


class ProposalTable(Table):
    """Mobility needs that the charger knows: s from the session's start, percent, s to acknowledge."""

    departure: Positive | None = None
    """s from the start of the session."""
    minimum_soc: Annotated[int | None, Field(ge=0, le=100, description="0..100")] = None
    """Percent."""
    target_soc: Annotated[int | None, Field(ge=0, le=100, description="0..100")] = None
    """Percent."""
    reaction: Annotated[float, Field(ge=1, le=65535, description="1..65535 s")] = 30.0
    """s in which the car has to take it up."""


def proposal(where: str, table: ProposalTable | None) -> Mobility | None:
    """What is proposed to a car, its departure in s from the start of the session. Raises LocalError."""
    if table is None:
        return None
    try:
        return Mobility(table.departure, table.minimum_soc, table.target_soc, table.reaction)
    except LocalError as error:
        raise LocalError(f"{where}.proposal: {error}") from None


def plans(where: str, tables: list[ScheduleTable], services: tuple[Service, ...]) -> tuple[Plan, ...]:
    """The schedules from the start of a session. Raises LocalError, also where a Pricing on offer has no prices to tell."""
    made = tuple(_plan(f"{where}.schedule[{i}]", table) for i, table in enumerate(tables))
    pricings = {parameters.pricing for service in services for parameters in service.sets}
    for i, plan in enumerate(made):
        if Pricing.ABSOLUTE in pricings and (plan.tariff is None or not plan.tariff.stacks):
            raise LocalError(f'{where}.schedule[{i}].slots: no price; allowed: a price in each slot, since "absolute" pricing is offered')
        if Pricing.LEVELS in pricings and (plan.tariff is None or not plan.tariff.graded):
            raise LocalError(f'{where}.schedule[{i}].slots: no level; allowed: a level or price in each slot, since "levels" are offered')
    return made


def _plan(where: str, table: ScheduleTable) -> Plan:
    for key in ("price", "pays", "level", "back_level"):
        said = sum(getattr(slot, key) is not None for slot in table.slots)
        if 0 < said < len(table.slots):
            raise LocalError(f"{where}.slots: {key} in {said} of {len(table.slots)}; allowed: in each of them, or in none")
    try:
        return Plan(
            0.0,
            tuple(Slot(s.duration, s.charge, s.discharge, None if s.phases is None else PerPhase(*s.phases)) for s in table.slots),
            table.tolerance,
            table.available_energy,
            table.available_back,
            _tariff(table, "price", "level", 1.0),
            _tariff(table, "pays", "back_level", -1.0),
        )
    except LocalError as error:
        raise LocalError(f"{where}: {error}") from None


def _tariff(table: ScheduleTable, key: str, level: str, sign: float) -> Tariff | None:
    """The tariff of one direction; `sign`: of what the vehicle owes."""
    stacks = tuple(_stack(slot, key, sign) for slot in table.slots if getattr(slot, key) is not None)
    levels = tuple(Level(slot.duration, getattr(slot, level)) for slot in table.slots if getattr(slot, level) is not None)
    if not stacks and not levels:
        return None
    return Tariff(
        stacks,
        levels,
        table.currency,
        table.language,
        _ALGORITHMS[table.algorithm],
        table.description,
        table.minimum_cost,
        table.maximum_cost,
        tuple(
            Tax(t.rate, t.name, t.included, *(what in t.on for what in ("energy", "parking", "overstay", "limits"))) for t in table.taxes
        ),
        tuple(Overstay(rule.start, rule.fee, rule.period, rule.name) for rule in table.overstay),
        table.overstay_after,
        table.overstay_below,
        tuple(Extra(extra.name, extra.fee) for extra in table.services),
    )


def _stack(slot: SlotTable, key: str, sign: float) -> Stack:
    beside = (slot.parking, slot.parking_period) if key == "price" else (None, None)
    first = Rule(sign * getattr(slot, key), 0.0, *beside, slot.carbon, slot.renewable)
    others = (Rule(sign * fee, rule.power) for rule in slot.above if (fee := getattr(rule, key)) is not None)
    return Stack(slot.duration, (first, *sorted(others, key=lambda rule: rule.above)))
