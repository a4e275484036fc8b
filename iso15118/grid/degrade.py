"""What a car can be told of what it was granted: by how finely it can be steered, down to on and off. Neighbour: `allocate`, who grants.

Granted power is in W, + into the vehicle, at its inlet; currents of alternating current are magnitudes of what a phase may carry.
"""

from __future__ import annotations

from typing import Final

from iso15118.energy import Budget
from iso15118.grid.site import LEAST, VOLTAGE, Control, Evse
from iso15118.units import Ampere, PerPhase, Second, Watt

FULL: Final = 0.98
"""Of what an outlet gives: what can only be switched is on where so much is granted."""
HIGH: Final[Ampere] = 51.0
"""Above it pulse widths count otherwise (IEC 61851-1)."""
MOST: Final[Ampere] = 80.0


def budget(control: Control, outlet: Evse, power: Watt, phases: PerPhase | None = None, *, until: Second, why: str = "") -> Budget:
    """What the outlet may do until `until` (monotonic); then it falls back to its fail-safe power, but never rises to it.

    `phases`: W granted in each phase of its own, on alternating current. The car is told
    - a set-point, where it lets itself be steered;
    - a ceiling each way, where it keeps to its own profile below it;
    - a ceiling of charging (ISO 15118-2, DIN 70121), which is all there is;
    - a current from 6 A on, the same in each phase, or none, by pulse width;
    - on or off.
    """
    into, out = max(0.0, power), max(0.0, -power)
    if control is Control.PWM:
        into = pilot_current(outlet, into) * VOLTAGE * outlet.phases
    elif control is Control.SWITCH:
        into = outlet.charge if into >= FULL * outlet.charge else 0.0
    steered, scheduled = control is Control.DYNAMIC, control is Control.SCHEDULED
    return Budget(
        charge=into,
        discharge=out if steered or scheduled else 0.0,
        target=power if steered else None,
        until=until,
        fallback=min(outlet.failsafe, into),
        why=why,
        phases=phases if into > 0.0 and control is not Control.SWITCH else None,
    )


def pilot_current(outlet: Evse, power: Watt) -> Ampere:
    """What can be told by pulse width of a power on all phases of the outlet, rounded down to 0.1 A; below 6 A it is none."""
    current = min(power / (VOLTAGE * outlet.phases), outlet.most, MOST)
    return int(current * 10.0 + 1e-9) / 10.0 if current >= LEAST else 0.0


def duty_cycle(current: Ampere) -> float:
    """Percent of the pulse width that tells a current (IEC 61851-1); 100: none, the car does not charge."""
    if current < LEAST:
        return 100.0
    return current / 0.6 if current <= HIGH else min(current, MOST) / 2.5 + 64.0
