"""`sim.clock`."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.sim.clock import VirtualClock


def test_moves_only_when_told() -> None:
    clock = VirtualClock(5)
    assert clock.now == 5
    assert clock.advance(0.25) == clock.now == 5.25


def test_never_goes_back() -> None:
    with pytest.raises(LocalError):
        VirtualClock().advance(-0.1)
