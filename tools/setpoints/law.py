"""The law, by rules alone: it is told what was commanded, what is allowed and what was measured, and imports nothing that decides anything.

Units: V, A (+ into the vehicle), W, s.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LIFE: Final = 0.300
"""s of a command."""
STALE: Final = 0.300
"""s after which a measurement lets nothing rise and nothing discharge."""
LEAST: Final = 1e-6


class Turn(NamedTuple):
    """One turn of a guard: what was known when it began, and what it told the supply."""

    at: float
    wanted: float
    """A, of the last command that is one."""
    ceiling: float
    """V, of the same."""
    commanded_at: float
    life: float
    """Of that command."""
    bidirectional: bool
    """It says so."""
    permitted: bool
    """The site says so."""
    grid: bool
    """There is one to feed."""
    charge_current: float
    charge_power: float
    discharge_current: float
    discharge_power: float
    """Limits in force at this turn, magnitudes: the lower of device and operator."""
    min_voltage: float
    max_voltage: float
    ramp: float
    """A/s."""
    measured: float
    """V at the outlet."""
    age: float
    """s, of the oldest measurement."""
    ready: bool
    """The pilot is in C or D."""
    faulty: bool
    """A fault was latched when the turn ended."""
    voltage: float
    """What the supply is told, V; 0: off."""
    current: float
    """A."""


class Violation(NamedTuple):
    """A rule that was broken."""

    at: float
    rule: str


class Law:
    """Sees one turn after the other. `violations`: all that were broken."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._before: Turn | None = None

    def __call__(self, turn: Turn) -> None:
        """Judge it."""
        for rule, broken in self._rules(turn, self._before):
            if broken:
                self.violations.append(Violation(turn.at, rule))
        self._before = turn

    def _rules(self, t: Turn, before: Turn | None) -> list[tuple[str, bool]]:
        into, out = max(t.current, 0.0), max(-t.current, 0.0)
        at = max(t.measured, 1.0)
        dead = t.at > t.commanded_at + min(t.life, LIFE) + LEAST
        passed = 0.0 if before is None else min(t.at - before.at, 0.1)
        last = 0.0 if before is None else before.current
        rise = abs(t.current) - abs(last)
        return [
            ("more charge current than allowed", into > t.charge_current + LEAST),
            ("more charge power than allowed", into * at > t.charge_power * (1 + LEAST) + LEAST),
            ("more discharge current than allowed", out > t.discharge_current + LEAST),
            ("more discharge power than allowed", out * at > t.discharge_power * (1 + LEAST) + LEAST),
            ("out of the vehicle without permission", out > 0 and not (t.bidirectional and t.permitted)),
            ("out of the vehicle without a grid", out > 0 and not t.grid),
            ("out of the vehicle on old measurements", out > 0 and t.age > STALE + LEAST),
            ("more than was wanted", abs(t.current) > abs(t.wanted) + LEAST),
            ("the other way than wanted", t.current * t.wanted < 0),
            ("a current for a command that is over", dead and t.current != 0.0),
            ("a voltage for a command that is over", dead and t.voltage != 0.0),
            ("a current with a fault", t.faulty and t.current != 0.0 and before is not None and before.faulty),
            ("a current without a car that is ready", not t.ready and t.current != 0.0),
            ("faster than the ramp", rise > t.ramp * passed + LEAST),
            ("a rise on old measurements", rise > LEAST and t.age > STALE + LEAST),
            ("from one direction into the other at once", t.current * last < 0),
            ("a voltage above what is allowed", t.voltage > t.max_voltage + LEAST),
            ("a voltage below what the supply can do", 0.0 < t.voltage < t.min_voltage - LEAST),
            ("a charging voltage above what was wanted", t.current > 0 and t.voltage > t.ceiling + LEAST),
            ("a discharging voltage below what was wanted", t.current < 0 and t.voltage < min(t.ceiling, t.max_voltage) - LEAST),
            ("a current without a voltage", t.current != 0.0 and t.voltage == 0.0),
        ]
