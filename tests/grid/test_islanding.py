"""`grid.islanding`: every state and event, and what must never be."""

from __future__ import annotations

from itertools import product

import pytest

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.grid.islanding import ORDERS, TABLE, Event, Means, Shift, State, diagram, energy_left, island_frequency, step
from iso15118.value import replace

ALL = Means(True, True, True, True)
E, S = Event, State


def walk(*events: Event, state: State = S.GRID_TIED, means: Means = ALL) -> list[State]:
    found = []
    for event in events:
        state = step(state, event, means)
        found.append(state)
    return found


def test_there_and_back() -> None:
    there = walk(E.GRID_GONE, E.SWITCH_OPEN, E.SOURCE_UP)
    assert there == [S.GRID_LOST, S.ISLAND_FORMING, S.ISLAND]
    back = walk(E.GRID_BACK, E.SOURCE_GONE, E.SWITCH_CLOSED, state=S.ISLAND)
    assert back == [S.RESYNC, S.RECLOSING, S.GRID_TIED]


EXPECTED = """
              grid gone grid steady switch open switch closed island fed island dead vehicle failed energy low
GridTied      GridLost  -           GridLost    -             -          -           -              -
GridLost      -         Resync      IslandForming -           -          -           -              -
IslandForming -         Resync      -           GridLost      Island     -           GridLost       GridLost
Island        -         Resync      -           GridLost      -          GridLost    GridLost       GridLost
Resync        GridLost  -           -           GridLost      -          Reclosing   -              -
Reclosing     GridLost  -           -           GridTied      Resync     -           -              -
"""


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_pair(state: State, event: Event) -> None:
    [row] = [line.split() for line in EXPECTED.splitlines() if line.startswith(f"{state} ")]
    wanted = row[1 + list(Event).index(event)]
    assert step(state, event, ALL) == (state if wanted == "-" else wanted)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("lack", ["neutral", "black_start", "grid_forming"])
def test_an_island_ends_with_what_it_takes(event: Event, lack: str) -> None:
    less = replace(ALL, **{lack: False})
    assert len(less.missing) == 1
    for state in (S.GRID_LOST, S.ISLAND_FORMING, S.ISLAND):
        assert not ORDERS[step(state, event, less)].discharge


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_without_a_switch_nothing_is_given_while_the_grid_is_gone(state: State, event: Event) -> None:
    new = step(state, event, replace(ALL, transfer_switch=False))
    if state is S.GRID_TIED:
        assert new is (S.GRID_LOST if event is E.GRID_GONE else S.GRID_TIED)
    else:
        assert new is (S.GRID_TIED if (state, event) == (S.GRID_LOST, E.GRID_BACK) else S.GRID_LOST)
    assert ORDERS[S.GRID_LOST] == (False, False, False)


def test_two_sources_never_meet() -> None:
    """A vehicle forms a grid only where the switch has been seen open since, the switch closes only on a dead island."""
    for (state, event), new in TABLE.items():
        if ORDERS[new].forming and not ORDERS[state].forming:
            assert event is E.SWITCH_OPEN
        if ORDERS[new].switch_closed and not ORDERS[state].switch_closed:
            assert event is E.SOURCE_GONE
    for state, orders in ORDERS.items():
        assert not (orders.forming and orders.switch_closed)
        assert orders.islanded is orders.forming
        if orders.forming:
            assert not ORDERS[step(state, E.SWITCH_CLOSED, ALL)].discharge


def test_every_state_is_reached_and_left() -> None:
    assert {new for new in TABLE.values()} == set(State) == {state for state, _ in TABLE}
    assert set(ORDERS) == set(State)


@pytest.mark.parametrize(("floor", "minimum", "left"), [(-20e3, 0.0, 15e3), (-4e3, 0.0, -1e3), (None, -8e3, 3e3), (2e3, -8e3, -7e3)])
def test_energy_ends_at_the_floor_and_a_reserve(floor: float | None, minimum: float, left: float) -> None:
    need = Need(10e3, 30e3, minimum, v2x_min_energy=floor)
    assert energy_left(need, 5e3) == left


@pytest.mark.parametrize(
    ("pv", "takes", "hertz"),
    [
        (5e3, 5e3, 50.0),
        (0.0, 0.0, 50.0),
        (5e3, 4e3, 50.7),
        (5e3, 2.4e3, 51.5),
        (5e3, 2.3e3, 51.7),
        (5e3, 0.0, 51.7),
        (5e3, 4.999e3, 50.2005),
    ],
)
def test_pv_is_held_back_by_frequency(pv: float, takes: float, hertz: float) -> None:
    assert island_frequency(pv, takes) == pytest.approx(hertz)


def test_a_shift_that_is_none() -> None:
    with pytest.raises(LocalError, match=r"from 51\.5 to 50\.2 Hz by 40 %/Hz; allowed"):
        Shift(51.5, 50.2)


def test_the_picture_has_every_row() -> None:
    assert diagram().count("-->") == len(TABLE) + 1
