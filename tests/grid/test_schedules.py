"""A plan as schedules and prices of a car, held against the checks of the car and of the charger."""

from __future__ import annotations

import pytest

from iso15118.energy import Need, Plan, Slot
from iso15118.errors import LocalError
from iso15118.grid.planning import EvsePlan, Outlook, Question, SitePlan
from iso15118.grid.prices import Demand, Prices
from iso15118.grid.schedules import merged, schedules, unplanned
from iso15118.grid.series import Series, constant
from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import Circuit, Evse, Pv, Site
from iso15118.grid.visits import Visit

START = 1_800_000_000.0
HOUR = 3600.0
SITE = Site(
    name="s",
    circuits=(Circuit(name="grid", import_limit=40e3), Circuit(name="a", parent="grid", fuse=32.0)),
    evses=tuple(Evse(name=str(n), circuit="a" if n < 3 else "grid", charge=11e3, discharge=11e3, most=16.0) for n in range(1, 5)),
    pvs=(Pv(name="roof", circuit="grid", peak=20e3),),
    margin=1.0,
)
PRICES = (0.30, 0.10, 0.20, 0.40)


def visit(evse: str = "1", *, target: float = 15e3, hours: float = 4.0, **more: object) -> Visit:
    need = Need(target, 40e3, 0.0, hours * HOUR, 11e3)
    return Visit(evse=evse, need=need, arrival=START, departure=START + hours * HOUR, **more)  # type: ignore[arg-type]


def question(*visits: Visit, site: Site = SITE, load: float = 10e3, sun: tuple[float, ...] = (0.0,) * 4, **more: object) -> Question:
    prices = Prices(import_price=Series(START, HOUR, PRICES), export_price=constant(0.05, START, START + 4 * HOUR))
    outlook = Outlook(load={"grid": constant(load, START, START + 4 * HOUR)}, pv={"roof": Series(START, HOUR, sun)})
    return Question(**{"now": START, "site": site, "visits": visits, "outlook": outlook, "prices": prices, **more})  # type: ignore[arg-type]


def plan(*powers: tuple[str, tuple[float, ...]], load: float = 10e3, price: tuple[float, ...] = PRICES, peak: float = 0.0) -> SitePlan:
    hours = range(len(price))
    return SitePlan(
        made=START,
        edges=tuple(START + k * HOUR for k in (*hours, len(price))),
        evses=tuple(EvsePlan(evse=name, power=power, energy=power) for name, power in powers),
        batteries={},
        grid=tuple(load + sum(power[k] for _, power in powers) for k in hours),
        curtailed=tuple(0.0 for _ in hours),
        price=price,
        peak=peak,
        cost=0.0,
    )


def charges(made: Plan) -> list[float]:
    return [slot.charge for slot in made.slots]


def test_the_plan_charges_in_the_cheapest_hours_only_with_what_is_free_there() -> None:
    """10 kW of 40 are used, 8 + 2 are planned: alone in the site, the car can have all its outlet gives."""
    best, green, now = schedules(question(visit()), plan(("1", (0.0, 8e3, 7e3, 0.0))), "1", START)
    assert charges(best) == [0.0, 11e3, 0.0]
    assert [slot.duration for slot in best.slots] == [HOUR, 2 * HOUR, HOUR]
    assert best.start == START
    assert best.duration == 4 * HOUR
    assert charges(green) == [0.0, pytest.approx(11e3), pytest.approx(4140.0), 0.0]  # 4 kW are lacking: 6 A are a bit more
    assert charges(now) == [pytest.approx(30e3 / 4)]
    assert [made.tariff.description for made in (best, green, now) if made.tariff] == ["plan", "green", "now"]


def test_what_is_free_is_shared_by_weight_with_who_is_there() -> None:
    cars = question(visit("1"), visit("3", hours=2.0), load=20e3)
    best = schedules(cars, plan(("1", (0.0, 5e3, 5e3, 0.0)), ("3", (5e3, 5e3, 0.0, 0.0)), load=20e3), "1", START)[0]
    # 40 - 20 - 10 kW are free for two in the second hour; in the third 40 - 20 - 5 kW are for one.
    assert charges(best) == [0.0, 10e3, 11e3, 0.0]


def test_a_feeder_and_a_single_phase() -> None:
    """A fuse of 32 A carries 22.08 kW: 14 are free, of which one phase can have a third."""
    known = question(visit(phases=1), load=0.0)
    assert charges(schedules(known, plan(("1", (0.0, 1e3, 1e3, 0.0)), ("2", (0.0, 7e3, 7e3, 0.0)), load=0.0), "1", START)[0]) == [
        0.0,
        16.0 * 230.0,
        0.0,
    ]
    crowded = plan(("1", (0.0, 2e3, 2e3, 0.0)), ("2", (0.0, 18e3, 18e3, 0.0)), load=0.0)
    assert charges(schedules(known, crowded, "1", START)[0])[1] == pytest.approx(2e3 + (22_080.0 - 20e3) / 3)


def test_a_step_without_power_stays_open_where_energy_is_not_dearer_than_when_it_is_taken() -> None:
    made = plan(("1", (0.0, 8e3, 0.0, 0.0)), price=(0.3, 0.2, 0.2, 0.2001))
    assert [power > 0.0 for power in charges(schedules(question(visit()), made, "1", START)[0])] == [False, True, False]


def test_a_ceiling_below_the_least_power_of_a_car_is_raised_to_it() -> None:
    """The plan means 1 kW in the mean of an hour; three phases charge from 6 A on."""
    tight = plan(("1", (0.0, 1e3, 0.0, 0.0)), load=39e3)
    assert charges(schedules(question(visit(), load=39e3), tight, "1", START)[0])[1] == pytest.approx(3 * 6 * 230.0)


def test_up_to_the_peak_planned_power_is_free_of_a_demand_charge_and_no_further() -> None:
    prices = Prices(import_price=Series(START, HOUR, PRICES), export_price=constant(0.05, START, START + 4 * HOUR), demand=Demand(10.0))
    made = plan(("1", (0.0, 6e3, 4e3, 0.0)), peak=16e3)
    assert charges(schedules(question(visit(), prices=prices), made, "1", START)[0])[1] == pytest.approx(6e3)


def test_a_limit_announced_for_later_binds_in_its_steps() -> None:
    event = Signal(id="e", source="dso", kind=Kind.IMPORT_LIMIT, value=18e3, start=START + 2.5 * HOUR, end=START + 3 * HOUR)
    made = plan(("1", (0.0, 6e3, 6e3, 0.0)))
    assert charges(schedules(question(visit(), signals=(event,)), made, "1", START)[0])[1:3] == [11e3, pytest.approx(8e3)]


def test_green_is_what_the_sun_leaves_and_of_the_plan_what_the_departure_needs_beside() -> None:
    known = question(visit(target=9e3), sun=(16e3, 4e3, 12e3, 10e3))
    _, green, _ = schedules(known, plan(("1", (0.0, 9e3, 0.0, 0.0))), "1", START)
    # 6 kW over in the first hour; 2 kW in the third are below 6 A in three phases.
    assert charges(green) == [pytest.approx(6e3), pytest.approx(4140.0), 0.0]
    assert charges(green)[1] == pytest.approx(3 * 6 * 230.0)


def test_giving_back_is_in_the_plan_alone() -> None:
    best, green, now = schedules(question(visit(discharges=True)), plan(("1", (0.0, 11e3, 4e3, -5e3))), "1", START)
    assert [(slot.charge, slot.discharge) for slot in best.slots] == [(0.0, 0.0), (11e3, 0.0), (0.0, 5e3)]
    assert not any(slot.discharge for made in (green, now) for slot in made.slots)


def test_without_a_plan_there_is_all_the_outlet_has_but_for_a_limit_while_it_lasts() -> None:
    outlet, car = SITE.evse("1"), visit()
    assert unplanned(outlet, car, START).slots == (Slot(4 * HOUR, 11e3, 11e3),)
    assert unplanned(outlet, car, START, 5e3).slots == (Slot(4 * HOUR, 5e3, 5e3),)
    assert unplanned(outlet, car, START, 5e3, START + HOUR).slots == (Slot(HOUR, 5e3, 5e3), Slot(3 * HOUR, 11e3, 11e3))
    assert unplanned(outlet, car, START, 1e3, START + 9 * HOUR).slots == (Slot(4 * HOUR, 4140.0, 1e3),)
    stays = Visit(evse="1", need=Need(1e3, 2e3, 0.0, None, 11e3), arrival=START, departure=START + 86_400.0)
    assert unplanned(outlet, stays, START).duration == 86_400.0


def test_beyond_the_plan_there_is_the_guaranteed_share() -> None:
    best = schedules(question(visit(hours=6.0)), plan(("1", (0.0, 8e3, 8e3, 0.0))), "1", START)[0]
    assert best.duration == 6 * HOUR
    assert best.slots[-1].charge == pytest.approx(3 * 6 * 230.0)


def test_a_tenant_s_guarantee_is_its_own() -> None:
    shop = Circuit(name="shop", parent="grid", share=0.5)
    evses = (Evse(name="1", circuit="shop"), Evse(name="2", circuit="grid"), Evse(name="3", circuit="grid", weight=3.0))
    site = Site(name="s", circuits=(Circuit(name="grid", import_limit=80e3), shop), evses=evses, margin=1.0)
    idle = (0.0,) * 4
    for n, power in (("1", 11e3), ("2", 10e3), ("3", 11e3)):
        assert charges(schedules(question(visit(n), site=site, load=0.0), plan((n, idle), load=0.0), n, START)[2])[0] == power


def test_it_begins_in_the_middle_of_a_step() -> None:
    best = schedules(question(visit()), plan(("1", (0.0, 8e3, 7e3, 0.0))), "1", START + 1800.0)[0]
    assert best.start == START + 1800.0
    assert best.slots[0].duration == 1800.0
    assert best.duration == 3.5 * HOUR


def test_nobody_there() -> None:
    made = plan(("1", (0.0,) * 4))
    for known, evse, now in (
        (question(visit()), "2", START),
        (question(visit("2")), "1", START),
        (question(visit()), "1", START + 4 * HOUR),
    ):
        with pytest.raises(LocalError, match=f"EVSE {evse}: no car that the plan has"):
            schedules(known, made, evse, now)


def test_levels_rank_what_energy_is_worth() -> None:
    best = schedules(question(visit()), plan(("1", (0.0, 8e3, 7e3, 0.0))), "1", START)[0]
    assert best.tariff is not None
    assert best.back_tariff is not None
    assert not best.tariff.stacks
    assert [each.level for each in best.tariff.levels] == [2, 0, 1, 3]
    assert [each.level for each in best.back_tariff.levels] == [1, 3, 2, 0]


def test_a_driver_s_price_is_told_as_it_is_and_giving_back_pays_its_worth_less_the_wear() -> None:
    retail = Series(START, HOUR, (0.5, 0.4, 0.4, 0.6))
    best = schedules(question(visit()), plan(("1", (0.0, 8e3, 7e3, 0.0))), "1", START, retail=retail)[0]
    assert best.tariff is not None
    assert best.back_tariff is not None
    assert [stack.rules[0].energy for stack in best.tariff.stacks] == [0.5, 0.4, 0.4, 0.6]
    assert [stack.rules[0].energy for stack in best.back_tariff.stacks] == [pytest.approx(-(price - 0.04)) for price in PRICES]


def test_a_driver_s_price_that_ends_early_is_no_price() -> None:
    best = schedules(question(visit()), plan(("1", (0.0, 8e3, 7e3, 0.0))), "1", START, retail=constant(0.5, START, START + HOUR))[0]
    assert best.tariff is not None
    assert not best.tariff.stacks
    assert best.tariff.levels


def test_near_steps_become_one_at_the_lowest_power_and_do_not_creep() -> None:
    steps = [Slot(10.0, 1000.0 + 40.0 * n) for n in range(6)]
    assert merged(steps) == (Slot(30.0, 1000.0), Slot(30.0, 1120.0))
    assert merged([Slot(1.0, 50.0), Slot(1.0, 0.0)]) == (Slot(1.0, 50.0), Slot(1.0, 0.0))
