"""Ten cars of a workplace for a day with real sessions: some give back, some keep to their own profile, and the connection is small."""

from __future__ import annotations

from typing import Final

from iso15118.grid.planning import Objective
from iso15118.grid.series import Series
from iso15118.study.scenarios import Scenario, Stay, workplace
from iso15118.study.scenarios.nature import MONDAY
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import replace

BEGIN: Final[Second] = MONDAY + 6.0 * HOUR
END: Final[Second] = MONDAY + 20.0 * HOUR
OUTLETS: Final = 10
CONNECTION: Final[Watt] = 50_000.0
CAPACITY: Final[WattHour] = 60_000.0
TARGET: Final[WattHour] = 0.8 * CAPACITY
LEAST: Final[WattHour] = 0.2 * CAPACITY
GIVES: Final = 3
"""Every third car gives back."""


def showcase(seed: int) -> Scenario:
    """The day, from six to eight: the workplace of the studies with half of its outlets."""
    told = workplace.built("showcase", "Workplace, ten real sessions", seed, 1, demand=10.0)
    names = [evse.name for evse in told.site.evses][:OUTLETS]
    first = round((BEGIN - told.start) / told.step)
    count = round((END - BEGIN) / told.step)

    def part(series: Series) -> Series:
        return replace(series, start=BEGIN, values=series.values[first : first + count])

    giving = names[::GIVES]
    circuits = [
        replace(circuit, import_limit=CONNECTION, fuse=80.0) if circuit.parent is None else circuit for circuit in told.site.circuits
    ]
    evses = [replace(evse, most=16.0, charge=11_040.0, discharge=11_040.0 if evse.name in giving else 0.0) for evse in told.site.evses]
    return replace(
        told,
        site=replace(told.site, circuits=tuple(circuits), evses=tuple(evse for evse in evses if evse.name in names)),
        start=BEGIN,
        steps=count,
        stays=tuple(_stay(stay, stay.evse in giving) for stay in told.stays if stay.evse in names and stay.arrival < END - HOUR),
        load={name: part(series) for name, series in told.load.items()},
        pv={name: part(series) for name, series in told.pv.items()},
        load_forecast={name: part(series) for name, series in told.load_forecast.items()},
        pv_forecast={name: part(series) for name, series in told.pv_forecast.items()},
        objective=Objective(),
        history=(),
        sampled=False,
    )


def _stay(stay: Stay, gives: bool) -> Stay:
    """The same stay of a whole car: three phases, a battery that is not full at its target, and room below."""
    arrival = max(stay.arrival, BEGIN)
    wanted = min(stay.target - stay.stored, TARGET - 0.05 * CAPACITY)
    return replace(
        stay,
        arrival=arrival,
        departure=min(stay.declared, END),
        declared=min(stay.declared, END),
        stored=TARGET - wanted,
        target=TARGET,
        capacity=CAPACITY,
        charge=11_040.0,
        discharge=11_040.0 if gives else 0.0,
        floor=min(LEAST, TARGET - wanted) if gives else 0.0,
        phases=3,
    )
