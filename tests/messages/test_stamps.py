"""Time stamps of peers, in whatever unit they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from iso15118.messages.stamps import anchored, iso, microseconds, seconds, stamp, unit


@pytest.mark.parametrize(
    ("stamp", "told", "meant"),
    [
        (1_780_000_000, "seconds", 1.78e9),
        (1_780_000_000_500, "milliseconds", 1_780_000_000.5),
        (1_780_000_000_500_000, "microseconds", 1_780_000_000.5),
    ],
)
def test_units(stamp: int, told: str, meant: float) -> None:
    assert (unit(stamp), seconds(stamp)) == (told, meant)
    assert microseconds(stamp) == meant * 1e6


def test_an_anchor_that_tells_no_time_means_the_others() -> None:
    assert anchored(0, 1_780_000_000_000_000) == 1_780_000_000_000_000
    assert anchored(1_790_000_000, 1_780_000_000_000_000) == 1_790_000_000_000_000


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        (1_780_000_000, "2026-05-28T20:26:40Z"),
        (1_780_000_000_500, "2026-05-28T20:26:40.500Z"),
        (1_780_000_000_500_001, "2026-05-28T20:26:40.500001Z"),
        (0, "0"),
        (2**64 - 1, "18446744073709551615"),
    ],
)
def test_as_a_calendar_has_it(stamp: int, told: str) -> None:
    assert iso(stamp) == told


def test_a_moment_has_a_stamp_to_the_microsecond_in_whatever_zone() -> None:
    moment = datetime(2026, 5, 28, 20, 26, 40, 500_001, UTC)
    assert stamp(moment) == stamp(moment.astimezone(timezone(timedelta(hours=5)))) == 1_780_000_000_500_001
    assert stamp(datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)) == 253_402_300_799_999_999
    with pytest.raises(ValueError, match="time zone"):
        stamp(moment.replace(tzinfo=None))
