"""What was seen of a simulated site: each step and each stay. Written while it runs, read by `metrics`, reports and pictures."""

from __future__ import annotations

from iso15118.study.physics import Car
from iso15118.units import Second, Watt, WattHour
from iso15118.value import Value


class Outcome(Value, kw_only=True):
    """A stay that is over. Energies are the battery's."""

    evse: str
    user: str
    came: Second
    plugged: Second
    left: Second
    declared: Second
    stored: WattHour
    """On arrival."""
    target: WattHour
    reach: WattHour
    """Where full power all the time would have brought it, its target at most."""
    ended: WattHour
    """When it left."""
    given: WattHour
    """To the site, at the inlet."""
    capacity: WattHour
    charge: Watt
    """What it takes at most."""
    discharge: Watt
    """What it gives at most, magnitude."""
    floor: WattHour
    efficiency: float
    chained: bool
    """Its energy goes on to its next stay."""

    @property
    def possible(self) -> WattHour:
        """What it asked for and could have had."""
        return max(0.0, min(self.target, self.reach) - self.stored)


def outcome(car: Car, came: Second, left: Second) -> Outcome:
    """Of a car that leaves."""
    stay = car.stay
    return Outcome(
        evse=car.evse.name,
        user=stay.user,
        came=came,
        plugged=car.plugged,
        left=left,
        declared=stay.declared,
        stored=car.began,
        target=stay.target,
        reach=car.reach,
        ended=car.stored,
        given=car.given,
        capacity=stay.capacity,
        charge=min(stay.charge, car.wires),
        discharge=stay.discharge,
        floor=stay.floor,
        efficiency=stay.efficiency,
        chained=stay.used is not None,
    )


class Record:
    """Lists of one value a step: W, + into the site, the car, the battery; Wh; A."""

    def __init__(self, start: Second, step: Second) -> None:
        self.start, self.step = start, step
        self.load: list[Watt] = []
        self.pv: list[Watt] = []
        self.curtailed: list[Watt] = []
        self.grid: list[Watt] = []
        self.limit: list[Watt | None] = []
        """At the connection; None: there is none."""
        self.excess: list[Watt] = []
        """Above the worst limit of the tree, as far as what is steered could have kept it."""
        self.internal: list[float | None] = []
        """The internal price of the plan; None: there was no plan."""
        self.currents: list[tuple[float, float, float]] = []
        """At the connection, of L1, L2, L3."""
        self.batteries: dict[str, list[Watt]] = {}
        self.stored: dict[str, list[WattHour]] = {}
        """In batteries at the end of each step."""
        self.evses: dict[str, list[Watt]] = {}
        """At the inlets."""
        self.cars: dict[str, list[WattHour | None]] = {}
        """In the car at each outlet at the end of each step; None: none is there."""
        self.planned: dict[tuple[str, Second], list[WattHour]] = {}
        """By outlet and time of plugging in: what the first plan meant to be in the car at the end of each step from then on."""
        self.outcomes: list[Outcome] = []
        self.lost: int = 0
        """Drivers who did not want to wait."""
        self.milliseconds: list[float] = []
        """Each plan took."""
