"""Who is at which outlet: cars come, wait for a free one where they must, and leave. Part of the truth of a simulation."""

from __future__ import annotations

from typing import Final

from iso15118.study.physics import Car
from iso15118.study.record import Outcome, outcome
from iso15118.study.scenarios import Scenario, Stay
from iso15118.units import Second, WattHour
from iso15118.value import replace

NEARLY: Final[WattHour] = 1.0
"""Missing of a target, it is reached."""


class Arrivals:
    """Of one simulation. Times are those of its resolution: a car is there for the whole steps between its arrival and its departure."""

    def __init__(self, told: Scenario, step: Second, *, full: bool) -> None:
        """`full`: cars that give back may be charged above their targets."""
        self._told, self._step, self._full = told, step, full
        self._coming = sorted(told.stays, key=lambda stay: stay.arrival)
        self._next = 0
        self._queue: list[Stay] = []
        self._left: dict[str, WattHour] = {}
        """What chained cars left with."""
        self.there: dict[str, Car] = {}
        """By outlet."""
        self.lost = 0

    def leave(self, now: Second) -> list[Outcome]:
        """Those that are gone at the beginning of the step at `now`."""
        gone = []
        for name, car in list(self.there.items()):
            stay = car.stay
            met = stay.patience is not None and car.stored >= stay.target - NEARLY
            if met or now + self._step > stay.departure + 1e-6 or now >= self._told.end:
                gone.append(outcome(car, stay.arrival, now))
                self._left[stay.user] = car.stored
                del self.there[name]
        return gone

    def come(self, now: Second) -> list[Car]:
        """Those that plug in at the beginning of the step at `now`."""
        while self._next < len(self._coming) and self._coming[self._next].arrival <= now + 1e-6:
            self._queue.append(self._coming[self._next])
            self._next += 1
        plugged, waiting = [], []
        for stay in self._queue:
            if stay.patience is not None and now > stay.arrival + stay.patience + self._step:
                self.lost += 1
                continue
            evse = next((e for e in self._told.site.evses if e.name not in self.there and stay.evse in ("", e.name)), None)
            if evse is None:
                waiting.append(stay)
            elif now + self._step <= stay.departure + 1e-6:
                stored = stay.stored
                if stay.used is not None and stay.user in self._left:
                    stored = max(0.0, self._left[stay.user] - stay.used)
                if self._step > 1.0:  # a controller that works in steps is told of whole ones
                    stay = replace(stay, declared=self._told.start + (stay.declared - self._told.start) // self._step * self._step)
                self.there[evse.name] = Car(stay, evse, stored, now, full=self._full)
                plugged.append(self.there[evse.name])
        self._queue = waiting
        return plugged
