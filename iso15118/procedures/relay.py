"""Moving energy by alternating current: the vehicle's own charger does it, the outlet says how much, phase by phase.

The counterpart of `transfer`, where the outlet itself drives the current. All powers in W, + into the vehicle; limits are magnitudes.
"""

from __future__ import annotations

from math import inf
from typing import Final

from iso15118.energy import Need
from iso15118.procedures.transfer import ways
from iso15118.units import NO_PHASE, PerPhase, Second, Watt
from iso15118.value import Value, replace


class PhaseLimits(Value):
    """The most that may flow in each phase, and in all together, each way; and the least in all together that can flow at all."""

    charge: PerPhase
    discharge: PerPhase = NO_PHASE
    charge_total: Watt = inf
    discharge_total: Watt = inf
    least_charge: Watt = 0.0
    least_discharge: Watt = 0.0

    def lowered(self, other: PhaseLimits) -> PhaseLimits:
        """The stricter of both in every direction."""
        return PhaseLimits(
            _lower(self.charge, other.charge),
            _lower(self.discharge, other.discharge),
            min(self.charge_total, other.charge_total),
            min(self.discharge_total, other.discharge_total),
            max(self.least_charge, other.least_charge),
            max(self.least_discharge, other.least_discharge),
        )

    def within(self, need: Need) -> PhaseLimits:
        """The limits narrowed by the vehicle's energy window."""
        into, out = ways(need)
        limits = self if into else replace(self, charge=NO_PHASE)
        return limits if out else limits.charging_only()

    def charging_only(self) -> PhaseLimits:
        """The same without the way back."""
        return replace(self, discharge=NO_PHASE)


NOTHING: Final = PhaseLimits(NO_PHASE)


def relay(wanted: Watt | None, limits: PhaseLimits, asymmetry: Watt | None = None) -> PerPhase:
    """The power to ask of the vehicle: as near to `wanted` (None: as much charging as goes) as the limits of both sides together allow.

    It is spread evenly as far as each phase can take it; phases differ by `asymmetry` at most. What would fall below the least that can
    flow is nothing.
    """
    if wanted is None or wanted >= 0.0:
        return _spread(limits.charge, min(limits.charge_total, inf if wanted is None else wanted), limits.least_charge, asymmetry)
    back = _spread(limits.discharge, min(limits.discharge_total, -wanted), limits.least_discharge, asymmetry)
    return PerPhase(*(0.0 - phase for phase in back))


def ramped(previous: PerPhase, wanted: PerPhase, step: Watt) -> PerPhase:
    """The next power on the way to `wanted`: in all phases together it rises by at most `step`, falls at once, and turns at 0."""
    before, after = previous.total, wanted.total
    if before * after < 0.0:
        return NO_PHASE
    reach = abs(before) + step
    if abs(after) <= reach:
        return wanted
    return PerPhase(*(phase * reach / abs(after) for phase in wanted))


def beyond(measured: PerPhase, allowed: PhaseLimits, tolerance: Watt) -> bool:
    """True where more flows than is allowed, by 5 % and `tolerance` (W a phase)."""
    phases = zip(measured, allowed.charge, allowed.discharge, strict=True)
    if any(power > into * 1.05 + tolerance or -power > out * 1.05 + tolerance for power, into, out in phases):
        return True
    total, margin = measured.total, 3 * tolerance
    return total > allowed.charge_total * 1.05 + margin or -total > allowed.discharge_total * 1.05 + margin


def time_to_follow(power: Watt, ramp: float | None) -> Second:
    """s that a change of `power` takes at `ramp` W/s; None: no time."""
    return 0.0 if not ramp else power / ramp


def _lower(one: PerPhase, other: PerPhase) -> PerPhase:
    return PerPhase(*map(min, one, other))


def _spread(most: PerPhase, total: Watt, least: Watt, asymmetry: Watt | None) -> PerPhase:
    """`total` over the phases, each at most `most`: all to one level as far as they reach; magnitudes."""
    if asymmetry is not None:
        most = PerPhase(*(min(phase, min(most) + asymmetry) for phase in most))
    level, rest = 0.0, max(0.0, total)
    for index, reach in enumerate(sorted(most)):
        step = min(reach - level, rest / (3 - index))
        level += step
        rest -= step * (3 - index)
    spread = PerPhase(*(min(phase, level) for phase in most))
    return spread if spread.total >= least - 0.5 else NO_PHASE
