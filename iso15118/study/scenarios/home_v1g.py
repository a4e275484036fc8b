"""S1 with a car that only charges: what giving back is worth is the difference to `home`."""

from __future__ import annotations

from iso15118.study.scenarios import Scenario, home

DAYS = home.DAYS


def make(seed: int, days: int) -> Scenario:
    """The scenario."""
    return home.make(seed, days, gives=False)
