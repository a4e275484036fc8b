"""A linear program as arrays, and its solution by HiGHS. Neighbour: `model`, which says what columns and rows mean."""

from __future__ import annotations

from typing import Final

import highspy
import numpy as np
from highspy._core import _Highs  # Highs itself prints its name the first time it is made
from numpy.typing import ArrayLike, NDArray

from iso15118.errors import LocalError
from iso15118.grid.planning.horizon import Array
from iso15118.units import Second
from iso15118.value import Value

Index = NDArray[np.intp]
PATIENCE: Final[Second] = 8.0
"""A linear program that takes longer is given up."""
WHOLE_PATIENCE: Final[Second] = 2.0
"""A search for whole numbers that takes longer ends with the best found."""
FEASIBLE: Final = 2
"""What HiGHS calls a solution that breaks no bound."""


class Solution(Value):
    """What was found: the value of each column, and of each row what the cost changes with a unit of its bound."""

    columns: Array
    duals: Array
    reduced: Array
    """Of each column what the cost changes with a unit of its bound."""
    seconds: float
    whole: bool = True
    """False: the search for whole numbers ended before it had found any; they are fractions."""


class Matrix:
    """Columns and rows as they are added."""

    def __init__(self) -> None:
        self._columns: list[tuple[Array, Array, Array]] = []
        self._rows: list[tuple[Array, Array]] = []
        self._entries: list[tuple[Index, Index, Array]] = []
        self.width = 0
        self.height = 0

    def columns(self, cost: ArrayLike, lower: ArrayLike, upper: ArrayLike, count: int) -> Index:
        """New ones; numbers stand for all of them alike."""
        made = tuple(np.broadcast_to(np.asarray(what, float), (count,)) for what in (cost, lower, upper))
        self._columns.append((made[0], made[1], made[2]))
        self.width += count
        return np.arange(self.width - count, self.width)

    def rows(self, lower: ArrayLike, upper: ArrayLike, count: int) -> Index:
        """New ones, between two bounds."""
        self._rows.append((np.broadcast_to(np.asarray(lower, float), (count,)), np.broadcast_to(np.asarray(upper, float), (count,))))
        self.height += count
        return np.arange(self.height - count, self.height)

    def put(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Entries; of one place their sum counts. Where row or column is negative there is none."""
        row, column, value = np.broadcast_arrays(np.asarray(rows), np.asarray(columns), np.asarray(values, float))
        there = (row >= 0) & (column >= 0) & (value != 0.0)
        self._entries.append((row[there], column[there], value[there]))

    def cheapest(self, whole: Index, patience: Second = PATIENCE) -> Solution:
        """The least cost; the columns `whole` become 0 or 1. Raises LocalError where the solver finds nothing."""
        costs, lower, upper = (np.concatenate(parts) for parts in zip(*self._columns, strict=True))
        settled, seconds = True, 0.0
        if len(whole):
            integrality = np.zeros(self.width, np.int32)
            integrality[whole] = 1
            search = self._run(costs, lower, upper, integrality, WHOLE_PATIENCE)
            seconds = search.getRunTime()
            settled = search.getInfo().primal_solution_status == FEASIBLE
            if settled:
                lower[whole] = upper[whole] = np.round(np.asarray(search.getSolution().col_value)[whole])
        solver = self._run(costs, lower, upper, np.zeros(self.width, np.int32), patience)
        status = solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise LocalError(f"no plan: the solver says {solver.modelStatusToString(status)!r} of {self.height} rows, {self.width} columns")
        found = solver.getSolution()
        return Solution(
            np.asarray(found.col_value),
            np.asarray(found.row_dual),
            np.asarray(found.col_dual),
            seconds + solver.getRunTime(),
            settled,
        )

    def _run(self, costs: Array, lower: Array, upper: Array, integrality: NDArray[np.int32], patience: Second) -> _Highs:
        low, high = (np.concatenate(parts) for parts in zip(*self._rows, strict=True))
        solver = _Highs()
        for option, setting in (("output_flag", False), ("threads", 1), ("time_limit", patience)):
            solver.setOptionValue(option, setting)
        starts, index, values = self._compressed()
        if (
            not np.isfinite(costs).all()
            or not np.isfinite(values).all()
            or any(np.isnan(bound).any() for bound in (lower, upper, low, high))
        ):
            raise LocalError("no plan: what is asked has no numbers, or ones without end")  # HiGHS would take it
        kind, sense = int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize)
        solver.passModel(
            self.width, self.height, len(values), kind, sense, 0.0, costs, lower, upper, low, high, starts, index, values, integrality
        )
        solver.run()
        return solver

    def _compressed(self) -> tuple[NDArray[np.int32], NDArray[np.int32], Array]:
        """Column by column: where each begins, the row of each entry, its value."""
        row, column, value = (np.concatenate(parts) for parts in zip(*self._entries, strict=True))
        place = column * self.height + row
        order = np.argsort(place, kind="stable")
        place, value = place[order], value[order]
        first = np.flatnonzero(np.diff(place, prepend=-1))
        value = np.add.reduceat(value, first)
        column, row = np.divmod(place[first], self.height)
        starts = np.searchsorted(column, np.arange(self.width + 1))
        return starts.astype(np.int32), row.astype(np.int32), value
