"""What the past tells of a site whose cars nobody knows."""

from __future__ import annotations

import pytest

from iso15118.study.past import Past, asked, level
from iso15118.study.scenarios import scenario

HOUR = 3600.0


def test_what_has_to_be_there_is_what_the_rest_of_the_day_takes_less_what_can_be_charged_before() -> None:
    day = [100e3, 500e3, 200e3, 400e3, 0.0]
    assert asked(day, 300e3, 50e3, HOUR) == [200e3, 250e3, 50e3, 100e3, 0.0]


def test_a_battery_holds_what_the_worst_day_asked_of_it() -> None:
    told = scenario("public_dc", 3, 1)
    past = Past(told)
    [battery] = told.site.batteries
    held = past.held(battery, told.start, 288)
    floor, top = battery.floor * battery.capacity, battery.ceiling * battery.capacity
    assert held.values[12] == pytest.approx(floor)  # at one in the morning there is time enough
    assert floor < max(held.values) <= top


def test_cars_to_come_are_none_at_first_and_all_once_those_of_now_are_gone() -> None:
    told = scenario("public_dc", 3, 1)
    past = Past(told)
    assert 900.0 < past.stays < 2400.0
    [load] = told.load_forecast.values()
    more = [b - a for a, b in zip(load.values, past.added_to(load).values, strict=True)]
    later = round(past.stays / told.step) + 1
    assert more[0] == 0.0
    assert more[later:288] == pytest.approx(past.usual[later:])


def test_the_level_that_a_battery_can_keep() -> None:
    [battery] = scenario("public_dc", 3, 1).site.batteries
    assert level([0.0, 400e3, 0.0], (battery,), HOUR) == pytest.approx(400e3 - 0.9 * 200e3 * 0.95, rel=1e-2)
