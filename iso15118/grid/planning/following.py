"""What a car is to have at this moment by a plan: the energy of a step, less what it has got of it, over the time that is left."""

from __future__ import annotations

from typing import Final

from iso15118.grid.planning import EvsePlan, SitePlan
from iso15118.grid.planning.ladder import FRESH, USABLE, age
from iso15118.grid.policies import Moment
from iso15118.grid.site import VOLTAGE
from iso15118.grid.visits import Visit
from iso15118.units import HOUR, Second, Watt, WattHour

SOON: Final[Second] = 60.0
"""What is still to come of a step counts as no less: nobody is hurried for its last seconds."""

LITTLE: Final[WattHour] = 5.0
"""Less is not worth a contactor's move."""


def corrected(goal: WattHour, delivered: WattHour, left: Second, least: Watt, most: Watt) -> Watt:
    """The power that makes up within `left` s for what is missing of a goal, between two bounds (signed, + into the vehicle)."""
    return min(most, max(least, (goal - delivered) * HOUR / max(left, SOON)))


def power(plan: SitePlan, car: EvsePlan, visit: Visit, now: Second, most: Watt, out: Watt, least: Watt = 0.0) -> Watt:
    """Of one car by a plan. What it has got since is read from its need: its target comes nearer. 0 W where the plan does not reach.

    `most`, `out`: W it can take, and give; `least`: it takes no less, or nothing. It is never led the other way than planned; by a plan
    that is not fresh it gives nothing back.
    """
    k = plan.step(now)
    if k is None:
        return 0.0
    if k + 2 < len(plan.edges) and plan.edges[k + 1] - now < SOON and min(car.power[k], car.power[k + 1]) > 0.0:
        k += 1  # it goes on: what the last seconds of a step still want is too little to steer a car by, and would switch it off
    planned = car.power[k]
    begins, ends = max(plan.edges[k], visit.arrival), min(plan.edges[k + 1], max(visit.departure, plan.edges[1]))
    if planned == 0.0 or ends <= begins:
        return 0.0
    delivered = car.target - visit.need.target_energy
    if planned < 0.0:
        if age(plan, now) > FRESH:
            return 0.0
        return corrected(car.energy[k] * visit.efficiency, delivered * visit.efficiency, ends - now, -out, 0.0)
    wanted = corrected(car.energy[k] / visit.efficiency, delivered / visit.efficiency, ends - now, 0.0, most)
    # A car that takes 6 A or nothing gets the little that a step still wants in its last minute, or it would be put off from step to step.
    return min(most, least) if 0.0 < wanted < least and ends - now <= SOON and car.energy[k] - delivered > LITTLE else wanted


def followed(moment: Moment) -> dict[str, Watt]:
    """The targets of all cars by the plan of this moment. Without one that can be used everybody is to have all it can take.

    A driver who wants it now has that at any time, and so has a car below its minimum. One that the plan does not know waits for the next.
    """
    plan = moment.plan if moment.plan is not None and age(moment.plan, moment.now) <= USABLE else None
    found = {}
    for visit in moment.visits:
        if visit.expected:
            continue
        most, (_, out) = moment.most(visit), visit.powers(moment.site.evse(visit.evse))
        car = plan.of(visit.evse) if plan is not None else None
        if plan is None or visit.override or visit.need.min_energy > 0.0:
            found[visit.evse] = most
        elif car is None:
            found[visit.evse] = 0.0
        else:
            evse = moment.site.evse(visit.evse)
            least = 0.0 if evse.dc else evse.least * VOLTAGE * min(visit.phases, evse.phases)
            found[visit.evse] = power(plan, car, visit, moment.now, most, out, least)
    return found
