"""A reserve is followed as well as the lag allows."""

from __future__ import annotations

from iso15118.study.baselines import planner
from iso15118.study.reserve import follow
from iso15118.study.scenarios import scenario
from iso15118.value import replace


def test_a_night_of_reserve() -> None:
    told = replace(scenario("fcr", 1, 1), steps=42)  # until half past ten
    prompt, late = (follow(told, planner(told), lag) for lag in (0, 10))
    assert float(prompt["rms_percent"] or 0.0) < 0.01
    assert float(late["rms_percent"] or 0.0) > 1.0
    assert prompt["held_percent"] == 100.0
