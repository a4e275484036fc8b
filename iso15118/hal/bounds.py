"""What may go out, as pure functions: the window of current, the ramp, the tables of the standards. `guard` applies them."""

from __future__ import annotations

from math import isfinite
from typing import Final

from iso15118.power import Command, Limits
from iso15118.units import Ampere, Second, Volt

TTL: Final = 0.300
"""Longest life of a set-point without a fresh command, s."""
STALE: Final = 0.300
"""A measurement older than this lets nothing rise and nothing discharge, s."""
LOST: Final = 1.0
"""A measurement older than this is a fault, s."""
SLOW_LOST: Final = 10.0
"""The same for a temperature, s."""
METER_FRESH: Final = 3.0
"""Without a reading of the meter that is younger nothing is taken out of a vehicle, s."""
SAFE_VOLTAGE: Final = 60.0
"""Below it a conductor may be touched and a connector unlocked, V (N8)."""
MATCH: Final = 20.0
"""Contacts may close across at most this, V (N14)."""
PRE_CHARGE_CURRENT: Final = 2.0
"""The most that may flow while a voltage is only held, A (N16)."""
OPENING_CURRENT: Final = 5.0
"""Contacts open below this, A."""
EMERGENCY_OPENING: Final = 0.100
"""An emergency opens under load when the current has had this long to fall, s."""
ERROR_OPENING: Final = 2.5
"""An error has this long for it, s (N5)."""
CONTACTOR_TIME: Final = 0.200
"""Feedback that differs from the command for longer is a weld or a contactor that does not close, s."""
OVER_VOLTAGE_TRIP: Final = 0.009
"""Above the table of `over_voltage_trip`, s (N1)."""
OVER_VOLTAGE_TIME: Final = 0.400
"""Above the highest allowed voltage, s (N3)."""
VOLTAGE_TOLERANCE: Final = 1.0
"""A regulated voltage may exceed its limit by this without being an over-voltage, V (ours)."""
LOCK_TIME: Final = 3.0
"""A lock may take this long, s (ours: motors take 0.5 to 2)."""
FALL: Final = 100.0
"""A supply brings its current down at least this fast, A/s (N28)."""
REVERSE_POWER: Final = 250.0
"""W a phase that a meter may see come back where nothing may (ours: 1 A)."""
REVERSE_TIME: Final = 0.500
"""More than that for longer is power out of the vehicle, s."""
GRID_TIME: Final = 0.100
"""A grid that is lost for longer opens the contactor, s: well inside the time in which a vehicle has to notice an island."""
LIVE_UNPLUGGED: Final = 2.5
"""A voltage above `SAFE_VOLTAGE` behind an open contactor with nothing plugged in: after this it is welded, or wrong, s (N6)."""
GRID_GONE: Final = 1.0
"""A discharge that is still wanted without a grid after this is ended, s: an island has to be left within 2 s (N35)."""
PHASE_PAUSE: Final = 10.0
"""A car has this long without mains before it meets another number of phases, s (ours: some on-board chargers need it)."""
AC_OPENING: Final = 0.050
"""A contactor for alternating current opens under load when the current has had this long to fall, s: 0.1 s after the pilot has left C."""

_OVER_VOLTAGE = ((500.0, 550.0), (750.0, 825.0), (850.0, 935.0), (1000.0, 1100.0))


def over_voltage_trip(max_voltage: Volt) -> Volt:
    """The voltage that trips at once, for the highest allowed one (N2: IEC 61851-23 table 103)."""
    return next((trip for upper, trip in _OVER_VOLTAGE if max_voltage <= upper), 1375.0)


def sound(command: Command) -> bool:
    """Is every number of `command` finite and where it can be? Anything else is no command at all."""
    setpoint = command.setpoint
    powers = () if setpoint.target is None else (*setpoint.target.active, *setpoint.target.reactive)
    numbers = (command.ttl, setpoint.voltage, setpoint.current, setpoint.trickle, *powers)
    return all(map(isfinite, numbers)) and command.ttl > 0 and setpoint.voltage >= 0 and setpoint.trickle >= 0


def window(limits: Limits, voltage: Volt, *, discharge: bool) -> tuple[Ampere, Ampere]:
    """(lowest, highest) current that `limits` allow at `voltage`; lowest is 0 unless `discharge`."""
    at = max(voltage, 1.0)
    highest = max(0.0, min(limits.charge_current, limits.charge_power / at))
    lowest = max(0.0, min(limits.discharge_current, limits.discharge_power / at)) if discharge else 0.0
    return -lowest if lowest else 0.0, highest


def ramped(previous: Ampere, wanted: Ampere, step: Ampere) -> Ampere:
    """The next current on the way to `wanted`: a rise of |I| by at most `step`, a reduction at once, a reversal stops at 0 first."""
    if previous * wanted < 0:
        return 0.0
    reach = abs(previous) + step
    return min(max(wanted, -reach), reach)


def clipped_voltage(voltage: Volt, current: Ampere, limits: Limits) -> Volt:
    """The voltage to regulate to: a floor when sinking, else a ceiling (0, so off, if the hardware cannot go that low)."""
    if current < 0:
        return min(max(voltage, limits.min_voltage), limits.max_voltage)
    ceiling = min(voltage, limits.max_voltage)
    return ceiling if ceiling >= limits.min_voltage else 0.0


class Held:
    """Has a condition held without a break for longer than `seconds`? Counted from the last time it was seen not to hold.

    Counted in the time of the measurements: one that is old proves nothing about now, and a gap is not a fault of what is measured.
    """

    __slots__ = ("_false_at", "seconds")

    def __init__(self, seconds: Second) -> None:
        self.seconds = seconds
        self._false_at: Second | None = None

    def check(self, condition: bool, now: Second, taken: Second | None = None) -> bool:
        """Note `condition`, seen at `now` in a measurement `taken` then or earlier; True when it has held too long."""
        if not condition or self._false_at is None:
            self._false_at = now
        return condition and (now if taken is None else taken) - self._false_at > self.seconds - 1e-9


def overshoots(current: Ampere, envelope: tuple[Ampere, Ampere], factor: float, offset: Ampere) -> bool:
    """Does `current` leave what was demanded, as (discharge, charge) magnitudes, widened by `factor` and `offset`?"""
    out, into = envelope
    return current > into * factor + offset or -current > out * factor + offset
