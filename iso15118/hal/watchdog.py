"""What every guard is, whatever flows under it: the words of its owner, the life of a command, and how devices are listened to.

The guards themselves: `guard` (direct current), `ac_guard` (alternating current).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import isfinite
from typing import Final, TypeVar

from iso15118.errors import DeviceError, DeviceFault, FaultClass, LocalError
from iso15118.hal import bounds
from iso15118.hal.monitoring import Monitoring, Surroundings
from iso15118.hal.protocols import Monitors
from iso15118.power import OFF, UNBOUNDED, Command, Contactor, Insulation, Limits, Measured, Pilot, Reading, Telemetry
from iso15118.units import Second
from iso15118.value import replace

T = TypeVar("T")

READY: Final = frozenset({Pilot.C, Pilot.D})
"""The pilot states in which there may be voltage."""
PLUGGED: Final = READY | {Pilot.B}
GONE: Final = frozenset({Pilot.A, Pilot.E, Pilot.F})
"""Those in which a closed contactor is a fault: no plug, no car, or a pilot that has failed."""
CLOCK_SKEW: Final = 0.1
"""A measurement this far ahead of us is garbage: a device whose clock runs ahead would always look fresh."""
LONGEST_STEP: Final = 0.1
"""After a pause the ramp goes on as if no more than this had passed, s."""
MAGNITUDES: Final = ("charge_current", "charge_power", "discharge_current", "discharge_power")
NEVER: Final = float("-inf")
NOTHING: Final = Reading(
    voltage=Measured(0.0, NEVER),
    current=Measured(0.0, NEVER),
    contactor=Measured(Contactor.MOVING, NEVER),
    pilot=Measured(Pilot.A, NEVER),
    locked=Measured(False, NEVER),
    insulation=Measured(Insulation.UNKNOWN, NEVER),
    resistance=Measured(0.0, NEVER),
    charged=Measured(0.0, NEVER),
    discharged=Measured(0.0, NEVER),
)
"""Before anything has been measured."""


class Watchdog(ABC):
    """A guard without its metal. `now`: monotonic seconds, the clock of the devices' measurements."""

    def __init__(self, ttl: Second, discharge_allowed: bool, told: Callable[[str], None], monitors: Monitors, around: Surroundings) -> None:
        self._monitoring = Monitoring(monitors, around)
        self._narrowed: tuple[Limits, Limits, float, Limits] | None = None
        self.discharge_allowed = discharge_allowed
        """Own permission to take energy out of a vehicle; may change at any time, False acts in the next cycle."""
        self._told = told
        self._ttl = min(ttl, bounds.TTL)
        self._setpoint = OFF
        self._expires: Second = NEVER
        self._acknowledged = 0
        self._number = 0
        self._faults: set[DeviceFault] = set()
        self._reading = NOTHING
        self._reader_failed = False
        self._born: Second = 0.0
        self._now: Second = 0.0
        self._closed = False
        self._opening: Second | None = None
        self._locking = False
        self._in_force = 0
        """Phases that are fed, where they can be switched; 0 while they move."""
        self._allowed = UNBOUNDED
        """What the outlet can do at this moment."""
        self._oldest: Second = 0.0
        """The age of the oldest measurement that power depends on. Meter and insulation monitor are slow by nature and not among them."""
        self._forget()

    @abstractmethod
    def _forget(self) -> None:
        """Start every timer of the watch anew."""

    @abstractmethod
    def _read(self) -> None:
        """Take over what the devices hold; what they cannot give keeps its old value and grows old."""

    @abstractmethod
    def _watch(self) -> None:
        """Compare what is with what was demanded in the last cycle, and latch what cannot be."""

    @abstractmethod
    def _steer(self, passed: Second) -> None:
        """Bring every device to what may be of what is wanted."""

    @property
    @abstractmethod
    def demanded(self) -> float:
        """What metal is told: A of direct current, W of alternating current; + into the vehicle."""

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
        self._setpoint, self._expires = OFF, NEVER
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
        return Telemetry(self._number, self._acknowledged, self._reading, frozenset(self._faults), self._allowed, self._in_force)

    def permit(self, discharge: bool) -> None:
        """Sets `discharge_allowed`."""
        self.discharge_allowed = discharge

    def phases(self, wanted: int) -> None:
        """Feed so many phases, 1 or 3, from the next time on that nothing flows. Raises LocalError where they cannot be switched."""
        raise LocalError(f"{wanted} phases of an outlet that does not switch them")

    def tokens(self) -> tuple[str, ...]:
        """What was shown to the outlet's reader since the last time. A reader that fails endangers nobody: it has nothing to say."""
        try:
            token = self._monitoring.token()
        except Exception as error:
            if not self._reader_failed:
                self._told(f"the reader fails: {type(error).__name__}: {error}")
            self._reader_failed = True
            return ()
        return (token,) if token else ()

    # What may be.

    def _narrow(self, own: Limits, said: Limits) -> None:
        """`own` limits within those a device has `said`, less what heat takes: `_allowed`, until something of it changes."""
        share, old = self._monitoring.share, self._narrowed
        if old is None or old[0] is not own or old[1] is not said or old[2] != share:
            both = own.lowered(said)
            if share < 1.0:
                less = {name: getattr(both, name) * share for name in MAGNITUDES}
                both = replace(both, **less)
            self._narrowed = own, said, share, both
            self._allowed = both

    @property
    def _meter_fresh(self) -> bool:
        """Is what comes out of a vehicle counted?"""
        r = self._reading
        return self._now - min(r.charged.at, r.discharged.at) <= bounds.METER_FRESH

    @property
    def _live_unplugged(self) -> bool:
        """Is there a voltage on a connector that hangs free?"""
        r = self._reading
        return not self._closed and r.pilot.value is Pilot.A and r.voltage.value >= bounds.SAFE_VOLTAGE

    @property
    def _duty(self) -> float:
        """Of the oscillator, percent: 5 asks a car for digital communication; a steady 12 V nobody who is not there, or while it is out."""
        return 5.0 if self._reading.pilot.value in PLUGGED and not self._faults else 100.0

    @property
    def _patience(self) -> Second:
        """So long a current may take to fall, before the contactor opens on it; for ever where nothing is wrong."""
        if not self._faults:
            return float("inf")
        emergency = any(fault.severity is FaultClass.EMERGENCY for fault in self._faults)
        return bounds.EMERGENCY_OPENING if emergency else bounds.ERROR_OPENING

    # How devices are listened to.

    def _newest(self, old: Measured[T], measure: Callable[[], Measured[T]]) -> Measured[T]:
        """What `measure` gives in the place of `old`; a driver that raises, or gives something else, has lost its device.

        As `_ask` would do it; but there are eight of them in a turn, and fifty turns a second.
        """
        try:
            return self._newer(old, measure())
        except Exception as error:
            self._lost(error, DeviceFault.COMMUNICATION)
        return old

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

        The broad except of this floor: drivers are foreign code, and whatever one raises, the others must still be driven to safety.
        """
        try:
            return call()
        except Exception as error:
            self._lost(error, fault)
        return otherwise

    def _lost(self, error: Exception, fault: DeviceFault) -> None:
        """A driver has raised: a fault of its own choice, or `fault`."""
        told = error.fault if isinstance(error, DeviceError) else fault
        if told not in self._faults:
            self._faults.add(told)
            self._told(f"{told}: {error if isinstance(error, DeviceError) else f'{type(error).__name__}: {error}'}")

    def _age(self, measured: Measured[T], now: Second) -> Second:
        """Its age, counted from our own start at the earliest: devices may need a moment to say their first word."""
        return now - max(measured.at, self._born)

    def _expire(self) -> None:
        """A set-point whose life is over is none; while the contactor is closed for it, its loss is a fault."""
        if self._now > self._expires - 1e-9:
            if self._closed and self._setpoint.contactor:
                self._faults.add(DeviceFault.COMMUNICATION)
            self._setpoint = OFF
