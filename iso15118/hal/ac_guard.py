"""The guard of an outlet of alternating current: `guard`'s counterpart where the vehicle's own charger drives the current.

It cannot hold the current down, so it watches it and opens: above its limits, backwards without permission, when the pilot leaves C and
D, when the grid is lost, on residual current, on silence from above. A pilot in B and a lost grid are no faults: the contactor opens, and
stays so until it has been told to be open, so that what flutters does not make it flutter. Everything else is latched until `reset`. Same
face and same watchdog as `guard`; figures in `bounds`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from iso15118.errors import DeviceFault
from iso15118.hal import bounds
from iso15118.hal.bounds import Held
from iso15118.hal.monitoring import HERE, NO_GRID, Surroundings
from iso15118.hal.protocols import AcOutlet, Health
from iso15118.hal.watchdog import CLOCK_SKEW, GONE, NEVER, READY, Watchdog
from iso15118.power import OFF, Abilities, AcAbilities, AcReading, AcTarget, Contactor, Limits, Measured, Reading, Setpoint
from iso15118.units import PerPhase, Second
from iso15118.value import replace


def _abilities(outlet: AcOutlet) -> Abilities:
    """What the path says it can carry. Raises TypeError for anything else."""
    abilities = outlet.path.abilities
    if not isinstance(abilities, Abilities):
        raise TypeError(f"{abilities!r} instead of Abilities")
    if abilities.ac is None:
        raise TypeError("abilities that say nothing of alternating current")
    return abilities


class AcGuard(Watchdog):
    """The guard of one outlet of alternating current."""

    def __init__(
        self,
        outlet: AcOutlet,
        limits: Limits | None = None,
        *,
        around: Surroundings = HERE,
        ttl: Second = bounds.TTL,
        discharge_allowed: bool = False,
        told: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`limits` narrow what the path says of itself. `discharge_allowed`: the site's standing permission. `told`: as of `Guard`."""
        self._outlet = outlet
        self._abilities = _abilities(outlet)
        self._limits = self._abilities.limits if limits is None else limits
        self._grid = Measured(NO_GRID, NEVER)
        self._residual = Measured(False, NEVER)
        self._target: AcTarget | None = None
        self._switch = outlet.monitors.phases
        self._phases = self._ac.phases
        """Wanted."""
        self._fed = Measured(0, NEVER)
        self._ever_fed = False
        """The car of this guard's life has had mains: without, nobody needs a pause."""
        self._open_since: Second | None = None
        super().__init__(ttl, discharge_allowed, told, outlet.monitors, around)

    def _forget(self) -> None:
        self._spent = False
        """It has opened by itself, and the wish to close it is still the old one."""
        self._over_current = Held(1.0)
        self._over_current_fast = Held(0.050)
        self._over_power = Held(1.0)
        self._backwards = Held(bounds.REVERSE_TIME)
        self._no_grid = Held(bounds.GRID_TIME)
        self._disagreement = Held(bounds.CONTACTOR_TIME)
        self._unlocked = Held(bounds.LOCK_TIME)
        self._live = Held(bounds.LIVE_UNPLUGGED)
        self._unlocked_live = Held(bounds.CONTACTOR_TIME)

    def phases(self, wanted: int) -> None:
        if self._switch is None or wanted not in (1, 3) or wanted > self._ac.phases:
            super().phases(wanted)
        self._phases = wanted

    def _switch_phases(self) -> None:
        """Move the switch once there has been no mains for long enough."""
        if self._switch is None:
            return
        switch, now, r = self._switch, self._now, self._reading
        self._fed = self._newest(self._fed, switch.phases)
        rest = not self._closed and r.contactor.value is Contactor.OPEN
        self._open_since = (self._open_since if self._open_since is not None else now) if rest else None
        waited = self._open_since is not None and now - self._open_since >= bounds.PHASE_PAUSE
        if waited or (rest and not self._ever_fed):
            self._ask(lambda: switch.demand(self._phases), DeviceFault.CONTACTOR, None)
        fresh = now - self._fed.at <= bounds.STALE
        self._in_force = self._fed.value if fresh else 0

    @property
    def demanded(self) -> float:
        return 0.0 if self._target is None else self._target.active.total

    @property
    def _ac(self) -> AcAbilities:
        return self._abilities.ac or AcAbilities()

    def _read(self) -> None:
        outlet, r, now = self._outlet, self._reading, self._now
        self._ask(lambda: outlet.advance(now), DeviceFault.COMMUNICATION, None)
        self._abilities = self._ask(lambda: _abilities(outlet), DeviceFault.SUPPLY, self._abilities)
        self._grid = self._ask(lambda: self._measured(outlet.path.measured()), DeviceFault.COMMUNICATION, self._grid)
        self._residual = self._newest(self._residual, outlet.path.residual)
        self._reading = r = Reading(
            voltage=self._newest(r.voltage, outlet.contactor.voltage),
            current=Measured(self._grid.value.current, self._grid.at),
            contactor=self._newest(r.contactor, outlet.contactor.feedback),
            pilot=self._newest(r.pilot, outlet.pilot.state),
            locked=self._newest(r.locked, outlet.lock.locked),
            insulation=r.insulation,
            resistance=r.resistance,
            charged=self._newest(r.charged, outlet.meter.charged),
            discharged=self._newest(r.discharged, outlet.meter.discharged),
            ac=self._grid,
        )
        self._monitoring.read(self._newest, self._born, now)
        self._narrow(self._limits, self._abilities.limits)
        oldest = min(self._grid.at, self._residual.at, r.voltage.at, r.contactor.at, r.pilot.at, r.locked.at)
        self._oldest = now - max(self._monitoring.oldest(oldest), self._born)

    def _measured(self, new: Measured[AcReading]) -> Measured[AcReading]:
        """`new`, unless it is not a measurement. Raises TypeError for a value of another kind."""
        grid = new.value
        if not isinstance(grid, AcReading):
            raise TypeError(f"{grid!r} instead of an AcReading")
        sound = all(map(isfinite, (*grid.voltage, *grid.active, *grid.reactive, grid.frequency)))
        return new if sound and new.at <= self._now + CLOCK_SKEW else self._grid

    def _watch(self) -> None:
        r, now, outlet, grid = self._reading, self._now, self._outlet, self._grid
        current, total, taken = abs(r.current.value), grid.value.active.total, grid.at
        inward = r.current.value >= 0.0
        may_give = self._may_give()
        most = self._limits.charge_current if inward or not may_give else self._limits.discharge_current
        power = self._limits.charge_power if total >= 0.0 or not may_give else self._limits.discharge_power
        backwards = min(grid.value.active) < -bounds.REVERSE_POWER and not may_give
        agreed = r.contactor.value is (Contactor.CLOSED if self._closed else Contactor.OPEN)
        locked = r.locked.value
        found = (
            (DeviceFault.STALE, self._oldest > bounds.LOST),
            (DeviceFault.CONTACTOR, self._disagreement.check(not agreed, now, r.contactor.at)),
            (DeviceFault.OVER_CURRENT, self._over_current.check(current > 1.05 * most + 1.0, now, taken)),
            (DeviceFault.OVER_CURRENT, self._over_current_fast.check(current > 1.5 * most + 1.0, now, taken)),
            (DeviceFault.OVER_CURRENT, self._over_power.check(abs(total) > 1.05 * power + 3 * bounds.REVERSE_POWER, now, taken)),
            (DeviceFault.REVERSE_POWER, self._backwards.check(backwards, now, taken)),
            (DeviceFault.RESIDUAL_CURRENT, self._residual.value),
            (DeviceFault.CONTROL_PILOT, self._closed and r.pilot.value in GONE),
            (DeviceFault.CONTACTOR, self._live.check(self._live_unplugged, now, r.voltage.at)),
            (DeviceFault.LOCK, self._unlocked.check(self._locking and not locked, now)),
            (DeviceFault.LOCK, self._unlocked_live.check(self._closed and not locked, now)),
            (DeviceFault.SUPPLY, self._ask(lambda: outlet.path.health, DeviceFault.SUPPLY, Health.FAILED) is Health.FAILED),
            (DeviceFault.METER, self._ask(lambda: outlet.meter.health, DeviceFault.METER, Health.FAILED) is Health.FAILED),
        )
        self._faults.update(fault for fault, here in found if here)
        self._faults.update(self._monitoring.faults(self._born, now))
        self._expire()

    def _may_give(self) -> bool:
        """May energy come out of the vehicle now?"""
        return self._setpoint.bidirectional and self.discharge_allowed and self._meter_fresh and self._oldest <= bounds.LOST

    def _steer(self, passed: Second) -> None:
        self._switch_phases()
        r, wanted = self._reading, self._setpoint
        lost = self._no_grid.check(not self._ac.holds(self._grid.value), self._now)
        self._spent = self._spent and wanted.contactor
        go = wanted if not self._faults and r.pilot.value in READY and not lost and not self._spent else OFF
        if go.contactor:
            self._opening = None
            self._closed = self._closed or self._may_close()
        elif self._closed:
            self._open()
            self._spent = wanted.contactor and not self._closed
        self._ever_fed = self._ever_fed or self._closed
        touchable = not self._closed and r.contactor.value is Contactor.OPEN and r.voltage.value < bounds.SAFE_VOLTAGE
        self._locking = wanted.lock or go.contactor or not touchable
        self._drive(go)

    def _may_close(self) -> bool:
        """Is everything known, the connector locked, and no voltage behind an open contactor?"""
        r = self._reading
        dead = r.contactor.value is Contactor.OPEN and r.voltage.value < bounds.SAFE_VOLTAGE
        fed = self._switch is None or self._in_force == self._phases
        return dead and fed and r.locked.value and self._ac.holds(self._grid.value) and self._oldest <= bounds.STALE

    def _open(self) -> None:
        """Open when the current is gone, or has had its chance to fall."""
        if self._opening is None:
            self._opening = self._now
        current = self._reading.current
        gone = abs(current.value) < 1.0 and self._age(current, self._now) <= bounds.STALE
        if gone or self._now - self._opening >= bounds.AC_OPENING - 1e-9:
            self._closed, self._opening = False, None

    def _drive(self, go: Setpoint) -> None:
        """Tell every device its level, whatever another one answers."""
        outlet = self._outlet
        target = self._clipped(go.target or AcTarget()) if go.contactor and self._closed else None
        self._target = target
        self._ask(lambda: outlet.path.demand(target), DeviceFault.SUPPLY, None)
        self._ask(lambda: outlet.contactor.demand(self._closed), DeviceFault.CONTACTOR, None)
        self._ask(lambda: outlet.lock.demand(self._locking), DeviceFault.LOCK, None)
        self._ask(lambda: outlet.pilot.duty(self._duty), DeviceFault.CONTROL_PILOT, None)

    def _clipped(self, target: AcTarget) -> AcTarget:
        """The target inside every bound: interlock, currents, power; on an old measurement nothing comes back."""
        limits, volts = self._allowed, self._ac.voltage
        out = limits.discharge_current * volts if self._may_give() and self._oldest <= bounds.STALE else 0.0
        fed = self._in_force if self._switch is not None else 3
        bounded = [min(max(power, -out), limits.charge_current * volts) for power in target.active]
        active = [power if phase < fed else 0.0 for phase, power in enumerate(bounded)]
        total = sum(active)
        most = limits.charge_power if total >= 0.0 else limits.discharge_power
        share = min(1.0, most / abs(total)) if total else 1.0
        return replace(target, active=PerPhase(*(power * share + 0.0 for power in active)))
