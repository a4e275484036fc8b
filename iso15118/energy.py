"""Energy-side words, frozen: what a vehicle needs, what it is granted, who allowed it. Units and sign: `units`. Neighbour: `power`."""

from __future__ import annotations

from enum import StrEnum

from iso15118.units import PerPhase, Second, Var, Watt, WattHour
from iso15118.value import Value


class Need(Value):
    """What one vehicle wishes. Energies are seen from now: + still to be charged, negative = may be given back."""

    target_energy: WattHour
    max_energy: WattHour
    min_energy: WattHour
    departure: Second | None = None
    """Seconds from now; None: not said."""
    charge_power: Watt = 0.0
    discharge_power: Watt = 0.0
    v2x_max_energy: WattHour | None = None
    v2x_min_energy: WattHour | None = None


class Budget(Value):
    """What the site grants one outlet: a window of power and, in Dynamic mode, the power wanted.

    `charge` and `discharge` are magnitudes in W; `target` is signed, None: as much as the vehicle likes within the window.
    After `until` (monotonic seconds) it is void and the outlet falls back to `fallback` W of charging and no discharge.
    """

    charge: Watt
    discharge: Watt = 0.0
    target: Watt | None = None
    until: Second = float("inf")
    fallback: Watt = 0.0
    why: str = ""
    phases: PerPhase | None = None
    """Alternating current: most W of charging in each phase; None: only the total binds."""
    reactive: Var | None = None
    """Alternating current, Dynamic mode: reactive power wanted, + inductive; None: none is asked for."""


class Slot(Value):
    """One step of a plan: `duration` seconds at up to `charge` W in and `discharge` W out (magnitudes)."""

    duration: Second
    charge: Watt
    discharge: Watt = 0.0


class Plan(Value):
    """Power over time, contiguous from `start` (seconds since the epoch)."""

    start: Second
    slots: tuple[Slot, ...]

    @property
    def duration(self) -> Second:
        """Seconds covered."""
        return sum(slot.duration for slot in self.slots)


class Authorisation(StrEnum):
    """May this vehicle take energy?"""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
