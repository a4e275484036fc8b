"""`sim.vehicle`: attached to a bus, detached against a foreign charger, and what its driver wants."""

from __future__ import annotations

import pytest

from iso15118.power import AcTarget, Contactor, Pilot, VehicleSetpoint
from iso15118.sim.battery import Battery
from iso15118.sim.bus import DcBus
from iso15118.sim.plant import Plant
from iso15118.sim.vehicle import STILL, SimulatedVehicle, Trip
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace

CLOSE = VehicleSetpoint(contactor=True, pilot=Pilot.C)


def test_attached_it_reads_the_bus_and_the_age_is_the_plants() -> None:
    vehicle = SimulatedVehicle()
    plant = Plant(DcBus(load=vehicle))
    assert vehicle.reading(0).voltage.age(0) == float("inf")
    plant.advance(10)
    plant.bus.contactor.demand(True)
    plant.bus.supply.demand(380, 0, 2)
    plant.advance(11)
    reading = vehicle.reading(11.5)
    assert reading.voltage.value == 380
    assert reading.voltage.age(11.5) == pytest.approx(0.5)
    assert reading.contactor.value is Contactor.OPEN
    assert reading.battery_voltage.value == vehicle.battery.open_circuit_voltage
    vehicle.apply(CLOSE)
    plant.bus.supply.demand(450, 40)
    plant.advance(13)
    reading = vehicle.reading(13)
    assert (reading.current.value, reading.contactor.value) == (40, Contactor.CLOSED)
    assert reading.voltage.value == pytest.approx(vehicle.battery.terminal_voltage(40))
    assert reading.soc.value > 50


def test_pilot_follows_the_set_point_and_the_plug() -> None:
    vehicle = SimulatedVehicle()
    assert vehicle.pilot is Pilot.B
    vehicle.apply(CLOSE)
    assert vehicle.pilot is Pilot.C
    vehicle.plugged = False
    assert vehicle.pilot is Pilot.A


def test_detached_inlet_is_the_reported_voltage_until_the_contactor_closes() -> None:
    vehicle = SimulatedVehicle(detached=True)
    vehicle.observe(370, 0, 100)
    assert vehicle.reading(100).voltage.value == 370
    vehicle.apply(CLOSE)
    assert vehicle.reading(100.04).contactor.value is Contactor.MOVING
    reading = vehicle.reading(100.05)
    assert reading.contactor.value is Contactor.CLOSED
    assert reading.voltage.value == vehicle.battery.open_circuit_voltage


def test_detached_battery_integrates_the_reported_current() -> None:
    vehicle = SimulatedVehicle(detached=True)
    vehicle.apply(CLOSE)
    vehicle.observe(360, 0, 0)
    vehicle.observe(360, 0, 1)
    charge = vehicle.battery.charge
    for quarter in range(4, 44):
        vehicle.observe(365, -30, quarter / 4)
    vehicle.observe(365, 0, 11)
    assert vehicle.battery.charge - charge == pytest.approx(-30 * 10)
    assert vehicle.reading(11).battery_voltage.value == vehicle.battery.open_circuit_voltage


def test_detached_a_silent_charger_is_believed_for_a_second() -> None:
    vehicle = SimulatedVehicle(detached=True)
    vehicle.apply(CLOSE)
    vehicle.observe(360, 0, 0)
    vehicle.observe(360, 50, 1)
    charge = vehicle.battery.charge
    reading = vehicle.reading(6)
    assert vehicle.battery.charge - charge == pytest.approx(50)
    assert reading.current.value == 0
    vehicle.reading(60)
    assert vehicle.battery.charge - charge == pytest.approx(50)


def test_detached_no_current_flows_into_an_open_contactor() -> None:
    vehicle = SimulatedVehicle(detached=True)
    vehicle.observe(360, 50, 0)
    vehicle.observe(360, 50, 1)
    assert vehicle.battery.soc == 50
    assert vehicle.reading(1).current.value == 0


def test_detached_measures_now() -> None:
    vehicle = SimulatedVehicle(detached=True)
    vehicle.observe(360, 0, 0)
    assert vehicle.reading(50).voltage.age(50) == 0


def test_wish_counts_the_departure_down_from_the_start_of_the_stay() -> None:
    vehicle = SimulatedVehicle(Battery(soc=50), Trip(departure=3600, target_soc=80, v2x_min_soc=30, v2x_max_soc=70))
    assert vehicle.wish(5000).departure == 3600
    need = vehicle.wish(5600)
    assert need.departure == 3000
    assert vehicle.wish(9999).departure == 0
    assert need.target_energy > 0
    assert need.v2x_min_energy is not None
    assert need.v2x_min_energy < 0
    assert need.discharge_power > 0


def test_a_one_way_car_offers_no_way_back() -> None:
    vehicle = SimulatedVehicle(trip=Trip(bidirectional=False, v2x_min_soc=30, v2x_max_soc=70))
    need = vehicle.wish(0)
    assert (need.discharge_power, need.v2x_min_energy, need.departure) == (0, None, None)
    assert vehicle.limits().discharge_current == 0


@pytest.mark.parametrize(("soc", "charge", "discharge"), [(20, True, False), (50, True, True), (90, False, True)])
def test_the_window_of_charge_bounds_the_current(soc: float, charge: bool, discharge: bool) -> None:
    limits = SimulatedVehicle(Battery(soc=soc), Trip(min_soc=20, max_soc=90)).limits()
    assert (limits.charge_current > 0, limits.charge_power > 0) == (charge, charge)
    assert (limits.discharge_current > 0, limits.discharge_power > 0) == (discharge, discharge)


MAINS = PerPhase(230.0, 230.0, 230.0)
TAKING = VehicleSetpoint(pilot=Pilot.C, lock=True, target=AcTarget(PerPhase.even(9e3, 3)))


def test_on_mains_it_draws_what_it_was_told() -> None:
    car = SimulatedVehicle()
    assert car.reading(0.0).ac is None
    car.draw(NO_PHASE, 50.0, 0.0, 1.0)
    reading = car.reading(1.0)
    assert reading.ac is not None
    assert (reading.ac.value.voltage, reading.ac.at) == (NO_PHASE, 1.0)
    car.apply(TAKING)
    assert not car.settled
    for step in range(100):
        active, _ = car.draw(MAINS, 50.0, 0.01, 1.0 + step / 100)
    assert active.total == pytest.approx(9e3)
    assert car.settled
    reading = car.reading(2.0)
    assert reading.ac is not None
    assert reading.ac.value.active.total == pytest.approx(9e3)
    assert reading.battery_voltage.value > car.battery.open_circuit_voltage
    assert reading.contactor.value is Contactor.OPEN  # that of direct current
    car.plugged = False
    assert car.draw(MAINS, 50.0, 0.01, 2.0) == (NO_PHASE, NO_PHASE)


def test_on_mains_the_trips_window_binds_behind_the_converter() -> None:
    car = SimulatedVehicle(Battery(soc=20.0), Trip(min_soc=20.0))
    assert car.ac_limits().discharge_power == 0.0
    assert car.ac_limits().charge_power == 11e3
    small = SimulatedVehicle(Battery(soc=50.0, charge_current=10.0))
    assert small.ac_limits().charge_power == pytest.approx(small.limits().charge_power / 0.94)


def test_detached_it_believes_in_mains_from_the_start_to_the_stop() -> None:
    car = SimulatedVehicle(detached=True)
    car.connect(0.0)  # not ready: nothing
    assert car.reading(0.5).ac is None
    car.apply(replace(TAKING, target=AcTarget()))
    car.connect(1.0)
    car.apply(TAKING)
    stored = car.battery.stored
    reading = car.reading(11.0)
    assert reading.ac is not None
    assert (reading.ac.value.voltage, reading.ac.value.frequency) == (MAINS, 50.0)
    assert reading.ac.value.active.total == pytest.approx(9e3)
    assert car.battery.stored > stored
    car.apply(STILL)
    reading = car.reading(11.1)
    assert reading.ac is not None
    assert (reading.ac.value.voltage, reading.ac.value.active) == (NO_PHASE, NO_PHASE)
    car.observe(350.0, 0.0, 12.0)  # the next charger has direct current
    assert car.reading(12.0).ac is None


def test_detached_with_direct_current_a_start_changes_nothing() -> None:
    car = SimulatedVehicle(detached=True)
    car.apply(VehicleSetpoint(contactor=True, pilot=Pilot.C))
    car.connect(1.0)
    assert car.reading(2.0).ac is None
