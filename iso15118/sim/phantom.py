"""The car that is not there: a charger in its own process, talking to a foreign car, still needs a battery on its bus.

The phantom learns everything from the supply. A pre-charge whose voltage stands within 20 V of its target for `ADOPT` becomes
the battery voltage (so that any car's target works) and the contactor closes; it opens when the supply goes off, and the next
pre-charge is adopted anew. A voltage on the bus during an insulation test, and the same one still standing after it, is not
a pre-charge. A flat battery: its voltage does not move with its charge.
"""

from __future__ import annotations

from iso15118.power import Pilot
from iso15118.sim.battery import Battery
from iso15118.sim.bus import DcBus
from iso15118.sim.relay import Relay
from iso15118.units import Second, Volt, WattHour

ADOPT: Second = 0.100
MATCH: Volt = 20.0
"""N14: a car closes within this of its battery voltage."""
LOWEST: Volt = 60.0
"""N8: below it a bus counts as dead, not as pre-charged."""


class PhantomVehicle:
    """A load for a `DcBus` that imitates whatever car the charger believes in. `pilot` may be set."""

    __slots__ = ("_capacity", "_since", "_target", "_tested", "battery", "contactor", "pilot")

    def __init__(self, *, capacity: WattHour = 60_000.0, pilot: Pilot = Pilot.C, contactor_delay: Second = 0.050) -> None:
        self.contactor = Relay(contactor_delay)
        self.pilot = pilot
        self._capacity = capacity
        self.battery = _flat(capacity, 400.0)
        self._target: Volt = 0.0
        self._since: Second | None = None
        self._tested: Volt | None = None

    @property
    def conducting(self) -> bool:
        """Is the imagined battery connected?"""
        return self.contactor.conducting

    @property
    def settled(self) -> bool:
        """Nothing to wait for: the contactor rests and no pre-charge is being watched."""
        return self.contactor.settled and self._since is None

    def advance(self, dt: Second) -> None:
        """Let the contactor move."""
        self.contactor.advance(dt)

    def break_contactor(self, welded: bool, stuck_open: bool) -> None:
        """Put a fault into the contactor."""
        self.contactor.welded, self.contactor.stuck_open = welded, stuck_open

    def sense(self, bus: DcBus, at: Second) -> None:
        """Guess from the supply what the car is doing."""
        supply = bus.supply
        if not supply.on:
            self.contactor.demand(False)
            self._since = self._tested = None
        elif bus.testing:
            self._since, self._tested = None, supply.voltage
        elif supply.holding and self.contactor.settled and not self.contactor.conducting and supply.voltage != self._tested:
            self._watch(bus.inlet_voltage, supply.target_voltage, at)
        else:
            self._since = None

    def _watch(self, voltage: Volt, target: Volt, at: Second) -> None:
        """A pre-charge may be under way: adopt its voltage and close when it has stood long enough."""
        if self._since is None or target != self._target or voltage < LOWEST or abs(voltage - target) > MATCH:
            self._target, self._since = target, at
        elif at - self._since >= ADOPT:
            self.battery = _flat(self._capacity, target)
            self.contactor.demand(True)
            self._since = None


def _flat(capacity: WattHour, voltage: Volt) -> Battery:
    """A half-full battery whose voltage does not depend on its charge."""
    return Battery(capacity, 50.0, curve=((0.0, voltage), (100.0, voltage)), series=1)
