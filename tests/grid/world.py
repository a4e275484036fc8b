"""A site as it might be: random trees, loads that move, cars that follow late, meters that lag and fail. It knows no allocator."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from iso15118.grid.meters import Reading
from iso15118.grid.site import Circuit, Evse, Pv, Site

VOLTAGE = 230.0


def random_site(rng: Random) -> Site:
    """One to three levels, one to ten outlets, fuses and limits that bind."""
    circuits = [
        Circuit(
            name="main",
            fuse=rng.choice([None, 63.0, 100.0]),
            import_limit=rng.choice([None, 20e3, 40e3]),
            export_limit=rng.choice([None, 0.0, 5e3]),
            metered=True,
            failsafe=rng.choice([None, 0.0, 5e3]),
        )
    ]
    for k in range(rng.randint(0, 3)):
        parent = rng.choice(circuits).name
        circuits.append(
            Circuit(
                name=f"c{k}",
                parent=parent,
                fuse=rng.choice([None, 16.0, 32.0]),
                transformer=rng.choice([None, None, 25e3]),
                metered=rng.random() < 0.5,
                failsafe=rng.choice([None, 2e3]),
                share=rng.choice([None, None, 0.3]),
            )
        )
    evses = []
    for k in range(rng.randint(1, 10)):
        dc = rng.random() < 0.3
        lines = rng.choice([(0, 1, 2), (1, 2, 0), (2, 0, 1), (0,), (1,), (2,)])
        evses.append(
            Evse(
                name=str(k),
                circuit=rng.choice(circuits).name,
                lines=(0, 1, 2) if dc else lines,
                dc=dc,
                most=rng.choice([16.0, 32.0]),
                charge=rng.choice([3.7e3, 11e3, 22e3]),
                discharge=rng.choice([0.0, 10e3]),
                weight=rng.choice([1.0, 1.0, 2.0]),
                efficiency=0.95 if dc else 1.0,
            )
        )
    pvs = (Pv(name="sun", circuit="main", peak=5e3),) if rng.random() < 0.5 else ()
    return Site(name="random", circuits=tuple(circuits), evses=tuple(evses), pvs=pvs)


@dataclass
class World:
    """The truth. `other[circuit]`: A in each line of what hangs directly on a circuit; `draws[evse]`: A in each line used, signed."""

    site: Site
    rng: Random
    phases: dict[str, int]
    now: float = 1000.0
    other: dict[str, list[float]] = field(default_factory=dict)
    past: list[dict[str, list[float]]] = field(default_factory=list)
    draws: dict[str, float] = field(default_factory=dict)
    took: list[dict[str, float]] = field(default_factory=list)
    """Draws of late."""
    told: list[dict[str, float]] = field(default_factory=list)
    delays: dict[str, int] = field(default_factory=dict)
    """Seconds after which each car follows."""
    periods: dict[str, int] = field(default_factory=dict)
    """Seconds between two readings of each circuit's meter."""
    deaf: dict[str, float] = field(default_factory=dict)
    """Until when the meter of an outlet says nothing."""
    silent: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Until when a meter fails, and how."""
    readings: dict[str, Reading] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for circuit in self.site.circuits:
            self.other[circuit.name] = [self.rng.uniform(0.0, 6.0) for _ in range(3)]
            self.periods[circuit.name] = self.rng.choice([1, 1, 2, 3])
        for evse in self.site.evses:
            self.draws[evse.name] = 0.0
            self.delays[evse.name] = self.rng.randint(0, 4)

    def used(self, evse: Evse) -> tuple[int, ...]:
        return evse.lines if evse.dc else evse.lines[: self.phases[evse.name]]

    def flows(self, circuit: str, other: dict[str, list[float]], draws: dict[str, float]) -> list[float]:
        """A in each line through a circuit: all that hangs below it."""
        inside = {c.name for c in self.site.circuits if circuit in [node.name for node in self.site.above(c.name)]}
        lines = [sum(other[name][line] for name in inside) for line in range(3)]
        for evse in self.site.evses:
            if evse.circuit in inside:
                for line in self.used(evse):
                    lines[line] += draws[evse.name]
        return lines

    def seen(self, circuit: str) -> tuple[Circuit, ...]:
        """The meters that tell of what flows through a circuit: its own, or the nearest below."""
        node = self.site.circuit(circuit)
        if node.metered:
            return (node,)
        return tuple(meter for child in self.site.circuits if child.parent == circuit for meter in self.seen(child.name))

    def told_of(self, circuit: str) -> dict[str, list[float]]:
        """The loads that any meter tells of; those that none does are as if they were not."""
        told = {node.name for meter in self.seen(circuit) for node in self.site.circuits if meter in self.site.above(node.name)}
        return {name: lines if name in told else [0.0, 0.0, 0.0] for name, lines in self.other.items()}

    def second(self) -> None:
        """A second passes: loads move, cars follow what they were told some seconds ago, meters read or fail."""
        self.now += 1.0
        self.past.append({name: list(lines) for name, lines in self.other.items()})
        self.took.append(dict(self.draws))
        del self.past[:-9], self.took[:-9]
        for lines in self.other.values():
            for line in range(3):
                lines[line] = min(14.0, max(0.0, lines[line] + self.rng.gauss(0.0, 0.2)))
            if self.rng.random() < 0.02:
                lines[self.rng.randrange(3)] = self.rng.uniform(0.0, 12.0)
        del self.told[:-5]
        for name, delay in self.delays.items():
            if len(self.told) > delay:
                self.draws[name] = self.told[-1 - delay][name]
            if self.now >= self.deaf.get(name, 0.0) and self.rng.random() < 0.005:
                self.deaf[name] = self.now + self.rng.uniform(1.0, 20.0)
        for circuit in self.site.circuits:
            if not circuit.metered:
                continue
            until, how = self.silent.get(circuit.name, (0.0, ""))
            if self.now >= until and self.rng.random() < 0.01:
                until, how = self.now + self.rng.uniform(1.0, 30.0), self.rng.choice(["gone", "nan", "absurd", "flipped", "zero"])
                self.silent[circuit.name] = until, how
            a, b, c = self.flows(circuit.name, self.other, self.draws)
            if self.now >= until and self.now % self.periods[circuit.name]:
                continue
            if self.now >= until:
                self.readings[circuit.name] = Reading((a, b, c), self.now)
            elif how == "nan":
                self.readings[circuit.name] = Reading((a, float("nan"), c), self.now)
            elif how == "absurd":
                self.readings[circuit.name] = Reading((a, 1e6, c), self.now)
            elif how == "flipped":
                self.readings[circuit.name] = Reading((-a, -b, -c), self.now)
            elif how == "zero":
                self.readings[circuit.name] = Reading((0.0, 0.0, 0.0), self.now)
        self.failing = {name: how for name, (until, how) in self.silent.items() if self.now < until}

    def meters(self) -> dict[str, Reading]:
        """What the site is told."""
        return dict(self.readings)

    def outlets(self) -> dict[str, Reading]:
        """What the outlets' own meters say."""
        found = {}
        for evse in self.site.evses:
            if self.now < self.deaf.get(evse.name, 0.0):
                continue
            lines = [0.0, 0.0, 0.0]
            for line in self.used(evse):
                lines[line] = self.draws[evse.name]
            found[evse.name] = Reading((lines[0], lines[1], lines[2]), self.now)
        return found
