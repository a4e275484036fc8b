"""What outlets may take and give at this second: a row a limit, from what meters say and not from what was promised.

A row of a metered circuit is its limit less the *other* load: what the meter reads beside what its outlets take. A circuit without a meter
has nothing but outlets below, as far as anybody knows. Neighbours: `meters`, `allocate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from iso15118.grid.meters import Judged, Lines, Reading, Trust, consistent, judged
from iso15118.grid.signals import Kind, Signal, bound
from iso15118.grid.site import PHASES, VOLTAGE, Circuit, Evse, Site
from iso15118.grid.tree import Tree
from iso15118.units import Ampere, Second, Volt, Watt
from iso15118.value import Value

RARE: Final = 0.01
"""Part of the seconds in which the other load may move further than what is kept free for it."""
LEARNING: Final[Ampere] = 1.0
"""A by which the guard grows with a move beyond it; a hundredth of it is forgotten with every other reading."""
NO_LINES: Final[Lines] = (0.0, 0.0, 0.0)


class Way(StrEnum):
    """Which way a limit binds."""

    IN = "import"
    OUT = "export"


class Limit(Value, kw_only=True):
    """One limit at one circuit, and the room that it leaves to the outlets below: A in a line, or W where `line` is None."""

    circuit: str
    way: Way
    line: int | None
    source: str
    """`fuse`, `import limit`, `transformer`, `fail-safe`, or the id of the signal that says it."""
    limit: float
    other: float
    """Of what is no outlet, + import."""
    room: float
    trust: Trust = Trust.FRESH
    why: str = ""
    """Why its meter is not believed."""

    @property
    def words(self) -> str:
        """For people: `L2 of feeder B, fuse 16 A, other load 9.8 A`."""
        where = f"L{self.line + 1} of {self.circuit}" if self.line is not None else self.circuit
        unit, scale = ("A", 1.0) if self.line is not None else ("kW", 1e3)
        told = f"{where}, {self.source} {self.limit / scale:.4g} {unit}"
        if self.way is Way.OUT:
            told += " out of the site"
        if self.trust is not Trust.FRESH:
            return f"{told}, meter: {self.why}"
        return told if self.other == 0.0 else f"{told}, other load {self.other / scale:.3g} {unit}"


class Headroom(Value, kw_only=True):
    """Everything the allocator has to know of the grid side of this second."""

    limits: tuple[Limit, ...]
    meters: Mapping[str, Judged]
    draws: Mapping[str, Lines | None]
    """What each outlet takes from the mains' lines; None: nobody knows at this moment."""
    frozen: frozenset[str]
    """Outlets that get no more than they have: a meter above them is late."""
    silent: Mapping[str, str]
    """Circuits whose meter is silent, and why."""
    voltage: Volt = VOLTAGE

    @property
    def available(self) -> Watt:
        """All outlets together could take so much by the limits of the connection; infinite: nothing binds there."""
        root = self.limits[0].circuit if self.limits else ""
        of_root = [limit for limit in self.limits if limit.circuit == root and limit.way is Way.IN]
        whole = [limit.room for limit in of_root if limit.line is None]
        lines = [limit.room for limit in of_root if limit.line is not None]
        return min([*whole, *([sum(lines) * self.voltage] if lines else [])], default=float("inf"))

    def other(self, circuit: str) -> Watt:
        """W of what is no outlet at a metered circuit, + import; 0.0 where nobody measures."""
        meter = self.meters.get(circuit)
        if meter is None:
            return 0.0
        return next((limit.other for limit in self.limits if limit.circuit == circuit and limit.line is None), 0.0)


class Swings(Value):
    """How far the other load of each circuit moves from one reading to the next: state from second to second."""

    last: Mapping[str, tuple[Second, Lines]] = {}
    """When a new reading came, and the other load then."""
    guards: Mapping[str, Lines] = {}
    """The 99th percentile of such moves as learned so far: kept free in front of each limit."""


def headroom(
    tree: Tree,
    meters: Mapping[str, Reading],
    draws: Mapping[str, Reading],
    signals: Iterable[Signal],
    swings: Swings,
    *,
    now: Second,
    moment: Second,
    generation: Watt = 0.0,
    voltage: Volt = VOLTAGE,
) -> tuple[Swings, Headroom]:
    """The limits of this second. `now` is monotonic, as readings are; `moment` s since the epoch, as signals are.

    `draws`: what each outlet's own meter reads, in the mains' lines. `generation` (W, measured and fresh, else 0.0) lifts the limit of
    controllable loads. `voltage` turns W into A and back.
    """
    signals = tuple(signals)
    drawn = {evse.name: _drawn(draws.get(evse.name), now, evse) for evse in tree.site.evses}
    believed: dict[str, Judged] = {}
    limits: list[Limit] = []
    frozen: set[str] = set()
    last, guards = dict(swings.last), dict(swings.guards)
    for circuit in tree.circuits:
        outlets = _sum(drawn[evse.name] or NO_LINES for evse in tree.below[circuit.name])
        meter = None
        other = guard = NO_LINES
        if circuit.metered:
            reading = meters.get(circuit.name)
            meter = consistent(judged(reading, now, circuit.fuse), outlets, tree.generation[circuit.name] / PHASES / voltage)
            believed[circuit.name] = meter
            if meter.trust is Trust.FRESH and reading is not None:
                other = _less(meter.currents, outlets)
                _follow(circuit.name, reading.at, other, last, guards)
            elif circuit.name in last:
                other = last[circuit.name][1]  # of when it was read: outlets have moved since
            elif meter.trust is Trust.FADING:
                other = meter.currents
            if meter.trust is not Trust.FRESH:
                frozen.update(evse.name for evse in tree.below[circuit.name])
            guard = guards.get(circuit.name, NO_LINES)
        limits += _limits(tree.site, circuit, signals, moment, meter, other, guard, generation, voltage)
    silent = {name: meter.why for name, meter in believed.items() if meter.trust is Trust.SILENT}
    room = Headroom(limits=tuple(limits), meters=believed, draws=drawn, frozen=frozenset(frozen), silent=silent, voltage=voltage)
    return Swings(last, guards), room


def _drawn(reading: Reading | None, now: Second, evse: Evse) -> Lines | None:
    meter = judged(reading, now, evse.most)
    return meter.currents if meter.trust is Trust.FRESH else None


def _sum(lines: Iterable[Lines]) -> Lines:
    l1 = l2 = l3 = 0.0
    for a, b, c in lines:
        l1, l2, l3 = l1 + a, l2 + b, l3 + c
    return l1, l2, l3


def _less(a: Lines, b: Lines) -> Lines:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _follow(name: str, at: Second, other: Lines, last: dict[str, tuple[Second, Lines]], guards: dict[str, Lines]) -> None:
    """Learn from a new reading how far the other load moves: up a step for each move beyond the guard, down a little for all others.

    It comes to rest where one move in a hundred is wider (stochastic approximation of a quantile; Robbins and Monro, 1951).
    """
    before = last.get(name)
    if before is not None and at > before[0]:
        moves = (abs(now - then) for now, then in zip(other, before[1], strict=True))
        kept = guards.get(name, NO_LINES)
        a, b, c = (max(0.0, old + LEARNING * ((move > old) - RARE)) for old, move in zip(kept, moves, strict=True))
        guards[name] = (a, b, c)
    if before is None or at > before[0]:
        last[name] = (at, other)


def _limits(
    site: Site,
    circuit: Circuit,
    signals: tuple[Signal, ...],
    moment: Second,
    meter: Judged | None,
    other: Lines,
    guard: Lines,
    generation: Watt,
    voltage: Volt,
) -> list[Limit]:
    """The rows of one circuit."""
    root, name, found = circuit.parent is None, circuit.name, []
    trust, why = (meter.trust, meter.why) if meter is not None else (Trust.FRESH, "")
    silent = trust is Trust.SILENT
    if silent:
        other = guard = NO_LINES
    part = 1.0 if meter is None or silent else meter.room
    watts, moves = sum(other) * voltage, sum(guard) * voltage

    def row(way: Way, line: int | None, source: str, limit: float, load: float, guard: float) -> None:
        flows = load if way is Way.IN else -load
        room = max(0.0, limit * site.margin - flows - guard) * part
        found.append(Limit(circuit=name, way=way, line=line, source=source, limit=limit, other=load, room=room, trust=trust, why=why))

    if silent:
        row(Way.OUT, None, "fail-safe", 0.0, 0.0, 0.0)
        if circuit.failsafe is not None:
            row(Way.IN, None, "fail-safe", circuit.failsafe, 0.0, 0.0)
    if circuit.fuse is not None:
        for line in range(PHASES):
            row(Way.IN, line, "fuse", circuit.fuse, other[line], guard[line])
            row(Way.OUT, line, "fuse", circuit.fuse, other[line], guard[line])
    nodes = (name, "") if root else (name,)
    for way, kind, own in (
        (Way.IN, Kind.IMPORT_LIMIT, circuit.import_limit),
        (Way.OUT, Kind.EXPORT_LIMIT, circuit.export_limit),
    ):
        said = [(told.value, told.signal) for node in nodes if (told := bound(signals, kind, node, moment)) is not None]
        said += [(value, what) for value, what in ((own, f"{way} limit"), (circuit.transformer, "transformer")) if value is not None]
        if said:
            limit, source = min(said)
            row(way, None, source, limit, watts, moves)
    for node in nodes:
        if (controllable := bound(signals, Kind.CONTROLLABLE_LIMIT, node, moment)) is not None:
            row(Way.IN, None, controllable.signal, controllable.value, -generation if root else 0.0, 0.0)
    return found
