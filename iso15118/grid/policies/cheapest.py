"""Cheapest: cars are charged when energy costs least, and give nothing back. Batteries help."""

from __future__ import annotations

from iso15118.grid.planning import Objective
from iso15118.grid.planning.following import followed
from iso15118.grid.policies import Policy

POLICY = Policy(name="cheapest", targets=followed, fills=False, objective=Objective(discharge=False))
