"""The way from a session to the metal of one outlet: numbered commands down, telemetry up, a turn of the guard at a fixed pace.

The guard is met by two value types only, which have a byte form, so that it may move to another process. What it says lives on here as the
newest `reading` and `faults`; whoever must know at once (a fault, a level that changed) is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from iso15118.errors import ChargeloopError, DeviceError, DeviceFault
from iso15118.power import OFF, Command, Reading, Setpoint, Telemetry, VehicleSetpoint
from iso15118.service.log import Log
from iso15118.units import Second

PERIOD: Final[Second] = 0.02
"""Between two turns of the guard."""
LIFE: Final[Second] = 0.3
"""Of a command: three ticks of a session, so that one may be late."""
NEEDS_A_PERSON: Final = frozenset(
    {
        DeviceFault.EMERGENCY_STOP,
        DeviceFault.CONTACTOR,
        DeviceFault.OVER_VOLTAGE,
        DeviceFault.OVER_CURRENT,
        DeviceFault.RESIDUAL_CURRENT,
        DeviceFault.SUPPLY,
    }
)
"""Faults that do not go with the session in which they came: someone has to look first.

Insulation is not among them, since every cable check tests it anew; nothing tests alternating current for a residual one.
"""


class GuardLike(Protocol):
    """What is needed of `hal.guard.Guard`, or of a link to one that lives elsewhere."""

    def command(self, command: Command, now: Second) -> bool: ...
    def cycle(self, now: Second) -> Telemetry: ...
    def reset(self) -> None: ...
    def trip(self, fault: DeviceFault) -> None: ...
    def permit(self, discharge: bool) -> None: ...
    def phases(self, wanted: int) -> None: ...
    def tokens(self) -> tuple[str, ...]: ...


class Actuator:
    """Owns the guard of one outlet. `start` before use, `stop` once at the end."""

    def __init__(
        self,
        guard: GuardLike,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        period: Second = PERIOD,
        name: str = "",
        log: Log | None = None,
    ) -> None:
        """`period`: between two turns, at most 50 ms, which is what the watch of the guard rests on."""
        self._guard = guard
        self._loop = loop or asyncio.get_running_loop()
        self._period = min(period, 0.05)
        self._name = name
        self._log = log or Log()
        self._listener: Callable[[], None] | None = None
        self.shown: Callable[[str], None] = lambda token: None
        """Hears what is shown to the outlet's reader."""
        self._handle: asyncio.TimerHandle | None = None
        self._number = 0
        self._wanted: tuple[Setpoint, Second] | None = None
        """What the next turn will say: an answer does not wait for the way down to the guard."""
        self._contactor = False
        """The last command wanted it closed."""
        self._lost = False
        self._owed: frozenset[DeviceFault] = frozenset()
        """Faults that need a person, which the guard has been told of anew and has not shown yet: one that is new knows of none."""
        self._levels: tuple[object, ...] = ()
        self._telemetry = self._turn()
        self._number = self._telemetry.acknowledged

    # Up.

    @property
    def telemetry(self) -> Telemetry:
        """The newest that is known."""
        return self._telemetry

    @property
    def reading(self) -> Reading:
        """The newest reading, each value with its age."""
        return self._telemetry.reading

    @property
    def faults(self) -> frozenset[DeviceFault]:
        """What is wrong, latched by the guard; COMMUNICATION also while the guard itself fails."""
        faults = self._telemetry.faults | self._owed if self._owed else self._telemetry.faults
        return faults | {DeviceFault.COMMUNICATION} if self._lost else faults

    @property
    def latched(self) -> frozenset[DeviceFault]:
        """Those that need a person, and have not been reset by one."""
        return (self._telemetry.faults | self._owed) & NEEDS_A_PERSON

    def listen(self, listener: Callable[[], None] | None) -> None:
        """`listener` is called when a fault or a level (contactor, pilot, lock, insulation) has changed; None: nobody."""
        self._listener = listener

    # Down.

    def apply(self, setpoint: Setpoint | VehicleSetpoint) -> None:
        """Command this from the next turn on, for the life of a command; the wish to open at once: a car's next move may come before."""
        if isinstance(setpoint, VehicleSetpoint):
            raise TypeError("a vehicle's set-point is not for a charger's metal")
        self._wanted = setpoint, self._loop.time()
        if not setpoint.contactor and self._contactor:
            self._tell()

    def trip(self, fault: DeviceFault) -> None:
        """Latch a fault and act on it now: an emergency stop."""
        self._guard.trip(fault)
        self._cycle()

    def permit(self, discharge: bool) -> None:
        """May energy come out of the vehicle? Acts with the guard's next turn."""
        self._guard.permit(discharge)

    def phases(self, wanted: int) -> None:
        """Feed so many phases, from the next time on that nothing flows. Raises LocalError where that cannot be."""
        self._guard.phases(wanted)

    def clear(self, *, by_person: bool = False) -> bool:
        """Reset faults before a new session, if they are of the kind that goes with a session or a person says so. True: none left."""
        faults = self._telemetry.faults | self._owed
        if faults and (by_person or not faults & NEEDS_A_PERSON):
            try:
                self._guard.reset()
                self._owed = frozenset()
            except ChargeloopError as refused:
                self._log.warning("reset refused", f"{self._name}: {refused}")
            self._cycle()
        return not self.faults

    def keep(self, latched: frozenset[DeviceFault]) -> None:
        """Latch these: nobody has reset them, though the guard, which is new, knows nothing of them."""
        self._remind(latched)
        self._cycle()

    def _remind(self, latched: frozenset[DeviceFault]) -> None:
        self._owed |= latched - self._telemetry.faults
        for fault in sorted(self._owed):
            self._guard.trip(fault)

    # Turns.

    def start(self) -> None:
        """Turn from now on."""
        if self._handle is None:
            self._arm(self._loop.time() + self._period)

    def stop(self) -> None:
        """Off, two last turns to see it through, no more turns."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._listener = None
        self.apply(OFF)
        self._cycle()
        self._cycle()

    def _arm(self, due: Second) -> None:
        self._handle = self._loop.call_at(due, self._due, due)

    def _due(self, due: Second) -> None:
        following = due + self._period
        if following <= (now := self._loop.time()):
            following = now + self._period  # after a pause: no burst
        self._arm(following)
        self._cycle()

    def _cycle(self) -> None:
        """One turn. The guard's failure is a fault like others, and must not stop the turns: the next one may work."""
        lost, latched = self._lost, self.latched if self._lost else frozenset()
        try:
            self._telemetry = self._turn()
            self._lost = False
            for token in self._guard.tokens():
                self.shown(token)
            if latched:  # it may be another guard, started in the place of the one that was lost
                self._remind(latched)
            if self._owed:
                self._owed -= self._telemetry.faults
        except Exception as defect:
            self._lost = True
            if not lost:
                told = f"{self._name}: the guard failed"
                expected = isinstance(defect, DeviceError)
                self._log.error("guard failed", f"{told}: {defect}" if expected else told, error=None if expected else defect)
        levels = self._seen()
        if levels != self._levels:
            self._levels = levels
            if self._listener is not None:
                self._listener()

    def _turn(self) -> Telemetry:
        """Tell the guard what is wanted, if that is news; its life counts from when it was wanted. Then let it take its turn."""
        self._tell()
        return self._guard.cycle(self._loop.time())

    def _tell(self) -> None:
        if self._wanted is not None:
            (setpoint, at), self._wanted = self._wanted, None
            self._number += 1
            self._contactor = setpoint.contactor
            self._guard.command(Command(self._number, LIFE, setpoint), at)

    def _seen(self) -> tuple[object, ...]:
        r = self._telemetry.reading
        return r.contactor.value, r.pilot.value, r.locked.value, r.insulation.value, self._telemetry.faults, self._lost
