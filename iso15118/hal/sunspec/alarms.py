"""What a SunSpec inverter says of itself in model 701, as health and in words. Pure."""

from __future__ import annotations

from typing import Final

from iso15118.hal.protocols import Health

THROTTLED, FAULT, LAST = 4, 6, 7
"""Of InvSt: it does less than it could, it does nothing any more, and the highest state there is."""
ALARMS: Final = (
    "ground fault",
    "DC over-voltage",
    "AC disconnect open",
    "DC disconnect open",
    "grid disconnected",
    "cabinet open",
    "manual shutdown",
    "over-temperature",
    "over-frequency",
    "under-frequency",
    "AC over-voltage",
    "AC under-voltage",
    "blown fuse",
    "under-temperature",
    "memory or communication error",
    "hardware test failed",
    "manufacturer's alarm",
)
"""By bit of Alrm."""
GROUND_FAULT: Final = 1
OF_THE_GRID: Final = frozenset({2, 4, 8, 9, 10, 11})
"""Alarms that tell of a lost grid, not of a broken inverter: the guard opens by what is measured, and has no fault to remember."""


def judged(state: int | None, alarms: int) -> tuple[Health, list[str]]:
    """By InvSt (None: not implemented) and Alrm. A state or alarm that is not in the model is a failure."""
    bits = [bit for bit in range(32) if alarms >> bit & 1]
    words = [ALARMS[bit] if bit < len(ALARMS) else f"alarm {bit}" for bit in bits]
    broken = state is not None and (state == FAULT or state > LAST)
    if broken:
        words.append("in fault" if state == FAULT else f"in state {state}")
    if state == THROTTLED:
        words.append("throttled")
    failed = broken or not OF_THE_GRID.issuperset(bits)
    return Health.FAILED if failed else Health.DEGRADED if words else Health.GOOD, words
