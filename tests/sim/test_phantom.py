"""`sim.phantom`: the car a charger imagines when the real one is in another process."""

from __future__ import annotations

import pytest

from iso15118.sim.bus import DcBus
from iso15118.sim.phantom import PhantomVehicle
from iso15118.sim.plant import Plant


def charger() -> tuple[Plant, PhantomVehicle]:
    phantom = PhantomVehicle()
    plant = Plant(DcBus(load=phantom))
    plant.advance(0)
    plant.bus.contactor.demand(True)
    plant.advance(0.1)
    return plant, phantom


@pytest.mark.parametrize("target", [220.0, 395.0, 480.0])
def test_adopts_the_pre_charge_and_closes(target: float) -> None:
    plant, phantom = charger()
    plant.bus.supply.demand(target, 0, 2)
    plant.advance(1.0)
    assert phantom.conducting
    assert phantom.battery.open_circuit_voltage == target
    plant.bus.supply.demand(target + 20, 50)
    plant.advance(3.0)
    assert plant.bus.current == 50
    plant.bus.supply.demand(target - 50, -50)
    plant.advance(5.0)
    assert plant.bus.current == -50


def test_waits_until_the_voltage_stands() -> None:
    plant, phantom = charger()
    plant.bus.supply.demand(400, 0, 2)
    plant.advance(0.1 + 0.2 + 0.05)  # the capacitor is just up
    assert not phantom.conducting
    plant.advance(0.1 + 0.2 + 0.05 + 0.15)
    assert phantom.conducting


def test_a_cable_check_is_not_a_pre_charge() -> None:
    plant, phantom = charger()
    plant.bus.testing = True
    plant.bus.supply.demand(500, 0, 2)
    plant.advance(2)
    plant.bus.testing = False
    plant.advance(3)  # the test voltage still stands
    assert not phantom.conducting
    plant.bus.supply.off()
    plant.advance(4)
    plant.bus.supply.demand(390, 0, 2)
    plant.advance(5)
    assert phantom.battery.open_circuit_voltage == 390
    assert phantom.conducting


def test_opens_when_the_supply_goes_off_and_adopts_anew() -> None:
    plant, phantom = charger()
    plant.bus.supply.demand(400, 0, 2)
    plant.advance(1)
    plant.bus.supply.off()
    plant.advance(3)
    assert not phantom.conducting
    assert plant.bus.output_voltage < 60
    plant.bus.supply.demand(300, 0, 2)
    plant.advance(4)
    assert phantom.battery.open_circuit_voltage == 300


def test_sees_nothing_behind_an_open_output_contactor() -> None:
    phantom = PhantomVehicle()
    plant = Plant(DcBus(load=phantom))
    plant.advance(0)
    plant.bus.supply.demand(400, 0, 2)
    plant.advance(2)
    assert not phantom.conducting
