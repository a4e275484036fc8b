"""V2G for revenue: cars buy cheap and sell dear, to the grid too, where everything that must allow it does."""

from __future__ import annotations

from iso15118.grid.planning import Objective
from iso15118.grid.planning.following import followed
from iso15118.grid.policies import Policy

POLICY = Policy(name="v2g_revenue", targets=followed, fills=False, objective=Objective(export=True))
