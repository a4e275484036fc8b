"""A guard over drivers at their own pace, in virtual time: what it bears of a bus that is slower than itself."""

from __future__ import annotations

import pytest

from iso15118.errors import DeviceFault
from iso15118.hal.board import Board
from iso15118.hal.can.infypower import SHEET as REG
from iso15118.hal.can.infypower import InfyPower
from iso15118.hal.can.infypower_beg import SHEET as BEG
from iso15118.hal.can.infypower_beg import Beg
from iso15118.hal.composed import Composed
from iso15118.hal.guard import Guard
from iso15118.hal.monitoring import Surroundings
from iso15118.hal.simulated import SimulatedOutlet, outlet
from iso15118.power import OFF, Command, Pilot, Setpoint, Telemetry, VehicleSetpoint
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.testing.devices.bench import Bench
from iso15118.testing.devices.infypower import InfyModules
from iso15118.testing.devices.infypower_beg import BegModule
from iso15118.testing.devices.wires import World
from iso15118.value import replace
from tests.hal.bench import LIVE, at
from tests.hal.can.bench import Clock

TURN, SLOT = 0.01, 5
MODULES = {
    "beg": lambda world, clock: (Beg(BEG, clock), BegModule(world)),
    "reg": lambda world, clock: (InfyPower(replace(REG, modules=3), clock), InfyModules(world, 3)),
}


class Guarded:
    """A frame each fifth turn of the guard; its answer is heard in the next turn."""

    def __init__(self, kind: str) -> None:
        self.clock, self.world = Clock(), dict[str, float]()
        world: World = self.world
        self.driver, self.module = MODULES[kind](world, self.clock)
        self.vehicle = SimulatedVehicle(Battery(soc=50.0))
        self.vehicle.apply(VehicleSetpoint(pilot=Pilot.C))
        base = outlet(Board(), self.vehicle)
        assert isinstance(base, SimulatedOutlet)
        self.plant = base.plant
        self.bench = Bench(base.plant, world, ("supply",))
        self.outlet = Composed(base, {"supply": self.driver})
        self.number = self.turn = 0
        while self.driver.missing():
            self.bus()
            self.clock.now += TURN
        self.guard = Guard(self.outlet, around=Surroundings(grid_fresh=2.0), discharge_allowed=True)  # type: ignore[arg-type]

    def bus(self) -> None:
        now = self.clock.now
        self.turn += 1
        self.bench.turn(now)
        self.outlet.advance(now)
        if self.turn % SLOT == 0:
            list(self.module.turn(now))
            frame = self.driver.speak(now)
            for reply in [] if frame is None else list(self.module.answer(frame, now)):
                self.driver.heard(reply, now)

    def run(self, seconds: float, setpoint: Setpoint) -> Telemetry:
        for turn in range(round(seconds / TURN)):
            self.clock.now += TURN
            self.bus()
            if turn % 10 == 0:
                self.number += 1
                self.guard.command(Command(self.number, 0.3, setpoint), self.clock.now)
            telemetry = self.guard.cycle(self.clock.now)
        return telemetry

    def join(self) -> Guarded:
        level = self.vehicle.battery.open_circuit_voltage
        self.run(1.0, replace(LIVE, voltage=0.0))
        self.run(2.0, replace(LIVE, voltage=level, trickle=2.0))
        self.vehicle.apply(VehicleSetpoint(contactor=True, pilot=Pilot.C))
        self.run(0.5, replace(LIVE, voltage=level, trickle=2.0))
        return self

    @property
    def current(self) -> float:
        return self.plant.bus.current


def test_energy_both_ways_without_a_fault() -> None:
    it = Guarded("beg").join()
    for wanted in (60.0, 5.0, -60.0, -5.0, 40.0, -40.0):
        telemetry = it.run(4.0, at(wanted))
        assert not telemetry.faults
        assert it.current == pytest.approx(wanted, abs=0.5)
        assert telemetry.reading.current.value == pytest.approx(wanted, abs=0.5)
    telemetry = it.run(1.5, OFF)
    assert not telemetry.faults
    assert it.current == 0.0
    assert it.plant.bus.supply_voltage < 60
    assert not it.module.wrongs


def test_a_discharge_without_the_service_is_nothing() -> None:
    it = Guarded("beg").join()
    it.run(4.0, replace(at(-40.0), bidirectional=False))
    assert it.current == 0.0
    assert not it.module.inverter


def test_three_modules_that_charge_and_that_are_asked_to_discharge() -> None:
    it = Guarded("reg").join()
    for wanted in (90.0, 5.0, 60.0):
        telemetry = it.run(3.0, at(wanted))
        assert not telemetry.faults
        assert it.current == pytest.approx(wanted, abs=0.5)
    it.run(2.0, at(-40.0))
    assert it.current == 0.0


@pytest.mark.parametrize("kind", MODULES)
def test_a_bus_that_falls_silent_ends_in_a_fault_and_an_open_contactor(kind: str) -> None:
    it = Guarded(kind).join()
    it.run(3.0, at(60.0))
    for module in getattr(it.module, "modules", [it.module]):
        module.silent = True
    telemetry = it.run(2.0, at(60.0))
    assert DeviceFault.STALE in telemetry.faults
    assert not it.plant.bus.contactor.conducting
