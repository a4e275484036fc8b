"""S4: four fast chargers beside a road, 300 kW of grid for 600 kW of outlets, and a battery. Nobody stays longer than he must."""

from __future__ import annotations

from random import Random
from typing import Final

from iso15118.grid.planning import Objective
from iso15118.grid.site import Battery, Circuit, Evse, Site
from iso15118.study.scenarios import Scenario, Stay
from iso15118.study.scenarios.chance import normal, stream
from iso15118.study.scenarios.nature import DAY, LOAD_ERROR, MONDAY, forecast, load, prices
from iso15118.units import HOUR, Second

DAYS: Final = 2
OUTLETS: Final = 4
POWER: Final = 150_000.0
A_DAY: Final = 42
PEAKS: Final = ((12.5, 2.0, 0.45), (17.5, 2.0, 0.45))
"""Hour, width in hours, part of the arrivals; the others come at any time between 6 and 22 h."""
FROM, TO, KNEE = 0.25, 0.80, 0.55
AT_END: Final = 0.35
"""Part of its power that a car still takes at 80 %."""
PAST: Final = 5
"""Days of the past that its controller knows: a single one says little of when strangers come."""
PATIENCE: Final[Second] = 1800.0
"""So long a driver waits for an outlet before he drives on."""
LONGEST: Final[Second] = 5400.0
"""So long a driver stays at most, whatever he has got."""


def day_of(random: Random, midnight: Second, first: int) -> list[Stay]:
    """The arrivals of one day, numbered from `first` on; outlets are given to them as they become free."""
    hours = []
    for _ in range(A_DAY):
        draw = random.random()
        if draw < PEAKS[0][2]:
            hours.append(normal(random, PEAKS[0][0], PEAKS[0][1], 6.0, 22.0))
        elif draw < PEAKS[0][2] + PEAKS[1][2]:
            hours.append(normal(random, PEAKS[1][0], PEAKS[1][1], 6.0, 22.0))
        else:
            hours.append(random.uniform(6.0, 22.0))
    stays = []
    for number, hour in enumerate(sorted(hours)):
        capacity = normal(random, 70_000.0, 12_000.0, 45_000.0, 100_000.0)
        power = min(POWER, capacity * normal(random, 2.0, 0.4, 1.2, 3.0))
        knee, target = KNEE * capacity, TO * capacity
        arrival = midnight + hour * HOUR
        stays.append(
            Stay(
                evse="",
                user=f"car {first + number + 1}",
                arrival=arrival,
                departure=arrival + LONGEST,
                declared=arrival + LONGEST,
                stored=normal(random, FROM, 0.08, 0.05, 0.5) * capacity,
                target=target,
                capacity=target,
                charge=power,
                knee=knee,
                slope=power * (1.0 - AT_END) / (target - knee),
                patience=PATIENCE,
            )
        )
    return stays


def make(seed: int, days: int) -> Scenario:
    """The scenario."""
    start, step, count = MONDAY, 300.0, 288 * days
    cars = stream("public_dc", seed, "cars")
    stays = [stay for day in range(days) for stay in day_of(cars, MONDAY + day * DAY, day * A_DAY)]
    past = stream("public_dc", seed, "history")
    kiosk = load(stream("public_dc", seed, "load"), start, step, count, lambda moment: 4_000.0)
    return Scenario(
        name="public_dc",
        title="S4 public fast charging",
        seed=seed,
        site=Site(
            name="public_dc",
            circuits=(Circuit(name="grid", import_limit=300_000.0, metered=True),),
            evses=tuple(
                Evse(name=f"outlet {n + 1}", circuit="grid", dc=True, least=0.0, most=250.0, charge=POWER, efficiency=0.95)
                for n in range(OUTLETS)
            ),
            batteries=(Battery(name="battery", circuit="grid", capacity=200_000.0, charge=200_000.0, discharge=200_000.0),),
        ),
        start=start,
        step=step,
        steps=count,
        stays=tuple(stays),
        load={"grid": kiosk},
        pv={},
        prices=prices(stream("public_dc", seed, "price"), start, step, count, 0.10, 0.05, 10.0, days),
        load_forecast={"grid": forecast(stream("public_dc", seed, "load forecast"), kiosk, LOAD_ERROR)},
        pv_forecast={},
        history=tuple(stay for day in range(-PAST, 0) for stay in day_of(past, MONDAY + day * DAY, day * A_DAY)),
        stored={"battery": 100_000.0},
        objective=Objective(discharge=False, export=False, serve_first=True),
        policy="serve_first",
        sampled=True,
    )
