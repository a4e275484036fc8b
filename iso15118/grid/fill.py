"""Weighted max-min fairness over rows of limits: everybody's level rises as one until a limit or its own ceiling holds it.

Exact, and without iteration over all: each variable starts, ends or is held once, and rows are looked at in the order in which they fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Final

from iso15118.value import Value

NOTHING: Final = 1e-9
_NEVER: Final = float("inf")
_BEGINS, _FILLS, _ENDS = 0, 1, 2


class Row(Value):
    """One limit: the sum over `parts` of coefficient (> 0) times variable stays at most at `room`."""

    room: float
    parts: tuple[tuple[int, float], ...]


class Filled(Value):
    """The levels, and what held each: the number of a row, or None where it is its own ceiling."""

    levels: list[float]
    held: list[int | None]


def fill(rows: Sequence[Row], floors: Sequence[float], ceilings: Sequence[float], weights: Sequence[float]) -> Filled:
    """The weighted max-min fair levels with `floors[i] <= x[i] <= ceilings[i]`: no x[i] / weights[i] can rise but at a lower one's cost.

    Floors are given even where they do not fit: a row that they overfill holds all that are in it, at their floors. What has a ceiling
    below its floor stays at its floor.
    """
    count = len(floors)
    levels, held = list(floors), _nobody(count)
    done = [ceilings[i] <= floors[i] + NOTHING for i in range(count)]
    if all(done):
        return Filled(levels, held)
    member: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    used, rise = [0.0] * len(rows), [0.0] * len(rows)
    """Of each row: what does not move, or not yet, and how fast the rest of it grows with the level."""
    due = [_NEVER] * len(rows)
    """The level at which each row is looked at next: the earliest at which it can be full."""
    for r, row in enumerate(rows):
        taken = 0.0
        for i, part in row.parts:
            taken += part * floors[i]
            if not done[i]:
                member[i].append((r, part))
        used[r] = taken
    moving = [False] * count
    events: list[tuple[float, int, int]] = []
    """(level, kind, number): of equal levels variables begin first, then rows are looked at, then variables are at their ceilings."""
    for i in range(count):
        if not done[i]:
            events.append((floors[i] / weights[i], _BEGINS, i))
            events.append((ceilings[i] / weights[i], _ENDS, i))
    for r, row in enumerate(rows):
        if used[r] >= row.room - NOTHING:
            for i, _ in row.parts:
                if not done[i]:
                    done[i], held[i] = True, r
    heapify(events)

    def stop(i: int, level: float) -> None:
        done[i], moving[i] = True, False
        levels[i] = min(ceilings[i], max(floors[i], weights[i] * level))
        for r, part in member[i]:
            used[r] += part * levels[i]
            rise[r] -= part * weights[i]

    while events:
        level, kind, number = heappop(events)
        if kind == _BEGINS:
            begin = [number]
            while events and events[0][0] == level and events[0][1] == _BEGINS:
                begin.append(heappop(events)[2])
            touched: set[int] = set()
            for i in begin:
                if not done[i]:
                    moving[i] = True
                    for r, part in member[i]:
                        used[r] -= part * floors[i]
                        rise[r] += part * weights[i]
                        touched.add(r)
            for r in sorted(touched):
                full = max(level, (rows[r].room - used[r]) / rise[r])
                if full < due[r]:
                    due[r] = full
                    heappush(events, (full, _FILLS, r))
        elif kind == _FILLS:
            if level != due[number]:
                continue
            due[number] = _NEVER
            if rise[number] <= NOTHING:
                continue
            full = (rows[number].room - used[number]) / rise[number]
            if full > level + NOTHING:
                due[number] = full
                heappush(events, (full, _FILLS, number))
                continue
            for i, _ in rows[number].parts:
                if moving[i]:
                    held[i] = number
                    stop(i, level)
                elif not done[i]:
                    done[i], held[i] = True, number
        elif moving[number]:
            stop(number, level)
    return Filled(levels, held)


def _nobody(count: int) -> list[int | None]:
    return [None] * count
