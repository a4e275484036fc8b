"""What a driver is told who leaves with less than was wanted."""

from __future__ import annotations

import pytest

from iso15118.energy import Need
from iso15118.grid.planning.program import plan
from iso15118.grid.site import Circuit, Evse
from iso15118.grid.visits import Taper
from iso15118.units import HOUR
from iso15118.value import replace
from tests.grid.planning.made import KW, KWH, ask, car


def test_who_has_all_is_told_nothing() -> None:
    assert plan(ask([car("a", 10.0)], [0.1] * 4)).evses[0].why == ""


def test_what_was_full_and_when_it_would_be_done() -> None:
    circuits = (Circuit(name="grid"), Circuit(name="feeder B", parent="grid", import_limit=10.0 * KW))
    evses = [Evse(name=name, circuit="feeder B", charge=22.0 * KW) for name in ("7", "8")]
    cars = [car("7", 20.0, charge=10.0, departure=2.0), car("8", 4.0, charge=10.0, minimum=4.0, departure=2.0)]
    asked = ask(cars, [0.1] * 4, circuits=circuits, evses=evses)
    made = plan(asked)
    assert made.evses[1].why == ""
    assert made.evses[0].why == "7 leaves with 16 of 20 kWh: feeder B full 00:00-01:00; earliest full 02:24"
    assert made.evses[0].missing == pytest.approx(4.0 * KWH)
    assert plan(asked, offset=2 * HOUR).evses[0].why.endswith("feeder B full 02:00-03:00; earliest full 04:24")


def test_a_stay_that_is_too_short() -> None:
    made = plan(ask([car("a", 20.0, charge=10.0, departure=1.5)], [0.1] * 4))
    assert made.evses[0].why == "a leaves with 15 of 20 kWh: it stays too short for 10 kW; earliest full 02:00"


def test_what_lies_in_the_car_itself() -> None:
    full = replace(car("a"), need=Need(20.0 * KWH, 12.0 * KWH, 0.0, None, 10.0 * KW))
    assert plan(ask([full], [0.1] * 4)).evses[0].why.startswith("a leaves with 12 of 20 kWh: its battery takes no more than 12 kWh")
    slow = car("a", 20.0, taper=Taper(10.0 * KWH, 1.0))
    assert "its battery takes less when it is nearly full" in plan(ask([slow], [0.1] * 4)).evses[0].why
    assert "it takes no power" in plan(ask([car("a", 5.0, charge=0.0)], [0.1] * 4)).evses[0].why


def test_nobody_asks_for_a_car_that_is_not_there_or_stays() -> None:
    coming = car("b", 90.0, arrival=1.0, departure=2.0, expected=True)
    made = plan(ask([car("a", 90.0, departure=30.0)], [0.1] * 4, arrivals=(coming,)))
    assert [one.why for one in made.evses] == ["", ""]


def test_two_cars_on_one_fuse_know_hours_before_who_slips() -> None:
    """The car that is short learns by how much and why, when it is plugged in, not when it leaves."""
    circuits = (Circuit(name="grid"), Circuit(name="garage", parent="grid", fuse=16.0))
    evses = [Evse(name=name, circuit="garage") for name in "ab"]
    cars = [car(name, 40.0, charge=11.0, departure=6.0) for name in "ab"]
    made = plan(ask(cars, [0.3, 0.1, 0.1, 0.3, 0.4, 0.5], circuits=circuits, evses=evses))
    told = [one.why for one in made.evses if one.why]
    assert told
    assert all("garage full" in words and "kWh" in words for words in told)
    assert sum(one.missing for one in made.evses) == pytest.approx((80.0 - 6 * 11.04) * KWH, rel=1e-3)
