"""Who gets what at this second: no limit of the tree is broken by what is granted; within them power is shared by plan, turn and weight.

Each second anew, and without a solver: `admit` says who is on (an outlet of alternating current gives 6 A or nothing), `fill` shares the
room, first up to the targets of the policy, then by weight. What is taken from one is given to another only once a meter has seen it gone,
and what cars give back counts for nothing before it is measured.
Neighbours: `headroom` with the room, `turns` with admission, `table` with the rows, `why` with the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import floor
from typing import Final

from iso15118.grid.fill import fill
from iso15118.grid.grants import DEAD, FOUND, OVERDRAWN, Allocated, Grant, Grants, Place, Wish, wanted
from iso15118.grid.headroom import Headroom, Way
from iso15118.grid.meters import FRESH
from iso15118.grid.site import LEAST, PHASES
from iso15118.grid.table import Table
from iso15118.grid.tree import Tree
from iso15118.grid.turns import admit
from iso15118.grid.why import why_back, why_off, why_on
from iso15118.units import Ampere, PerPhase, Second

QUANTUM: Final[Ampere] = 0.1
PATIENCE: Final[Second] = 5.0
"""A car takes no more than it was granted, and 1 A, after this (IEC 61851-1)."""
LONGEST: Final[Second] = 5.0
"""A grant holds so long; a gap between two allocations counts as no longer than this."""
MAKE_WAY: Final[Second] = PATIENCE + FRESH
"""No longer than this a car gives on against its target for others to make way: they have followed by then, and meters have told."""
_PHASES: Final = tuple(range(PHASES))


def allocate(tree: Tree, room: Headroom, wishes: Sequence[Wish], state: Allocated, now: Second) -> tuple[Allocated, tuple[Grant, ...]]:
    """A grant for every wish, in the order of the site's outlets, whatever the order of the wishes. `now`: monotonic."""
    by_name = {wish.evse: wish for wish in wishes}
    places = [Place(evse, by_name[evse.name], room) for evse in tree.outlets if evse.name in by_name]
    passed = min(LONGEST, max(0.0, now - state.at))
    last = [state.currents.get(place.evse.name, 0.0) for place in places]
    beyond = [0.0 if p.measured is None else max(0.0, min(OVERDRAWN, p.measured - max(0.0, x))) for p, x in zip(places, last, strict=True)]
    recent = {**dict.fromkeys(by_name, ()), **_recent(state, by_name, now)}
    told = {name: [current for _, current in _since(grants, now, PATIENCE)] for name, grants in recent.items()}
    takes = [max(0.0, p.measured or 0.0, *told[p.evse.name]) for p in places]
    gives = [-min(0.0, p.measured or 0.0, *told[p.evse.name]) for p in places]
    for place in (place for place in places if place.returned > 0.0):
        place.returned = min(place.returned, _lowered(recent[place.evse.name]))
    table = Table(tree, room, places, last, told)
    giving, kept, slowly = _giving(table, places, last, gives, passed, room)
    ceilings, causes = _ceilings(tree, places, last, room)
    asked = [(p.evse.name, p.wish, p.least, min(top, wanted(p))) for p, top in zip(places, ceilings, strict=True)]
    seats, on = admit(asked, table.seating(giving), state.seats, now)
    floors = [place.least if on[i] else 0.0 for i, place in enumerate(places)]
    tops = [max(floors[i], ceilings[i]) if on[i] else 0.0 for i in range(len(places))]
    levels, held, at_target = table.share(places, floors, tops, giving, beyond)
    raised = table.raised(levels, last, takes, passed, giving)
    short = table.short(levels, giving, on)
    still = table.still(levels, last, takes, giving)
    ending = {p.evse.name: state.ending.get(p.evse.name, now) for i, p in enumerate(places) if still[i] < giving[i]}
    for i, place in enumerate(places):
        if not 0.0 <= now - ending.get(place.evse.name, now) <= MAKE_WAY:  # a clock that went back ends it, too
            still[i] = giving[i]
    currents: dict[str, Ampere] = {}
    over: dict[str, Second] = {}
    grants = []
    for i, place in enumerate(places):
        name, current = place.evse.name, _quantised(still[i] if still[i] < 0.0 else raised.levels[i])
        current = 0.0 if 0.0 <= current < place.least else current
        currents[name] = current
        if place.measured is not None and place.measured > max(current, last[i], 0.0) + OVERDRAWN:
            over[name] = state.over.get(name, now)
        allowed = max(current, 0.0, *told[name])
        ignores = place.measured is not None and place.measured > allowed + OVERDRAWN and now - over.get(name, now) >= PATIENCE
        if not recent[name] or recent[name][-1][1] != current:
            recent[name] += ((now, current),)
        back = place.target < 0.0
        ramp = slowly[i] if back else raised.held[i] is None and current < levels[i] - DEAD
        row = kept[i] if back else next((row for row in (raised.held[i], held[i]) if row is not None), short.get(i))
        binding = None if row is None or ramp else table.limits[row]
        if still[i] < giving[i]:
            limit, why = None, "gives until others have made way"
        elif back:
            limit, why = why_back(place, current, binding, ramp=ramp, late=name in room.frozen)
        elif on[i]:
            limit, why = why_on(place, binding, causes[i], target=at_target[i], ramp=ramp)
        else:
            limit, why = why_off(place, asked[i][3], ceilings[i], binding, causes[i])
        grants.append(
            Grant(
                evse=name,
                current=current,
                power=current * place.per,
                lines=PerPhase(*[current if line in place.lines else 0.0 for line in _PHASES]),
                until=now + LONGEST,
                why=why,
                limit=limit,
                fault=f"takes {place.measured:.1f} A of {current:.1f} A" if ignores else "",
            )
        )
    return Allocated(at=now, currents=currents, seats=seats, recent=recent, ending=ending, over=over), tuple(grants)


def _recent(state: Allocated, wishes: Mapping[str, Wish], now: Second) -> dict[str, Grants]:
    """What was granted of late; an outlet without a wish is granted nothing."""
    found = {}
    for name, grants in state.recent.items():
        kept = _since(grants, now, PATIENCE + FRESH)
        if name in wishes:
            found[name] = kept
        elif kept[-1][1] != 0.0:
            found[name] = (*kept, (now, 0.0))
        elif len(kept) > 1:
            found[name] = kept
    return found


def _since(grants: Grants, now: Second, passed: Second) -> Grants:
    """Those that have held at any time in the last `passed` s. A clock that went back leaves the newest."""
    if len(grants) < 2:
        return grants
    if grants[-1][0] > now:
        return ((now, grants[-1][1]),)
    first = next((k for k in range(len(grants) - 1) if grants[k + 1][0] >= now - passed), len(grants) - 1)
    return grants[first:]


def _lowered(recent: Grants) -> Ampere:
    """The least A to be given back to which a car may be on its way down; infinite: it has not been told to give less of late."""
    given = [max(0.0, -current) for _, current in recent]
    return min((after for before, after in pairwise(given) if after < before), default=float("inf"))


def _quantised(current: Ampere) -> Ampere:
    return floor(abs(current) / QUANTUM + FOUND) * QUANTUM * (1.0 if current >= 0.0 else -1.0)


def _giving(
    table: Table, places: Sequence[Place], last: Sequence[Ampere], gives: Sequence[Ampere], passed: Second, room: Headroom
) -> tuple[list[Ampere], list[int | None], list[bool]]:
    """A that each place gives back (<= 0), which row holds it, and whether the ramp does.

    Within what may leave its circuits, less what others still give that no longer should, and no faster than the ramp.
    """
    count = len(places)
    if all(place.target >= 0.0 for place in places):
        return [0.0] * count, [None] * count, [False] * count
    before = [max(0.0, -current) for current in last]
    wanted = [
        min(max(0.0, -place.target), own if place.evse.name in room.frozen else float("inf"))
        for place, own in zip(places, before, strict=True)
    ]
    weights = [place.evse.weight for place in places]
    goal = fill(table.rows(Way.OUT, [0.0] * count), [0.0] * count, wanted, weights)
    begin = [min(level, b) for level, b in zip(goal.levels, before, strict=True)]
    taken = [max(0.0, most - own) for most, own in zip(gives, begin, strict=True)]
    tops = [min(level, b + place.ramp * passed) for place, level, b in zip(places, goal.levels, before, strict=True)]
    given = fill(table.rows(Way.OUT, taken), begin, tops, weights)
    held = [first if then is None else then for first, then in zip(goal.held, given.held, strict=True)]
    ramp = [then is None and level < most - DEAD for then, level, most in zip(given.held, given.levels, goal.levels, strict=True)]
    return [-level for level in given.levels], held, ramp


def _ceilings(tree: Tree, places: Sequence[Place], last: Sequence[Ampere], room: Headroom) -> tuple[list[Ampere], list[str]]:
    """The most A of each place, and what says so."""
    found, causes = [], []
    for place, before in zip(places, last, strict=True):
        most, cause = place.most, place.wish.why_most
        if place.evse.name in room.frozen and max(0.0, before) < most:
            most, cause = max(0.0, before), "a meter is late: no increase"
        for circuit in tree.above[place.evse.name]:
            if circuit.name in room.silent and circuit.failsafe is None:
                safe = place.evse.least if not place.evse.dc else LEAST
                safe = min(most, safe if before >= safe - FOUND else 0.0 if not place.evse.dc else max(0.0, before))
                if safe <= most:
                    most, cause = safe, f"meter of {circuit.name} silent: {room.silent[circuit.name]}"
        if place.target < 0.0:
            most, cause = 0.0, "it is to give back"
        found.append(most)
        causes.append(cause)
    return found, causes
