"""A site that leads its outlets: each second from meters and cars to set-points, now and then a plan, and schedules for cars made of it.

One process serves the site. What it decides in a second is pure (`grid.second`), and kept in a log (`site_log`). Nothing here waits for
the planner: until it has answered the fallback ladder says what holds. A solver, and numpy with it, is needed by the planner alone.
Neighbours: `site_outlet` (what is done with an outlet), `site_offers` (schedules, and when they are negotiated anew), `site_readings`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

from iso15118.energy import Budget
from iso15118.errors import LocalError
from iso15118.grid.degrade import budget
from iso15118.grid.habits import usual_departure
from iso15118.grid.meters import SILENT, Lines
from iso15118.grid.phases import Leaning, leaning
from iso15118.grid.planning import Outlook, Question, SitePlan
from iso15118.grid.planning.buffer import Habit
from iso15118.grid.policies import policy
from iso15118.grid.prices import Demand, Prices
from iso15118.grid.second import Done, Kept, Known, second
from iso15118.grid.series import Series
from iso15118.grid.signals import Signal
from iso15118.grid.site import VOLTAGE, Site
from iso15118.grid.tree import Tree
from iso15118.grid.visits import Visit
from iso15118.grid.wishes import inlet
from iso15118.service.log import Log
from iso15118.service.site_learning import Learning
from iso15118.service.site_offers import Offers
from iso15118.service.site_outlet import Looked, Outlet
from iso15118.service.site_parties import NOTHING, Market, Meter, Planning, Scribe
from iso15118.service.site_peak import Peak
from iso15118.service.site_readings import Readings
from iso15118.units import PerPhase, Second, Watt, WattHour
from iso15118.value import replace

T = TypeVar("T")

TICK: Final[Second] = 1.0
REPLAN: Final[Second] = 300.0
"""Between two plans of which nothing new has been heard."""
SOON: Final[Second] = 1.0
"""After an event: others may come with it."""
HORIZON: Final[Second] = 86_400.0
ON_BOARD: Final = 0.92
"""Of what flows into a car on alternating current is stored, where nobody knows better."""
REMEMBERED: Final = 10
"""Departures of a user."""


class SiteController:
    """One site. `start`, then it runs by itself; what is told to it may be told at any time."""

    def __init__(
        self,
        site: Site,
        outlets: Mapping[str, Outlet],
        *,
        name: str = "equal_share",
        market: Market | None = None,
        outlook: Callable[[Second], Outlook] = NOTHING.outlook,
        planner: Planning | None = None,
        charged: Demand | None = None,
        meters: Mapping[tuple[str, str], Meter] = {},
        scribe: Scribe | None = None,
        clock: Callable[[], Second] = time.time,
        pace: float = 1.0,
        replan: Second = REPLAN,
        log: Log | None = None,
    ) -> None:
        """`name`: of the policy. `outlets`: by the names of the site's. `meters`: those that are read each second, by ("circuit", its
        name), ("battery", ...) or ("pv", ...); of all others it is told. `charged`: the demand charge as it stood when the site was led
        last. `clock`: s since the epoch. `pace`: site seconds in a second of this process, for demonstrations. `replan`: site seconds
        between two plans while nothing new is heard.

        Raises LocalError on an outlet that the site has not, or a policy that breaks its limits.
        """
        for outlet in outlets:
            site.evse(outlet)
        if not policy(name).limited:
            raise LocalError(f"policy {name}: it breaks the limits of a site; allowed: in studies")
        self.site, self.policy = site, name
        self.outlets = dict(outlets)
        self.done: Done | None = None
        """What came of the last second,"""
        self.known: Known | None = None
        """and what was known in it."""
        self.plan: SitePlan | None = None
        self.looked: Mapping[str, Looked] = {}
        self.visits: Mapping[str, Visit] = {}
        self.budgets: dict[str, Budget] = {}
        self.epoch = 0
        """Of set-points and questions: it counts up."""
        self.renegotiated: dict[str, int] = {}
        """How often the car that is there was asked."""
        self._tree, self._kept = Tree(site), Kept()
        self._market, self._planner, self._scribe = market, planner, scribe
        self._clock, self._pace, self._log = clock, pace, log or Log()
        self._replan = replan
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._started = self.now
        self._readings = Readings(site, meters, pace, self._log)
        self._stored: dict[str, WattHour] = {}
        self._peak = Peak(charged)
        self._charged: tuple[Prices, Prices] | None = None
        """Prices as the market told them, and with the peak so far."""
        self._learning = Learning(self._tree, outlook)
        self._signals: dict[str, Signal] = {}
        self._since: dict[str, tuple[Second, Second]] = {}
        """When each outlet's car was plugged in: monotonic, since the epoch."""
        self._overrides: set[str] = set()
        self._users: dict[str, str] = {}
        self._declared: dict[str, Second | None] = {}
        self._habits: dict[str, Habit] = {}
        self._departures: dict[str, tuple[Second, ...]] = {}
        self._defects: set[str] = set()
        self._prices: tuple[Prices, Series | None] | None = None
        self._plan_at: Second = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._question: Question | None = None
        self._trouble = ""
        self._leaning: dict[str, Leaning] = {}
        self._offers = Offers(self)

    # What is told to it.

    def measured(self, circuit: str, currents: Lines, at: Second | None = None) -> None:
        """A circuit's meter: A in L1, L2, L3, + import. `at`: monotonic, now if None. Raises LocalError on a circuit there is not."""
        self._readings.measured(circuit, currents, self.now if at is None else at)

    def generated(self, pv: str, power: Watt, at: Second | None = None) -> None:
        """What photovoltaics give, a magnitude. `at`: monotonic, now if None."""
        self._readings.generation[pv] = self.now if at is None else at, power
        self._learning.shines(pv, power, self.moment)

    def charging(self, battery: str, power: Watt, at: Second | None = None) -> None:
        """What flows into a stationary battery, as its meter reads: from then on it shares the site's power with cars."""
        self._readings.charging(battery, power, self.now if at is None else at)

    def stored(self, battery: str, energy: WattHour) -> None:
        """In a stationary battery, Wh."""
        self._stored[battery] = energy

    def signal(self, signal: Signal) -> None:
        """What others say from now on; one with the same id takes the place of the one before.

        Raises LocalError on one for a circuit or an outlet that the site has not.
        """
        nodes = [circuit.name for circuit in self.site.circuits] + [evse.name for evse in self.site.evses]
        if signal.node and signal.node not in nodes:
            raise LocalError(f"signal {signal.id}: there is no {signal.node!r}; there are: {', '.join(nodes)}")
        self._signals[signal.id] = signal
        self._event()

    def withdraw(self, id: str) -> None:
        """It is not said any more."""
        if self._signals.pop(id, None) is not None:
            self._event()

    def charge_now(self, evse: str) -> None:
        """The driver wants all there is, until unplugged. Raises LocalError where no car is."""
        if evse not in self.visits:
            raise LocalError(f"EVSE {evse}: no car that could be charged now")
        self._overrides.add(evse)
        self._event()
        self._lead()

    def reprice(self) -> None:
        """Prices have been replaced: the market is asked anew, and cars negotiate."""
        self._prices = None
        self._offers.repriced()
        self._event()

    @property
    def now(self) -> Second:
        """Monotonic, of the site."""
        return self._loop.time() * self._pace

    @property
    def moment(self) -> Second:
        """Since the epoch."""
        return self._clock()

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Those that are said, by their ids."""
        return tuple(self._signals[id] for id in sorted(self._signals))

    @property
    def question(self) -> Question | None:
        """What the plan in force was asked with."""
        return self._question

    @property
    def clock(self) -> Second:
        """Of the loop."""
        return self._loop.time()

    @property
    def plans(self) -> bool:
        """Will there be a plan? Somebody makes them, and nothing is wrong."""
        return self._planner is not None and not self._trouble

    @property
    def retail(self) -> Series | None:
        """What drivers pay, if that is told."""
        return None if self._prices is None else self._prices[1]

    # It runs.

    def start(self) -> None:
        """Lead from now on."""
        self._tick()

    def stop(self) -> None:
        """Lead no more: outlets fall back by themselves."""
        if self._timer is not None:
            self._timer.cancel()
        if self._asking is not None:
            self._asking.cancel()

    def begun(self, evse: str) -> None:
        """A session begins: its schedule has to wait for us."""
        self._offers.forget(evse)
        self.outlets[evse].offer(None, self.moment)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(TICK, self._tick)
        self._lead()

    def _lead(self) -> None:
        try:
            self._second()
        except Exception as defect:  # set-points run out, and every outlet is left with its fail-safe
            self._log.error("site", f"{self.site.name}: no set-points in this second: {defect}", error=defect)

    def replan(self) -> None:
        """A car waits for a plan."""
        self._plan_at = float("-inf")

    def _event(self) -> None:
        """Something has changed: a new plan soon."""
        self._plan_at = min(self._plan_at, self._loop.time() + SOON)

    def _second(self) -> None:
        now, moment = self.now, self.moment
        self.epoch += 1
        self.looked = {
            name: self._apart(name, partial(outlet.look, self.site.evse(name)), Looked()) for name, outlet in self.outlets.items()
        }
        for pv, power in self._readings.read():
            self._learning.shines(pv, power, moment)
        self._come_and_go(now, moment)
        self.visits = {name: self._visit(name, seen, moment) for name, seen in self.looked.items() if seen.need is not None}
        self.known = known = self._known(now, moment)
        kept = self._kept
        self._kept, self.done = second(self._tree, self.policy, known, kept)
        if now - self._started >= SILENT:
            self._readings.judged(self.done.silent)
        self._learning.saw(known, self._kept, self.done, self._readings.generation)
        self._draws(known)
        if self._scribe is not None:
            self._scribe.saw(known, kept, self.done)
        for name in self.outlets:
            self._set(name)
        for name, visit in self.visits.items():
            self._apart(name, partial(self._offers.second, name, visit, now, moment), None)
        if self._loop.time() >= self._plan_at and (self._asking is None or self._asking.done()):
            self._ask(moment)

    def _draws(self, known: Known) -> None:
        """What the connection's meter has told counts for the peak, if it is believed."""
        believed = self._kept.swings.recent.get(self.site.root.name)
        if believed and known.prices is not None and known.prices.demand is not None:
            reading = believed[-1].reading
            self._peak.saw(self._readings.power(reading), reading.at, known.moment - (known.now - reading.at), known.prices.demand.window)

    def _apart(self, name: str, act: Callable[[], T], otherwise: T) -> T:
        """What comes of something at one outlet: a defect there is not the others'. It is told once."""
        try:
            done = act()
        except Exception as defect:
            if name not in self._defects:
                self._log.error("site", f"{self.site.name}, outlet {name}: {defect}", error=defect)
                self._defects.add(name)
            return otherwise
        return done

    def _come_and_go(self, now: Second, moment: Second) -> None:
        for name, seen in self.looked.items():
            if seen.plugged and name not in self._since:
                self._since[name] = now, moment
            if seen.need is not None and (self._users.get(name) != seen.user or name not in self._declared):
                self._users[name] = seen.user
                self._event()
                if seen.need.departure is None:
                    self.outlets[name].propose(usual_departure(self._departures.get(seen.user, ()), moment), moment)
            if seen.need is not None:
                self._declared[name] = None if seen.need.departure is None else moment + seen.need.departure
            if not seen.plugged and name in self._since:
                self._left(name, moment)

    def _left(self, name: str, moment: Second) -> None:
        """The car is gone, and with it what its driver wanted; what its driver's habits are stays."""
        user, declared = self._users.pop(name, ""), self._declared.pop(name, None)
        del self._since[name]
        self._overrides.discard(name)
        self.renegotiated.pop(name, None)
        if user:
            self._departures[user] = (*self._departures.get(user, ()), moment)[-REMEMBERED:]
            if declared is not None:
                self._habits[user] = self._habits.get(user, Habit()).learned(declared, moment)
        self._event()

    def _visit(self, name: str, seen: Looked, moment: Second) -> Visit:
        need = seen.need
        if need is None:
            raise LocalError(f"EVSE {name}: no car")
        usual = usual_departure(self._departures.get(seen.user, ()), moment) if need.departure is None else moment + need.departure
        outlet = self.site.evse(name)
        return Visit(
            evse=name,
            need=need,
            arrival=self._since[name][1] if name in self._since else moment,
            departure=moment + HORIZON if usual is None else usual,
            phases=min(seen.phases, outlet.phases, seen.fed or 3),  # while they are switched, the worse of both counts
            control=seen.control,
            discharges=seen.discharges and outlet.discharge > 0.0,
            user=seen.user,
            efficiency=1.0 if outlet.dc else ON_BOARD,
            buffer=self._habits.get(seen.user, Habit()).buffer,
            override=name in self._overrides,
        )

    def _known(self, now: Second, moment: Second) -> Known:
        return Known(
            now=now,
            moment=moment,
            meters=dict(self._readings.circuits),
            draws={**self._readings.batteries, **{name: seen.reading for name, seen in self.looked.items() if seen.reading is not None}},
            generation=self._readings.generated(now),
            visits=self.visits,
            since={name: since for name, (since, _) in self._since.items()},
            signals=self.signals,
            plan=self.plan,
            trouble=self._trouble,
            forecast=self._learning.doubt(moment),
            prices=self._priced(moment),
            promised=self._offers.promised(),
            needless=frozenset(name for name, seen in self.looked.items() if seen.need is not None and not seen.told),
        )

    def _priced(self, moment: Second) -> Prices | None:
        """The site's prices, read anew each quarter of an hour."""
        if self._market is None:
            return None
        if self._prices is None or not self._prices[0].import_price.start <= moment < self._prices[0].import_price.start + 900.0:
            try:
                self._prices = self._market.prices(moment)
            except LocalError as error:
                self._prices, self._trouble = None, str(error)
        prices = None if self._prices is None else self._prices[0]
        if prices is None or prices.demand is None:
            return prices
        demand = self._peak.known(prices.demand)
        if self._charged is None or self._charged[0] is not prices or self._charged[1].demand != demand:
            self._charged = prices, replace(prices, demand=demand)
        return self._charged[1]

    def _set(self, name: str) -> None:
        """The budget of an outlet for the next seconds."""
        grant = None if self.done is None else self.done.grants.get(name)
        outlet, visit = self.site.evse(name), self.visits.get(name)
        if grant is None or visit is None:
            told = Budget(0.0, until=self.now, why="no car that needs power is known here")
        else:
            phases = None
            if not outlet.dc and grant.current > 0.0:
                phases = PerPhase(*(grant.current * VOLTAGE if phase < visit.phases else 0.0 for phase in range(3)))
            power = inlet(outlet, grant.power)
            told = budget(visit.control, outlet, power, phases, until=grant.until, why=grant.why)
            if grant.fault:
                self._log.error("site", f"{name}: {grant.fault}: its session is ended")
                self.outlets[name].stop(grant.fault)
        self.budgets[name] = told
        self.outlets[name].grant(told, self.epoch)
        if outlet.switches and self.done is not None:
            fed = self.looked[name].fed
            self._leaning[name], feed = leaning(outlet, fed, self.done.wanted.get(name, 0.0), self._leaning.get(name, Leaning()), self.now)
            if feed != fed:
                self.outlets[name].switch(feed)

    # Plans.

    def _ask(self, moment: Second) -> None:
        """A new plan, if plans are wanted and can be made."""
        self._plan_at = self._loop.time() + self._replan / self._pace
        objective, prices = policy(self.policy).objective, self._priced(moment)
        if objective is None or self._planner is None:
            return
        if prices is None:
            self._trouble = self._trouble or "no prices"
            return
        if prices.demand is not None:
            prices = replace(prices, demand=replace(prices.demand, drawn=self._peak.drawn(moment, prices.demand.window)))
        question = Question(
            now=moment,
            site=self.site,
            visits=tuple(self.visits.values()),
            outlook=self._learning.expected(moment),
            prices=prices,
            signals=self.signals,
            stored=dict(self._stored),
            objective=objective,
            horizon=HORIZON,
            epoch=self.epoch,
        )
        self._asking = self._loop.create_task(self._answered(self._planner, question), name="plan")

    async def _answered(self, planner: Planning, question: Question) -> None:
        try:
            plan = await planner.plan(question)
        except LocalError as error:
            if str(error) != self._trouble:
                self._log.warning("site", f"{self.site.name}: {error}")
            self._trouble = str(error)
            return
        except Exception as defect:  # a planner that fails otherwise is one without a plan
            self._log.error("site", f"{self.site.name}: no plan: {defect}", error=defect)
            self._trouble = f"no plan: {type(defect).__name__}"
            return
        self.plan, self._question, self._trouble = plan, question, ""
