"""The steps of a plan, and what is known over time in those steps. Arrays of numpy, one value a step.

A step that is not of the length of the others is the first: it ends at the next multiple of the step on the clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, inf
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from iso15118.grid.series import Series
from iso15118.grid.signals import Kind, Signal, bound
from iso15118.units import HOUR, Second
from iso15118.value import replace

Array: TypeAlias = NDArray[np.float64]

DAY: Final[Second] = 86_400.0
FINE: Final[Second] = 6 * HOUR
"""A horizon of many steps, or of many cars, is planned coarsely beyond it."""
MANY: Final = 100
SHORTEST: Final[Second] = 1.0
"""A first step below it is put to the next one."""


def edges_of(now: Second, step: Second, horizon: Second, fine: Second = inf) -> Array:
    """Where the steps of a plan begin and end, s since the epoch: from `now` to the first multiple of the step at or beyond the horizon.

    Beyond `fine` s, or where there are many beyond `FINE`, steps are hours; those below a quarter of an hour become quarters.
    """
    first, last = floor(now / step) + 1, ceil((now + horizon) / step - 1e-9)
    clock = np.arange(first, max(last, first) + 1) * step
    fine = min(fine, FINE if len(clock) > MANY else inf)
    coarse = HOUR if step >= HOUR / 4 else HOUR / 4
    clock = clock[(clock <= now + fine) | (clock % coarse == 0.0) | (clock == clock[-1])]
    if clock[0] - now < SHORTEST and len(clock) > 1:
        clock = clock[1:]
    return np.concatenate(([now], clock))


def over(series: Series, edges: Array) -> Array:
    """The means of a series over steps. Beyond its end its last day is repeated; if it has none, and before it begins, its mean holds."""
    values = np.asarray(series.values, float)
    mean = float(values.mean())
    if edges[0] < series.start:
        early = ceil((series.start - edges[0]) / series.step)
        values = np.concatenate((np.full(early, mean), values))
    else:
        early = 0
    start = series.start - early * series.step
    more = ceil((edges[-1] - start) / series.step) - len(values)
    if more > 0:
        day = round(DAY / series.step)
        whole = day * series.step == DAY and day <= len(series.values)
        values = np.concatenate((values, np.resize(series.values[-day:], more) if whole else np.full(more, mean)))
    integral = np.concatenate(([0.0], np.cumsum(values))) * series.step
    at = start + series.step * np.arange(len(integral))
    means: Array = np.diff(np.interp(edges, at, integral)) / np.diff(edges)
    return means


def lasting(signals: Iterable[Signal], now: Second) -> tuple[Signal, ...]:
    """The signals as a plan takes them: a source that speaks now goes on to be heard, one that is silent stays silent."""
    return tuple(signal if now >= signal.expires else replace(signal, expires=inf) for signal in signals)


def tightest(signals: Iterable[Signal], kind: Kind, nodes: Iterable[str], edges: Array) -> Array:
    """The least that signals of a kind say at one of the nodes at any moment of each step; infinite: nothing."""
    least = np.full(len(edges) - 1, inf)
    named = set(nodes)
    for signal in signals:
        if signal.kind is not kind or signal.node not in named:
            continue
        cuts = [*edges[:-1], signal.start, signal.end]
        if isinstance(signal.value, Series):
            cuts += [signal.value.start + k * signal.value.step for k in range(len(signal.value.values) + 1)]
        for cut in cuts:
            if edges[0] <= cut < edges[-1] and (value := signal.at(cut)) is not None:
                k = int(np.searchsorted(edges, cut, "right")) - 1
                least[k] = min(least[k], value)
    return least


def said(signals: Iterable[Signal], kind: Kind, node: str, edges: Array, otherwise: Array) -> Array:
    """What the signals of the highest rank say in the middle of each step; `otherwise` where nobody says anything."""
    mine = [signal for signal in signals if signal.kind is kind and signal.node == node]
    if not mine:
        return otherwise
    found = [bound(mine, kind, node, float(middle)) for middle in (edges[:-1] + edges[1:]) / 2.0]
    return np.array([other if one is None else one.value for one, other in zip(found, otherwise, strict=True)])


def presence(edges: Array, begin: Second, end: Second) -> Array:
    """The part of each step (0..1) that lies between two moments."""
    inside: Array = np.maximum(np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin), 0.0) / np.diff(edges)
    return inside


def windows(edges: Array, window: Second) -> list[tuple[NDArray[np.intp], Array]]:
    """The windows of the clock: the steps in each, and the part (making 1 in all) of it that each of them is.

    The first one counts only what is still to come of it, as if what has been were the same. A step that is longer than a window is one.
    """
    hours = np.diff(edges)
    number = np.arange(len(hours)) if (hours > window).any() else np.floor(edges[:-1] / window + 1e-9)
    return [(steps, hours[steps] / hours[steps].sum()) for each in np.unique(number) for steps in [np.flatnonzero(number == each)]]
