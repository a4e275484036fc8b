"""What any outlet of alternating current must hold, under its guard: run it over a simulated one, or one with a real path.

    @pytest.mark.parametrize("check", AC_CONTRACT)
    def test_contract(check): check(MyRig())

The car takes what it is asked for, from the moment the contactor is closed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import isfinite
from typing import Protocol

import pytest

from iso15118.errors import DeviceFault
from iso15118.hal import protocols
from iso15118.hal.ac_guard import AcGuard
from iso15118.hal.protocols import AcOutlet, Health
from iso15118.power import OFF, AcReading, AcTarget, Contactor, Setpoint
from iso15118.units import PerPhase

STEP = 0.05


class AcRig(Protocol):
    """The bench around one outlet."""

    outlet: AcOutlet
    guard: AcGuard

    @property
    def now(self) -> float:
        """Monotonic seconds, the clock of the measurements."""

    def run(self, seconds: float, setpoint: Setpoint | None = None) -> None:
        """Let that much time go by, a turn of the guard at least each 20 ms; with a set-point it is sent again and again."""

    def pass_time(self, seconds: float) -> None:
        """The same without the guard."""

    def fail(self, what: str) -> None:
        """From now on: "residual", a residual current; "grid", it is lost; "silence", the path tells nothing any more."""

    @property
    def closed(self) -> bool:
        """By the metal, not by its drivers, which may be closed: do the contacts conduct?"""


def wanted(power: float) -> Setpoint:
    return Setpoint(contactor=True, lock=True, bidirectional=True, target=AcTarget(PerPhase.even(power, 3)))


def until(rig: AcRig, done: Callable[[], bool], within: float, setpoint: Setpoint | None = None) -> None:
    for _ in range(round(within / STEP)):
        if done():
            return
        rig.run(STEP, setpoint)
    assert done(), rig.guard.faults


def power(rig: AcRig) -> float:
    return rig.outlet.path.measured().value.active.total


def flowing(rig: AcRig, watts: float) -> None:
    until(rig, lambda: power(rig) == pytest.approx(watts, rel=0.01), 2.0, wanted(watts))


def offers_every_protocol(rig: AcRig) -> None:
    outlet = rig.outlet
    assert isinstance(outlet, protocols.AcOutlet)
    assert isinstance(outlet.path, protocols.AcPath)
    assert isinstance(outlet.contactor, protocols.OutputContactor)
    assert isinstance(outlet.meter, protocols.EnergyMeter)
    assert isinstance(outlet.pilot, protocols.ControlPilot)
    assert isinstance(outlet.lock, protocols.ConnectorLock)
    assert outlet.path.health is Health.GOOD
    abilities = outlet.path.abilities
    assert abilities.ac is not None
    assert abilities.ac.phases in (1, 3)
    limits = abilities.limits
    assert 0 < limits.min_voltage < abilities.ac.voltage < limits.max_voltage
    assert limits.charge_power > 0
    assert (limits.discharge_current > 0) == (limits.discharge_power > 0)


def every_measurement_is_fresh_and_finite(rig: AcRig) -> None:
    for _ in range(6):
        rig.run(0.05)
        measured, residual = rig.outlet.path.measured(), rig.outlet.path.residual()
        grid = measured.value
        assert isinstance(grid, AcReading)
        assert all(map(isfinite, (*grid.voltage, *grid.active, *grid.reactive, grid.frequency)))
        assert rig.outlet.path.abilities.ac is not None
        assert rig.outlet.path.abilities.ac.holds(grid)
        assert residual.value is False
        for at in (measured.at, residual.at):
            assert -0.1 <= rig.now - at <= 0.3


def nothing_waits(rig: AcRig) -> None:
    path = rig.outlet.path
    began = time.perf_counter()
    for target in (AcTarget(PerPhase.even(3e3, 3)), None, AcTarget(), None):
        path.demand(target)
        path.measured(), path.residual(), path.health, path.abilities
    assert time.perf_counter() - began < 0.050


def it_charges_gives_back_and_ends(rig: AcRig) -> None:
    """Three kilowatts in, six out: the sign of what flows is that of what is asked for."""
    before = rig.outlet.meter.charged().value
    flowing(rig, 3_000.0)
    assert min(rig.outlet.path.measured().value.active) == pytest.approx(1_000.0, rel=0.01)
    until(rig, lambda: rig.outlet.meter.charged().value > before, 1.0, wanted(3_000.0))
    flowing(rig, -6_000.0)
    assert rig.closed
    assert rig.guard.faults == set()
    until(rig, lambda: not rig.closed and abs(power(rig)) < 1.0, 1.0, OFF)
    assert rig.outlet.contactor.feedback().value is Contactor.OPEN
    assert rig.guard.faults == set()


def a_residual_current_opens(rig: AcRig) -> None:
    flowing(rig, 3_000.0)
    rig.fail("residual")
    until(rig, lambda: not rig.closed, 0.5, wanted(3_000.0))
    assert DeviceFault.RESIDUAL_CURRENT in rig.guard.faults


def a_lost_grid_opens_and_is_no_fault(rig: AcRig) -> None:
    flowing(rig, -3_000.0)
    rig.fail("grid")
    until(rig, lambda: not rig.closed, 0.5, wanted(-3_000.0))
    assert rig.guard.faults == set()


def a_path_that_falls_silent_opens(rig: AcRig) -> None:
    flowing(rig, -3_000.0)
    rig.fail("silence")
    until(rig, lambda: not rig.closed, 1.4, wanted(-3_000.0))
    assert DeviceFault.STALE in rig.guard.faults


def closing_leaves_the_safe_state(rig: AcRig) -> None:
    flowing(rig, 3_000.0)
    rig.outlet.close()
    rig.pass_time(0.3)
    assert not rig.closed


AC_CONTRACT: list[Callable[[AcRig], None]] = [
    offers_every_protocol,
    every_measurement_is_fresh_and_finite,
    nothing_waits,
    it_charges_gives_back_and_ends,
    a_residual_current_opens,
    a_lost_grid_opens_and_is_no_fault,
    a_path_that_falls_silent_opens,
    closing_leaves_the_safe_state,
]
