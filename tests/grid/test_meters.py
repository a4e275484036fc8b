"""Whether a meter can be believed."""

from __future__ import annotations

import pytest

from iso15118.grid.meters import NEVER, Judged, Reading, Trust, consistent, judged

NAN = float("nan")


@pytest.mark.parametrize(
    ("age", "trust", "room"),
    [(0.0, Trust.FRESH, 1.0), (3.0, Trust.FRESH, 1.0), (4.0, Trust.FADING, 0.9), (10.0, Trust.FADING, 0.3), (10.1, Trust.SILENT, 0.0)],
)
def test_by_its_age(age: float, trust: Trust, room: float) -> None:
    found = judged(Reading((1.0, 2.0, 3.0), 100.0), 100.0 + age)
    assert found.trust is trust
    assert found.room == pytest.approx(room)
    assert bool(found.why) is (trust is not Trust.FRESH)


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Reading((1.0, NAN, 3.0), 100.0), "no number in L2"),
        (Reading((NAN, NAN, float("inf")), 100.0), "no number in L1, L2, L3"),
        (Reading((1.0, -200.0, 3.0), 100.0), "-200 A is absurd here"),
        (Reading((1.0, 2.0, 3.0), 107.0), "measured 7.0 s from now"),
        (Reading((1.0, 2.0, 3.0), NAN), "measured nan s from now"),
    ],
)
def test_what_no_fuse_carries_and_no_clock_shows(reading: Reading, said: str) -> None:
    found = judged(reading, 100.0, 63.0)
    assert found.trust is Trust.SILENT
    assert found.why == said


def test_never_read_is_silent() -> None:
    assert judged(None, 0.0) is NEVER


@pytest.mark.parametrize(
    ("currents", "outlets", "generation", "believed"),
    [
        ((20.0, 20.0, 20.0), (16.0, 16.0, 16.0), 0.0, True),
        ((-20.0, -20.0, -20.0), (16.0, 16.0, 16.0), 0.0, False),  # its sign is turned
        ((0.0, 0.0, 0.0), (16.0, 16.0, 16.0), 0.0, False),  # it has started anew
        ((-5.0, -5.0, -5.0), (16.0, 16.0, 16.0), 66.0, True),  # the sun shines
        ((-5.0, -5.0, -5.0), (16.0, 16.0, 16.0), 22.0, False),  # not so much
        ((-5.0, 16.0, 16.0), (16.0, 16.0, 16.0), 22.0, True),  # of one line
        ((14.0, 14.0, 14.0), (16.0, 16.0, 16.0), 0.0, True),  # not read at the same instant
        ((20.0, 3.0, 20.0), (16.0, 16.0, 16.0), 0.0, False),
    ],
)
def test_no_more_can_be_taken_below_than_flows_in(
    currents: tuple[float, float, float], outlets: tuple[float, float, float], generation: float, believed: bool
) -> None:
    found = consistent(Judged(currents, 0.0, Trust.FRESH), outlets, generation)
    assert (found.trust is Trust.FRESH) is believed
    assert believed or "though outlets take 16.0 A" in found.why
