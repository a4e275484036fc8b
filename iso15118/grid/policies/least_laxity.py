"""Least laxity first: who could wait least is charged first, at full power, as far as there is room; what is left goes to the next.

Laxity is the time to departure less the time that charging still takes at full power. Who is charged keeps it, who waits loses it: it
counts in quarters of an hour, so that two cars do not take turns by the second.
"""

from __future__ import annotations

from iso15118.grid.policies import Moment, Policy, Targets

STEP = 900.0
"""s."""


def targets(moment: Moment) -> Targets:
    """Full power by rising laxity."""
    return moment.served(sorted(moment.visits, key=lambda visit: (visit.laxity(moment.now, moment.most(visit)) // STEP, visit.evse)))


POLICY = Policy(name="least_laxity", targets=targets)
