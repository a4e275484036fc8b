"""Power over time, as schedules and profiles on the wire say it: made once, asked in every loop, by both roles."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise
from typing import TypeVar

from iso15118.messages.stamps import anchored
from iso15118.messages.v20.delivery import EVPowerProfile
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import PowerSchedule, PowerScheduleEntry
from iso15118.units import MICROSECONDS, PerPhase, Second, Watt
from iso15118.value import Value

T = TypeVar("T")


def fewer(items: Iterable[T], points: int, loss: Callable[[T, T], float], join: Callable[[T, T], T]) -> tuple[T, ...]:
    """At most `points` items: of all neighbours the two whose joining loses least become one, then the next two."""
    kept = list(items)
    losses = [loss(a, b) for a, b in pairwise(kept)]
    while len(kept) > points:
        at = losses.index(min(losses))
        kept[at : at + 2] = [join(kept[at], kept[at + 1])]
        del losses[at]
        for i in (at - 1, at):
            if 0 <= i < len(losses):
                losses[i] = loss(kept[i], kept[i + 1])
    return tuple(kept)


def whole_seconds(durations: Iterable[Second]) -> list[int]:
    """Durations in whole seconds, each at least 1, rounded so that their sum does not drift."""
    ends = (0, *(round(end) for end in accumulate(durations)))
    return [max(1, end - begin) for begin, end in pairwise(ends)]


def total(entry: PowerScheduleEntry) -> Watt:
    """The power of all phases together: alone it is the sum already, beside L2 or L3 that of L1 [V2G20-1817] [V2G20-1818]."""
    return sum(number(power) for power in (entry.power, entry.power_l2, entry.power_l3) if power is not None)


def by_phase(entry: PowerScheduleEntry) -> PerPhase | None:
    """The power of each phase; None: only their sum is said."""
    if entry.power_l2 is None and entry.power_l3 is None:
        return None
    return PerPhase(*(0.0 if power is None else number(power) for power in (entry.power, entry.power_l2, entry.power_l3)))


class Steps(Value):
    """A power over time: `powers[i]` (W) up to `ends[i]` microseconds after `anchor`. Of schedules magnitudes, of profiles signed."""

    anchor: int
    ends: tuple[int, ...]
    powers: tuple[Watt, ...]
    phases: tuple[PerPhase | None, ...] = ()
    """The same phase by phase, where any entry says so; empty: none does."""

    @classmethod
    def of(cls, schedule: PowerSchedule, heard: int = 0, *, magnitude: bool) -> Steps:
        """The steps of a schedule heard at `heard`; `magnitude`: either sign counts (discharging), else negative powers allow nothing."""
        entries = schedule.power_schedule_entries.power_schedule_entry
        limit: Callable[[Watt], Watt] = abs if magnitude else lambda power: max(0.0, power)
        phases = [by_phase(entry) for entry in entries]
        return cls(
            anchored(schedule.time_anchor, heard),
            tuple(accumulate(entry.duration * MICROSECONDS for entry in entries)),
            tuple(limit(total(entry)) for entry in entries),
            tuple(each and PerPhase(*map(limit, each)) for each in phases) if any(phases) else (),
        )

    @classmethod
    def of_profile(cls, profile: EVPowerProfile, heard: int = 0) -> Steps:
        """The steps of a car's profile, signed; `heard` stands for an anchor that tells no time."""
        entries = profile.ev_power_profile_entries.ev_power_profile_entry
        ends = tuple(accumulate(entry.duration * MICROSECONDS for entry in entries))
        phases = tuple(by_phase(entry) for entry in entries)
        powers = tuple(total(entry) for entry in entries)
        return cls(anchored(profile.time_anchor, heard), ends, powers, phases if any(phases) else ())

    def index(self, stamp: int) -> int:
        """Of the step at `stamp`; the first before the anchor, one past the last after the end."""
        return bisect_right(self.ends, stamp - self.anchor)

    def at(self, stamp: int) -> Watt:
        """The power at `stamp`. Before the anchor the first entry holds (clocks differ a little), after the end nothing."""
        index = self.index(stamp)
        return self.powers[index] if index < len(self.powers) else 0.0

    def phases_at(self, stamp: int) -> PerPhase | None:
        """The power of each phase at `stamp`; None: only the sum is said."""
        index = self.index(stamp)
        return self.phases[index] if index < len(self.phases) else None

    def least(self, begin: int, end: int) -> Watt:
        """The least power of the steps that the time from `begin` to `end` (stamps) overlaps; 0 where it overlaps none."""
        return min(self.powers[self._overlap(begin, end)], default=0.0)

    def least_phases(self, begin: int, end: int) -> PerPhase | None:
        """The same phase by phase; None: the steps overlapped say only sums."""
        said = [each for each in self.phases[self._overlap(begin, end)] if each is not None]
        return PerPhase(*map(min, zip(*said, strict=True))) if said else None

    def _overlap(self, begin: int, end: int) -> slice:
        if end <= self.anchor:
            return slice(0, 0)
        return slice(bisect_right(self.ends, begin - self.anchor), bisect_left(self.ends, end - self.anchor) + 1)

    def span(self, begin: int, end: int) -> tuple[Watt, Watt]:
        """The lowest and the highest power between two stamps, both included."""
        first, last = self.index(begin), self.index(end)
        powers = self.powers[first : last + 1] if last < len(self.powers) else (*self.powers[first:], 0.0)
        return min(powers), max(powers)

    @property
    def energy(self) -> float:
        """W·us it allows in all."""
        begins = (0, *self.ends[:-1])
        return sum(power * (end - begin) for power, begin, end in zip(self.powers, begins, self.ends, strict=True))
