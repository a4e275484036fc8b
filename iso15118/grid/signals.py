"""What others say of a site's power: each with its source, its node, its end, and what holds when the source is silent.

Limits combine by the least; of set-points that of the highest priority counts, within the limits. A source that is late is not
forgotten: its fail-safe value takes the place of what it said.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import Final, TypeAlias

from iso15118.errors import LocalError
from iso15118.grid.series import Series
from iso15118.units import Second
from iso15118.value import Value


class Kind(StrEnum):
    """What is said. Powers of limits are magnitudes in W, set-points are signed (+ = import)."""

    IMPORT_LIMIT = "import_limit"
    EXPORT_LIMIT = "export_limit"
    CONTROLLABLE_LIMIT = "controllable_limit"
    """Of what controllable loads draw from the grid (§ 14a EnWG): own generation may lift it."""
    SETPOINT = "setpoint"
    PRICE_IMPORT = "price_import"
    PRICE_EXPORT = "price_export"
    CARBON = "carbon"
    CAPACITY = "capacity"
    RESERVE = "reserve"
    """W of frequency containment reserve, both ways."""
    DISCHARGE = "discharge"
    """0.0: forbidden, else allowed."""
    GRID_ALARM = "grid_alarm"


class Rank(IntEnum):
    """Whose word counts more; the lower number goes first."""

    SAFETY = 0
    PROTECTION = 1
    GRID_OPERATOR = 2
    INSTALLATION = 3
    BACK_END = 4
    SITE = 5
    DRIVER = 6
    PLAN = 7


LIMITS: Final = frozenset({Kind.IMPORT_LIMIT, Kind.EXPORT_LIMIT, Kind.CONTROLLABLE_LIMIT})
Said: TypeAlias = "float | Series"


class Signal(Value, kw_only=True):
    """One of them. Moments are seconds since the epoch. Raises LocalError on a limit below 0 or an end before the start."""

    id: str
    source: str
    kind: Kind
    value: Said
    node: str = ""
    """A circuit or an outlet; empty: the connection."""
    start: Second = 0.0
    end: Second = float("inf")
    """From here on it does not hold any more, as was said in advance."""
    expires: Second = float("inf")
    """Not renewed until then, its source counts as silent."""
    failsafe: float | None = None
    """While the source is silent; None: nothing takes its place, which no limit may say."""
    rank: Rank = Rank.SITE
    received: Second = 0.0

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise LocalError(f"signal {self.id} of {self.source}: it ends at {self.end:g} and starts at {self.start:g}")
        if self.kind in LIMITS:
            lowest = min(self.value.values) if isinstance(self.value, Series) else self.value
            if not lowest >= 0.0:
                raise LocalError(f"signal {self.id} of {self.source}: {self.kind} of {lowest:g} W; allowed: 0 W and more")
            if self.expires != float("inf") and self.failsafe is None:
                raise LocalError(f"signal {self.id} of {self.source}: {self.kind} that expires without a fail-safe value")

    def at(self, moment: Second) -> float | None:
        """What holds at `moment`; None: nothing of this signal."""
        if not self.start <= moment < self.end:
            return None
        if moment >= self.expires:
            return self.failsafe
        if isinstance(self.value, Series):
            value = self.value.at(moment)
            return self.failsafe if value is None else value
        return self.value


class Bound(Value):
    """A value in force, and whose it is."""

    value: float
    signal: str
    """The id of the signal that bound it; of what the site is built from: `fuse`, `cable` and the like."""


def bound(signals: Iterable[Signal], kind: Kind, node: str, moment: Second) -> Bound | None:
    """The tightest limit of a kind, or the set-point of the highest rank (the newer of two), at a node; None: nobody says any."""
    said = [(value, s) for s in signals if s.kind is kind and s.node == node and (value := s.at(moment)) is not None]
    if not said:
        return None
    if kind in LIMITS:
        value, signal = min(said, key=lambda pair: (pair[0], pair[1].rank, pair[1].id))
    else:
        value, signal = min(said, key=lambda pair: (pair[1].rank, -pair[1].received, pair[1].id))
    return Bound(value, signal.id)


def forbidden(signals: Iterable[Signal], node: str, moment: Second) -> Bound | None:
    """The signal that forbids energy to come back at a node; None: no signal does."""
    for signal in signals:
        if signal.kind is Kind.DISCHARGE and signal.node in ("", node) and signal.at(moment) == 0.0:
            return Bound(0.0, signal.id)
    return None
