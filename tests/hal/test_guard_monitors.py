"""What an outlet's monitors say, and what its guard makes of it: heat, stop and door, over-voltage, the grid, the meter's age."""

from __future__ import annotations

from itertools import product

import pytest

from iso15118.errors import DeviceFault
from iso15118.hal import bounds
from iso15118.hal.board import Board
from iso15118.hal.monitoring import HERE, Monitoring, Surroundings
from iso15118.hal.protocols import NO_MONITORS
from iso15118.power import OFF, Pilot, VehicleSetpoint
from iso15118.value import replace
from tests.hal.bench import Bench, at


def silence(bench: Bench, *devices: object) -> None:
    """They measure no more."""
    bench.outlet._devices = tuple(each for each in bench.outlet._devices if each not in devices)


@pytest.fixture
def bench() -> Bench:
    return Bench().join()


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"stop_pressed": True}, DeviceFault.EMERGENCY_STOP),
        ({"door_open": True}, DeviceFault.ENCLOSURE),
        ({"celsius": 95.0}, DeviceFault.OVER_TEMPERATURE),
    ],
)
@pytest.mark.parametrize("current", [60.0, -60.0])
def test_what_a_monitor_finds_is_a_fault_that_stays(bench: Bench, broken: dict[str, object], fault: DeviceFault, current: float) -> None:
    bench.charge(current)
    assert bench.current == pytest.approx(current, abs=1)
    for name, value in broken.items():
        setattr(bench.faults, name, value)
    assert fault in bench.step().faults
    assert bench.demanded == 0.0
    bench.run(0.3, at(current))
    assert not bench.closed
    bench.faults.__init__()  # type: ignore[misc]
    assert bench.run(1.0, at(current)).faults == {fault}, "latched"
    assert not bench.closed
    bench.guard.reset()
    assert bench.run(0.1, OFF).faults == set()


def test_as_long_as_the_button_is_pressed_a_reset_does_not_help(bench: Bench) -> None:
    bench.faults.stop_pressed = True
    bench.run(0.2)
    bench.guard.reset()
    assert bench.step().faults == {DeviceFault.EMERGENCY_STOP}


@pytest.mark.parametrize(("celsius", "share"), [(25.0, 1.0), (75.0, 1.0), (80.0, 0.75), (90.0, 0.25), (94.0, 0.05)])
def test_heat_takes_its_share_and_says_so(bench: Bench, celsius: float, share: float) -> None:
    bench.charge(100.0)
    bench.faults.celsius = celsius
    telemetry = bench.charge(100.0, 1.0)
    assert telemetry.faults == set()
    assert telemetry.limits.charge_current == pytest.approx(125.0 * share)
    assert telemetry.limits.discharge_power == pytest.approx(50e3 * share)
    assert bench.demanded == pytest.approx(min(100.0, 125.0 * share, 50e3 * share / telemetry.reading.voltage.value))
    bench.faults.celsius = 25.0
    assert bench.charge(100.0, 1.5).limits.charge_current == 125.0, "it comes back with the cold"
    assert bench.demanded == pytest.approx(100.0)


def test_a_supply_that_takes_something_back_is_heard_too(bench: Bench) -> None:
    bench.faults.supply_derating = 0.5
    assert bench.step().limits.charge_current == 62.5


def test_the_limits_fall_at_once_and_are_the_same_object_otherwise(bench: Bench) -> None:
    assert bench.step().limits is bench.step().limits


def test_a_thermometer_that_says_nothing_any_more_is_a_fault_after_ten_seconds(bench: Bench) -> None:
    bench.charge(20.0)
    silence(bench, bench.outlet.monitors.temperature)
    assert bench.charge(20.0, 9.8).faults == set()
    assert bench.charge(20.0, 0.4).faults == {DeviceFault.STALE}


def test_an_over_voltage_monitor_that_trips(bench: Bench) -> None:
    bench.charge(20.0)
    monitor = bench.outlet.monitors.over_voltage
    assert monitor is not None
    assert monitor.limit == bounds.over_voltage_trip(500.0)  # type: ignore[attr-defined]
    monitor.limit = 100.0  # type: ignore[attr-defined]
    assert DeviceFault.OVER_VOLTAGE in bench.step().faults
    bench.stop()
    assert monitor.limit is None, "nothing is watched while nothing is connected"  # type: ignore[attr-defined]


class Deaf:
    """A supply that goes on as it was."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return (lambda *_: None) if name in ("demand", "off") else getattr(self._inner, name)


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        (DeviceFault.EMERGENCY_STOP, 0.09, 0.2),
        (DeviceFault.OVER_TEMPERATURE, 0.2, bounds.ERROR_OPENING + 0.1),  # the current that does not fall is an emergency before that
    ],
)
def test_an_emergency_opens_under_load_and_an_error_waits(bench: Bench, fault: DeviceFault, least: float, most: float) -> None:
    bench.charge(60.0)
    bench.guard._outlet.supply = Deaf(bench.outlet.supply)  # type: ignore[misc, assignment]
    bench.guard.trip(fault)
    took = 0.0
    while bench.closed:
        bench.step()
        took += 0.01
    assert least < took < most


# At power-up.


def test_a_contactor_that_is_welded_when_it_starts() -> None:
    bench = Bench()
    bench.faults.contactor_welded = True
    bench.run(0.3, OFF)
    assert bench.seen[-1].faults == {DeviceFault.CONTACTOR}
    bench.guard.reset()
    assert bench.run(0.3, at(20.0)).faults == {DeviceFault.CONTACTOR}, "and whenever somebody resets it"
    assert bench.demanded == 0.0


def test_a_voltage_on_a_connector_that_hangs_free() -> None:
    bench = Bench()
    bench.vehicle.apply(VehicleSetpoint(contactor=True, pilot=Pilot.C))
    bench.run(4.0, OFF)
    assert bench.seen[-1].reading.voltage.value > 60.0
    assert bench.seen[-1].faults == set(), "a car that holds its own voltage is no fault of ours"
    bench.faults.pilot = Pilot.A
    assert bench.run(2.4, OFF).faults == set()
    assert bench.run(0.2, OFF).faults == {DeviceFault.CONTACTOR}


def test_nothing_closes_while_a_device_is_silent() -> None:
    bench = Bench()
    silence(bench, bench.outlet.lock)
    bench.run(0.4)
    bench.run(0.25, at(0.0))
    assert not bench.closed


# The interlock: nothing comes out unless everything allows it.


@pytest.mark.parametrize("states", list(product((True, False), repeat=5)), ids=lambda states: "".join("01"[state] for state in states))
def test_the_whole_truth_table(states: tuple[bool, ...]) -> None:
    bidirectional, permitted, grid_there, grid_fresh, meter_fresh = states
    bench = Bench().join()
    bench.guard.permit(permitted)
    wish = replace(at(-40.0), bidirectional=bidirectional)
    if not grid_there:
        bench.faults.grid_voltage = 0.5
    grid, meter = bench.outlet.monitors.grid, bench.outlet.meter
    old = [device for device, fresh in ((grid, grid_fresh), (meter, meter_fresh)) if not fresh]
    silence(bench, *old)
    bench.run(bounds.METER_FRESH + 0.1, replace(at(10.0), bidirectional=bidirectional))
    assert bench.demanded == pytest.approx(10.0), "charging asks for none of it"
    least = 0.0
    for _ in range(6):
        bench.run(0.1, wish)
        least = min(least, bench.demanded)
    assert (least < 0.0) is all(states)


LOST = ("permitted", "grid there", "grid fresh", "meter fresh", "bidirectional")


@pytest.mark.parametrize("lost", LOST)
def test_what_is_lost_while_it_flows_ends_it_within_a_tenth_of_a_second(lost: str) -> None:
    bench = Bench().join()
    bench.charge(-40.0)
    assert bench.demanded == pytest.approx(-40.0)
    grid, meter = bench.outlet.monitors.grid, bench.outlet.meter
    seconds = 0.1
    wish = at(-40.0)
    if lost == "permitted":
        bench.guard.permit(False)
    elif lost == "grid there":
        bench.faults.grid_voltage = 0.5
    elif lost == "bidirectional":
        wish = replace(wish, bidirectional=False)
    else:
        device, seconds = (grid, bounds.STALE + 0.1) if lost == "grid fresh" else (meter, bounds.METER_FRESH + 0.1)
        silence(bench, device)
    bench.run(seconds, wish)
    assert bench.demanded == 0.0
    assert abs(bench.current) < 5.0


def test_a_grid_that_stays_away_opens_the_contactor_within_two_seconds() -> None:
    bench = Bench().join()
    bench.charge(-40.0)
    bench.faults.grid_voltage = 0.5
    bench.run(1.9, at(-40.0))
    assert bench.seen[-1].faults == {DeviceFault.GRID}
    assert not bench.closed


def test_a_grid_that_is_away_is_nothing_to_a_car_that_charges() -> None:
    bench = Bench().join()
    bench.faults.grid_voltage = 0.7
    assert bench.charge(40.0).faults == set()
    assert bench.current == pytest.approx(40.0, abs=1)


def test_a_converter_that_sees_the_grid_by_itself() -> None:
    watching = Monitoring(NO_MONITORS, Surroundings(grid="converter"))
    watching.read(lambda old, measure: old, 0.0, 1.0)  # type: ignore[arg-type]
    assert watching.grid_holds
    watching = Monitoring(NO_MONITORS, HERE)
    watching.read(lambda old, measure: old, 0.0, 1.0)  # type: ignore[arg-type]
    assert not watching.grid_holds, "without a sensor nobody knows"
    assert Board().surroundings.grid == "sensor"
