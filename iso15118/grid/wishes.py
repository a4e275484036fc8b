"""From cars and a policy's targets to what the allocator is asked. Neighbours: `visits`, `allocate`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from iso15118.grid.grants import Wish
from iso15118.grid.policies import Targets
from iso15118.grid.signals import Kind, Signal, bound, forbidden
from iso15118.grid.site import Evse, Site
from iso15118.grid.visits import Visit
from iso15118.units import Second, Watt

ENOUGH: Final = 1.0
"""Wh: less is not missing."""


def mains(evse: Evse, power: Watt) -> Watt:
    """What the mains give (W) for a power at the inlet, or get of it."""
    return power / evse.efficiency if power >= 0.0 else power * evse.efficiency


def inlet(evse: Evse, power: Watt) -> Watt:
    """What is left of it at the inlet, or must be given there."""
    return power * evse.efficiency if power >= 0.0 else power / evse.efficiency


def wishes(
    site: Site,
    visits: Iterable[Visit],
    targets: Targets,
    signals: Iterable[Signal],
    *,
    moment: Second,
    fills: bool,
    since: Mapping[str, Second] = {},
) -> tuple[Wish, ...]:
    """A wish for each car that is there. Signals that name an outlet bind it; a set-point for it takes the target's place. Whoever forbids
    energy to come back may name a circuit above, too.

    `since`: when each was plugged in (monotonic). `targets` are at the inlet, as cars are.
    """
    signals = tuple(signals)
    found = []
    for visit in visits:
        evse, need = site.evse(visit.evse), visit.need
        most, why = min((need.charge_power, "the car's limit"), (evse.charge, "the outlet's limit"))
        if need.max_energy <= ENOUGH:
            most, why = 0.0, "the car is full"
        elif visit.taper is not None and visit.taper.knee < 0.0:
            most, why = max(0.0, min(most, need.charge_power + visit.taper.slope * visit.taper.knee)), "the battery is nearly full"
        gives = min(need.discharge_power, evse.discharge) if visit.discharges else 0.0
        floor = need.min_energy if need.v2x_min_energy is None else max(need.min_energy, need.v2x_min_energy)
        nodes = (evse.name, *(circuit.name for circuit in site.above(evse.circuit)))
        if floor >= -ENOUGH or any(forbidden(signals, node, moment) for node in nodes):
            gives = 0.0
        for kind in (Kind.IMPORT_LIMIT, Kind.CONTROLLABLE_LIMIT):
            if (limit := bound(signals, kind, evse.name, moment)) is not None and limit.value < mains(evse, most):
                most, why = inlet(evse, limit.value), limit.signal
        if (limit := bound(signals, Kind.EXPORT_LIMIT, evse.name, moment)) is not None:
            gives = min(gives, -inlet(evse, -limit.value))
        target, free = targets.get(evse.name, 0.0), fills
        if (told := bound(signals, Kind.SETPOINT, evse.name, moment)) is not None:
            target, free = inlet(evse, told.value), False
        urgent = visit.override or need.min_energy > ENOUGH
        if urgent:
            target = most
        found.append(
            Wish(
                evse=evse.name,
                most=mains(evse, most),
                target=mains(evse, target),
                fills=free or urgent,
                gives=-mains(evse, -gives),
                phases=min(visit.phases, evse.phases),
                urgent=urgent,
                laxity=visit.laxity(moment, most),
                priority=max(evse.priority, visit.priority),
                since=since.get(evse.name, 0.0),
                why_most=why,
            )
        )
    return tuple(found)
