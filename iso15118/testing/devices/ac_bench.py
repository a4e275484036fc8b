"""The metal between simulated devices of alternating current: the mains of `sim`, told through `wires` by an inverter in the path."""

from __future__ import annotations

from iso15118.power import AcTarget
from iso15118.sim.mains import Mains
from iso15118.testing.devices.wires import World
from iso15118.units import PerPhase, Second


class AcBench:
    """One charging point's mains and their wires. An inverter sets the sum of the phases: each of them has the same share."""

    def __init__(self, mains: Mains, world: World) -> None:
        self.mains, self.world = mains, world
        self.phases = sum(volts > 0.0 for volts in mains.voltage)

    def turn(self, now: Second) -> None:
        """What the path asks for into the mains, the mains up to `now`, what is measured onto the wires."""
        world, mains = self.world, self.mains
        mains.target = AcTarget(PerPhase.even(world.get("path.target", 0.0), self.phases))
        mains.advance(now)
        reading = mains.reading
        for phase, volts, watts in zip(("l1", "l2", "l3"), reading.voltage, reading.active, strict=True):
            world[f"grid.voltage.{phase}"], world[f"grid.power.{phase}"] = volts, watts
        world["grid.frequency"] = reading.frequency
        world["meter.charged"], world["meter.discharged"] = mains.meter.charged, mains.meter.discharged
        world["contactor.state"] = float(mains.contactor.feedback)
        world["pilot.state"] = float(mains.pilot)
