"""What a site offers to an aggregator, and that it can do what it offered."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.grid.flexibility import envelope, requested
from iso15118.grid.planning import Objective
from iso15118.grid.planning.program import plan
from iso15118.grid.series import Series
from iso15118.grid.signals import Kind, Rank
from iso15118.units import HOUR
from iso15118.value import replace
from tests.grid.planning.made import KW, MIDNIGHT, any_question, ask, broken, car, kilowatts

BOTH = car("b", 10.0, most=30.0, minimum=-10.0, discharge=10.0, window=(-10.0, 30.0), departure=4.0)


def test_a_car_that_only_charges_moves_up_while_there_is_room() -> None:
    question = ask([car("a", 15.0)], [0.3, 0.2, 0.1, 0.25], load=1.0)
    found = envelope(question, plan(question))
    assert kilowatts(found.baseline) == [1.0, 6.0, 11.0, 1.0]
    assert kilowatts(found.least) == [1.0, 1.0, 1.0, 1.0]
    assert kilowatts(found.most) == [11.0, 11.0, 11.0, 1.0]
    assert kilowatts(found.low) == [1.0, 2.0, 8.0, 19.0]  # as late as can be
    assert kilowatts(found.high) == [11.0, 17.0, 18.0, 19.0]  # as early as can be


def test_a_car_that_gives_back_moves_both_ways_and_limits_hold() -> None:
    question = ask([BOTH], [0.2] * 4, load=2.0, limit=9.0)
    found = envelope(question, plan(question))
    assert max(found.most) <= 9.0 * KW + 1.0
    assert min(found.least) >= 0.0
    free = replace(question, objective=Objective(export=True))
    assert min(envelope(free, plan(free)).least) < 0.0


def test_whatever_is_asked_for_within_can_be_done() -> None:
    """A set-point anywhere in the envelope of the first step is kept by the next plan, and no target is missed for it."""
    question = ask([car("a", 15.0), BOTH], [0.3, 0.2, 0.1, 0.25], load=4.0, objective=Objective(export=True))
    made = plan(question)
    found = envelope(question, made)
    for part in (0.0, 0.3, 0.7, 1.0):
        power = found.least[0] + part * (found.most[0] - found.least[0])
        signal = requested(found, "aggregator", Series(MIDNIGHT, HOUR, (power,)), MIDNIGHT)
        assert (signal.kind, signal.rank) == (Kind.SETPOINT, Rank.BACK_END)
        again = plan(replace(question, signals=(signal,)))
        assert again.grid[0] == pytest.approx(power, abs=1.0)
        assert sum(one.missing for one in again.evses) == pytest.approx(sum(one.missing for one in made.evses), abs=1.0)


@pytest.mark.parametrize("seed", range(20))
def test_the_plan_lies_within(seed: int) -> None:
    question = any_question(seed)
    made = plan(question)
    assert not broken(question, made)
    found = envelope(question, made)
    total = 0.0
    for k, power in enumerate(made.grid):
        total += power
        assert found.least[k] - 1.0 <= power <= found.most[k] + 1.0
        assert found.low[k] - 2.0 <= total <= found.high[k] + 2.0


def test_a_set_point_outside_is_refused_with_what_is_allowed() -> None:
    question = ask([car("a", 15.0)], [0.3, 0.2, 0.1, 0.25], load=1.0)
    found = envelope(question, plan(question))
    with pytest.raises(LocalError, match=r"set-point of agg: 99000 W .* allowed: 1000 to 11000 W"):
        requested(found, "agg", Series(MIDNIGHT, HOUR, (99_000.0,)), MIDNIGHT)
