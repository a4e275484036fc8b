"""How long a car can wait."""

from __future__ import annotations

import pytest

from iso15118.energy import Need
from iso15118.grid.visits import Visit


@pytest.mark.parametrize(
    ("target", "most", "buffer", "hours"),
    [
        (11e3, 11e3, 0.0, 9.0),
        (11e3, 11e3, 1800.0, 8.5),
        (110e3, 11e3, 0.0, 0.0),
        (121e3, 11e3, 0.0, -1.0),
        (-5e3, 11e3, 0.0, 10.0),
        (0.0, 0.0, 0.0, 10.0),
        (1.0, 0.0, 0.0, float("-inf")),
    ],
)
def test_laxity(target: float, most: float, buffer: float, hours: float) -> None:
    need = Need(target, target, 0.0)
    visit = Visit(evse="1", need=need, arrival=0.0, departure=46_000.0, buffer=buffer)
    assert visit.laxity(10_000.0, most) == pytest.approx(hours * 3600.0)
