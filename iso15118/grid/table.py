"""The limits of a second as rows over the outlets with a wish, and what fits into them. Neighbours: `headroom`, `fill`, `allocate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from iso15118.grid.fill import Filled, Row, fill
from iso15118.grid.grants import DEAD, FOUND, OVERDRAWN, Place
from iso15118.grid.headroom import NO_LINES, Headroom, Limit, Way
from iso15118.grid.meters import Lines
from iso15118.grid.site import PHASES, Circuit
from iso15118.grid.tree import Tree
from iso15118.units import Ampere, Second, Watt

CREDIT: Final = 0.9
"""Part of what is measured to come back that others may use."""
_EMPTY: Final = Row(float("inf"), ())


class Table:
    """The limits as rows over places."""

    def __init__(
        self, tree: Tree, room: Headroom, places: Sequence[Place], last: Sequence[Ampere], told: Mapping[str, Sequence[Ampere]]
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
        for i in (i for i, seat in enumerate(on) if not seat):
            left, row = min(((free[r] / part, r) for r, part in self.of[i]), default=(float("inf"), 0))
            if left < self.places[i].least - FOUND:
                found[i] = row
        return found

    def share(
        self, places: Sequence[Place], floors: list[Ampere], tops: list[Ampere], giving: Sequence[Ampere], beyond: Sequence[Ampere]
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
