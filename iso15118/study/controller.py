"""The planning controller of a simulated site: it knows what a station would know, and asks the planner again in each step.

It learns how much earlier than declared drivers leave, what their days look like, and the highest mean import so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, inf
from time import perf_counter
from typing import Final

from iso15118.energy import Need
from iso15118.grid.planning import Outlook, Question, SitePlan
from iso15118.grid.planning.buffer import Habit
from iso15118.grid.prices import Prices
from iso15118.grid.series import Series
from iso15118.grid.signals import LIMITS, Signal
from iso15118.grid.visits import Taper, Visit
from iso15118.study.past import Past
from iso15118.study.physics import Car
from iso15118.study.scenarios import Scenario, Stay
from iso15118.units import HOUR, Second, Watt, WattHour
from iso15118.value import Value, replace

DAY: Final[Second] = 86_400.0
PUBLISHED: Final[Second] = 13.0 * HOUR
"""Of the day: from then on the prices of the next one are known."""
FADE: Final[Second] = 2.0 * HOUR
"""In which what is measured fades into the forecast."""


class Tuning(Value, kw_only=True):
    """How the controller is set."""

    buffer: float = 1.0
    """Part of what is learned of a driver's departures (`grid.planning.buffer`) that is kept free before the declared one."""
    horizon: Second = DAY
    worth: float = 0.6
    """Part of the mean import price that a kWh above its target is worth in a car that comes back."""
    learns: float = 0.3
    """Part of what is expected of a driver that his latest day makes."""
    demand: float = 1.0
    """Days of the billing period whose part of the demand charge a day has to pay for a higher peak."""
    eager: float = 1.25
    """Times what is usual, cars are expected to need while a limit is to come: what is missed before it cannot be made up cheaply."""
    cloudy: float = 0.7
    """Part of the forecast of sun that is reckoned with meanwhile."""
    foresees_departures: bool = False
    """Drivers leave when they say: no buffer."""


class Controller:
    """One site's. It never sees a `Stay` of a car that is not there, but those of the history."""

    def __init__(self, told: Scenario, tuning: Tuning) -> None:
        self.told, self.tuning = told, tuning
        self._habits = dict(told.habits)
        self._usual = {stay.user: stay for stay in told.history} if told.sampled else {}
        self._came: dict[str, Second] = {}
        self._peak: Watt = 0.0
        self.drawn: WattHour = 0.0
        """In the running window."""
        self._past = Past(told) if told.objective.serve_first and told.history else None
        self._epoch = 0
        self.milliseconds: list[float] = []

    def arrived(self, car: Car, now: Second) -> None:
        """Somebody has plugged in, and says what he needs and until when: so his days look, the latest one as much as all before."""
        stay = car.stay
        self._came[stay.user] = now
        usual = self._usual.get(stay.user)
        if usual is None or stay.patience is not None:
            return
        days = round((now - usual.arrival) / DAY)
        learn = self.tuning.learns
        arrival = usual.arrival + learn * (now - days * DAY - usual.arrival)
        declared = usual.declared + learn * (stay.declared - days * DAY - usual.declared)
        energy = (1.0 - learn) * (usual.target - usual.stored) + learn * (stay.target - car.stored)
        self._usual[stay.user] = replace(usual, arrival=arrival, declared=declared, stored=usual.target - energy)

    def departed(self, user: str, declared: Second, actual: Second) -> None:
        """Somebody left."""
        self._habits[user] = self._habits.get(user, Habit()).learned(declared, actual)

    def metered(self, mean: Watt) -> None:
        """The mean import of a window of the demand charge."""
        self._peak, self.drawn = max(self._peak, mean), 0.0

    def allowed(self, plan: SitePlan, now: Second) -> Watt:
        """What the rest of this window of the demand charge may draw, so that its mean is within the plan's peak."""
        demand = self.told.prices.demand
        if demand is None:
            return inf
        return max(0.0, plan.peak * demand.window - self.drawn * HOUR) / (demand.window - now % demand.window)

    def buffer(self, user: str) -> Second:
        """Before the declared departure, in which a target is met already."""
        return 0.0 if self.tuning.foresees_departures else self.tuning.buffer * self._habits.get(user, Habit()).buffer

    def worth(self, now: Second) -> float:
        """Of a kWh that a car takes along beyond its target and brings back."""
        bought = self._prices(now).import_price.values
        return self.tuning.worth * sum(bought[-96:]) / len(bought[-96:])

    def plan(
        self, now: Second, visits: tuple[Visit, ...], load: Mapping[str, Watt], pv: Mapping[str, Watt], stored: Mapping[str, WattHour]
    ) -> SitePlan:
        """The best plan from here on; `load` and `pv` are those measured in this step. Raises LocalError without the extra `grid`."""
        from iso15118.grid.planning.program import plan

        told = self.told
        self._epoch += 1
        until = now + self.tuning.horizon
        outlook = {name: blended(told.load_forecast[name], now, until, watts) for name, watts in load.items()}
        objective, held = told.objective, {}
        if self._past is not None:  # cars that take what they want at once are load like any other
            circuit = told.site.root.name
            outlook[circuit] = self._past.added_to(outlook[circuit])
            objective = replace(objective, peak_target=self._past.peak)
            count = round(self.tuning.horizon / told.step)
            held = {battery.name: self._past.held(battery, now, count) for battery in told.site.batteries}
        signals = (*known(told.signals, now), *recurring(told.signals, now))
        pressed = any(signal.kind in LIMITS and signal.start > now for signal in signals) and not self.tuning.foresees_departures
        sun = {name: blended(told.pv_forecast[name], now, until, watts) for name, watts in pv.items()}
        if pressed:
            sun = {
                name: replace(one, values=(one.values[0], *(self.tuning.cloudy * v for v in one.values[1:]))) for name, one in sun.items()
            }
        question = Question(
            now=now,
            site=told.site,
            visits=visits,
            outlook=Outlook(
                load=outlook,
                pv=sun,
                held=held,
                arrivals=() if told.objective.serve_first else tuple(self._expected(now, self.tuning.eager if pressed else 1.0)),
            ),
            prices=self._prices(now),
            signals=signals,
            stored=stored,
            objective=objective,
            step=told.step,
            horizon=self.tuning.horizon,
            epoch=self._epoch,
        )
        began = perf_counter()
        found = plan(question)
        self.milliseconds.append((perf_counter() - began) * 1e3)
        return found

    def _prices(self, now: Second) -> Prices:
        """Those that are published, and the demand charge as it stands: what a rise of the peak costs, by its use within the horizon."""
        prices = self.told.prices
        midnight = now - now % DAY
        until = midnight + DAY + (DAY if now - midnight >= PUBLISHED else 0.0)
        bought = prices.import_price
        count = min(len(bought.values), round((until - bought.start) / bought.step))
        demand = prices.demand
        if demand is not None:
            part = min(1.0, self.tuning.demand * DAY / max(bought.step, self.told.end - now))
            demand = replace(demand, peak=self._peak, left=part, drawn=self.drawn)
        return replace(prices, import_price=Series(bought.start, bought.step, bought.values[:count]), demand=demand)

    def _expected(self, now: Second, eager: float) -> list[Visit]:
        """Cars that may come within the horizon, as on the day that is known; `eager`: times the energy they need."""
        found = []
        evses = [evse.name for evse in self.told.site.evses]
        for number, (user, usual) in enumerate(self._usual.items()):
            for day in range(int((now - usual.declared) // DAY), int((now + self.tuning.horizon - usual.arrival) // DAY) + 1):
                arrival, leaves = usual.arrival + day * DAY, usual.declared + day * DAY
                if arrival >= self.told.end or self._came.get(user, 0.0) > arrival - DAY / 2.0:
                    continue
                if arrival <= now:  # late: until half its usual stay is over it may still come at any moment
                    arrival = now + self.told.step
                    if arrival > (usual.arrival + usual.declared) / 2.0 + day * DAY:
                        continue
                found.append(expected(usual, usual.evse or evses[number % len(evses)], arrival, leaves, eager))
        return found


def expected(usual: Stay, evse: str, arrival: Second, leaves: Second, eager: float) -> Visit:
    """A car that may come at `arrival` and need `eager` times what it usually needs."""
    energy = eager * (usual.target - usual.stored)
    gives = usual.discharge > 0.0
    need = Need(
        target_energy=energy,
        max_energy=max(energy, usual.capacity - usual.stored if gives else 0.0),
        min_energy=usual.floor - usual.stored if gives else 0.0,
        departure=leaves - arrival,
        charge_power=usual.charge,
        discharge_power=usual.discharge,
        v2x_max_energy=usual.capacity - usual.stored if gives else None,
        v2x_min_energy=usual.floor - usual.stored if gives else None,
    )
    return Visit(
        evse=evse,
        need=need,
        arrival=arrival,
        departure=leaves,
        phases=usual.phases,
        efficiency=usual.efficiency,
        discharges=gives,
        taper=Taper(usual.knee - usual.stored, usual.slope) if usual.knee is not None else None,
        user=usual.user,
        expected=True,
    )


def known(signals: tuple[Signal, ...], now: Second) -> tuple[Signal, ...]:
    """What has been received and is not over."""
    return tuple(signal for signal in signals if signal.received <= now < signal.end)


def recurring(signals: tuple[Signal, ...], now: Second) -> tuple[Signal, ...]:
    """Limits of the last day that were over by now and have not been said anew: they may well come again, a day later."""
    said = {(signal.kind, signal.node, signal.start) for signal in signals if signal.received <= now}
    ended = (signal for signal in signals if signal.kind in LIMITS and now - DAY < signal.end <= now)
    again = (replace(signal, id=f"{signal.id} again", start=signal.start + DAY, end=signal.end + DAY) for signal in ended)
    return tuple(signal for signal in again if (signal.kind, signal.node, signal.start) not in said)


def blended(forecast: Series, now: Second, until: Second, measured: Watt) -> Series:
    """A forecast from the step of `now` on that begins with what is measured; the difference fades away in two hours."""
    step = forecast.step
    first = int((now - forecast.start) // step)
    last = min(len(forecast.values), max(first + 1, ceil((until - forecast.start) / step)))
    expected = forecast.values[first:last]
    off = measured - expected[0]
    values = tuple(max(0.0, value + off * max(0.0, 1.0 - k * step / FADE)) for k, value in enumerate(expected))
    return Series(forecast.start + first * step, step, values)
