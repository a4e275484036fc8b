"""What outlets may take and give at this second: a row a limit, from what meters say and not from what was promised.

A row of a metered circuit is its limit less the *other* load: what the meter reads beside what its outlets took at that moment. A circuit
without a meter has outlets below and what the nearest meters below it tell, as far as anybody knows. Neighbours: `meters`, `allocate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from iso15118.grid.meters import FRESH, SILENT, Judged, Lines, Reading, Trust, aged, consistent, judged
from iso15118.grid.signals import Kind, Signal, bound
from iso15118.grid.site import PHASES, VOLTAGE, Circuit, Evse, Site
from iso15118.grid.tree import Tree
from iso15118.units import Ampere, Second, Volt, Watt
from iso15118.value import Value

RARE: Final = 0.01
"""Part of the seconds in which the other load may move further than what is kept free for it."""
LEARNING: Final[Ampere] = 1.0
"""A by which the guard grows with a move beyond it; a hundredth of it is forgotten with every other reading."""
HELD: Final[Second] = 4.0
"""So long the other load counts as it was at its worst: an outlet's meter may tell so late that a car has stopped."""
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
    """Negative: the other load alone is beyond it."""
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
    """What each outlet takes from the mains' lines, as read within 10 s; None: nobody knows."""
    frozen: frozenset[str]
    """Outlets that get no more than they have: a meter above them, or their own, is late."""
    silent: Mapping[str, str]
    """Circuits whose meter is silent, and why."""
    root: str
    """The connection."""
    others: Mapping[str, Lines]
    """Of each metered circuit: what is no outlet, when that was last known, + import."""
    voltage: Volt = VOLTAGE

    @property
    def available(self) -> Watt:
        """All outlets together could take so much by the limits of the connection; infinite: nothing binds there."""
        of_root = [limit for limit in self.limits if limit.circuit == self.root and limit.way is Way.IN]
        whole = [limit.room for limit in of_root if limit.line is None]
        lines = [limit.room for limit in of_root if limit.line is not None]
        return max(0.0, min([*whole, *([sum(lines) * self.voltage] if lines else [])], default=float("inf")))

    def other(self, circuit: str) -> Watt:
        """W of what is no outlet at a metered circuit, + import; 0.0 where nobody measures."""
        return sum(self.others.get(circuit, NO_LINES)) * self.voltage


class Other(Value):
    """Of what is no outlet at a circuit, when its meter was read: A in each line, + import.

    Meters do not read at the same instant: it lies between `low` and `high`, by what outlets took shortly before and after.
    """

    reading: Reading
    lines: Lines
    low: Lines
    high: Lines


class Swings(Value):
    """How far the other load of each circuit moves from one reading to the next: state from second to second."""

    recent: Mapping[str, tuple[Other, ...]] = {}
    """The other load by the readings of late, the newest last."""
    guards: Mapping[str, Lines] = {}
    """The 99th percentile of such moves as learned so far: kept free in front of each limit."""
    took: Mapping[str, tuple[Reading, ...]] = {}
    """What each outlet's meter has read of late, the newest last: meters do not read at the same instant."""

    @property
    def last(self) -> dict[str, tuple[Second, Lines]]:
        """When each circuit's meter was read last, and the other load then."""
        return {name: (known[-1].reading.at, known[-1].lines) for name, known in self.recent.items()}


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

    `draws`: what the own meter of each outlet, and of each battery, reads in the mains' lines. `generation` (W, measured and fresh, else
    0.0) lifts the limit of controllable loads. `voltage` turns W into A and back.
    """
    signals = tuple(signals)
    took = {evse.name: _took(draws.get(evse.name), swings.took.get(evse.name, ()), now, evse) for evse in tree.outlets}
    believed: dict[str, Judged] = {}
    others: dict[str, Lines] = {}
    frozen = {name for name, readings in took.items() if readings and now - readings[-1].at > FRESH}
    lost = {name: readings[-1].currents for name, readings in swings.took.items() if readings and not took.get(name)}
    recent, guards = dict(swings.recent), dict(swings.guards)
    lows: dict[str, Lines] = {}
    highs: dict[str, Lines] = {}
    for circuit in tree.circuits:
        if not circuit.metered:
            continue
        name, reading = circuit.name, meters.get(circuit.name)
        meter = judged(reading, now, circuit.fuse)
        known = recent.get(name, ())
        for evse in tree.below[name] if lost else ():
            if evse.name in lost:  # from now on what it takes is other load, also in what was read before
                recent[name] = known = tuple(_with(other, lost[evse.name]) for other in known)
        if meter.trust is Trust.FRESH and reading is not None and (not known or reading.at != known[-1].reading.at):
            outlets, least, most = _outlets((took[evse.name] for evse in tree.below[name]), reading.at)
            unread = sum(evse.discharge for evse in tree.below[name] if not took[evse.name])
            meter = consistent(meter, outlets, (tree.generation[name] + unread) / voltage)
            if meter.trust is Trust.FRESH:
                other = Other(reading, *(_less(meter.currents, taken) for taken in (outlets, most, least)))
                late = any(evse.name in frozen for evse in tree.below[name])
                recent[name] = known = _follow(name, other, known, guards, SILENT if late else HELD)
        if meter.trust is Trust.SILENT and known and reading is not None:
            meter = aged(known[-1].reading, now, meter.why)  # it counts as none: the last that could be believed grows old
        believed[name] = meter
        others[name], lows[name], highs[name] = _spread(known) if known else (meter.currents,) * 3
    limits: list[Limit] = []
    for circuit in tree.circuits:
        names = tree.meters[circuit.name]
        low, high, guard = (_sum(of.get(name, NO_LINES) for name in names) for of in (lows, highs, guards))
        rows = _limits(tree.site, circuit, signals, moment, believed.get(circuit.name), low, high, guard, generation, voltage)
        if (circuit.metered or rows) and any(believed[name].trust is not Trust.FRESH for name in names):
            frozen.update(evse.name for evse in tree.below[circuit.name])
        limits += rows
    room = Headroom(
        limits=tuple(limits),
        meters=believed,
        draws={name: readings[-1].currents if readings else None for name, readings in took.items()},
        frozen=frozenset(frozen),
        silent={name: meter.why for name, meter in believed.items() if meter.trust is Trust.SILENT},
        root=tree.site.root.name,
        others=others,
        voltage=voltage,
    )
    return Swings(recent, guards, took), room


def _took(reading: Reading | None, before: tuple[Reading, ...], now: Second, evse: Evse) -> tuple[Reading, ...]:
    """What an outlet's meter has read: what can stand beside a circuit's fresh reading, and the newest until it is silent."""
    if reading is not None and (not before or reading.at != before[-1].at) and judged(reading, now, evse.most).trust is Trust.FRESH:
        before = (*before, reading)
    kept = [old for old in before if 0.0 <= now - old.at <= 2 * FRESH]
    return tuple(kept) if kept else tuple(old for old in before[-1:] if 0.0 <= now - old.at <= SILENT)


def _outlets(took: Iterable[tuple[Reading, ...]], at: Second) -> tuple[Lines, Lines, Lines]:
    """What outlets took together at a moment: by their readings next to it, and the least and the most of what was read around it."""
    sure, unsure = [], []
    for readings in took:
        if readings and readings[-1].at <= at:  # nothing is known of what came after
            sure.append(readings[-1].currents)
        elif readings:
            unsure.append(readings)
    taken = _sum(sure)
    if not unsure:
        return taken, taken, taken
    near, least, most = zip(*(_around(readings, at) for readings in unsure), strict=True)
    return _sum((taken, *near)), _sum((taken, *least)), _sum((taken, *most))


def _around(readings: tuple[Reading, ...], at: Second) -> tuple[Lines, Lines, Lines]:
    """What was read next to a moment; and the least and the most, in each line, of what was read last before it and of all since."""
    near = min(readings, key=lambda reading: abs(reading.at - at)).currents
    first = max((k for k, reading in enumerate(readings) if reading.at <= at), default=0)
    l1, l2, l3 = zip(*(reading.currents for reading in readings[first:]), strict=True)
    return near, (min(l1), min(l2), min(l3)), (max(l1), max(l2), max(l3))


def _with(other: Other, more: Lines) -> Other:
    """The other load and more."""
    return Other(other.reading, _sum((other.lines, more)), _sum((other.low, more)), _sum((other.high, more)))


def _spread(known: tuple[Other, ...]) -> tuple[Lines, Lines, Lines]:
    """The newest, the lowest and the highest of late."""
    (a, b, c), (d, e, f) = (
        tuple(pick(line) for line in zip(*lines, strict=True))
        for pick, lines in ((min, (o.low for o in known)), (max, (o.high for o in known)))
    )
    return known[-1].lines, (a, b, c), (d, e, f)


def _sum(lines: Iterable[Lines]) -> Lines:
    l1 = l2 = l3 = 0.0
    for a, b, c in lines:
        l1, l2, l3 = l1 + a, l2 + b, l3 + c
    return l1, l2, l3


def _less(a: Lines, b: Lines) -> Lines:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _follow(name: str, other: Other, known: tuple[Other, ...], guards: dict[str, Lines], held: Second) -> tuple[Other, ...]:
    """Those of late with a new one. And learn how far it moves while cars follow, since the oldest of them: up a step for each move beyond
    the guard, down a little for all others.

    The guard comes to rest where one move in a hundred is wider (stochastic approximation of a quantile; Robbins and Monro, 1951).
    """
    if known and other.reading.at > known[-1].reading.at:
        then = known[0]
        moves = map(max, zip(_less(other.low, then.high), _less(then.low, other.high), strict=True))  # so far it has moved at least
        kept = guards.get(name, NO_LINES)
        a, b, c = (max(0.0, old + LEARNING * ((move > old) - RARE)) for old, move in zip(kept, moves, strict=True))
        guards[name] = (a, b, c)
    return (*(old for old in known if 0.0 <= other.reading.at - old.reading.at <= held), other)


def _limits(
    site: Site,
    circuit: Circuit,
    signals: tuple[Signal, ...],
    moment: Second,
    meter: Judged | None,
    low: Lines,
    high: Lines,
    guard: Lines,
    generation: Watt,
    voltage: Volt,
) -> list[Limit]:
    """The rows of one circuit."""
    root, name, found = circuit.parent is None, circuit.name, []
    trust, why = (meter.trust, meter.why) if meter is not None else (Trust.FRESH, "")
    silent = trust is Trust.SILENT
    if silent:
        low = high = guard = NO_LINES
    part = 1.0 if meter is None or silent else meter.room
    moves = sum(guard) * voltage

    def row(way: Way, line: int | None, source: str, limit: float, load: float, guard: float) -> None:
        flows = load if way is Way.IN else -load
        room = limit * site.margin - flows - guard
        room = room * part if room > 0.0 else room
        found.append(Limit(circuit=name, way=way, line=line, source=source, limit=limit, other=load, room=room, trust=trust, why=why))

    if silent:
        row(Way.OUT, None, "fail-safe", 0.0, 0.0, 0.0)
        if circuit.failsafe is not None:
            row(Way.IN, None, "fail-safe", circuit.failsafe, 0.0, 0.0)
    if circuit.fuse is not None:
        for line in range(PHASES):
            row(Way.IN, line, "fuse", circuit.fuse, high[line], guard[line])
            row(Way.OUT, line, "fuse", circuit.fuse, low[line], guard[line])
    nodes = (name, "") if root else (name,)
    for way, kind, own in (
        (Way.IN, Kind.IMPORT_LIMIT, circuit.import_limit),
        (Way.OUT, Kind.EXPORT_LIMIT, circuit.export_limit),
    ):
        said = [(told.value, told.signal) for node in nodes if (told := bound(signals, kind, node, moment)) is not None]
        said += [(value, what) for value, what in ((own, f"{way} limit"), (circuit.transformer, "transformer")) if value is not None]
        if said:
            limit, source = min(said)
            row(way, None, source, limit, sum(high if way is Way.IN else low) * voltage, moves)
    for node in nodes:
        if (controllable := bound(signals, Kind.CONTROLLABLE_LIMIT, node, moment)) is not None:
            row(Way.IN, None, controllable.signal, controllable.value, _controllable(site, name) - (generation if root else 0.0), 0.0)
    return found


def _controllable(site: Site, circuit: str) -> Watt:
    """What controllable loads beside outlets may take below a circuit: nobody measures them, so all they can."""
    loads = (load for load in site.loads if load.controllable)
    return sum(load.rated for load in loads if any(node.name == circuit for node in site.above(load.circuit)))
