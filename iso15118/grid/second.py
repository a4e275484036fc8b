"""One second of a site, from what is known to what each outlet may do. Pure: what is kept of it can be lived again (`service.site_log`).

Neighbours: `headroom`, `policies`, `wishes` and `allocate`, which it brings together; `degrade`, which says it to each kind of car.
"""

from __future__ import annotations

from collections.abc import Mapping

from iso15118.grid.allocate import allocate
from iso15118.grid.grants import Allocated, Grant, Wish
from iso15118.grid.headroom import Headroom, Swings, headroom
from iso15118.grid.meters import Reading, Trust
from iso15118.grid.planning import SitePlan
from iso15118.grid.planning.ladder import Footing, Rung, footing
from iso15118.grid.policies import Moment, policy
from iso15118.grid.prices import Prices
from iso15118.grid.signals import Signal, forbidden
from iso15118.grid.site import Battery, Site
from iso15118.grid.tree import Tree
from iso15118.grid.visits import Visit
from iso15118.grid.wishes import mains, wishes
from iso15118.units import Second, Watt
from iso15118.value import Value


class Known(Value, kw_only=True):
    """Everything that decides this second."""

    now: Second
    """Monotonic."""
    moment: Second
    """Since the epoch."""
    meters: Mapping[str, Reading]
    """By circuit."""
    draws: Mapping[str, Reading]
    """By outlet and battery, in the mains' lines. A battery that nobody reads is other load."""
    generation: Watt = 0.0
    """Of all photovoltaics, measured and fresh."""
    visits: Mapping[str, Visit]
    """By outlet."""
    since: Mapping[str, Second] = {}
    """Plugged in, monotonic."""
    signals: tuple[Signal, ...] = ()
    plan: SitePlan | None = None
    trouble: str = ""
    """Why there is no newer plan."""
    forecast: str = ""
    """Why what is expected cannot be trusted; empty: it can."""
    prices: Prices | None = None
    promised: Mapping[str, Watt] = {}
    """What cars mean to take (signed) under schedules that were made of a plan."""
    needless: frozenset[str] = frozenset()
    """Outlets whose cars have not said what they need."""


class Kept(Value):
    """State from second to second."""

    swings: Swings = Swings()
    allocated: Allocated = Allocated()


class Done(Value, kw_only=True):
    """What comes of a second."""

    footing: Footing
    grants: Mapping[str, Grant]
    """By outlet; one that is not here has nothing to give or take."""
    batteries: Mapping[str, Watt]
    """Wanted of each stationary battery, + into it."""
    wanted: Mapping[str, Watt]
    """What each car should have, at the mains, whatever its phases carry."""
    available: Watt
    """For all outlets together."""
    silent: Mapping[str, str]
    """Circuits whose meter is silent, and why."""


def second(tree: Tree, name: str, known: Known, kept: Kept) -> tuple[Kept, Done]:
    """The next state, and what every outlet may do. `name`: of the policy."""
    site = tree.site
    swings, room = headroom(
        tree, known.meters, known.draws, known.signals, kept.swings, now=known.now, moment=known.moment, generation=known.generation
    )
    visits = tuple(known.visits[name] for name in sorted(known.visits))  # in one order, whatever that of a log
    stands = footing(
        name,
        known.moment,
        known.plan,
        needs=not visits or any(visit.evse not in known.needless for visit in visits),
        metered=site.root.name not in room.silent,
        forecast=known.forecast,
        trouble=known.trouble,
        planned=policy(name).objective is not None,
    )
    chosen = policy(stands.policy)
    moment = Moment(
        now=known.moment,
        site=site,
        visits=visits,
        available=room.available,
        surplus=_surplus(site, room, known.generation),
        prices=known.prices,
        plan=known.plan if stands.rung in (Rung.PLAN, Rung.LIMITS) else None,
    )
    targets = {**chosen.targets(moment), **{evse: power for evse, power in known.promised.items() if stands.rung is Rung.PLAN}}
    if chosen.objective is not None and not chosen.objective.export:
        targets = _kept(site, room, targets, moment.surplus)
    asked = wishes(site, visits, targets, known.signals, moment=known.moment, fills=chosen.fills, since=known.since)
    stores = _batteries(site, known, stands, room)
    allocated, grants = allocate(tree, room, [*asked, *_stored(site, known, stores)], kept.allocated, known.now)
    cars = {grant.evse: grant for grant in grants if grant.evse in known.visits}
    left = max(0.0, room.available - sum(max(0.0, grant.power) for grant in grants))
    done = Done(
        footing=stands,
        grants=cars,
        batteries={
            **{name: min(power, left) for name, power in stores.items()},
            **{grant.evse: grant.power for grant in grants if grant.evse not in cars},
        },
        wanted={wish.evse: max(wish.target, min(wish.most, room.available)) if wish.fills else wish.target for wish in asked},
        available=room.available,
        silent=room.silent,
    )
    return Kept(swings, allocated), done


def _surplus(site: Site, room: Headroom, generation: Watt) -> Watt:
    """Of own generation over own load: what the connection's meter reads beside the outlets, turned round."""
    meter = room.meters.get(site.root.name)
    if meter is None or meter.trust is not Trust.FRESH:
        return generation
    return (sum(sum(lines) for lines in room.draws.values() if lines is not None) - sum(meter.currents)) * room.voltage


def _kept(site: Site, room: Headroom, targets: Mapping[str, Watt], surplus: Watt) -> dict[str, Watt]:
    """The targets with no more given back, all together, than the site and its cars use at this moment beside what is generated."""
    used = sum(sum(lines) for lines in room.draws.values() if lines is not None and sum(lines) > 0.0) * room.voltage - surplus
    given = -sum(mains(site.evse(evse), power) for evse, power in targets.items() if power < 0.0)
    part = min(1.0, max(0.0, used) / given) if given > 0.0 else 1.0
    return {evse: power * part if power < 0.0 else power for evse, power in targets.items()}


def _batteries(site: Site, known: Known, stands: Footing, room: Headroom) -> dict[str, Watt]:
    """As planned, within what each can; at rest without a plan that can be followed. Those that are read hold the plan's peak besides."""
    step = known.plan.step(known.moment) if known.plan is not None and stands.rung is Rung.PLAN else None
    wanted = {}
    for battery in site.batteries:
        power = 0.0 if known.plan is None or step is None else known.plan.batteries.get(battery.name, (0.0,) * (step + 1))[step]
        wanted[battery.name] = max(-battery.discharge, min(battery.charge, power))
    over = 0.0 if known.plan is None or step is None else _above(max(known.plan.peak, known.plan.grid[step]), site, known, wanted, room)
    for battery in (battery for battery in site.batteries if room.draws[battery.name] is not None):
        helped = max(0.0, min(over, wanted[battery.name] + battery.discharge))
        wanted[battery.name] -= helped
        over -= helped
    return wanted


def _above(planned: Watt, site: Site, known: Known, wanted: Mapping[str, Watt], room: Headroom) -> Watt:
    """What is drawn above the planned peak and the one so far, if batteries that are read do what is wanted of them, and all else is as it
    is. A plan may draw more in a step whose window has drawn little: that is planned, too.
    """
    meter, demand = room.meters.get(site.root.name), None if known.prices is None else known.prices.demand
    if demand is None or meter is None or meter.trust is not Trust.FRESH:
        return 0.0
    flows = {battery.name: lines for battery in site.batteries if (lines := room.draws[battery.name]) is not None}
    net = (sum(meter.currents) - sum(map(sum, flows.values()))) * room.voltage + sum(wanted[name] for name in flows)
    return net - max(planned, demand.peak)


def _nodes(site: Site, battery: Battery) -> list[str]:
    return [battery.name, *(circuit.name for circuit in site.above(battery.circuit))]


def _stored(site: Site, known: Known, wanted: Mapping[str, Watt]) -> list[Wish]:
    """What batteries that are read ask of the allocator, as cars do."""
    return [
        Wish(
            evse=battery.name,
            most=battery.charge,
            target=wanted[battery.name],
            fills=False,
            gives=0.0 if any(forbidden(known.signals, node, known.moment) for node in _nodes(site, battery)) else battery.discharge,
        )
        for battery in site.batteries
        if battery.name in known.draws
    ]
