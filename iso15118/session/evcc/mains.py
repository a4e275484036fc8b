"""What the charger has told of its alternating current, and what of that the car can use."""

from __future__ import annotations

from iso15118.units import NO_PHASE, Hertz, PerPhase, Watt
from iso15118.value import Value


class Mains(Value):
    """The charger's side of alternating current, power by phase; limits are magnitudes in W."""

    phases: int
    """Of the connector, 1 or 3: as many as words on the wire are about."""
    used: int
    """Phases that both sides have."""
    charge: PerPhase
    discharge: PerPhase = NO_PHASE
    least: Watt = 0.0
    """All phases together."""
    ramp: float | None = None
    """W/s at which a set-point of ours may change, all phases together; None: at once."""
    frequency: Hertz = 50.0
    """Nominal."""
    active: PerPhase | None = None
    """W, the power it asked for in its last turn; None: none."""
    reactive: PerPhase | None = None
    """var."""
