"""The allocator case by case: phases, turns, ramps, late meters, and the words that explain a grant."""

from __future__ import annotations

import pytest

from iso15118.grid.allocate import allocate
from iso15118.grid.grants import Allocated, Grant, Wish
from iso15118.grid.headroom import Swings, headroom
from iso15118.grid.meters import Reading
from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.grid.tree import Tree
from iso15118.value import replace

NO = (0.0, 0.0, 0.0)


class Bench:
    """A site whose other loads are set by hand. Cars take what they get after `delay` seconds."""

    def __init__(self, site: Site, delay: int = 0, **other: tuple[float, float, float]) -> None:
        self.site, self.tree, self.delay = site, Tree(site), delay
        self.other = other
        self.now, self.swings, self.state = 1000.0, Swings(), Allocated()
        self.told: list[dict[str, float]] = []
        self.delays: dict[str, int] = {}
        """Of cars that follow sooner or later than the others."""
        self.period, self.step = 1, 1
        """Seconds between two readings of a circuit's meter, and between two allocations."""
        self.draws = dict.fromkeys((evse.name for evse in site.evses), 0.0)
        self.phases: dict[str, int] = {}
        self.dead: set[str] = set()
        """Circuits and outlets whose meters say nothing."""
        self.signals: tuple[Signal, ...] = ()
        self.readings: dict[str, Reading] = {}
        self.grants: dict[str, Grant] = {}
        self.highest: dict[str, list[float]] = {circuit.name: [0.0] * 3 for circuit in site.circuits}
        self.outlet_meters = True

    def lines(self, evse: Evse) -> list[float]:
        used = evse.lines if evse.dc else evse.lines[: self.phases.get(evse.name, 3)]
        return [self.draws[evse.name] if line in used else 0.0 for line in range(3)]

    def run(self, seconds: int, *wishes: Wish) -> dict[str, Grant]:
        self.phases.update({wish.evse: wish.phases for wish in wishes})
        for _ in range(0, seconds, self.step):
            self.now += self.step
            for circuit in self.site.circuits:
                sums = [self.other.get(circuit.name, NO)[line] for line in range(3)]
                for evse in self.site.below(circuit.name):
                    sums = [a + b for a, b in zip(sums, self.lines(evse), strict=True)]
                self.highest[circuit.name] = [max(pair) for pair in zip(self.highest[circuit.name], sums, strict=True)]
                if circuit.metered and circuit.name not in self.dead and self.now % self.period == 0:
                    self.readings[circuit.name] = Reading((sums[0], sums[1], sums[2]), self.now)
            draws = {}
            for evse in self.site.evses if self.outlet_meters else ():
                if evse.name in self.dead:
                    continue
                a, b, c = self.lines(evse)
                draws[evse.name] = Reading((a, b, c), self.now)
            self.swings, room = headroom(self.tree, self.readings, draws, self.signals, self.swings, now=self.now, moment=self.now)
            self.state, made = allocate(self.tree, room, wishes, self.state, self.now)
            self.grants = {grant.evse: grant for grant in made}
            self.told.append({name: grant.current for name, grant in self.grants.items()})
            for name in self.grants:
                delay = self.delays.get(name, self.delay)
                if len(self.told) > delay:
                    self.draws[name] = self.told[-1 - delay].get(name, 0.0)
        return self.grants

    def currents(self) -> dict[str, float]:
        return {name: round(grant.current, 3) for name, grant in self.grants.items()}


def site(*evses: Evse, margin: float = 1.0, **main: object) -> Site:
    return Site(name="s", circuits=(Circuit(name="main", metered=True, **main),), evses=evses, margin=margin)  # type: ignore[arg-type]


def outlet(name: str, lines: tuple[int, ...] = (0, 1, 2), **more: object) -> Evse:
    return Evse(name=name, circuit="main", lines=lines, **more)  # type: ignore[arg-type]


def test_two_share_what_there_is() -> None:
    bench = Bench(site(outlet("1"), outlet("2"), fuse=32.0), main=(4.0, 4.0, 4.0))
    bench.run(30, Wish(evse="1", most=22e3), Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": 14.0, "2": 14.0}
    assert bench.grants["1"].why == "L1 of main, fuse 32 A, other load 4 A"
    assert bench.grants["1"].power == pytest.approx(14.0 * 690.0)


def test_targets_first_then_the_rest_by_weight() -> None:
    bench = Bench(site(outlet("1"), outlet("2"), fuse=32.0))
    bench.run(30, Wish(evse="1", most=22e3, target=20 * 690.0), Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": 20.0, "2": 12.0}
    bench.run(30, Wish(evse="1", most=22e3, target=10 * 690.0, fills=False), Wish(evse="2", most=22e3, target=8 * 690.0, fills=False))
    assert bench.currents() == {"1": 10.0, "2": 8.0}
    assert bench.grants["2"].why == "target"


def test_a_single_phase_car_is_bound_by_its_phase_alone() -> None:
    """An oven on L3 is nothing to a car on L1."""
    bench = Bench(site(outlet("1", (0,)), outlet("2", (2,)), fuse=25.0), main=(3.0, 3.0, 20.0))
    bench.run(30, Wish(evse="1", most=3680.0, phases=1), Wish(evse="2", most=3680.0, phases=1))
    assert bench.currents() == {"1": 16.0, "2": 0.0}
    assert bench.grants["2"].why == "waits for its turn: L3 of main, fuse 25 A, other load 20 A"


def test_below_six_amperes_is_nothing_and_turns_are_taken() -> None:
    bench = Bench(site(outlet("1"), outlet("2"), outlet("3"), fuse=14.0))
    wishes = [Wish(evse=name, most=11e3, since=float(name)) for name in "123"]
    bench.run(60, *wishes)
    assert bench.currents() == {"1": 7.0, "2": 7.0, "3": 0.0}
    bench.step = 10
    hours = dict.fromkeys("123", 0)
    for _ in range(12 * 6):
        bench.run(300, *wishes)
        for name, grant in bench.grants.items():
            assert grant.current == 0.0 or grant.current >= 6.0
            hours[name] += grant.current > 0.0
    assert max(hours.values()) - min(hours.values()) <= 4, hours
    assert bench.highest["main"] <= [14.0 + 1e-6] * 3


def test_who_must_charge_goes_before_everybody_and_at_once() -> None:
    bench = Bench(site(outlet("1"), outlet("2"), fuse=10.0))
    bench.run(60, Wish(evse="1", most=11e3), Wish(evse="2", most=11e3, since=5.0))
    assert bench.currents() == {"1": 10.0, "2": 0.0}
    bench.run(30, Wish(evse="1", most=11e3), Wish(evse="2", most=11e3, target=11e3, urgent=True))
    assert bench.currents() == {"1": 0.0, "2": 10.0}


def test_up_by_a_ramp_and_down_at_once() -> None:
    bench = Bench(site(outlet("1"), fuse=32.0))
    bench.run(1, Wish(evse="1", most=22e3))
    assert bench.currents() == {"1": 16.0}  # the first second counts as five: 6 A and the ramp of 2 A/s
    bench.run(3, Wish(evse="1", most=22e3))
    assert bench.currents() == {"1": 22.0}
    assert bench.grants["1"].why == "rises by 2 A a second"
    bench.other["main"] = (20.0, 20.0, 20.0)
    bench.run(1, Wish(evse="1", most=22e3))
    assert bench.currents() == {"1": 11.0}  # 12 A are left, less the guard for a load that moves


def test_direct_current_of_a_large_outlet_is_there_in_sixteen_seconds() -> None:
    bench = Bench(site(outlet("1", dc=True, most=240.0, charge=160e3), fuse=400.0))
    bench.run(1, Wish(evse="1", most=160e3))
    bench.run(1, Wish(evse="1", most=160e3))
    assert bench.currents() == {"1": 90.0}
    assert bench.grants["1"].why == "rises by 15 A a second"


def test_nobody_rises_into_what_another_has_not_let_go_of_yet() -> None:
    """A car that follows after four seconds keeps its room until a meter has seen it go."""
    bench = Bench(site(outlet("1"), outlet("2"), fuse=30.0), delay=4)
    bench.run(40, Wish(evse="1", most=22e3))
    assert bench.currents() == {"1": 30.0}
    bench.run(40, Wish(evse="1", most=22e3), Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": 15.0, "2": 15.0}
    assert bench.highest["main"] == [30.0] * 3


def test_what_comes_back_counts_once_it_is_measured() -> None:
    bench = Bench(site(outlet("1", discharge=22e3), outlet("2"), fuse=16.0), delay=3)
    bench.run(40, Wish(evse="1", most=0.0, target=-10 * 690.0, gives=22e3), Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": -10.0, "2": 25.0}
    assert bench.highest["main"] <= [16.0] * 3
    bench.outlet_meters = False
    bench.run(4, Wish(evse="1", most=0.0, target=-10 * 690.0, gives=22e3), Wish(evse="2", most=22e3))
    assert bench.grants["2"].current <= 16.0


def test_nothing_is_given_back_that_would_leave_a_site_of_zero_export() -> None:
    bench = Bench(site(outlet("1", discharge=22e3), export_limit=0.0), main=(2.0, 2.0, 2.0))
    bench.run(40, Wish(evse="1", most=22e3, target=-20e3, gives=22e3))
    assert bench.currents() == {"1": -2.0}
    assert bench.grants["1"].power == pytest.approx(-2.0 * 690.0)


def test_a_meter_that_dies_while_48_A_flow() -> None:
    """Never more, less from 3 s on, the fail-safe after 10 s."""
    bench = Bench(site(outlet("1"), outlet("2"), outlet("3"), fuse=50.0))
    wishes = [Wish(evse=name, most=11.04e3) for name in "123"]
    bench.run(40, *wishes)
    assert bench.currents() == dict.fromkeys("123", 16.0)
    bench.dead.add("main")
    totals = []
    for _ in range(15):
        bench.run(1, *wishes)
        totals.append(sum(bench.currents().values()))
    assert totals == sorted(totals, reverse=True)
    assert totals[2] == 48.0
    assert totals[9] < 48.0
    assert sorted(bench.currents().values()) == [0.0, 6.0, 6.0]  # 30 % of the room were left before the fail-safe: two at 6 A
    assert [g.why for g in bench.grants.values() if g.current] == ["meter of main silent: 15.0 s old"] * 2
    bench.dead.clear()
    bench.run(320, *wishes)
    assert bench.currents() == dict.fromkeys("123", 16.0)


def test_a_failsafe_of_the_circuit_takes_the_place_of_six_amperes() -> None:
    bench = Bench(site(outlet("1"), outlet("2", dc=True), fuse=50.0, failsafe=0.0))
    wishes = [Wish(evse=name, most=11.04e3) for name in "12"]
    bench.run(40, *wishes)
    bench.dead.add("main")
    bench.run(11, *wishes)
    assert bench.currents() == {"1": 0.0, "2": 0.0}


def test_a_limit_that_drops_is_kept_by_what_is_granted_at_once() -> None:
    bench = Bench(site(*(outlet(str(k)) for k in range(8)), import_limit=100e3), delay=3)
    wishes = [Wish(evse=str(k), most=11e3) for k in range(8)]
    bench.run(60, *wishes)
    assert sum(grant.power for grant in bench.grants.values()) > 80e3
    bench.signals = (Signal(id="cap", source="dso", kind=Kind.IMPORT_LIMIT, value=40e3),)
    bench.run(1, *wishes)
    assert 30e3 < sum(grant.power for grant in bench.grants.values()) <= 40e3
    assert "cap 40 kW" in bench.grants["0"].why


def test_controllable_loads_under_a_dimming_order() -> None:
    dim = Signal(id="lpc", source="dso", kind=Kind.CONTROLLABLE_LIMIT, value=13_020.0)
    bench = Bench(site(*(outlet(str(k)) for k in range(4)), fuse=100.0), main=(30.0, 30.0, 30.0))
    bench.signals = (dim,)
    bench.run(40, *(Wish(evse=str(k), most=11e3) for k in range(4)))
    assert 11e3 < sum(grant.power for grant in bench.grants.values()) <= 13_020.0  # the household's 20 kW are nothing to it


def test_a_tenant_has_its_share_and_others_what_it_leaves() -> None:
    circuits = (
        Circuit(name="main", import_limit=30e3, metered=True),
        Circuit(name="t1", parent="main", share=0.5),
        Circuit(name="t2", parent="main", share=0.5),
    )
    evses = (Evse(name="a", circuit="t1", dc=True), *(Evse(name=f"b{k}", circuit="t2", dc=True) for k in range(4)))
    bench = Bench(Site(name="s", circuits=circuits, evses=evses, margin=1.0))
    crowd = [Wish(evse=f"b{k}", most=20e3) for k in range(4)]
    bench.run(60, Wish(evse="a", most=20e3), *crowd)
    assert bench.grants["a"].power == pytest.approx(15e3, rel=0.02)
    bench.run(60, Wish(evse="a", most=5e3), *crowd)
    assert sum(bench.grants[f"b{k}"].power for k in range(4)) == pytest.approx(25e3, rel=0.02)


def test_a_small_step_up_is_not_worth_a_new_set_point() -> None:
    bench = Bench(site(outlet("1"), fuse=32.0), main=(16.0, 0.0, 0.0))
    bench.run(20, Wish(evse="1", most=22e3))
    assert bench.currents() == {"1": 16.0}
    bench.swings = Swings()
    bench.other["main"] = (15.7, 0.0, 0.0)
    bench.run(5, Wish(evse="1", most=22e3))
    assert bench.currents() == {"1": 16.0}


def test_who_takes_more_than_granted_for_five_seconds_is_to_be_opened() -> None:
    bench = Bench(site(outlet("1"), fuse=32.0))
    bench.run(20, Wish(evse="1", most=10 * 690.0))
    faults = []
    for _ in range(8):
        bench.draws["1"] = 12.0
        bench.run(1, Wish(evse="1", most=10 * 690.0))
        faults.append(bench.grants["1"].fault)
    assert faults[:5] == [""] * 5
    assert faults[5:] == ["takes 12.0 A of 10.0 A"] * 3


def test_while_phases_are_switched_the_worse_set_counts() -> None:
    bench = Bench(site(outlet("1"), outlet("2"), fuse=20.0))
    one = Wish(evse="1", most=16 * 230.0, phases=1)
    bench.run(30, one, Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": 10.0, "2": 10.0}
    bench.run(1, replace(one, phases=3, most=16 * 690.0), Wish(evse="2", most=22e3))
    assert sum(bench.currents().values()) <= 20.0


def test_the_clock_jumps_and_no_limit_is_broken() -> None:
    bench = Bench(site(outlet("1"), outlet("2"), fuse=32.0))
    wishes = [Wish(evse="1", most=22e3), Wish(evse="2", most=22e3)]
    bench.run(30, *wishes)
    for jump in (3600.0, -7200.0, 3600.0):
        bench.now += jump
        bench.run(3, *wishes)
        assert sum(bench.currents().values()) <= 32.0
    bench.now -= 7200.0
    bench.other["main"] = (16.0, 16.0, 16.0)
    bench.run(5, *wishes)
    bench.swings = replace(bench.swings, guards={})
    bench.run(20, *wishes)
    assert sum(bench.currents().values()) == 16.0


def test_the_same_seconds_make_the_same_grants() -> None:
    def story() -> list[dict[str, Grant]]:
        bench = Bench(site(outlet("1"), outlet("2", (0,)), fuse=17.0), main=(1.0, 2.0, 3.0))
        return [bench.run(1, Wish(evse="1", most=11e3), Wish(evse="2", most=3e3, phases=1)) for _ in range(50)]

    assert story() == story()


def test_who_gives_goes_on_until_those_who_live_on_it_have_made_way() -> None:
    """The car that gives obeys at once, the one that charges after four seconds: what is told to them must not be told at once."""
    bench = Bench(site(outlet("1", discharge=22e3), outlet("2"), fuse=16.0))
    bench.delays["2"] = 4
    giving = Wish(evse="1", most=0.0, target=-10 * 690.0, gives=22e3)
    bench.run(60, giving, Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": -10.0, "2": 25.0}
    bench.run(1, replace(giving, target=0.0), Wish(evse="2", most=22e3))
    assert bench.grants["1"].why == "gives until others have made way"
    assert bench.currents()["2"] == 16.0
    bench.run(20, replace(giving, target=0.0), Wish(evse="2", most=22e3))
    assert bench.currents() == {"1": 0.0, "2": 16.0}
    assert bench.highest["main"] <= [16.0] * 3
    bench.run(30, giving, Wish(evse="2", most=22e3))
    bench.run(1, replace(giving, target=0.0, gives=0.0), Wish(evse="2", most=22e3))
    assert bench.currents()["1"] == 0.0  # who must allow it does not any more: nothing is held back
