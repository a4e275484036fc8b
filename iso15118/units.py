"""Units and sign, said once.

Every quantity inside the package is a float in SI units: volt, ampere, watt, watt-hour (energy), second, ohm.
Positive power, current and energy flow **into the vehicle** (charging), negative out of it (discharging)
[V2G20-1034] [V2G20-1035]. Limits of discharge are magnitudes (>= 0) inside the package; `messages` turns signs at the wire.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

Volt: TypeAlias = float
Ampere: TypeAlias = float
Watt: TypeAlias = float
WattHour: TypeAlias = float
Second: TypeAlias = float
Ohm: TypeAlias = float
Var: TypeAlias = float
"""Reactive power: + inductive, - capacitive [V2G20-1824]."""
Hertz: TypeAlias = float

KW: Final = 1e3
KWH: Final = 1e3
HOUR: Final = 3600.0
MICROSECONDS: Final = 1_000_000
"""Per second: header TimeStamps and TimeAnchors are microseconds [V2G20-2676]."""


class PerPhase(NamedTuple):
    """One quantity of alternating current (W, var, V or A) in each phase; a single-phase outlet or car uses L1 alone."""

    l1: float = 0.0
    l2: float = 0.0
    l3: float = 0.0

    @property
    def total(self) -> float:
        """The sum of the phases."""
        return self.l1 + self.l2 + self.l3

    @classmethod
    def even(cls, total: float, phases: int) -> PerPhase:
        """`total` spread evenly over the first `phases` (1 to 3) [V2G20-1817]."""
        share = total / phases
        return cls(*(share if phase < phases else 0.0 for phase in range(3)))


NO_PHASE: Final = PerPhase()
"""Nothing in any phase."""
