"""Signals: who bound what, and what holds when a source is silent."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.grid.series import Series
from iso15118.grid.signals import Bound, Kind, Rank, Signal, bound, forbidden


def limit(value: float | Series, id: str = "a", **more: object) -> Signal:
    return Signal(id=id, source="dso", kind=Kind.IMPORT_LIMIT, value=value, **more)  # type: ignore[arg-type]


def test_of_limits_the_tightest_counts_whoever_says_it() -> None:
    signals = [limit(50e3, "a", rank=Rank.GRID_OPERATOR), limit(40e3, "b", rank=Rank.PLAN), limit(10e3, "c", node="feeder")]
    assert bound(signals, Kind.IMPORT_LIMIT, "", 0.0) == Bound(40e3, "b")
    assert bound(signals, Kind.IMPORT_LIMIT, "feeder", 0.0) == Bound(10e3, "c")
    assert bound(signals, Kind.EXPORT_LIMIT, "", 0.0) is None


def test_of_set_points_the_highest_rank_counts_and_of_equals_the_newer() -> None:
    def setpoint(value: float, id: str, rank: Rank, received: float) -> Signal:
        return Signal(id=id, source="x", kind=Kind.SETPOINT, value=value, rank=rank, received=received)

    signals = [setpoint(1e3, "a", Rank.SITE, 9.0), setpoint(-5e3, "b", Rank.BACK_END, 1.0), setpoint(-6e3, "c", Rank.BACK_END, 2.0)]
    assert bound(signals, Kind.SETPOINT, "", 10.0) == Bound(-6e3, "c")


@pytest.mark.parametrize(("moment", "value"), [(9.0, None), (10.0, 50e3), (19.9, 50e3), (20.0, 4.2e3), (29.9, 4.2e3), (30.0, None)])
def test_a_source_that_is_late_has_its_failsafe_until_the_end(moment: float, value: float | None) -> None:
    assert limit(50e3, start=10.0, expires=20.0, failsafe=4.2e3, end=30.0).at(moment) == value


def test_a_series_that_does_not_reach_here_has_its_failsafe() -> None:
    signal = limit(Series(0.0, 900.0, (50e3, 20e3)), failsafe=1e3)
    assert [signal.at(t) for t in (0.0, 900.0, 1800.0)] == [50e3, 20e3, 1e3]


def test_what_forbids_discharging() -> None:
    allow = Signal(id="y", source="site", kind=Kind.DISCHARGE, value=1.0)
    here = Signal(id="n", source="dso", kind=Kind.DISCHARGE, value=0.0, node="7", end=100.0)
    assert forbidden([allow], "7", 0.0) is None
    assert forbidden([allow, here], "7", 0.0) == Bound(0.0, "n")
    assert forbidden([allow, here], "8", 0.0) is None
    assert forbidden([allow, here], "7", 100.0) is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: limit(-1.0), "import_limit of -1 W"),
        (lambda: limit(float("nan")), "import_limit of nan W"),
        (lambda: limit(Series(0.0, 1.0, (1.0, -2.0))), "of -2 W"),
        (lambda: limit(1.0, start=5.0, end=5.0), "ends at 5 and starts at 5"),
        (lambda: limit(1.0, expires=10.0), "without a fail-safe value"),
    ],
)
def test_what_no_signal_may_say(make, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(LocalError, match=said):
        make()
