"""What a site should not meet, and does: cars nobody knows, that follow late or take other lines; meters that lag or are not there."""

from __future__ import annotations

import pytest

from iso15118.grid.grants import Wish
from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import Circuit, Evse, Pv, Site
from tests.grid.test_allocate import Bench, outlet, site


def test_what_an_outlet_takes_of_which_nobody_wishes_anything_is_gone() -> None:
    """A car that charges by the fail-safe of its outlet, or whose session has just ended."""
    bench = Bench(site(outlet("1"), outlet("2"), fuse=32.0))
    bench.draws["2"] = 16.0
    bench.run(30, Wish(evse="1", most=22e3))
    assert bench.currents() == {"1": 16.0}
    assert bench.highest["main"] == [32.0] * 3


def test_a_car_on_more_lines_than_it_said_is_counted_on_all_of_them() -> None:
    bench = Bench(site(outlet("1"), outlet("2", (1,)), fuse=32.0))
    bench.lines = lambda evse: [bench.draws[evse.name] if line == 1 or evse.name == "1" else 0.0 for line in range(3)]  # type: ignore[method-assign]
    bench.run(30, Wish(evse="1", most=16 * 230.0, phases=1))
    bench.run(30, Wish(evse="1", most=16 * 230.0, phases=1), Wish(evse="2", most=7e3, phases=1))
    assert bench.currents() == {"1": 16.0, "2": 16.0}


def test_a_quick_car_waits_for_a_slow_one() -> None:
    bench = Bench(site(outlet("1"), outlet("2"), fuse=30.0))
    bench.delays["1"] = 4
    bench.run(40, Wish(evse="1", most=22e3))
    bench.run(40, Wish(evse="1", most=22e3), Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": 15.0, "2": 15.0}
    assert bench.highest["main"] == [30.0] * 3


def test_a_quick_car_gives_back_only_what_a_slow_one_no_longer_does() -> None:
    bench = Bench(site(outlet("1", discharge=22e3), outlet("2", discharge=22e3), export_limit=10 * 690.0))
    bench.delays["1"] = 4
    one, two = (Wish(evse=name, most=22e3, target=-20 * 690.0, gives=22e3) for name in "12")
    bench.run(40, one, Wish(evse="2", most=0.0))
    assert bench.currents() == {"1": -10.0, "2": 0.0}
    out = 0.0
    for _ in range(40):
        bench.run(1, Wish(evse="1", most=0.0), two)
        out = min(out, sum(bench.draws.values()))
    assert bench.currents() == {"1": 0.0, "2": -10.0}
    assert out == pytest.approx(-10.0)


def test_what_holds_a_car_that_gives_back() -> None:
    bench = Bench(site(outlet("1", discharge=22e3), fuse=63.0, export_limit=3e3))
    wish = Wish(evse="1", most=22e3, target=-20e3, gives=22e3)
    bench.run(1, wish)
    assert bench.grants["1"].why == "main, export limit 3 kW out of the site"
    bench.run(1, Wish(evse="1", most=22e3, target=-1e3, gives=22e3))
    assert bench.grants["1"].why == "target"


@pytest.mark.parametrize("period", [2, 3])
def test_a_meter_that_reads_now_and_then_is_compared_with_what_outlets_took_then(period: int) -> None:
    bench = Bench(site(*(outlet(str(k)) for k in range(10)), fuse=200.0), main=(30.0, 30.0, 30.0))
    bench.period = period
    bench.run(60, *(Wish(evse=str(k), most=22e3) for k in range(10)))
    assert bench.highest["main"][0] <= 200.0
    assert set(bench.currents().values()) == {17.0}


def test_a_plant_on_one_line_is_no_fault_of_the_meter() -> None:
    circuits = (Circuit(name="main", fuse=35.0, metered=True),)
    sunny = Site(name="s", circuits=circuits, evses=(outlet("1"),), pvs=(Pv(name="sun", circuit="main", peak=4.6e3),), margin=1.0)
    bench = Bench(sunny, main=(-19.0, 1.0, 1.0))
    bench.run(20, Wish(evse="1", most=11.04e3))
    assert bench.currents() == {"1": 16.0}


def test_what_a_metered_part_uses_counts_above_it_where_nobody_measures() -> None:
    circuits = (
        Circuit(name="main", fuse=63.0, metered=True),
        Circuit(name="hall", parent="main", fuse=32.0),
        Circuit(name="shop", parent="hall", fuse=25.0, metered=True),
    )
    evses = (Evse(name="1", circuit="hall"), Evse(name="2", circuit="shop"))
    bench = Bench(Site(name="s", circuits=circuits, evses=evses, margin=1.0), shop=(10.0, 10.0, 10.0))
    wishes = [Wish(evse=name, most=22e3) for name in "12"]
    bench.run(30, *wishes)
    assert bench.currents() == {"1": 11.0, "2": 11.0}
    bench.dead.add("shop")
    bench.run(30, *wishes)
    assert bench.currents() == {"1": 11.0, "2": 0.0}  # who is beside the silent part gets no more than it has


def test_a_site_without_limits_at_its_connection_shares_all_there_is() -> None:
    circuits = (Circuit(name="main"), Circuit(name="b", parent="main", fuse=16.0))
    evses = (Evse(name="1", circuit="main"), Evse(name="2", circuit="b"))
    bench = Bench(Site(name="s", circuits=circuits, evses=evses, margin=1.0))
    bench.run(30, *(Wish(evse=name, most=22.08e3) for name in "12"))
    assert bench.currents() == {"1": 32.0, "2": 16.0}


TENANTS = (
    Circuit(name="main", import_limit=30e3, metered=True),
    Circuit(name="hall", parent="main"),
    Circuit(name="t1", parent="hall", share=0.5),
    Circuit(name="t2", parent="hall", share=0.5),
)


def test_a_tenants_share_is_of_what_binds_further_up() -> None:
    evses = (Evse(name="a", circuit="t1", dc=True), *(Evse(name=f"b{k}", circuit="t2", dc=True) for k in range(4)))
    bench = Bench(Site(name="s", circuits=TENANTS, evses=evses, margin=1.0))
    bench.run(60, *(Wish(evse=evse.name, most=20e3) for evse in evses))
    assert bench.grants["a"].power == pytest.approx(15e3, rel=0.02)


def test_what_a_tenant_is_guaranteed_is_nobodys_who_is_none() -> None:
    circuits = (Circuit(name="main", import_limit=30e3, metered=True), Circuit(name="t1", parent="main", share=0.5))
    evses = (Evse(name="a", circuit="t1", dc=True), *(Evse(name=f"b{k}", circuit="main", dc=True) for k in range(9)))
    bench = Bench(Site(name="s", circuits=circuits, evses=evses, margin=1.0))
    bench.run(60, *(Wish(evse=evse.name, most=20e3) for evse in evses))
    assert bench.grants["a"].power == pytest.approx(15e3, rel=0.02)


def test_a_tenants_car_does_not_wait_while_others_have_more_than_their_share() -> None:
    circuits = (
        Circuit(name="main", fuse=14.0, metered=True),
        Circuit(name="t1", parent="main", share=0.5),
        Circuit(name="t2", parent="main", share=0.5),
    )
    evses = (Evse(name="a", circuit="t1"), *(Evse(name=f"b{k}", circuit="t2") for k in range(3)))
    bench = Bench(Site(name="s", circuits=circuits, evses=evses, margin=1.0))
    crowd = [Wish(evse=f"b{k}", most=11e3, priority=1, since=900.0) for k in range(3)]
    bench.run(60, *crowd)
    assert sum(current > 0.0 for current in bench.currents().values()) == 2
    bench.run(300, *crowd, Wish(evse="a", most=11e3, since=bench.now))
    bench.step = 10
    for _ in range(60):
        bench.run(60, *crowd, Wish(evse="a", most=11e3, since=1060.0))
        assert bench.grants["a"].current >= 6.0


def test_who_needs_three_lines_has_its_turn_beside_many_that_need_one() -> None:
    """The turns of those on each line end at different times: never are all three free unless somebody sees to it."""
    small = [outlet(f"{line}{k}", (line,)) for line in range(3) for k in range(2)]
    bench = Bench(site(*small, outlet("big"), fuse=7.0))
    wishes: list[Wish] = []
    for line in range(3):
        wishes += [Wish(evse=f"{line}{k}", most=3e3, phases=1, since=bench.now) for k in range(2)]
        bench.run(290, *wishes)
    wishes.append(Wish(evse="big", most=11e3, since=bench.now))
    bench.step = 10
    on = dict.fromkeys([wish.evse for wish in wishes], 0)
    for _ in range(4 * 60):
        bench.run(60, *wishes)
        for name, grant in bench.grants.items():
            on[name] += grant.current > 0.0
    assert min(on.values()) >= 45, on


def test_an_urgent_car_does_not_chatter_at_a_limit_that_hovers() -> None:
    bench = Bench(site(outlet("1"), fuse=16.0))
    wish, changes, before = Wish(evse="1", most=11e3, target=11e3, urgent=True), 0, 0.0
    for second in range(900):
        bench.signals = (Signal(id="cap", source="dso", kind=Kind.CONTROLLABLE_LIMIT, value=4.3e3 if second % 20 < 17 else 4.0e3),)
        now = bench.run(1, wish)["1"].current
        changes += (now > 0.0) is not (before > 0.0)
        before = now
    assert 2 <= changes <= 7
    bench.signals = ()
    bench.run(300, wish)
    assert bench.grants["1"].current > 6.0


def test_a_car_that_follows_a_falling_limit_within_its_time_is_not_opened() -> None:
    bench = Bench(site(outlet("1"), fuse=32.0), delay=4)
    bench.run(40, Wish(evse="1", most=22e3))
    for second in range(20):
        bench.signals = (Signal(id="cap", source="dso", kind=Kind.IMPORT_LIMIT, value=(30.0 - 1.2 * second) * 690.0),)
        bench.run(1, Wish(evse="1", most=22e3))
        assert not bench.grants["1"].fault, second


def test_who_is_off_for_what_is_too_little_does_not_wait_for_a_turn() -> None:
    bench = Bench(site(outlet("1"), outlet("2"), fuse=32.0))
    bench.run(10, Wish(evse="1", most=2e3, why_most="cap"), Wish(evse="2", most=11e3, target=2e3, fills=False))
    assert bench.currents() == {"1": 0.0, "2": 0.0}
    assert bench.grants["1"].why == "below 6 A: cap"
    assert bench.grants["2"].why == "below 6 A: target"


def test_who_has_just_been_turned_off_says_so() -> None:
    bench = Bench(site(outlet("1"), fuse=32.0))
    bench.run(10, Wish(evse="1", most=11e3))
    bench.signals = (Signal(id="cap", source="dso", kind=Kind.IMPORT_LIMIT, value=0.0),)
    bench.run(10, Wish(evse="1", most=11e3))
    assert bench.grants["1"].why == "waits for its turn: main, cap 0 kW"
    bench.signals = ()
    bench.run(10, Wish(evse="1", most=11e3))
    assert bench.grants["1"].why == "off for at least 5 min"
    assert bench.grants["1"].limit is None


def test_an_outlet_without_a_meter_settles() -> None:
    bench = Bench(site(outlet("1"), fuse=32.0), delay=3, main=(4.0, 4.0, 4.0))
    bench.outlet_meters = False
    bench.run(60, Wish(evse="1", most=22e3))
    seen = {bench.run(1, Wish(evse="1", most=22e3))["1"].current for _ in range(60)}
    assert max(seen) - min(seen) <= 1.0, seen
    assert bench.highest["main"][0] <= 32.0


def test_a_meter_of_an_outlet_that_fails_for_a_second_takes_nothing_away() -> None:
    bench = Bench(site(outlet("1"), fuse=32.0))
    bench.run(40, Wish(evse="1", most=22e3))
    bench.dead.add("1")
    bench.run(9, Wish(evse="1", most=22e3))
    assert bench.currents() == {"1": 31.8}


def test_what_comes_back_behind_a_dead_meter_is_lent_to_nobody() -> None:
    bench = Bench(site(outlet("1", discharge=22e3), outlet("2"), fuse=16.0))
    give = Wish(evse="1", most=0.0, target=-10 * 690.0, gives=22e3)
    bench.run(40, give, Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": -10.0, "2": 25.0}
    bench.dead.add("1")
    bench.run(11, give, Wish(evse="2", most=22e3))
    assert bench.currents()["2"] <= 16.0


@pytest.mark.parametrize("target", [0.0, -2 * 690.0])
def test_behind_a_dead_meter_too_a_car_ends_to_give_when_it_is_told(target: float) -> None:
    """For some seconds it gives on, while others might live on it; then it does what it is told, whatever nobody can see."""
    bench = Bench(site(outlet("1", discharge=22e3), outlet("2"), import_limit=16 * 690.0))
    bench.run(60, Wish(evse="1", most=0.0, target=-10 * 690.0, gives=22e3), Wish(evse="2", most=22e3))
    bench.dead.add("1")
    bench.run(60, Wish(evse="1", most=0.0, target=-10 * 690.0, gives=22e3), Wish(evse="2", most=22e3))
    assert bench.currents()["1"] == -10.0
    bench.run(10, Wish(evse="1", most=0.0, target=target, gives=22e3), Wish(evse="2", most=22e3))
    for _ in range(30):
        bench.run(1, Wish(evse="1", most=0.0, target=target, gives=22e3), Wish(evse="2", most=22e3))
        assert bench.currents()["1"] == target / 690.0
        assert bench.currents()["2"] <= 16.0


def test_a_ban_ends_it_at_once_though_another_lives_on_it() -> None:
    bench = Bench(site(outlet("1", discharge=22e3), outlet("2"), import_limit=16 * 690.0))
    bench.run(60, Wish(evse="1", most=0.0, target=-10 * 690.0, gives=22e3), Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": -10.0, "2": 25.0}
    bench.run(1, Wish(evse="1", most=0.0, target=-10 * 690.0, gives=0.0), Wish(evse="2", most=22e3))
    assert bench.currents()["1"] == 0.0
    assert bench.currents()["2"] <= 16.0
