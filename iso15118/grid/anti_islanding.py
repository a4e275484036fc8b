"""Is there a grid to give energy to: a support in the charge loop, beside the inverter's own duty and that of the guard (docs/safety.md).

It takes discharge back, within 2 s at a loop of half a second or faster (IEC 62116, IEEE 1547: an island is left within 2 s): when the
meter is silent, when the frequency runs away faster than any grid that has to be ridden through, beyond the voltages and frequencies
at which an inverter trips at once. The slower stages of a trip and ride-through are metal's. What is said here is a trip for `reconnect`,
which lets power come back.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from iso15118.der.follow import Grid
from iso15118.errors import LocalError
from iso15118.grid.curves import Connection
from iso15118.grid.profile import Profile
from iso15118.power import AcReading, Measured
from iso15118.units import Hertz, Second, Volt
from iso15118.value import Value

FRESH: Final = 1.0
"""A reading older than this says nothing of the grid, s (ours: half of the 2 s)."""
WINDOW: Final = 0.5
"""The rate of change of frequency is taken over at least this, s (ours: relays take 0.1 to 0.5, a meter is slower)."""


class Bounds(Value):
    """Beyond which there is no grid: V from phase to neutral, Hz, and Hz/s (a magnitude)."""

    voltage_low: Volt
    voltage_high: Volt
    frequency_low: Hertz
    frequency_high: Hertz
    rocof: float


def bounds(profile: Profile, at: Connection) -> Bounds:
    """The first, fast stages of a profile's trips, and the rate that it has ridden through. Raises LocalError where one is missing."""
    needed = ("trip_under_voltage", "trip_over_voltage", "trip_under_frequency", "trip_over_frequency", "ride_through_rocof")
    for name in needed:
        if name not in profile.functions:
            raise LocalError(f"{profile.name} does not say {name!r}")
    low, high, slow, fast, rocof = (profile.functions[name] for name in needed)
    return Bounds(low["first"] * at.voltage, high["first"] * at.voltage, slow["first"], fast["first"], rocof["rocof"])


class Watched(NamedTuple):
    """`why` no energy may be given, empty: it may; and the frequencies seen lately, (s, Hz)."""

    why: str = ""
    seen: tuple[tuple[Second, Hertz], ...] = ()


def watch(before: Watched, reading: Measured[AcReading] | None, phases: int, by: Bounds, now: Second) -> Watched:
    """What the mains say at `now`; `reading` None: there is no meter. A reading may be given again, its age counts."""
    if reading is None or reading.age(now) > FRESH:
        return Watched("the meter of the grid is silent")
    grid, seen = mains(reading.value, phases), before.seen
    if not seen or reading.at > seen[-1][0]:
        seen = (*seen, (reading.at, grid.frequency))
    while len(seen) > 2 and seen[-1][0] - seen[1][0] >= WINDOW:
        seen = seen[1:]
    if not all(by.voltage_low <= volts <= by.voltage_high for volts in reading.value.voltage[:phases]):  # no number is outside, too
        return Watched(f"{grid.lowest:.0f} to {grid.highest:.0f} V", seen)
    if not by.frequency_low <= grid.frequency <= by.frequency_high:
        return Watched(f"{grid.frequency:.2f} Hz", seen)
    (began, first), (ended, last) = seen[0], seen[-1]
    if ended - began >= WINDOW and abs(last - first) > by.rocof * (ended - began):
        return Watched(f"{(last - first) / (ended - began):+.1f} Hz/s", seen)
    return Watched("", seen)


def mains(reading: AcReading, phases: int) -> Grid:
    """The first `phases` (1 to 3) as an inverter sees them."""
    volts = reading.voltage[:phases]
    return Grid(sum(volts) / phases, max(volts), min(volts), reading.frequency)
