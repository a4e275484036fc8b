"""What the past tells of a site whose cars nobody knows: what they draw on a usual day, and the peak that its batteries can keep.

Neighbour: `controller`.
"""

from __future__ import annotations

from typing import Final

from iso15118.grid.series import Series
from iso15118.grid.site import Battery
from iso15118.grid.wishes import mains
from iso15118.study.arrivals import Arrivals
from iso15118.study.physics import Store
from iso15118.study.scenarios import Scenario
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import replace

DAY: Final[Second] = 86_400.0
NEAR: Final[Second] = HOUR / 2.0
"""So much earlier or later it might have been as well."""


class Past:
    """Of the stays of a scenario's history, which lie on whole days before its start."""

    def __init__(self, told: Scenario) -> None:
        self._step = told.step
        self._day = round(DAY / told.step)
        days = round((told.start - min(stay.arrival for stay in told.history)) / DAY + 0.5)
        before = replace(told, start=told.start - days * DAY, steps=days * self._day, stays=told.history)
        drawn, self.stays = _drawn(before)
        each = [drawn[k * self._day : (k + 1) * self._day] for k in range(days)]
        mean = [sum(values) / days for values in zip(*each, strict=True)]
        near = round(NEAR / told.step)
        self.usual = [sum(mean[(k + j) % self._day] for j in range(-near, near + 1)) / (2 * near + 1) for k in range(self._day)]
        """W that cars draw from the mains in each step of a day, evened out."""
        window = told.prices.demand.window if told.prices.demand is not None else told.step
        size = max(1, round(window / told.step))
        windows = [[sum(day[k : k + size]) / size for k in range(0, len(day), size)] for day in each]
        self.peak = sum(level(day, told.site.batteries, window) for day in windows) / days
        """W at the connection, as the batteries could have kept it."""
        self._capacity = sum(battery.capacity for battery in told.site.batteries)
        most = sum(battery.charge for battery in told.site.batteries)
        asks = [asked(day, self.peak, most, told.step) for day in each]
        self.asked = [max(ask[(k + j) % self._day] for ask in asks for j in range(-near, near + 1)) for k in range(self._day)]
        """Wh from batteries, at the mains, by which that peak could have been kept from each step of a day on."""

    def held(self, battery: Battery, start: Second, count: int) -> Series:
        """Wh that a battery should have in each of so many steps from `start` on: its part of what the worst of these days asked for."""
        offset, part = round((start % DAY) / self._step), battery.capacity / self._capacity / battery.efficiency
        floor, top = battery.floor * battery.capacity, battery.ceiling * battery.capacity
        values = [min(top, floor + part * self.asked[(offset + k) % self._day]) for k in range(1, count + 1)]
        return Series(start, self._step, tuple(values))

    def added_to(self, load: Series) -> Series:
        """A load and what the cars that are yet to come draw besides: nothing at first, all of a usual day once those of now are gone."""
        offset, step = round((load.start % DAY) / self._step), self._step
        values = [w + min(1.0, k * step / self.stays) * self.usual[(offset + k) % self._day] for k, w in enumerate(load.values)]
        return replace(load, values=tuple(values))


def _drawn(told: Scenario) -> tuple[list[Watt], Second]:
    """What cars draw from the mains in each step, at full power as they come to an outlet, and how long they stay there."""
    arrivals, drawn, gone = Arrivals(told, told.step, full=False), [], []
    for k in range(told.steps):
        now = told.start + k * told.step
        gone += arrivals.leave(now)
        arrivals.come(now)
        total = 0.0
        for car in arrivals.there.values():
            power = car.most(told.step)
            total += mains(car.evse, power)
            car.move(power, told.step)
        drawn.append(total)
    return drawn, max(told.step, sum(stay.left - stay.plugged for stay in gone) / max(1, len(gone)))


def asked(day: list[Watt], most: Watt, charge: Watt, step: Second) -> list[WattHour]:
    """Wh that must be there at the beginning of each step to keep a day's draw at `most`; below it batteries charge, up to `charge`."""
    need, found = 0.0, []
    for watts in reversed(day):
        need = max(0.0, need + max(-charge, watts - most) * step / HOUR)
        found.append(need)
    return found[::-1]


def level(day: list[Watt], batteries: tuple[Battery, ...], step: Second) -> Watt:
    """The lowest import that batteries, full at the beginning, could have kept a day's draw to; they charge when there is room below."""
    low, high = sum(day) / len(day), max(day)
    for _ in range(12):
        middle = (low + high) / 2.0
        if _kept(day, middle, batteries, step):
            high = middle
        else:
            low = middle
    return high


def _kept(day: list[Watt], most: Watt, batteries: tuple[Battery, ...], step: Second) -> bool:
    stores = [Store(battery, battery.ceiling * battery.capacity) for battery in batteries]
    for watts in day:
        over = watts - most
        for store in stores:
            power = max(-store.gives(step), min(store.most(step), -over))
            store.move(power, step)
            over += power
        if over > 1.0:
            return False
    return True
