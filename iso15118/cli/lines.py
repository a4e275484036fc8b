"""The demo as lines of text: one a phase, one a minute, the summary. No escape codes, no width to know: for pipes, logs and CI."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from iso15118.cli.summary import Summary, clock, energies, facts
from iso15118.cli.watch import LADDER, Scene, Watch
from iso15118.cli.words import MINUTE, direction
from iso15118.sequence.phases import Phase
from iso15118.service.log import one_line
from iso15118.units import KW


@dataclass(slots=True)
class PlainView:
    """Writes as it goes."""

    _phase: Phase | None = None
    _minute: int = 0
    _told: int = 0

    def look(self, watch: Watch, *, now: bool = False) -> None:
        """Write what is new."""
        self._remarks(watch)
        if self._phase is None:
            _write(f"{clock(0.0)}  {LADDER[0]}")
        if watch.phase is not self._phase:
            self._phase = watch.phase
            _write(f"{clock(watch.at)}  {watch.phase}")
        minute = int(watch.planned // MINUTE)
        if watch.phase is Phase.CHARGE_LOOP and not now and minute > self._minute:
            self._minute = minute
            _write(f"{clock(watch.at)}    {state(watch.scene())}")

    def close(self, watch: Watch | None) -> None:
        """Write what is left to say."""
        if watch is not None:
            self.look(watch, now=True)

    def _remarks(self, watch: Watch) -> None:
        for line in watch.remarks[self._told :]:
            _write(f"{clock(line.at)}    {line.text}")
        self._told = len(watch.remarks)


def state(scene: Scene) -> str:
    """The charge loop in one line."""
    shaped = f"  ({scene.shaped})" if scene.shaped else ""
    electric = f"{scene.voltage:5.1f} V  {scene.current:+6.1f} A  {scene.power / KW:+5.1f} kW"
    return f"SoC {scene.soc:4.1f} %  {electric}  {direction(scene.power)}{shaped}"


def summary_lines(summary: Summary) -> list[str]:
    """Title, the table of energies, the other figures, the verdict."""
    rows = energies(summary)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    said = facts(summary)
    width = max(len(name) for name, _ in said)
    figures = [f"{name.ljust(width)}  {value}" for name, value in said]
    return ["", f"{summary.service}, {summary.mode}", "", *(row.rstrip() for row in table), "", *figures, "", summary.verdict]


def _write(text: str) -> None:
    sys.stdout.write(f"{one_line(text)}\n")
    sys.stdout.flush()
