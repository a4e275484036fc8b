"""S2: an office with twenty outlets on a 100 kW connection, photovoltaics and a demand charge."""

from __future__ import annotations

from random import Random
from typing import Final

from iso15118.grid.planning import Objective
from iso15118.grid.site import Battery, Circuit, Evse, Pv, Site
from iso15118.study.scenarios import Scenario, Stay
from iso15118.study.scenarios.chance import lognormal, normal, stream
from iso15118.study.scenarios.nature import DAY, LOAD_ERROR, MONDAY, PV_ERROR, forecast, load, office, prices, sun
from iso15118.study.scenarios.people import actual, asked, habit, punctuality
from iso15118.units import HOUR, Second, Watt

DAYS: Final = 5
CARS: Final = ((3_680.0, 1, 0.15), (7_360.0, 1, 0.25), (11_040.0, 3, 0.60))
"""Power, phases, part of the cars."""
EFFICIENCY: Final = 0.93
OUTLETS: Final = 20
GIVING_CAPACITY: Final = 60_000.0
FEEDERS: Final = 4


def kinds(random: Random) -> list[tuple[Watt, int, Second]]:
    """Of each outlet's driver: power, phases, punctuality."""
    drawn = random.choices(CARS, [part for _, _, part in CARS], k=OUTLETS)
    return [(power, phases, punctuality(random)) for power, phases, _ in drawn]


def day_of(random: Random, cars: list[tuple[Watt, int, Second]], midnight: Second, giving: range) -> list[Stay]:
    """The stays of one day; the outlets in `giving` have cars that can give back."""
    stays = []
    for number, (power, phases, sigma) in enumerate(cars):
        arrival = midnight + normal(random, 8.6, 1.0, 5.0, 13.0) * HOUR
        declared = arrival + min(normal(random, 7.6, 1.8, 2.0, 12.0) * HOUR, midnight + 22.0 * HOUR - arrival)
        energy = asked(lognormal(random, 13_000.0, 0.6, 2_000.0, 45_000.0), power, EFFICIENCY, arrival, declared)
        gives = number in giving
        target = 0.8 * GIVING_CAPACITY if gives else energy
        stays.append(
            Stay(
                evse=f"outlet {number + 1}",
                user=f"driver {number + 1}",
                arrival=arrival,
                departure=min(actual(random, declared, sigma, arrival), midnight + 23.75 * HOUR),
                declared=declared,
                stored=target - energy,
                target=target,
                capacity=GIVING_CAPACITY if gives else energy,
                charge=power,
                discharge=power if gives else 0.0,
                floor=min(0.2 * GIVING_CAPACITY, target - energy) if gives else 0.0,
                phases=phases,
                efficiency=EFFICIENCY,
            )
        )
    return stays


def make(seed: int, days: int) -> Scenario:
    """The scenario."""
    return built("workplace", "S2 workplace", seed, days, demand=10.0)


def built(name: str, title: str, seed: int, days: int, *, demand: float, giving: bool = False) -> Scenario:
    """The workplace by another name: `demand` EUR/kW and month; `giving`: every other car can give back, and there is a battery."""
    start, step, count = MONDAY, 900.0, 96 * days
    fleet = stream("workplace", seed, "cars")
    cars = kinds(fleet)
    gives = range(0, OUTLETS, 2) if giving else range(0)
    if giving:  # what gives back charges at 11 kW
        cars = [(CARS[-1][0], 3, car[2]) if number in gives else car for number, car in enumerate(cars)]
    stays = [stay for day in range(days) if day % 7 < 5 for stay in day_of(fleet, cars, MONDAY + day * DAY, gives)]
    past = stream("workplace", seed, "habits")
    history = day_of(stream("workplace", seed, "history"), cars, MONDAY, gives)
    building = load(stream("workplace", seed, "load"), start, step, count, office(6_000.0, 20_000.0))
    roof = sun(stream("workplace", seed, "sun"), start, step, count, 40_000.0)
    circuits = [Circuit(name="grid", import_limit=100_000.0, fuse=160.0, metered=True)]
    circuits += [Circuit(name=f"feeder {n + 1}", parent="grid", import_limit=32_000.0, fuse=50.0) for n in range(FEEDERS)]
    evses = [
        Evse(
            name=f"outlet {n + 1}",
            circuit=f"feeder {n % FEEDERS + 1}",
            lines=((0, 1, 2), (1, 2, 0), (2, 0, 1))[n // FEEDERS % 3],
            charge=22_080.0,
            discharge=CARS[-1][0] if n in gives else 0.0,
        )
        for n in range(OUTLETS)
    ]
    battery = Battery(name="battery", circuit="grid", capacity=60_000.0, charge=30_000.0, discharge=30_000.0)
    return Scenario(
        name=name,
        title=title,
        seed=seed,
        site=Site(
            name="workplace",
            circuits=tuple(circuits),
            evses=tuple(evses),
            batteries=(battery,) if giving else (),
            pvs=(Pv(name="roof", circuit="grid", peak=40_000.0),),
        ),
        start=start,
        step=step,
        steps=count,
        stays=tuple(sorted(stays, key=lambda stay: stay.arrival)),
        load={"grid": building},
        pv={"roof": roof},
        prices=prices(stream("workplace", seed, "price"), start, step, count, 0.13, 0.06, demand, days),
        load_forecast={"grid": forecast(stream("workplace", seed, "load forecast"), building, LOAD_ERROR)},
        pv_forecast={"roof": forecast(stream("workplace", seed, "sun forecast"), roof, PV_ERROR)},
        history=tuple(history),
        habits={f"driver {n + 1}": habit(past, car[2]) for n, car in enumerate(cars)},
        stored={"battery": 30_000.0} if giving else {},
        objective=Objective(discharge=giving, export=False),
        sampled=True,
    )
