"""The schedules of a site's cars: made when a car waits for one, and anew when it is worth asking (`grid.renegotiate`)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from iso15118.energy import Plan
from iso15118.errors import LocalError
from iso15118.grid.grants import Grant
from iso15118.grid.policies import policy
from iso15118.grid.renegotiate import Asked, Facts, Reason, costs, departed, judge
from iso15118.grid.schedules import schedules, unplanned
from iso15118.grid.site import Control
from iso15118.grid.visits import Visit
from iso15118.grid.wishes import inlet
from iso15118.service.site_outlet import Looked
from iso15118.units import Second, Watt, WattHour
from iso15118.value import Value, replace

if TYPE_CHECKING:
    from iso15118.service.site import SiteController

PATIENCE: Final[Second] = 15.0
"""A car waits so long for a plan (the standard allows some 60 s); then it is offered what there is without one."""
OFF: Final[WattHour] = 500.0
"""Energies wanted that differ by no more are the same."""


class Made(Value, kw_only=True):
    """What a car was offered last, and what it was made for."""

    session: object
    plans: tuple[Plan, ...]
    plan: int | None
    """The epoch of the plan it was made of; None: of none."""
    departure: Second | None
    energy: WattHour
    """Wanted, counted from where the outlet's meter stood at 0."""
    settled: bool = False
    """It goes by it. What it has said of its energy meanwhile is what the schedule was made for."""
    limit: tuple[str, float] | None
    """What held the car then: who set it, and to what."""


class Offers:
    """Of one site."""

    def __init__(self, site: SiteController) -> None:
        self._site = site
        self._made: dict[str, Made] = {}
        self._asked: dict[str, Asked] = {}
        self._waiting: dict[str, tuple[Second, Second]] = {}
        """Since when cars wait for a plan that has them as they are now: of the loop, since the epoch."""
        self._repriced: set[str] = set()
        self._costed: dict[str, tuple[int | None, int, float, float]] = {}
        """By which plan a car's schedule was made, which is compared with it, what the rest costs, what is saved."""
        self._gains: dict[str, float] = {}
        """What cars were last asked for that a plan would save; infinite: nothing came of it, and they are not asked for that again."""

    def forget(self, evse: str) -> None:
        """Another session."""
        for of in (self._made, self._asked, self._waiting, self._gains, self._costed):
            of.pop(evse, None)
        self._repriced.discard(evse)

    def repriced(self) -> None:
        """Prices have been replaced: who has an offer is asked again."""
        self._repriced.update(self._made)

    def promised(self) -> dict[str, Watt]:
        """What cars mean to take under schedules that were made of a plan."""
        looked = self._site.looked
        return {
            name: means
            for name, made in self._made.items()
            if made.plan is not None and looked[name].session is made.session and (means := looked[name].means) is not None
        }

    def second(self, name: str, visit: Visit, now: Second, moment: Second) -> None:
        """Offer if the car waits, or ask it if that is worth it."""
        seen = self._site.looked[name]
        if seen.control is not Control.SCHEDULED or not (seen.waits or name in self._made):
            return
        if seen.waits and name not in self._made and name not in self._waiting:
            self._await(name, moment)
        if name in self._waiting:
            if self._ready(name):
                self._offer(name, seen, visit, moment)
        elif name in self._made:
            self._judge(name, seen, visit, now, moment)

    def _await(self, name: str, moment: Second) -> None:
        """Wait for the next plan, if there will be one."""
        self._waiting[name] = self._site.clock, moment
        self._site.outlets[name].offer(None, moment)
        self._site.replan()

    def _ready(self, name: str) -> bool:
        """Is there a plan that knows what this car waits with, or none to wait for?"""
        site, (since, moment) = self._site, self._waiting[name]
        if policy(site.policy).objective is None or not site.plans or site.clock - since >= PATIENCE:
            return True
        return site.plan is not None and site.plan.made >= moment and site.plan.of(name) is not None

    def _offer(self, name: str, seen: Looked, visit: Visit, moment: Second) -> None:
        site = self._site
        grant = site.done.grants.get(name) if site.done is not None else None
        limit = self._limit(grant)
        made_of, plans = self._planned(name, visit, moment)
        if not plans:
            held = None if grant is None or limit is None else abs(inlet(site.site.evse(name), grant.power))
            until = next((signal.end for signal in site.signals if limit is not None and signal.id == limit[0]), inf)
            plans = (unplanned(site.site.evse(name), visit, moment, held, until),)
        self._waiting.pop(name, None)
        self._made[name] = Made(
            session=seen.session,
            plans=plans,
            plan=made_of,
            departure=None if visit.need.departure is None else visit.departure,
            energy=visit.need.target_energy + seen.counted,
            limit=limit,
        )
        site.outlets[name].offer(plans, moment)

    def _planned(self, name: str, visit: Visit, moment: Second) -> tuple[int | None, tuple[Plan, ...]]:
        """The schedules of the plan in force; none where it has not this car, or its driver does not want to wait for it."""
        site = self._site
        if site.plan is None or site.question is None or visit.override:
            return None, ()
        try:
            plans = schedules(replace(site.question, signals=site.signals), site.plan, name, moment, retail=site.retail)
        except LocalError:
            return None, ()
        return site.plan.epoch, plans

    def _limit(self, grant: Grant | None) -> tuple[str, float] | None:
        """The limit that others have set and that holds a car; None: none does."""
        if grant is None or grant.limit is None or all(signal.id != grant.limit.source for signal in self._site.signals):
            return None
        return grant.limit.source, grant.limit.limit

    def _judge(self, name: str, seen: Looked, visit: Visit, now: Second, moment: Second) -> None:
        site, made = self._site, self._made[name]
        if not made.settled:
            if seen.waits or seen.asked:
                return
            made = self._made[name] = replace(made, settled=True, energy=visit.need.target_energy + seen.counted)
        grant = site.done.grants.get(name) if site.done is not None else None
        power = inf if grant is None or grant.limit is None else abs(inlet(site.site.evse(name), grant.power))
        limit = self._limit(grant)
        cost, saved = self._costs(name, made, seen, moment)
        told = None if visit.need.departure is None else visit.departure
        facts = Facts(
            promised=min(seen.ceiling or 0.0, max(visit.need.charge_power, visit.need.discharge_power)),
            limit=power if limit is not None and limit != made.limit else inf,
            left=power,
            departure=None if told is None else now + told - moment,
            needs_changed=self._changed(made, seen, visit, told),
            freed=made.limit is not None and all(signal.id != made.limit[0] or signal.at(moment) is None for signal in site.signals),
            prices_changed=name in self._repriced,
            cost=cost,
            saved=saved,
            deviation=abs(seen.power - (seen.means or 0.0)) if power >= abs(seen.means or 0.0) else 0.0,
            tolerance=inf if made.plans[0].tolerance is None else made.plans[0].tolerance,
            asked=seen.asked,
        )
        self._asked[name], reason = judge(self._asked.get(name, Asked()), facts, now)
        if reason is not None:
            self._renegotiate(name, seen, visit, reason, saved, moment)

    def _changed(self, made: Made, seen: Looked, visit: Visit, told: Second | None) -> bool:
        """Does the car want something else than when it was offered its schedule? A driver who does not want to wait does, once."""
        if visit.override and made.plan is not None:
            return True
        energy = visit.need.target_energy + seen.counted
        return departed(made.departure, told) or abs(energy - made.energy) > max(OFF, 0.05 * abs(visit.need.target_energy))

    def _costs(self, name: str, made: Made, seen: Looked, moment: Second) -> tuple[float, float]:
        """Of the rest of the session, and what of it the plan in force saves; a car that goes by other prices than ours saves nothing."""
        plan, asked_for = self._site.plan, self._gains.get(name, 0.0)
        car = None if plan is None else plan.of(name)
        if plan is None or car is None or made.plan is None or seen.asked or asked_for == inf:
            return 0.0, 0.0
        if self._costed.get(name, ())[:2] != (made.plan, plan.epoch):
            outlet = self._site.outlets[name]
            self._costed[name] = (made.plan, plan.epoch, *costs(plan, car, lambda at: outlet.means_at(at - moment), moment))
        cost, saved = self._costed[name][2:]
        if plan.epoch != made.plan:
            return cost, saved
        if asked_for and saved > asked_for / 2.0:
            self._gains[name] = inf
        return 0.0, 0.0

    def _renegotiate(self, name: str, seen: Looked, visit: Visit, reason: Reason, saved: float, moment: Second) -> None:
        """Ask the car; what it is offered is there by then, or it waits for the plan that knows of what has changed."""
        self._repriced.discard(name)
        if reason is Reason.GAIN:
            self._gains[name] = saved
        if reason in (Reason.GAIN, Reason.ASTRAY) or visit.override:
            self._offer(name, seen, visit, moment)
        else:
            self._await(name, moment)
            if self._ready(name):
                self._offer(name, seen, visit, moment)
        if self._site.outlets[name].renegotiate(reason):
            self._site.renegotiated[name] = self._site.renegotiated.get(name, 0) + 1
