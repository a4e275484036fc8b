"""`procedures.isolate`: what is tested with, and when a verdict counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iso15118.errors import DeviceError, DeviceFault
from iso15118.power import Insulation, Limits, Pilot, Setpoint
from iso15118.procedures.isolate import LEAST, LEAST_MCS, PILOT_GRACE, Progress, begin, progress, test_voltage
from tests.session.playbook import reading

LIMIT = 38.0
steady = settings(derandomize=True, deadline=None)
voltage_to_test = test_voltage
del test_voltage  # a function of the product, not a test


def at(
    seconds: float,
    *,
    started: bool = True,
    pilot: Pilot = Pilot.C,
    insulation: Insulation = Insulation.TESTING,
    least: float = LEAST,
    **read: float,
) -> Progress:
    """The progress so many seconds after the test was asked for; the resistance is good unless the verdict is not."""
    begun = 50.0
    ohm = 80e3 if insulation is Insulation.FAULT else 1e6
    measured = reading(begun + seconds, pilot=pilot, insulation=insulation, **{"resistance": ohm, **read})
    return progress(measured, begun, begun + seconds, LIMIT, started=started, least=least)


@pytest.mark.parametrize(("least", "ohm"), [(LEAST, 99.9e3), (LEAST_MCS, 124.9e3)])
def test_a_verdict_below_the_limit_of_the_service_is_none(least: float, ohm: float) -> None:
    with pytest.raises(DeviceError, match="ohm") as failed:
        at(1.0, insulation=Insulation.VALID, least=least, resistance=ohm)
    assert failed.value.fault is DeviceFault.INSULATION
    assert at(1.0, insulation=Insulation.VALID, least=least, resistance=ohm + 200.0) is Progress.FINISHED


def test_it_is_over_when_the_voltage_has_gone() -> None:
    assert at(2.0, insulation=Insulation.VALID, voltage=450.0) is Progress.TESTED
    assert at(2.5, insulation=Insulation.VALID, voltage=60.0) is Progress.TESTED
    assert at(2.9, insulation=Insulation.VALID, voltage=59.9) is Progress.FINISHED
    with pytest.raises(DeviceError, match="450 V of the test are still there after 38 s"):
        at(LIMIT + 0.1, insulation=Insulation.VALID, voltage=450.0)


@pytest.mark.parametrize("ohm", [0.5, 50.0, 110.0])
def test_a_short_circuit_is_found_by_what_flows(ohm: float) -> None:
    assert at(1.0, voltage=2.0 * ohm, current=2.0) is Progress.ONGOING, "what is there to be charged may still take it"
    with pytest.raises(DeviceError, match=f"short circuit: {ohm:.0f} ohm between the poles") as failed:
        at(1.01, voltage=2.0 * ohm, current=2.0)
    assert failed.value.fault is DeviceFault.INSULATION


def test_a_measuring_resistor_is_no_short_circuit() -> None:
    assert at(2.0, voltage=450.0, current=0.4) is Progress.ONGOING
    assert at(2.0, voltage=450.0, current=2.0) is Progress.ONGOING


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
