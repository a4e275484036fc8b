"""Who gets what at this second: no limit of the tree is broken by what is granted; within them power is shared by plan, turn and weight.

Each second anew, and without a solver: `admit` says who is on (an outlet of alternating current gives 6 A or nothing), `fill` shares the
room, first up to the targets of the policy, then by weight. What is taken from one is given to another only once a meter has seen it gone,
and what cars give back counts for nothing before it is measured. Neighbours: `headroom` with the room, `turns` with admission.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import floor
from typing import Final

from iso15118.grid.fill import Filled, Row, fill
from iso15118.grid.headroom import Headroom, Limit, Way
from iso15118.grid.site import LEAST, PHASES, Evse
from iso15118.grid.tree import Tree
from iso15118.grid.turns import Seat, admit
from iso15118.units import Ampere, PerPhase, Second, Watt
from iso15118.value import Value

RAMP: Final[Ampere] = 2.0
"""A a second, upwards."""
DEAD: Final[Ampere] = 0.5
"""A: a smaller increase is not worth a new set-point."""
QUANTUM: Final[Ampere] = 0.1
CREDIT: Final = 0.9
"""Part of what is measured to come back that others may use."""
OVERDRAWN: Final[Ampere] = 1.0
PATIENCE: Final[Second] = 5.0
"""A car takes no more than it was granted, and 1 A, after this (IEC 61851-1)."""
LONGEST: Final[Second] = 5.0
"""A grant holds so long; a gap between two allocations counts as no longer than this."""
FOUND: Final = 1e-6
_EMPTY: Final = Row(float("inf"), ())


class Wish(Value, kw_only=True):
    """What one car should have, and could. W at the mains' side of its outlet."""

    evse: str
    most: Watt
    """The car and its outlet together, + into the car."""
    target: Watt = 0.0
    """Of the policy, signed: negative, and it is to give back. More than `most` is `most`."""
    fills: bool = True
    """It may have more than its target if there is room."""
    gives: Watt = 0.0
    """Magnitude: it could give so much, and everything that must allow it does."""
    phases: int = 3
    """That the car uses; while one and three are being switched, three."""
    urgent: bool = False
    """It lacks its minimum energy, or its driver wants it now."""
    laxity: Second = float("inf")
    priority: int = 0
    since: Second = 0.0
    """Waiting since (monotonic)."""
    why_most: str = "car"
    """What `most` is from, for people."""


class Grant(Value, kw_only=True):
    """What one outlet may do now."""

    evse: str
    current: Ampere
    """In each of its lines, signed."""
    power: Watt
    """At the mains' side of the outlet, signed."""
    lines: PerPhase
    """A in the mains' L1, L2, L3."""
    until: Second
    """Monotonic; after it the outlet falls to its own fail-safe."""
    why: str
    """What held it, for people."""
    limit: Limit | None = None
    """The limit that held it; None: a target, the car, its turn or a ramp did."""
    fault: str = ""
    """It takes more than it may and has done so for 5 s: open it."""


class Allocated(Value, kw_only=True):
    """State from second to second."""

    at: Second = float("-inf")
    currents: Mapping[str, Ampere] = {}
    """As granted last, in each line."""
    seats: Mapping[str, Seat] = {}
    over: Mapping[str, Second] = {}
    """Since when an outlet takes more than it was granted."""


class _Place:
    """One outlet with a wish, in A a line."""

    __slots__ = ("evse", "least", "lines", "measured", "most", "per", "target", "wish")

    def __init__(self, evse: Evse, wish: Wish, room: Headroom) -> None:
        self.evse, self.wish = evse, wish
        self.least = 0.0 if evse.dc else evse.least
        self.lines = evse.lines if evse.dc else evse.lines[: wish.phases]
        self.per = len(self.lines) * room.voltage
        """W for an A."""
        self.most = min(evse.most, wish.most / self.per) if wish.most > 0.0 else 0.0
        self.target = max(-min(evse.most, wish.gives / self.per), min(self.most, wish.target / self.per))
        drawn = room.draws[evse.name]
        self.measured = None if drawn is None else max((drawn[line] for line in self.lines), key=abs)


def allocate(tree: Tree, room: Headroom, wishes: Sequence[Wish], state: Allocated, now: Second) -> tuple[Allocated, tuple[Grant, ...]]:
    """A grant for every wish, in the order of the site's outlets, whatever the order of the wishes. `now`: monotonic."""
    by_name = {wish.evse: wish for wish in wishes}
    places = [_Place(evse, by_name[evse.name], room) for evse in tree.site.evses if evse.name in by_name]
    passed = min(LONGEST, max(0.0, now - state.at))
    last = [state.currents.get(place.evse.name, 0.0) for place in places]
    beyond = [0.0 if p.measured is None else max(0.0, min(OVERDRAWN, p.measured - max(0.0, x))) for p, x in zip(places, last, strict=True)]
    table = _Table(tree, room, places)
    giving = _giving(table, places, last, passed, room)
    ceilings, causes = _ceilings(tree, places, last, room)
    asked = [(p.evse.name, p.wish, p.least, min(top, _wanted(p))) for p, top in zip(places, ceilings, strict=True)]
    seats, on = admit(asked, table.seating(giving), state.seats, now)
    floors = [place.least if on[i] else 0.0 for i, place in enumerate(places)]
    tops = [max(floors[i], ceilings[i]) if on[i] else 0.0 for i in range(len(places))]
    levels, held, at_target = table.share(places, floors, tops, giving, beyond)
    raised = table.raised(levels, last, passed, giving)
    short = table.short(levels, giving, on)
    currents: dict[str, Ampere] = {}
    over: dict[str, Second] = {}
    grants = []
    for i, place in enumerate(places):
        name, current = place.evse.name, _quantised(giving[i] if giving[i] < 0.0 else raised.levels[i])
        current = 0.0 if 0.0 <= current < place.least else current
        currents[name] = current
        if place.measured is not None and place.measured > max(current, last[i], 0.0) + OVERDRAWN:
            over[name] = state.over.get(name, now)
        ramp = raised.held[i] is None and current < levels[i] - DEAD
        row = next((row for row in (raised.held[i], held[i]) if row is not None), short.get(i))
        binding = None if row is None or ramp else table.limits[row]
        limit, why = _reason(place, current, binding, cause=causes[i], target=at_target[i], on=on[i], ramp=ramp)
        grants.append(
            Grant(
                evse=name,
                current=current,
                power=current * place.per,
                lines=PerPhase(*(current if line in place.lines else 0.0 for line in range(PHASES))),
                until=now + LONGEST,
                why=why,
                limit=limit,
                fault=f"takes {place.measured:.1f} A of {current:.1f} A" if now - over.get(name, now) >= PATIENCE else "",
            )
        )
    return Allocated(at=now, currents=currents, seats=seats, over=over), tuple(grants)


def _wanted(place: _Place) -> Ampere:
    """What it would take if nobody else were there."""
    return place.most if place.wish.fills or place.wish.urgent else max(0.0, place.target)


def _quantised(current: Ampere) -> Ampere:
    return floor(abs(current) / QUANTUM + FOUND) * QUANTUM * (1.0 if current >= 0.0 else -1.0)


class _Table:
    """The limits as rows over places."""

    def __init__(self, tree: Tree, room: Headroom, places: Sequence[_Place]) -> None:
        self.room, self.places = room, places
        self.limits = room.limits
        number = {place.evse.name: i for i, place in enumerate(places)}
        below = {name: tuple(number[evse.name] for evse in evses if evse.name in number) for name, evses in tree.below.items()}
        self.parts = [self._parts(below[limit.circuit], limit.line) for limit in self.limits]
        self.of: list[list[tuple[int, float]]] = [[] for _ in places]
        """The rows of each place that bind what it takes."""
        for r, (limit, parts) in enumerate(zip(self.limits, self.parts, strict=True)):
            for i, part in parts if limit.way is Way.IN else ():
                self.of[i].append((r, part))
        self.tenants = [self._tenant(c.parent, c.share, below[c.name]) for c in tree.circuits if c.share is not None and c.parent]

    def _parts(self, numbers: Sequence[int], line: int | None) -> tuple[tuple[int, float], ...]:
        if line is None:
            return tuple((i, self.places[i].per) for i in numbers)
        return tuple((i, 1.0) for i in numbers if line in self.places[i].lines)

    def _tenant(self, parent: str, share: float, numbers: Sequence[int]) -> Row:
        """A tenant's guaranteed part of what the outlets of the parent may take, in W."""
        of_parent = [limit for limit in self.limits if limit.circuit == parent and limit.way is Way.IN]
        whole = [limit.room for limit in of_parent if limit.line is None]
        lines = [limit.room * self.room.voltage for limit in of_parent if limit.line is not None]
        return Row(share * min([*whole, *([sum(lines)] if lines else [])], default=float("inf")), self._parts(numbers, None))

    def rows(self, way: Way, taken: Sequence[Ampere]) -> list[Row]:
        """The rows of one way; the other way's, which cannot bind, as rows of nothing, so that numbers stay those of the limits.

        `taken`: A of each place that are gone from the room (negative: are given to it).
        """
        given = any(taken)
        return [
            Row(limit.room - (sum(part * taken[i] for i, part in parts) if given else 0.0), parts) if limit.way is way else _EMPTY
            for limit, parts in zip(self.limits, self.parts, strict=True)
        ]

    def credit(self, giving: Sequence[Ampere]) -> list[Ampere]:
        """What comes back by plan and by meter, for others to use; and what a car takes beyond its grant, which they lose."""
        if not any(giving):
            return [0.0] * len(self.places)
        found = []
        for place, current in zip(self.places, giving, strict=True):
            back = place.measured is not None and place.measured < 0.0 and current < 0.0
            found.append(-CREDIT * min(-current, -(place.measured or 0.0)) if back else 0.0)
        return found

    def seating(self, giving: Sequence[Ampere]) -> Callable[[int], bool]:
        """Gives one place after the other its least, if that fits beside those before."""
        rows, used = self.rows(Way.IN, self.credit(giving)), [0.0] * len(self.limits)

        def seated(i: int) -> bool:
            more = [(r, part * self.places[i].least) for r, part in self.of[i]]
            if any(used[r] + least > rows[r].room + FOUND for r, least in more):
                return False
            for r, least in more:
                used[r] += least
            return True

        return seated

    def short(self, levels: Sequence[Ampere], giving: Sequence[Ampere], on: Sequence[bool]) -> dict[int, int]:
        """The row that leaves least to each place that is not on; none where nothing binds it."""
        if all(on):
            return {}
        rows = self.rows(Way.IN, self.credit(giving))
        free = [row.room - sum(part * levels[k] for k, part in row.parts) for row in rows]
        return {i: min((free[r] / part, r) for r, part in self.of[i])[1] for i, seat in enumerate(on) if not seat and self.of[i]}

    def share(
        self, places: Sequence[_Place], floors: list[Ampere], tops: list[Ampere], giving: Sequence[Ampere], beyond: Sequence[Ampere]
    ) -> tuple[list[Ampere], list[int | None], list[bool]]:
        """A for each place, which row held it, and whether its target did.

        Tenants fill first within what they are guaranteed; then everybody, up to the targets; then those that may have more.
        """
        weights = [place.evse.weight for place in places]
        rows = self.rows(Way.IN, [c + b for c, b in zip(self.credit(giving), beyond, strict=True)])
        wanted = [min(top, max(low, place.target)) for low, top, place in zip(floors, tops, places, strict=True)]
        most = [top if place.wish.fills else want for top, want, place in zip(tops, wanted, places, strict=True)]
        levels = floors
        if self.tenants:
            for goal in (wanted, most):
                levels = fill([*rows, *self.tenants], levels, goal, weights).levels
        filled = fill(rows, levels, wanted, weights)
        held = filled.held
        filled = fill(rows, filled.levels, most, weights)
        held = [first if then is None else then for first, then in zip(held, filled.held, strict=True)]
        target = [not place.wish.fills and level >= want - FOUND for place, level, want in zip(places, filled.levels, wanted, strict=True)]
        return filled.levels, held, target

    def raised(self, levels: Sequence[Ampere], last: Sequence[Ampere], passed: Second, giving: Sequence[Ampere]) -> Filled:
        """The levels as far as the ramp lets them rise, into room that is free by now: less at once, more when others have made way."""
        if all(level <= max(0.0, before) for level, before in zip(levels, last, strict=True)):
            return Filled(list(levels), [None] * len(levels))
        begin, ceilings, taken = [], [], self.credit(giving)
        for i, (place, level, before) in enumerate(zip(self.places, levels, last, strict=True)):
            before = max(0.0, before)
            begin.append(min(level, before))
            ceilings.append(min(level, max(before, place.least if level >= place.least else 0.0) + RAMP * passed))
            drawn = before if place.measured is None else place.measured
            taken[i] += max(0.0, drawn - begin[i])  # also what a car draws that was told seconds ago to make way, and has not yet
        filled = fill(self.rows(Way.IN, taken), begin, ceilings, [place.evse.weight for place in self.places])
        for i, (level, before) in enumerate(zip(filled.levels, last, strict=True)):
            if 0.0 < level - before < DEAD and before >= self.places[i].least and level < self.places[i].most - FOUND:
                filled.levels[i] = before
        return filled


def _giving(table: _Table, places: Sequence[_Place], last: Sequence[Ampere], passed: Second, room: Headroom) -> list[Ampere]:
    """A that each place gives back (<= 0): within what may leave its circuits, and no faster than the ramp."""
    if all(place.target >= 0.0 for place in places):
        return [0.0] * len(places)
    ceilings = []
    for place, before in zip(places, last, strict=True):
        most = max(0.0, -place.target)
        if place.evse.name in room.frozen:
            most = min(most, max(0.0, -before))
        ceilings.append(min(most, max(0.0, -before) + RAMP * passed))
    rows = table.rows(Way.OUT, [0.0] * len(places))
    return [-level for level in fill(rows, [0.0] * len(places), ceilings, [place.evse.weight for place in places]).levels]


def _ceilings(tree: Tree, places: Sequence[_Place], last: Sequence[Ampere], room: Headroom) -> tuple[list[Ampere], list[str]]:
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


def _reason(
    place: _Place, current: Ampere, limit: Limit | None, *, cause: str, target: bool, on: bool, ramp: bool
) -> tuple[Limit | None, str]:
    """What held a grant, in words, and the limit if it was one."""
    if current < 0.0:
        return limit, limit.words if limit is not None else "target"
    if not on:
        if _wanted(place) <= 0.0:
            return None, "nothing is wanted now" if place.target >= 0.0 else "it is to give back"
        return limit, f"waits for its turn: {limit.words}" if limit is not None else f"waits for its turn: {cause}"
    if limit is not None:
        return limit, limit.words
    if ramp:
        return None, f"rises by {RAMP:g} A a second"
    return None, "target" if target else cause
