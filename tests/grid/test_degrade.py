"""What each kind of car is told of a grant."""

from __future__ import annotations

import pytest

from iso15118.energy import Budget
from iso15118.grid.degrade import budget, duty_cycle, pilot_current
from iso15118.grid.site import Control, Evse
from iso15118.units import PerPhase

OUTLET = Evse(name="1", circuit="g", most=32.0, charge=22_080.0, failsafe=4_140.0)
PHASES = PerPhase(2e3, 2e3, 2e3)


def told(control: Control, power: float, outlet: Evse = OUTLET) -> Budget:
    return budget(control, outlet, power, until=5.0)


def test_the_ladder_on_the_way_in() -> None:
    assert told(Control.DYNAMIC, 10e3) == Budget(10e3, 0.0, 10e3, until=5.0, fallback=4_140.0)
    assert told(Control.SCHEDULED, 10e3) == Budget(10e3, 0.0, None, until=5.0, fallback=4_140.0)
    assert told(Control.LIMIT, 10e3) == Budget(10e3, until=5.0, fallback=4_140.0)
    assert told(Control.PWM, 10e3).charge == pytest.approx(14.4 * 690.0)
    assert told(Control.SWITCH, 22e3).charge == 22_080.0
    assert told(Control.SWITCH, 10e3) == Budget(0.0, until=5.0)


def test_only_who_can_be_told_so_gives_back() -> None:
    back = {control: told(control, -5e3) for control in Control}
    assert {control: (b.charge, b.discharge) for control, b in back.items()} == {
        Control.DYNAMIC: (0.0, 5e3),
        Control.SCHEDULED: (0.0, 5e3),
        Control.LIMIT: (0.0, 0.0),
        Control.PWM: (0.0, 0.0),
        Control.SWITCH: (0.0, 0.0),
    }
    assert back[Control.DYNAMIC].target == -5e3


def test_a_fallback_never_rises_above_what_was_granted() -> None:
    assert told(Control.DYNAMIC, 2e3).fallback == 2e3
    assert told(Control.PWM, 3e3).fallback == 0.0
    assert told(Control.DYNAMIC, -2e3).fallback == 0.0


def test_phases() -> None:
    assert budget(Control.DYNAMIC, OUTLET, 6e3, PHASES, until=5.0).phases == PHASES
    assert budget(Control.DYNAMIC, OUTLET, -6e3, PHASES, until=5.0).phases is None


@pytest.mark.parametrize(("power", "current"), [(0.0, 0.0), (4_139.0, 0.0), (4_140.0, 6.0), (4_208.0, 6.0), (4_209.0, 6.1), (99e3, 32.0)])
def test_by_pulse_width(power: float, current: float) -> None:
    assert pilot_current(OUTLET, power) == pytest.approx(current)


@pytest.mark.parametrize(
    ("current", "duty"), [(5.9, 100.0), (6.0, 10.0), (16.0, 26.667), (51.0, 85.0), (60.0, 88.0), (80.0, 96.0), (99.0, 96.0)]
)
def test_duty_cycles(current: float, duty: float) -> None:
    assert duty_cycle(current) == pytest.approx(duty, abs=1e-3)
