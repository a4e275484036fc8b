"""The schedule the car has chosen: what it allows at a moment, and the power profile that keeps within it.

Powers in W as magnitudes, time in microseconds on the charger's clock. Not here: how a schedule is asked for (`schedule`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from iso15118.messages.v20 import schedule as wire
from iso15118.messages.v20.delivery import EVPowerProfileEntryList
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import PowerSchedule, PowerScheduleEntry
from iso15118.session.clock import anchored
from iso15118.session.evcc.figures import power_at_most
from iso15118.units import MICROSECONDS, Watt


@dataclass(frozen=True, slots=True)
class Steps:
    """A power over time: `powers[i]` up to `ends[i]` microseconds after `anchor`."""

    anchor: int
    ends: tuple[int, ...]
    powers: tuple[Watt, ...]

    @classmethod
    def of(cls, schedule: PowerSchedule, heard: int = 0, *, magnitude: bool) -> Steps:
        """The steps of a schedule heard at `heard`; `magnitude`: either sign counts (discharging), else negative powers allow nothing."""
        entries = schedule.power_schedule_entries.power_schedule_entry
        ends = tuple(accumulate(entry.duration * MICROSECONDS for entry in entries))
        powers = (number(entry.power) for entry in entries)
        return cls(anchored(schedule.time_anchor, heard), ends, tuple(abs(p) if magnitude else max(0.0, p) for p in powers))

    def at(self, stamp: int) -> Watt:
        """The power allowed at `stamp`. Before the anchor the first entry holds (clocks differ a little), after the end nothing."""
        index = bisect_right(self.ends, stamp - self.anchor)
        return self.powers[index] if index < len(self.powers) else 0.0

    @property
    def energy(self) -> float:
        """W·us it allows in all."""
        begins = (0, *self.ends[:-1])
        return sum(power * (end - begin) for power, begin, end in zip(self.powers, begins, self.ends, strict=True))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A schedule tuple, read."""

    id: int
    entries: tuple[PowerScheduleEntry, ...]
    """Of the charging schedule, as told."""
    charge: Steps
    discharge: Steps | None
    """None: the charger told no discharging schedule, so that only its limits bind."""
    tolerance: bool = False
    """The schedule comes with a tolerance, which we confirm: we follow our own profile."""

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
        )

    def profile(self, most: Watt) -> EVPowerProfileEntryList:
        """The power the car means to take: at most what each slot allows, and at most `most`. Slots without duration fall out."""
        cap = power_at_most(most)
        limit = number(cap)
        return EVPowerProfileEntryList(
            ev_power_profile_entry=tuple(
                PowerScheduleEntry(duration=entry.duration, power=entry.power if number(entry.power) <= limit else cap)
                for entry in self.entries
                if entry.duration
            )
            or (PowerScheduleEntry(duration=1, power=power_at_most(0.0)),)
        )
