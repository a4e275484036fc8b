"""Energy-side words, frozen: what a vehicle needs, what it is granted, who allowed it. Units and sign: `units`.

Neighbours: `power`, and `tariff` with the words of prices.
"""

from __future__ import annotations

from enum import StrEnum

from iso15118.errors import LocalError
from iso15118.tariff import Stack, Tariff
from iso15118.units import PerPhase, Second, Var, Watt, WattHour
from iso15118.value import Value, replace


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

    def one_way(self) -> Budget:
        """The same without the way back."""
        return replace(self, discharge=0.0, target=None if self.target is None else max(0.0, self.target))


class Permits(Value):
    """Who has to allow, beside car, session, guard and metal, that energy comes out of a vehicle. All of them do, or none comes."""

    site: bool = True
    """The site's standing permission, or its withdrawal at this moment."""
    backend: bool = True
    """The back-end does not forbid it."""
    consent: bool = True
    """The driver wants it."""
    profile: bool = True
    """The inverter was approved for the grid code of this connection."""

    @property
    def given(self) -> bool:
        """All of them."""
        return self.site and self.backend and self.consent and self.profile

    @property
    def missing(self) -> tuple[str, ...]:
        """Those that do not allow it."""
        named = ("site", self.site), ("back-end", self.backend), ("consent", self.consent), ("grid-code profile", self.profile)
        return tuple(name for name, given in named if not given)


class Slot(Value):
    """One step of a plan: `duration` seconds at up to `charge` W in and `discharge` W out (magnitudes)."""

    duration: Second
    charge: Watt
    discharge: Watt = 0.0
    phases: PerPhase | None = None
    """Alternating current: most W of charging in each phase; None: evenly spread."""


class Plan(Value):
    """Power over time, contiguous from `start` (seconds since the epoch), and what it costs."""

    start: Second
    slots: tuple[Slot, ...]
    tolerance: Watt | None = None
    """How far a vehicle that confirms it may stray from its own profile; None: nobody watches."""
    energy: WattHour | None = None
    """Available for charging in all; None: not said."""
    back_energy: WattHour | None = None
    """Of discharging that can be taken in all; None: not said."""
    tariff: Tariff | None = None
    """Of charging."""
    back_tariff: Tariff | None = None
    """Of discharging: negative fees are paid to the vehicle."""

    @property
    def duration(self) -> Second:
        """Seconds covered."""
        return sum(slot.duration for slot in self.slots)


class Offer(Value):
    """What a vehicle would take and give over time, contiguous from `start` (seconds since the epoch), and the fees it asks."""

    start: Second
    slots: tuple[Slot, ...]
    stacks: tuple[Stack, ...] = ()
    currency: str = "EUR"


class Mobility(Value):
    """What the charger's side knows of the driver's wish and proposes to the vehicle. Raises LocalError on a wish that cannot be said."""

    departure: Second | None = None
    """Seconds since the epoch."""
    minimum_soc: int | None = None
    """Percent, at most the target."""
    target_soc: int | None = None
    reaction: Second = 30.0
    """In which the vehicle acknowledges it."""

    def __post_init__(self) -> None:
        told = [soc for soc in (self.minimum_soc, self.target_soc) if soc is not None]
        if any(not 0 <= soc <= 100 for soc in told) or told != sorted(told):
            raise LocalError(f"states of charge {told}: 0 to 100 percent, the minimum at most the target")
        if not 1 <= self.reaction <= 65535:
            raise LocalError(f"{self.reaction:g} s to acknowledge: 1 to 65535 s can be said")


class Authorisation(StrEnum):
    """May this vehicle take energy?"""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
