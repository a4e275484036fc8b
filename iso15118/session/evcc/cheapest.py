"""A power profile by price: the energy wanted until departure in the cheapest slots, some given back in the dearest where that earns.

Arithmetic over the chosen schedule. Powers in W, fees for a kWh, energies in Wh from now on, stamps in us on the charger's clock.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from iso15118.energy import Need
from iso15118.messages.v20.schedule import PowerScheduleEntry
from iso15118.session.evcc.figures import power_at_most
from iso15118.session.evcc.plan import Chosen
from iso15118.units import HOUR, KWH, MICROSECONDS, Second, Watt, WattHour

ENTRIES: Final = 2048
"""That a profile can have."""
ROUND_TRIP: Final = 0.85
"""Of what is charged comes back out: giving back has to earn the loss too."""
CANDIDATES: Final = 64
"""Dearest and cheapest slots that are compared for giving back."""
CRUMB: Final[WattHour] = 1.0


class Span(NamedTuple):
    """A time in which power limits and prices stand still: seconds, from the profile's anchor on."""

    begin: int
    end: int
    charge: Watt
    fee: float
    discharge: Watt
    back_fee: float

    @property
    def hours(self) -> float:
        """How long."""
        return (self.end - self.begin) * (1.0 / HOUR)


class Course(NamedTuple):
    """A plan for the stay: energies (Wh) of each span, what of the need it cannot meet, and what it costs."""

    anchor: int
    spans: tuple[Span, ...]
    loads: tuple[WattHour, ...]
    backs: tuple[WattHour, ...]
    short: WattHour
    cost: float

    def entries(self) -> tuple[PowerScheduleEntry, ...]:
        """The profile, from `anchor` on: each span at its full power for as long as its energy takes, then at none."""
        told: list[tuple[int, Watt]] = []
        for span, load, back in zip(self.spans, self.loads, self.backs, strict=True):
            most, energy = (span.charge, load) if load > 0.0 else (-span.discharge, back)
            whole = span.end - span.begin
            busy = min(whole, round(energy * HOUR / abs(most))) if most and energy else 0
            told += [(seconds, power) for seconds, power in ((busy, most), (whole - busy, 0.0)) if seconds]
        joined: list[tuple[int, Watt]] = []
        for seconds, power in told:
            if joined and joined[-1][1] == power:
                joined[-1] = (joined[-1][0] + seconds, power)
            else:
                joined.append((seconds, power))
        return tuple(_entry(seconds, power) for seconds, power in joined[:ENTRIES]) or (_entry(1, 0.0),)


def _entry(seconds: int, power: Watt) -> PowerScheduleEntry:
    said = power_at_most(abs(power))
    return PowerScheduleEntry(duration=seconds, power=said if power >= 0.0 else said.but(value=-said.value))


def course(
    chosen: Chosen, now: int, stay: Second | None, need: Need, charge: Watt, discharge: Watt = 0.0, *, give_back: bool = False
) -> Course:
    """The cheapest way to the target by departure, `stay` s from `now` (a stamp; None: the schedule's end).

    `charge`, `discharge`: our own most. What is needed at least is charged at once, the rest in the cheapest slots, earlier ones first.
    `give_back`: where prices are told in a currency, energy above the minimum is given in the dearest slots and charged in cheaper ones.
    """
    passed = max(0, (now - chosen.charge.anchor) // MICROSECONDS)
    anchor = chosen.charge.anchor + passed * MICROSECONDS  # whole seconds of the schedule, so that its slots are ours
    spans = _spans(chosen, anchor, None if stay is None else now + int(stay * MICROSECONDS), charge, discharge)
    loads, backs = [0.0] * len(spans), [0.0] * len(spans)
    wanted = max(0.0, need.target_energy)
    if chosen.energy is not None:
        wanted = min(wanted, chosen.energy)
    least = min(max(0.0, need.min_energy), wanted)
    _fill(spans, loads, least, list(range(len(spans))))
    by_price = sorted(range(len(spans)), key=lambda i: (spans[i].fee, i))
    _fill(spans, loads, wanted - sum(loads), by_price)
    prices = (chosen.prices, chosen.back_prices)
    if give_back and all(price is not None and price.absolute for price in prices):
        _trade(spans, loads, backs, need, by_price)
    cost = sum(span.fee * load + span.back_fee * back for span, load, back in zip(spans, loads, backs, strict=True)) / KWH
    short = max(0.0, need.target_energy) - sum(loads) + sum(backs)
    return Course(anchor, tuple(spans), tuple(loads), tuple(backs), max(0.0, short), cost)


def _spans(chosen: Chosen, anchor: int, until: int | None, charge: Watt, discharge: Watt) -> list[Span]:
    back, end = chosen.discharge, chosen.charge.anchor + chosen.charge.ends[-1]
    last = max(0, ((end if until is None else min(end, until)) - anchor) // MICROSECONDS)
    changes = [chosen.charge.anchor + end for end in chosen.charge.ends]
    changes += [] if back is None else [back.anchor + end for end in back.ends]
    for prices in (chosen.prices, chosen.back_prices):
        changes += [] if prices is None else [prices.anchor, *prices.ends]
    cuts = sorted({0, last, *(cut for change in changes if 0 < (cut := round((change - anchor) / MICROSECONDS)) < last)})
    spans = []
    for begin, finish in pairwise(cuts):
        stamp = anchor + begin * MICROSECONDS
        into = min(charge, chosen.charge.at(stamp))
        out = 0.0 if back is None else min(discharge, back.at(stamp))
        fee = 0.0 if chosen.prices is None else chosen.prices.fee(stamp, into)
        back_fee = 0.0 if chosen.back_prices is None else chosen.back_prices.fee(stamp, out)
        spans.append(Span(begin, finish, into, fee, out, back_fee))
    return spans


def _fill(spans: list[Span], loads: list[WattHour], energy: WattHour, order: list[int]) -> None:
    """Adds `energy` to the loads, in this order of the spans, as far as there is room."""
    for i in order:
        if energy <= 0.0:
            return
        added = min(energy, spans[i].charge * spans[i].hours - loads[i])
        loads[i] += added
        energy -= added


def _trade(spans: list[Span], loads: list[WattHour], backs: list[WattHour], need: Need, by_price: list[int]) -> None:
    """Adds pairs of giving back and charging that earn, the best first, as long as the battery stays within what it may hold."""
    floor = need.min_energy if need.v2x_min_energy is None else max(need.min_energy, need.v2x_min_energy)
    ceiling = max(need.max_energy, need.target_energy)
    room = [span.charge * span.hours for span in spans]
    held = list(accumulate(loads))
    dearest = sorted((i for i, span in enumerate(spans) if span.discharge > 0.0), key=lambda i: spans[i].back_fee)[:CANDIDATES]
    for out in dearest:
        left = 0.0 if loads[out] else spans[out].discharge * spans[out].hours
        for into in by_price[:CANDIDATES]:
            if -spans[out].back_fee * ROUND_TRIP <= spans[into].fee or left < CRUMB:
                break
            if into == out or backs[into]:
                continue
            slack = min(held[out:into]) - floor if out < into else ceiling - max(held[into:out])
            moved = min(left, room[into] - loads[into], slack)
            if moved < CRUMB:
                continue
            backs[out] += moved
            loads[into] += moved
            left -= moved
            first, last, step = (out, into, -moved) if out < into else (into, out, moved)
            for i in range(first, last):
                held[i] += step
