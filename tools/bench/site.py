"""One second of a site: head-room and allocation, in pure Python as a station does it. The baseline fills the same rows with numpy."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np

from iso15118.grid.allocate import allocate
from iso15118.grid.fill import Row as Limit
from iso15118.grid.fill import fill
from iso15118.grid.grants import Allocated, Wish
from iso15118.grid.headroom import Swings, headroom
from iso15118.grid.meters import Reading
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.grid.tree import Tree
from tools.bench.measure import Goal, Progress, Row, Table, take_turns

SIZES = (4, 20, 50, 200, 1000)
GOALS = {50: 0.005, 200: 0.005, 1000: 0.050}
"""s for one second of so many outlets."""


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """A row a size. Raises AssertionError where the two ways to fill disagree."""
    rows, goals = [], []
    for size in SIZES:
        second, ours, numpys = _subjects(size)
        if not np.allclose(ours(0), numpys(0), atol=1e-6):
            raise AssertionError(f"{size} outlets: two answers")
        subjects = {"a second": second, "fill": ours, "fill with numpy": numpys}
        found = take_turns(subjects, calls=max(20, calls * 10 // size // 4), repeats=repeats, progress=progress, what=f"site of {size}")
        cells = tuple(f"{timing.p50 * 1e3:.2f}" for timing in found.values())
        ratio = found["fill with numpy"].p50 / found["fill"].p50
        data = {name: {"p50": timing.p50, "p99": timing.p99} for name, timing in found.items()}
        rows.append(Row((str(size), cells[0], f"{found['a second'].p99 * 1e3:.2f}", *cells[1:], f"{ratio:.1f}"), {"outlets": size, **data}))
        if size in GOALS:
            goals.append(Goal(f"a second of {size} outlets, ms", found["a second"].p50 * 1e3, GOALS[size] * 1e3))
    heads = ("outlets", "p50", "p99", "fill", "with numpy", "times")
    return Table(
        "site", "ms for one second of a site under load: feeders of ten outlets, each row binds", heads, tuple(rows), goals=tuple(goals)
    )


Call = Callable[[int], object]


def _subjects(size: int) -> tuple[Call, Call, Call]:
    rng = Random(size)
    feeders = max(1, size // 10)
    main = Circuit(name="main", import_limit=size * 5e3, fuse=size * 8.0, metered=True)
    circuits = (main, *(Circuit(name=f"f{k}", parent="main", fuse=rng.uniform(80.0, 160.0), metered=True) for k in range(feeders)))
    evses = tuple(
        Evse(name=str(k), circuit=f"f{k % feeders}", lines=rng.choice([(0, 1, 2), (1, 2, 0), (2,)]), dc=rng.random() < 0.1)
        for k in range(size)
    )
    tree = Tree(Site(name="bench", circuits=circuits, evses=evses))
    wishes = [Wish(evse=evse.name, most=rng.uniform(3e3, 22e3), target=rng.uniform(0.0, 11e3), since=rng.random()) for evse in evses]
    meters = {circuit.name: Reading((5.0, 6.0, 7.0), 0.0) for circuit in circuits}
    draws = {evse.name: Reading((0.0, 0.0, 0.0), 0.0) for evse in evses}
    kept = {"swings": Swings(), "state": Allocated(), "now": 0.0}

    def second(_: int) -> object:
        now = kept["now"] = float(kept["now"]) + 1.0  # type: ignore[arg-type]
        read = {name: Reading(reading.currents, now) for name, reading in meters.items()}
        took = {name: Reading(reading.currents, now) for name, reading in draws.items()}
        kept["swings"], room = headroom(tree, read, took, (), kept["swings"], now=now, moment=0.0)  # type: ignore[arg-type]
        kept["state"], grants = allocate(tree, room, wishes, kept["state"], now)  # type: ignore[arg-type]
        return grants

    number = {evse.name: k for k, evse in enumerate(evses)}
    rows = []
    for circuit in circuits:
        below = tree.below[circuit.name]
        for line in range(3):
            room = (circuit.fuse or 0.0) * 0.97
            rows.append(Limit(room, tuple((number[evse.name], 1.0) for evse in below if line in evse.lines)))
    rows.append(Limit((main.import_limit or 0.0) * 0.97, tuple((number[evse.name], 230.0 * len(evse.lines)) for evse in evses)))
    floors, weights = [0.0] * size, [1.0] * size
    ceilings = [min(32.0, wish.most / 230.0 / len(evse.lines)) for wish, evse in zip(wishes, evses, strict=True)]
    matrix = np.zeros((len(rows), size))
    for r, row in enumerate(rows):
        for k, part in row.parts:
            matrix[r, k] = part
    rooms = np.array([row.room for row in rows])
    return (
        second,
        lambda _: fill(rows, floors, ceilings, weights).levels,
        lambda _: _filled(matrix, rooms, np.array(ceilings)),
    )


def _filled(matrix: np.ndarray, rooms: np.ndarray, ceilings: np.ndarray) -> np.ndarray:
    """Progressive filling as it is usually written: all rise alike until something is full, again and again."""
    levels, active = np.zeros(len(ceilings)), np.ones(len(ceilings), dtype=bool)
    room = rooms.copy()
    while active.any():
        rise = matrix @ active
        with np.errstate(divide="ignore", invalid="ignore"):
            step = min(np.min(np.where(rise > 0.0, room / rise, np.inf)), np.min((ceilings - levels)[active]))
        step = max(0.0, step)
        levels[active] += step
        room -= rise * step
        full = (room <= 1e-9) & (rise > 0.0)
        active &= (levels < ceilings - 1e-9) & ~(matrix[full].any(axis=0))
    return levels
