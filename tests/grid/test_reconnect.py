"""`grid.reconnect`: the wait on a grid that is fine, the ramp, and the narrower window after a trip."""

from __future__ import annotations

import pytest

from iso15118.der.follow import Grid
from iso15118.grid.curves import Connection
from iso15118.grid.profile import profile
from iso15118.grid.reconnect import NEW, Connecting, Rules, State, held, rules, share, step

AT = Connection(230.0, 10e3, 10e3)
VDE, IEEE = rules(profile("vde_ar_n_4105"), AT), rules(profile("ieee1547_cat_b_iii"), AT)


def grid(frequency: float = 50.0, low: float = 230.0, high: float = 230.0) -> Grid:
    return Grid((low + high) / 2, high, low, frequency)


def after(state: Connecting, seen: Grid | None, begin: int, end: int, by: Rules = VDE) -> Connecting:
    """Each second from `begin` to `end`."""
    for now in range(begin, end + 1):
        state = step(state, seen, float(now), by)
    return state


@pytest.mark.parametrize(("by", "nominal", "delay", "ramp"), [(VDE, 50.0, 60, 600), (IEEE, 60.0, 300, 300)])
def test_wait_then_ramp_then_all(by: Rules, nominal: float, delay: int, ramp: int) -> None:
    state = after(NEW, grid(nominal), 0, delay - 1, by)
    assert (state.state, share(state, delay - 1.0, by)) == (State.OBSERVING, 0.0)
    state = step(state, grid(nominal), delay, by)
    assert (state.state, share(state, delay, by)) == (State.RAMPING, 0.0)
    assert share(state, delay + ramp / 2, by) == pytest.approx(0.5)
    state = after(state, grid(nominal), delay + 1, delay + ramp, by)
    assert (state.state, share(state, 0.0, by)) == (State.CONNECTED, 1.0)


def test_ten_percent_a_minute_in_watts() -> None:
    state = after(NEW, grid(), 0, 60)
    assert held(-8e3, 10e3, state, 120.0, VDE) == pytest.approx(-1e3)
    assert held(-0.5e3, 10e3, state, 120.0, VDE) == -0.5e3
    assert held(8e3, 10e3, NEW, 0.0, VDE) == 8e3


def test_a_grid_that_leaves_the_window_starts_the_wait_again() -> None:
    state = after(after(NEW, grid(), 0, 59), grid(50.2), 60, 60)
    assert state.state is State.OUT
    assert after(state, grid(), 61, 120).state is State.OBSERVING
    assert after(state, grid(), 61, 121).state is State.RAMPING


@pytest.mark.parametrize("seen", [None, grid(50.11), grid(47.4), grid(low=195.0), grid(high=253.5)])
def test_no_grid_to_come_back_on(seen: Grid | None) -> None:
    assert after(NEW, seen, 0, 200).state is State.OUT


def test_after_a_trip_the_window_is_narrower() -> None:
    low = grid(48.0)
    assert after(NEW, low, 0, 60).state is State.RAMPING
    tripped = step(after(NEW, grid(), 0, 700), grid(), 701.0, VDE, trip=True)
    assert tripped == Connecting(State.OUT, 701.0, tripped=True)
    assert after(tripped, low, 702, 900).state is State.OUT
    state = after(tripped, grid(), 702, 762)
    assert state == Connecting(State.RAMPING, 762.0, tripped=True)
    assert after(state, grid(), 763, 1362) == Connecting(State.CONNECTED, 1362.0)


@pytest.mark.parametrize("state", State)
def test_a_trip_ends_every_state(state: State) -> None:
    assert step(Connecting(state, 5.0), grid(), 6.0, VDE, trip=True) == Connecting(State.OUT, 6.0, tripped=True)


def test_connected_a_bad_grid_alone_is_no_trip() -> None:
    state = Connecting(State.CONNECTED, 0.0)
    assert step(state, grid(50.4), 1.0, VDE) == state
