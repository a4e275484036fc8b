"""`sim.mains`: the grid at one outlet, and what hangs on it."""

from __future__ import annotations

import pytest

from iso15118.power import AcTarget, Contactor, Pilot, VehicleSetpoint
from iso15118.sim.mains import Mains, MainsPhantom
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.units import NO_PHASE, PerPhase

NINE = AcTarget(PerPhase.even(9e3, 3))


def closed(mains: Mains) -> Mains:
    mains.advance(10.0)
    mains.contactor.demand(True)
    mains.advance(10.1)
    return mains


def test_nothing_flows_while_the_contactor_is_open() -> None:
    mains = Mains(MainsPhantom())
    mains.target = NINE
    mains.advance(10.0)
    mains.advance(11.0)
    assert (mains.reading.voltage, mains.reading.active, mains.behind) == (PerPhase(230, 230, 230), NO_PHASE, 0.0)


def test_a_phantom_takes_what_is_offered() -> None:
    mains = closed(Mains(MainsPhantom()))
    mains.target = NINE
    mains.advance(370.1)
    assert mains.reading.active == PerPhase.even(9e3, 3)
    assert mains.meter.charged == pytest.approx(900, rel=0.01)
    assert mains.steps < 400
    mains.target = None
    mains.advance(371.0)
    assert mains.reading.active == NO_PHASE


def test_a_car_charges_and_gives_back() -> None:
    car = SimulatedVehicle()
    mains = closed(Mains(car))
    car.apply(VehicleSetpoint(pilot=Pilot.C, target=NINE))
    stored = car.battery.stored
    mains.advance(130.0)
    assert mains.reading.active.total == pytest.approx(9e3, rel=0.01)
    assert 0 < car.battery.stored - stored < mains.meter.charged
    car.apply(VehicleSetpoint(pilot=Pilot.C, target=AcTarget(PerPhase.even(-6e3, 3))))
    mains.advance(250.0)
    assert mains.reading.active.total == pytest.approx(-6e3, rel=0.01)
    assert mains.meter.discharged == pytest.approx(200, rel=0.03)
    assert mains.pilot is Pilot.C


def test_what_is_wrong_with_the_grid() -> None:
    mains = closed(Mains(MainsPhantom()))
    mains.target = NINE
    mains.faults.grid_voltage, mains.faults.grid_frequency = 0.5, 51.0
    mains.advance(11.0)
    assert (mains.reading.voltage, mains.reading.frequency) == (PerPhase(115, 115, 115), 51.0)
    mains.faults.grid_lost = True
    mains.advance(12.0)
    assert (mains.reading.voltage, mains.reading.active) == (NO_PHASE, NO_PHASE)


def test_nobody_and_a_broken_contactor() -> None:
    mains = Mains(None, phases=1)
    mains.faults.contactor_welded = True
    mains.advance(1.0)
    assert (mains.pilot, mains.behind, mains.reading.voltage) == (Pilot.A, 230.0, PerPhase(230))
    assert mains.contactor.feedback is Contactor.CLOSED
    mains.faults.pilot = Pilot.E
    assert mains.pilot is Pilot.E
