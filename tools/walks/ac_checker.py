"""Judges what an outlet of alternating current did, moment by moment, by rules of safety alone. Counterpart of `checker`.

Here the vehicle drives the current, so that the contactor is all the outlet has: when it may close, and how soon it has to open. Nothing
is imported that decides anything in the charger. Units: W (+ into the vehicle), s.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tools.walks.checker import Violation

READY: Final = frozenset("CD")
"""Pilot states in which a vehicle may be fed."""
RELAY: Final = 0.05
"""s that contacts take."""
TURN: Final = 0.02
"""s between two looks of the guard."""
PILOT: Final = 0.1 + RELAY + TURN
"""s from the pilot's change to open contacts."""
ORDERED: Final = 0.1 + RELAY + TURN
"""s for which contacts may still close after the authorisation has gone: a tick of the session, and what was ordered before it."""
OPEN: Final = 0.25
"""s from the reason to open contacts: a tick of the session, 50 ms for the current to fall, the contacts."""
GRID: Final = 0.1 + OPEN
"""s after the grid is lost."""
DOUBT: Final = 1.5
"""s after a fault that has to be found first: telemetry may be silent for 1 s."""
SILENCE: Final = 0.5
"""s without a turn of the charge loop after which the vehicle counts as gone."""
QUIET: Final = 60.0
"""s without a request outside of it."""
STOPPED: Final = 1.4
"""s that the answer to a stop may wait for the vehicle's power to fall."""
STANDING: Final = 0.8
"""s of power in standby."""
BACKWARDS: Final = 1.0
"""s in which power may come out of a vehicle that must not give."""
BEYOND: Final = 5.0 + 0.3
"""s in which a vehicle may take more than it may, and so without authorisation."""
SPENT: Final = 20.0
"""s that a vehicle has to leave once the authorisation is gone."""
NOISE: Final = 250.0
"""W in a phase that count as none."""
ERROR: Final = 20.0
"""W by which numbers on the wire and sums may err."""
LOWERED: Final = 0.6
"""s for the offer to follow a limit that was lowered."""

Phases = tuple[float, float, float]


class AcMoment(NamedTuple):
    """The outlet at `at`, and what was known then."""

    at: float
    closed: bool
    """The contacts conduct."""
    active: Phases
    """Measured in the phases."""
    offered: Phases | None
    """What the guard lets the path offer; None: nothing."""
    said: Phases | None
    """The power that the vehicle has just been told; None: nothing was told since the last moment."""
    pilot: str
    locked: bool
    grid: bool
    """It is one that a vehicle may be fed from, and feed."""
    residual: bool
    fault: bool
    """The guard has latched one."""
    broken: bool
    """So is the metal, though nobody may know yet."""
    welded: bool
    """The contacts cannot open: what is closed proves nothing."""
    authorised: bool
    bidirectional: bool
    permitted: bool
    most_phase: float
    """What a phase of the outlet carries."""
    most_charge: float
    """The lowest one of outlet, site and vehicle, in all; likewise of what it gives, as a magnitude."""
    most_discharge: float
    heard: float
    """When the last request of the main stream was complete, or answered."""
    looping: bool
    """It was a turn of the charge loop."""
    started: bool
    """The vehicle has asked for power, and not for an end since."""
    stopped: bool
    """It has asked for an end, in the loop."""
    standby: bool
    connected: bool
    """The session goes on."""


class AcChecker:
    """Sees one moment after the other; `violations` has each rule that was broken, once."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._before: AcMoment | None = None
        self._since: dict[str, float] = {}
        self._limits: list[tuple[float, float, float]] = []
        self._ready = self._locked = float("-inf")
        self._cut = False

    def see(self, now: AcMoment) -> None:
        """Judge the next moment."""
        self._ready = now.at if now.pilot in READY else self._ready
        closed, closes = now.closed and not now.welded, now.closed and not now.welded and not self._was_closed()
        dark = self._lasting("dark", not now.grid, now.at) > GRID - OPEN + TURN  # a shorter dip opens nothing
        self._cut = (self._cut or dark) and now.started
        total, give = sum(now.active), now.bidirectional and now.permitted
        held = not now.welded  # what cannot be opened can hold back nothing
        backwards = min(now.active) < -NOISE and not give
        over = total > 1.05 * now.most_charge + 3 * NOISE + ERROR
        charge, discharge = self._allowed(now)
        lasting = self._lasting
        offers, says = now.offered or (0.0, 0.0, 0.0), now.said or (0.0, 0.0, 0.0)
        rules = (
            ("closed without authorisation", lasting("denied", not now.authorised, now.at) > ORDERED and closes),
            ("closed though the vehicle had not asked for power", closes and not now.started),
            ("closed again after the grid was lost", closes and self._cut),
            ("closed onto a free connector", closes and not now.locked),
            ("closed with the pilot not in C or D", closes and now.at - self._ready > PILOT),
            ("closed with a fault", lasting("fault", now.fault, now.at) > OPEN and closes),
            ("connector free at the mains", now.closed and not now.locked),
            ("kept closed without authorisation", lasting("spent", closed and not now.authorised, now.at) > SPENT + OPEN),
            ("power without authorisation", lasting("unpaid", held and not now.authorised and total > 4 * NOISE, now.at) > BEYOND + OPEN),
            ("offered without authorisation", lasting("free", not now.authorised and any(offers), now.at) > LOWERED),
            ("closed after the pilot had left C and D", closed and not now.broken and now.at - self._ready > PILOT),
            ("closed after the grid was lost", lasting("grid", closed and not now.grid and not now.broken, now.at) > GRID),
            ("closed after residual current", lasting("residual", closed and now.residual and not now.broken, now.at) > OPEN),
            ("closed after a fault", lasting("latched", closed and now.fault, now.at) > OPEN),
            ("closed with broken metal", lasting("broken", closed and now.broken, now.at) > DOUBT + OPEN),
            ("closed after half a second of silence", closed and now.looping and now.at - now.heard > SILENCE + OPEN),
            ("closed after a minute of silence", closed and now.at - now.heard > QUIET + OPEN),
            ("closed after the stop", lasting("stopped", closed and now.stopped, now.at) > STOPPED + OPEN),
            ("closed after the end", lasting("ended", closed and not now.connected, now.at) > OPEN),
            ("power with the contactor open", not now.closed and any(abs(phase) > 1.0 for phase in now.active) and not self._was_closed()),
            (
                "offered with the contactor open",
                lasting("offered", any(offers) and not now.closed and not now.broken, now.at) > RELAY + TURN,
            ),
            ("power out of a vehicle that must not give", lasting("back", held and backwards, now.at) > BACKWARDS),
            ("power in standby", lasting("standby", held and now.standby and max(map(abs, now.active)) > NOISE, now.at) > STANDING + OPEN),
            ("more than allowed", lasting("over", held and over, now.at) > BEYOND + OPEN),
            ("more than a phase carries", lasting("phase", held and max(now.active) > 1.05 * now.most_phase + NOISE, now.at) > 1.0 + OPEN),
            ("discharge offered that was not selected or not permitted", min(offers) < 0.0 and not give),
            ("discharge told that was not selected", min(says) < 0.0 and not now.bidirectional),
            ("offered above the limits", sum(offers) > charge + ERROR or -sum(offers) > discharge + ERROR),
            ("told above the limits", sum(says) > now.most_charge + ERROR or -sum(says) > now.most_discharge + ERROR),
            ("told more than a phase carries", max(map(abs, says)) > now.most_phase + ERROR),
        )
        told = {violation.rule for violation in self.violations}
        self.violations += [Violation(now.at, rule) for rule, broken in rules if broken and rule not in told]
        self._before = now

    def _was_closed(self) -> bool:
        return self._before is not None and self._before.closed

    def _lasting(self, what: str, holds: bool, at: float) -> float:
        """For how long it has held, s; 0: it does not."""
        if not holds:
            self._since.pop(what, None)
            return 0.0
        return at - self._since.setdefault(what, at)

    def _allowed(self, now: AcMoment) -> tuple[float, float]:
        """Charge and discharge power allowed: the highest that held at some time within the last `LOWERED` seconds."""
        self._limits.append((now.at, now.most_charge, now.most_discharge))
        while now.at - self._limits[0][0] > LOWERED:
            self._limits.pop(0)
        return max(charge for _, charge, _ in self._limits), max(discharge for _, _, discharge in self._limits)
