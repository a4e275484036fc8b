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
    price: Fee | None = None
    pays: Fee | None = None


class SlotTable(Table):
    """One step: s, W, and what a kWh costs (`price`) or brings the vehicle (`pays`)."""

    duration: Annotated[float, Field(ge=1, le=2**32 - 1, description="1..4294967295 s")]
    charge: Magnitude
    discharge: Magnitude = 0.0
    phases: Annotated[
        list[Magnitude] | None, Field(min_length=3, max_length=3, description="a list of three numbers: W of charging in L1, L2 and L3")
    ] = None
    price: Fee | None = None
    pays: Fee | None = None
    above: Annotated[list[RuleTable], Field(max_length=7, description="a list of at most 7 {power = ..., price = ..., pays = ...}")] = (
        Field(default=[])
    )
    level: LevelNumber | None = None
    back_level: LevelNumber | None = None
    parking: Fee | None = None
    parking_period: Positive | None = None
    carbon: Annotated[int | None, Field(ge=0, le=65535, description="0..65535 g a kWh")] = None
    renewable: Annotated[int | None, Field(ge=0, le=100, description="0..100 percent")] = None


class TaxTable(Table):
    """A tax, in percent of the fees named."""

    rate: Magnitude
    name: Annotated[str, Field(max_length=80, description="a text of at most 80 characters")] = ""
    included: Flag | None = None
    on: Annotated[
        list[Literal["energy", "parking", "overstay", "limits"]],
        Field(description='a list of "energy", "parking", "overstay" and "limits"'),
    ] = Field(default=["energy", "parking", "overstay"])


class OverstayTable(Table):
    """What staying on costs from `start` s on."""

    start: Magnitude
    fee: Fee
    period: Positive
    name: Annotated[str, Field(max_length=160, description="a text of at most 160 characters")] = ""


class ExtraTable(Table):
    """Another service that is charged for."""

    name: Annotated[str, Field(min_length=1, max_length=80, description="a text of 1 to 80 characters")]
    fee: Fee


class ScheduleTable(Table):
    """One schedule tuple."""

    slots: Annotated[
        list[SlotTable], Field(min_length=1, max_length=1024, description="a list of 1 to 1024 {duration = ..., charge = ...}")
    ]
    tolerance: Magnitude | None = None
    available_energy: Magnitude | None = None
    available_back: Magnitude | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description='a code of three capital letters, such as "EUR"')] = "EUR"
    language: Annotated[str, Field(pattern="^[a-z]{3}$", description='a code of three letters, such as "eng"')] = "eng"
    algorithm: Annotated[
        Literal["power", "peak_power", "stacked_energy"], Field(description='"power", "peak_power" or "stacked_energy"')
    ] = "power"
    description: Annotated[str, Field(max_length=160, description="a text of at most 160 characters")] = ""
    minimum_cost: Fee | None = None
    maximum_cost: Fee | None = None
    taxes: Annotated[list[TaxTable], Field(max_length=10, description="a list of at most 10 {rate = ...}")] = Field(default=[])
    overstay: Annotated[list[OverstayTable], Field(max_length=5, description="a list of at most 5 {start, fee, period}")] = Field(
        default=[]
    )
    overstay_after: Magnitude | None = None
    overstay_below: Magnitude | None = None
    services: Annotated[list[ExtraTable], Field(max_length=5, description="a list of at most 5 {name = ..., fee = ...}")] = Field(
        default=[]
    )


class ProposalTable(Table):
    """Mobility needs that the charger knows: s from the session's start, percent, s to acknowledge."""

    departure: Positive | None = None
    minimum_soc: Annotated[int | None, Field(ge=0, le=100, description="0..100")] = None
    target_soc: Annotated[int | None, Field(ge=0, le=100, description="0..100")] = None
    reaction: Annotated[float, Field(ge=1, le=65535, description="1..65535 s")] = 30.0


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
