"""Why a car leaves with less than it wants, in words for its driver: what was full and when, and when it could have it all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iso15118.grid.planning.fleet import Fleet
from iso15118.grid.planning.horizon import Array
from iso15118.grid.planning.model import Found
from iso15118.grid.planning.scene import Scene
from iso15118.grid.visits import Visit
from iso15118.units import HOUR, KWH, Second

SHORT: Final = 0.01
"""kWh that nobody misses."""
HELD: Final = 0.02
"""kW below its most that a car was held back."""


def clock(moment: Second, offset: Second = 0.0) -> str:
    """HH:MM, of UTC or of a zone so many s ahead of it."""
    return datetime.fromtimestamp(moment, timezone(timedelta(seconds=offset)) if offset else UTC).strftime("%H:%M")


def why(visit: Visit, member: int, scene: Scene, fleet: Fleet, found: Found, offset: Second = 0.0) -> str:
    """Of one car; empty: it has what it wants. `offset`: of the zone's clock, in s ahead of UTC."""
    wanted = max(visit.need.target_energy, visit.need.min_energy) / KWH
    energy = float((scene.hours * (found.charge[member] * fleet.stores[member] - found.discharge[member] / fleet.stores[member])).sum())
    if wanted - energy < SHORT or visit.departure > scene.edges[-1] or not fleet.there[member].any():
        return ""
    leaves = f"{visit.evse} leaves with {max(0.0, energy):.3g} of {wanted:.3g} kWh"
    return f"{leaves}: {_cause(member, wanted, scene, fleet, found, offset)}{_later(scene, fleet, found, member, wanted - energy, offset)}"


def why_peak(scene: Scene, means: Sequence[float], offset: Second = 0.0) -> str:
    """What the highest of `means` (kW, one for each window of the demand charge) is from; empty: there is no such charge."""
    if scene.demand is None or not means:
        return ""
    peak, free = max(0.0, *means), scene.peak
    if peak <= free + HELD:
        return f"within the {free:.1f} kW that cost nothing more"
    steps, part, before = scene.windows()[int(np.argmax(means))]
    at = clock(float(scene.edges[steps[0]]), offset)
    alone = float(scene.fixed[scene.root][steps] @ part)
    if before >= peak - HELD:
        return f"drawn already before {at}"
    if alone >= peak - HELD:
        return f"other loads make it alone at {at}: up to it everything else is free of the charge"
    return f"{peak - free:.1f} kW above the {free:.1f} kW that cost nothing more, at {at}"


def _cause(member: int, wanted: float, scene: Scene, fleet: Fleet, found: Found, offset: Second) -> str:
    held = (fleet.there[member] > 0.0) & (found.charge[member] < fleet.charge[member] - HELD)
    full = held & _full(scene, fleet, found, member)
    longest = int((full @ scene.hours).argmax())
    fits, power = float(fleet.high[member].max()), float(fleet.charge[member].max())
    if full[longest].any():
        return f"{scene.site.circuits[longest].name} full {_when(scene, full[longest], offset)}"
    if power <= 0.0:
        return "it takes no power"
    if fits < wanted - SHORT:
        return f"its battery takes no more than {fits:.3g} kWh"
    if fleet.slope[member] > 0.0 and held.any():
        return "its battery takes less when it is nearly full"
    return f"it stays too short for {power:.3g} kW"


def _full(scene: Scene, fleet: Fleet, found: Found, member: int) -> NDArray[np.bool_]:
    """By circuit and step: it feeds the member, and had no more."""
    above = {node.name for node in scene.site.above(fleet.circuits[member])}
    feeds = np.array([circuit.name in above for circuit in scene.site.circuits])
    full: NDArray[np.bool_] = (found.full > 0.0) & feeds[:, None]
    return full


def _when(scene: Scene, steps: NDArray[np.bool_], offset: Second) -> str:
    """The stretches of time, at most three of them."""
    change = np.flatnonzero(np.diff(np.concatenate(([False], steps, [False])).astype(int)))
    stretches = [f"{clock(scene.edges[a], offset)}-{clock(scene.edges[b], offset)}" for a, b in zip(change[::2], change[1::2], strict=True)]
    return ", ".join(stretches[:3]) + (", ..." if len(stretches) > 3 else "")


def _later(scene: Scene, fleet: Fleet, found: Found, member: int, lacks: float, offset: Second) -> str:
    """When it would have all, if it stayed: at its power, as far as the plan leaves room on its way from the grid."""
    last = int(np.flatnonzero(fleet.there[member])[-1])
    room = _room(scene, fleet, found, member)
    most = float(fleet.charge[member].max())
    for t in range(last, len(scene.hours)):
        spare = float(fleet.charge[member, t] - found.charge[member, t]) if t < last else most
        begins = float(scene.edges[t])
        if t == last:
            part = float(fleet.there[member, t])
            begins += part * float(scene.hours[t]) * HOUR
        hours = (float(scene.edges[t + 1]) - begins) / HOUR
        power = min(spare, float(room[t]) * float(fleet.mains[member]))
        gain = power * float(fleet.stores[member]) * hours
        if gain >= lacks > 0.0 and power > HELD:
            return f"; earliest full {clock(begins + lacks / (power * float(fleet.stores[member])) * HOUR, offset)}"
        lacks -= max(0.0, gain)
    return ""


def _room(scene: Scene, fleet: Fleet, found: Found, member: int) -> Array:
    """kW that the circuits above, and the phases the car is on, leave in each step of a plan."""
    inside = scene.below(fleet.circuits)
    power = found.charge / fleet.mains[:, None] - found.discharge * fleet.mains[:, None]
    above = {node.name for node in scene.site.above(fleet.circuits[member])}
    phases = fleet.lines.shape[1]
    room: Array = np.full(len(scene.hours), inf)
    for n, circuit in enumerate(scene.site.circuits):
        if circuit.name not in above:
            continue
        room = np.minimum(room, scene.imports[n] - scene.fixed[n] - inside[n] @ power)
        for line in np.flatnonzero(fleet.lines[member]):
            left = scene.lines[n] - scene.fixed[n] / phases - (inside[n] * fleet.lines[:, line]) @ power
            room = np.minimum(room, left / fleet.lines[member, line])
    room[room < 0.0] = 0.0
    return room
