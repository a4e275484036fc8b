"""What a site's people want to see of its plans, over whole days: planned again and again, followed step by step."""

from __future__ import annotations

from math import exp
from random import Random

import pytest

from iso15118.energy import Need
from iso15118.grid.planning import Objective, Outlook, Question
from iso15118.grid.planning.buffer import Habit
from iso15118.grid.planning.following import followed
from iso15118.grid.planning.program import plan
from iso15118.grid.policies import Moment
from iso15118.grid.prices import Demand, Prices
from iso15118.grid.series import Series, constant
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.grid.visits import Visit
from iso15118.units import HOUR
from iso15118.value import replace
from tests.grid.planning.made import KW, KWH, MIDNIGHT, ask, car

QUARTER = 900.0
DAY = 86_400.0


def moved(visit: Visit, energy: float) -> Visit:
    """Its need after it has got so many Wh more."""
    need, window = visit.need, (visit.need.v2x_max_energy, visit.need.v2x_min_energy)
    top, bottom = (None if edge is None else edge - energy for edge in window)
    return replace(
        visit,
        need=replace(
            need,
            target_energy=need.target_energy - energy,
            max_energy=need.max_energy - energy,
            min_energy=need.min_energy - energy,
            v2x_max_energy=top,
            v2x_min_energy=bottom,
        ),
    )


def lived(question: Question, until: float, objective: Objective) -> tuple[list[float], list[float]]:
    """One car planned anew each quarter of an hour and charged as `followed` says: W in each, and Wh in it after each."""
    [visit] = question.visits
    evse, power, energy, now = question.site.evses[0], [], [0.0], question.now
    while now < until:
        made = plan(replace(question, now=now, visits=(visit,), objective=objective))
        told = followed(Moment(now=now, site=question.site, visits=(visit,), available=1e6, plan=made))[evse.name]
        gain = told * QUARTER / HOUR * (visit.efficiency if told > 0.0 else 1.0 / visit.efficiency)
        power.append(told)
        energy.append(energy[-1] + gain)
        visit, now = moved(visit, gain), now + QUARTER
    return power, energy


def test_a_night_costs_what_its_cheapest_hours_cost() -> None:
    """Plugged in at 18:00, away at 07:00, 45 kWh: story 1. The bill by hand is that of the cheapest quarters of an hour."""
    rnd = Random(4)
    price = [0.30 - 0.12 * exp(-(((k / 4 - 8.0) / 3.0) ** 2)) + rnd.gauss(0.0, 0.01) for k in range(13 * 4)]  # from 18:00
    evening = MIDNIGHT + 18 * HOUR
    visit = Visit(evse="a", need=Need(45e3, 45e3, 0.0, None, 11e3), arrival=evening, departure=evening + 13 * HOUR, efficiency=0.9)
    question = replace(
        ask([visit], [0.1]),
        now=evening,
        outlook=Outlook(load={"grid": constant(400.0, evening, evening + DAY)}, pv={}),
        prices=Prices(import_price=Series(evening, QUARTER, tuple(price)), export_price=constant(0.0, evening, evening + DAY)),
        step=QUARTER,
        horizon=13 * HOUR,
    )
    power, energy = lived(question, evening + 13 * HOUR, Objective(discharge=False))
    assert energy[-1] == pytest.approx(45e3, rel=1e-3)
    bill = sum(watts * 0.25 / KW * cost for watts, cost in zip(power, price, strict=True))
    left, best = 45.0 / 0.9, 0.0
    for cost in sorted(price):
        best += cost * min(left, 11.0 * 0.25)
        left -= min(left, 11.0 * 0.25)
    assert bill <= 1.03 * best
    assert sum(watts > 100.0 for watts in power) <= 45.0 / 0.9 / 2.75 + 1.0


def test_a_house_lives_on_its_car_in_the_evening_and_the_car_exports_nothing() -> None:
    """From 18 to 22 h at most 40 % of what would be drawn is drawn, and what is fed in is the sun's: story 2."""
    price = [0.42 if 17 <= h < 22 else 0.30 if 6 <= h < 17 else 0.22 for h in range(24)] * 2
    load = [1.6 if 17 <= h < 22 else 0.5 for h in range(24)] * 2
    sun = [max(0.0, 6.0 * (1.0 - ((h - 13) / 6.0) ** 2)) for h in range(24)] * 2
    home = car("a", 25.0, most=40.0, minimum=-15.0, charge=11.0, discharge=11.0, window=(-15.0, 35.0), arrival=16.0, departure=31.5)
    question = ask([replace(home, efficiency=0.94)], price, load=load, pv=sun, export=0.07, now=16.0, hours=16.0, step=QUARTER)
    power, energy = lived(question, MIDNIGHT + 31.5 * HOUR, Objective())
    drawn, alone = 0.0, 0.0
    for k, watts in enumerate(power):
        hour = int(16 + k / 4)
        house = (load[hour] - sun[hour]) * KW
        assert house + watts >= min(0.0, house) - 1.0
        if 18 <= hour < 22:
            drawn += max(0.0, house + watts)
            alone += max(0.0, house) + 11e3 * (k < 16)  # unmanaged it would charge, too
            assert watts <= max(0.0, -house) + 1.0  # what the sun leaves over
    assert drawn <= 0.4 * sum(max(0.0, (load[h] - sun[h]) * KW) * 4 for h in range(18, 22)) < alone
    assert energy[-1] == pytest.approx(25e3, rel=1e-3)


def test_no_car_is_ever_below_its_window_or_its_minimum() -> None:
    """1000 random days, followed by a car that takes 80 to 100 % of what it is told: story 13."""
    gave = 0
    for seed in range(1000):
        rnd = Random(seed)
        bottom = rnd.uniform(-25.0, 5.0)
        minimum = rnd.uniform(-30.0, 2.0)
        visit = car(
            "a",
            rnd.uniform(-5.0, 25.0),
            most=rnd.uniform(25.0, 40.0),
            minimum=minimum,
            charge=rnd.choice((7.4, 11.0)),
            discharge=rnd.choice((5.0, 11.0)),
            window=(bottom, bottom + rnd.uniform(5.0, 40.0)),
            departure=rnd.uniform(3.0, 14.0),
            wear=rnd.uniform(0.0, 0.05),
            efficiency=rnd.uniform(0.88, 1.0),
        )
        price = [rnd.uniform(0.05, 0.6) for _ in range(12)]
        question = ask(
            [visit], price, load=rnd.uniform(0.5, 6.0), objective=Objective(export=rnd.random() < 0.5, kept=rnd.choice((0.0, 0.3)))
        )
        made = plan(question)
        floor = max(bottom, minimum) * KWH
        held, takes, energy = visit, rnd.uniform(0.8, 1.0), 0.0
        for k in range(12):
            for part in range(2):
                now = made.edges[k] + part * HOUR / 2
                if now >= visit.departure:
                    break
                fresh = replace(made, made=now)
                told = takes * followed(Moment(now=now, site=question.site, visits=(held,), available=1e6, plan=fresh))["a"]
                hours = min(HOUR / 2, visit.departure - now) / HOUR
                gain = told * hours * (visit.efficiency if told > 0.0 else 1.0 / visit.efficiency)
                energy, held = energy + gain, moved(held, gain)
                assert told >= 0.0 or energy >= floor - 1.0, f"day {seed}, step {k}: {told:.0f} W at {energy:.0f} Wh, floor {floor:.0f}"
                gave += told < 0.0
    assert gave > 1000


def test_who_leaves_early_has_the_target_by_then() -> None:
    """200 cars at work, whose users leave early or late by their own habits, learned from 30 departures: story 15."""
    rnd = Random(11)
    start = MIDNIGHT + 8 * HOUR
    visits, early = [], []
    for i in range(200):
        sigma = rnd.choice((300.0, 900.0, 1800.0))
        habit = Habit()
        for _ in range(30):
            habit = habit.learned(0.0, -rnd.gauss(0.0, sigma))
        energy = min(40.0, rnd.lognormvariate(2.56, 0.6)) * KWH
        leaves = start + max(3.0, rnd.gauss(7.6, 1.8)) * HOUR
        visits.append(Visit(evse=f"e{i}", need=Need(energy, energy, 0.0, None, 11e3), arrival=start, departure=leaves, buffer=habit.buffer))
        early.append(rnd.gauss(0.0, sigma))
    price = [0.22 - 0.05 * exp(-(((k / 4 - 6.0) / 2.0) ** 2)) for k in range(96)]  # cheapest at 14:00
    site = Site(
        name="work",
        circuits=(Circuit(name="grid", import_limit=900e3),),
        evses=tuple(Evse(name=visit.evse, circuit="grid") for visit in visits),
    )
    question = Question(
        now=start,
        site=site,
        visits=tuple(visits),
        outlook=Outlook(load={"grid": constant(40e3, start, start + DAY)}, pv={}),
        prices=Prices(
            import_price=Series(start, QUARTER, tuple(price)),
            export_price=constant(0.05, start, start + DAY),
            demand=Demand(10.0, left=0.03),
        ),
    )

    def satisfied(asked: Question) -> int:
        made, count = plan(asked), 0
        for visit, one, seconds in zip(visits, made.evses, early, strict=True):
            leaves = min(visit.departure, visit.departure - seconds)
            has = 0.0
            for k, power in enumerate(one.power):
                has += power * max(0.0, min(made.edges[k + 1], leaves) - made.edges[k]) / HOUR
            count += has >= 0.98 * visit.need.target_energy
        return count

    without = satisfied(replace(question, visits=tuple(replace(visit, buffer=0.0) for visit in visits)))
    assert satisfied(question) >= 0.995 * 200
    assert without < 0.98 * 200


def test_a_thousandth_of_money_is_no_reason_to_leave_a_car_uncharged() -> None:
    """A depot's demand charge of 10 EUR a kW is paid for one car that needs it."""
    site = (Circuit(name="grid"), Circuit(name="bay", parent="grid", import_limit=30 * KW))
    evses = [Evse(name="a", circuit="bay", charge=50 * KW, dc=True)]
    made = plan(ask([car("a", 30.0, charge=50.0, departure=1.0)], [3.0] * 2, demand=Demand(10.0), circuits=site, evses=evses))
    assert made.evses[0].missing == 0.0
    assert made.peak == pytest.approx(30 * KW)
