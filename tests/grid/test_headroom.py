"""The room that each limit leaves at this second."""

from __future__ import annotations

import pytest

from iso15118.grid.headroom import Headroom, Swings, Way, headroom
from iso15118.grid.meters import Lines, Reading, Trust
from iso15118.grid.series import Series
from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.grid.site import Circuit, Evse, Load, Pv, Site
from iso15118.grid.tree import Tree
from iso15118.value import replace

MAIN = Circuit(name="main", fuse=35.0, import_limit=20e3, export_limit=0.0, metered=True, failsafe=3e3)
SITE = Site(name="s", circuits=(MAIN, Circuit(name="B", parent="main", fuse=16.0)), evses=(Evse(name="1", circuit="B"),), margin=1.0)
DRAW = {"1": Reading((6.0, 6.0, 6.0), 100.0)}


def seen(site: Site = SITE, at: float = 100.0, now: float = 100.0, signals: tuple[Signal, ...] = (), **more: float) -> Headroom:
    meters = {"main": Reading((16.0, 10.0, 8.0), at)}
    return headroom(Tree(site), meters, DRAW, signals, Swings(), now=now, moment=1000.0, **more)[1]


def rooms(found: Headroom, circuit: str, way: Way = Way.IN) -> dict[object, float]:
    return {
        limit.line if limit.line is not None else limit.source: round(limit.room, 3)
        for limit in found.limits
        if (limit.circuit, limit.way) == (circuit, way)
    }


def test_a_limit_less_what_is_no_outlet() -> None:
    found = seen()
    assert rooms(found, "main") == {0: 25.0, 1: 31.0, 2: 33.0, "import limit": 20e3 - 16 * 230.0}
    assert found.other("main") == 16 * 230.0
    assert found.available == 20e3 - 16 * 230.0


def test_nothing_may_leave_but_into_what_is_used_here() -> None:
    assert rooms(seen(), "main", Way.OUT) == {0: 45.0, 1: 39.0, 2: 37.0, "export limit": 16 * 230.0}


def test_a_circuit_without_a_meter_has_outlets_alone() -> None:
    assert rooms(seen(), "B") == {0: 16.0, 1: 16.0, 2: 16.0}


def test_a_late_meter_leaves_less_each_second_and_then_the_failsafe() -> None:
    late = seen(now=105.0)
    assert rooms(late, "main")[0] == round((35.0 - 16.0) * 0.8, 3)  # the outlet's own meter is as old: all of it counts as other load
    assert late.frozen == {"1"}
    silent = seen(now=111.0)
    assert rooms(silent, "main")["fail-safe"] == 3e3
    assert rooms(silent, "main", Way.OUT)["fail-safe"] == 0.0
    assert silent.silent == {"main": "11.0 s old"}
    assert silent.available == 3e3


def test_the_tightest_signal_is_named() -> None:
    cap = Signal(
        id="dso-7", source="dso", kind=Kind.IMPORT_LIMIT, value=Series(0.0, 900.0, (50e3, 6e3)), failsafe=1e3, rank=Rank.GRID_OPERATOR
    )
    limit = next(limit for limit in seen(signals=(cap,)).limits if limit.source == "dso-7")
    assert (limit.limit, limit.room) == (6e3, 6e3 - 16 * 230.0)
    assert limit.words == "main, dso-7 6 kW, other load 3.68 kW"


def test_words_of_a_line() -> None:
    limit = next(limit for limit in seen().limits if limit.line == 1 and limit.way is Way.IN and limit.circuit == "main")
    assert limit.words == "L2 of main, fuse 35 A, other load 4 A"
    assert next(iter(seen(now=120.0).limits)).words == "main, fail-safe 0 kW out of the site, meter: 20.0 s old"


def test_own_generation_lifts_the_limit_of_controllable_loads() -> None:
    dim = Signal(id="lpc", source="dso", kind=Kind.CONTROLLABLE_LIMIT, value=13_020.0)
    assert rooms(seen(signals=(dim,)), "main")["lpc"] == 13_020.0
    assert rooms(seen(signals=(dim,), generation=5e3), "main")["lpc"] == 18_020.0


def test_a_heat_pump_under_the_same_limit_is_left_its_part() -> None:
    dim = Signal(id="lpc", source="dso", kind=Kind.CONTROLLABLE_LIMIT, value=13_020.0)
    loads = (Load(name="heat pump", circuit="B", controllable=True, rated=5e3), Load(name="house", circuit="main", rated=9e3))
    assert rooms(seen(replace(SITE, loads=loads), signals=(dim,)), "main")["lpc"] == 13_020.0 - 5e3


def test_what_the_other_load_moves_by_one_time_in_a_hundred_is_kept_free() -> None:
    def learned(currents: list[float]) -> float:
        tree, swings = Tree(SITE), Swings()
        for second, current in enumerate(currents):
            now = 100.0 + second
            draws = {"1": Reading((0.0, 0.0, 0.0), now)}
            swings, room = headroom(tree, {"main": Reading((current, 0.0, 0.0), now)}, draws, (), swings, now=now, moment=0.0)
        return 35.0 - currents[-1] - rooms(room, "main")[0]  # type: ignore[operator]

    assert learned([10.0] * 50) == pytest.approx(0.0)
    assert learned([10.0] * 50 + [19.0]) == pytest.approx(0.99)  # once is nothing yet
    assert learned([10.0, 19.0] * 20) == pytest.approx(9.0, abs=1.0)  # it does so all the time
    assert learned(([10.0] * 30 + [16.0] * 30) * 40) == pytest.approx(6.0, abs=1.0)  # every half minute
    assert learned([10.0, 19.0] * 20 + [10.0] * 1000) == pytest.approx(0.0)
    ramp = [10.0, 11.5, 13.0, 14.5, 16.0]  # no more than 1.5 A from one second to the next, but cars need some to follow
    assert learned(([10.0] * 30 + ramp + [16.0] * 30 + ramp[::-1]) * 40 + [10.0] * 9) == pytest.approx(6.0, abs=1.0)


def test_a_meter_that_contradicts_the_outlets_is_none() -> None:
    flipped = {"main": Reading((-16.0, -10.0, -8.0), 100.0)}
    found = headroom(Tree(SITE), flipped, DRAW, (), Swings(), now=100.0, moment=0.0)[1]
    assert found.meters["main"].trust is Trust.SILENT
    sunny = Site(name="s", circuits=SITE.circuits, evses=SITE.evses, pvs=(Pv(name="p", circuit="main", peak=30e3),))
    assert headroom(Tree(sunny), flipped, DRAW, (), Swings(), now=100.0, moment=0.0)[1].meters["main"].trust is Trust.FRESH


def told(swings: Swings, main: Lines, outlet: Lines, now: float, late: float = 0.0, main_late: float = 0.0) -> tuple[Swings, Headroom]:
    draws = {"1": Reading(outlet, now - late)}
    return headroom(Tree(SITE), {"main": Reading(main, now - main_late)}, draws, (), swings, now=now, moment=0.0)


def test_a_car_that_stops_before_its_meter_says_so_leaves_the_other_load_as_it_was() -> None:
    """The other load is not less because an outlet's meter tells late; and it is no contradiction that everybody has to pay for."""
    swings, before = told(Swings(), (16.0, 16.0, 16.0), (6.0, 6.0, 6.0), 100.0)
    swings, stopped = told(swings, (10.0, 10.0, 10.0), (6.0, 6.0, 6.0), 101.0, late=1.0)
    assert rooms(before, "main")[0] == 25.0
    assert rooms(stopped, "main")[0] <= 25.0
    _, known = told(swings, (10.0, 10.0, 10.0), (0.0, 0.0, 0.0), 102.0)
    assert known.meters["main"].trust is Trust.FRESH
    assert known.other("main") == 30.0 * 230.0


def test_what_a_car_takes_more_is_not_taken_from_the_other_load_before_a_meter_above_has_seen_it() -> None:
    swings, _ = told(Swings(), (10.0, 10.0, 10.0), (0.0, 0.0, 0.0), 100.0)
    swings, _ = told(swings, (10.0, 10.0, 10.0), (0.0, 0.0, 0.0), 105.0, main_late=5.0)
    _, found = told(swings, (10.0, 10.0, 10.0), (8.0, 8.0, 8.0), 106.5, main_late=0.5)
    assert rooms(found, "main")[0] == 25.0
    assert next(limit.other for limit in found.limits if limit.line == 0 and limit.circuit == "main") == 10.0


def test_readings_that_cannot_be_believed_let_the_last_one_grow_old() -> None:
    swings, _ = told(Swings(), (16.0, 16.0, 16.0), (6.0, 6.0, 6.0), 100.0)
    trusts = []
    for second in range(1, 12):
        now = 100.0 + second
        swings, found = told(swings, (-16.0, -16.0, -16.0), (6.0, 6.0, 6.0), now)
        trusts.append(found.meters["main"].trust)
    assert trusts == [Trust.FADING] * 10 + [Trust.SILENT]
    assert found.silent == {"main": "L1 reads -16.0 A though outlets take 6.0 A"}
    assert found.frozen == {"1"}
