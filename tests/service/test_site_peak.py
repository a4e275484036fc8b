"""The highest mean import of a month, counted from the meter of the connection."""

from __future__ import annotations

import pytest

from iso15118.grid.prices import Demand
from iso15118.service.site_peak import Peak

QUARTER = 900.0
MONTH = 31 * 86_400.0
CHARGE = Demand(10.0, QUARTER, peak=5e3, left=0.5, until=MONTH)
NEXT = Demand(10.0, QUARTER, peak=5e3, left=1.0, until=2 * MONTH)


def lived(peak: Peak, begin: float, powers: list[tuple[float, float]], every: float = 1.0) -> float:
    """`powers`: s and W, read now and then, and told each second as a station does; moments are those of the monotonic clock."""
    at = begin
    for seconds, power in powers:
        for _ in range(round(seconds)):
            read = at - at % every
            peak.saw(power, read, read + 1e-7 * (at % 3.0), QUARTER)
            at += 1.0
    return at


@pytest.mark.parametrize("every", [1.0, 2.0, 5.0])
def test_a_quarter_of_an_hour_counts_by_its_mean(every: float) -> None:
    peak = Peak()
    assert peak.known(CHARGE).peak == 5e3
    end = lived(peak, 0.0, [(300.0, 12e3), (600.0, 6e3), (450.0, -3e3)], every)
    assert peak.known(CHARGE).peak == pytest.approx(8e3, rel=1e-6)
    assert peak.drawn(end, QUARTER) == pytest.approx(-3e3 * 450.0 / 3600.0, rel=1e-6)
    assert peak.drawn(end + 11.0, QUARTER) is None


def test_a_window_that_was_not_seen_whole_is_none() -> None:
    peak = Peak()
    peak.known(CHARGE)
    end = lived(peak, 100.0, [(800.0, 20e3)])
    assert peak.drawn(end - 1.0, QUARTER) is None
    end = lived(peak, end, [(400.0, 6e3)])
    assert peak.drawn(end - 1.0, QUARTER) == pytest.approx(6e3 * 399.0 / 3600.0, rel=1e-6)
    assert peak.known(CHARGE).peak == 5e3
    lived(peak, end + 60.0, [(900.0, 30e3)])  # a minute of silence
    assert peak.known(CHARGE).peak == 5e3


def test_a_window_has_drawn_little_when_it_has_just_begun() -> None:
    peak = Peak()
    lived(peak, 0.0, [(900.0, 8e3)])
    assert peak.drawn(900.5, QUARTER) == pytest.approx(8e3 * 0.5 / 3600.0, rel=1e-6)


def test_a_new_month_begins_at_nothing() -> None:
    """What the site's file said of the month in which it was written is forgotten, and what was drawn before midnight belongs there."""
    peak = Peak()
    peak.known(CHARGE)
    end = lived(peak, MONTH - 1800.0, [(1800.0, 20e3)])
    assert peak.known(CHARGE).peak == pytest.approx(20e3)
    assert peak.known(NEXT).peak == 0.0
    lived(peak, end, [(1000.0, 1e3)])
    assert peak.known(NEXT).peak == pytest.approx(1e3)


def test_a_clock_that_is_wrong_for_a_while_loses_no_peak() -> None:
    peak = Peak(Demand(10.0, QUARTER, peak=8e3, left=0.3, until=MONTH))
    for until, known in ((5 * MONTH, 0.0), (MONTH, 8e3), (-1.0, 0.0), (MONTH, 8e3)):
        assert peak.known(Demand(10.0, QUARTER, peak=5e3, until=until)).peak == known


def test_what_was_counted_outlives_the_process() -> None:
    assert Peak(Demand(10.0, QUARTER, peak=8e3, left=0.5, until=MONTH)).known(CHARGE).peak == 8e3
    assert Peak(Demand(10.0, QUARTER, peak=8e3, left=0.5, until=MONTH)).known(NEXT).peak == 0.0


def test_a_clock_that_goes_back() -> None:
    peak = Peak()
    peak.known(CHARGE)
    lived(peak, 0.0, [(600.0, 8e3)])
    for second in range(801):
        peak.saw(8e3, 600.0 + second, 100.0 + second, QUARTER)
    assert peak.known(CHARGE).peak == 5e3


def test_a_market_that_counts_is_heard() -> None:
    peak = Peak()
    peak.known(CHARGE)
    assert peak.known(Demand(10.0, QUARTER, peak=9e3, until=MONTH)).peak == 9e3
    again = Peak(Demand(10.0, QUARTER, peak=3e3, until=MONTH))
    assert again.known(CHARGE).peak == 3e3
    assert again.known(Demand(10.0, QUARTER, peak=5.5e3, until=MONTH)).peak == 5.5e3


def test_few_months_are_remembered() -> None:
    peak = Peak()
    for month in range(40):
        peak.known(Demand(10.0, QUARTER, peak=float(month), until=month * MONTH))
    assert len(peak._market) <= 4
    assert len(peak._peaks) <= 4
