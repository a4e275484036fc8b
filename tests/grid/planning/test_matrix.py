"""A program as arrays, and an opinion of its optimum that does not come from the solver: duality."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from iso15118.errors import LocalError
from iso15118.grid.planning.fleet import fleet
from iso15118.grid.planning.matrix import Matrix
from iso15118.grid.planning.model import Model
from iso15118.grid.planning.scene import scene
from tests.grid.planning.made import any_question

NONE = np.zeros(0, np.intp)


def knapsack() -> tuple[Matrix, np.ndarray]:
    """3 a + 2 b at most 4, worth 5 and 3."""
    m = Matrix()
    columns = m.columns([-5.0, -3.0], 0.0, 1.0, 2)
    m.put(m.rows(-inf, 4.0, 1), columns, [3.0, 2.0])
    return m, columns


def test_fractions_and_whole_numbers() -> None:
    m, columns = knapsack()
    found = m.cheapest(NONE)
    assert list(found.columns) == pytest.approx([1.0, 0.5])
    assert list(found.duals) == pytest.approx([-1.5])
    whole = m.cheapest(columns)
    assert list(whole.columns) == pytest.approx([1.0, 0.0])
    assert whole.whole


def test_entries_of_one_place_add_and_those_of_none_are_left_out() -> None:
    m = Matrix()
    [column] = m.columns(1.0, -inf, inf, 1)
    [row] = m.rows(6.0, inf, 1)
    m.put([row, row, -1], [column, column, column], [1.0, 2.0, 99.0])
    m.put(row, [-1], 99.0)
    assert list(m.cheapest(NONE).columns) == [2.0]


def test_what_has_no_solution_is_said() -> None:
    m = Matrix()
    column = m.columns(1.0, 0.0, 1.0, 1)
    m.put(m.rows(2.0, inf, 1), column, 1.0)
    with pytest.raises(LocalError, match="no plan: the solver says 'Infeasible' of 1 rows, 1 columns"):
        m.cheapest(NONE)
    endless = Matrix()
    endless.put(endless.rows(-inf, inf, 1), endless.columns(-1.0, 0.0, inf, 1), 1.0)
    with pytest.raises(LocalError, match="no plan"):
        endless.cheapest(NONE)
    mad = Matrix()
    mad.put(mad.rows(0.0, 1.0, 1), mad.columns(float("nan"), 0.0, 1.0, 1), 1.0)
    with pytest.raises(LocalError, match="no plan"):
        mad.cheapest(NONE)


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_is_the_best_by_duality(seed: int) -> None:
    """What it costs is what its bounds are worth, each at its dual: no plan can cost less than that sum."""
    question = any_question(seed)
    known = scene(question)
    members = fleet(question, known)
    m = Model(known, members, question.objective, question.prices, np.zeros(members.charge.shape, bool)).m
    found = m.cheapest(NONE)
    cost, lower, upper = (np.concatenate(parts) for parts in zip(*m._columns, strict=True))
    low, high = (np.concatenate(parts) for parts in zip(*m._rows, strict=True))
    starts, index, value = m._compressed()
    matrix = np.zeros((m.height, m.width))
    for column in range(m.width):
        part = slice(starts[column], starts[column + 1])
        matrix[index[part], column] = value[part]
    rows = matrix @ found.columns
    assert (found.columns >= lower - 1e-6).all()
    assert (found.columns <= upper + 1e-6).all()
    assert (rows >= low - 1e-6).all()
    assert (rows <= high + 1e-6).all()
    scale = np.abs(cost).max()
    assert np.abs(cost - matrix.T @ found.duals - found.reduced).max() <= 1e-6 * scale
    worth = 0.0
    for dual, least, most in ((found.duals, low, high), (found.reduced, lower, upper)):
        bound = np.where(dual > 0.0, least, most)
        counted = np.abs(dual) > 1e-7 * scale
        assert np.isfinite(bound[counted]).all()
        worth += float((dual[counted] * bound[counted]).sum())
    assert float(cost @ found.columns) == pytest.approx(worth, rel=1e-6, abs=1e-5 * scale)
