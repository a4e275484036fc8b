"""Second by second: means are those of the steps, the judge finds what exceeds a limit, and an allocated site does not."""

from __future__ import annotations

from random import Random

import pytest

from iso15118.grid.series import Series
from iso15118.study.baselines import planner, studied
from iso15118.study.metrics import row
from iso15118.study.proof import prove
from iso15118.study.scenarios import Scenario, scenario
from iso15118.study.seconds import LOAD, Within
from iso15118.value import replace


def test_seconds_keep_the_mean_of_their_step() -> None:
    told = Series(0.0, 900.0, (1000.0, 5000.0, 0.0, 200.0))
    within = Within(Random(1), told, LOAD)
    for k, mean in enumerate(told.values):
        seconds = within.step(k)
        assert len(seconds) == 900
        assert sum(seconds) / 900.0 == pytest.approx(mean)
        assert min(seconds) >= 0.0
        assert mean == 0.0 or max(seconds) > min(seconds)


def part(told: Scenario, first: int, count: int) -> Scenario:
    """Some steps of a scenario; who is there at their beginning has just come."""

    def cut(series: Series) -> Series:
        return Series(told.start + first * told.step, told.step, series.values[first : first + count])

    load, pv = ({name: cut(series) for name, series in all_.items()} for all_ in (told.load, told.pv))
    return replace(told, start=told.start + first * told.step, steps=count, load=load, pv=pv, load_forecast=load, pv_forecast=pv)


RUSH = part(scenario("workplace", 1, 1), 38, 1)
"""A quarter of an hour from half past nine on: most have come, and ask for more than there is."""


@pytest.mark.parametrize("policy", ["equal_share", pytest.param("planner", marks=pytest.mark.long)])
def test_a_connection_is_never_overloaded(policy: str) -> None:
    record, seconds = prove(RUSH, planner(RUSH) if policy == "planner" else studied(policy))
    assert seconds == {"seconds_over": 0.0, "worst_over_kw": 0.0, "granted_over": 0.0}
    assert sum(max(powers) > 1000.0 for powers in record.evses.values()) > 5
    assert row(RUSH, record)["violation_kwh"] == 0.0


def test_the_judge_sees_an_overload() -> None:
    record, seconds = prove(RUSH, studied("unmanaged"))
    assert seconds["seconds_over"] > 300.0
    assert seconds["worst_over_kw"] > 10.0
    assert sum(record.excess) > 0.0
