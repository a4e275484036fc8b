"""What a planner is measured against: the policies without a plan, and one that is a baseline only.

The best there can be is in `perfect`.
"""

from __future__ import annotations

from typing import Final

from iso15118.grid.policies import NAMES, Moment, Policy, Targets, policy
from iso15118.study.scenarios import Scenario
from iso15118.units import Second
from iso15118.value import replace

TURN: Final[Second] = 900.0


def _turns(moment: Moment) -> Targets:
    """Full power to one after the other, from one place further on in each quarter of an hour."""
    visits = sorted(moment.visits, key=lambda visit: (visit.arrival, visit.evse))
    first = int(moment.now // TURN) % len(visits) if visits else 0
    return moment.served(visits[first:] + visits[:first])


def planner(told: Scenario) -> Policy:
    """The planner of a scenario: its policy with the objective of its site."""
    return replace(policy(told.policy), name="planner", objective=told.objective)


ROUND_ROBIN: Final = Policy(name="round_robin", targets=_turns)
BASELINES: Final = ("unmanaged", "equal_share", "earliest_deadline", "least_laxity", "round_robin")
STUDIED: Final = (*NAMES, "round_robin")


def studied(name: str) -> Policy:
    """A policy by its name, of those a station has or `round_robin`. Raises LocalError naming those there are."""
    return ROUND_ROBIN if name == "round_robin" else policy(name)
