"""A bench in real time for drivers with a bus: the devices under test on it, the others simulated, all on one plant.

    with WireRig({"supply": driver}, world) as rig:
        check(rig)

`world` is what the simulated device at the other end of the bus was given.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from iso15118.hal.board import Board
from iso15118.hal.composed import Composed
from iso15118.hal.simulated import SimulatedOutlet, outlet
from iso15118.power import Pilot, VehicleSetpoint
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.testing.devices.bench import BY_WIRE, Bench
from iso15118.testing.devices.wires import World
from tests.hal.contract import measurements

TURN = 0.005
SETTINGS = {"insulation_test_time": 0.2, "bleed_time": 0.1, "lock_delay": 0.05, "contactor_delay": 0.02}


class WireRig:
    """`contract.Rig`. A device of `BY_WIRE` that is among `made`, or that is brought along by one, is told by wire."""

    def __init__(self, made: Mapping[str, Any], world: World, board: Board | None = None) -> None:
        base = outlet(board or Board(settings=SETTINGS), SimulatedVehicle())
        assert isinstance(base, SimulatedOutlet)
        brought = {name for device in made.values() for name in getattr(device, "also", {})}
        self.plant = base.plant
        self.vehicle = base.plant.load
        self.bench = Bench(base.plant, world, tuple(name for name in BY_WIRE if name in made or name in brought))
        self.bench.turn(time.monotonic())
        self.outlet: Any = Composed(base, made)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="plant", daemon=True)

    def __enter__(self) -> WireRig:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.outlet.close()

    def _run(self) -> None:
        while not self._over.wait(TURN):
            with self._lock:
                self.bench.turn(time.monotonic())
                self.outlet.advance(time.monotonic())

    @property
    def now(self) -> float:
        return time.monotonic()

    def pass_time(self, seconds: float) -> None:
        """As a guard does: it asks each 10 ms."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            measurements(self.outlet)
            time.sleep(min(0.01, left))

    def until(self, done: Callable[[], bool], within: float = 3.0) -> None:
        end = time.monotonic() + within
        while not done():
            assert time.monotonic() < end
            time.sleep(0.01)

    def plug(self, pilot: Pilot) -> None:
        with self._lock:
            assert isinstance(self.vehicle, SimulatedVehicle)
            self.vehicle.plugged = pilot is not Pilot.A
            self.vehicle.apply(VehicleSetpoint(pilot=pilot))

    def is_safe(self) -> bool:
        bus = self.plant.bus
        return not bus.contactor.conducting and max(bus.supply_voltage, bus.output_voltage) < 60
