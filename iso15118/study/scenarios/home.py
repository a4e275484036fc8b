"""S1: a house with photovoltaics and one car that can feed it (V2H), never the grid."""

from __future__ import annotations

from typing import Final

from iso15118.grid.planning import Objective
from iso15118.grid.site import Circuit, Evse, Pv, Site
from iso15118.study.scenarios import Scenario, Stay
from iso15118.study.scenarios.chance import lognormal, normal, stream
from iso15118.study.scenarios.nature import DAY, LOAD_ERROR, MONDAY, PV_ERROR, forecast, household, load, prices, sun
from iso15118.study.scenarios.people import actual, habit, punctuality
from iso15118.units import HOUR

DAYS: Final = 14
BEGINS: Final = 9.0 * HOUR
POWER: Final = 11_040.0
CAPACITY: Final = 60_000.0
TARGET: Final = 45_000.0
FLOOR: Final = 12_000.0
AT_HOME: Final = 0.35
"""Part of the days on which the car is back at half past ten."""


def make(seed: int, days: int, *, gives: bool = True) -> Scenario:
    """The scenario; `gives` False: the same house with a car that only charges."""
    start, step, count = MONDAY + BEGINS, 900.0, 96 * days
    car = stream("home", seed, "car")
    sigma = punctuality(car)
    stays = []
    for day in range(days):
        hour = 10.5 if car.random() < AT_HOME else normal(car, 17.6, 1.4, 13.0, 23.0)
        arrival = MONDAY + day * DAY + hour * HOUR
        declared = MONDAY + (day + 1) * DAY + normal(car, 7.5, 0.6, 6.0, 8.5) * HOUR
        used = lognormal(car, 9_000.0, 0.5, 1_000.0, TARGET - FLOOR)
        stays.append(
            Stay(
                evse="wallbox",
                user="car",
                arrival=arrival,
                departure=min(actual(car, declared, sigma, arrival), start + (day + 1) * DAY),
                declared=declared,
                stored=TARGET - used,
                used=used if day else None,
                target=TARGET,
                capacity=CAPACITY,
                charge=POWER,
                discharge=POWER if gives else 0.0,
                floor=FLOOR,
                efficiency=0.94,
            )
        )
    house = load(stream("home", seed, "load"), start, step, count, household(3_800.0))
    roof = sun(stream("home", seed, "sun"), start, step, count, 8_000.0)
    return Scenario(
        name="home" if gives else "home_v1g",
        title="S1 home, V2H without export" if gives else "S1 home, charging only",
        seed=seed,
        site=Site(
            name="home",
            circuits=(Circuit(name="grid", fuse=20.0, import_limit=13_800.0, metered=True),),
            evses=(Evse(name="wallbox", circuit="grid", most=16.0, charge=POWER, discharge=POWER if gives else 0.0),),
            pvs=(Pv(name="roof", circuit="grid", peak=8_000.0),),
        ),
        start=start,
        step=step,
        steps=count,
        stays=tuple(stays),
        load={"grid": house},
        pv={"roof": roof},
        prices=prices(stream("home", seed, "price"), start, step, count, 0.17, 0.08, None, days),
        load_forecast={"grid": forecast(stream("home", seed, "load forecast"), house, LOAD_ERROR)},
        pv_forecast={"roof": forecast(stream("home", seed, "sun forecast"), roof, PV_ERROR)},
        habits={"car": habit(stream("home", seed, "habits"), sigma)},
        objective=Objective(discharge=gives, export=False),
    )
