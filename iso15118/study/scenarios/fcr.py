"""S7: ten cars hold 50 kW of frequency containment reserve from 22 to 6 h, and are charged by the morning.

They are there for the whole of the blocks of four hours (20 to 24 h, 0 to 4 h, 4 to 8 h) for which a reserve is held.
"""

from __future__ import annotations

from typing import Final

from iso15118.grid.planning import Objective
from iso15118.grid.series import Series
from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.study.scenarios import Scenario, Stay
from iso15118.study.scenarios.chance import lognormal, normal, stream
from iso15118.study.scenarios.nature import DAY, MONDAY, prices
from iso15118.study.scenarios.people import habit, punctuality
from iso15118.units import HOUR

DAYS: Final = 5
BEGINS: Final = 12.0 * HOUR
CARS: Final = 10
POWER: Final = 11_000.0
CAPACITY: Final = 60_000.0
TARGET: Final = 48_000.0
RESERVE: Final = 50_000.0
REWARD: Final = 0.012
"""EUR for a kW of reserve and hour (12 EUR/MW/h, assumed)."""


def make(seed: int, days: int) -> Scenario:
    """The scenario."""
    start, step, count = MONDAY + BEGINS, 900.0, 96 * days
    cars = stream("fcr", seed, "cars")
    sigmas = [punctuality(cars) for _ in range(CARS)]
    stays = []
    for day in range(days):
        for number, sigma in enumerate(sigmas):
            midnight = MONDAY + day * DAY
            arrival = midnight + normal(cars, 18.0, 0.8, 15.0, 19.75) * HOUR
            declared = midnight + DAY + normal(cars, 8.8, 0.4, 8.25, 10.0) * HOUR
            stays.append(
                Stay(
                    evse=f"outlet {number + 1}",
                    user=f"driver {number + 1}",
                    arrival=arrival,
                    departure=max(midnight + DAY + 8.0 * HOUR, declared + normal(cars, 0.0, sigma, -2.0 * sigma, 2.0 * sigma)),
                    declared=declared,
                    stored=TARGET - lognormal(cars, 12_000.0, 0.5, 2_000.0, 30_000.0),
                    target=TARGET,
                    capacity=CAPACITY,
                    charge=POWER,
                    discharge=POWER,
                    floor=12_000.0,
                )
            )
    past = stream("fcr", seed, "habits")
    nothing = {"grid": Series(start, step, (0.0,) * count)}
    reserve = tuple(
        Signal(
            id=f"reserve {day + 1}",
            source="market",
            kind=Kind.RESERVE,
            value=RESERVE,
            start=MONDAY + day * DAY + 22.0 * HOUR,
            end=MONDAY + day * DAY + 30.0 * HOUR,
            rank=Rank.SITE,
            received=start,
        )
        for day in range(days)
    )
    return Scenario(
        name="fcr",
        title="S7 frequency containment reserve",
        seed=seed,
        site=Site(
            name="fcr",
            circuits=(Circuit(name="grid", import_limit=130_000.0, metered=True),),
            evses=tuple(
                Evse(name=f"outlet {n + 1}", circuit="grid", dc=True, least=0.0, most=32.0, charge=POWER, discharge=POWER, efficiency=0.95)
                for n in range(CARS)
            ),
        ),
        start=start,
        step=step,
        steps=count,
        stays=tuple(sorted(stays, key=lambda stay: stay.arrival)),
        load=nothing,
        pv={},
        prices=prices(stream("fcr", seed, "price"), start, step, count, 0.13, 0.06, None, days),
        load_forecast=nothing,
        pv_forecast={},
        habits={f"driver {n + 1}": habit(past, sigma) for n, sigma in enumerate(sigmas)},
        signals=reserve,
        objective=Objective(export=True, reserve_price=REWARD),
    )
