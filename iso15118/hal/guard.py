"""The guard: the last word over the metal of one outlet. It has its own limits and its own watchdog, and believes nobody.

Above it anything may fail: what it is told (`power.Command`) lives 300 ms, is clipped again, and never raises current faster
than the ramp. Below it anything may fail: what devices say has an age, must agree with what they were told, and a driver that
raises is one more fault. Whatever comes in, what goes out is inside; in doubt 0 A, then the contactor opens. A fault is
latched until `reset`. It is reached by two value types with a byte form, `Command` and `Telemetry`, and by the few local
words of whoever owns it (`discharge_allowed`, `trip`, `reset`), so it may live in this process, in another or in a microcontroller.

One `cycle` reads every device, judges, and drives every device; call it each 10 ms (at most each 50 ms, or the deadlines of
the watchdog are missed). The figures are in `bounds`. They are functional: a board's own hardware is what protects people.
"""

from __future__ import annotations

from collections.abc import Callable

from iso15118.errors import DeviceFault
from iso15118.hal import bounds
from iso15118.hal.bounds import Held
from iso15118.hal.monitoring import HERE, Surroundings
from iso15118.hal.protocols import Health, Outlet
from iso15118.hal.watchdog import GONE, NEVER, READY, Watchdog
from iso15118.power import OFF, Abilities, Contactor, Insulation, Limits, Measured, Reading, Setpoint
from iso15118.units import Ampere, Second, Volt


def _abilities(outlet: Outlet) -> Abilities:
    """What the supply says it can do. Raises TypeError for anything else."""
    abilities = outlet.supply.abilities
    if not isinstance(abilities, Abilities):
        raise TypeError(f"{abilities!r} instead of Abilities")
    return abilities


class Guard(Watchdog):
    """The guard of one outlet of direct current. `now`: monotonic seconds, the clock of the devices' measurements."""

    def __init__(
        self,
        outlet: Outlet,
        limits: Limits | None = None,
        *,
        ramp: float | None = None,
        around: Surroundings = HERE,
        ttl: Second = bounds.TTL,
        discharge_allowed: bool = False,
        told: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`limits` and `ramp` (A/s) narrow what the supply says of itself. `discharge_allowed`: the site's standing permission.

        `around`: heat and grid. `told` hears, for the log, what a driver raised that has become a fault; once a fault.
        """
        self._outlet = outlet
        self._abilities = outlet.supply.abilities
        self._limits = self._abilities.limits if limits is None else limits
        self._ramp = self._abilities.ramp if ramp is None else ramp
        self._trip_voltage = bounds.over_voltage_trip(self._limits.max_voltage)
        self._supply_voltage: Measured[Volt] = Measured(0.0, NEVER)
        self._current: Ampere = 0.0
        self._envelope: tuple[Ampere, Ampere] = (0.0, 0.0)
        super().__init__(ttl, discharge_allowed, told, outlet.monitors, around)

    def _forget(self) -> None:
        """Start every timer of the watch anew."""
        self._over_trip = Held(bounds.OVER_VOLTAGE_TRIP)
        self._over_max = Held(bounds.OVER_VOLTAGE_TIME)
        self._over_current = Held(1.0)
        self._over_current_fast = Held(0.050)
        self._disagreement = Held(bounds.CONTACTOR_TIME)
        self._unlocked = Held(bounds.LOCK_TIME)
        self._live = Held(bounds.LIVE_UNPLUGGED)
        self._unlocked_live = Held(bounds.CONTACTOR_TIME)
        self._no_grid = Held(bounds.GRID_GONE)

    @property
    def _current_wanted(self) -> Ampere:
        """What is asked for, whatever may be."""
        return self._setpoint.current if self._closed and self._setpoint.bidirectional else 0.0

    @property
    def demanded(self) -> float:
        return self._current

    # Read.

    def _read(self) -> None:
        """Take over what the devices hold; what they cannot give keeps its old value and grows old."""
        outlet, r, now = self._outlet, self._reading, self._now
        self._ask(lambda: outlet.advance(now), DeviceFault.COMMUNICATION, None)
        self._abilities = self._ask(lambda: _abilities(outlet), DeviceFault.SUPPLY, self._abilities)
        held = self._supply_voltage, r.current
        self._supply_voltage, current = self._ask(lambda: self._supply(*held), DeviceFault.COMMUNICATION, held)
        self._reading = r = Reading(
            voltage=self._newest(r.voltage, outlet.contactor.voltage),
            current=current,
            contactor=self._newest(r.contactor, outlet.contactor.feedback),
            pilot=self._newest(r.pilot, outlet.pilot.state),
            locked=self._newest(r.locked, outlet.lock.locked),
            insulation=self._newest(r.insulation, outlet.insulation.verdict),
            resistance=self._newest(r.resistance, outlet.insulation.resistance),
            charged=self._newest(r.charged, outlet.meter.charged),
            discharged=self._newest(r.discharged, outlet.meter.discharged),
        )
        self._monitoring.read(self._newest, self._born, now)
        oldest = min(self._supply_voltage.at, r.voltage.at, r.current.at, r.contactor.at, r.pilot.at, r.locked.at)
        self._oldest = now - max(self._monitoring.oldest(oldest), self._born)
        self._narrow(self._limits, self._abilities.limits)

    def _supply(self, voltage: Measured[Volt], current: Measured[Ampere]) -> tuple[Measured[Volt], Measured[Ampere]]:
        """Both measurements of the supply, in the place of these."""
        new_voltage, new_current = self._outlet.supply.measured()
        return self._newer(voltage, new_voltage), self._newer(current, new_current)

    # Judge.

    def _watch(self) -> None:
        """Compare what is with what was demanded in the last cycle, and latch what cannot be."""
        r, now, outlet = self._reading, self._now, self._outlet
        voltage, current = max(r.voltage.value, self._supply_voltage.value), r.current.value
        locked, agreed = r.locked.value, r.contactor.value is (Contactor.CLOSED if self._closed else Contactor.OPEN)
        v_taken, i_taken = max(r.voltage.at, self._supply_voltage.at), r.current.at
        too_high = voltage > self._limits.max_voltage + bounds.VOLTAGE_TOLERANCE
        too_much = bounds.overshoots(current, self._envelope, 1.05, 2.5)
        far_too_much = bounds.overshoots(current, self._envelope, 1.5, 5.0)
        energised = self._closed and (self._setpoint.voltage > 0 or abs(current) >= bounds.OPENING_CURRENT)
        found = (
            (DeviceFault.STALE, self._oldest > bounds.LOST),
            (DeviceFault.CONTACTOR, self._disagreement.check(not agreed, now, r.contactor.at)),
            (DeviceFault.OVER_VOLTAGE, self._over_trip.check(voltage > self._trip_voltage, now, v_taken)),
            (DeviceFault.OVER_VOLTAGE, self._over_max.check(too_high, now, v_taken)),
            (DeviceFault.OVER_CURRENT, self._over_current.check(too_much, now, i_taken)),
            (DeviceFault.OVER_CURRENT, self._over_current_fast.check(far_too_much, now, i_taken)),
            (DeviceFault.CONTROL_PILOT, (energised and r.pilot.value not in READY) or (self._closed and r.pilot.value in GONE)),
            (DeviceFault.INSULATION, self._closed and r.insulation.value is Insulation.FAULT),
            (DeviceFault.CONTACTOR, self._live.check(self._live_unplugged, now, r.voltage.at)),
            (DeviceFault.LOCK, self._unlocked.check(self._locking and not locked, now)),
            (DeviceFault.LOCK, self._unlocked_live.check(self._closed and not locked, now)),
            (DeviceFault.GRID, self._no_grid.check(self._current_wanted < 0 and not self._monitoring.grid_holds, now)),
            (DeviceFault.SUPPLY, self._ask(lambda: outlet.supply.health, DeviceFault.SUPPLY, Health.FAILED) is Health.FAILED),
            (DeviceFault.METER, self._ask(lambda: outlet.meter.health, DeviceFault.METER, Health.FAILED) is Health.FAILED),
        )
        self._faults.update(fault for fault, here in found if here)
        self._faults.update(self._monitoring.faults(self._born, now))
        self._expire()

    # Drive.

    def _steer(self, passed: Second) -> None:
        """Bring contactor, supply, lock and monitor to what may be of what is wanted."""
        r, wanted = self._reading, self._setpoint
        go = wanted if not self._faults and r.pilot.value in READY else OFF
        voltage, current, trickle = 0.0, 0.0, 0.0
        limits = self._allowed
        if go.contactor:
            self._opening = None
            if not self._closed:
                self._closed = self._may_close()
            if self._closed and r.contactor.value is Contactor.CLOSED:
                voltage, current, trickle = self._transfer(go, limits, passed)
            elif r.voltage.value >= bounds.SAFE_VOLTAGE:  # a battery is already there: meet it before the contacts do
                voltage, _, trickle = self._hold(go, limits)
        elif self._closed:
            self._open()
        elif r.contactor.value is Contactor.OPEN:
            voltage, _, trickle = self._hold(go, limits)
        # A contactor that closes by itself must find no voltage either, as far as the supply can tell.
        charged = self._supply_voltage.value >= bounds.SAFE_VOLTAGE and self._age(self._supply_voltage, self._now) <= bounds.STALE
        touchable = not self._closed and r.contactor.value is Contactor.OPEN and r.voltage.value < bounds.SAFE_VOLTAGE and not charged
        self._locking = wanted.lock or go.contactor or not touchable
        self._drive(voltage, current, trickle, passed, testing=go.insulation_test)

    def _hold(self, go: Setpoint, limits: Limits) -> tuple[Volt, Ampere, Ampere]:
        """Hold the voltage, move nothing."""
        return bounds.clipped_voltage(go.voltage, 0.0, limits), 0.0, min(go.trickle, bounds.PRE_CHARGE_CURRENT, limits.charge_current)

    def _transfer(self, go: Setpoint, limits: Limits, passed: Second) -> tuple[Volt, Ampere, Ampere]:
        """The set-point inside every bound: interlock, window, age, ramp."""
        stale = self._oldest > bounds.STALE
        metered = self._meter_fresh and self._monitoring.grid_holds
        discharge = go.bidirectional and self.discharge_allowed and metered and not stale
        lowest, highest = bounds.window(limits, self._reading.voltage.value, discharge=discharge)
        wanted = min(max(go.current, lowest), highest)
        step = 0.0 if stale else min(self._ramp, self._abilities.ramp) * passed
        current = bounds.ramped(self._current, wanted, step)
        if go.current == 0 or current == 0:
            voltage, _, trickle = self._hold(go, limits)
            return voltage, 0.0, trickle if go.current == 0 and not stale else 0.0
        voltage = bounds.clipped_voltage(go.voltage, current, limits)
        return voltage, current if voltage else 0.0, 0.0

    def _may_close(self) -> bool:
        """Is everything known, the connector locked, and nothing to jump over the gap?"""
        r = self._reading
        here, there = self._supply_voltage.value, r.voltage.value
        safe = abs(here - there) <= bounds.MATCH or max(here, there) < bounds.SAFE_VOLTAGE
        return safe and r.locked.value and r.contactor.value is Contactor.OPEN and self._oldest <= bounds.STALE

    def _open(self) -> None:
        """Open when the current is gone; in an emergency also under load, once it has had its chance to fall.

        A current that does not follow is an over-current within a second, so nothing waits here for ever.
        """
        if self._opening is None:
            self._opening = self._now
        waited = self._now - self._opening + 1e-9
        current = self._reading.current
        gone = abs(current.value) < bounds.OPENING_CURRENT and self._age(current, self._now) <= bounds.STALE
        if gone or waited >= self._patience:
            self._closed, self._opening = False, None

    def _tell(self, call: Callable[[], None]) -> None:
        self._ask(call, DeviceFault.COMMUNICATION, None)

    def _drive(self, voltage: Volt, current: Ampere, trickle: Ampere, passed: Second, *, testing: bool) -> None:
        """Tell every device its level, whatever another one answers."""
        outlet, failed = self._outlet, DeviceFault.SUPPLY
        self._current = current
        fallen = bounds.FALL * passed
        out, into = self._envelope
        self._envelope = (max(-current, out - fallen, 0.0), max(current, trickle, into - fallen, 0.0))
        if voltage > 0:
            self._ask(lambda: outlet.supply.demand(voltage, current, trickle), failed, None)
        else:
            self._ask(outlet.supply.off, failed, None)
        self._ask(lambda: outlet.contactor.demand(self._closed), DeviceFault.CONTACTOR, None)
        self._monitoring.demand(self._trip_voltage if self._closed else None, self._tell)
        self._ask(lambda: outlet.insulation.demand(testing), DeviceFault.INSULATION, None)
        self._ask(lambda: outlet.lock.demand(self._locking), DeviceFault.LOCK, None)
        self._ask(lambda: outlet.pilot.duty(self._duty), DeviceFault.CONTROL_PILOT, None)
