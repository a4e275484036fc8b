"""Weighted max-min filling, against the definition."""

from __future__ import annotations

from random import Random

import pytest

from iso15118.grid.fill import Row, fill


@pytest.mark.parametrize(
    ("rows", "floors", "ceilings", "weights", "levels", "held"),
    [
        ([(10.0, {0: 1.0, 1: 1.0})], [0, 0], [32, 32], [1, 1], [5, 5], [0, 0]),
        ([(10.0, {0: 1.0, 1: 1.0})], [0, 0], [2, 32], [1, 1], [2, 8], [None, 0]),
        ([(9.0, {0: 1.0, 1: 1.0})], [0, 0], [32, 32], [2, 1], [6, 3], [0, 0]),
        ([(10.0, {0: 1.0, 1: 1.0})], [6, 0], [32, 32], [1, 1], [6, 4], [0, 0]),
        ([(20.0, {0: 1.0, 1: 1.0})], [6, 0], [32, 32], [1, 1], [10, 10], [0, 0]),
        ([(10.0, {0: 1.0, 1: 1.0}), (3.0, {0: 1.0})], [0, 0], [32, 32], [1, 1], [3, 7], [1, 0]),
        ([(5.0, {0: 1.0, 1: 1.0})], [6, 0], [32, 32], [1, 1], [6, 0], [0, 0]),
        ([(12.0, {0: 3.0, 1: 1.0})], [0, 0], [32, 32], [1, 1], [3, 3], [0, 0]),
        ([], [0, 1], [5, 0], [1, 1], [5, 1], [None, None]),
    ],
)
def test_by_hand(rows, floors, ceilings, weights, levels, held) -> None:  # type: ignore[no-untyped-def]
    found = fill([Row(room, tuple(parts.items())) for room, parts in rows], floors, ceilings, weights)
    assert found.levels == pytest.approx(levels)
    assert found.held == held


def slowly(rows: list[Row], floors: list[float], ceilings: list[float], weights: list[float]) -> list[float]:
    """By the definition: the common level rises by bisection until somebody has to stop."""
    count, found = len(floors), list(floors)
    done = [ceilings[i] <= floors[i] for i in range(count)]

    def levels(level: float) -> list[float]:
        return [found[i] if done[i] else min(ceilings[i], max(floors[i], weights[i] * level)) for i in range(count)]

    def fits(at: list[float], row: Row) -> bool:
        return sum(part * at[i] for i, part in row.parts) <= row.room + 1e-9

    while True:
        for row in rows:
            if sum(part * found[i] for i, part in row.parts) >= row.room - 1e-7:
                for i, _ in row.parts:
                    done[i] = True
        done = [done[i] or found[i] >= ceilings[i] - 1e-7 for i in range(count)]
        if all(done):
            return found
        loose = [row for row in rows if not all(done[i] for i, _ in row.parts)]
        low, high = 0.0, max(ceilings[i] / weights[i] for i in range(count)) + 1.0
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if all(fits(levels(middle), row) for row in loose) else (low, middle)
        found = levels(low)


@pytest.mark.parametrize("seed", range(200))
def test_against_the_definition(seed: int) -> None:
    rng = Random(seed)
    count = rng.randint(1, 8)
    rows = []
    for _ in range(rng.randint(0, 5)):
        chosen = [i for i in range(count) if rng.random() < 0.6] or [0]
        rows.append(Row(rng.uniform(0.0, 60.0), tuple((i, rng.choice([1.0, 1.0, 3.0])) for i in chosen)))
    floors = [rng.choice([0.0, 0.0, 6.0]) for _ in range(count)]
    ceilings = [rng.choice([16.0, 32.0, rng.uniform(0.0, 40.0)]) for _ in range(count)]
    weights = [rng.choice([1.0, 1.0, 2.0]) for _ in range(count)]
    assert fill(rows, floors, ceilings, weights).levels == pytest.approx(slowly(rows, floors, ceilings, weights), abs=1e-4)
