"""Second by second: means are those of the steps, the judge finds what exceeds a limit, and an allocated site does not."""

from __future__ import annotations

from random import Random

import pytest

from iso15118.grid.series import Series
from iso15118.study.baselines import studied
from iso15118.study.metrics import row
from iso15118.study.proof import prove
from iso15118.study.scenarios import scenario
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


def test_a_shared_connection_is_never_overloaded() -> None:
    told = scenario("workplace", 1, 1)
    short = replace(told, steps=46)  # until half past eleven: all have come, and ask for more than there is
    record, seconds = prove(short, studied("equal_share"))
    assert seconds == {"seconds_over": 0.0, "worst_over_kw": 0.0, "granted_over": 0.0}
    assert max(record.grid) > 0.9 * 97_000.0, "the limit was worth something"
    assert row(short, record)["violation_kwh"] == 0.0


def test_the_judge_sees_an_overload() -> None:
    told = scenario("workplace", 1, 1)
    record, seconds = prove(replace(told, steps=40), studied("unmanaged"))
    assert seconds["seconds_over"] > 600.0
    assert seconds["worst_over_kw"] > 10.0
    assert sum(record.excess) > 0.0
