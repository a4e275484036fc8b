"""`sim.plant`: everything together through time, cheaply and without losing energy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iso15118.power import Pilot, VehicleSetpoint
from iso15118.sim.battery import Battery
from iso15118.sim.bus import DcBus
from iso15118.sim.plant import Plant
from iso15118.sim.vehicle import SimulatedVehicle


def charging(soc: float = 50, capacity: float = 60_000) -> tuple[Plant, SimulatedVehicle]:
    """A plant with all contactors closed and no current, at time 1000."""
    vehicle = SimulatedVehicle(Battery(capacity, soc))
    plant = Plant(DcBus(load=vehicle))
    plant.advance(998)
    plant.bus.contactor.demand(True)
    plant.bus.supply.demand(vehicle.battery.open_circuit_voltage, 0, 2)
    plant.advance(999)
    vehicle.apply(VehicleSetpoint(contactor=True, pilot=Pilot.C))
    plant.advance(1000)
    return plant, vehicle


def test_first_time_is_where_it_starts() -> None:
    plant = Plant(DcBus())
    plant.advance(1e6)
    assert (plant.now, plant.steps) == (1e6, 0)


def test_a_time_already_reached_changes_nothing() -> None:
    plant, vehicle = charging()
    plant.bus.supply.demand(450, 50)
    plant.advance(1002)
    charge = vehicle.battery.charge
    plant.advance(1001)
    plant.advance(1002)
    assert vehicle.battery.charge == charge


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-120, 120), st.floats(0.05, 60), st.sampled_from([0.01, 0.25, 1.0, 30.0])),
        min_size=1,
        max_size=6,
    )
)
def test_no_energy_is_lost_or_made(legs: list[tuple[float, float, float]]) -> None:
    """Meter = stored + heat in battery and cable, for any currents and any pace of calls."""
    plant, vehicle = charging()
    battery, meter, cable = vehicle.battery, plant.meter, plant.bus.cable_resistance / vehicle.battery.resistance
    begin = (battery.stored, battery.loss, meter.charged - meter.discharged)
    now = 1000.0
    for current, seconds, pace in legs:
        plant.bus.supply.demand(480 if current >= 0 else 200, current)
        end = now + seconds
        while now < end:
            now = min(end, now + pace)
            plant.advance(now)
    stored, heat, metered = battery.stored - begin[0], battery.loss - begin[1], meter.charged - meter.discharged - begin[2]
    ramps = 0.05 * len(legs)  # the meter takes the mean voltage of a step, a ramp inside a step bends it
    assert metered == pytest.approx(stored + heat * (1 + cable), abs=1e-3 + ramps)


def test_a_meter_that_counts_wrong_is_the_meters_fault_alone() -> None:
    plant, vehicle = charging()
    plant.faults.meter_gain = 1.05
    before = vehicle.battery.stored + vehicle.battery.loss
    plant.bus.supply.demand(480, 100)
    plant.advance(1360)
    assert plant.meter.charged == pytest.approx(1.05 * (vehicle.battery.stored + vehicle.battery.loss - before), rel=2e-3)


def test_an_hour_at_the_pace_of_the_charge_loop_takes_few_steps() -> None:
    plant, _ = charging(soc=20)
    plant.bus.supply.demand(480, 50)
    steps, now = plant.steps, 1000.0
    for _ in range(4 * 3600):
        now += 0.25
        plant.advance(now)
    assert plant.steps - steps < 4 * 3600 + 200
    assert plant.bus.current == 50


def test_an_idle_hour_takes_a_step_a_second_at_most() -> None:
    plant = Plant(DcBus(load=SimulatedVehicle()))
    plant.advance(0)
    plant.advance(3600)
    assert plant.steps <= 3600 + 100


def test_long_and_short_steps_agree() -> None:
    ends = []
    for pace in (0.01, 30.0):
        plant, vehicle = charging(soc=75, capacity=20_000)
        plant.bus.supply.demand(385, 100)  # constant current, then constant voltage
        now = 1000.0
        while now < 1300:
            now += pace
            plant.advance(now)
        ends.append((vehicle.battery.soc, plant.bus.current, plant.meter.charged))
    assert ends[0] == pytest.approx(ends[1], rel=2e-3)


def test_faults_are_data() -> None:
    plant, vehicle = charging()
    plant.bus.supply.demand(450, 50)
    plant.advance(1002)
    plant.faults.current_gain = 1.2
    plant.advance(1003)
    assert plant.bus.current == pytest.approx(60)
    plant.faults.supply_dead = True
    plant.advance(1004)
    assert plant.bus.current == 0
    plant.faults.contactor_stuck_open = True
    plant.advance(1005)
    assert not plant.bus.contactor.conducting
    plant.faults.vehicle_welded = True
    vehicle.apply(VehicleSetpoint())
    plant.advance(1006)
    assert plant.bus.inlet_voltage == pytest.approx(vehicle.battery.open_circuit_voltage)


def test_pilot_is_the_cars_unless_broken_or_unplugged() -> None:
    plant, vehicle = charging()
    assert plant.pilot is Pilot.C
    plant.faults.pilot = Pilot.E
    assert plant.pilot is Pilot.E
    plant.faults.pilot = None
    vehicle.plugged = False
    assert plant.pilot is Pilot.A
    assert Plant(DcBus()).pilot is Pilot.A


def test_insulation_is_the_plants_unless_broken() -> None:
    plant = Plant(DcBus(), insulation=2e6)
    assert plant.insulation == 2e6
    plant.faults.insulation = 99e3
    assert plant.insulation == 99e3
