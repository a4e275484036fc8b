"""Moving energy: where the limits of car, cable, outlet, site and schedule meet. One pure decision, one signed set-point.

The order of clamps: hardware, what was announced, the vehicle's latest limits, the schedule or the wanted power, the vehicle's target.
All limits arrive combined in one `Limits` a side; the decision says which of ours shaped the result.
"""

from __future__ import annotations

from typing import Final

from iso15118.energy import Budget, Need
from iso15118.power import Limits
from iso15118.units import Ampere, Second, Volt, Watt
from iso15118.value import Value, replace

LEAST_VOLTAGE: Final = 50.0
"""V: a power is not turned into a current below this, where the quotient would mean nothing."""


class Decision(Value):
    """What the outlet is to do, and which of *our* limits shaped it (the three flags of the charge-loop response)."""

    voltage: Volt
    current: Ampere
    power_limited: bool = False
    current_limited: bool = False
    voltage_limited: bool = False


IDLE: Final = Decision(0.0, 0.0)


def granted(budget: Budget, now: Second) -> tuple[Watt, Watt, Watt | None]:
    """Charge, discharge (magnitudes) and wanted power of a budget; its fall-back once it has run out."""
    if now > budget.until:
        return budget.fallback, 0.0, None
    return budget.charge, budget.discharge, budget.target


def wanted(budget: Budget, now: Second, need: Need | None) -> Watt | None:
    """The power wanted of the vehicle in Dynamic mode; None: as much as it takes.

    One that lacks energy it cannot do without is charged now, even where the site would rather have none flow or some back.
    """
    target = granted(budget, now)[2]
    if target is not None and target <= 0.0 and need is not None and need.min_energy > 0.0:
        return None
    return target


def ways(need: Need) -> tuple[bool, bool]:
    """May energy flow into the vehicle, and out of it? Full takes no more; at its minimum, or below the V2X range, it gives no more.

    Above the V2X range it takes no more than its target asks for: it is cycled only between both ends of that range.
    """
    above = need.v2x_max_energy is not None and need.v2x_max_energy <= 0.0 and need.target_energy <= 0.0
    out = need.min_energy < 0.0 and (need.v2x_min_energy is None or need.v2x_min_energy < 0.0)
    return need.max_energy > 0.0 and not above, out


def within_window(limits: Limits, need: Need) -> Limits:
    """The limits narrowed by the vehicle's energy window."""
    into, out = ways(need)
    if not into:
        limits = replace(limits, charge_current=0.0, charge_power=0.0)
    return limits if out else limits.charging_only()


def follow(target: Ampere, ceiling: Volt, ours: Limits, theirs: Limits, present: Volt) -> Decision:
    """Scheduled mode and wherever the vehicle names a current: as near to `target` (A, signed) as every limit allows.

    `ceiling` is the vehicle's target voltage, which binds when charging; a discharge goes on down to the higher of both minimum voltages.
    """
    level = max(present, LEAST_VOLTAGE)
    if target >= 0.0:
        voltage = max(0.0, min(ceiling, ours.max_voltage, theirs.max_voltage))
        wanted = min(target, theirs.charge_current, theirs.charge_power / level)
        by_power = ours.charge_power / level
        current = max(0.0, min(wanted, ours.charge_current, by_power))
        return Decision(
            voltage,
            current,
            power_limited=by_power <= ours.charge_current and by_power < wanted,
            current_limited=ours.charge_current < by_power and ours.charge_current < wanted,
            voltage_limited=ours.max_voltage < min(ceiling, theirs.max_voltage),
        )
    voltage = max(ours.min_voltage, theirs.min_voltage)
    if voltage > min(ours.max_voltage, theirs.max_voltage):
        return IDLE  # there is no voltage at which both sides agree
    wanted = min(-target, theirs.discharge_current, theirs.discharge_power / level)
    by_power = ours.discharge_power / level
    current = max(0.0, min(wanted, ours.discharge_current, by_power))
    return Decision(
        voltage,
        -current,
        power_limited=by_power <= ours.discharge_current and by_power < wanted,
        current_limited=ours.discharge_current < by_power and ours.discharge_current < wanted,
        voltage_limited=ours.min_voltage > max(theirs.min_voltage, 0.0) and present <= ours.min_voltage,
    )


def steer(wanted: Watt | None, ours: Limits, theirs: Limits, present: Volt) -> Decision:
    """Dynamic mode: the charger owns the trajectory. `wanted` W, signed; None: as much as the vehicle takes."""
    level = max(present, LEAST_VOLTAGE)
    target = theirs.charge_current if wanted is None else wanted / level
    decision = follow(target, theirs.max_voltage, ours, theirs, present)
    # The wanted power is itself our limit, unless the vehicle's own binds first.
    own = wanted is not None and wanted != 0.0 and abs(decision.current) * level >= abs(wanted) * (1.0 - 1e-9)
    # The vehicle names a highest voltage here, no target: our limit is achieved when the output has come to it.
    reached = decision.voltage_limited and present >= decision.voltage - 1.0
    limited = decision.power_limited or (own and not decision.current_limited)
    return Decision(decision.voltage, decision.current, limited, decision.current_limited, reached)
