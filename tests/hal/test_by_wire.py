"""The bench of `by_wire` holds the contract itself, with a device told by wire that does what it is told."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from iso15118.hal.board import Board
from iso15118.hal.protocols import Health
from iso15118.power import Abilities, Measured
from iso15118.testing.devices.wires import World
from tests.hal import contract
from tests.hal.by_wire import WireRig
from tests.hal.contract import Rig

pytestmark = [pytest.mark.long, pytest.mark.waits]


class WiredSupply:
    def __init__(self, world: World) -> None:
        self.world = world
        self.abilities: Abilities = Board().abilities
        self.health = Health.GOOD

    def demand(self, voltage: float, current: float, trickle: float = 0.0) -> None:
        self.world |= {"supply.on": 1.0, "supply.voltage": voltage, "supply.current": current, "supply.trickle": trickle}

    def off(self) -> None:
        self.world["supply.on"] = 0.0

    def measured(self) -> tuple[Measured[float], Measured[float]]:
        now = time.monotonic()
        return Measured(self.world["bus.voltage"], now), Measured(self.world["bus.current"], now)

    def close(self) -> None:
        self.off()


SOME = (
    contract.every_measurement_is_fresh_finite_and_of_its_kind,
    contract.the_supply_holds_a_voltage_and_shows_it_behind_the_contactor_only_when_closed,
    contract.closing_leaves_the_safe_state,
)
"""All of them are played by the drivers."""


@pytest.mark.parametrize("check", SOME, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Rig], None]) -> None:
    world: World = {}
    with WireRig({"supply": WiredSupply(world)}, world) as rig:
        check(rig)
