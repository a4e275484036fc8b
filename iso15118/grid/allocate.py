"""Who gets what at this second: no limit of the tree is broken by what is granted; within them power is shared by plan, turn and weight.

Each second anew, and without a solver: `admit` says who is on (an outlet of alternating current gives 6 A or nothing), `fill` shares the
room, first up to the targets of the policy, then by weight. What is taken from one is given to another only once a meter has seen it gone,
and what cars give back counts for nothing before it is measured. Neighbours: `headroom` with the room, `turns` with admission.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import floor
from typing import Final, TypeAlias

from iso15118.grid.fill import Filled, Row, fill
from iso15118.grid.headroom import NO_LINES, Headroom, Limit, Way
from iso15118.grid.meters import FRESH, Lines
from iso15118.grid.site import LEAST, PHASES, Circuit, Evse
from iso15118.grid.tree import Tree
from iso15118.grid.turns import REST, Seat, admit
from iso15118.units import Ampere, PerPhase, Second, Watt
from iso15118.value import Value

RAMP: Final[Ampere] = 2.0
"""A a second, upwards,"""
SLOWEST: Final[Second] = 16.0
"""or, on direct current, so fast that it has all its outlet can in this time."""
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
MAKE_WAY: Final[Second] = PATIENCE + FRESH
"""No longer than this a car gives on against its target for others to make way: they have followed by then, and meters have told."""
FOUND: Final = 1e-6
_RESTS: Final = f"off for at least {REST / 60:g} min"
_PHASES: Final = tuple(range(PHASES))
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


Grants: TypeAlias = tuple[tuple[Second, Ampere], ...]
"""What was granted to one outlet, each since a moment (monotonic) and until the next."""


class Allocated(Value, kw_only=True):
    """State from second to second."""

    at: Second = float("-inf")
    currents: Mapping[str, Ampere] = {}
    """As granted last, in each line."""
    seats: Mapping[str, Seat] = {}
    recent: Mapping[str, Grants] = {}
    """What each outlet was granted of late: any of the last 5 s may be what its car is on its way to, and meters tell later still."""
    ending: Mapping[str, Second] = {}
    """Since when an outlet gives back more than its target wants."""
    over: Mapping[str, Second] = {}
    """Since when an outlet takes more than it was granted."""


class _Place:
    """One outlet with a wish, in A a line."""

    __slots__ = ("evse", "least", "lines", "measured", "most", "per", "ramp", "returned", "target", "wish")

    def __init__(self, evse: Evse, wish: Wish, room: Headroom) -> None:
        self.evse, self.wish = evse, wish
        self.least = 0.0 if evse.dc else evse.least
        self.ramp = max(RAMP, evse.most / SLOWEST) if evse.dc else RAMP
        self.lines = evse.lines if evse.dc else evse.lines[: wish.phases]
        self.per = len(self.lines) * room.voltage
        """W for an A."""
        self.most = min(evse.most, wish.most / self.per) if wish.most > 0.0 else 0.0
        self.target = max(-min(evse.most, wish.gives / self.per), min(self.most, wish.target / self.per))
        drawn = room.draws[evse.name]
        here = None if drawn is None else [drawn[line] for line in self.lines]
        self.measured = None if here is None else max(here, key=abs)
        self.returned = 0.0 if here is None or evse.name in room.frozen else max(0.0, -max(here))
        """A that surely come back in each line."""


def allocate(tree: Tree, room: Headroom, wishes: Sequence[Wish], state: Allocated, now: Second) -> tuple[Allocated, tuple[Grant, ...]]:
    """A grant for every wish, in the order of the site's outlets, whatever the order of the wishes. `now`: monotonic."""
    by_name = {wish.evse: wish for wish in wishes}
    places = [_Place(evse, by_name[evse.name], room) for evse in tree.outlets if evse.name in by_name]
    passed = min(LONGEST, max(0.0, now - state.at))
    last = [state.currents.get(place.evse.name, 0.0) for place in places]
    beyond = [0.0 if p.measured is None else max(0.0, min(OVERDRAWN, p.measured - max(0.0, x))) for p, x in zip(places, last, strict=True)]
    recent = {**dict.fromkeys(by_name, ()), **_recent(state, by_name, now)}
    told = {name: [current for _, current in _since(grants, now, PATIENCE)] for name, grants in recent.items()}
    takes = [max(0.0, p.measured or 0.0, *told[p.evse.name]) for p in places]
    gives = [-min(0.0, p.measured or 0.0, *told[p.evse.name]) for p in places]
    for place in (place for place in places if place.returned > 0.0):
        place.returned = min(place.returned, _lowered(recent[place.evse.name]))
    table = _Table(tree, room, places, last, told)
    giving, kept, slowly = _giving(table, places, last, gives, passed, room)
    ceilings, causes = _ceilings(tree, places, last, room)
    asked = [(p.evse.name, p.wish, p.least, min(top, _wanted(p))) for p, top in zip(places, ceilings, strict=True)]
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
            limit, why = _why_back(place, current, binding, ramp=ramp, late=name in room.frozen)
        elif on[i]:
            limit, why = _why_on(place, binding, causes[i], target=at_target[i], ramp=ramp)
        else:
            limit, why = _why_off(place, asked[i][3], ceilings[i], binding, causes[i])
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


def _wanted(place: _Place) -> Ampere:
    """What it would take if nobody else were there."""
    return place.most if place.wish.fills or place.wish.urgent else max(0.0, place.target)


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


class _Table:
    """The limits as rows over places."""

    def __init__(
        self, tree: Tree, room: Headroom, places: Sequence[_Place], last: Sequence[Ampere], told: Mapping[str, Sequence[Ampere]]
    ) -> None:
        self.tree, self.room, self.places = tree, room, places
        self.limits = room.limits
        unseen = self._unseen(last, told)
        self.rooms = [limit.room - self._gone(limit, unseen) for limit in self.limits]
        """What is left to the grants."""
        number = {place.evse.name: i for i, place in enumerate(places)}
        below = {name: tuple(number[evse.name] for evse in evses if evse.name in number) for name, evses in tree.below.items()}
        both = any(place.target < 0.0 for place in places) or any(current < 0.0 for current in last)
        self.parts = [self._parts(below[limit.circuit], limit.line) if both or limit.way is Way.IN else () for limit in self.limits]
        self.of: list[list[tuple[int, float]]] = [[] for _ in places]
        """The rows of each place that bind what it takes."""
        for r, (limit, parts) in enumerate(zip(self.limits, self.parts, strict=True)):
            for i, part in parts if limit.way is Way.IN else ():
                self.of[i].append((r, part))
        tenants = [circuit for circuit in tree.circuits if circuit.share is not None]
        self.tenants = [Row(self._guaranteed(circuit), self._parts(below[circuit.name], None)) for circuit in tenants]
        self.guaranteed = self._places_of(self.tenants)

    def _unseen(self, last: Sequence[Ampere], told: Mapping[str, Sequence[Ampere]]) -> dict[str, tuple[Lines, Lines]]:
        """A in and out that no grant counts: of outlets without a wish, of lines that a car should not use, and what a silent meter hides.

        What flows there is in the other load, and may end at once: what was granted last is taken back. Who has no wish any more may be
        on the way to what it was told of late; who is not heard of may follow its own fail-safe.
        """
        found: dict[str, tuple[Lines, Lines]] = {}
        by_name = {place.evse.name: (place, current) for place, current in zip(self.places, last, strict=True)}
        for evse in self.tree.outlets:
            name, drawn = evse.name, self.room.draws[evse.name]
            place, before = by_name.get(name, (None, 0.0))
            used = () if place is None else place.lines
            hidden = drawn is None or name in self.room.frozen
            grants = told.get(name, ()) if place is None else ()
            if not hidden and (len(used) == PHASES or (drawn == NO_LINES and not grants)):
                continue
            safe = evse.failsafe / evse.efficiency / len(evse.lines) / self.room.voltage if drawn is None else 0.0
            most, least = max((safe, *grants)), min((0.0, *grants))
            flows = [(drawn or NO_LINES)[line] - (before if line in used and hidden else 0.0) for line in range(PHASES)]
            flows = [0.0 if line in used and not hidden else flow for line, flow in enumerate(flows)]
            if drawn is None and place is not None:  # in the other load is any of what it was told of late
                lately = (before, *told.get(name, ()))
                most, least = max(most, -min(lately)), min(least, -max(lately))
            a, b, c = (max(flow, most if line in evse.lines else 0.0) for line, flow in enumerate(flows))
            d, e, f = (min(flow, least if line in evse.lines else 0.0) for line, flow in enumerate(flows))
            found[name] = (a, b, c), (d, e, f)
        return found

    def _gone(self, limit: Limit, unseen: Mapping[str, tuple[Lines, Lines]]) -> float:
        """What of it loads a limit; what flows the other way makes no room."""
        into = limit.way is Way.IN
        gone = 0.0
        for evse in self.tree.below[limit.circuit] if unseen else ():
            if (both := unseen.get(evse.name)) is not None:
                flows = both[0] if into else both[1]
                gone += abs(sum(flows)) * self.room.voltage if limit.line is None else abs(flows[limit.line])
        return gone

    def _parts(self, numbers: Sequence[int], line: int | None) -> tuple[tuple[int, float], ...]:
        if line is None:
            return tuple((i, self.places[i].per) for i in numbers)
        return tuple((i, 1.0) for i in numbers if line in self.places[i].lines)

    def _available(self, circuit: Circuit) -> Watt:
        """What the outlets below may take by its limits, and by its part of what those of the circuit above may."""
        mine = [(limit, room) for limit, room in zip(self.limits, self.rooms, strict=True) if limit.circuit == circuit.name]
        whole = [room for limit, room in mine if limit.way is Way.IN and limit.line is None]
        lines = [room * self.room.voltage for limit, room in mine if limit.way is Way.IN and limit.line is not None]
        return min([*whole, *([sum(lines)] if lines else []), self._guaranteed(circuit)])

    def _guaranteed(self, circuit: Circuit) -> Watt:
        """A tenant's part of what the outlets of the parent may take; all of it to who is no tenant."""
        if circuit.parent is None:
            return float("inf")
        return (1.0 if circuit.share is None else circuit.share) * self._available(self.tree.site.circuit(circuit.parent))

    def _places_of(self, rows: Sequence[Row]) -> list[list[tuple[int, float]]]:
        found: list[list[tuple[int, float]]] = [[] for _ in self.places]
        for r, row in enumerate(rows):
            for i, part in row.parts:
                found[i].append((r, part))
        return found

    def rows(self, way: Way, taken: Sequence[Ampere]) -> list[Row]:
        """The rows of one way; the other way's, which cannot bind, as rows of nothing, so that numbers stay those of the limits.

        `taken`: A of each place that are gone from the room (negative: are given to it).
        """
        given = any(taken)
        return [
            Row(room - (sum(part * taken[i] for i, part in parts) if given else 0.0), parts) if limit.way is way else _EMPTY
            for limit, room, parts in zip(self.limits, self.rooms, self.parts, strict=True)
        ]

    def credit(self, giving: Sequence[Ampere]) -> list[Ampere]:
        """What comes back by plan and by a fresh meter, for others to use (<= 0)."""
        return [
            -CREDIT * min(-current, place.returned) if current < 0.0 else 0.0 for place, current in zip(self.places, giving, strict=True)
        ]

    def seating(self, giving: Sequence[Ampere]) -> Callable[[int, bool], bool]:
        """Gives one place after the other its least, if that fits beside those before; if told so, only within its tenants' parts."""
        rooms, used = [row.room + FOUND for row in self.rows(Way.IN, self.credit(giving))], [0.0] * len(self.limits)
        held = [0.0] * len(self.tenants)

        def seated(i: int, guaranteed: bool) -> bool:
            least = self.places[i].least
            for r, part in self.of[i]:
                if used[r] + part * least > rooms[r]:
                    return False
            own = self.guaranteed[i]
            if guaranteed and self.tenants and (not own or any(held[t] + p * least > self.tenants[t].room + FOUND for t, p in own)):
                return False
            for r, part in self.of[i]:
                used[r] += part * least
            for t, part in own:
                held[t] += part * least
            return True

        return seated

    def short(self, levels: Sequence[Ampere], giving: Sequence[Ampere], on: Sequence[bool]) -> dict[int, int]:
        """The row that leaves least to each place that is not on, if that is too little for it."""
        if all(on):
            return {}
        rows = self.rows(Way.IN, self.credit(giving))
        free = [row.room - sum(part * levels[k] for k, part in row.parts) for row in rows]
        found = {}
        for i, seat in enumerate(on):
            left, row = min(((free[r] / part, r) for r, part in self.of[i]), default=(float("inf"), 0))
            if not seat and left < self.places[i].least - FOUND:
                found[i] = row
        return found

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
                goal = [top if own else low for low, top, own in zip(floors, goal, self.guaranteed, strict=True)]
                levels = fill([*rows, *self.tenants], levels, goal, weights).levels
        filled = fill(rows, levels, wanted, weights)
        held = filled.held
        filled = fill(rows, filled.levels, most, weights)
        held = [first if then is None else then for first, then in zip(held, filled.held, strict=True)]
        target = [not place.wish.fills and level >= want - FOUND for place, level, want in zip(places, filled.levels, wanted, strict=True)]
        return filled.levels, held, target

    def raised(
        self, levels: Sequence[Ampere], last: Sequence[Ampere], takes: Sequence[Ampere], passed: Second, giving: Sequence[Ampere]
    ) -> Filled:
        """The levels as far as the ramp lets them rise, into room that is free by now: less at once, more when others have made way."""
        if all(level <= max(0.0, before) for level, before in zip(levels, last, strict=True)):
            return Filled(list(levels), [None] * len(levels))
        begin, ceilings, taken = [], [], self.credit(giving)
        for i, (place, level, before) in enumerate(zip(self.places, levels, last, strict=True)):
            before = max(0.0, before)
            begin.append(min(level, before))
            ceilings.append(min(level, max(before, place.least if level >= place.least else 0.0) + place.ramp * passed))
            taken[i] += max(0.0, takes[i] - begin[i])  # also what a car draws that was told seconds ago to make way
        if any(taken):
            filled = fill(self.rows(Way.IN, taken), begin, ceilings, [place.evse.weight for place in self.places])
        else:
            filled = Filled(ceilings, [None] * len(ceilings))
        for i, (level, before) in enumerate(zip(filled.levels, last, strict=True)):
            if 0.0 < level - before < DEAD and before >= self.places[i].least and level < self.places[i].most - FOUND:
                filled.levels[i] = before
        return filled

    def still(self, levels: Sequence[Ampere], last: Sequence[Ampere], takes: Sequence[Ampere], giving: Sequence[Ampere]) -> list[Ampere]:
        """What gives on (<= 0) though its target does not want so much any more: cars that live on it have not come down yet.

        What must allow it, and what may leave a circuit, is obeyed at once; what flows into those cars loads no fuse on its way out.
        """
        now = [-current for current in giving]
        could = [min(-before, place.wish.gives / place.per) for place, before in zip(self.places, last, strict=True)]
        lags = [drawn - max(0.0, level) for drawn, level in zip(takes, levels, strict=True)]
        lags = [lag if lag > OVERDRAWN else 0.0 for lag in lags]
        gone = any(limit.room > room + FOUND for limit, room in zip(self.limits, self.rooms, strict=True))
        if not (gone or any(lags)) or all(most <= current for most, current in zip(could, now, strict=True)):
            return list(giving)
        ones = [1.0] * len(now)
        into = [-min(lag, max(0.0, place.measured or 0.0)) for lag, place in zip(lags, self.places, strict=True)]
        plain, net = self.rows(Way.OUT, [0.0] * len(now)), self.rows(Way.OUT, into)
        outs = [a if limit.line is None else b for limit, a, b in zip(self.limits, plain, net, strict=True)]
        most = fill(outs, now, could, ones).levels
        more = [a - b for a, b in zip(most, now, strict=True)]
        rows = []
        for limit, room, parts in zip(self.limits, self.rooms, self.parts, strict=True):
            lag = limit.room - room + sum(part * lags[i] for i, part in parts) if limit.way is Way.IN else 0.0
            rows.append(Row(CREDIT * sum(part * more[i] for i, part in parts) - lag, parts) if lag > 0.0 else _EMPTY)
        less = fill(rows, [0.0] * len(now), more, ones).levels
        return [b - a for a, b in zip(most, less, strict=True)]


def _giving(
    table: _Table, places: Sequence[_Place], last: Sequence[Ampere], gives: Sequence[Ampere], passed: Second, room: Headroom
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


def _why_back(place: _Place, current: Ampere, limit: Limit | None, *, ramp: bool, late: bool) -> tuple[Limit | None, str]:
    """What held a grant to give back, in words, and the limit if it was one."""
    if limit is not None:
        return limit, limit.words
    if ramp:
        return None, _rises(place)
    return None, "a meter is late: no increase" if late and current > place.target + DEAD else "target"


def _why_on(place: _Place, limit: Limit | None, cause: str, *, target: bool, ramp: bool) -> tuple[Limit | None, str]:
    """The same of one that is on."""
    if limit is not None:
        return limit, limit.words
    return None, _rises(place) if ramp else "target" if target else cause


def _rises(place: _Place) -> str:
    return f"rises by {place.ramp:g} A a second"


def _why_off(place: _Place, most: Ampere, ceiling: Ampere, limit: Limit | None, cause: str) -> tuple[Limit | None, str]:
    """The same of one that is off. `most`: what it wants within `ceiling`, of which `cause` is."""
    what = cause if most >= ceiling else "target"
    if most <= 0.0:
        return None, cause if ceiling <= 0.0 else "nothing is wanted now"
    if most < place.least:
        return None, f"below {place.least:g} A: {what}"
    return limit, f"waits for its turn: {limit.words}" if limit is not None else _RESTS
