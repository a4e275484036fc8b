"""`hal.guard`: what devices say, or fail to say. What follows from it is in `test_guard`."""

from __future__ import annotations

import pytest

from iso15118.errors import DeviceError, DeviceFault
from iso15118.hal.guard import Guard
from iso15118.power import Contactor, Measured, Telemetry
from iso15118.value import replace
from tests.hal.bench import Bench, at


def test_telemetry_age() -> None:
    bench = Bench().join()
    bench.charge(-50)
    bench.faults.telemetry_frozen = True
    bench.run(0.30, at(-50))
    assert bench.demanded == -50
    bench.run(0.02, at(-50))
    assert bench.demanded == 0, "no discharge on old measurements"
    bench.run(0.66, at(50))
    assert bench.demanded == 0, "and no rise"
    assert not bench.guard.faults
    bench.run(0.05, at(50))
    assert DeviceFault.STALE in bench.guard.faults
    bench.run(0.5, at(50))
    assert not bench.closed


def test_a_charge_that_runs_is_not_raised_on_old_measurements() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.faults.telemetry_frozen = True
    bench.run(0.35, at(50))
    bench.run(0.2, at(80))
    assert bench.demanded == 50
    bench.run(0.1, at(20))
    assert bench.demanded == 20


@pytest.mark.parametrize(
    ("device", "call"),
    [("contactor", "voltage"), ("contactor", "feedback"), ("pilot", "state"), ("lock", "locked"), ("supply", "measured")],
)
def test_one_device_that_falls_silent_is_enough(device: str, call: str) -> None:
    bench = Bench().join()
    bench.charge(-50)
    inner = getattr(bench.outlet, device)
    last = getattr(inner, call)()
    setattr(bench.outlet, device, Deaf(inner, **{call: lambda: last}))
    bench.charge(-50, 0.4)
    assert bench.demanded == 0
    assert bench.charge(-50, 0.7).faults == {DeviceFault.STALE}


@pytest.mark.parametrize("silent", [0, 1])
def test_one_measurement_of_the_supply_that_falls_silent_is_enough(silent: int) -> None:
    bench = Bench().join()
    bench.charge(-50)
    inner = bench.outlet.supply
    last = inner.measured()[silent]
    bench.outlet.supply = Deaf(inner, measured=lambda: tuple(last if i == silent else m for i, m in enumerate(inner.measured())))  # type: ignore[assignment]
    bench.charge(-50, 0.4)
    assert bench.demanded == 0
    assert bench.charge(-50, 0.7).faults == {DeviceFault.STALE}


class Deaf:
    """A device whose answers can be replaced one by one."""

    def __init__(self, device: object, **answers: object) -> None:
        self._device, self._answers = device, answers

    def __getattr__(self, name: str) -> object:
        if name in self._answers:
            return self._answers[name]
        return getattr(self._device, name)


def raising(error: Exception) -> object:
    def call(*_: object) -> object:
        raise error

    return call


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_garbage_ages_instead_of_being_believed(value: float) -> None:
    bench = Bench().join()
    bench.charge(50)
    good = bench.seen[-1].reading.voltage
    bench.outlet.contactor = Deaf(bench.outlet.contactor, voltage=lambda: replace(good, value=value, at=bench.now))  # type: ignore[assignment]
    telemetry = bench.charge(50, 0.5)
    assert telemetry.reading.voltage == good
    telemetry = bench.charge(50, 0.6)
    assert telemetry.faults == {DeviceFault.STALE}


@pytest.mark.parametrize(("ahead", "garbage"), [(0.09, False), (0.11, True), (1e9, True)])
def test_a_clock_that_runs_ahead_is_garbage_too(ahead: float, garbage: bool) -> None:
    bench = Bench().join()
    good = bench.seen[-1].reading.voltage
    bench.outlet.contactor = Deaf(bench.outlet.contactor, voltage=lambda: replace(good, at=bench.now + ahead))  # type: ignore[assignment]
    assert bench.charge(0, 1.2).faults == ({DeviceFault.STALE} if garbage else frozenset())


def test_nothing_closes_that_is_not_known_to_be_open() -> None:
    bench = Bench()
    bench.run(1.0, replace(at(0), voltage=0.0, contactor=False))  # the lock holds
    inner = bench.outlet.contactor
    bench.outlet.contactor = Deaf(inner, feedback=lambda: Measured(Contactor.MOVING, bench.now))  # type: ignore[assignment]
    bench.run(0.15, replace(at(0), voltage=0.0))
    assert not bench.closed
    bench.outlet.contactor = inner
    bench.run(0.15, replace(at(0), voltage=0.0))
    assert bench.closed


def test_an_over_voltage_is_found_by_whichever_voltage_is_still_measured() -> None:
    bench = Bench().join()
    bench.charge(0, 0.2)
    last = bench.seen[-1].reading.voltage
    bench.outlet.contactor = Deaf(bench.outlet.contactor, voltage=lambda: last)  # type: ignore[assignment]
    bench.vehicle.battery = type(bench.vehicle.battery)(soc=50, series=147)  # 551 V
    assert bench.charge(0, 0.1).faults == {DeviceFault.OVER_VOLTAGE}


DRIVERS = [
    ("supply", "measured", DeviceFault.COMMUNICATION),
    ("supply", "demand", DeviceFault.SUPPLY),
    ("contactor", "feedback", DeviceFault.COMMUNICATION),
    ("contactor", "voltage", DeviceFault.COMMUNICATION),
    ("contactor", "demand", DeviceFault.CONTACTOR),
    ("insulation", "verdict", DeviceFault.COMMUNICATION),
    ("insulation", "demand", DeviceFault.INSULATION),
    ("meter", "charged", DeviceFault.COMMUNICATION),
    ("pilot", "state", DeviceFault.COMMUNICATION),
    ("lock", "locked", DeviceFault.COMMUNICATION),
    ("lock", "demand", DeviceFault.LOCK),
]


@pytest.mark.parametrize(("device", "call", "fault"), DRIVERS)
@pytest.mark.parametrize(
    "error", [ValueError("a bug"), OSError("a bus"), DeviceError(DeviceFault.EMERGENCY_STOP)], ids=["bug", "bus", "device"]
)
def test_a_driver_that_raises_is_a_fault_and_the_others_are_driven_to_safety(
    device: str, call: str, fault: DeviceFault, error: Exception
) -> None:
    bench = Bench().join()
    bench.charge(100)
    setattr(bench.outlet, device, Deaf(getattr(bench.outlet, device), **{call: raising(error)}))
    bench.charge(100, 0.5)
    assert (DeviceFault.EMERGENCY_STOP if isinstance(error, DeviceError) else fault) in bench.guard.faults
    assert bench.demanded == 0
    assert abs(bench.current) < 5
    assert bench.closed == (device == "contactor" and call == "demand")


@pytest.mark.parametrize(
    ("device", "call"),
    [(device, call) for device, call, _ in DRIVERS if call not in ("demand", "voltage")]
    + [("contactor", "voltage"), ("meter", "discharged")],
)
@pytest.mark.parametrize("answer", [None, 7.0, (None, None), Measured(None, 1000.0), Measured("7", 1000.0)], ids=repr)
def test_a_driver_that_gives_back_something_else_is_driven_to_safety_too(device: str, call: str, answer: object) -> None:
    """Such as None before its first poll: it must not take the turn away from all the others."""
    bench = Bench().join()
    bench.charge(100)
    setattr(bench.outlet, device, Deaf(getattr(bench.outlet, device), **{call: lambda: answer}))
    telemetry = bench.charge(100, 1.5)
    slow = (device, call) in {("meter", "charged"), ("meter", "discharged"), ("insulation", "verdict")}
    assert telemetry.faults or (slow and isinstance(answer, Measured))
    if telemetry.faults:
        assert bench.demanded == 0
        assert not bench.closed
    assert Telemetry.from_bytes(telemetry.to_bytes()) == telemetry


def test_what_a_driver_raised_is_told_once_a_fault() -> None:
    """Or whoever writes a driver is left alone with `communication lost`."""
    told: list[str] = []
    bench = Bench()
    bench.guard = Guard(bench.outlet, told=told.append)
    bench.outlet.pilot = Deaf(bench.outlet.pilot, state=raising(OSError("no such bus")))  # type: ignore[assignment]
    bench.outlet.meter = Deaf(bench.outlet.meter, charged=lambda: None)  # type: ignore[assignment]
    bench.outlet.lock = Deaf(bench.outlet.lock, demand=raising(DeviceError(DeviceFault.LOCK, "motor stalls")))  # type: ignore[assignment]
    bench.run(0.5)
    assert told == ["communication lost: OSError: no such bus", "connector lock does not follow: motor stalls"]


def test_abilities_that_are_none_leave_the_old_ones() -> None:
    bench = Bench().join()
    bench.charge(100)
    bench.outlet.supply = Deaf(bench.outlet.supply, abilities=None)  # type: ignore[assignment]
    bench.charge(100, 0.5)
    assert DeviceFault.SUPPLY in bench.guard.faults
    assert bench.demanded == 0
    assert not bench.closed


def test_devices_may_need_a_moment_for_their_first_word() -> None:
    bench = Bench()
    fresh = Bench()
    fresh.faults.telemetry_frozen = True
    bench.run(0.9)
    assert not bench.guard.faults
    fresh.run(1.2)
    assert fresh.guard.faults == {DeviceFault.STALE}


def test_a_supply_or_meter_that_reports_failure() -> None:
    for fault, expected in (("supply_dead", DeviceFault.SUPPLY), ("meter_failed", DeviceFault.METER)):
        bench = Bench().join()
        bench.charge(50)
        setattr(bench.faults, fault, True)
        bench.charge(50, 0.5)
        assert bench.guard.faults == {expected}
        assert not bench.closed
