"""Equal share: everybody gets the same, as far as it can take it. The fall-back of all others."""

from __future__ import annotations

from iso15118.grid.policies import Moment, Policy, Targets


def targets(moment: Moment) -> Targets:
    """None: the allocator fills by weight."""
    return {}


POLICY = Policy(name="equal_share", targets=targets)
