"""One second of a site: which policy holds, what comes back, and what batteries are told."""

from __future__ import annotations

import pytest

from iso15118.energy import Need
from iso15118.grid.meters import Reading
from iso15118.grid.planning import EvsePlan, SitePlan
from iso15118.grid.planning.ladder import Rung
from iso15118.grid.prices import Demand, Prices
from iso15118.grid.second import Done, Kept, Known, second
from iso15118.grid.series import constant
from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import Battery, Circuit, Evse, Site
from iso15118.grid.tree import Tree
from iso15118.grid.visits import Visit
from iso15118.value import replace

START = 1_800_000_000.0
SITE = Site(
    name="s",
    circuits=(Circuit(name="grid", import_limit=60e3, metered=True),),
    evses=tuple(Evse(name=name, circuit="grid", dc=True, charge=20e3, discharge=20e3, most=80.0) for name in "12"),
    batteries=(Battery(name="cellar", circuit="grid", capacity=30e3, charge=10e3, discharge=10e3),),
)


def visit(name: str) -> Visit:
    need = Need(10e3, 30e3, -20e3, 36e3, 20e3, 20e3)
    return Visit(evse=name, need=need, arrival=START, departure=START + 36e3, discharges=True)


def plan(*powers: float, battery: float = 0.0, made: float = START) -> SitePlan:
    cars = tuple(EvsePlan(evse=name, power=(power,), energy=(power,), target=10e3) for name, power in zip("12", powers, strict=True))
    return SitePlan(
        made=made,
        edges=(made, made + 3600.0),
        evses=cars,
        batteries={"cellar": (battery,)},
        grid=(0.0,),
        curtailed=(0.0,),
        price=(0.2,),
        peak=0.0,
        cost=0.0,
    )


def lived(known: Known, name: str = "v2h_backup", seconds: int = 30) -> Done:
    """After so many of the same seconds, in which nothing follows what is granted."""
    kept, tree = Kept(), Tree(SITE)
    for k in range(seconds):
        now = known.now + k
        meters = {circuit: replace(reading, at=now) for circuit, reading in known.meters.items()}
        draws = {evse: replace(reading, at=now) for evse, reading in known.draws.items()}
        kept, done = second(tree, name, replace(known, now=now, meters=meters, draws=draws), kept)
    return done


def known(load: float, planned: SitePlan | None, **more: object) -> Known:
    amps = load / 690.0
    zero = {name: Reading((0.0, 0.0, 0.0), 0.0) for name in "12"}
    meters = {"grid": Reading((amps, amps, amps), 0.0)}
    visits = {name: visit(name) for name in "12"}
    words = {"now": 0.0, "moment": START + 1.0, "meters": meters, "draws": zero, "visits": visits, "plan": planned, **more}
    return Known(**words)  # type: ignore[arg-type]


@pytest.mark.parametrize(("load", "given"), [(30e3, 20e3), (9e3, 9e3), (-5e3, 0.0)])
def test_no_more_comes_back_than_the_site_uses(load: float, given: float) -> None:
    """Both are to give 10 kW by the plan; the sun shines more than it was thought to."""
    done = lived(known(load, plan(-10e3, -10e3)))
    assert -sum(grant.power for grant in done.grants.values()) == pytest.approx(given, abs=2 * 69.0)


def test_a_policy_that_sells_gives_what_is_planned() -> None:
    done = lived(known(0.0, plan(-10e3, -10e3)), "v2g_revenue")
    assert -sum(grant.power for grant in done.grants.values()) == pytest.approx(20e3, abs=2 * 69.0)


@pytest.mark.parametrize(
    ("battery", "load", "told"), [(4e3, 10e3, 4e3), (99e3, 10e3, 10e3), (8e3, 54e3, 60e3 * 0.97 - 54e3), (-99e3, 30e3, -10e3)]
)
def test_a_battery_is_told_its_plan_within_what_it_and_the_connection_can(battery: float, load: float, told: float) -> None:
    assert lived(known(load, plan(0.0, 0.0, battery=battery))).batteries["cellar"] == pytest.approx(told)


def test_a_battery_rests_without_a_plan_that_holds() -> None:
    assert lived(known(10e3, None)).batteries == {"cellar": 0.0}
    assert lived(known(10e3, plan(0.0, 0.0, battery=4e3, made=START - 1800.0))).batteries == {"cellar": 0.0}


def test_the_ladder() -> None:
    assert lived(known(10e3, plan(0.0, 0.0))).footing.rung is Rung.PLAN
    assert lived(known(10e3, None, trouble="no plan: killed")).footing.rung is Rung.LAXITY
    assert lived(known(10e3, plan(0.0, 0.0), needless=frozenset("12"))).footing.rung is Rung.SHARE
    assert lived(known(10e3, plan(0.0, 0.0), meters={})).footing.rung is Rung.FAILSAFE
    assert lived(known(10e3, None), "equal_share").footing.rung is Rung.PLAN


def test_what_a_car_was_promised_is_what_it_should_have() -> None:
    """The newest plan lets it wait; its own profile, under the schedule it was given, does not."""
    done = lived(known(10e3, plan(0.0, 0.0), promised={"1": 8e3}))
    assert done.grants["1"].power == pytest.approx(8e3, abs=69.0)
    assert done.grants["2"].power == 0.0


def test_a_battery_that_is_read_shares_what_there_is_with_cars() -> None:
    """It follows what it is told a second later, and so does a car: the connection carries both, and neither swings."""
    kept, tree = Kept(), Tree(SITE)
    stored = taken = 0.0
    tolds, totals = [], []
    for k in range(60):
        now, amps = float(k), (20e3 + stored + taken) / 690.0
        draws = {
            "1": Reading((taken / 690.0,) * 3, now),
            "2": Reading((0.0, 0.0, 0.0), now),
            "cellar": Reading((stored / 690.0,) * 3, now),
        }
        inputs = replace(known(0.0, plan(60e3, 0.0, battery=9e3)), now=now, meters={"grid": Reading((amps,) * 3, now)}, draws=draws)
        kept, done = second(tree, "v2h_backup", inputs, kept)
        stored, taken = done.batteries["cellar"], done.grants["1"].power
        tolds.append(stored)
        totals.append(20e3 + stored + taken)
    assert max(totals) <= 60e3
    assert tolds[-20:] == [pytest.approx(9e3, abs=100.0)] * 20
    assert "cellar" not in done.grants
    forbids = Signal(id="no", source="dso", kind=Kind.DISCHARGE, value=0.0)
    inputs = replace(known(20e3, plan(0.0, 0.0, battery=-9e3)), draws=draws, now=60.0, meters={"grid": Reading((60.0,) * 3, 60.0)})
    assert second(tree, "v2h_backup", inputs, kept)[1].batteries["cellar"] < 0.0
    assert second(tree, "v2h_backup", replace(inputs, signals=(forbids,)), kept)[1].batteries["cellar"] == 0.0


@pytest.mark.parametrize(
    ("peak", "paid", "load", "told"), [(20e3, 0.0, 26e3, -6e3), (20e3, 24e3, 26e3, -2e3), (20e3, 0.0, 12e3, 0.0), (20e3, 0.0, 45e3, -10e3)]
)
def test_a_battery_that_is_read_holds_the_peak_that_was_planned(peak: float, paid: float, load: float, told: float) -> None:
    """It follows a second later; the load is what it is. Without a demand charge, or without its meter, it does as planned."""
    prices = Prices(
        import_price=constant(0.3, START, START + 7200.0), export_price=constant(0.0, START, START + 7200.0), demand=Demand(10.0, peak=paid)
    )
    kept, tree, stored = Kept(), Tree(SITE), 0.0
    for k in range(30):
        now = float(k)
        meters = {"grid": Reading(((load + stored) / 690.0,) * 3, now)}
        draws = {**{name: Reading((0.0,) * 3, now) for name in "12"}, "cellar": Reading((stored / 690.0,) * 3, now)}
        inputs = replace(known(0.0, replace(plan(0.0, 0.0), peak=peak)), now=now, meters=meters, draws=draws, prices=prices)
        kept, done = second(tree, "peak_shaving", inputs, kept)
        stored = done.batteries["cellar"]
    assert stored == pytest.approx(told, abs=70.0)
    more = replace(inputs, plan=replace(inputs.plan, grid=(99e3,)))  # a quarter of an hour that has drawn little may draw so much
    assert second(tree, "peak_shaving", more, kept)[1].batteries["cellar"] == pytest.approx(0.0, abs=70.0)
    free = replace(inputs, prices=replace(prices, demand=None))
    assert second(tree, "peak_shaving", free, kept)[1].batteries["cellar"] == pytest.approx(0.0, abs=70.0)
    unread = replace(inputs, draws={name: reading for name, reading in draws.items() if name != "cellar"})
    assert second(tree, "peak_shaving", unread, Kept())[1].batteries["cellar"] == 0.0
