"""One phase or three: switched at rest only, behind a pause, and never with more on one phase than it may carry."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.hal import bounds
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import outlet
from iso15118.power import OFF, AcAbilities, AcTarget, Setpoint
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.hal.test_ac_guard import ON, Bench, live

TURNS = 100


def fed(bench: Bench) -> int:
    plant: Any = bench.outlet.plant
    return int(plant.fed)


def seconds_until(bench: Bench, done: Any, setpoint: Setpoint | None = None, within: float = 20.0) -> float:
    began = bench.now
    while not done():
        bench.run(0.1, setpoint)
        assert bench.now - began < within
    return bench.now - began


def test_it_starts_with_all_and_says_so() -> None:
    bench = Bench()
    assert bench.run(0.5, ON).phases == 3
    assert bench.closed


def test_before_any_car_it_switches_at_once() -> None:
    bench = Bench()
    bench.guard.phases(1)
    assert seconds_until(bench, lambda: bench.seen.phases == 1, OFF) < 0.5
    bench.run(0.5, ON)
    assert bench.closed


def test_what_is_closed_is_not_switched() -> None:
    bench = live(5e3, 5e3, 5e3)
    bench.guard.phases(1)
    bench.run(15.0, ON)
    assert fed(bench) == 3
    assert bench.closed


def test_behind_a_pause_without_mains() -> None:
    bench = live()
    bench.guard.phases(1)
    assert bench.until_open(OFF) < 0.3
    bench.run(bounds.PHASE_PAUSE - 0.5, ON)
    assert fed(bench) == 3
    assert not bench.closed, "it does not close on what is about to change"
    assert seconds_until(bench, lambda: bench.closed, ON) < 2.0
    assert fed(bench) == 1
    assert bench.seen.phases == 1


def test_on_one_phase_the_others_are_asked_for_nothing() -> None:
    bench = Bench()
    bench.guard.phases(1)
    seconds_until(bench, lambda: bench.seen.phases == 1)
    bench.run(0.5, ON)
    path: Any = bench.outlet.path
    bench.run(0.1, replace(ON, target=AcTarget(PerPhase.even(60e3, 3))))
    assert path.mains.target.active == PerPhase(7360.0, 0.0, 0.0), "32 A, and not the power of three phases"


def test_a_switch_that_is_on_its_way_or_silent_closes_nothing() -> None:
    bench = Bench()
    switch: Any = bench.outlet.monitors.phases
    switch.delay = 99.0
    bench.guard.phases(1)
    bench.run(1.0, ON)
    assert not bench.closed
    assert bench.seen.phases == 0
    bench = Bench()
    bench.outlet._devices = tuple(each for each in bench.outlet._devices if each is not bench.outlet.monitors.phases)
    bench.run(0.5)
    bench.run(1.0, ON)
    assert not bench.closed


@pytest.mark.parametrize("wanted", [0, 2, 4])
def test_phases_that_there_are_not(wanted: int) -> None:
    with pytest.raises(LocalError, match=f"{wanted} phases of an outlet"):
        Bench().guard.phases(wanted)


def test_outlets_that_do_not_switch() -> None:
    with pytest.raises(LocalError, match="3 phases"):
        Bench(ac=AcAbilities(phases=1)).guard.phases(3)
    with pytest.raises(LocalError, match="1 phases"):
        Guard(outlet()).phases(1)  # type: ignore[arg-type]
