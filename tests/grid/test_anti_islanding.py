"""`grid.anti_islanding`: a grid that is gone leaves 0 W within 2 s, and power comes back by the rules of reconnection."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from iso15118.errors import LocalError
from iso15118.grid import reconnect
from iso15118.grid.anti_islanding import Watched, bounds, mains, watch
from iso15118.grid.curves import Connection
from iso15118.grid.profile import profile
from iso15118.grid.reconnect import Connecting, State
from iso15118.power import AcReading, Measured
from iso15118.units import PerPhase
from iso15118.value import replace

AT = Connection(230.0, 10e3, 10e3)
CODE = profile("vde_ar_n_4105")
BY, RULES = bounds(CODE, AT), reconnect.rules(CODE, AT)
TICK = 0.5


def reading(at: float, frequency: float = 50.0, volts: float = 230.0) -> Measured[AcReading]:
    return Measured(AcReading(PerPhase(230.0, volts, 230.0), frequency=frequency), at)


def power_after(
    loss: float, seen: Callable[[float], Measured[AcReading] | None], until: float, wish: float = -8e3
) -> list[tuple[float, float]]:
    """(s, W) of a connected site in turns of half a second, on a grid that is fine until `loss`, and then as it is `seen`."""
    state, watched, found, now = Connecting(State.CONNECTED), Watched(), [], 0.0
    while now <= until:
        measured = reading(now) if now < loss else seen(now)
        watched = watch(watched, measured, 3, BY, now)
        grid = None if measured is None else mains(measured.value, 3)
        state = reconnect.step(state, grid, now, RULES, trip=bool(watched.why))
        found.append((now, reconnect.held(wish, AT.discharge, state, now, RULES)))
        now += TICK
    return found


LOST = 10.2


@pytest.mark.parametrize(
    "seen",
    [
        lambda _: None,
        lambda _: reading(10.0),  # the meter says the same for ever
        lambda now: reading(now, 50.0 + 2.5 * (now - 10.0)),
        lambda now: reading(now, 50.0 - 2.5 * (now - 10.0)),
        lambda now: reading(now, 51.6),
        lambda now: reading(now, 47.4),
        lambda now: reading(now, volts=0.0),
        lambda now: reading(now, volts=290.0),
        lambda now: reading(now, volts=float("nan")),
        lambda now: reading(now, float("nan")),
    ],
    ids=["meter lost", "meter stuck", "runs up", "runs down", "fast", "slow", "one phase dead", "one phase high", "V nan", "Hz nan"],
)
def test_nothing_is_given_within_two_seconds(seen: Callable[[float], Measured[AcReading] | None]) -> None:
    found = power_after(LOST, seen, 30.0)
    assert {watts for at, watts in found if at < LOST} == {-8e3}
    assert {watts for at, watts in found if at >= LOST + 2.0} == {0.0}
    assert {watts for _, watts in power_after(LOST, seen, 30.0, wish=8e3)} == {8e3}


def test_a_grid_that_has_to_be_ridden_through_is_no_island() -> None:
    found = power_after(LOST, lambda now: reading(now, max(48.5, 50.0 - 1.8 * (now - 10.0)), 190.0), 30.0)
    assert {watts for _, watts in found} == {-8e3}


def test_power_comes_back_after_a_minute_along_a_ramp() -> None:
    found = dict(power_after(LOST, lambda now: None if now < 20.0 else reading(now), 200.0))
    assert found[79.5] == 0.0
    assert found[140.0] == pytest.approx(-1e3)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_rate_of_frequency_is_judged_over_half_a_second(sign: int) -> None:
    watched = watch(Watched(), reading(0.0), 3, BY, 0.0)
    for turn in range(1, 11):
        watched = watch(watched, reading(turn * 0.05, 50.0 + sign * 0.11 * turn), 3, BY, turn * 0.05)
        assert bool(watched.why) is (turn == 10)
    assert watched.why == f"{sign * 2.2:+.1f} Hz/s"
    assert len(watched.seen) == 11


def test_the_phases_that_are_used_count() -> None:
    dead = reading(0.0, volts=0.0)
    assert watch(Watched(), dead, 1, BY, 0.0).why == ""
    assert watch(Watched(), dead, 3, BY, 0.0).why == "0 to 230 V"


def test_a_profile_without_trips_gives_no_bounds() -> None:
    functions = {name: it for name, it in CODE.functions.items() if name != "trip_over_frequency"}
    with pytest.raises(LocalError, match="does not say 'trip_over_frequency'"):
        bounds(replace(CODE, functions=functions), AT)
