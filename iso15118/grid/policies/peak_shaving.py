"""Peak shaving: the highest mean import is kept as low as it can be, at whatever time energy is taken. Cars give back into the building."""

from __future__ import annotations

from typing import Final

from iso15118.grid.planning import Objective
from iso15118.grid.planning.following import followed
from iso15118.grid.policies import Policy

PRICE: Final = 10.0
"""Of a kW, what grid operators commonly ask for a month: with energy at one price, it is only weighed against wear."""
POLICY = Policy(name="peak_shaving", targets=followed, fills=False, objective=Objective(prices=False, demand_price=PRICE))
