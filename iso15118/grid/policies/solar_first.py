"""Solar first: cars take what the roof gives beyond the building's own use. Only who would not be ready otherwise takes more."""

from __future__ import annotations

from iso15118.grid.policies import Moment, Policy, Targets
from iso15118.units import HOUR

MARGIN = 0.25 * HOUR
"""s of laxity below which a car is charged whatever the sun does."""


def targets(moment: Moment) -> Targets:
    """Who has to charge, at full power; the others share what is left of the surplus evenly, each as far as it can take it."""
    found, can_wait = {}, []
    left = moment.surplus
    for visit in moment.visits:
        if visit.need.target_energy > 0.0 and visit.laxity(moment.now, moment.most(visit)) <= MARGIN:
            found[visit.evse] = moment.most(visit)
            left -= found[visit.evse]
        else:
            can_wait.append(visit)
    for served, visit in enumerate(sorted(can_wait, key=moment.most)):
        found[visit.evse] = max(0.0, min(moment.most(visit), left / (len(can_wait) - served)))
        left -= found[visit.evse]
    return found


POLICY = Policy(name="solar_first", targets=targets, fills=False)
