"""Large fleets are planned in coarser steps: much sooner, and for hardly more."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

from iso15118.grid.planning import program
from iso15118.grid.planning.program import plan
from iso15118.units import HOUR
from tools.bench.plan import in_quarters, lived, night


def test_a_small_fleet_is_planned_in_quarters_and_a_larger_one_beyond_six_hours_in_hours() -> None:
    question = night(12, both_ways=True)
    assert plan(question).how == "lp"
    with patch.object(program, "COARSER", ((10, 6 * HOUR),)):
        made = plan(question)
    assert made.how == "lp, steps of 1 h beyond 6 h"
    assert set(np.diff(made.edges[:25])) == {900.0}
    assert set(np.diff(made.edges[24:])) == {3600.0}
    with patch.object(program, "COARSER", ((10, 6 * HOUR), (11, 2 * HOUR))):
        assert plan(question).how == "lp, steps of 1 h beyond 2 h"
    assert lived(question, made) <= 1.006 * plan(question).cost


@pytest.mark.long
def test_a_night_of_200_cars_costs_at_most_0_6_percent_more() -> None:
    question = night(200, both_ways=True)
    made = plan(question)
    assert made.how != "lp"
    best = in_quarters(question).made.cost
    assert best * (1.0 - 1e-6) <= lived(question, made) <= 1.006 * best
