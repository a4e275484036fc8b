"""`chargeloop scenario FILE`: cars in turn at a charger, and what becomes of each."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from iso15118.cli.chart import BARS, HANGING
from iso15118.cli.report import hidden_log, shown_log, writable, write
from iso15118.cli.summary import clock
from iso15118.sequence.phases import Phase
from iso15118.service.config.scenario import ScenarioSettings, load
from iso15118.service.foreground import run_scenario
from iso15118.service.journal import COLUMNS, Journal, figures
from iso15118.service.scenario import Result
from iso15118.units import KW, KWH, Second, Watt

WIDTH: Final = 60
"""Characters of the picture of a session's power."""


def run(arguments: Namespace) -> int:
    """Play it; 0 if every session ended as expected, else 1. Raises LocalError on a wrong file, before anything runs."""
    settings = load(Path(arguments.file), in_memory=arguments.pair)
    messages = None if arguments.messages is None else writable(arguments.messages, "--messages")
    table = None if arguments.csv is None else writable(arguments.csv, "--csv")
    results = _played(settings, arguments)
    if messages is not None:
        messages.write_text("".join(f"{line}\n" for line in message_lines(results)), encoding="utf-8")
    if table is not None:
        with table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows(results))
    if arguments.json:
        print(json.dumps([as_json(result) for result in results]))
    else:
        write(verdict(results))
    return 0 if all(result.ok for result in results) else 1


def _played(settings: ScenarioSettings, arguments: Namespace) -> tuple[Result, ...]:
    def told(result: Result) -> None:
        if not arguments.json:
            for line in result_lines(result):
                write(line)

    with hidden_log() if arguments.json else shown_log(settings.log_level):
        return run_scenario(settings.scenario, in_memory=arguments.pair, sdp_port=arguments.sdp_port, told=told)


def result_lines(result: Result) -> Iterator[str]:
    """A session in a few lines: when, whose, how it ended, what flowed, and the picture of it."""
    how = "in order" if result.clean else f"in {result.phase}"
    wanted = "" if result.ok else f"  NOT AS EXPECTED ({result.expected})"
    yield f"{clock(result.began)}  {result.car}, session {result.number}: ended {how}: {result.why}{wanted}"
    energy = f"{result.stored / KWH:+.3f} kWh stored"
    if result.charged is not None and result.discharged is not None:
        energy = f"{result.charged / KWH:.3f} kWh in, {result.discharged / KWH:.3f} kWh out by the meter, {energy}"
    yield (
        f"          {result.duration:.1f} s, {result.messages} messages, {result.loops} charge loops; "
        f"{result.soc_before:.1f} % -> {result.soc_after:.1f} %, {energy}"
    )
    yield from (f"          {line}" for line in picture(result.journal))


def picture(journal: Journal) -> list[str]:
    """Power over the time of the charge loop, in block characters: into the vehicle, and below it out; empty where there was none."""
    points = [(each.at, each.power) for each in journal.measured if each.phase is Phase.CHARGE_LOOP]
    if len(points) < 2:
        return []
    powers = list(_sampled(points))
    top = max(1.0, *(abs(power) for power in powers))
    steps = [round(8 * power / top) for power in powers]
    lines = []
    if max(steps) > 0:
        lines.append(f"{max(powers) / KW:+6.1f} kW  {''.join(BARS[max(0, step)] for step in steps)}")
    if min(steps) < 0:
        lines.append(f"{min(powers) / KW:+6.1f} kW  {''.join(HANGING[max(0, -step)] for step in steps)}")
    return lines


def _sampled(points: Sequence[tuple[Second, Watt]]) -> Iterator[Watt]:
    """The power at `WIDTH` moments, evenly spread: the last one measured before each."""
    began, ended = points[0][0], points[-1][0]
    at = 0
    for i in range(WIDTH):
        moment = began + (ended - began) * (i + 0.5) / WIDTH
        while at + 1 < len(points) and points[at + 1][0] <= moment:
            at += 1
        yield points[at][1]


def verdict(results: Sequence[Result]) -> str:
    """The last line."""
    wrong = [str(result.number) for result in results if not result.ok]
    if wrong:
        return f"NOT OK: {len(wrong)} of {len(results)} sessions ended otherwise than expected: {', '.join(wrong)}"
    return f"OK: {len(results)} sessions ended as expected"


def as_json(result: Result) -> dict[str, Any]:
    """Ready for `json.dumps`. Energies in Wh."""
    return {
        "session": result.number,
        "car": result.car,
        "ok": result.ok,
        "expected": result.expected,
        "clean": result.clean,
        "why": result.why,
        "phase": result.phase,
        "began_s": round(result.began, 3),
        "duration_s": round(result.duration, 3),
        "messages": result.messages,
        "charge_loops": result.loops,
        "stored_wh": round(result.stored, 2),
        "charged_wh": None if result.charged is None else round(result.charged, 2),
        "discharged_wh": None if result.discharged is None else round(result.discharged, 2),
        "soc_percent": [round(result.soc_before, 3), round(result.soc_after, 3)],
        "notes": result.journal.notes,
    }


def message_lines(results: Sequence[Result]) -> Iterator[str]:
    """Every session: a line that names it, then all that was seen of it."""
    for result in results:
        yield json.dumps({"session": result.number, "car": result.car, "began": round(result.began, 6)}, separators=(",", ":"))
        yield from result.journal.json_lines()


def rows(results: Sequence[Result]) -> Iterator[Sequence[object]]:
    """The table of measurements of all sessions, with a heading."""
    yield ("session", "car", *COLUMNS)
    for result in results:
        for each in result.journal.measured:
            yield (result.number, result.car, *figures(each))
