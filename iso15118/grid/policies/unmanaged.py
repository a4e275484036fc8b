"""Unmanaged: every car charges at once with all it can, whatever the connection carries. What all others are compared with."""

from __future__ import annotations

from iso15118.grid.policies import Moment, Policy, Targets


def targets(moment: Moment) -> Targets:
    """Full power to everybody."""
    return {visit.evse: moment.most(visit) for visit in moment.visits}


POLICY = Policy(name="unmanaged", targets=targets, limited=False)
