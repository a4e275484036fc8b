"""S5: an apartment house with forty flats and thirty outlets behind one connection of 80 kW."""

from __future__ import annotations

from random import Random
from typing import Final

from iso15118.grid.planning import Objective
from iso15118.grid.site import Circuit, Evse, Pv, Site
from iso15118.study.scenarios import Scenario, Stay
from iso15118.study.scenarios.chance import lognormal, normal, stream
from iso15118.study.scenarios.nature import DAY, LOAD_ERROR, MONDAY, PV_ERROR, forecast, household, load, prices, sun
from iso15118.study.scenarios.people import actual, asked, habit, punctuality
from iso15118.units import HOUR, Second

DAYS: Final = 5
TURNED: Final = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
"""Outlets are connected in turn, so that single-phase cars spread over the mains' phases."""
BEGINS: Final = 11.0 * HOUR
OUTLETS: Final = 30
FLATS: Final = 40
POWER: Final = 11_040.0
EFFICIENCY: Final = 0.93


def night_of(random: Random, sigmas: list[Second], midnight: Second) -> list[Stay]:
    """The stays of the night that begins on the day of `midnight`."""
    stays = []
    for number, sigma in enumerate(sigmas):
        arrival = midnight + normal(random, 18.0, 1.7, 12.0, 23.5) * HOUR
        declared = midnight + DAY + normal(random, 7.4, 1.0, 4.5, 9.5) * HOUR
        energy = asked(lognormal(random, 9_000.0, 0.6, 1_500.0, 45_000.0), POWER, EFFICIENCY, arrival, declared)
        stays.append(
            Stay(
                evse=f"place {number + 1}",
                user=f"tenant {number + 1}",
                arrival=arrival,
                departure=min(actual(random, declared, sigma, arrival), midnight + DAY + BEGINS),
                declared=declared,
                stored=0.0,
                target=energy,
                capacity=energy,
                charge=POWER,
                efficiency=EFFICIENCY,
            )
        )
    return stays


def make(seed: int, days: int) -> Scenario:
    """The scenario."""
    start, step, count = MONDAY + BEGINS, 900.0, 96 * days
    tenants = stream("apartment", seed, "cars")
    sigmas = [punctuality(tenants) for _ in range(OUTLETS)]
    stays = [stay for day in range(days) for stay in night_of(tenants, sigmas, MONDAY + day * DAY)]
    past = stream("apartment", seed, "habits")
    flats = load(stream("apartment", seed, "load"), start, step, count, household(FLATS * 2_800.0))
    roof = sun(stream("apartment", seed, "sun"), start, step, count, 30_000.0)
    evses = [Evse(name=f"place {n + 1}", circuit="garage", lines=TURNED[n % 3], most=16.0) for n in range(OUTLETS)]
    return Scenario(
        name="apartment",
        title="S5 apartment house",
        seed=seed,
        site=Site(
            name="apartment",
            circuits=(
                Circuit(name="grid", import_limit=80_000.0, fuse=125.0, metered=True),
                Circuit(name="garage", parent="grid", fuse=125.0),
            ),
            evses=tuple(evses),
            pvs=(Pv(name="roof", circuit="grid", peak=30_000.0),),
        ),
        start=start,
        step=step,
        steps=count,
        stays=tuple(sorted(stays, key=lambda stay: stay.arrival)),
        load={"grid": flats},
        pv={"roof": roof},
        prices=prices(stream("apartment", seed, "price"), start, step, count, 0.17, 0.08, None, days),
        load_forecast={"grid": forecast(stream("apartment", seed, "load forecast"), flats, LOAD_ERROR)},
        pv_forecast={"roof": forecast(stream("apartment", seed, "sun forecast"), roof, PV_ERROR)},
        habits={f"tenant {n + 1}": habit(past, sigma) for n, sigma in enumerate(sigmas)},
        history=tuple(night_of(stream("apartment", seed, "history"), sigmas, MONDAY)),
        objective=Objective(discharge=False),
    )
