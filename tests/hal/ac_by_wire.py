"""Benches for `ac_contract`: the simulated outlet in virtual time, and one in real time whose path has a bus.

with AcWireRig(path, world, {"silence": ...}) as rig:
    check(rig)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from iso15118.hal.ac_guard import AcGuard
from iso15118.hal.board import AC_BOARD
from iso15118.hal.composed import Composed
from iso15118.hal.simulated import ac_outlet
from iso15118.power import Command, Setpoint
from iso15118.testing.devices.ac_bench import AcBench
from iso15118.testing.devices.wires import World
from iso15118.value import replace

TURN = 0.01
BOARD = replace(AC_BOARD, settings={"contactor_delay": 0.02, "lock_delay": 0.03})


class AcSimulatedRig:
    """`ac_contract.AcRig`: everything is simulated, and so is the time."""

    def __init__(self) -> None:
        self.plain = ac_outlet(BOARD)
        self.outlet: Any = self.plain
        self._turns, self._number = 100_000, 0
        self.guard = AcGuard(self.outlet, discharge_allowed=True)

    @property
    def now(self) -> float:
        return self._turns * TURN

    @property
    def closed(self) -> bool:
        return self.plain.plant.contactor.conducting

    def run(self, seconds: float, setpoint: Setpoint | None = None) -> None:
        for turn in range(round(seconds / TURN)):
            if setpoint is not None and turn % 4 == 0:
                self._number += 1
                self.guard.command(Command(self._number, 0.3, setpoint), self.now)
            self._pass()
            self.guard.cycle(self.now)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / TURN)):
            self._pass()
            self.outlet.advance(self.now)

    def fail(self, what: str) -> None:
        name = {"residual": "residual_current", "grid": "grid_lost", "silence": "telemetry_frozen"}[what]
        setattr(self.plain.plant.faults, name, True)

    def _pass(self) -> None:
        self._turns += 1


class AcWireRig(AcSimulatedRig):
    """The same in real time, with another path. `world` is what the device behind the path was given, `fail` breaks that device."""

    def __init__(self, path: Any, world: World, fail: Mapping[str, Callable[[], object]]) -> None:
        super().__init__()
        self._bench, self._fail = AcBench(self.plain.plant, world), fail
        self._bench.turn(self.now)
        self.outlet = Composed(self.plain, {"path": path})
        self.guard = AcGuard(self.outlet, AC_BOARD.limits, discharge_allowed=True)

    def __enter__(self) -> AcWireRig:
        return self

    def __exit__(self, *_: object) -> None:
        self.outlet.close()

    @property
    def now(self) -> float:
        return time.monotonic()

    def fail(self, what: str) -> None:
        super().fail(what) if what not in self._fail else self._fail[what]()

    def _pass(self) -> None:
        time.sleep(TURN)
        self._bench.turn(self.now)
