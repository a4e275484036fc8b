"""Scenarios: a site, and what truly happens there, beside what its controller is told. One file a scenario.

A scenario is data: every number in it follows from its name, its seed and its length. Its controller sees forecasts, declared
departures and cars that are there; the rest is for the simulation alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from math import ceil, floor
from typing import Final

from iso15118.errors import LocalError
from iso15118.grid.planning import Objective
from iso15118.grid.planning.buffer import Habit
from iso15118.grid.prices import Prices
from iso15118.grid.series import Series
from iso15118.grid.signals import Signal
from iso15118.grid.site import Site
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import Value, replace

NAMES: Final = ("home", "home_v1g", "workplace", "depot", "public_dc", "apartment", "demand_response", "fcr", "v2b")


class Stay(Value, kw_only=True):
    """One car at an outlet, as it truly is. Energies are the battery's, absolute; powers are at the inlet."""

    evse: str
    user: str
    arrival: Second
    """Seconds since the epoch."""
    departure: Second
    """When it truly leaves."""
    declared: Second
    """When its driver said that it would."""
    stored: WattHour
    """On arrival. Of a user that was here before: `used` less than it left with counts instead."""
    target: WattHour
    capacity: WattHour
    charge: Watt
    used: WattHour | None = None
    """On the road since it left here; None: `stored` holds whatever happened before."""
    discharge: Watt = 0.0
    """Magnitude; 0.0: it gives nothing back."""
    floor: WattHour = 0.0
    """Its driver's: it gives nothing below, and is charged up to there at once."""
    phases: int = 3
    efficiency: float = 1.0
    knee: WattHour | None = None
    """From here on it takes less and less; None: full power all the way."""
    slope: float = 0.0
    """W less for each Wh above the knee."""
    patience: Second | None = None
    """It does not stay until its departure but leaves once it has its target, and waits so long for a free outlet; None: it stays."""


class Scenario(Value, kw_only=True):
    """A site and its days. Series cover the scenario; forecasts begin with it, too, and may be shorter than what comes."""

    name: str
    title: str
    seed: int
    site: Site
    start: Second
    """Seconds since the epoch."""
    step: Second
    """Of plans, and of what is simulated at their resolution."""
    steps: int
    stays: tuple[Stay, ...]
    """By arrival."""
    load: Mapping[str, Series]
    """W by circuit."""
    pv: Mapping[str, Series]
    """W by name, magnitude."""
    prices: Prices
    load_forecast: Mapping[str, Series]
    pv_forecast: Mapping[str, Series]
    history: tuple[Stay, ...] = ()
    """A day of the past, moved to the first day: what arrivals may look like. Of cars that nobody knows: the days before the start."""
    habits: Mapping[str, Habit] = {}
    """What was seen of drivers' departures before: `people.habit`."""
    signals: tuple[Signal, ...] = ()
    """`received` says when the controller learns of it."""
    stored: Mapping[str, WattHour] = {}
    """In stationary batteries at the start."""
    objective: Objective = Objective()
    """Of the planner."""
    policy: str = "cheapest"
    """Of the planner."""
    sampled: bool = False
    """The planner counts on a day of arrivals."""

    @property
    def end(self) -> Second:
        """When it is over."""
        return self.start + self.step * self.steps

    @property
    def days(self) -> float:
        """How many."""
        return self.step * self.steps / (24.0 * HOUR)

    def steps_of(self, stay: Stay) -> range:
        """The steps that a stay fills from their beginning to their end."""
        begin = ceil((stay.arrival - self.start) / self.step - 1e-9)
        return range(max(0, begin), min(self.steps, floor((stay.departure - self.start) / self.step + 1e-9)))


def scenario(name: str, seed: int, days: int | None = None) -> Scenario:
    """By its name; `days` None: as many as it has by default. Raises LocalError naming those there are."""
    if name not in NAMES:
        raise LocalError(f"there is no scenario {name!r}; there are: {', '.join(NAMES)}")
    if days is not None and not 1 <= days <= 366:
        raise LocalError(f"a scenario of {days} days; allowed: 1 to 366")
    module = import_module(f"iso15118.study.scenarios.{name}")
    made: Scenario = module.make(seed, module.DAYS if days is None else days)
    return made


def perfect(told: Scenario) -> Scenario:
    """The same with forecasts that come true and drivers who leave when they said, on a step; who will arrive stays unknown."""

    def punctual(stay: Stay) -> Stay:
        leaves = told.start + told.step * told.steps_of(stay).stop
        return stay if stay.patience is not None else replace(stay, declared=leaves)

    return replace(told, stays=tuple(map(punctual, told.stays)), load_forecast=told.load, pv_forecast=told.pv)


def moved(told: Scenario, shift: Second) -> Scenario:
    """The same, s later."""

    def later(series: Series) -> Series:
        return replace(series, start=series.start + shift)

    def stay_later(stay: Stay) -> Stay:
        return replace(stay, arrival=stay.arrival + shift, departure=stay.departure + shift, declared=stay.declared + shift)

    def signal_later(signal: Signal) -> Signal:
        return replace(signal, start=signal.start + shift, end=signal.end + shift, received=signal.received + shift)

    prices = told.prices
    return replace(
        told,
        start=told.start + shift,
        stays=tuple(map(stay_later, told.stays)),
        history=tuple(map(stay_later, told.history)),
        load={name: later(series) for name, series in told.load.items()},
        pv={name: later(series) for name, series in told.pv.items()},
        load_forecast={name: later(series) for name, series in told.load_forecast.items()},
        pv_forecast={name: later(series) for name, series in told.pv_forecast.items()},
        prices=replace(prices, import_price=later(prices.import_price), export_price=later(prices.export_price)),
        signals=tuple(map(signal_later, told.signals)),
    )
