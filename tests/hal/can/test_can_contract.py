"""Drivers on a bus in real time: CAN over UDP, a simulated module on it, the rest of the outlet simulated on the same plant."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from iso15118.hal.can import infypower_beg
from iso15118.testing.devices.infypower_beg import BegModule
from iso15118.testing.devices.on_can import serving
from iso15118.testing.devices.wires import World
from tests.hal.can.bench import bus, keys, port
from tests.hal.can.renewed import CanRig
from tests.hal.contract import CONTRACT, Rig

pytestmark = pytest.mark.long

TABLE: dict[str, object] = {"min_voltage": 200.0, "max_voltage": 500.0, "pace": 0.02}
AT_ONCE = 4
"""Checks that run at the same time, each on a bus of its own: most of a check is waiting."""


def beg(check: Callable[[Rig], None]) -> None:
    world: World = {}
    number = port()
    module = BegModule(world)
    with serving(module, bus(number)):
        driver = infypower_beg.supply(TABLE | keys(number), "board.toml", "composed.supply")
        with CanRig(driver, world) as rig:
            check(rig)
    assert not module.wrongs


def test_a_beg_holds_the_contract() -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(beg, CONTRACT))
