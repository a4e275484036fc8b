"""What any driver family must hold: run it over a simulated outlet, a bench, or the real thing.

    @pytest.mark.parametrize("check", CONTRACT)
    def test_contract(check): check(MyRig())

A rig is an outlet, a way to let time pass, and a vehicle side that can be plugged in (pilot C, contactor open) or not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import isfinite
from typing import Protocol

import pytest

from iso15118.errors import LocalError
from iso15118.hal import protocols
from iso15118.hal.protocols import Health, Outlet
from iso15118.power import Contactor, Insulation, Measured, Pilot

STEP = 0.05


class Rig(Protocol):
    """The bench around one outlet."""

    outlet: Outlet

    @property
    def now(self) -> float:
        """Monotonic seconds, the clock of the measurements."""

    def pass_time(self, seconds: float) -> None:
        """Let that much time go by, with the outlet's turns in it (each at most 50 ms)."""

    def plug(self, pilot: Pilot) -> None:
        """Bring the vehicle side into this pilot state."""

    def is_safe(self) -> bool:
        """By the metal, not by its drivers, which may be closed: contacts open, no voltage on the cable or the supply's output."""


def until(rig: Rig, done: Callable[[], bool], within: float) -> None:
    """Let time pass until it is so, `within` seconds."""
    for _ in range(round(within / STEP)):
        if done():
            return
        rig.pass_time(STEP)
    assert done()


def measurements(outlet: Outlet) -> list[Measured[float] | Measured[Contactor] | Measured[Pilot] | Measured[bool] | Measured[Insulation]]:
    voltage, current = outlet.supply.measured()
    return [
        voltage,
        current,
        outlet.contactor.feedback(),
        outlet.contactor.voltage(),
        outlet.insulation.verdict(),
        outlet.insulation.resistance(),
        outlet.meter.charged(),
        outlet.meter.discharged(),
        outlet.pilot.state(),
        outlet.lock.locked(),
    ]


def offers_every_protocol(rig: Rig) -> None:
    outlet = rig.outlet
    assert isinstance(outlet, protocols.Outlet)
    assert isinstance(outlet.supply, protocols.DcSupply)
    assert isinstance(outlet.contactor, protocols.OutputContactor)
    assert isinstance(outlet.insulation, protocols.InsulationMonitor)
    assert isinstance(outlet.meter, protocols.EnergyMeter)
    assert isinstance(outlet.pilot, protocols.ControlPilot)
    assert isinstance(outlet.lock, protocols.ConnectorLock)
    assert 0 < len(outlet.meter.meter_id) <= 32
    assert outlet.supply.health is Health.GOOD
    assert outlet.meter.health is Health.GOOD


def abilities_are_possible(rig: Rig) -> None:
    abilities = rig.outlet.supply.abilities
    limits = abilities.limits
    assert 0 <= limits.min_voltage < limits.max_voltage
    assert abilities.ramp > 0
    assert 0 <= abilities.min_charge_current <= limits.charge_current
    assert 0 <= abilities.min_discharge_current <= max(limits.discharge_current, abilities.min_discharge_current)
    assert limits.charge_power > 0
    assert (limits.discharge_current > 0) == (limits.discharge_power > 0)


def starts_safe(rig: Rig) -> None:
    rig.pass_time(0.5)
    assert rig.outlet.contactor.feedback().value is Contactor.OPEN
    assert rig.outlet.supply.measured()[0].value < 60
    assert rig.outlet.contactor.voltage().value < 60
    assert rig.outlet.insulation.verdict().value is not Insulation.VALID


def every_measurement_is_fresh_finite_and_of_its_kind(rig: Rig) -> None:
    rig.plug(Pilot.C)
    rig.pass_time(0.4)
    for _ in range(10):
        rig.pass_time(0.1)
        for measured in measurements(rig.outlet):
            assert isfinite(measured.value)
            assert measured.age(rig.now) <= 0.3
            assert measured.at <= rig.now + 0.1
    assert isinstance(rig.outlet.contactor.feedback().value, Contactor)
    assert isinstance(rig.outlet.pilot.state().value, Pilot)
    assert isinstance(rig.outlet.insulation.verdict().value, Insulation)
    assert isinstance(rig.outlet.lock.locked().value, bool)


def nothing_waits(rig: Rig) -> None:
    outlet = rig.outlet
    rig.pass_time(0.1)
    started = time.perf_counter()
    outlet.supply.demand(200.0, 0.0, 1.0)
    outlet.contactor.demand(False)
    outlet.insulation.demand(False)
    outlet.lock.demand(True)
    outlet.pilot.duty(5)
    measurements(outlet)
    outlet.supply.off()
    outlet.lock.demand(False)
    assert time.perf_counter() - started < 0.050


def the_contactor_follows_a_level_within_200_ms(rig: Rig) -> None:
    contactor = rig.outlet.contactor
    rig.pass_time(0.1)
    for closed in (True, False, True, False):
        for _ in range(5):  # a level: repeating it neither hastens nor delays
            contactor.demand(closed)
            rig.pass_time(0.04)
        assert contactor.feedback().value is (Contactor.CLOSED if closed else Contactor.OPEN)


def the_supply_holds_a_voltage_and_shows_it_behind_the_contactor_only_when_closed(rig: Rig) -> None:
    outlet = rig.outlet
    limits = outlet.supply.abilities.limits
    target = (limits.min_voltage + limits.max_voltage) / 2
    rig.plug(Pilot.C)
    outlet.insulation.demand(True)  # a test voltage: no car closes on it
    for closed in (False, True):
        outlet.contactor.demand(closed)
        until(rig, lambda: (outlet.contactor.feedback().value is Contactor.CLOSED) is closed, 0.3)  # noqa: B023
        outlet.supply.demand(target, 0.0, 2.0)
        until(rig, lambda: outlet.supply.measured()[0].value == pytest.approx(target, rel=0.05), 3.0)
        rig.pass_time(0.3)
        voltage, current = outlet.supply.measured()
        assert voltage.value == pytest.approx(target, rel=0.05)
        assert abs(current.value) <= 2.5
        behind = outlet.contactor.voltage().value
        assert behind == pytest.approx(target, rel=0.05) if closed else behind < 60
        outlet.supply.off()
        until(rig, lambda: outlet.supply.measured()[0].value < 60, 2.5)
    outlet.insulation.demand(False)
    outlet.contactor.demand(False)
    rig.pass_time(0.3)


def an_insulation_test_ends_with_a_verdict_that_stands(rig: Rig) -> None:
    outlet = rig.outlet
    rig.plug(Pilot.C)
    outlet.contactor.demand(True)
    until(rig, lambda: outlet.contactor.feedback().value is Contactor.CLOSED, 0.3)
    outlet.insulation.demand(True)
    assert outlet.insulation.verdict().value is Insulation.TESTING
    outlet.supply.demand(outlet.supply.abilities.limits.max_voltage, 0.0, 2.0)
    until(rig, lambda: outlet.insulation.verdict().value is not Insulation.TESTING, 30)
    assert outlet.insulation.verdict().value is Insulation.VALID
    assert outlet.insulation.resistance().value >= 100e3
    outlet.insulation.demand(False)
    outlet.supply.off()
    until(rig, lambda: outlet.supply.measured()[0].value < 60, 2.5)
    assert outlet.insulation.verdict().value is Insulation.VALID
    outlet.insulation.demand(True)
    assert outlet.insulation.verdict().value is Insulation.TESTING, "a new test has a fresh verdict"
    outlet.insulation.demand(False)
    outlet.contactor.demand(False)
    rig.pass_time(0.3)


def the_meter_only_counts_up(rig: Rig) -> None:
    last = (0.0, 0.0)
    for _ in range(5):
        rig.pass_time(0.1)
        read = (rig.outlet.meter.charged().value, rig.outlet.meter.discharged().value)
        assert read[0] >= last[0]
        assert read[1] >= last[1]
        last = read


def the_pilot_is_seen(rig: Rig) -> None:
    for pilot in (Pilot.B, Pilot.C, Pilot.B, Pilot.A):
        rig.plug(pilot)
        until(rig, lambda: rig.outlet.pilot.state().value is pilot, 0.3)  # noqa: B023
    for percent in (-1.0, 101.0, float("nan")):
        with pytest.raises(LocalError):
            rig.outlet.pilot.duty(percent)


def the_lock_follows_within_three_seconds(rig: Rig) -> None:
    rig.plug(Pilot.B)
    for locked in (True, False):
        rig.outlet.lock.demand(locked)
        until(rig, lambda: rig.outlet.lock.locked().value is locked, 3.0)  # noqa: B023


def closing_leaves_the_safe_state(rig: Rig) -> None:
    outlet = rig.outlet
    rig.plug(Pilot.C)
    outlet.contactor.demand(True)
    until(rig, lambda: outlet.contactor.feedback().value is Contactor.CLOSED, 0.3)
    outlet.supply.demand(outlet.supply.abilities.limits.max_voltage, 0.0, 2.0)
    until(rig, lambda: outlet.supply.measured()[0].value > 60, 1.0)
    outlet.close()
    until(rig, rig.is_safe, 2.5)


CONTRACT: list[Callable[[Rig], None]] = [
    offers_every_protocol,
    abilities_are_possible,
    starts_safe,
    every_measurement_is_fresh_finite_and_of_its_kind,
    nothing_waits,
    the_contactor_follows_a_level_within_200_ms,
    the_supply_holds_a_voltage_and_shows_it_behind_the_contactor_only_when_closed,
    an_insulation_test_ends_with_a_verdict_that_stands,
    the_meter_only_counts_up,
    the_pilot_is_seen,
    the_lock_follows_within_three_seconds,
    closing_leaves_the_safe_state,
]
