"""The linear program of a site: what is drawn, fed in, charged, given back and curtailed in each step, at the least cost.

Columns are kW and kWh. Overload is a column only where what cannot be steered breaks a limit alone, and only as far: no car can add to it.
Whatever else may not come true has a slack at a price (`scene.Weights`), so that there always is a plan.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iso15118.grid.planning import Objective
from iso15118.grid.planning.fleet import Fleet
from iso15118.grid.planning.horizon import Array
from iso15118.grid.planning.matrix import Index, Matrix
from iso15118.grid.planning.scene import SPREAD, Scene
from iso15118.grid.prices import Prices
from iso15118.units import HOUR, KWH
from iso15118.value import Value

SOONER: Final = 1e-4
"""So much dearer seems a kWh at the end of the horizon than now: of two steps that cost the same, the earlier one is taken."""
BLOCK: Final = 4 * HOUR
"""Reserve is the same throughout a block of the clock."""
HELD: Final = 0.25
"""h at full reserve, either way, for which there must be energy and room."""
PREQUALIFIED: Final = 1.25
"""Times its reserve, a unit must have of power."""
TIGHT: Final = 1e-7
BOTH: Final = 1e-4
"""kW at once in both directions that are no rounding."""
ROUNDS: Final = 2


class Found(Value, kw_only=True):
    """A solution in kW, kWh and the currency, by member and step, circuit and step, or step."""

    charge: Array
    discharge: Array
    grid: Array
    curtailed: Array
    overload: Array
    price: Array
    reserve: Array
    reserves: Array
    """By member and step."""
    rise: float
    """Of the peak, that is paid for."""
    cost: float
    full: Array
    """By circuit and step: its limits kept something back that is worth more than any money (1.0)."""
    seconds: float
    whole: bool

    @property
    def both(self) -> NDArray[np.bool_]:
        """By member and step: it charges and discharges at once."""
        return np.asarray(np.minimum(self.charge, self.discharge) > BOTH)


def best(scene: Scene, fleet: Fleet, objective: Objective, prices: Prices) -> Found:
    """The plan at the least cost, in which nobody charges and discharges at once. Raises LocalError where the solver finds none.

    Doing both pays only where energy that is burnt earns something, as at negative prices. Who does is made to choose, in whole numbers; if
    that takes too long, the difference of both is what is planned.
    """
    choose = np.zeros(fleet.charge.shape, bool)
    found = Model(scene, fleet, objective, prices, choose).solve()
    for _ in range(ROUNDS):
        if not found.both.any() or not found.whole:
            break
        choose |= found.both.any(axis=0) & (fleet.charge > 0.0) & (fleet.discharge > 0.0)
        found = Model(scene, fleet, objective, prices, choose).solve()
    return found


class Model:
    """Built once, solved once. `choose`: by member and step, whether it must not charge and discharge at once."""

    def __init__(self, scene: Scene, fleet: Fleet, objective: Objective, prices: Prices, choose: NDArray[np.bool_]) -> None:
        self.scene, self.fleet, self.objective, self.prices = scene, fleet, objective, prices
        self.m = Matrix()
        self.steps = np.arange(len(scene.hours))
        self.none = np.full((len(fleet.names), len(self.steps)), -1)
        self.reserved = bool(objective.reserve_price or scene.reserve.any())
        self.holds = (fleet.there > 0.0) & ((fleet.charge + fleet.discharge).max(axis=1, initial=0.0, keepdims=True) > 0.0)
        stateful = (fleet.discharge > 0.0).any(axis=1) | (fleet.slope > 0.0) | (fleet.minimum > 0.0) | (fleet.rush > 0.0)
        self.stateful = stateful | self.reserved
        self.inside = scene.below(fleet.circuits)
        self.plants = scene.below(tuple(plant.circuit for plant in scene.site.pvs))
        phases = fleet.lines.shape[1]
        unbalanced = self.inside @ (np.abs(fleet.lines - 1.0 / phases) > TIGHT)
        self.balanced = ~unbalanced.any(axis=1)
        wires = np.where(self.balanced, scene.lines * phases, inf)[:, None]
        self.imports, self.exports = np.minimum(scene.imports, wires), np.minimum(scene.exports, wires)
        self.bounds: list[tuple[int, Index, Index]] = []
        self._connection()
        self._members()
        self._energies()
        self._dues()
        self._haste()
        self._taper()
        self.whole = self._one_way(choose)
        self._reserve()
        self._circuits()
        self._fed_in()
        self._demand()
        self._tiers()
        self._wishes()

    def _connection(self) -> None:
        scene, m, n, count = self.scene, self.m, self.scene.root, len(self.steps)
        sell = np.minimum(scene.sell, scene.buy - SPREAD)
        over = scene.weights.overload
        self.g = m.columns(scene.hours * scene.buy, 0.0, self.imports[n], count)
        self.x = m.columns(-scene.hours * sell, 0.0, self.exports[n], count)
        self.over = m.columns(scene.hours * (scene.buy + over), 0.0, np.maximum(0.0, scene.fixed[n] - self.imports[n]), count)
        self.under = m.columns(scene.hours * (over - sell), 0.0, np.maximum(0.0, -scene.fixed[n] - self.exports[n]), count)
        self.k = np.full((len(scene.site.pvs), count), -1)
        for p, plant in enumerate(scene.site.pvs):
            if plant.curtailable:
                self.k[p] = m.columns(0.0, 0.0, scene.pv[p], count)
        self.balance = m.rows(scene.fixed[n], scene.fixed[n], count)
        for column, sign in ((self.g, 1.0), (self.over, 1.0), (self.x, -1.0), (self.under, -1.0), (self.k, -1.0)):
            m.put(self.balance, column, sign)

    def _members(self) -> None:
        fleet, m, scene = self.fleet, self.m, self.scene
        self.c, self.s = self.none.copy(), self.none.copy()
        later = SOONER * scene.hours * (scene.edges[:-1] - scene.edges[0]) / (scene.edges[-1] - scene.edges[0])
        i, t = np.nonzero(self.holds & (fleet.charge > 0.0))
        self.c[i, t] = m.columns(later[t], 0.0, fleet.charge[i, t], len(i))
        i, t = np.nonzero(self.holds & (fleet.discharge > 0.0))
        self.s[i, t] = m.columns(scene.hours[t] * fleet.wear[i], 0.0, fleet.discharge[i, t], len(i))
        m.put(self.balance, self.c, -1.0 / fleet.mains[:, None])
        m.put(self.balance, self.s, fleet.mains[:, None])

    def _energies(self) -> None:
        """e = e before + what is stored - what is taken, of those whose energy matters at every moment; of others the sum."""
        fleet, m, hours = self.fleet, self.m, self.scene.hours
        self.e = self.none.copy()
        i, t = np.nonzero(self.holds & self.stateful[:, None])
        last = np.append(i[1:] != i[:-1], True) if len(i) else np.zeros(0, bool)
        self.e[i, t] = m.columns(np.where(last, -fleet.worth[i], 0.0), fleet.low[i, t], fleet.high[i, t], len(i))
        rows = m.rows(0.0, 0.0, len(i))
        m.put(rows, self.e[i, t], 1.0)
        m.put(rows, self._before()[i, t], -1.0)
        m.put(rows, self.c[i, t], -hours[t] * fleet.stores[i])
        m.put(rows, self.s[i, t], hours[t] / fleet.stores[i])
        room = (fleet.charge * hours).sum(axis=1) * fleet.stores
        simple = np.flatnonzero(~self.stateful & self.holds.any(axis=1) & (room > fleet.high.max(axis=1, initial=0.0)))
        rows = m.rows(-inf, fleet.high[simple].max(axis=1, initial=0.0), len(simple))
        m.put(rows[:, None], self.c[simple], hours * fleet.stores[simple, None])

    def _before(self) -> Index:
        """The energies at the beginning of steps; none where that is 0."""
        shifted: Index = np.concatenate((np.full((len(self.e), 1), -1), self.e[:, :-1]), axis=1)
        return shifted

    def _dues(self) -> None:
        fleet, m, dues = self.fleet, self.m, self.fleet.dues
        wanted = dues.energy > fleet.low[dues.member, dues.step]
        member, step, energy, cost = dues.member[wanted], dues.step[wanted], dues.energy[wanted], dues.cost[wanted]
        missing = m.columns(cost, 0.0, inf, len(member))
        rows = m.rows(energy, inf, len(member))
        m.put(rows, missing, 1.0)
        stateful = self.stateful[member]
        m.put(rows[stateful], self.e[member, step][stateful], 1.0)
        simple = ~stateful
        until = np.where(self.steps <= step[simple, None], self.c[member[simple]], -1)
        m.put(rows[simple, None], until, self.scene.hours * fleet.stores[member[simple], None])

    def _haste(self) -> None:
        """Each step of delay costs: of a minimum more than a target is worth, of what is to be charged at once more than any price."""
        fleet, m, weights = self.fleet, self.m, self.scene.weights
        for energy, delay, end in ((fleet.minimum, weights.delay, weights.minimum), (fleet.rush, weights.rush, 0.0)):
            i, t = np.nonzero((self.e >= 0) & (energy > 0.0)[:, None])
            if not len(i):
                continue
            last = np.append(i[1:] != i[:-1], True)
            missing = m.columns(delay + np.where(last, end, 0.0), 0.0, inf, len(i))
            rows = m.rows(energy[i], inf, len(i))
            m.put(rows, missing, 1.0)
            m.put(rows, self.e[i, t], 1.0)

    def _taper(self) -> None:
        """By the energy in the middle of a step."""
        fleet, m = self.fleet, self.m
        i, t = np.nonzero((self.e >= 0) & (self.c >= 0) & (fleet.slope > 0.0)[:, None])
        rows = m.rows(-inf, fleet.full[i] + fleet.slope[i] * fleet.knee[i], len(i))
        m.put(rows, self.c[i, t], 1.0)
        m.put(rows, self.e[i, t], fleet.slope[i] / 2.0)
        m.put(rows, self._before()[i, t], fleet.slope[i] / 2.0)

    def _one_way(self, choose: NDArray[np.bool_]) -> Index:
        """Either charging or discharging, by a column that is 0 or 1."""
        fleet, m = self.fleet, self.m
        i, t = np.nonzero((self.c >= 0) & (self.s >= 0) & choose)
        choice = m.columns(0.0, 0.0, 1.0, len(i))
        rows = m.rows(-inf, 0.0, len(i))
        m.put(rows, self.c[i, t], 1.0)
        m.put(rows, choice, -fleet.charge[i, t])
        rows = m.rows(-inf, fleet.discharge[i, t], len(i))
        m.put(rows, self.s[i, t], 1.0)
        m.put(rows, choice, fleet.discharge[i, t])
        return choice

    def _reserve(self) -> None:
        """A band around each power that is free both ways, and in each energy: the same in sum throughout a block."""
        fleet, m, scene, steps = self.fleet, self.m, self.scene, self.steps
        self.r, self.band = self.none.copy(), np.full(len(steps), -1)
        if not self.reserved:
            return
        block = np.unique(np.floor(scene.edges[:-1] / BLOCK), return_inverse=True)[1]
        hours = np.bincount(block, scene.hours)
        asked = np.zeros(len(hours))
        np.maximum.at(asked, block, scene.reserve)
        price = self.objective.reserve_price
        band = m.columns(-price * hours, 0.0, inf if price else asked, len(hours))
        self.band = band[block]
        short = m.columns(scene.weights.wish * hours, 0.0, asked, len(hours))
        rows = m.rows(asked, inf, len(hours))
        m.put(rows, band, 1.0)
        m.put(rows, short, 1.0)
        i, t = np.nonzero((self.e >= 0) & (fleet.there >= 1.0 - TIGHT))
        self.r[i, t] = m.columns(0.0, 0.0, inf, len(i))
        rows = m.rows(0.0, 0.0, len(steps))
        m.put(rows, self.r, 1.0)
        m.put(rows, self.band, -1.0)
        for sign, most in ((1.0, fleet.charge), (-1.0, fleet.discharge)):
            rows = m.rows(-inf, most[i, t], len(i))
            m.put(rows, self.c[i, t], sign)
            m.put(rows, self.s[i, t], -sign)
            m.put(rows, self.r[i, t], PREQUALIFIED)
        low, high = fleet.low[i, t], fleet.high[i, t]
        for energies in (self.e, self._before()):
            rows = m.rows(low, inf, len(i))
            m.put(rows, energies[i, t], 1.0)
            m.put(rows, self.r[i, t], -HELD / fleet.stores[i])
            rows = m.rows(-inf, high, len(i))
            m.put(rows, energies[i, t], 1.0)
            m.put(rows, self.r[i, t], HELD * fleet.stores[i])

    def _circuits(self) -> None:
        """What flows through each circuit within its limits, both ways; where cars are on single phases, through each phase."""
        fleet, scene = self.fleet, self.scene
        endless = np.full(len(self.steps), inf)
        kept = endless if self.objective.export else np.maximum(0.0, -scene.fixed[scene.root])  # a reserve that is called exports nothing
        for n in range(len(scene.site.circuits)):
            if n != scene.root:
                self._flow(n, self.inside[n], 1.0, scene.fixed[n], self.imports[n], self.exports[n])
            elif self.reserved:
                self._flow(n, self.inside[n], 1.0, scene.fixed[n], self.imports[n], np.minimum(self.exports[n], kept))
            if not self.balanced[n] and np.isfinite(scene.lines[n]):
                within = np.full(len(self.steps), scene.lines[n])
                for line in fleet.lines.T:
                    self._flow(n, self.inside[n] * line, 1.0 / len(fleet.lines.T), scene.fixed[n] / len(fleet.lines.T), within, within)
            if np.isfinite(scene.controllable[n]).any():
                self._flow(n, self.inside[n], 1.0, scene.fixed_controllable[n], scene.controllable[n], endless)

    def _flow(self, n: int, weight: Array, share: float, fixed: Array, most_in: Array, most_out: Array) -> None:
        """`weight` of members and `share` of plants, on top of what is fixed: not above one limit, nor below minus the other."""
        fleet, m, scene = self.fleet, self.m, self.scene
        into, out = weight / fleet.mains, weight * fleet.mains
        highest = fixed + into @ fleet.charge + share * self.plants[n] @ scene.pv
        lowest = fixed - out @ fleet.discharge
        members, plants = np.flatnonzero(weight), np.flatnonzero(self.plants[n])
        passes = [(most_in, most_out, 0.0)]
        if self.reserved:
            passes = [(most_in, np.full_like(most_out, inf), 1.0), (np.full_like(most_in, inf), most_out, -1.0)]
        for above, below, band in passes:
            t = np.flatnonzero((highest > above) | (lowest < -below) | ((band != 0.0) & (np.isfinite(above) | np.isfinite(below))))
            if not len(t):
                continue
            rows = m.rows(-below[t] - fixed[t], above[t] - fixed[t], len(t))
            m.put(rows, self.c[np.ix_(members, t)], into[members, None])
            m.put(rows, self.s[np.ix_(members, t)], -out[members, None])
            m.put(rows, self.r[np.ix_(members, t)], band * weight[members, None])
            m.put(rows, self.k[np.ix_(plants, t)], share)
            for excess, sign in ((fixed[t] - above[t], -1.0), (-fixed[t] - below[t], 1.0)):
                broken = np.flatnonzero(excess > 0.0)
                slack = m.columns(scene.weights.overload * scene.hours[t[broken]], 0.0, excess[broken], len(broken))
                m.put(rows[broken], slack, sign)
            self.bounds.append((n, t, rows))

    def _fed_in(self) -> None:
        """Only what generation leaves over may be fed in, if what is stored may not leave the site."""
        scene, m = self.scene, self.m
        if self.objective.export or not (self.s >= 0).any():
            return
        spare = np.maximum(0.0, -scene.fixed[scene.root])
        rows = m.rows(-inf, spare, len(self.steps))
        for column in (self.x, self.under, self.k):
            m.put(rows, column, 1.0)

    def _demand(self) -> None:
        demand, scene, m = self.scene.demand, self.scene, self.m
        self.rise: Index | None = None
        if demand is None:
            return
        self.rise = m.columns(demand.price * demand.left, 0.0, inf, 1)
        parts = scene.windows()
        rows = m.rows(-inf, scene.peak - np.array([before for *_, before in parts]), len(parts))
        m.put(rows, self.rise, -1.0)
        for row, (steps, part, _) in zip(rows, parts, strict=True):
            for column, sign in ((self.g, 1.0), (self.over, 1.0), (self.x, -1.0), (self.under, -1.0)):
                m.put(row, column[steps], sign * part)

    def _tiers(self) -> None:
        tiers, m = self.prices.tiers, self.m
        above = np.array([(tier.above - self.prices.taken) / KWH for tier in tiers])
        self.beyond = m.columns(np.array([tier.surcharge for tier in tiers]), 0.0, inf, len(tiers))
        rows = m.rows(-inf, above, len(tiers))
        m.put(rows, self.beyond, -1.0)
        for column in (self.g, self.over):
            m.put(rows[:, None], column, self.scene.hours)

    def _wishes(self) -> None:
        """Import above a capacity that was ordered, and power that strays from a set-point."""
        scene, fleet, m = self.scene, self.fleet, self.m
        t = np.flatnonzero(np.isfinite(scene.capacity))
        beyond = m.columns(scene.weights.wish * scene.hours[t], 0.0, inf, len(t))
        rows = m.rows(-inf, scene.capacity[t], len(t))
        m.put(rows, self.g[t], 1.0)
        m.put(rows, beyond, -1.0)
        wanted = [(*np.nonzero(np.isfinite(fleet.setpoint) & self.holds), self.c, self.s, fleet.setpoint)]
        wanted.append((*np.nonzero(np.isfinite(scene.setpoint[None])), self.g[None], self.x[None], scene.setpoint[None]))
        for i, t, into, out, power in wanted:
            rows = m.rows(power[i, t], power[i, t], len(i))
            m.put(rows, into[i, t], 1.0)
            m.put(rows, out[i, t], -1.0)
            for sign in (1.0, -1.0):
                m.put(rows, m.columns(scene.weights.wish * scene.hours[t], 0.0, inf, len(i)), sign)

    def solve(self) -> Found:
        """Raises LocalError where the solver finds nothing."""
        scene, fleet, hours = self.scene, self.fleet, self.scene.hours
        solution = self.m.cheapest(self.whole)

        def of(index: Index) -> Array:
            return np.where(index >= 0, solution.columns[index], 0.0)

        charge, discharge, reserves = of(self.c), of(self.s), of(self.r)
        drawn, fed = of(self.g) + of(self.over), of(self.x) + of(self.under)
        price = solution.duals[self.balance] / hours
        full = np.zeros(scene.fixed.shape)
        full[scene.root] = -solution.reduced[self.g] / hours > scene.weights.money
        for n, t, rows in self.bounds:
            full[n, t] = np.maximum(full[n, t], -solution.duals[rows] / hours[t] > scene.weights.money)
        rise = float(solution.columns[self.rise[0]]) if self.rise is not None else 0.0
        before = sum(tier.surcharge * max(0.0, self.prices.taken - tier.above) / KWH for tier in self.prices.tiers)
        cost = float(hours @ (scene.buy * drawn - scene.sell * fed) + hours @ (fleet.wear @ discharge)) - before
        cost += sum(tier.surcharge * float(more) for tier, more in zip(self.prices.tiers, of(self.beyond), strict=True))
        cost += scene.demand.price * scene.demand.left * rise if scene.demand is not None else 0.0
        reserve = of(self.band)
        cost -= self.objective.reserve_price * float(hours @ reserve)
        return Found(
            charge=charge,
            discharge=discharge,
            grid=drawn - fed,
            curtailed=of(self.k).sum(axis=0),
            overload=of(self.over) + of(self.under),
            price=price,
            reserve=reserve,
            reserves=reserves,
            rise=rise,
            cost=cost,
            full=full,
            seconds=solution.seconds,
            whole=solution.whole,
        )
