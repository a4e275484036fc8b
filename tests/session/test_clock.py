"""Time stamps of peers, in whatever unit they come."""

from __future__ import annotations

import pytest

from iso15118.session.clock import anchored, seconds, unit


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


def test_an_anchor_that_tells_no_time_means_the_others() -> None:
    assert anchored(0, 1_780_000_000_000_000) == 1_780_000_000_000_000
    assert anchored(1_790_000_000, 1_780_000_000_000_000) == 1_790_000_000_000_000
