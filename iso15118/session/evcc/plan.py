"""The schedule the car has chosen: what it allows at a moment, and the power profile that keeps within it.

Powers in W as magnitudes, time in microseconds on the charger's clock. Not here: how a schedule is asked for (`schedule`).
"""

from __future__ import annotations

from iso15118.messages.v20 import schedule as wire
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.delivery import EVPowerProfileEntryList
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import PowerScheduleEntry
from iso15118.session.evcc.figures import power_at_most
from iso15118.session.evcc.prices import Prices
from iso15118.session.steps import Steps, by_phase, total
from iso15118.units import Watt, WattHour
from iso15118.value import Value


class Chosen(Value):
    """A schedule tuple, read."""

    id: int
    entries: tuple[PowerScheduleEntry, ...]
    """Of the charging schedule, as told."""
    charge: Steps
    discharge: Steps | None
    """None: the charger told no discharging schedule, so that only its limits bind."""
    tolerance: bool = False
    """The schedule comes with a tolerance, which we confirm: we follow our own profile."""
    energy: WattHour | None = None
    """There is for charging in all; None: not said."""
    prices: Prices | None = None
    """Of charging; None: not told, or not readable."""
    back_prices: Prices | None = None
    """Of discharging."""

    @classmethod
    def of(cls, offered: wire.ScheduleTuple, heard: int = 0) -> Chosen:
        """The tuple, in the car's words; `heard`: when it came, us on the charger's clock."""
        charging, back = offered.charging_schedule.power_schedule, offered.discharging_schedule
        return cls(
            offered.schedule_tuple_id,
            charging.power_schedule_entries.power_schedule_entry,
            Steps.of(charging, heard, magnitude=False),
            None if back is None else Steps.of(back.power_schedule, heard, magnitude=True),
            charging.power_tolerance is not None,
            None if charging.available_energy is None else number(charging.available_energy),
            Prices.of(offered.charging_schedule.price_schedule, heard),
            None if back is None else Prices.of(back.price_schedule, heard),
        )

    def profile(self, most: Watt) -> EVPowerProfileEntryList:
        """The power the car means to take: at most what each slot allows, and at most `most`. Slots without duration fall out."""
        cap = power_at_most(most)
        entries = tuple(_capped(entry, cap) for entry in self.entries if entry.duration)
        nothing = PowerScheduleEntry(duration=1, power=power_at_most(0.0))
        return EVPowerProfileEntryList(ev_power_profile_entry=entries or (nothing,))


def _capped(entry: PowerScheduleEntry, cap: RationalNumber) -> PowerScheduleEntry:
    """The entry of a schedule with at most this power of all phases together, each of them lowered alike."""
    said, most = total(entry), number(cap)
    if said <= most:
        return entry
    phases = by_phase(entry)
    if phases is None:
        return PowerScheduleEntry(duration=entry.duration, power=cap)
    l1, l2, l3 = (power_at_most(power * most / said) for power in phases)
    return PowerScheduleEntry(duration=entry.duration, power=l1, power_l2=l2, power_l3=l3)
