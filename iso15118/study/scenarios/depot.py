"""S3: fifty electric buses that come home in the evening and leave before sunrise."""

from __future__ import annotations

from random import Random
from typing import Final

from iso15118.grid.planning import Objective
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.study.scenarios import Scenario, Stay
from iso15118.study.scenarios.chance import normal, stream
from iso15118.study.scenarios.nature import DAY, LOAD_ERROR, MONDAY, forecast, load, prices
from iso15118.study.scenarios.people import actual, asked, habit
from iso15118.units import HOUR, Second

DAYS: Final = 3
BEGINS: Final = 12.0 * HOUR
BUSES: Final = 50
FEEDERS: Final = 4
POWER: Final = 120_000.0
CAPACITY: Final = 350_000.0
FULL: Final = 0.95 * CAPACITY
PUNCTUALITY: Final[Second] = 900.0


def night_of(random: Random, midnight: Second) -> list[Stay]:
    """The stays of the night that begins on the day of `midnight`."""
    stays = []
    for number in range(BUSES):
        arrival = midnight + normal(random, 20.8, 1.6, 15.0, 25.0) * HOUR
        declared = midnight + DAY + normal(random, 5.6, 0.8, 3.5, 8.0) * HOUR
        energy = asked(1_250.0 * normal(random, 170.0, 25.0, 80.0, 240.0), POWER, 1.0, arrival, declared)
        stays.append(
            Stay(
                evse=f"bay {number + 1}",
                user=f"bus {number + 1}",
                arrival=arrival,
                departure=actual(random, declared, PUNCTUALITY, arrival),
                declared=declared,
                stored=FULL - energy,
                target=FULL,
                capacity=CAPACITY,
                charge=POWER,
            )
        )
    return stays


def make(seed: int, days: int) -> Scenario:
    """The scenario."""
    start, step, count = MONDAY + BEGINS, 900.0, 96 * days
    buses = stream("depot", seed, "buses")
    stays = [stay for day in range(days) for stay in night_of(buses, MONDAY + day * DAY)]
    past = stream("depot", seed, "habits")
    hall = load(stream("depot", seed, "load"), start, step, count, lambda moment: 40_000.0)
    circuits = [Circuit(name="grid", import_limit=2_500_000.0, metered=True)]
    circuits += [Circuit(name=f"feeder {n + 1}", parent="grid", import_limit=1_000_000.0) for n in range(FEEDERS)]
    evses = [
        Evse(
            name=f"bay {n + 1}",
            circuit=f"feeder {n % FEEDERS + 1}",
            dc=True,
            least=0.0,
            most=200.0,
            charge=POWER,
            efficiency=0.95,
        )
        for n in range(BUSES)
    ]
    return Scenario(
        name="depot",
        title="S3 bus depot",
        seed=seed,
        site=Site(name="depot", circuits=tuple(circuits), evses=tuple(evses)),
        start=start,
        step=step,
        steps=count,
        stays=tuple(sorted(stays, key=lambda stay: stay.arrival)),
        load={"grid": hall},
        pv={},
        prices=prices(stream("depot", seed, "price"), start, step, count, 0.09, 0.05, 10.0, days),
        load_forecast={"grid": forecast(stream("depot", seed, "load forecast"), hall, LOAD_ERROR)},
        pv_forecast={},
        habits={f"bus {n + 1}": habit(past, PUNCTUALITY) for n in range(BUSES)},
        history=tuple(night_of(stream("depot", seed, "history"), MONDAY)),
        objective=Objective(discharge=False),
        sampled=True,
    )
