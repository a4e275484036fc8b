"""Serve first: a public site's drivers give no flexibility. Every car is charged at once in fair shares; only the battery is planned."""

from __future__ import annotations

from iso15118.grid.planning import Objective
from iso15118.grid.policies import Moment, Policy, Targets


def targets(moment: Moment) -> Targets:
    """None: the allocator fills by weight."""
    return {}


POLICY = Policy(name="serve_first", targets=targets, objective=Objective(serve_first=True))
