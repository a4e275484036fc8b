"""Is an inverter in service: it trips by voltage and frequency over time, and comes back when the grid has been fine for long enough.

By the rules of IEEE 1547, which AC_DER_SAE tells a vehicle (`words.Protection`). Out of service it gives nothing; as a load it may go on.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from iso15118.der.words import EnterService, Points, Protection, between
from iso15118.units import Hertz, Second, Volt


class InService(NamedTuple):
    """What is remembered from one moment to the next."""

    on: bool = False
    since: Second = 0.0
    """For how long it has been in service; out of it: for how long the grid has been one to come into service on."""
    beyond: tuple[Second, Second, Second, Second] = (0.0, 0.0, 0.0, 0.0)
    """For how long the grid has been beyond each of the trip curves, in the order of `Protection`."""


OUT: Final = InService()


def in_service(
    protection: Protection, highest: Volt, lowest: Volt, frequency: Hertz, chance: float, before: InService, dt: Second
) -> InService:
    """What has become of `before` after `dt`. `chance`: 0..1, the share of the random delay that this inverter has drawn."""
    curves = (
        (protection.over_voltage, highest, 1.0),
        (protection.under_voltage, lowest, -1.0),
        (protection.over_frequency, frequency, 1.0),
        (protection.under_frequency, frequency, -1.0),
    )
    over, under, fast, slow = (_beyond(*curve, seconds, dt) for curve, seconds in zip(curves, before.beyond, strict=True))
    beyond = over, under, fast, slow
    before = before._replace(beyond=beyond)
    if any(_trips(*curve, seconds) for curve, seconds in zip(curves, beyond, strict=True)):
        return before._replace(on=False, since=0.0)
    if before.on:
        return before._replace(since=before.since + dt)
    enter = protection.enter
    if not (enter.holds(lowest, frequency) and enter.holds(highest, frequency)):
        return before._replace(since=0.0)
    waited = before.since + dt
    return before._replace(on=True, since=0.0) if waited >= delay_of(enter, chance) else before._replace(since=waited)


def delay_of(enter: EnterService, chance: float) -> Second:
    """s to wait on a grid that is fine: the delay, and of the random one the share drawn [V2G20-3364]."""
    return (enter.delay or 0.0) + chance * (enter.randomized_delay or 0.0)


def share(enter: EnterService, now: InService) -> float:
    """Of its power, 0..1, what it may give: it comes back along a ramp."""
    if not now.on:
        return 0.0
    return min(1.0, now.since / enter.ramp_time) if enter.ramp_time else 1.0


def _beyond(points: Points, seen: float, sign: float, seconds: Second, dt: Second) -> Second:
    loosest = min(sign * y for _, y in points)
    return seconds + dt if sign * seen >= loosest else 0.0


def _trips(points: Points, seen: float, sign: float, seconds: Second) -> bool:
    return seconds >= points[0][0] and sign * (seen - between(points, seconds)) >= 0.0
