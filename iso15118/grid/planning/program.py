"""The plan of a site. Everything numeric is imported when it is first used (extra `grid`).

Neighbours: `scene` and `fleet` (the question in arrays), `model` (the linear program), `reasons` (what keeps a car from its target).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iso15118.errors import LocalError
from iso15118.grid.planning import EvsePlan, Question, SitePlan
from iso15118.units import HOUR, KW, KWH

if TYPE_CHECKING:
    from iso15118.grid.planning.fleet import Fleet
    from iso15118.grid.planning.model import Found
    from iso15118.grid.planning.scene import Scene


def plan(question: Question) -> SitePlan:
    """The best plan. Raises LocalError where the extra is missing or the solver finds none; the site is then led without one."""
    try:
        from iso15118.grid.planning.fleet import fleet
        from iso15118.grid.planning.model import best
        from iso15118.grid.planning.scene import scene
    except ModuleNotFoundError as missing:
        raise LocalError(f"plans need {missing.name}: pip install chargeloop[grid]") from None
    known = scene(question)
    members = fleet(question, known)
    found = best(known, members, question.objective, question.prices)
    return _plan(question, known, members, found)


def _plan(question: Question, known: Scene, members: Fleet, found: Found) -> SitePlan:
    import numpy as np

    from iso15118.grid.planning.fleet import visits
    from iso15118.grid.planning.horizon import windows

    power = found.charge - found.discharge
    stored = np.where(power > 0.0, power * members.stores[:, None], power / members.stores[:, None])
    energy = np.cumsum(stored * known.hours, axis=1)
    evses = []
    cars = visits(question, known)
    for i, visit in enumerate(cars):
        ends = float(energy[i, -1]) * KWH
        evses.append(
            EvsePlan(
                evse=visit.evse,
                power=tuple((power[i] * KW).tolist()),
                energy=tuple((energy[i] * KWH).tolist()),
                missing=_missing(visit.need.target_energy, ends, visit.departure, float(known.edges[-1])),
                missing_minimum=_missing(visit.need.min_energy, ends, visit.departure, float(known.edges[-1])),
                reserve=float(found.reserves[i, 0]) * KW,
                expected=visit.expected,
            )
        )
    batteries = {battery.name: tuple((power[i] * KW).tolist()) for i, battery in enumerate(question.site.batteries, len(cars))}
    window = known.demand.window if known.demand is not None else HOUR / 4
    means = [float(found.grid[steps] @ part) for steps, part in windows(known.edges, window)]
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
        how="lp" if found.whole else "lp, both ways netted",
        epoch=question.epoch,
    )


def _missing(wanted: float, ends: float, departure: float, horizon: float) -> float:
    """Wh; below 1 Wh it is there. A car that stays longer than the horizon misses nothing yet."""
    short = wanted - ends
    return short if short >= 1.0 and departure <= horizon else 0.0
