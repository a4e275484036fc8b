"""The allocator over random sites, cars and faults, judged by what limits mean and not by how it works."""

from __future__ import annotations

from random import Random

import pytest

from iso15118.grid.allocate import allocate
from iso15118.grid.grants import Allocated, Grant, Wish
from iso15118.grid.headroom import Headroom, Swings, Way, headroom
from iso15118.grid.meters import Reading
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.grid.tree import Tree
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.grid.world import VOLTAGE, World, random_site

SECONDS = 100


def random_wishes(rng: Random, world: World) -> list[Wish]:
    found = []
    for evse in world.site.evses:
        if rng.random() < 0.85:
            most = min(evse.charge, 11e3)
            target = rng.choice([0.0, 2e3, 6e3, 11e3, -8e3])
            found.append(
                Wish(
                    evse=evse.name,
                    most=most,
                    target=target,
                    fills=rng.random() < 0.7,
                    gives=evse.discharge,
                    phases=world.phases[evse.name],
                    urgent=rng.random() < 0.1,
                    laxity=rng.uniform(0.0, 1e4),
                    since=rng.uniform(0.0, 900.0),
                )
            )
    return found


def begin(seed: int) -> tuple[Random, World, Tree]:
    rng = Random(seed)
    site = random_site(rng)
    return rng, World(site, rng, {evse.name: rng.choice([1, len(evse.lines)]) for evse in site.evses}), Tree(site)


def judge(world: World, room: Headroom, grants: dict[str, Grant], wishes: dict[str, Wish]) -> None:
    """Each grant is 0, or between 6 A and the most that the car takes; and at every circuit that is read, what is granted fits."""
    site = world.site
    for name, grant in grants.items():
        evse = site.evse(name)
        if grant.current > 0.0 and not evse.dc:
            assert evse.least <= grant.current, (name, grant)
        most = wishes[name].most / VOLTAGE / len(world.used(evse))
        assert -wishes[name].gives / VOLTAGE / len(world.used(evse)) - 1e-6 <= grant.current, (name, grant)
        assert grant.current <= min(evse.most, max(most, 0.0)) + 1e-6, (name, grant)
    for circuit in site.circuits:
        if any(meter.name in world.failing or world.now % world.periods[meter.name] for meter in world.seen(circuit.name)):
            continue
        base, draws, fixed = world.told_of(circuit.name), {}, {}
        for name, draw in world.draws.items():
            granted = grants[name].current if name in grants else max(0.0, draw)  # whom nobody asks for takes what it takes
            fixed[name] = 0.0 if name in grants else granted
            draws[name] = max(granted, min(0.0, draw))  # what comes back counts once it is measured
        lines, others = world.flows(circuit.name, base, draws), world.flows(circuit.name, base, fixed)
        for line in range(3):
            if circuit.fuse is not None and lines[line] > others[line]:
                assert lines[line] <= circuit.fuse + 1e-6, (circuit.name, line, lines)
        for limit in (circuit.import_limit, circuit.transformer):
            if limit is not None and sum(lines) > sum(others):
                assert sum(lines) * VOLTAGE <= limit + 1e-3, (circuit.name, lines, limit)
        if circuit.export_limit is not None and not any(world.now < until + 3.0 for until in world.deaf.values()):
            out = -sum(world.flows(circuit.name, base, {n: min(0.0, grants[n].current) if n in grants else 0.0 for n in draws})) * VOLTAGE
            if any(grants[n].current < 0 for n in grants):
                assert out <= circuit.export_limit + 1e-3, (circuit.name, out)


def truth(world: World, site: Site) -> None:
    """What really flows keeps the limits, but for what other loads have just switched on or off faster than any car can follow.

    Or cars that gave back and have just stopped; and but for 2 A of a car that was still on its way up when it was told to go down.
    """
    if any(world.now < until + 20.0 for until, _ in world.silent.values()):
        return
    least = {name: [min(past[name][line] for past in world.past) for line in range(3)] for name in world.other}
    most = {name: [max(past[name][line] for past in world.past) for line in range(3)] for name in world.other}
    giving = {name: min(draw, *(took[name] for took in world.took)) if draw <= 0.0 else draw for name, draw in world.draws.items()}
    nothing = dict.fromkeys(world.draws, 0.0)
    for circuit in site.circuits:
        base = world.told_of(circuit.name)
        low, high = ({name: past[name] if any(base[name]) else base[name] for name in base} for past in (least, most))
        now, alone = world.flows(circuit.name, base, world.draws), world.flows(circuit.name, base, nothing)
        steady, before = world.flows(circuit.name, low, giving), world.flows(circuit.name, high, world.draws)
        for line in range(3):
            if circuit.fuse is not None and now[line] > circuit.fuse + 1e-6:
                assert steady[line] <= circuit.fuse + 2.0 or alone[line] > circuit.fuse, (circuit.name, line, now, steady)
            if circuit.fuse is not None and now[line] < -circuit.fuse - 1e-6:
                assert before[line] >= -circuit.fuse - 2.0, (circuit.name, line, now, before)
        for limit in (circuit.import_limit, circuit.transformer):
            if limit is not None and sum(now) * VOLTAGE > limit + 1e-3:
                assert sum(steady) * VOLTAGE <= limit + 3 * 2.0 * VOLTAGE or sum(alone) * VOLTAGE > limit, (circuit.name, now, steady)
        for limit in (circuit.export_limit, circuit.transformer):
            if limit is not None and sum(now) * VOLTAGE < -limit - 1e-3:
                assert sum(before) * VOLTAGE >= -limit - 3 * 2.0 * VOLTAGE, (circuit.name, now, before)


def blind(world: World) -> set[str]:
    """Outlets of which a meter above has failed, as far as anybody could tell."""
    found = set()
    for circuit in world.site.circuits:
        how = world.failing.get(circuit.name)
        outlets = world.site.below(circuit.name)
        taken = world.flows(circuit.name, {name: [0.0] * 3 for name in world.other}, world.draws)
        sun = sum(pv.peak for pv in world.site.pvs if circuit in world.site.above(pv.circuit)) / VOLTAGE
        hidden = any(world.now < world.deaf.get(evse.name, 0.0) for evse in outlets)
        odd = not hidden and max(taken) * 0.9 > 2.0 + sun + 1e-6
        if (
            how in ("nan", "absurd")
            or (how == "zero" and odd)
            or (how == "gone" and (circuit.name not in world.readings or world.now - world.readings[circuit.name].at > 3.0))
        ):
            found |= {evse.name for evse in outlets}
    return found


def run(seed: int, seconds: int) -> None:
    rng, world, tree = begin(seed)
    swings, state = Swings(), Allocated()
    wishes = {wish.evse: wish for wish in random_wishes(rng, world)}
    last: dict[str, float] = {}
    for _ in range(seconds):
        world.second()
        if rng.random() < 0.05:
            wishes = {wish.evse: wish for wish in random_wishes(rng, world)}
        room, grants = None, {}
        swings, room = headroom(tree, world.meters(), world.outlets(), (), swings, now=world.now, moment=0.0)
        state, made = allocate(tree, room, list(wishes.values()), state, world.now)
        grants = {grant.evse: grant for grant in made}
        judge(world, room, grants, wishes)
        truth(world, world.site)
        for name in room.frozen | blind(world):  # a meter that is late never raises
            if name in grants:
                assert grants[name].current <= max(0.0, last.get(name, 0.0)) + 1e-6
                assert grants[name].current >= min(0.0, last.get(name, 0.0)) - 1e-6
        last = {name: grant.current for name, grant in grants.items()}
        world.told.append({evse.name: last.get(evse.name, 0.0) for evse in world.site.evses})


@pytest.mark.parametrize("block", range(4))
def test_no_limit_is_broken_at_any_second(block: int) -> None:
    for seed in range(50 * block, 50 * (block + 1)):
        run(seed, SECONDS)


@pytest.mark.long
@pytest.mark.parametrize("block", range(4))
def test_no_limit_is_broken_in_80_000_seconds_more(block: int) -> None:
    for seed in range(1000 + 200 * block, 1000 + 200 * (block + 1)):
        run(seed, SECONDS)


def settled(tree: Tree, world: World, wishes: list[Wish], seconds: int = 60) -> tuple[Headroom, dict[str, Grant]]:
    """A steady world until grants no longer change: other loads stand still, cars take what they get."""
    swings, state = Swings(), Allocated()
    room, grants = None, {}
    for _ in range(seconds):
        world.now += 1.0
        for circuit in world.site.circuits:
            if circuit.metered:
                a, b, c = world.flows(circuit.name, world.other, world.draws)
                world.readings[circuit.name] = Reading((a, b, c), world.now)
        swings, room = headroom(tree, world.meters(), world.outlets(), (), swings, now=world.now, moment=0.0)
        state, made = allocate(tree, room, wishes, state, world.now)
        grants = {grant.evse: grant for grant in made}
        world.draws.update({name: grant.current for name, grant in grants.items()})
    assert room is not None
    return room, grants


@pytest.mark.parametrize("seed", range(60))
def test_the_order_of_the_wishes_is_nothing_to_it(seed: int) -> None:
    rng, world, tree = begin(seed)
    wishes = random_wishes(rng, world)
    _, one = settled(tree, world, wishes)
    _, world, tree = begin(seed)
    rng.shuffle(wishes)
    _, other = settled(tree, world, wishes)
    assert one == {name: other[name] for name in one}


@pytest.mark.parametrize("seed", range(60))
def test_nobody_could_have_more_alone(seed: int) -> None:
    """Work-conserving: who may have more, and has less than it takes, is held by a limit that is used up, to what a step is worth."""
    rng, world, tree = begin(seed)
    wishes = [replace(wish, fills=True, target=0.0, gives=0.0) for wish in random_wishes(rng, world)]
    room, grants = settled(tree, world, wishes)
    for wish in wishes:
        evse, grant = world.site.evse(wish.evse), grants[wish.evse]
        lines = world.used(evse)
        step = 0.7 if grant.current > 0.0 or evse.dc else evse.least
        if grant.current + step > min(evse.most, wish.most / VOLTAGE / len(lines)):
            continue
        tight = False
        for limit in room.limits:
            if limit.way is not Way.IN or world.site.circuit(limit.circuit) not in world.site.above(evse.circuit):
                continue
            below = [other for other in world.site.below(limit.circuit) if other.name in grants]
            if limit.line is None:
                taken, more = sum(grants[o.name].power for o in below), step * VOLTAGE * len(lines)
            else:
                taken = sum(grants[o.name].current for o in below if limit.line in world.used(o))
                more = step if limit.line in lines else 0.0
            tight |= more > 0.0 and taken + more > limit.room - 0.3 * len(below) * (1.0 if limit.line is not None else 3 * VOLTAGE)
        assert tight, (seed, wish, grant)


@pytest.mark.parametrize("seed", range(60))
def test_a_higher_limit_never_lowers_the_total(seed: int) -> None:
    rng, world, tree = begin(seed)
    wishes = [replace(wish, gives=0.0, target=0.0, fills=True) for wish in random_wishes(rng, world)]
    _, before = settled(tree, world, wishes)
    rng, world, _ = begin(seed)
    higher = tuple(
        replace(c, fuse=None if c.fuse is None else c.fuse * 1.3, import_limit=None if c.import_limit is None else c.import_limit * 1.3)
        for c in world.site.circuits
    )
    world.site = replace(world.site, circuits=higher)
    _, after = settled(Tree(world.site), world, wishes)
    slack = 0.2 * VOLTAGE * 3 * len(wishes)
    assert sum(grant.power for grant in after.values()) >= sum(grant.power for grant in before.values()) - slack


def test_weights_share_what_is_short() -> None:
    evses = (Evse(name="a", circuit="m", dc=True, weight=2.0), Evse(name="b", circuit="m", dc=True))
    site = Site(name="s", circuits=(Circuit(name="m", import_limit=9e3, metered=True),), evses=evses, margin=1.0)
    world = World(site, Random(1), {"a": 3, "b": 3}, other={"m": [0.0, 0.0, 0.0]})
    world.other["m"] = [0.0, 0.0, 0.0]
    _, grants = settled(Tree(site), world, [Wish(evse=name, most=22e3) for name in "ab"])
    assert grants["a"].power == pytest.approx(6e3, abs=100.0)
    assert grants["b"].power == pytest.approx(3e3, abs=100.0)
    assert grants["a"].lines == PerPhase(*(grants["a"].current,) * 3)
