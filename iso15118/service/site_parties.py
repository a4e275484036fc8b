"""Whom a site asks and tells beside its outlets: who plans, who knows prices, what is expected, who keeps what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from iso15118.grid.planning import Outlook, Question, SitePlan
from iso15118.grid.prices import Prices
from iso15118.grid.second import Done, Kept, Known
from iso15118.grid.series import Series
from iso15118.power import Measured
from iso15118.units import PerPhase, Second, Watt
from iso15118.value import Value

DAY: Final[Second] = 86_400.0


class Planning(Protocol):
    """Who makes plans: `service.planner`, or `Here`."""

    async def plan(self, question: Question, offset: Second = 0.0) -> SitePlan:
        """The plan. Raises LocalError saying why there is none."""
        ...


class Here:
    """The planner in this process, which waits for it: for virtual time, where a process of its own would be late."""

    async def plan(self, question: Question, offset: Second = 0.0) -> SitePlan:
        """See `Planning`."""
        from iso15118.grid.planning.program import plan  # needs the extra `grid`

        return plan(question, offset)


class Market(Protocol):
    """Who knows prices: `service.config.site_tariff`."""

    def prices(self, now: Second) -> tuple[Prices, Series | None]:
        """The site's prices and, where they are told, the drivers'. Raises LocalError where none is known."""
        ...


class Meter(Protocol):
    """What is read by ourselves: `hal.modbus.mains`. Nobody waits for it; None: it has told nothing yet."""

    @property
    def why(self) -> str:
        """What the last reading has failed of; empty: nothing."""
        ...

    def flows(self) -> Measured[PerPhase] | None:
        """A in L1, L2, L3, + import."""
        ...

    def power(self) -> Measured[Watt] | None:
        """W of all phases, + import."""
        ...


class Scribe(Protocol):
    """Who keeps each second: `service.site_log`."""

    def saw(self, known: Known, kept: Kept, done: Done) -> None:
        """What was known, the state before, and what came of it."""
        ...


class Expected(Value, kw_only=True):
    """What is expected of each hour of a day (UTC), W: the simplest forecast."""

    load: Mapping[str, tuple[Watt, ...]] = {}
    """By circuit."""
    pv: Mapping[str, tuple[Watt, ...]] = {}

    def outlook(self, now: Second) -> Outlook:
        """From the beginning of this day on, for two days."""
        start = now - now % DAY
        load, pv = ({name: Series(start, 3600.0, hours * 2) for name, hours in of.items()} for of in (self.load, self.pv))
        return Outlook(load=load, pv=pv)


NOTHING: Final = Expected()
"""Nothing is expected."""
