"""The highest mean import of a month, counted from the meter of the connection."""

from __future__ import annotations

import pytest

from iso15118.grid.prices import Demand
from iso15118.service.site_peak import Peak

QUARTER = 900.0
CHARGE = Demand(10.0, QUARTER, peak=5e3, left=0.5)


def lived(peak: Peak, begin: float, powers: list[tuple[float, float]]) -> float:
    """`powers`: s and W, read each second."""
    at = begin
    for seconds, power in powers:
        for _ in range(round(seconds)):
            peak.saw(power, at, QUARTER)
            at += 1.0
    return at


def test_a_quarter_of_an_hour_counts_by_its_mean() -> None:
    peak = Peak()
    assert peak.known(CHARGE).peak == 5e3
    end = lived(peak, 0.0, [(300.0, 12e3), (600.0, 6e3), (450.0, -3e3)])
    assert peak.known(CHARGE).peak == pytest.approx(8e3)
    assert peak.drawn(end) == pytest.approx(-3e3 * 450.0 / 3600.0)
    assert peak.drawn(end + 11.0) is None


def test_a_window_that_was_not_seen_whole_is_none() -> None:
    peak = Peak()
    peak.known(CHARGE)
    end = lived(peak, 100.0, [(800.0, 20e3)])
    assert peak.drawn(end - 1.0) is None
    end = lived(peak, end, [(400.0, 6e3)])
    assert peak.drawn(end - 1.0) == pytest.approx(6e3 * 399.0 / 3600.0)
    assert peak.known(CHARGE).peak == 5e3
    end = lived(peak, end + 60.0, [(900.0, 30e3)])  # a minute of silence
    assert peak.known(CHARGE).peak == 5e3


def test_a_new_month_begins_at_nothing() -> None:
    """And what the site's file said of the month in which it was read is forgotten."""
    peak = Peak()
    peak.known(CHARGE)
    lived(peak, 0.0, [(1000.0, 8e3)])
    assert peak.known(Demand(10.0, QUARTER, peak=5e3, left=0.4)).peak == pytest.approx(8e3)
    assert peak.known(Demand(10.0, QUARTER, peak=5e3, left=0.99)).peak == 0.0
    assert peak.known(Demand(10.0, QUARTER, peak=5e3, left=0.98)).peak == 0.0


def test_what_was_counted_outlives_the_process() -> None:
    assert Peak(Demand(10.0, QUARTER, peak=8e3, left=0.5)).known(CHARGE).peak == 8e3
    assert Peak(Demand(10.0, QUARTER, peak=8e3, left=0.1)).known(Demand(10.0, QUARTER, peak=5e3, left=0.9)).peak == 0.0


def test_a_clock_that_goes_back() -> None:
    peak = Peak()
    peak.known(CHARGE)
    lived(peak, 0.0, [(600.0, 8e3)])
    lived(peak, 100.0, [(801.0, 8e3)])
    assert peak.known(CHARGE).peak == 5e3


def test_a_market_that_counts_is_heard() -> None:
    peak = Peak()
    peak.known(CHARGE)
    assert peak.known(Demand(10.0, QUARTER, peak=9e3, left=0.4)).peak == 9e3
    again = Peak(Demand(10.0, QUARTER, peak=3e3, left=0.9))
    assert again.known(Demand(10.0, QUARTER, peak=5e3, left=0.8)).peak == 3e3
    assert again.known(Demand(10.0, QUARTER, peak=5.5e3, left=0.8)).peak == 5.5e3
