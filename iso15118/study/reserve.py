"""S7 second by second: cars hold a reserve and follow a made-up frequency, each at its baseline of the plan and its part of the reserve.

The frequency is an Ornstein-Uhlenbeck process (18.5 mHz, 240 s: assumed). What is asked of this second is held against what comes of
it: the cars answer to the frequency `lag` seconds ago, and one at the end of its power or energy gives less.
"""

from __future__ import annotations

from collections import deque
from math import sqrt
from typing import Final

from iso15118.grid.frequency_reserve import droop, wandering
from iso15118.grid.policies import Policy
from iso15118.study.arrivals import Arrivals
from iso15118.study.controller import Controller, Tuning, known
from iso15118.study.metrics import Row, satisfied
from iso15118.study.physics import Car
from iso15118.study.record import Outcome
from iso15118.study.run import Progress, seen
from iso15118.study.scenarios import Scenario
from iso15118.study.scenarios.chance import stream
from iso15118.study.scenarios.fcr import RESERVE, REWARD
from iso15118.units import HOUR, Second, Watt
from iso15118.value import replace

TAU: Final[Second] = 240.0
WEAR: Final = 0.04


def follow(told: Scenario, policy: Policy, lag: int = 2, tuning: Tuning | None = None, progress: Progress | None = None) -> Row:
    """Figures: rms and worst error in per cent of the reserve, mean power asked for, energy moved, wear and reward in EUR, service."""
    if policy.objective is None:
        return {}
    told = replace(told, objective=policy.objective)
    controller = Controller(told, tuning or Tuning())
    arrivals = Arrivals(told, told.step, full=True)
    random = stream(told.name, told.seed, "frequency")
    outcomes: list[Outcome] = []
    squares = worst = asked_total = seconds = given = energy = held = 0.0
    low = high = 0.0
    heard: deque[float] = deque([0.0] * (lag + 1), maxlen=lag + 1)
    frequencies = wandering(lambda: random.gauss(0.0, 1.0), round(told.step) * told.steps, time_constant=TAU)
    for k in range(told.steps):
        now = told.start + k * told.step
        for gone in arrivals.leave(now):
            outcomes.append(gone)
            controller.departed(gone.user, gone.declared, gone.left)
        for car in arrivals.come(now):
            controller.arrived(car, now)
        cars = arrivals.there
        if not cars:
            continue
        wanted = max((signal.at(now) or 0.0 for signal in known(told.signals, now)), default=0.0)
        if wanted == 0.0:
            energy = 0.0
        load = {name: series.values[k] for name, series in told.load.items()}
        plan = controller.plan(now, seen(cars, now, controller, gives=True), load, {}, {})
        plans = {own.evse: own for own in plan.evses if not own.expected}
        pool = sum(own.reserve for own in plans.values())
        held += min(wanted, pool) / 1e3 * told.step / HOUR
        if progress is not None:
            progress(k + 1, told.steps)
        if wanted == 0.0:
            for name, car in cars.items():
                car.move(_within(car, plans[name].power[0], told.step), told.step)
            continue
        for second in range(round(told.step)):
            share = droop(frequencies[k * round(told.step) + second])
            heard.append(share)
            answer = 0.0
            for name, car in cars.items():
                base = _within(car, plans[name].power[0], 1.0)
                part = plans[name].reserve * wanted / pool if pool > 0.0 else 0.0
                power = _within(car, base + part * heard[0], 1.0)
                answer += power - base
                car.move(power, 1.0)
            error = abs(answer - wanted * share) / wanted
            squares, worst, seconds = squares + error * error, max(worst, error), seconds + 1.0
            asked_total += abs(share)
            energy += answer / HOUR / 1e3
            low, high = min(low, energy), max(high, energy)
            given += max(0.0, -answer) / HOUR / 1e3
    for gone in arrivals.leave(told.end):
        outcomes.append(gone)
    count = len(outcomes)
    return {
        "lag_s": lag,
        "rms_percent": 100.0 * sqrt(squares / seconds) if seconds else None,
        "worst_percent": 100.0 * worst,
        "mean_percent": 100.0 * asked_total / seconds if seconds else None,
        "lowest_kwh": low,
        "highest_kwh": high,
        "throughput_kwh": given,
        "wear_cost": WEAR * given,
        "revenue": REWARD * held,
        "held_percent": 100.0 * held * 1e3 * HOUR / (RESERVE * seconds) if seconds else None,
        "departures": count,
        "satisfied": 100.0 * sum(map(satisfied, outcomes)) / count if count else 100.0,
    }


def _within(car: Car, power: Watt, duration: Second) -> Watt:
    return max(-car.gives(duration), min(car.most(duration), power))
