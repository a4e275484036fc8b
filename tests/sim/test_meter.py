"""`sim.meter`."""

from __future__ import annotations

import pytest

from iso15118.sim.meter import Meter


def test_two_registers_that_only_count_up() -> None:
    meter = Meter()
    meter.count(400, 10, 900)
    meter.count(400, -5, 1800)
    assert (meter.charged, meter.discharged) == (pytest.approx(1000), pytest.approx(1000))


def test_gain() -> None:
    meter = Meter(0.9)
    meter.count(400, 10, 900)
    assert meter.charged == pytest.approx(900)
