"""What energy costs over time, in one direction: words of the site, frozen. Neighbour: `energy`, whose plans carry tariffs.

Fees are in the tariff's currency, those of energy for a kWh. They are what the *vehicle* owes, for charging as for giving back: negative,
and the vehicle is paid. Hence the lower fee, and the lower level, is the better one for the vehicle in both directions.
"""

from __future__ import annotations

from enum import StrEnum

from iso15118.errors import LocalError
from iso15118.units import HOUR, KWH, Second, Watt
from iso15118.value import Value


class Algorithm(StrEnum):
    """How the rules of a stack make a price."""

    POWER = "1-Power"
    """All energy costs what the rule says in whose range of power it flows."""
    PEAK_POWER = "2-PeakPower"
    """All energy costs what the rule says in whose range the highest power lies."""
    STACKED_ENERGY = "3-StackedEnergy"
    """Each part of the power costs what the rule of its own range says."""


class Rule(Value):
    """The price from a power on, up to that of the next rule."""

    energy: float
    above: Watt = 0.0
    parking: float | None = None
    """For each `parking_period` begun."""
    parking_period: Second | None = None
    carbon: int | None = None
    """g of CO2 a kWh."""
    renewable: int | None = None
    """Percent of the energy."""


class Stack(Value):
    """For `duration`, these rules: 1 to 8, by rising power, the first from 0 W."""

    duration: Second
    rules: tuple[Rule, ...]

    def rate(self, power: Watt, algorithm: Algorithm) -> float:
        """What an hour at `power` (W, magnitude) costs for its energy alone, without taxes."""
        if algorithm is Algorithm.STACKED_ENERGY:
            tops = (*(rule.above for rule in self.rules[1:]), power)
            return sum(rule.energy * max(0.0, min(top, power) - rule.above) for rule, top in zip(self.rules, tops, strict=True)) / KWH
        rule = next((rule for rule in reversed(self.rules) if rule.above <= power), self.rules[0])
        return rule.energy * power / KWH


class Level(Value):
    """For `duration`, this level: 0 is the best for the vehicle, 255 the worst there can be."""

    duration: Second
    level: int


class Tax(Value):
    """A tax on the fees named; `rate` in percent."""

    rate: float
    name: str = ""
    included: bool | None = None
    """In the prices told; None: not said."""
    on_energy: bool = True
    on_parking: bool = True
    on_overstay: bool = True
    on_limits: bool = False
    """Minimum and maximum cost are before this tax."""


class Overstay(Value):
    """What staying on costs from `start` on: the fee for each `period` begun."""

    start: Second
    fee: float
    period: Second
    name: str = ""


class Extra(Value):
    """Another service, and its fee."""

    name: str
    fee: float


class Rate(Value):
    """What a kWh costs the driver, for the receipt: before taxes, and the taxes in percent. Raises LocalError on more taxes than fit."""

    energy: float
    taxes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.taxes) > 10:
            raise LocalError(f"{len(self.taxes)} taxes: a receipt has room for 10")


class Tariff(Value):
    """Prices from the start of the plan that carries it. Raises LocalError on what no price schedule can say.

    Either form may be missing: `stacks` are the prices themselves, `levels` only rank them.
    """

    stacks: tuple[Stack, ...] = ()
    levels: tuple[Level, ...] = ()
    currency: str = "EUR"
    language: str = "eng"
    algorithm: Algorithm = Algorithm.POWER
    description: str = ""
    minimum_cost: float | None = None
    maximum_cost: float | None = None
    taxes: tuple[Tax, ...] = ()
    overstays: tuple[Overstay, ...] = ()
    overstay_after: Second | None = None
    """Overstay begins so long after charging is complete."""
    overstay_below: Watt | None = None
    """Overstay begins below this power."""
    extras: tuple[Extra, ...] = ()

    def __post_init__(self) -> None:
        for what, count, most in (
            ("taxes", len(self.taxes), 10),
            ("overstay rules", len(self.overstays), 5),
            ("additional services", len(self.extras), 5),
        ):
            if count > most:
                raise LocalError(f"a tariff with {count} {what}: {most} can be said")
        for what, text in (("currency", self.currency), ("language", self.language)):
            if len(text) != 3 or not text.isalpha():
                raise LocalError(f"a tariff's {what} is a code of three letters, not {text!r}")
        for stack in self.stacks:
            rise = [rule.above for rule in stack.rules]
            if not 1 <= len(rise) <= 8 or rise != sorted(set(rise)) or rise[0] != 0.0:
                raise LocalError(f"price rules above {rise} W: 1 to 8 can be said, by rising power, the first above 0 W")
            if any((rule.parking is None) is not (rule.parking_period is None) for rule in stack.rules):
                raise LocalError("a parking fee goes with its period")
        if min([e.duration for e in self.stacks] + [e.duration for e in self.levels], default=1.0) <= 0.0:
            raise LocalError("a price that holds for no time")
        if any(not 0 <= each.level <= 255 for each in self.levels):
            raise LocalError("price levels are 0 to 255")

    @property
    def graded(self) -> tuple[Level, ...]:
        """The levels; where only prices are known, their rank by the fee of the first rule."""
        if self.levels or not self.stacks:
            return self.levels
        fees = sorted({stack.rules[0].energy for stack in self.stacks})
        rank = {fee: i * 255 // (len(fees) - 1) if len(fees) > 256 else i for i, fee in enumerate(fees)}
        return tuple(Level(stack.duration, rank[stack.rules[0].energy]) for stack in self.stacks)

    def taxed(self, cost: float) -> float:
        """A cost of energy with the taxes that are not yet in it."""
        return cost * (1.0 + sum(tax.rate for tax in self.taxes if tax.on_energy and not tax.included) / 100)

    def cost(self, stack: Stack, power: Watt, seconds: Second) -> float:
        """What energy costs at `power` (W, magnitude) for so long under `stack`, taxes included."""
        return self.taxed(stack.rate(power, self.algorithm) * seconds / HOUR)
