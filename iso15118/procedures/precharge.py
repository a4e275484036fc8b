"""Bringing the outlet to the battery's voltage, before the vehicle closes its contactors."""

from __future__ import annotations

from typing import Final

from iso15118.power import Limits, Setpoint
from iso15118.units import Volt

CURRENT: Final = 2.0
"""A, at most, while the output follows the vehicle's target."""


def hold(target: Volt, limits: Limits) -> Setpoint:
    """The set-point that brings the output to `target`, never above the outlet's maximum; contactor closed, connector locked."""
    return Setpoint(voltage=max(0.0, min(target, limits.max_voltage)), trickle=CURRENT, contactor=True, lock=True)
