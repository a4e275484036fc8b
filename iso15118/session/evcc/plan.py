"""The schedule the car has chosen: what it allows at a moment, and the power profile that keeps within it.

Powers in W as magnitudes, time in microseconds on the charger's clock. Not here: how a schedule is asked for (`schedule`).
"""

from __future__ import annotations

from iso15118.messages.v20 import schedule as wire
from iso15118.messages.v20.delivery import EVPowerProfileEntryList
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import PowerScheduleEntry
from iso15118.session.evcc.figures import power_at_most
from iso15118.session.steps import Steps
from iso15118.units import Watt
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
