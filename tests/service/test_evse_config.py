from __future__ import annotations

import pytest

from iso15118.hal.board import Board
from iso15118.hal.simulated import outlet
from iso15118.power import Command, Limits, Setpoint
from iso15118.service.evse_config import EvseConfig, guarded
from iso15118.value import replace


@pytest.mark.parametrize("current", [125.0, -125.0])
def test_the_guard_holds_to_the_board_whatever_a_driver_says_of_itself(current: float) -> None:
    """A foreign driver may know only what its device can do, not what the board, its cable and its fuses can."""
    board = Board(limits=Limits(150.0, 500.0, 20.0, 5_000.0, 10.0, 3_000.0), ramp=50.0)
    metal = outlet(Board())
    guard = guarded(EvseConfig(board=board), metal)
    seen = set()
    for turn in range(400):
        live = Setpoint(voltage=450.0 if current > 0 else 200.0, current=current, contactor=True, lock=True, bidirectional=True)
        if turn % 10 == 0:
            guard.command(Command(turn + 1, 0.3, replace(live, current=0.0) if turn < 100 else live), turn / 100)
        guard.cycle(turn / 100)
        seen.add(metal.plant.bus.supply.current)
    assert {abs(amps) for amps in seen} - {0.0}
    assert max(map(abs, seen)) <= (20.0 if current > 0 else 10.0)
    assert min(abs(amps) for amps in seen if amps) == pytest.approx(0.5)


def test_the_guard_takes_the_permission_of_the_board() -> None:
    assert guarded(EvseConfig(), outlet()).discharge_allowed
    assert not guarded(EvseConfig(board=Board(discharge_allowed=False)), outlet()).discharge_allowed
    assert not guarded(EvseConfig(discharge_allowed=False), outlet()).discharge_allowed
