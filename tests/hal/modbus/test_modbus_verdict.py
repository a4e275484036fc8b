"""The steps of an insulation test, round by round, and what stands after it."""

from __future__ import annotations

import pytest

from iso15118.hal.modbus.verdict import Moving, Seen, Verdict
from iso15118.power import Insulation
from iso15118.value import replace

QUIET = Seen(ohm=5e6, volts=0.0)
LIVE = Seen(ohm=5e6, volts=400.0)
TESTING = Seen(ohm=None, volts=0.0, testing=True, ready=False)
ERROR = Seen(ohm=None, volts=400.0, error=True, ready=False)


class Rounds:
    """One second each."""

    def __init__(self, limit: float = 100e3, *, orders: bool = True) -> None:
        self.verdict = Verdict(limit, orders=orders)
        self.now = 100.0
        self.orders = 0
        self.see(QUIET)

    def see(self, *rounds: Seen) -> Insulation:
        for seen in rounds:
            self.now += 1.0
            due = self.verdict.due(seen)
            if due is not None:
                self.orders += 1
                self.verdict.ordered(due)
            self.verdict.see(seen, self.now, self.now)
        assert self.verdict.state.at == self.now
        return self.verdict.state.value

    def demand(self, testing: bool) -> Insulation:
        self.verdict.demand(testing, self.now)
        return self.verdict.state.value

    def tested(self) -> Rounds:
        self.demand(True)
        assert self.see(QUIET, TESTING, LIVE, LIVE) is Insulation.VALID
        return self


def test_a_test_step_by_step() -> None:
    rounds = Rounds()
    assert rounds.see(LIVE) is Insulation.UNKNOWN
    assert rounds.demand(True) is Insulation.TESTING
    for seen in (LIVE, LIVE, TESTING, TESTING, LIVE):  # ordered; not yet begun; running; the first round after it
        assert rounds.see(seen) is Insulation.TESTING
    assert rounds.see(QUIET) is Insulation.TESTING  # a measurement without voltage
    assert rounds.see(replace(LIVE, ohm=None)) is Insulation.TESTING
    assert rounds.see(replace(LIVE, volts=None)) is Insulation.TESTING
    assert rounds.see(LIVE) is Insulation.VALID
    assert rounds.orders == 1
    rounds.demand(False)
    assert rounds.see(QUIET, QUIET) is Insulation.VALID
    assert rounds.demand(True) is Insulation.TESTING


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (replace(LIVE, ohm=100e3), Insulation.VALID),
        (replace(LIVE, ohm=99.9e3), Insulation.FAULT),
        (replace(LIVE, smaller=True), Insulation.FAULT),
        (ERROR, Insulation.FAULT),
        (replace(ERROR, ohm=5e6), Insulation.FAULT),
    ],
)
def test_what_is_judged(seen: Seen, verdict: Insulation) -> None:
    rounds = Rounds()
    rounds.demand(True)
    rounds.see(QUIET, TESTING, QUIET)
    assert rounds.see(seen) is verdict


@pytest.mark.parametrize("seen", [QUIET, TESTING])
def test_a_test_that_never_begins_or_ends_stays_one(seen: Seen) -> None:
    rounds = Rounds()
    rounds.demand(True)
    assert rounds.see(QUIET, *[seen] * 50) is Insulation.TESTING


def test_an_error_ends_a_test_at_any_step() -> None:
    for before in ([], [QUIET], [QUIET, TESTING], [QUIET, TESTING, QUIET]):
        rounds = Rounds()
        rounds.demand(True)
        rounds.see(*before) if before else None
        assert rounds.see(ERROR) is Insulation.FAULT
        assert rounds.see(LIVE) is Insulation.FAULT


def test_a_demand_that_is_gone_before_the_verdict_leaves_none() -> None:
    rounds = Rounds()
    rounds.demand(True)
    rounds.see(QUIET, TESTING)
    rounds.demand(False)
    assert rounds.see(TESTING) is Insulation.UNKNOWN


def test_a_new_test_waits_for_the_end_of_the_old_one() -> None:
    rounds = Rounds()
    rounds.demand(True)
    rounds.see(QUIET, TESTING)
    rounds.demand(False)
    rounds.demand(True)
    assert rounds.see(TESTING, TESTING) is Insulation.TESTING
    assert rounds.orders == 1
    rounds.see(QUIET)
    assert rounds.orders == 2
    assert rounds.see(LIVE, TESTING, LIVE) is Insulation.TESTING
    assert rounds.see(LIVE) is Insulation.VALID


def test_a_good_verdict_becomes_a_bad_one() -> None:
    for seen in (replace(LIVE, ohm=50e3), ERROR):
        assert Rounds().tested().see(seen) is Insulation.FAULT


def test_what_is_no_measurement_does_not_change_it() -> None:
    assert Rounds().tested().see(replace(LIVE, ohm=None), TESTING) is Insulation.VALID


def test_a_bad_verdict_is_forgotten_without_voltage_and_demand() -> None:
    rounds = Rounds().tested()
    rounds.see(replace(LIVE, ohm=50e3))
    assert rounds.see(QUIET) is Insulation.FAULT
    rounds.demand(False)
    assert rounds.see(LIVE) is Insulation.FAULT
    assert rounds.see(replace(QUIET, volts=None)) is Insulation.FAULT
    assert rounds.see(replace(ERROR, volts=0.0)) is Insulation.FAULT
    assert rounds.see(QUIET) is Insulation.UNKNOWN


def test_what_was_measured_before_a_test_says_nothing_of_it() -> None:
    rounds = Rounds(orders=False)
    rounds.now += 1.0
    began = rounds.now
    rounds.now += 1.0
    rounds.demand(True)
    rounds.verdict.see(LIVE, began, rounds.now + 1.0)
    assert rounds.verdict.state.value is Insulation.TESTING
    assert rounds.see(LIVE) is Insulation.VALID


def test_an_order_for_a_test_that_has_been_asked_for_anew_is_not_taken_for_it() -> None:
    rounds = Rounds()
    rounds.demand(True)
    due = rounds.verdict.due(QUIET)
    assert due is not None
    rounds.demand(False)
    rounds.now += 0.5
    rounds.demand(True)
    rounds.verdict.ordered(due)
    assert rounds.verdict.due(QUIET) == rounds.now


def test_a_monitor_without_a_test_of_its_own() -> None:
    rounds = Rounds(125e3, orders=False)
    rounds.demand(True)
    assert rounds.see(QUIET) is Insulation.TESTING
    assert rounds.see(replace(LIVE, ohm=124e3)) is Insulation.FAULT
    assert rounds.orders == 0


BAD = replace(LIVE, ohm=50e3)


def counted(*volts: float | None, ohm: float = 50e3, smaller: bool = False) -> list[bool]:
    """Does a resistance count, round by round of 0.25 s, after one at 400 V that is good?"""
    moving = Moving(100e3)
    assert moving.believed(LIVE, 100.0) == LIVE
    rounds = [Seen(ohm=ohm, volts=each, smaller=smaller) for each in volts]
    return [moving.believed(each, 100.25 + turn / 4) == each for turn, each in enumerate(rounds)]


@pytest.mark.parametrize("step", [30.0, -30.0])
def test_a_bad_resistance_counts_after_a_second_while_the_voltage_moves(step: float) -> None:
    ramp = [400.0 + turn * step for turn in range(1, 9)]
    assert counted(*ramp) == [False] * 4 + [True] * 4
    assert counted(*ramp, ohm=5e6, smaller=True) == [False] * 4 + [True] * 4
    assert counted(*ramp, ohm=100e3) == [True] * 8


def test_a_slow_ramp_moves_by_what_it_has_done_within_a_second() -> None:
    assert counted(*(400.0 + turn * 5.1 for turn in range(1, 9))) == [True] * 3 + [False] + [True] * 4
    assert counted(*(400.0 + turn * 5.0 for turn in range(1, 9))) == [True] * 8


def test_a_bad_resistance_counts_at_once_where_the_voltage_stays() -> None:
    assert counted(400.0) == [True]
    assert counted(420.0, 400.0) == [True, True]
    assert counted(None, None) == [True, True]  # not known: no grace
    assert counted(450.0, None) == [False, True]


def test_it_is_a_second_without_a_good_one() -> None:
    moving, now, volts = Moving(100e3), 100.0, 400.0
    for ohm in [5e6, 50e3, 50e3, 50e3, 5e6, 50e3, 50e3, 50e3]:
        now, volts = now + 0.3, volts + 30.0
        seen = Seen(ohm=ohm, volts=volts)
        assert moving.believed(seen, now) == (seen if ohm > 100e3 else replace(seen, ohm=None))
    for ohm, counts in [(None, True), (50e3, True)]:  # no value is not a good one
        now, volts = now + 0.3, volts + 30.0
        seen = Seen(ohm=ohm, volts=volts)
        assert (moving.believed(seen, now) == seen) is counts


def test_an_old_voltage_is_one_to_move_from() -> None:
    """However slowly a line is asked: the voltage of the round before counts."""
    moving = Moving(100e3)
    moving.believed(QUIET, 100.0)
    assert moving.believed(BAD, 105.0).ohm is None
    assert moving.believed(BAD, 110.0) == BAD


def test_an_error_counts_at_once() -> None:
    moving = Moving(100e3)
    moving.believed(QUIET, 100.0)
    for error in (ERROR, replace(ERROR, ohm=50e3)):
        assert moving.believed(error, 100.1) == error


def test_a_test_and_a_good_verdict_outlast_a_ramp() -> None:
    rounds, moving = Rounds(), Moving(100e3)

    def see(seen: Seen) -> Insulation:
        return rounds.see(moving.believed(seen, rounds.now + 1.0))

    rounds.demand(True)
    for seen in (QUIET, TESTING, QUIET, BAD):
        assert see(seen) is Insulation.TESTING
    assert see(LIVE) is Insulation.VALID
    assert see(replace(BAD, volts=300.0)) is Insulation.VALID
    assert see(replace(BAD, volts=200.0)) is Insulation.FAULT
