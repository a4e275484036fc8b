"""Frequency reserve from vehicles: containment by a droop (FCR), and a baseline with a curve over a local frequency or a signal (aFRR).

Powers in W, + into the vehicle: a frequency that is low lets vehicles give. A reserve R is a magnitude, symmetric: R is taken and R is
given on demand. Who sells it, in blocks of 4 h and pools of 1 MW, is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, sqrt
from typing import Final

from iso15118.der.words import Points, between
from iso15118.errors import LocalError
from iso15118.units import HOUR, Hertz, Second, Watt, WattHour
from iso15118.value import Value

HOLD: Final = 0.25
"""h for which all of a reserve can be taken, and given (15 min; some contracts want 30)."""
OVERSIZE: Final = 1.25
"""A store with limited energy has this much more power than it sells, to recharge meanwhile (from general knowledge)."""


class Band(Value):
    """How a reserve follows the frequency: Hz around `nominal`. Raises LocalError unless 0 <= dead_band < full."""

    nominal: Hertz = 50.0
    dead_band: Hertz = 0.010
    """Up to so far off nothing is asked for."""
    full: Hertz = 0.200
    """So far off, all of it."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.dead_band < self.full:
            raise LocalError(f"a dead band of {self.dead_band:g} Hz and all at {self.full:g} Hz; allowed: 0 <= dead band < all")


FCR: Final = Band()
"""Of continental Europe (regelleistung.net)."""


def droop(frequency: Hertz, band: Band = FCR) -> float:
    """The share of the reserve that is asked for, -1 (all is given) to 1 (all is taken)."""
    off = frequency - band.nominal
    if abs(off) <= band.dead_band:
        return 0.0
    return between(((-band.full, -1.0), (band.full, 1.0)), off)


def by_curve(baseline: Watt, points: Points, x: float) -> Watt:
    """The power of a vehicle in LocalFrequency (`x` in Hz) or under an aFRR signal: its baseline and what the curve (W) adds."""
    return baseline + between(points, x)


class Member(Value):
    """A vehicle of a pool. `baseline` W, + into the vehicle; `charge` and `discharge` its most, magnitudes; energies Wh of its battery."""

    baseline: Watt
    charge: Watt
    discharge: Watt
    energy: WattHour
    low: WattHour
    """It is not to be emptied below."""
    high: WattHour
    """Nor filled above."""

    @property
    def most_reserve(self) -> Watt:
        """The most that it can hold ready, both ways: by its rated power, by what the baseline leaves of it, and by its energy."""
        rated = min(self.charge, self.discharge) / OVERSIZE
        power = min(self.charge - self.baseline, self.discharge + self.baseline)
        energy = min(self.energy - self.low, self.high - self.energy) / HOLD
        return max(0.0, min(rated, power, energy))


def shares(reserve: Watt, pool: Sequence[Member]) -> tuple[Watt, ...]:
    """What each vehicle holds ready of `reserve`, in proportion to its most; in all less than that where the pool has less.

    Raises LocalError on a reserve below 0.
    """
    if not reserve >= 0.0:
        raise LocalError(f"a reserve of {reserve:g} W; allowed: a magnitude, in W")
    most = [member.most_reserve for member in pool]
    total = sum(most)
    part = min(1.0, reserve / total) if total > 0.0 else 0.0
    return tuple(part * each for each in most)


def set_points(pool: Sequence[Member], held: Sequence[Watt], frequency: Hertz, band: Band = FCR) -> tuple[Watt, ...]:
    """The power of each vehicle: its baseline and what the frequency asks of the share it holds ready (`shares`).

    One that has come to the end of its energy gives, or takes, no more.
    """
    asked = droop(frequency, band)
    return tuple(_within(member, member.baseline + asked * share) for member, share in zip(pool, held, strict=True))


def _within(member: Member, power: Watt) -> Watt:
    if member.energy <= member.low:
        power = max(0.0, power)
    return min(0.0, power) if member.energy >= member.high else power


class Tracking(Value):
    """How well a reserve was kept, in percent of it; energies in hours of it, + into the vehicles."""

    rms: float
    """Of the error."""
    worst: float
    """The most error, a magnitude."""
    mean: float
    """Of the power's magnitude."""
    lowest: float
    """The least that the energy came to."""
    highest: float


def fcr(frequencies: Sequence[Hertz], step: Second, lag: Second, band: Band = FCR) -> Tracking:
    """The study of a reserve whose power comes `lag` after the frequency, which is sampled each `step` (at first: nothing flows).

    Raises LocalError on a lag that is no whole number of steps, and without frequencies.
    """
    late = round(lag / step)
    if late < 0 or abs(late * step - lag) > 1e-9 or not frequencies:
        raise LocalError(
            f"a lag of {lag:g} s over {len(frequencies)} samples each {step:g} s; allowed: whole steps, and at least one sample"
        )
    asked = [droop(frequency, band) for frequency in frequencies]
    given = [0.0] * min(late, len(asked)) + asked[: max(0, len(asked) - late)]
    errors = [wanted - had for wanted, had in zip(asked, given, strict=True)]
    energy, energies = 0.0, [0.0]
    for power in given:
        energy += power * step / HOUR
        energies.append(energy)
    return Tracking(
        rms=100.0 * sqrt(sum(error * error for error in errors) / len(errors)),
        worst=100.0 * max(map(abs, errors)),
        mean=100.0 * sum(map(abs, given)) / len(given),
        lowest=min(energies),
        highest=max(energies),
    )


def wandering(
    draw: Callable[[], float], count: int, step: Second = 1.0, *, deviation: Hertz = 0.0185, time_constant: Second, nominal: Hertz = 50.0
) -> list[Hertz]:
    """A made-up frequency (an Ornstein-Uhlenbeck process) for studies; `draw` gives normal numbers of mean 0 and deviation 1."""
    keep = exp(-step / time_constant)
    off, found = deviation * draw(), []
    for _ in range(count):
        found.append(nominal + off)
        off = keep * off + deviation * sqrt(1.0 - keep * keep) * draw()
    return found
