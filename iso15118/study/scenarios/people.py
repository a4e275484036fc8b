"""Drivers: when they come, when they said they would leave, and when they do. Neighbour: `chance`."""

from __future__ import annotations

from random import Random

from iso15118.grid.planning.buffer import Habit
from iso15118.study.scenarios.chance import normal
from iso15118.units import HOUR, Second, Watt, WattHour

MINUTE: Second = 60.0
SIGMAS = (15.0 * MINUTE, 30.0 * MINUTE)
"""How well drivers know when they leave: each has a standard deviation in this range."""
ROOM = 0.9
"""Part of what a car could take in its declared stay at full power: nobody asks for more."""


def punctuality(random: Random) -> Second:
    """A driver's standard deviation."""
    return random.uniform(*SIGMAS)


def actual(random: Random, declared: Second, sigma: Second, arrival: Second) -> Second:
    """When they leave: about the time they said, at least 15 minutes after they came."""
    return max(arrival + 15.0 * MINUTE, declared + normal(random, 0.0, sigma, -3.0 * sigma, 3.0 * sigma))


def habit(random: Random, sigma: Second) -> Habit:
    """What ten earlier departures have told of a driver."""
    known = Habit()
    for _ in range(10):
        known = known.learned(0.0, normal(random, 0.0, sigma, -3.0 * sigma, 3.0 * sigma))
    return known


def asked(energy: WattHour, charge: Watt, efficiency: float, arrival: Second, declared: Second) -> WattHour:
    """What a driver asks for: not more than can be had until the time he named."""
    return min(energy, ROOM * charge * efficiency * (declared - arrival) / HOUR)
