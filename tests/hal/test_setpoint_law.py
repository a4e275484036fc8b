"""The set-point law over a random run, and guards that break it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iso15118.hal import bounds
from iso15118.hal.guard import Guard
from iso15118.power import Command, Limits, Setpoint
from tools.setpoints.run import Bench

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_that_is_commanded_breaks_it(seed: int) -> None:
    bench = Bench(seed)
    bench.run(30_000)
    assert bench.law.violations == []
    assert min(bench.flowed) > 1_000
    assert bench.faults > 3


class Unclipped(Guard):
    """It believes whatever it is told."""

    def _transfer(self, go: Setpoint, limits: Limits, passed: float) -> tuple[float, float, float]:
        return (go.voltage, go.current, 0.0) if go.current else super()._transfer(go, limits, passed)


class Eager(Guard):
    """It does not mind the ramp."""

    def _transfer(self, go: Setpoint, limits: Limits, passed: float) -> tuple[float, float, float]:
        return super()._transfer(go, limits, 1e6)


class Generous(Guard):
    """It needs no permission."""

    def _transfer(self, go: Setpoint, limits: Limits, passed: float) -> tuple[float, float, float]:
        before, self.discharge_allowed = self.discharge_allowed, True
        try:
            return super()._transfer(go, limits, passed)
        finally:
            self.discharge_allowed = before


class Faithful(Guard):
    """A command lives for ever."""

    def command(self, command: Command, now: float) -> bool:
        taken = super().command(command, now)
        self._expires = 1e12
        return taken


class Blind(Guard):
    """No measurement is too old for it."""

    @property
    def _oldest(self) -> float:  # type: ignore[override]
        return 0.0

    @_oldest.setter
    def _oldest(self, value: float) -> None:
        pass


class Stubborn(Guard):
    """It goes on through faults."""

    def _steer(self, passed: float) -> None:
        kept, self._faults = self._faults, set()
        super()._steer(passed)
        self._faults |= kept


class Slow(Guard):
    """It sees what the supply can do a second late."""

    def _read(self) -> None:
        super()._read()
        self._seen = [*getattr(self, "_seen", []), self._abilities][-100:]
        self._abilities = self._seen[0]
        self._narrow(self._limits, self._abilities.limits)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (Unclipped, "more charge current than allowed"),
        (Unclipped, "from one direction into the other at once"),
        (Unclipped, "a voltage above what is allowed"),
        (Eager, "faster than the ramp"),
        (Generous, "out of the vehicle without permission"),
        (Faithful, "a current for a command that is over"),
        (Blind, "a rise on old measurements"),
        (Stubborn, "a current with a fault"),
        (Slow, "more charge current than allowed"),
    ],
)
def test_a_guard_that_breaks_it_is_found(make: Callable[..., Guard], rule: str) -> None:
    bench = Bench(3, make)
    for _ in range(12):
        bench.run(5_000)
        if found := {violation.rule for violation in bench.law.violations} & {rule}:
            break
    assert found


@pytest.mark.parametrize(
    ("name", "wrong", "rule"),
    [
        ("window", lambda limits, voltage, *, discharge: (-1e6, limits.charge_current), "more charge power than allowed"),
        ("window", lambda limits, voltage, *, discharge: (-1e6, 1e6), "more discharge current than allowed"),
        ("ramped", lambda previous, wanted, step: wanted, "from one direction into the other at once"),
        ("clipped_voltage", lambda voltage, current, limits: min(voltage, limits.max_voltage), "a voltage below what the supply can do"),
    ],
)
def test_bounds_that_break_it_are_found(monkeypatch: pytest.MonkeyPatch, name: str, wrong: Any, rule: str) -> None:
    monkeypatch.setattr(bounds, name, wrong)
    bench = Bench(4)
    bench.run(15_000)
    assert rule in {violation.rule for violation in bench.law.violations}
