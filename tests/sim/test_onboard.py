"""What an on-board charger takes from the mains, and what of it comes to the battery."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.power import AcTarget, Limits
from iso15118.sim.battery import Battery
from iso15118.sim.onboard import OnBoardCharger
from iso15118.units import NO_PHASE, PerPhase

MAINS = PerPhase(230.0, 230.0, 230.0)
WIDE = Limits(0.0, 500.0, 100.0, 50e3, 100.0, 50e3)


def target(active: float, reactive: float = 0.0, phases: int = 3) -> AcTarget:
    return AcTarget(PerPhase.even(active, phases), PerPhase.even(reactive, phases))


def after(
    wanted: AcTarget, *, seconds: float = 3.0, mains: PerPhase = MAINS, limits: Limits = WIDE, **of: Any
) -> tuple[OnBoardCharger, Battery]:
    """The charger and its battery so long after it was told."""
    onboard, battery = OnBoardCharger(**of), Battery()
    onboard.demand(wanted)
    onboard.draw(battery, limits, mains, 50.0, seconds)
    return onboard, battery


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (target(9e3), 9e3),
        (target(-9e3), -9e3),
        (target(30e3), 11e3),  # its power
        (target(-30e3), -11e3),
        (AcTarget(PerPhase(5e3, 0.0, 0.0)), 11e3 / 3),  # of one phase
        (target(4e3), 0.0),  # 6 A in three phases are 4.14 kW
        (target(4.2e3), 4.2e3),
        (target(-300.0), -300.0),
        (target(0.0), 0.0),
    ],
)
def test_it_takes_what_it_is_told_within_its_own_limits(wanted: AcTarget, taken: float) -> None:
    onboard, _ = after(wanted)
    assert onboard.active.total == pytest.approx(taken)
    assert onboard.settled(WIDE)


def test_current_binds_at_low_voltage() -> None:
    onboard, _ = after(target(11e3), mains=PerPhase(200.0, 200.0, 200.0))
    assert onboard.active.total == pytest.approx(3 * 200.0 * 16.0)


def test_what_the_battery_takes_and_gives_binds() -> None:
    narrow = Limits(0.0, 500.0, 100.0, 6e3, 0.0, 0.0)
    assert after(target(11e3), limits=narrow)[0].active.total == pytest.approx(6e3)
    assert after(target(-11e3), limits=narrow)[0].active.total == 0.0


@pytest.mark.parametrize(("active", "reactive", "turned"), [(0.0, 9e3, 5e3), (9e3, -4e3, -4e3), (11e3, 4e3, 0.0), (10.5e3, 5e3, 3278.7)])
def test_reactive_power_has_the_room_that_active_power_leaves(active: float, reactive: float, turned: float) -> None:
    onboard, _ = after(target(active, reactive))
    assert onboard.reactive.total == pytest.approx(turned, abs=0.1)
    assert onboard.active.total == pytest.approx(active)


def test_phases_it_does_not_have_stay_empty() -> None:
    onboard, _ = after(target(9e3), phases=1, power=7_360.0, current=32.0)
    assert onboard.active == PerPhase(3e3, 0.0, 0.0)


def test_it_reacts_after_a_while_and_then_ramps() -> None:
    onboard, battery = OnBoardCharger(delay=0.1, rise=10e3), Battery()
    onboard.demand(target(9e3))
    seen = [onboard.draw(battery, WIDE, MAINS, 50.0, 0.1)[0].total for _ in range(4)]
    assert seen == pytest.approx([0.0, 500.0, 1500.0, 2500.0])
    assert not onboard.settled(WIDE)


def test_a_level_told_again_changes_nothing() -> None:
    onboard, battery = OnBoardCharger(delay=0.1), Battery()
    for _ in range(3):
        onboard.demand(target(9e3))
        onboard.draw(battery, WIDE, MAINS, 50.0, 0.05)
    assert onboard.active.total > 0.0


def test_one_long_step_is_many_short_ones() -> None:
    results = []
    for steps in (1, 100):
        onboard, battery = OnBoardCharger(), Battery()
        onboard.demand(target(9e3))
        energy = sum(onboard.draw(battery, WIDE, MAINS, 50.0, 1.0 / steps)[0].total / steps for _ in range(steps))
        results.append((energy, onboard.active.total))
    assert results[0] == pytest.approx(results[1])


def test_without_mains_it_stops_at_once() -> None:
    onboard, battery = after(target(9e3))
    before = battery.charge
    assert onboard.draw(battery, WIDE, NO_PHASE, 0.0, 0.01) == (NO_PHASE, NO_PHASE)
    assert battery.charge == before
    onboard.draw(battery, WIDE, PerPhase(230.0, 0.0, 230.0), 50.0, 3.0)
    assert onboard.active == PerPhase(3e3, 0.0, 3e3)


@pytest.mark.parametrize(("power", "behind"), [(9e3, 9e3 * 0.94), (-9e3, -9e3 / 0.94)])
def test_losses_are_on_the_batterys_side(power: float, behind: float) -> None:
    onboard, battery = after(target(power))
    stored, lost = battery.stored, battery.loss
    onboard.draw(battery, WIDE, MAINS, 50.0, 3.6)
    assert battery.stored - stored + battery.loss - lost == pytest.approx(behind / 1000, rel=1e-4)
    current = onboard.battery_current(battery)
    assert current * battery.terminal_voltage(current) == pytest.approx(behind)


def test_its_limits_with_a_battery() -> None:
    of = OnBoardCharger().limits(Limits(300.0, 400.0, 100.0, 6e3, 100.0, 40e3))
    assert (of.charge_current, of.charge_power, of.discharge_power) == (
        pytest.approx(11e3 / 690.0),
        pytest.approx(6e3 / 0.94),
        pytest.approx(11e3),
    )
    assert of.min_voltage < 230.0 < of.max_voltage
    assert OnBoardCharger().limits(Limits(300.0, 400.0, 100.0, 40e3)).discharge_current == 0.0
    assert OnBoardCharger(phases=1).limits(WIDE).charge_power == 230.0 * 16.0
    assert OnBoardCharger().least_power == pytest.approx(4_140.0)


@pytest.mark.parametrize("wrong", [{"phases": 2}, {"power": 0.0}, {"efficiency": 0.0}, {"efficiency": 1.1}, {"reactive": -1.0}])
def test_a_converter_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(LocalError, match="on-board charger"):
        OnBoardCharger(**wrong)
