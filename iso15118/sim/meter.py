"""An energy meter in the output: counts voltage times current on its own, with a gain that may be wrong."""

from __future__ import annotations

from iso15118.units import HOUR, Ampere, Second, Volt, WattHour


class Meter:
    """Two registers that only count up: energy into the vehicle and out of it, Wh."""

    __slots__ = ("charged", "discharged", "gain")

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain
        self.charged: WattHour = 0.0
        self.discharged: WattHour = 0.0

    def count(self, voltage: Volt, current: Ampere, dt: Second) -> None:
        """Add `dt` seconds at this voltage and current."""
        energy = voltage * current * dt / HOUR * self.gain
        if energy > 0:
            self.charged += energy
        else:
            self.discharged -= energy
