"""S8: the workplace with a battery, and every other car gives back to the building (V2B), never to the grid."""

from __future__ import annotations

from typing import Final

from iso15118.study.scenarios import Scenario, workplace

DAYS: Final = workplace.DAYS


def make(seed: int, days: int) -> Scenario:
    """The scenario."""
    return workplace.built("v2b", "S8 workplace, V2B and battery", seed, days, demand=15.0, giving=True)
