"""The metal between simulated devices: a plant of `sim`, told through `wires` by those devices that are programs of their own."""

from __future__ import annotations

from typing import Final

from iso15118.sim.plant import Plant
from iso15118.testing.devices.wires import World
from iso15118.units import Second

BY_WIRE: Final = ("supply", "contactor", "insulation")
"""Devices of an outlet whose demands a bench takes from its wires, where it is told so."""


class Bench:
    """One plant and its wires. `devices`: which of `BY_WIRE` tell it by wire; the others tell it as ever."""

    def __init__(self, plant: Plant, world: World, devices: tuple[str, ...] = BY_WIRE) -> None:
        self.plant, self.world, self._devices = plant, world, devices

    def turn(self, now: Second) -> None:
        """What is wanted into the plant, the plant up to `now`, what is measured onto the wires."""
        world, plant = self.world, self.plant
        supply = plant.bus.supply
        if "supply" in self._devices:
            if world.get("supply.on", 0.0):
                supply.demand(world.get("supply.voltage", 0.0), world.get("supply.current", 0.0), world.get("supply.trickle", 0.0))
            else:
                supply.off()
        if "contactor" in self._devices:
            plant.bus.contactor.demand(bool(world.get("contactor.demand", 0.0)))
        if "insulation" in self._devices:
            plant.bus.testing = bool(world.get("insulation.testing", 0.0))
        plant.advance(now)
        world["bus.voltage"] = plant.bus.supply_voltage
        world["bus.current"] = plant.bus.current
        world["output.voltage"] = plant.bus.output_voltage
        world["contactor.state"] = float(plant.bus.contactor.feedback)
        world["pilot.state"] = float(plant.pilot)
        world["insulation.ohm"] = plant.insulation
        world["meter.charged"] = plant.meter.charged
        world["meter.discharged"] = plant.meter.discharged
        for phase in ("l1", "l2", "l3"):
            world[f"grid.voltage.{phase}"] = 0.0 if plant.faults.grid_lost else 230.0 * plant.faults.grid_voltage
        frequency = plant.faults.grid_frequency
        world["grid.frequency"] = 0.0 if plant.faults.grid_lost else 50.0 if frequency is None else frequency
        world["supply.celsius"] = 40.0
