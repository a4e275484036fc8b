"""Least laxity first: who could wait least is charged first, at full power, as far as there is room; what is left goes to the next.

Laxity is the time to departure less the time that charging still takes at full power.
"""

from __future__ import annotations

from iso15118.grid.policies import Moment, Policy, Targets


def targets(moment: Moment) -> Targets:
    """Full power by rising laxity."""
    return moment.served(sorted(moment.visits, key=lambda visit: (visit.laxity(moment.now, moment.most(visit)), visit.evse)))


POLICY = Policy(name="least_laxity", targets=targets)
