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
from math import isfinite
from typing import Final, TypeVar

from iso15118.errors import DeviceError, DeviceFault, LocalError
from iso15118.hal import bounds
from iso15118.hal.bounds import Held
from iso15118.hal.protocols import Health, Outlet
from iso15118.power import OFF, Abilities, Command, Contactor, Insulation, Limits, Measured, Pilot, Reading, Setpoint, Telemetry
from iso15118.units import Ampere, Second, Volt

T = TypeVar("T")

READY: Final = frozenset({Pilot.C, Pilot.D})
"""The pilot states in which there may be voltage."""
CLOCK_SKEW: Final = 0.1
"""A measurement this far ahead of us is garbage: a device whose clock runs ahead would always look fresh."""
LONGEST_STEP: Final = 0.1
"""After a pause the ramp goes on as if no more than this had passed, s."""
_NEVER: Final = float("-inf")
_NOTHING: Final = Reading(
    voltage=Measured(0.0, _NEVER),
    current=Measured(0.0, _NEVER),
    contactor=Measured(Contactor.MOVING, _NEVER),
    pilot=Measured(Pilot.A, _NEVER),
    locked=Measured(False, _NEVER),
    insulation=Measured(Insulation.UNKNOWN, _NEVER),
    resistance=Measured(0.0, _NEVER),
    charged=Measured(0.0, _NEVER),
    discharged=Measured(0.0, _NEVER),
)


def _abilities(outlet: Outlet) -> Abilities:
    """What the supply says it can do. Raises TypeError for anything else."""
    abilities = outlet.supply.abilities
    if not isinstance(abilities, Abilities):
        raise TypeError(f"{abilities!r} instead of Abilities")
    return abilities


class Guard:
    """The guard of one outlet. `now`: monotonic seconds, the clock of the devices' measurements."""

    def __init__(
        self,
        outlet: Outlet,
        limits: Limits | None = None,
        *,
        ramp: float | None = None,
        ttl: Second = bounds.TTL,
        discharge_allowed: bool = False,
        told: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`limits` and `ramp` (A/s) narrow what the supply says of itself. `discharge_allowed`: the site's standing permission.

        `told` hears, for the log, what a driver raised that has become a fault; once a fault.
        """
        self.discharge_allowed = discharge_allowed
        """Own permission to take energy out of a vehicle; may change at any time, False acts in the next cycle."""
        self._told = told
        self._outlet = outlet
        self._abilities = outlet.supply.abilities
        self._limits = self._abilities.limits if limits is None else limits
        self._ramp = self._abilities.ramp if ramp is None else ramp
        self._ttl = min(ttl, bounds.TTL)
        self._trip_voltage = bounds.over_voltage_trip(self._limits.max_voltage)
        self._setpoint = OFF
        self._expires: Second = _NEVER
        self._acknowledged = 0
        self._number = 0
        self._faults: set[DeviceFault] = set()
        self._reading = _NOTHING
        self._supply_voltage: Measured[Volt] = Measured(0.0, _NEVER)
        self._born: Second = 0.0
        self._now: Second = 0.0
        self._closed = False
        self._opening: Second | None = None
        self._locking = False
        self._current: Ampere = 0.0
        self._envelope: tuple[Ampere, Ampere] = (0.0, 0.0)
        self._oldest: Second = 0.0
        """The age of the oldest measurement that power depends on. Meter and insulation monitor are slow by nature and not among them."""
        self._forget()

    def _forget(self) -> None:
        """Start every timer of the watch anew."""
        self._over_trip = Held(bounds.OVER_VOLTAGE_TRIP)
        self._over_max = Held(bounds.OVER_VOLTAGE_TIME)
        self._over_current = Held(1.0)
        self._over_current_fast = Held(0.050)
        self._disagreement = Held(bounds.CONTACTOR_TIME)
        self._unlocked = Held(bounds.LOCK_TIME)
        self._unlocked_live = Held(bounds.CONTACTOR_TIME)

    # The words of whoever owns it.

    @property
    def faults(self) -> frozenset[DeviceFault]:
        """The faults in force, latched."""
        return frozenset(self._faults)

    def command(self, command: Command, now: Second) -> bool:
        """Take a command to heart, from the next cycle on. False: refused, as stale, repeated or not a number, and its life not renewed.

        Numbers rise for as long as the guard lives: a controller that starts anew goes on above `Telemetry.acknowledged`.
        """
        if command.number <= self._acknowledged or not bounds.sound(command):
            return False
        self._acknowledged = command.number
        self._setpoint = command.setpoint
        self._expires = now + min(command.ttl, self._ttl)
        return True

    def trip(self, fault: DeviceFault) -> None:
        """Latch a fault from outside, such as an emergency stop button; it acts in the next cycle."""
        self._faults.add(fault)

    def reset(self) -> None:
        """Forget faults and set-point. Raises LocalError while current flows, or while nobody can tell."""
        if abs(self._reading.current.value) >= 1.0 or self._age(self._reading.current, self._now) > bounds.STALE:
            raise LocalError("a guard is not reset while current flows or cannot be measured")
        self._faults.clear()
        self._setpoint, self._expires = OFF, _NEVER
        self._opening = None
        self._forget()

    def cycle(self, now: Second) -> Telemetry:
        """One turn: read, judge, drive. What it read and found, numbered."""
        if not self._number:
            self._born = self._now = now
        passed = min(max(now - self._now, 0.0), LONGEST_STEP)
        self._now = max(now, self._now)
        self._read()
        self._watch()
        self._steer(passed)
        self._number += 1
        return Telemetry(self._number, self._acknowledged, self._reading, frozenset(self._faults))

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
        oldest = min(self._supply_voltage.at, r.voltage.at, r.current.at, r.contactor.at, r.pilot.at)
        self._oldest = now - max(oldest, self._born)

    def _supply(self, voltage: Measured[Volt], current: Measured[Ampere]) -> tuple[Measured[Volt], Measured[Ampere]]:
        """Both measurements of the supply, in the place of these."""
        new_voltage, new_current = self._outlet.supply.measured()
        return self._newer(voltage, new_voltage), self._newer(current, new_current)

    def _newest(self, old: Measured[T], measure: Callable[[], Measured[T]]) -> Measured[T]:
        """What `measure` gives in the place of `old`; a driver that raises, or gives something else, has lost its device."""
        return self._ask(lambda: self._newer(old, measure()), DeviceFault.COMMUNICATION, old)

    def _newer(self, old: Measured[T], new: Measured[T]) -> Measured[T]:
        """`new`, unless it is not a measurement: not a finite number, or from the future. Raises TypeError for a value of another kind."""
        value, kind = new.value, type(old.value)
        if kind is float or kind is int:
            if not isfinite(value):  # type: ignore[arg-type]  # what is no number raises here
                return old
        elif type(value) is not kind:
            raise TypeError(f"{value!r} instead of a {kind.__name__}")
        return new if new.at <= self._now + CLOCK_SKEW else old

    def _ask(self, call: Callable[[], T], fault: DeviceFault, otherwise: T) -> T:
        """The answer of a driver, or `otherwise` and a fault latched.

        The one broad except of this floor: drivers are foreign code, and whatever one raises, the others must still be driven to safety.
        """
        try:
            return call()
        except DeviceError as error:
            self._raised(error.fault, str(error))
        except Exception as error:
            self._raised(fault, f"{type(error).__name__}: {error}")
        return otherwise

    def _raised(self, fault: DeviceFault, why: str) -> None:
        if fault not in self._faults:
            self._faults.add(fault)
            self._told(f"{fault}: {why}")

    def _age(self, measured: Measured[T], now: Second) -> Second:
        """Its age, counted from our own start at the earliest: devices may need a moment to say their first word."""
        return now - max(measured.at, self._born)

    # Judge.

    def _watch(self) -> None:
        """Compare what is with what was demanded in the last cycle, and latch what cannot be."""
        r, now, outlet = self._reading, self._now, self._outlet
        voltage, current = max(r.voltage.value, self._supply_voltage.value), r.current.value
        locked, agreed = r.locked.value, r.contactor.value is (Contactor.CLOSED if self._closed else Contactor.OPEN)
        v_taken, i_taken = max(r.voltage.at, self._supply_voltage.at), r.current.at
        too_high = voltage > self._limits.max_voltage + bounds.VOLTAGE_TOLERANCE
        too_much, far_too_much = (bounds.overshoots(current, self._envelope, *by) for by in ((1.05, 2.5), (1.5, 5.0)))
        energised = self._closed and (self._setpoint.voltage > 0 or abs(current) >= bounds.OPENING_CURRENT)
        found = (
            (DeviceFault.STALE, self._oldest > bounds.LOST),
            (DeviceFault.CONTACTOR, self._disagreement.check(not agreed, now, r.contactor.at)),
            (DeviceFault.OVER_VOLTAGE, self._over_trip.check(voltage > self._trip_voltage, now, v_taken)),
            (DeviceFault.OVER_VOLTAGE, self._over_max.check(too_high, now, v_taken)),
            (DeviceFault.OVER_CURRENT, self._over_current.check(too_much, now, i_taken)),
            (DeviceFault.OVER_CURRENT, self._over_current_fast.check(far_too_much, now, i_taken)),
            (DeviceFault.CONTROL_PILOT, energised and r.pilot.value not in READY),
            (DeviceFault.INSULATION, self._closed and r.insulation.value is Insulation.FAULT),
            (DeviceFault.LOCK, self._unlocked.check(self._locking and not locked, now)),
            (DeviceFault.LOCK, self._unlocked_live.check(self._closed and not locked, now)),
            (DeviceFault.SUPPLY, self._ask(lambda: outlet.supply.health, DeviceFault.SUPPLY, Health.FAILED) is Health.FAILED),
            (DeviceFault.METER, self._ask(lambda: outlet.meter.health, DeviceFault.METER, Health.FAILED) is Health.FAILED),
        )
        self._faults.update(fault for fault, here in found if here)
        if now > self._expires - 1e-9:
            if self._closed and self._setpoint.contactor:
                self._faults.add(DeviceFault.COMMUNICATION)
            self._setpoint = OFF

    # Drive.

    def _steer(self, passed: Second) -> None:
        """Bring contactor, supply, lock and monitor to what may be of what is wanted."""
        r, wanted = self._reading, self._setpoint
        go = wanted if not self._faults and r.pilot.value in READY else OFF
        voltage, current, trickle = 0.0, 0.0, 0.0
        limits = self._limits.lowered(self._abilities.limits)
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
        touchable = not self._closed and r.contactor.value is Contactor.OPEN and r.voltage.value < bounds.SAFE_VOLTAGE
        self._locking = wanted.lock or go.contactor or not touchable
        self._drive(voltage, current, trickle, passed, testing=go.insulation_test)

    def _hold(self, go: Setpoint, limits: Limits) -> tuple[Volt, Ampere, Ampere]:
        """Hold the voltage, move nothing."""
        return bounds.clipped_voltage(go.voltage, 0.0, limits), 0.0, min(go.trickle, bounds.PRE_CHARGE_CURRENT, limits.charge_current)

    def _transfer(self, go: Setpoint, limits: Limits, passed: Second) -> tuple[Volt, Ampere, Ampere]:
        """The set-point inside every bound: interlock, window, age, ramp."""
        stale = self._oldest > bounds.STALE
        discharge = go.bidirectional and self.discharge_allowed and not stale
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
        if gone or (self._faults and waited >= bounds.EMERGENCY_OPENING):
            self._closed, self._opening = False, None

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
        self._ask(lambda: outlet.insulation.demand(testing), DeviceFault.INSULATION, None)
        self._ask(lambda: outlet.lock.demand(self._locking), DeviceFault.LOCK, None)
