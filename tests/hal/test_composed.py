"""`hal.composed`: who measures behind the contactor, and which simulated monitors are trusted beside real devices."""

from __future__ import annotations

from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.hal import registry
from iso15118.hal.board import AC_BOARD, Board, load
from iso15118.hal.composed import Composed, SeenBehind
from iso15118.hal.simulated import outlet
from iso15118.power import Measured

SENSOR = SimpleNamespace(voltage=lambda: 7, close=lambda: None)


def real(**also: Any) -> SimpleNamespace:
    return SimpleNamespace(close=lambda: None, also=also)


@pytest.mark.parametrize(
    ("made", "who"),
    [
        ({}, "base"),
        ({"insulation": real(voltage=SENSOR)}, "sensor"),
        ({"insulation": real(voltage=SENSOR), "controls": real(contactor=SimpleNamespace(measures=True))}, "contactor"),
        ({"insulation": real(voltage=SENSOR), "controls": real(contactor=SimpleNamespace(measures=False))}, "sensor"),
        ({"voltage": SENSOR, "controls": real(contactor=SimpleNamespace(measures=True))}, "sensor"),
        ({"controls": real(contactor=SimpleNamespace(measures=False))}, "contactor"),
    ],
)
def test_who_measures_behind_the_contactor(made: dict[str, Any], who: str) -> None:
    base = outlet(Board())
    it = Composed(base, made)
    if who == "sensor":
        assert isinstance(it.contactor, SeenBehind)
        assert it.contactor.voltage() == 7
    else:
        assert it.contactor is (base.contactor if who == "base" else made["controls"].also["contactor"])


def test_no_simulated_grid_stands_behind_a_real_converter_and_no_simulated_stop_beside_a_real_contactor() -> None:
    supply, contactor = real(), SimpleNamespace(measures=True)
    with_supply = Composed(outlet(Board()), {"supply": supply}).monitors
    assert (with_supply.grid, with_supply.stop is None) == (None, False)
    with_controls = Composed(outlet(Board()), {"controls": real(contactor=contactor)}).monitors
    assert (with_controls.grid is None, with_controls.stop, with_controls.temperature) == (False, None, None)
    assert Composed(outlet(AC_BOARD), {"controls": real(contactor=contactor)}).monitors.phases is None


def test_what_has_a_table_of_its_own_goes_before_what_is_brought_along() -> None:
    mine, theirs = SimpleNamespace(name="mine", close=lambda: None), SimpleNamespace(name="theirs")
    for order in (("meter", "controls"), ("controls", "meter")):
        made = {name: mine if name == "meter" else real(meter=theirs, lock=theirs) for name in order}
        it = Composed(outlet(Board()), made)
        assert (it.meter, it.lock) == (mine, theirs)
        assert it.simulated == ("supply", "contactor", "insulation", "pilot")


class Residual:
    def __init__(self, value: bool, at: float) -> None:
        self.is_ = Measured(value, at)
        self.abilities = "those of the path"

    def residual(self) -> Measured[bool]:
        return self.is_

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("path", "other", "found"),
    [
        (Residual(False, -inf), Residual(False, 5.0), Measured(False, 5.0)),
        (Residual(False, -inf), Residual(True, 5.0), Measured(True, 5.0)),
        (Residual(True, 4.0), Residual(False, 5.0), Measured(True, 4.0)),
    ],
)
def test_a_residual_current_that_the_path_does_not_see(path: Residual, other: Residual, found: Measured[bool]) -> None:
    it = Composed(outlet(AC_BOARD), {"path": path, "controls": real(residual=other)})
    assert it.path.residual() == found
    assert it.path.abilities == "those of the path"


def test_nothing_is_simulated_unasked(tmp_path: Path) -> None:
    board = tmp_path / "board.toml"
    board.write_text('family = "composed"\n')
    with pytest.raises(LocalError, match=r"composed.supply: missing; allowed: a table for each device, or \[composed.simulated\]"):
        registry.outlet(load(board))
    board.write_text('family = "composed"\n[composed.simulated]\n')
    assert registry.outlet(load(board)).simulated  # type: ignore[union-attr]
