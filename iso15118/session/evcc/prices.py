"""The charger's prices as the car reads them: a tariff with a place in time, asked what a kWh costs at a moment."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from iso15118.errors import LocalError, PeerError
from iso15118.messages.stamps import anchored
from iso15118.session.prices import PriceSchedule, read_tariff
from iso15118.tariff import Tariff
from iso15118.units import HOUR, KWH, MICROSECONDS, Watt
from iso15118.value import Value


class Prices(Value):
    """A tariff from `anchor` on; `ends` are those of its entries, both in us on the charger's clock."""

    anchor: int
    tariff: Tariff
    ends: tuple[int, ...]

    @classmethod
    def of(cls, told: PriceSchedule | None, heard: int) -> Prices | None:
        """The prices of a schedule heard at `heard`; None: it tells none, or none that can be read."""
        if told is None:
            return None
        try:
            tariff = read_tariff(told)
        except (PeerError, LocalError):
            return None
        entries = tariff.stacks or tariff.levels
        if not entries:
            return None
        anchor = anchored(told.time_anchor, heard)
        return cls(anchor, tariff, tuple(anchor + round(end * MICROSECONDS) for end in accumulate(entry.duration for entry in entries)))

    @property
    def absolute(self) -> bool:
        """In a currency; else levels, which only rank."""
        return bool(self.tariff.stacks)

    def fee(self, stamp: int, power: Watt) -> float:
        """What a kWh costs at `stamp` and `power` (W, magnitude), taxes included; or its level. Outside, the nearest entry holds."""
        index = min(bisect_right(self.ends, stamp), len(self.ends) - 1)
        if not self.absolute:
            return float(self.tariff.levels[index].level)
        power = max(power, 1.0)
        return self.tariff.cost(self.tariff.stacks[index], power, HOUR) / (power / KWH)
