"""`der.in_service`: trips by time, and the way (back) into service."""

from __future__ import annotations

import pytest

from iso15118.der.in_service import OUT, InService, delay_of, in_service, share
from iso15118.value import replace
from tests.der.grid_codes import ENTER, protection

ON = InService(on=True)


def after(*grids: tuple[float, float, float], before: InService = ON, chance: float = 1.0, **enter: float) -> InService:
    """What comes of mains of (V, Hz) for so many s each, in steps of 10 ms."""
    for voltage, frequency, seconds in grids:
        for _ in range(round(seconds * 100)):
            before = in_service(protection(**enter), voltage, voltage, frequency, chance, before, 0.01)
    return before


@pytest.mark.parametrize(
    ("voltage", "frequency", "seconds", "on"),
    [
        (252.0, 50.0, 60.0, True),
        (253.0, 50.0, 1.9, True),  # the last point of the curve: 253 V for 2 s
        (253.0, 50.0, 2.1, False),
        (264.5, 50.0, 1.0, True),  # half way between 0.2 s and 2 s
        (264.5, 50.0, 1.2, False),
        (280.0, 50.0, 0.15, True),
        (280.0, 50.0, 0.25, False),
        (150.0, 50.0, 1.0, True),
        (150.0, 50.0, 2.1, False),
        (90.0, 50.0, 0.25, False),
        (230.0, 51.6, 2.1, False),
        (230.0, 51.4, 60.0, True),
        (230.0, 48.4, 2.1, False),
        (230.0, 46.0, 0.25, False),
    ],
)
def test_it_trips_by_how_far_and_how_long(voltage: float, frequency: float, seconds: float, on: bool) -> None:
    assert after((voltage, frequency, seconds)).on is on


def test_a_grid_that_comes_back_in_time_trips_nothing() -> None:
    dips = [(150.0, 50.0, 1.5), (230.0, 50.0, 0.1)] * 3
    assert after(*dips).on


def test_it_enters_service_once_the_grid_has_been_fine_for_the_whole_delay() -> None:
    assert not after((230.0, 50.0, 1.9), before=OUT).on
    assert after((230.0, 50.0, 2.1), before=OUT).on
    assert not after((230.0, 50.0, 1.9), (245.0, 50.0, 0.1), (230.0, 50.0, 1.9), before=OUT).on
    assert not after((230.0, 50.2, 60.0), before=OUT).on


@pytest.mark.parametrize(("delay", "random", "chance", "seconds"), [(2.0, None, 0.5, 2.0), (None, 10.0, 0.5, 5.0), (2.0, 10.0, 0.1, 3.0)])
def test_a_delay_a_random_one_or_both(delay: float | None, random: float | None, chance: float, seconds: float) -> None:
    assert delay_of(replace(ENTER, delay=delay, randomized_delay=random), chance) == pytest.approx(seconds)


def test_power_comes_back_along_a_ramp() -> None:
    assert share(replace(ENTER, ramp_time=10.0), InService(on=True, since=4.0)) == pytest.approx(0.4)
    assert share(replace(ENTER, ramp_time=10.0), InService(on=True, since=40.0)) == 1.0
    assert share(ENTER, ON) == 1.0
    assert share(ENTER, OUT) == 0.0
