"""Earliest deadline first: who leaves first is charged first, at full power, as far as there is room; what is left goes to the next."""

from __future__ import annotations

from iso15118.grid.policies import Moment, Policy, Targets


def targets(moment: Moment) -> Targets:
    """Full power by rising departure."""
    return moment.served(sorted(moment.visits, key=lambda visit: (visit.departure, visit.evse)))


POLICY = Policy(name="earliest_deadline", targets=targets)
