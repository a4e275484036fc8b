"""Timing, and the rows a bench gives. Times in seconds; medians over repeats, in which the subjects take turns, so that a busy moment of
the machine falls on all of them.
"""

from __future__ import annotations

import gc
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns

NANO = 1e-9
WARM_UP = 200
"""Calls that are not timed."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Median, 99th percentile and the least, in seconds."""

    p50: float
    p99: float
    least: float

    @classmethod
    def of(cls, times: Sequence[float]) -> Timing:
        """Of a series of single times."""
        ordered = sorted(times)
        return cls(statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], ordered[0])

    @classmethod
    def median(cls, repeats: Sequence[Timing]) -> Timing:
        """The median of each figure over repeats; the least of all of them."""
        return cls(statistics.median(t.p50 for t in repeats), statistics.median(t.p99 for t in repeats), min(t.least for t in repeats))

    def __truediv__(self, other: Timing) -> float:
        """How many times slower, by medians."""
        return self.p50 / other.p50


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what, the figures, and what they are measured against. `data` is what goes to JSON."""

    cells: tuple[str, ...]
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and the most it should be, or with `least` the least."""

    name: str
    value: float
    most: float
    unit: str = ""
    least: bool = False

    @property
    def met(self) -> bool:
        """Is it within?"""
        return self.value >= self.most if self.least else self.value <= self.most

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return (
            f"goal {verdict}: {self.name} {self.value:.3g} {self.unit}".rstrip()
            + f" (at {'least' if self.least else 'most'} {self.most:g})"
        )


@dataclass(frozen=True, slots=True)
class Table:
    """What one bench found."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    goals: tuple[Goal, ...] = ()

    def text(self) -> str:
        """For a terminal: the first column to the left, the others to the right."""
        lines = [self.heads, *(row.cells for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.heads))]
        shown = ["  ".join((line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:]))) for line in lines]
        body = [shown[0], "-" * len(shown[0]), *shown[1:]]
        return "\n".join([f"{self.name}: {self.title}", *body, *self.notes, *map(str, self.goals)])

    def json(self) -> dict[str, object]:
        """For a file."""
        goals = [
            {"name": g.name, "value": g.value, "least" if g.least else "most": g.most, "unit": g.unit, "met": g.met} for g in self.goals
        ]
        return {"title": self.title, "rows": [row.data for row in self.rows], "goals": goals}


class Progress:
    """One line on the terminal that says what is going on, and goes away; nothing where there is no terminal."""

    def __init__(self, shown: bool | None = None) -> None:
        self._shown = sys.stderr.isatty() if shown is None else shown

    def __call__(self, what: str = "") -> None:
        if self._shown:
            print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


def take_turns(
    subjects: Mapping[str, Callable[[int], object]], *, calls: int, repeats: int, progress: Progress, what: str = ""
) -> dict[str, Timing]:
    """Times `calls` single calls (each is given its number) of every subject, `repeats` times over. Garbage is collected in between."""
    found: dict[str, list[Timing]] = {name: [] for name in subjects}
    for subject in subjects.values():
        for i in range(min(calls, WARM_UP)):
            subject(i)
    for repeat in range(repeats):
        for name, subject in subjects.items():
            progress(f"{what}: {name}, {repeat + 1} of {repeats}")
            found[name].append(_timed(subject, calls))
    progress()
    return {name: Timing.median(timings) for name, timings in found.items()}


def _timed(subject: Callable[[int], object], calls: int) -> Timing:
    times = [0] * calls
    gc.collect()
    gc.disable()
    try:
        for i in range(calls):
            began = perf_counter_ns()
            subject(i)
            times[i] = perf_counter_ns() - began
    finally:
        gc.enable()
    return Timing.of([t * NANO for t in times])


def micro(seconds: float) -> str:
    """Microseconds, to three figures."""
    value = seconds * 1e6
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
