"""What energy costs a site over time, as its supplier and its grid operator bill it. What a *driver* pays is `iso15118.tariff`.

Prices are for a kWh, in one currency; negative ones are possible both ways.
"""

from __future__ import annotations

from iso15118.errors import LocalError
from iso15118.grid.series import Series
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import Value


class Demand(Value):
    """A charge on the highest mean import of a fixed window in the billing period."""

    price: float
    """Of a kW, for the whole period."""
    window: Second = 900.0
    """Windows are aligned to the clock."""
    peak: Watt = 0.0
    """The highest so far in this period: below it power is free of this charge."""
    left: float = 1.0
    """Part of the period (0..1] that is still to come: what an increase of the peak is worth to it. 1.0 charges it whole."""
    until: Second = float("inf")
    """Where the period ends, and the peak begins anew."""
    drawn: WattHour | None = None
    """Imported (signed) since the running window began; None: nobody knows, and the rest of the window is taken for all of it."""


class Tier(Value):
    """Import costs so much more, on top of the tiers below, once this energy has been taken in the billing period."""

    above: WattHour
    surcharge: float


class Prices(Value, kw_only=True):
    """Raises LocalError on tiers that do not rise, or make energy cheaper."""

    import_price: Series
    export_price: Series
    carbon: Series | None = None
    """g of CO2 a kWh of import."""
    carbon_price: float = 0.0
    """Of a kg: 0.0 and CO2 is not an objective."""
    demand: Demand | None = None
    tiers: tuple[Tier, ...] = ()
    """By rising energy. None: one price for all of it."""
    taken: WattHour = 0.0
    """Imported so far in the billing period."""
    currency: str = "EUR"

    def __post_init__(self) -> None:
        above = [tier.above for tier in self.tiers]
        extra = [tier.surcharge for tier in self.tiers]
        if above != sorted(set(above)) or min(extra, default=0.0) < 0.0:
            raise LocalError(f"tiers above {above} Wh with surcharges {extra}; allowed: by rising energy, none below 0")


def quarter(moment: Second, window: Second = 900.0) -> Second:
    """Where the window of the clock began in which `moment` lies."""
    return moment - moment % window


def bill(prices: Prices, start: Second, step: Second, power: tuple[Watt, ...]) -> float:
    """What a series of mean power at the connection costs (W, + import), the demand charge above the peak so far included.

    Raises LocalError where the prices do not cover it.
    """
    cost, taken = 0.0, prices.taken
    for k, watts in enumerate(power):
        at = start + k * step
        rate = (prices.import_price if watts > 0.0 else prices.export_price).mean(at, at + step)
        if rate is None:
            raise LocalError(f"no price from {at:.0f} to {at + step:.0f} (s since the epoch)")
        energy = watts * step / HOUR
        cost += rate * energy / 1e3
        if watts > 0.0:
            if prices.carbon is not None and prices.carbon_price:
                cost += prices.carbon_price * (prices.carbon.mean(at, at + step) or 0.0) * energy / 1e6
            cost += sum(tier.surcharge * max(0.0, taken + energy - max(taken, tier.above)) for tier in prices.tiers) / 1e3
            taken += energy
    if prices.demand is not None:
        cost += prices.demand.price * max(0.0, peak(prices.demand.window, start, step, power) - prices.demand.peak) / 1e3
    return cost


def peak(window: Second, start: Second, step: Second, power: tuple[Watt, ...]) -> Watt:
    """The highest mean of a clock-aligned window; a window that is only in part covered counts what it has over the whole of it."""
    sums: dict[Second, float] = {}
    for k, watts in enumerate(power):
        at = start + k * step
        while at < start + (k + 1) * step:
            begin = quarter(at, window)
            until = min(begin + window, start + (k + 1) * step)
            sums[begin] = sums.get(begin, 0.0) + watts * (until - at) / window
            at = until
    return max(0.0, *sums.values()) if sums else 0.0
