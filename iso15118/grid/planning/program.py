"""The plan of a site. Everything numeric is imported when it is first used (extra `grid`).

Neighbours: `scene` and `fleet` (the question in arrays), `model` (the linear program), `reasons` (what keeps a car from its target).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iso15118.errors import LocalError
from iso15118.grid.planning import EvsePlan, Question, SitePlan
from iso15118.units import HOUR, KW, KWH, Second

if TYPE_CHECKING:
    from iso15118.grid.planning.fleet import Fleet
    from iso15118.grid.planning.model import Found
    from iso15118.grid.planning.scene import Scene

COARSER: Final = ((25_000, 6 * HOUR), (60_000, 2 * HOUR))
"""A program of more columns than this is planned in hours beyond so many s: what cars are told comes from the quarters of an hour before.
Virtual batteries of cars that come and leave together save less, and lose more when they are divided.
"""
NOTHING: Final = 1e-4
"""kW that are a solver's rounding."""


def plan(question: Question, offset: Second = 0.0) -> SitePlan:
    """The best plan. Raises LocalError where the extra is missing or the solver finds none; the site is then led without one.

    `offset`: of the clock that `EvsePlan.why` tells the time by, in s ahead of UTC.
    """
    try:
        from iso15118.grid.planning.fleet import fleet, size
        from iso15118.grid.planning.model import best
        from iso15118.grid.planning.scene import scene
    except ModuleNotFoundError as missing:
        raise LocalError(f"plans need {missing.name}: pip install chargeloop[grid]") from None
    known = scene(question)
    members = fleet(question, known)
    for limit, fine in COARSER:
        if size(members) > limit:
            known = scene(question, fine)
            members = fleet(question, known)
    found = best(known, members, question.objective, question.prices)
    return _plan(question, known, members, found, offset)


def _plan(question: Question, known: Scene, members: Fleet, found: Found, offset: Second) -> SitePlan:
    import numpy as np

    from iso15118.grid.planning.fleet import visits
    from iso15118.grid.planning.reasons import why, why_peak

    power = found.charge - found.discharge
    power = np.where(np.abs(power) < NOTHING, 0.0, power)
    stored = np.where(power > 0.0, power * members.stores[:, None], power / members.stores[:, None])
    energy = np.cumsum(stored * known.hours, axis=1)
    evses = []
    cars = visits(question, known)
    for i, visit in enumerate(cars):
        ends, stays = float(energy[i, -1]) * KWH, visit.departure > known.edges[-1]
        evses.append(
            EvsePlan(
                evse=visit.evse,
                power=tuple((power[i] * KW).tolist()),
                energy=tuple((energy[i] * KWH).tolist()),
                target=visit.need.target_energy,
                missing=_missing(visit.need.target_energy, ends, stays),
                missing_minimum=_missing(visit.need.min_energy, ends, stays),
                reserve=float(found.reserves[i, 0]) * KW,
                why="" if visit.expected else why(visit, i, known, members, found, offset),
                expected=visit.expected,
            )
        )
    batteries = {battery.name: tuple((power[i] * KW).tolist()) for i, battery in enumerate(question.site.batteries, len(cars))}
    means = [float(found.grid[steps] @ part) + before for steps, part, before in known.windows()]
    return SitePlan(
        made=question.now,
        edges=tuple(known.edges.tolist()),
        evses=tuple(evses),
        batteries=batteries,
        grid=tuple((found.grid * KW).tolist()),
        curtailed=tuple((found.curtailed * KW).tolist()),
        price=tuple(found.price.tolist()),
        peak=max(0.0, *means) * KW,
        cost=found.cost,
        overload=tuple((found.overload * KW).tolist()) if found.overload.any() else (),
        reserve=tuple((found.reserve * KW).tolist()) if found.reserve.any() else (),
        why_peak=why_peak(known, means, offset),
        how=_how(known, found),
        epoch=question.epoch,
    )


def _missing(wanted: float, ends: float, stays: bool) -> float:
    """Wh. A car that stays longer than the horizon misses nothing yet."""
    from iso15118.grid.planning.reasons import SHORT

    return wanted - ends if wanted - ends >= SHORT * KWH and not stays else 0.0


def _how(known: Scene, found: Found) -> str:
    """In words."""
    words = ["lp"]
    longest, first = float(known.hours.max()), float(known.hours[1:2].sum())
    if longest > first > 0.0:
        words.append(
            f"steps of {longest:g} h beyond {float(known.edges[int((known.hours >= longest).argmax())] - known.edges[0]) / HOUR:.0f} h"
        )
    if found.both.any():
        words.append("both ways netted")
    return ", ".join(words)
