"""What a demo plays and how fast: the parts of the story, with the car's wish and the site's budget in each, and its pace for people."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from iso15118.cli.watch import Watch
from iso15118.energy import Budget
from iso15118.sequence.phases import Phase
from iso15118.units import KW, Second, Watt
from iso15118.value import replace

LOOP_SHOWN: Final[Second] = 18.0
"""Real seconds in which the charge loop is shown, however long it is."""
PHASE_SHOWN: Final[Second] = 0.35
"""Real seconds for each phase before and after it; their virtual time passes as it is."""


class Act(NamedTuple):
    """A part of the story: its share of the time, what the car wishes (W, + into it), what the site grants."""

    share: float
    wish: Watt
    site: Budget


def _site(charge: float = 50.0, discharge: float = 50.0, target: float | None = None, why: str = "") -> Budget:
    return Budget(charge * KW, discharge * KW, None if target is None else target * KW, why=why)


STORIES: Final = {
    "scheduled": (
        Act(0.27, 60 * KW, _site()),
        Act(0.15, 60 * KW, _site(charge=28, why="other cars")),
        Act(0.06, 11 * KW, _site()),
        Act(0.04, 0.0, _site()),
        Act(0.27, -60 * KW, _site()),
        Act(0.15, -60 * KW, _site(discharge=20, why="house load covered")),
        Act(0.06, -8 * KW, _site()),
    ),
    "dynamic": (
        Act(0.26, 0.0, _site(target=38, why="solar surplus")),
        Act(0.16, 0.0, _site(target=17, why="clouds")),
        Act(0.06, 0.0, _site(target=0, why="balanced")),
        Act(0.30, 0.0, _site(target=-42, why="evening peak")),
        Act(0.22, 0.0, _site(target=-15, why="house load")),
    ),
}


def story(mode: str, scale: float = 1.0) -> tuple[Act, ...]:
    """The parts of the story `mode`, with its powers times `scale`: they are told for 50 kW."""
    return tuple(Act(act.share, act.wish * scale, _scaled(act.site, scale)) for act in STORIES[mode])


def _scaled(site: Budget, scale: float) -> Budget:
    target = None if site.target is None else site.target * scale
    return replace(site, charge=site.charge * scale, discharge=site.discharge * scale, target=target)


@dataclass(slots=True)
class Pacer:
    """Lets real time pass between answers, while the virtual one stands still: setting up slowly, the charge loop in `LOOP_SHOWN`."""

    length: Second
    _phase: Phase | None = None
    _due: float = 0.0
    _at: Second = 0.0
    _sleep: Callable[[Second], None] = field(default=time.sleep)
    _clock: Callable[[], float] = field(default=time.monotonic)

    def hold(self, watch: Watch) -> None:
        """Sleep until what has just happened is due."""
        now, passed = self._clock(), watch.at - self._at
        self._at = watch.at
        if watch.phase is Phase.CHARGE_LOOP and self._phase is Phase.CHARGE_LOOP:
            self._due += passed * LOOP_SHOWN / self.length
        else:
            self._due = max(self._due, now) + min(passed, 1.0) + (PHASE_SHOWN if watch.phase is not self._phase else 0.0)
        self._phase = watch.phase
        if self._due > now + 0.005:
            self._sleep(self._due - now)
        elif self._due < now - 1.0:  # a slow machine: no hurry afterwards
            self._due = now
