"""A car at an outlet as the site sees it: what it needs, until when, and how surely. Neighbours: `site`, `energy.Need`."""

from __future__ import annotations

from iso15118.energy import Need
from iso15118.grid.site import VOLTAGE, Control, Evse
from iso15118.units import Second, Watt, WattHour
from iso15118.value import Value


class Taper(Value):
    """Above `knee` Wh (seen from now, as in `Need`) a battery takes `slope` W less for each Wh more."""

    knee: WattHour
    slope: float


class Visit(Value, kw_only=True):
    """One car that is plugged in, or is expected.

    Energies of `need` are seen from now and are the battery's; powers are the car's, at its inlet. `need.departure` is seconds from now.
    """

    evse: str
    need: Need
    arrival: Second
    """Seconds since the epoch; later than now: it is expected."""
    departure: Second
    """Seconds since the epoch, as declared. A visit without one has the end of the horizon."""
    phases: int = 3
    """That the car uses on alternating current, from L1 of its outlet on."""
    control: Control = Control.DYNAMIC
    efficiency: float = 1.0
    """Of the car's charger and battery, one way: what is stored of what flows in. On direct current it is 1.0."""
    wear: float = 0.04
    """Of a kWh given back, in the currency of the prices."""
    discharges: bool = False
    """Everything that must allow energy to come back allows it."""
    taper: Taper | None = None
    user: str = ""
    """Whose habits it follows; empty: nobody's we know."""
    buffer: Second = 0.0
    """So much earlier than declared it may leave (learned): by then its target is met."""
    override: bool = False
    """The driver wants all there is, now, until unplugged."""
    priority: int = 0
    worth: float = 0.0
    """Of a kWh that it leaves with above its target, in the currency of the prices: a car that comes back brings it along."""
    expected: bool = False
    """No car is there yet: it is planned for, and told nothing."""

    def powers(self, evse: Evse) -> tuple[Watt, Watt]:
        """The most into and out of the car at an outlet, at its inlet; out of it nothing that is not allowed."""
        wires = float("inf") if evse.dc else min(self.phases, evse.phases) * VOLTAGE * evse.most
        out = min(self.need.discharge_power, evse.discharge, wires) if self.discharges else 0.0
        return max(0.0, min(self.need.charge_power, evse.charge, wires)), max(0.0, out)

    def laxity(self, now: Second, most: Watt) -> Second:
        """How long it can wait, at `most` W afterwards, and still have its target; negative: it cannot have it any more."""
        energy = max(0.0, self.need.target_energy)
        hours = float("inf") if most <= 0.0 < energy else energy / (most * self.efficiency) if energy else 0.0
        return self.departure - self.buffer - now - hours * 3600.0
