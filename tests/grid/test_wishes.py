"""What is asked for a car, after the needs of its driver, its outlet and what others say."""

from __future__ import annotations

import pytest

from iso15118.energy import Need
from iso15118.grid.grants import Wish
from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.grid.visits import Taper, Visit
from iso15118.grid.wishes import wishes
from iso15118.value import replace

SITE = Site(
    name="s",
    circuits=(Circuit(name="main"), Circuit(name="hall", parent="main"), Circuit(name="yard", parent="main")),
    evses=(Evse(name="1", circuit="hall", dc=True, charge=50e3, discharge=10e3, efficiency=0.8),),
)
NEED = Need(20e3, 30e3, -5e3, charge_power=40e3, discharge_power=20e3)
CAR = Visit(evse="1", need=NEED, arrival=0.0, departure=36e3, discharges=True)


def wish(*signals: Signal, car: Visit = CAR, target: float = 0.0) -> Wish:
    (found,) = wishes(SITE, [car], {"1": target}, signals, moment=100.0, fills=True)
    return found


def said(kind: Kind, value: float, node: str = "1") -> Signal:
    return Signal(id="x", source="dso", kind=kind, value=value, node=node)


def test_powers_of_a_car_are_at_its_inlet_and_of_a_wish_at_the_mains() -> None:
    found = wish(target=8e3)
    assert (found.most, found.target, found.gives) == pytest.approx((50e3, 10e3, 8e3))
    assert found.why_most == "the car's limit"
    assert wish(target=-10e3).target == pytest.approx(-8e3)


@pytest.mark.parametrize("kind", [Kind.IMPORT_LIMIT, Kind.CONTROLLABLE_LIMIT])
def test_a_limit_of_the_outlet_is_one_of_the_mains(kind: Kind) -> None:
    found = wish(said(kind, 4.2e3))
    assert (found.most, found.why_most) == (pytest.approx(4.2e3), "x")
    assert wish(said(kind, 60e3)).why_most == "the car's limit"


def test_what_may_come_back_at_an_outlet() -> None:
    assert wish(said(Kind.EXPORT_LIMIT, 3e3)).gives == pytest.approx(3e3)
    assert wish(car=replace(CAR, need=replace(NEED, min_energy=0.0))).gives == 0.0
    assert wish(car=replace(CAR, need=replace(NEED, v2x_min_energy=0.0))).gives == 0.0
    assert wish(car=replace(CAR, discharges=False)).gives == 0.0


@pytest.mark.parametrize(("node", "gives"), [("", 0.0), ("1", 0.0), ("hall", 0.0), ("main", 0.0), ("yard", 8e3)])
def test_who_forbids_energy_to_come_back_may_name_whatever_feeds_the_outlet(node: str, gives: float) -> None:
    assert wish(said(Kind.DISCHARGE, 0.0, node)).gives == pytest.approx(gives)


def test_a_set_point_takes_the_place_of_the_target_and_of_all_that_is_left() -> None:
    found = wish(said(Kind.SETPOINT, -5e3), target=8e3)
    assert (found.target, found.fills) == (pytest.approx(-5e3), False)


def test_who_lacks_the_least_or_wants_it_now_goes_first() -> None:
    for car in (replace(CAR, override=True), replace(CAR, need=replace(NEED, min_energy=2e3))):
        found = wish(car=car)
        assert found.urgent
        assert found.target == found.most == pytest.approx(50e3)


def test_a_battery_that_is_nearly_full() -> None:
    assert wish(car=replace(CAR, taper=Taper(-2e3, 10.0))).most == pytest.approx(25e3)
    assert wish(car=replace(CAR, need=replace(NEED, max_energy=0.0))).why_most == "the car is full"
