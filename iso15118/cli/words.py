"""The few words that every view shares. Imports next to nothing: a charger says them too, and it starts quickly."""

from __future__ import annotations

from iso15118.units import Second, Watt

MINUTE: Second = 60.0
AT_REST: Watt = 50.0
"""Below this no direction is named."""


def direction(power: Watt) -> str:
    """Which way energy flows."""
    if abs(power) < AT_REST:
        return "at rest"
    return "into the vehicle" if power > 0 else "out of the vehicle"
