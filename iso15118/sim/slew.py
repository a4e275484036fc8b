"""A quantity on its way to where it is wanted: its magnitude rises at one rate and falls at another, through 0."""

from __future__ import annotations

from iso15118.units import Second


def slew(present: float, target: float, dt: Second, *, rise: float, fall: float) -> tuple[float, float]:
    """(the quantity after `dt` on the way to `target`, its integral meanwhile). `rise`, `fall`: of the magnitude, per second."""
    passed = 0.0
    if present * (target - present) < 0:  # the magnitude falls first, to the target or to 0
        corner = target if present * target > 0 else 0.0
        needed = abs(present - corner) / fall
        if needed >= dt:
            after = present + (fall if target > present else -fall) * dt
            return after, (present + after) / 2 * dt
        passed = (present + corner) / 2 * needed
        present, dt = corner, dt - needed
    needed = abs(target - present) / rise
    if needed > dt:
        after = present + (rise if target > present else -rise) * dt
        return after, passed + (present + after) / 2 * dt
    return target, passed + (present + target) / 2 * needed + target * (dt - needed)
