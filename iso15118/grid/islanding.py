"""A vehicle feeds a building while the grid is gone (V2H, V2B): a table of states and events, and what is ordered in each state.

The transfer is a break before a make, in both directions: the vehicle forms a grid only after the transfer switch has confirmed that it
is open, and the switch closes only after there is no voltage on the island any more. So no two sources ever meet and nothing has to be
synchronised, at the price of a short break. Without all of the means (`Means`) there is no island, and nothing is given while the grid
is gone. Whether it is gone says `anti_islanding`, whether it is back `reconnect`; the switch and its interlock are metal's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.units import Hertz, Watt, WattHour
from iso15118.value import Value


class State(StrEnum):
    """Where the supply of the building comes from."""

    __hash__ = str.__hash__

    GRID_TIED = "GridTied"
    GRID_LOST = "GridLost"
    """From nowhere: the switch is to open, and nothing is given."""
    ISLAND_FORMING = "IslandForming"
    ISLAND = "Island"
    RESYNC = "Resync"
    """The grid is back: the vehicle stops, the switch is still open."""
    RECLOSING = "Reclosing"
    """The island is dead, the switch is to close."""


class Event(StrEnum):
    """What is reported. A report may come again at any time."""

    __hash__ = str.__hash__

    GRID_GONE = "grid gone"
    GRID_BACK = "grid steady"
    """For as long as the grid code wants."""
    SWITCH_OPEN = "switch open"
    SWITCH_CLOSED = "switch closed"
    SOURCE_UP = "island fed"
    """Voltage and frequency of the island are right, from the vehicle."""
    SOURCE_GONE = "island dead"
    """No voltage on the island."""
    FAILED = "vehicle failed"
    """It does not form a grid in time, or has ended its session."""
    ENERGY_LOW = "energy low"
    """`energy_left` is not above 0."""


S, E = State, Event
TABLE: Final = {
    (S.GRID_TIED, E.GRID_GONE): S.GRID_LOST,
    (S.GRID_TIED, E.SWITCH_OPEN): S.GRID_LOST,  # whoever opened it
    (S.GRID_LOST, E.SWITCH_OPEN): S.ISLAND_FORMING,
    (S.GRID_LOST, E.GRID_BACK): S.RESYNC,
    (S.ISLAND_FORMING, E.SOURCE_UP): S.ISLAND,
    (S.ISLAND_FORMING, E.GRID_BACK): S.RESYNC,
    (S.ISLAND_FORMING, E.SWITCH_CLOSED): S.GRID_LOST,
    (S.ISLAND_FORMING, E.FAILED): S.GRID_LOST,
    (S.ISLAND_FORMING, E.ENERGY_LOW): S.GRID_LOST,
    (S.ISLAND, E.GRID_BACK): S.RESYNC,
    (S.ISLAND, E.SWITCH_CLOSED): S.GRID_LOST,
    (S.ISLAND, E.SOURCE_GONE): S.GRID_LOST,
    (S.ISLAND, E.FAILED): S.GRID_LOST,
    (S.ISLAND, E.ENERGY_LOW): S.GRID_LOST,
    (S.RESYNC, E.SOURCE_GONE): S.RECLOSING,
    (S.RESYNC, E.GRID_GONE): S.GRID_LOST,
    (S.RESYNC, E.SWITCH_CLOSED): S.GRID_LOST,
    (S.RECLOSING, E.SWITCH_CLOSED): S.GRID_TIED,
    (S.RECLOSING, E.GRID_GONE): S.GRID_LOST,
    (S.RECLOSING, E.SOURCE_UP): S.RESYNC,
}
"""Where an event leads; what has no row leads nowhere."""


class Orders(NamedTuple):
    """What holds in a state."""

    switch_closed: bool
    """The order to the transfer switch."""
    discharge: bool
    """Energy may be given at all."""
    forming: bool
    """GeneratorMode 2 [V2G20-1361], GridForming in Amendment 1: the vehicle makes voltage and frequency."""

    @property
    def islanded(self) -> bool:
        """GridConnectionMode GridIslanded."""
        return self.forming


ORDERS: Final = {
    S.GRID_TIED: Orders(switch_closed=True, discharge=True, forming=False),
    S.GRID_LOST: Orders(switch_closed=False, discharge=False, forming=False),
    S.ISLAND_FORMING: Orders(switch_closed=False, discharge=True, forming=True),
    S.ISLAND: Orders(switch_closed=False, discharge=True, forming=True),
    S.RESYNC: Orders(switch_closed=False, discharge=False, forming=False),
    S.RECLOSING: Orders(switch_closed=True, discharge=False, forming=False),
}


class Means(Value):
    """What an island takes. All of it, or there is none."""

    transfer_switch: bool = False
    """With a contact that says that it is open."""
    neutral: bool = False
    """The neutral is earthed on the island's side once the switch is open."""
    black_start: bool = False
    """A supply for controller, switch and control pilot while nothing else has voltage."""
    grid_forming: bool = False
    """The vehicle offers GeneratorMode 2, or GridForming, and was told that it is islanded (GridConnectionMode)."""

    @property
    def missing(self) -> tuple[str, ...]:
        """In words, what is not there."""
        named = {
            "transfer switch": self.transfer_switch,
            "neutral earthing": self.neutral,
            "black-start supply": self.black_start,
            "grid-forming vehicle": self.grid_forming,
        }
        return tuple(name for name, there in named.items() if not there)


def step(state: State, event: Event, means: Means) -> State:
    """The state after an event. Total: every state, every event."""
    if not means.transfer_switch:  # the building hangs on the grid
        tied = event is not E.GRID_GONE if state is S.GRID_TIED else (state, event) == (S.GRID_LOST, E.GRID_BACK)
        return S.GRID_TIED if tied else S.GRID_LOST
    new = TABLE.get((state, event), state)
    return S.GRID_LOST if ORDERS[new].forming and means.missing else new


def energy_left(need: Need, reserve: WattHour) -> WattHour:
    """Wh that an island may still take from a vehicle: down to its V2X minimum (without one: its minimum), less a reserve."""
    floor = need.min_energy if need.v2x_min_energy is None else need.v2x_min_energy
    return 0.0 - floor - reserve


class Shift(Value):
    """How the inverters of the building's PV answer to frequency: from `start` on they cut `slope` percent for each Hz, above `stop` all.

    Raises LocalError unless start < stop and the slope is above 0.
    """

    start: Hertz = 50.2
    stop: Hertz = 51.5
    slope: float = 40.0

    def __post_init__(self) -> None:
        if not (self.start < self.stop and self.slope > 0.0):
            raise LocalError(f"PV from {self.start:g} to {self.stop:g} Hz by {self.slope:g} %/Hz; allowed: a start below the stop, a slope")


SHIFT: Final = Shift()
"""VDE-AR-N 4105 (`profiles/vde_ar_n_4105.toml`)."""
OFF: Final = 0.2
"""This far above `stop` every PV inverter has tripped, Hz (ours: their tolerance is 0.05)."""


def island_frequency(pv: Watt, takes: Watt, nominal: Hertz = 50.0, shift: Shift = SHIFT) -> Hertz:
    """The frequency to form, so that PV gives no more than loads and vehicle take (`pv`, `takes`: W, magnitudes; pv as it would be uncut).

    What a droop cannot cut up to `stop` is cut by going beyond it, where PV disconnects.
    """
    if pv <= takes:
        return nominal
    wanted = shift.start + (pv - takes) / pv * 100.0 / shift.slope
    return wanted if wanted <= shift.stop else shift.stop + OFF


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    arrows = [f"    {state} --> {after}: {event}" for (state, event), after in TABLE.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {S.GRID_TIED}", *arrows])
