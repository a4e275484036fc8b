"""`cli.watch` on alternating current: the same picture, with the power of all phases."""

from __future__ import annotations

import pytest

from iso15118.cli.watch import Scene, Watch
from iso15118.energy import Budget
from iso15118.hal.board import AC_BOARD
from iso15118.sequence.phases import Phase
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, run_pair
from iso15118.service.seen import Seen
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.value import replace


@pytest.mark.parametrize(
    ("mode", "shaped"), [(ControlMode.SCHEDULED, "the car's wish"), (ControlMode.DYNAMIC, "the charger's target: sun")]
)
def test_a_scene_of_the_loop(mode: ControlMode, shaped: str) -> None:
    scenes: list[Scene] = []

    def prepare(pair: Pair) -> None:
        watch = Watch(pair, 10.0)

        def saw(seen: Seen) -> None:
            watch.saw(seen)
            scenes.append(watch.scene())

        pair.evse.subscribe(saw)

    config = secc.Config(services=(service_of(ServiceID.AC_BPT),))
    evse = EvseConfig(board=AC_BOARD, session=config, budget=Budget(11e3, why="sun"))
    car = CarConfig(session=replace(evcc.Config(), services=(ServiceID.AC_BPT,), control_modes=(mode,)), plan=(Leg(10.0, 6e3),))
    assert run_pair(evse, car, prepare=prepare).clean
    scene = [scene for scene in scenes if scene.phase is Phase.CHARGE_LOOP][-8]
    assert (scene.service, scene.shaped) == ("AC_BPT", shaped)
    assert scene.power == pytest.approx(6e3 if mode is ControlMode.SCHEDULED else 11e3, rel=0.02)
    assert scene.theirs is not None
    assert scene.theirs.charge_power == pytest.approx(11e3, rel=0.01)
    assert scene.curve
