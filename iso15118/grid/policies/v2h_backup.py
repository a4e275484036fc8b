"""V2H with a backup: cars feed the house when energy is dear, never the grid, and keep half of their V2X window for an outage."""

from __future__ import annotations

from iso15118.grid.planning import Objective
from iso15118.grid.planning.following import followed
from iso15118.grid.policies import Policy

POLICY = Policy(name="v2h_backup", targets=followed, fills=False, objective=Objective(kept=0.5))
