"""`sim.bus`: capacitor, contactors and battery as one path."""

from __future__ import annotations

import pytest

from iso15118.power import Pilot, VehicleSetpoint
from iso15118.sim.battery import Battery
from iso15118.sim.bus import DcBus
from iso15118.sim.vehicle import SimulatedVehicle

CLOSE = VehicleSetpoint(contactor=True, pilot=Pilot.C)


def run(bus: DcBus, seconds: float) -> None:
    for _ in range(round(seconds / 0.01)):
        bus.advance(0.01)


def joined(soc: float = 50) -> tuple[DcBus, SimulatedVehicle]:
    """A bus whose contactors are all closed, at rest."""
    vehicle = SimulatedVehicle(Battery(soc=soc))
    bus = DcBus(load=vehicle)
    bus.contactor.demand(True)
    run(bus, 0.1)
    bus.supply.demand(vehicle.battery.open_circuit_voltage, 0, 2)
    run(bus, 0.5)
    vehicle.apply(CLOSE)
    run(bus, 0.1)
    bus.supply.off()
    run(bus, 0.1)
    return bus, vehicle


def test_pre_charge_holds_the_voltage_and_no_current_reaches_the_car() -> None:
    bus = DcBus(load=SimulatedVehicle())
    bus.contactor.demand(True)
    bus.supply.demand(380, 0, 2)
    run(bus, 0.1)
    assert 0 < bus.supply_voltage < 380
    run(bus, 0.3)
    assert bus.supply_voltage == bus.output_voltage == bus.inlet_voltage == 380
    assert bus.current == 0


def test_a_lower_pre_charge_target_is_reached_too() -> None:
    bus = DcBus()
    bus.supply.demand(500, 0, 2)
    run(bus, 0.5)
    bus.supply.demand(380, 0, 2)
    run(bus, 0.2)
    assert bus.supply_voltage == 380


def test_off_bleeds_below_60_volt_in_a_second() -> None:
    bus = DcBus()
    bus.supply.demand(500, 0, 2)
    run(bus, 0.5)
    bus.supply.off()
    run(bus, 1.0)
    assert 0 < bus.supply_voltage < 60
    run(bus, 4.0)
    assert bus.supply_voltage == 0


def test_open_contactor_hides_the_supply_from_the_car() -> None:
    bus = DcBus(load=SimulatedVehicle())
    bus.supply.demand(380, 0, 2)
    run(bus, 0.5)
    assert (bus.supply_voltage, bus.output_voltage, bus.inlet_voltage) == (380, 0, 0)


def test_a_closed_car_contactor_shows_the_battery_on_the_cable() -> None:
    vehicle = SimulatedVehicle()
    bus = DcBus(load=vehicle)
    vehicle.apply(CLOSE)
    run(bus, 0.1)
    assert bus.output_voltage == vehicle.battery.open_circuit_voltage
    assert bus.supply_voltage == 0
    vehicle.apply(VehicleSetpoint())
    run(bus, 0.06)
    assert 0 < bus.inlet_voltage < vehicle.battery.open_circuit_voltage
    run(bus, 1.0)
    assert bus.inlet_voltage == 0


def test_joined_the_bus_is_the_terminal_voltage() -> None:
    bus, vehicle = joined()
    assert bus.supply_voltage == pytest.approx(vehicle.battery.open_circuit_voltage)
    bus.supply.demand(450, 50)
    run(bus, 1.0)
    assert bus.current == 50
    assert bus.inlet_voltage == pytest.approx(vehicle.battery.terminal_voltage(50))
    assert bus.supply_voltage == pytest.approx(bus.inlet_voltage + 50 * bus.cable_resistance)


def test_constant_voltage_once_the_limit_is_met() -> None:
    bus, vehicle = joined()
    target = vehicle.battery.open_circuit_voltage + 1
    bus.supply.demand(target, 100)
    run(bus, 2.0)
    assert bus.supply_voltage == pytest.approx(target, abs=0.01)
    assert bus.current == pytest.approx(1 / (0.040 + bus.cable_resistance), rel=0.01)


def test_reversal_goes_through_zero_within_the_ramps() -> None:
    bus, _ = joined()
    bus.supply.demand(450, 50)
    run(bus, 1.0)
    bus.supply.demand(300, -50)
    last, seen = bus.current, []
    for _ in range(100):
        bus.advance(0.01)
        fall = abs(bus.current) < abs(last) or bus.current == 0
        assert abs(bus.current - last) <= (bus.supply.fall if fall else bus.supply.rise) * 0.01 + 1e-9
        seen.append(bus.current)
        last = bus.current
    assert 0.0 in seen
    assert seen[-1] == -50


def test_joining_at_a_difference_is_a_rush_of_the_capacitor_and_no_more() -> None:
    vehicle = SimulatedVehicle()
    bus = DcBus(load=vehicle)
    bus.contactor.demand(True)
    bus.supply.demand(vehicle.battery.open_circuit_voltage + 20, 0, 2)
    run(bus, 0.5)
    bus.supply.off()
    vehicle.contactor.delay = 0.0
    vehicle.apply(CLOSE)
    charge = vehicle.battery.charge
    bus.advance(0.01)
    assert bus.current == pytest.approx((bus.capacitance * 20) / 0.01, rel=0.05)
    assert vehicle.battery.charge - charge == pytest.approx(bus.capacitance * 20, rel=0.05)
    bus.advance(0.01)
    assert bus.current == 0


@pytest.mark.parametrize("side", ["charger", "car", "plug"])
def test_opening_under_load_ends_the_current(side: str) -> None:
    bus, vehicle = joined()
    bus.supply.demand(450, 50)
    run(bus, 1.0)
    if side == "charger":
        bus.contactor.demand(False)
    elif side == "car":
        vehicle.apply(VehicleSetpoint())
    else:
        vehicle.plugged = False
    run(bus, 0.06)
    assert bus.current == 0


def test_settled_only_when_nothing_is_on_its_way() -> None:
    bus, vehicle = joined()
    assert bus.settled
    bus.supply.demand(450, 50)
    assert not bus.settled
    run(bus, 1.0)
    assert bus.settled
    bus.contactor.demand(False)
    assert not bus.settled
    run(bus, 0.1)
    vehicle.apply(VehicleSetpoint())
    assert not bus.settled
