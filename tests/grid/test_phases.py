"""One phase or three."""

from __future__ import annotations

import pytest

from iso15118.grid.phases import Leaning, leaning
from iso15118.grid.site import Evse

HOME = Evse(name="1", circuit="main", switches=True)


def after(evse: Evse, fed: int, *story: tuple[float, float]) -> int:
    """The phases wanted at the end of a story of (s, target in W)."""
    state, now, wanted = Leaning(), 0.0, fed
    for seconds, target in story:
        for _ in range(round(seconds)):
            now += 1.0
            state, wanted = leaning(evse, fed, target, state, now)
    return wanted


@pytest.mark.parametrize(
    ("fed", "story", "wanted"),
    [
        (3, [(590, 2e3)], 3),
        (3, [(610, 2e3)], 1),
        (3, [(610, 4000.0)], 3),  # within 200 W of 4140 W
        (1, [(610, 4300.0)], 1),
        (1, [(610, 5e3)], 3),
        (3, [(500, 2e3), (1, 6e3), (500, 2e3)], 3),  # from the beginning
        (3, [(900, 0.0)], 3),
        (3, [(900, -5e3)], 3),
        (0, [(900, 2e3)], 0),
    ],
)
def test_it_follows_slowly(fed: int, story: list[tuple[float, float]], wanted: int) -> None:
    assert after(HOME, fed, *story) == wanted


def test_what_cannot_switch_stays() -> None:
    assert after(Evse(name="1", circuit="main"), 3, (900, 2e3)) == 3
