"""The contactor moves on the car's own measurements, in the phases in which it may."""

from __future__ import annotations

import pytest

from iso15118.power import Contactor, Measured, Pilot, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.session.evcc import Config, Session, begin
from iso15118.session.evcc.contactor import ENERGY, closed, matched, may_detect, released, separated, wanted
from iso15118.value import replace
from tests.session.evcc.bench import BATTERY, reading, snapshot

NEW = begin(Config())
CLOSED = replace(NEW, setpoint=ENERGY)


def at(phase: Phase, session: Session = NEW, **changes: object) -> Session:
    return replace(session, phase=phase, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inlet", "battery", "age", "fits"),
    [
        (BATTERY, BATTERY, 0.0, True),
        (BATTERY - 20.0, BATTERY, 0.0, True),
        (BATTERY + 20.0, BATTERY, 0.0, True),
        (BATTERY - 20.1, BATTERY, 0.0, False),
        (BATTERY + 20.1, BATTERY, 0.0, False),
        (BATTERY, BATTERY, 1.0, True),
        (BATTERY, BATTERY, 1.1, False),
        (0.0, 0.0, 0.0, False),
        (10.0, 15.0, 0.0, False),
        (float("nan"), BATTERY, 0.0, False),
    ],
)
def test_pre_charge_matches_by_our_own_measurement(inlet: float, battery: float, age: float, fits: bool) -> None:
    world = snapshot(now=5.0, reading=replace(reading(inlet, at=5.0 - age), battery_voltage=Measured(battery, 5.0)))
    assert matched(NEW, world) is fits


def test_a_stale_battery_measurement_is_no_match() -> None:
    world = snapshot(now=5.0, reading=replace(reading(BATTERY, at=5.0), battery_voltage=Measured(BATTERY, 3.0)))
    assert not matched(NEW, world)


@pytest.mark.parametrize("phase", Phase)
def test_open_everywhere_but_around_the_transfer(phase: Phase) -> None:
    """Even with a matching inlet and a contactor closed before: only three phases keep it closed."""
    world = snapshot(reading=reading(BATTERY, current=50.0, contactor=Contactor.CLOSED))
    may = phase in (Phase.POWER_DELIVERY, Phase.CHARGE_LOOP, Phase.WELDING_DETECTION)
    assert wanted(at(phase, CLOSED), world).contactor is may


@pytest.mark.parametrize("phase", Phase)
def test_the_pilot(phase: Phase) -> None:
    ready = (Phase.CABLE_CHECK, Phase.PRE_CHARGE, Phase.POWER_DELIVERY, Phase.CHARGE_LOOP, Phase.STANDBY)
    assert wanted(at(phase), snapshot()).pilot is (Pilot.C if phase in ready else Pilot.B)


def test_closes_only_when_matched() -> None:
    assert not wanted(at(Phase.POWER_DELIVERY), snapshot(reading=reading(BATTERY - 30))).contactor
    assert wanted(at(Phase.POWER_DELIVERY), snapshot(reading=reading(BATTERY - 10))).contactor


def test_stays_closed_while_voltages_move() -> None:
    assert wanted(at(Phase.POWER_DELIVERY, CLOSED), snapshot(reading=reading(0.0))).contactor


def test_a_stop_before_power_opens_it() -> None:
    assert not wanted(at(Phase.POWER_DELIVERY, CLOSED, stop="driver"), snapshot(reading=reading(BATTERY))).contactor


def test_a_stop_after_power_was_asked_for_does_not() -> None:
    assert wanted(at(Phase.POWER_DELIVERY, CLOSED, stop="driver", delivering=True), snapshot()) == ENERGY
    assert wanted(at(Phase.CHARGE_LOOP, CLOSED, stop="driver", delivering=True), snapshot()) == ENERGY


@pytest.mark.parametrize(("current", "waited", "opens"), [(0.9, 0.0, True), (-0.9, 0.0, True), (1.0, 1.9, False), (-30.0, 2.0, True)])
def test_opens_without_current_or_after_a_while(current: float, waited: float, opens: bool) -> None:
    session = at(Phase.WELDING_DETECTION, CLOSED, stopped_at=10.0)
    world = snapshot(now=10.0 + waited, reading=reading(BATTERY, current=current, contactor=Contactor.CLOSED))
    assert released(session, world) is opens
    assert wanted(session, world).contactor is not opens


def test_once_open_it_stays_open() -> None:
    world = snapshot(reading=reading(BATTERY, current=50.0))
    assert not wanted(at(Phase.WELDING_DETECTION, stopped_at=0.0), world).contactor


@pytest.mark.parametrize(
    ("told", "feedback", "waited", "may"),
    [
        (False, Contactor.OPEN, 0.0, True),
        (True, Contactor.OPEN, 0.0, False),
        (False, Contactor.MOVING, 2.9, False),
        (False, Contactor.CLOSED, 2.9, False),
        (False, Contactor.CLOSED, 3.0, True),
    ],
)
def test_when_welding_detection_may_begin(told: bool, feedback: Contactor, waited: float, may: bool) -> None:
    session = replace(NEW, setpoint=VehicleSetpoint(contactor=told), stopped_at=10.0)
    assert may_detect(session, snapshot(now=10.0 + waited, reading=reading(contactor=feedback))) is may


def test_closed_means_told_and_done() -> None:
    done = snapshot(reading=reading(contactor=Contactor.CLOSED))
    assert closed(CLOSED, done)
    assert not closed(NEW, done)
    assert not closed(CLOSED, snapshot(reading=reading(contactor=Contactor.MOVING)))


@pytest.mark.parametrize(("volts", "feedback", "off"), [(59.9, 0, True), (60.0, 0, False), (0.0, 1, False), (float("nan"), 0, False)])
def test_separated(volts: float, feedback: int, off: bool) -> None:
    assert separated(snapshot(reading=reading(volts, contactor=Contactor(feedback)))) is off


@pytest.mark.parametrize("feedback", Contactor)
def test_the_connector_is_held_until_the_contactor_is_open(feedback: Contactor) -> None:
    world = snapshot(reading=reading(contactor=feedback))
    assert wanted(at(Phase.ENDED, CLOSED), world).lock is (feedback is not Contactor.OPEN)
    assert wanted(at(Phase.CABLE_CHECK), world).lock
    assert wanted(at(Phase.WELDING_DETECTION), world).lock
