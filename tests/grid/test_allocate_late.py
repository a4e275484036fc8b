"""The allocator where nothing is told at the instant at which it happens: meters that read seldom and report late, outlets whose meters
fail, cars that follow late, pause, take less than they may, or are plugged out. Judged by what really flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest

from iso15118.grid.allocate import allocate
from iso15118.grid.grants import Allocated, Wish
from iso15118.grid.headroom import Swings, headroom
from iso15118.grid.meters import Reading
from iso15118.grid.site import Site
from iso15118.grid.tree import Tree
from iso15118.value import replace
from tests.grid.world import VOLTAGE, World, random_site

SECONDS = 120
WAIT = 11
"""s in which a move of other loads has to have been answered: read, reported, and followed by cars, each as late as here."""


@dataclass
class Late:
    """A meter: it reads every `period` s, reports `latency` s later, and sometimes fails."""

    rng: Random
    period: int
    latency: int
    failing: bool
    coming: list[Reading]
    told: Reading | None = None
    dead: float = 0.0

    def second(self, now: float, lines: list[float]) -> Reading | None:
        if int(now) % self.period == 0:
            self.coming.append(Reading((lines[0], lines[1], lines[2]), now))
        if self.failing and now >= self.dead and self.rng.random() < 0.01:
            self.dead = now + self.rng.uniform(2.0, 25.0)
        while self.coming and self.coming[0].at + self.latency <= now:
            reading = self.coming.pop(0)
            if now >= self.dead:
                self.told = reading
        return self.told


def meter(rng: Random, *, failing: bool) -> Late:
    period = rng.choice([1, 1, 1, 2, 3])
    return Late(rng, period, rng.choice([0, 0, 1]) if period < 3 else 0, failing, [])


class Cars:
    """Each follows what it was told `delay` s ago, takes at most what it likes, and pauses now and then."""

    def __init__(self, world: World, rng: Random) -> None:
        self.world, self.rng = world, rng
        self.delay = {name: rng.randint(0, 4) for name in world.draws}
        self.told: dict[str, list[float]] = {name: [0.0] * (late + 1) for name, late in self.delay.items()}
        self.likes = dict.fromkeys(world.draws, 99.0)

    def second(self, grants: dict[str, float]) -> None:
        for name, told in self.told.items():
            told.append(grants.get(name, 0.0))
            granted = told.pop(0)
            if self.rng.random() < 0.03:
                self.likes[name] = self.rng.choice([0.0, 0.0, 8.0, 20.0, 99.0, 99.0])
            before = self.world.draws[name]
            if granted >= 0.0:  # what it is granted less it follows late, what it is granted more when it has been so for as long
                granted = min(max(min(before, granted), min(granted, *told)), self.likes[name])
            self.world.draws[name] = granted


def wished(rng: Random, site: Site, phases: dict[str, int], gives: dict[str, float]) -> list[Wish]:
    """Cars come, go and change their minds; one that gives back does not go without a word."""
    return [
        Wish(
            evse=evse.name,
            most=min(evse.charge, 11e3),
            target=rng.choice([0.0, 4e3, 11e3, -8e3]),
            fills=rng.random() < 0.7,
            gives=evse.discharge,
            phases=phases[evse.name],
            urgent=rng.random() < 0.1,
            since=rng.uniform(0.0, 900.0),
        )
        for evse in site.evses
        if rng.random() < 0.9 or gives.get(evse.name, 0.0) < 0.0
    ]


def run(seed: int, *, failing: bool, seconds: int = SECONDS) -> int:
    """The number of seconds in which a limit was looked at."""
    rng = Random(seed)
    site = random_site(rng)
    site = replace(site, circuits=tuple(replace(c, metered=True, export_limit=None) for c in site.circuits))
    world = World(site, rng, {evse.name: rng.choice([1, len(evse.lines)]) for evse in site.evses})
    tree, cars = Tree(site), Cars(world, rng)
    circuits = {c.name: meter(rng, failing=False) for c in site.circuits}
    outlets = {e.name: meter(rng, failing=failing) for e in site.evses}
    swings, state = Swings(), Allocated()
    wishes, grants = wished(rng, site, world.phases, {}), {}
    past: list[dict[str, list[float]]] = []
    looked = 0
    for _ in range(seconds):
        world.now += 1.0
        for lines in world.other.values():
            for line in range(3):
                lines[line] = min(14.0, max(0.0, lines[line] + rng.gauss(0.0, 0.1)))
            if rng.random() < 0.02:
                lines[rng.randrange(3)] = rng.uniform(0.0, 12.0)
        past.append({name: list(lines) for name, lines in world.other.items()})
        del past[:-WAIT]
        cars.second(grants)
        if rng.random() < 0.03:
            wishes = wished(rng, site, world.phases, world.draws)
        told = {c.name: circuits[c.name].second(world.now, world.flows(c.name, world.other, world.draws)) for c in site.circuits}
        drawn = {}
        for evse in site.evses:
            lines = [world.draws[evse.name] if line in world.used(evse) else 0.0 for line in range(3)]
            drawn[evse.name] = outlets[evse.name].second(world.now, lines)
        swings, room = headroom(
            tree,
            {name: reading for name, reading in told.items() if reading is not None},
            {name: reading for name, reading in drawn.items() if reading is not None},
            (),
            swings,
            now=world.now,
            moment=0.0,
        )
        state, made = allocate(tree, room, wishes, state, world.now)
        grants = {grant.evse: grant.current for grant in made}
        least = {name: [min(then[name][line] for then in past) for line in range(3)] for name in world.other}
        nothing = dict.fromkeys(world.draws, 0.0)
        for circuit in site.circuits:
            now, alone = world.flows(circuit.name, least, world.draws), world.flows(circuit.name, least, nothing)
            for line in range(3):
                if circuit.fuse is not None and now[line] > alone[line]:
                    looked += 1
                    assert now[line] <= circuit.fuse + 1e-6, (seed, world.now, circuit.name, line, now, circuit.fuse)
            for limit in (circuit.import_limit, circuit.transformer):
                if limit is not None and sum(now) > sum(alone):
                    looked += 1
                    assert sum(now) * VOLTAGE <= limit + 1e-3, (seed, world.now, circuit.name, sum(now) * VOLTAGE, limit)
    return looked


@pytest.mark.parametrize("failing", [False, True])
def test_what_flows_keeps_the_limits(failing: bool) -> None:
    assert sum(run(seed, failing=failing) for seed in range(100)) > 10_000
