"""Power over time, as a schedule on the wire allows it: made once when the schedule is chosen, asked in every loop, by both roles."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from iso15118.messages.stamps import anchored
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import PowerSchedule
from iso15118.units import MICROSECONDS, Watt
from iso15118.value import Value


class Steps(Value):
    """A power over time: `powers[i]` (W, magnitude) up to `ends[i]` microseconds after `anchor`."""

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

    def least(self, begin: int, end: int) -> Watt:
        """The least power of the steps that the time from `begin` to `end` (stamps) overlaps; 0 where it overlaps none."""
        if end <= self.anchor:
            return 0.0
        first, last = bisect_right(self.ends, begin - self.anchor), bisect_left(self.ends, end - self.anchor)
        return min(self.powers[first : last + 1], default=0.0)

    @property
    def energy(self) -> float:
        """W·us it allows in all."""
        begins = (0, *self.ends[:-1])
        return sum(power * (end - begin) for power, begin, end in zip(self.powers, begins, self.ends, strict=True))
