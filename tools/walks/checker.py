"""Judges what an outlet did, moment by moment, by rules of safety alone.

It is told what stood on the metal and what was known of the car, and imports nothing that decides anything in the charger: what it says
holds whatever the charger believes of itself. Units: V, A (+ into the vehicle), s.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

SAFE: Final = 60.0
"""V at a connector that may be free."""
OPENING: Final = 5.0
"""A, at most, that contacts open under when nothing is wrong."""
TRICKLE: Final = 3.0
"""A: up to here it may be a pre-charge (2 A) and what instruments err by."""
SILENCE: Final = 0.5
"""s without a request after which the power of the charge loop goes."""
QUIET: Final = 60.0
"""s without a request after which everything goes."""
FALL: Final = 0.5
"""s for power to be gone, once it has to go: 1000 A/s, 100 ms for an emergency, 50 ms for contacts, two turns of the guard."""
DOUBT: Final = 1.5
"""s for it to be gone after a fault that has to be found first: telemetry may be silent for 1 s."""
RUSH: Final = 0.1
"""s for which a capacitor may take or give what is no transfer, where a car closes its contacts onto another voltage."""
MOTOR: Final = 0.15
"""s that a lock takes: a car may put its voltage on the connector while it opens."""
LOWERED: Final = 0.6
"""s for the output to follow a limit that was lowered."""


class Moment(NamedTuple):
    """The outlet at `at`, and what was known then."""

    at: float
    closed: bool
    """The output contacts conduct."""
    demand: float
    """A, what the supply is told."""
    ceiling: float
    """V, what the supply is told; 0: off."""
    current: float
    voltage: float
    """At the connector."""
    locked: bool
    authorised: bool
    bidirectional: bool
    """A bidirectional service is selected."""
    permitted: bool
    """The site lets vehicles give."""
    max_voltage: float
    """The lower one of board and car; likewise the currents, as magnitudes."""
    max_charge: float
    max_discharge: float
    heard: float
    """When the last request of the main stream was complete."""
    emergency: bool
    """The guard has latched a fault, or the metal is broken."""
    connected: bool
    """The session goes on."""
    tested: bool = False
    """The insulation of the cable is being tested, which the car's limits do not bind."""
    welded: bool = False
    """The contacts cannot open: what is closed proves nothing."""


class Violation(NamedTuple):
    """A rule that was broken, and when."""

    at: float
    rule: str


class Checker:
    """Sees one moment after the other; `violations` has each rule that was broken, once."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._before: Moment | None = None
        self._since: dict[str, float] = {}
        self._limits: list[tuple[float, float, float, float]] = []
        self._ever_authorised = False
        self._cold = float("-inf")

    def see(self, now: Moment) -> None:
        """Judge the next moment."""
        self._ever_authorised = self._ever_authorised or now.authorised
        self._cold = now.at if now.voltage < SAFE else self._cold
        power = abs(now.current) > TRICKLE or now.demand != 0
        live = (now.closed and not now.welded) or now.ceiling > 0
        highest, charge, discharge = self._allowed(now)
        ended = self._lasting("ended", not now.connected, now.at)
        taken = now.current < -TRICKLE and not (now.bidirectional and now.permitted)
        rules = (
            ("energised though never authorised", live and not self._ever_authorised),
            ("power without authorisation", self._lasting("authorised", not now.authorised, now.at) > FALL and power),
            ("current with the contactor open", now.demand != 0 and not now.closed and not (self._before and self._before.closed)),
            ("contactor opened under load", self._opened_under_load(now)),
            ("discharge that was not selected or not permitted", now.demand < 0 and not (now.bidirectional and now.permitted)),
            ("discharge measured that was not selected or not permitted", self._lasting("taken", taken, now.at) > RUSH),
            ("voltage above what board or car allow", now.ceiling > highest + 1 and now.demand >= 0 and not now.tested),
            ("charge current above what board or car allow", now.demand > charge + 0.5),
            ("discharge current above what board or car allow", -now.demand > discharge + 0.5),
            ("power after half a second of silence", now.at - now.heard > SILENCE + FALL and power),
            ("energised after a minute of silence", now.at - now.heard > QUIET + FALL and live),
            ("power after a fault", self._lasting("fault", now.emergency, now.at) > DOUBT and (power or live)),
            ("power after the end", ended > FALL and power),
            ("energised after the end", ended > (DOUBT if now.emergency else FALL) and live),
            ("connector free at a dangerous voltage", not now.locked and now.voltage >= SAFE and not self._freed_cold(now)),
        )
        told = {violation.rule for violation in self.violations}
        self.violations += [Violation(now.at, rule) for rule, broken in rules if broken and rule not in told]
        self._before = now

    def _lasting(self, what: str, holds: bool, at: float) -> float:
        """For how long it has held, s; 0: it does not."""
        if not holds:
            self._since.pop(what, None)
            return 0.0
        return at - self._since.setdefault(what, at)

    def _allowed(self, now: Moment) -> tuple[float, float, float]:
        """Voltage and currents (charge, discharge) allowed: the highest that held at some time within the last `LOWERED` seconds."""
        self._limits.append((now.at, now.max_voltage, now.max_charge, now.max_discharge))
        while now.at - self._limits[0][0] > LOWERED:
            self._limits.pop(0)
        _, voltages, charges, discharges = zip(*self._limits, strict=True)
        return max(voltages), max(charges), max(discharges)

    def _opened_under_load(self, now: Moment) -> bool:
        before = self._before
        return before is not None and before.closed and not now.closed and abs(before.current) > OPENING and not now.emergency

    def _freed_cold(self, now: Moment) -> bool:
        """It was cold when it was let go, and the voltage that is there now is the car's: nothing of ours is switched on."""
        free = self._before is not None and not self._before.locked
        return not now.closed and now.ceiling == 0 and (free or now.at - self._cold <= MOTOR)


def judge(moments: Iterable[Moment]) -> list[Violation]:
    """What is wrong with a whole trace."""
    checker = Checker()
    for moment in moments:
        checker.see(moment)
    return checker.violations
