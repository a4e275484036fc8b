"""`hal.simulated`: it holds the contract, with a car and with a phantom, and its faults show where they should."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from iso15118.errors import LocalError
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.protocols import Health
from iso15118.hal.simulated import Settings, outlet, settings_of
from iso15118.power import OFF, Command, Contactor, Insulation, Pilot, Setpoint, VehicleSetpoint
from iso15118.sim.phantom import PhantomVehicle
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.value import replace
from tests.hal.bench import LIVE, Bench, at
from tests.hal.contract import CONTRACT, Rig


class CarRig:
    """Charger and car on one plant."""

    def __init__(self) -> None:
        self.vehicle = SimulatedVehicle()
        self.outlet = outlet(Board(), self.vehicle)
        self.now = 1000.0
        self.outlet.advance(self.now)

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.02)
            self.outlet.advance(self.now)

    def plug(self, pilot: Pilot) -> None:
        self.vehicle.plugged = pilot is not Pilot.A
        self.vehicle.apply(VehicleSetpoint(pilot=pilot))

    def is_safe(self) -> bool:
        bus = self.outlet.plant.bus
        return not bus.contactor.conducting and max(bus.supply_voltage, bus.output_voltage) < 60


class PhantomRig(CarRig):
    """The charger alone."""

    def __init__(self) -> None:
        self.phantom = PhantomVehicle()
        self.outlet = outlet(Board(), self.phantom)
        self.now = 1000.0
        self.outlet.advance(self.now)

    def plug(self, pilot: Pilot) -> None:
        self.phantom.pilot = pilot


@pytest.mark.parametrize("rig", [CarRig, PhantomRig])
@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Rig], None], rig: type[CarRig]) -> None:
    check(rig())


def test_alone_with_a_phantom_a_whole_session_runs() -> None:
    lone = outlet()
    guard = Guard(lone, discharge_allowed=True)
    now, number = 50.0, 0

    def run(seconds: float, setpoint: Setpoint) -> None:
        nonlocal now, number
        for turn in range(round(seconds * 100)):
            if turn % 10 == 0:
                number += 1
                guard.command(Command(number, 0.3, setpoint), now)
            now += 0.01
            guard.cycle(now)

    run(0.5, LIVE)
    run(2.0, replace(LIVE, voltage=500, trickle=2, insulation_test=True))
    assert lone.insulation.verdict().value is Insulation.VALID
    run(1.5, replace(LIVE, voltage=0))
    run(1.0, replace(LIVE, voltage=380, trickle=2))
    assert lone.contactor.voltage().value == pytest.approx(380)
    run(3.0, at(80))
    assert lone.supply.measured()[1].value == 80
    run(3.0, at(-80))
    assert lone.supply.measured()[1].value == -80
    run(3.0, OFF)
    assert lone.contactor.voltage().value < 60
    assert not guard.faults
    assert lone.meter.charged().value > 0
    assert lone.meter.discharged().value > 0


def test_meter_gain_shows_against_battery_and_loss() -> None:
    bench = Bench().join()
    bench.faults.meter_gain = 1.1
    battery = bench.vehicle.battery
    before, counted = battery.stored + battery.loss, bench.seen[-1].reading.charged.value
    bench.charge(100, 20)
    metered = bench.seen[-1].reading.charged.value - counted
    assert metered == pytest.approx(1.1 * (battery.stored + battery.loss - before), rel=2e-3)


def test_insulation_below_100_kiloohm_fails_the_test() -> None:
    rig = CarRig()
    rig.plug(Pilot.C)
    rig.outlet.plant.faults.insulation = 99e3
    rig.outlet.insulation.demand(True)
    rig.outlet.supply.demand(400, 0, 2)
    rig.pass_time(2)
    assert rig.outlet.insulation.verdict().value is Insulation.FAULT
    assert rig.outlet.insulation.resistance().value == 99e3
    rig.outlet.insulation.demand(False)
    rig.pass_time(0.1)
    assert rig.outlet.insulation.verdict().value is Insulation.UNKNOWN


def test_a_test_without_voltage_has_no_verdict_and_an_aborted_one_none_either() -> None:
    rig = CarRig()
    rig.plug(Pilot.C)
    rig.outlet.insulation.demand(True)
    rig.pass_time(60)
    assert rig.outlet.insulation.verdict().value is Insulation.TESTING
    rig.outlet.insulation.demand(False)
    rig.pass_time(0.1)
    assert rig.outlet.insulation.verdict().value is Insulation.UNKNOWN


def test_frozen_telemetry_keeps_its_values_and_grows_old() -> None:
    rig = CarRig()
    rig.outlet.plant.faults.telemetry_frozen = True
    frozen = rig.now
    rig.outlet.contactor.demand(True)
    rig.pass_time(1)
    assert rig.outlet.contactor.feedback().value is Contactor.OPEN
    assert rig.outlet.contactor.feedback().age(rig.now) == pytest.approx(rig.now - frozen)
    assert rig.outlet.plant.bus.contactor.conducting


def test_a_derated_or_dead_supply_says_so() -> None:
    rig = CarRig()
    rig.outlet.plant.faults.supply_derating = 0.5
    assert rig.outlet.supply.abilities.limits.charge_current == 0.5 * Board().limits.charge_current
    assert rig.outlet.supply.health is Health.DEGRADED
    rig.outlet.plant.faults.supply_dead = True
    assert rig.outlet.supply.health is Health.FAILED


def test_a_board_that_may_not_discharge_has_a_supply_that_cannot() -> None:
    made = outlet(Board(discharge_allowed=False))
    assert made.supply.abilities.limits.discharge_current == 0
    assert made.plant.bus.supply.discharge_current == 0


def test_settings_reach_the_physics() -> None:
    board = Board(settings={"contactor_delay": 0.2, "insulation": 5e5, "meter_id": "M1", "capacitance": 2e-3})
    made = outlet(board)
    assert made.plant.bus.contactor.delay == 0.2
    assert made.plant.insulation == 5e5
    assert made.meter.meter_id == "M1"
    assert made.plant.bus.capacitance == 2e-3
    assert settings_of(Board()) == Settings()


@pytest.mark.parametrize("key", ["capacitance", "cable_resistance", "bleed_time", "fall"])
def test_physics_has_no_answer_for_zero(key: str) -> None:
    with pytest.raises(LocalError, match=rf"bay\.toml: simulated\.{key}: 0\.0; allowed: a number > 0"):
        outlet(Board(settings={key: 0.0}, file="bay.toml"))
