"""`procedures.isolate`: what is tested with, and when a verdict counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iso15118.errors import DeviceError, DeviceFault
from iso15118.power import Insulation, Limits, Pilot, Setpoint
from iso15118.procedures.isolate import PILOT_GRACE, Progress, begin, progress, test_voltage
from tests.session.playbook import reading

LIMIT = 38.0
steady = settings(derandomize=True, deadline=None)
voltage_to_test = test_voltage
del test_voltage  # a function of the product, not a test


def at(seconds: float, *, started: bool = True, pilot: Pilot = Pilot.C, insulation: Insulation = Insulation.TESTING) -> Progress:
    """The progress so many seconds after the test was asked for."""
    begun = 50.0
    measured = reading(begun + seconds, pilot=pilot, insulation=insulation, resistance=80e3)
    return progress(measured, begun, begun + seconds, LIMIT, started=started)


@pytest.mark.parametrize(
    ("vehicle", "outlet", "tested"),
    [(400, 1000, 450), (480, 1000, 500), (500, 1000, 500), (400, 420, 420), (501, 1000, 551.1), (900, 1000, 990), (920, 1000, 1000)],
)
def test_the_test_voltage(vehicle: float, outlet: float, tested: float) -> None:
    assert voltage_to_test(vehicle, Limits(0, outlet, 80, 30e3)) == pytest.approx(tested)


@steady
@given(st.floats(0, 2000), st.floats(0, 1500))
def test_never_above_the_outlet(vehicle: float, outlet: float) -> None:
    assert voltage_to_test(vehicle, Limits(0, outlet, 80, 30e3)) <= outlet


def test_the_set_point_moves_no_energy() -> None:
    setpoint = begin(400, Limits(150, 1000, 80, 30e3, 50, 20e3))
    assert setpoint == Setpoint(voltage=450, current=0, trickle=2, contactor=True, lock=True, insulation_test=True, bidirectional=False)


def test_a_verdict_counts_once_the_test_has_started() -> None:
    assert at(1.0) is Progress.ONGOING
    assert at(1.0, insulation=Insulation.UNKNOWN) is Progress.ONGOING
    assert at(1.0, insulation=Insulation.VALID) is Progress.FINISHED
    assert at(1.0, insulation=Insulation.VALID, started=False) is Progress.ONGOING
    assert at(1.0, insulation=Insulation.FAULT, started=False) is Progress.ONGOING


def test_a_bad_verdict_is_a_fault() -> None:
    with pytest.raises(DeviceError, match="80000 ohm") as failed:
        at(1.0, insulation=Insulation.FAULT)
    assert failed.value.fault is DeviceFault.INSULATION


@pytest.mark.parametrize("pilot", [pilot for pilot in Pilot if pilot not in (Pilot.C, Pilot.D)])
def test_the_pilot_has_a_moment_to_arrive(pilot: Pilot) -> None:
    assert at(PILOT_GRACE, pilot=pilot) is Progress.ONGOING
    assert at(PILOT_GRACE, pilot=pilot, insulation=Insulation.VALID) is Progress.ONGOING, "valid, but the car is not ready"
    with pytest.raises(DeviceError, match=f"control pilot in {pilot.name}") as failed:
        at(PILOT_GRACE + 0.01, pilot=pilot, insulation=Insulation.VALID)
    assert failed.value.fault is DeviceFault.CONTROL_PILOT


@pytest.mark.parametrize("pilot", [Pilot.C, Pilot.D])
def test_both_ready_states_do(pilot: Pilot) -> None:
    assert at(10, pilot=pilot, insulation=Insulation.VALID) is Progress.FINISHED


def test_a_test_without_end_is_a_fault() -> None:
    assert at(LIMIT) is Progress.ONGOING
    with pytest.raises(DeviceError, match="no verdict"):
        at(LIMIT + 0.01)
    with pytest.raises(DeviceError, match="no verdict"):
        at(LIMIT + 0.01, insulation=Insulation.VALID, started=False)
