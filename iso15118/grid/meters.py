"""What meters tell, and whether it can be believed: an old value is never a new one. Neighbour: `headroom`."""

from __future__ import annotations

from enum import IntEnum
from math import isfinite
from typing import Final, TypeAlias

from iso15118.units import Ampere, Second
from iso15118.value import Value

FRESH: Final[Second] = 3.0
"""So old a reading counts in full."""
SILENT: Final[Second] = 10.0
"""So old it counts as none: the fail-safe holds."""
FADING: Final = 0.1
"""Part of the room that is lost with each second in between."""
ABSURD: Final = 3.0
"""Times its fuse: more than any fuse carries for a second is no current but a mistake."""
MOST: Final[Ampere] = 10_000.0
"""The same where no fuse is known."""
SLACK: Final[Ampere] = 2.0
"""A by which less than nothing may flow: meters do not read at the same instant."""

Lines: TypeAlias = tuple[Ampere, Ampere, Ampere]


class Reading(Value):
    """Of a circuit's meter or an outlet's: A in L1, L2, L3 of the mains, + import, and when it was measured (monotonic s)."""

    currents: Lines
    at: Second


class Trust(IntEnum):
    """How far a meter is believed."""

    FRESH = 0
    FADING = 1
    """No increase, and each second less."""
    SILENT = 2
    """The fail-safe."""


class Judged(Value):
    """A reading with what is to be thought of it."""

    currents: Lines
    age: Second
    trust: Trust
    why: str = ""
    """Why it is not believed."""

    @property
    def room(self) -> float:
        """Part of the room it shows that may be used, 0..1."""
        return 1.0 if self.trust is Trust.FRESH else 0.0 if self.trust is Trust.SILENT else 1.0 - FADING * max(0.0, self.age - FRESH)


NEVER: Final = Judged((0.0, 0.0, 0.0), float("inf"), Trust.SILENT, "never read")


def judged(reading: Reading | None, now: Second, fuse: Ampere | None = None) -> Judged:
    """A reading by its age and by what can be. A moment in the future is a clock that jumped: such a reading is of no age at all."""
    if reading is None:
        return NEVER
    age = now - reading.at
    if not isfinite(sum(reading.currents)):
        missing = [f"L{line + 1}" for line, current in enumerate(reading.currents) if not isfinite(current)]
        return Judged((0.0, 0.0, 0.0), age, Trust.SILENT, f"no number in {', '.join(missing)}")
    if not age >= 0.0:
        return Judged(reading.currents, age, Trust.SILENT, f"measured {-age:.1f} s from now")
    most = MOST if fuse is None else ABSURD * fuse
    if max(map(abs, reading.currents)) > most:
        return Judged(reading.currents, age, Trust.SILENT, f"{max(reading.currents, key=abs):.0f} A is absurd here")
    return aged(reading, now)


def aged(reading: Reading, now: Second, why: str = "") -> Judged:
    """A reading by its age alone. `why`: what is wrong with those that came after it, and that nothing increases for."""
    age = now - reading.at
    if 0.0 <= age <= FRESH and not why:
        return Judged(reading.currents, age, Trust.FRESH)
    trust = Trust.FADING if 0.0 <= age <= SILENT else Trust.SILENT
    return Judged(reading.currents, age, trust, why or f"{age:.1f} s old")


def consistent(meter: Judged, outlets: Lines, generation: Ampere) -> Judged:
    """The same, unless less flows than outlets take (A) and nothing below could generate that: its sign or wiring is wrong.

    `generation`: A of all lines together, in whichever line it may be. A meter that starts anew and reads nothing is found by this, too.
    """
    if meter.trust is Trust.SILENT:
        return meter
    left = generation
    for line, (flows, taken) in enumerate(zip(meter.currents, outlets, strict=True)):
        left -= max(0.0, taken - flows - SLACK - 0.1 * abs(taken))
        if left < -1e-9:
            why = f"L{line + 1} reads {flows:.1f} A though outlets take {taken:.1f} A"
            return Judged(meter.currents, meter.age, Trust.SILENT, why)
    return meter
