"""`chargeloop site explain` and `replay`: what a site's log says of an outlet at a time, and whether it decides the same again."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from iso15118.cli.report import write
from iso15118.errors import LocalError
from iso15118.units import HOUR, KW, KWH, Second

if TYPE_CHECKING:
    from iso15118.service.site_log import Story

FORMS: Final = ("%H:%M:%S", "%H:%M")


def run(arguments: Namespace) -> int:
    """Either. Raises LocalError on a file that is no log, an outlet or a time that is not in it."""
    from iso15118.service.site_log import Story

    story = Story(Path(arguments.log))
    if arguments.action == "replay":
        return replayed(story)
    for line in explained(story, arguments.evse, arguments.time):
        write(line)
    return 0


def replayed(story: Story) -> int:
    """Says how far the log decides the same again."""
    count = 0
    for number, moment, then, now in story.replayed():
        if then != now:
            write(f"line {number}, {clock(moment)}: decided otherwise: {_difference(then, now)}")
            return 1
        count += 1
    write(f"{count} seconds of {story.site.name}, {len(story.site.evses)} outlets: every set-point the same to the bit")
    if story.torn:
        write("the log breaks off in its last line")
        return 1
    return 0


def _difference(then: Any, now: Any, path: str = "") -> str:
    """Where two plain forms first differ."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in {**then, **now}:
            if then.get(key) != now.get(key):
                return _difference(then.get(key), now.get(key), f"{path}.{key}".lstrip("."))
    return f"{path} was {then}, is {now}"


def explained(story: Story, evse: str, time: str) -> Iterator[str]:
    """What an outlet could do at a time, and what held it. Raises LocalError."""
    outlet = story.site.evse(evse)
    told = _at(story, time)
    known, done = told["known"], told["done"]
    moment, grant, visit = known["moment"], done["grants"].get(evse), known["visits"].get(evse)
    if grant is None or visit is None:
        yield f"{clock(moment)}, outlet {evse}: nothing, no car that needs power was known there"
        return
    lines = ", ".join(f"L{line + 1}" for line in outlet.lines if grant["lines"][line])
    yield f"{clock(moment)}, outlet {evse}: {grant['power'] / KW:.2f} kW" + (f", {grant['current']:.1f} A in {lines}" if lines else "")
    yield f"  held by  {grant['why']}"
    footing = done["footing"]
    yield f"  policy   {footing['policy']}" + (f", since {footing['why']}" if footing["why"] else "")
    plan = known["plan"]
    car = None if plan is None else next((car for car in plan["evses"] if car["evse"] == evse and not car["expected"]), None)
    if plan is not None and car is not None and plan["edges"][0] <= moment < plan["edges"][-1]:
        step = next(k for k, edge in enumerate(plan["edges"][1:]) if moment < edge)
        yield f"  plan     {car['power'][step] / KW:.2f} kW until {clock(plan['edges'][step + 1])}" + (
            f"; {car['why']}" if car["why"] else ""
        )
    need = visit["need"]
    wanted = f"{need['target_energy'] / KWH:.1f} kWh"
    yield f"  car      wants {wanted}" + ("" if need["departure"] is None else f" in {need['departure'] / HOUR:.1f} h")
    if said := [signal["id"] for signal in known["signals"]]:
        yield f"  signals  {', '.join(said)}"


def _at(story: Story, time: str) -> dict[str, Any]:
    """The second at a time of the day, or the last one before it. Raises LocalError where the log does not reach."""
    wanted = _moment(time)
    found: dict[str, Any] | None = None
    first = last = 0.0
    day = wanted is not None and wanted < 86_400.0
    for _, told in story.seconds():
        moment = last = told["known"]["moment"]
        first = first or moment
        if wanted is None:
            continue
        if (0.0 <= moment % 86_400.0 - wanted < 1.5) if day else moment <= wanted < moment + 1.5:
            found = told
    if wanted is None or found is None:
        allowed = f"from {clock(first)} to {clock(last)}" if first else "none: the log is empty"
        raise LocalError(f"{time}: not in the log; allowed: {allowed}")
    return found


def _moment(time: str) -> Second | None:
    """s of the day, or since the epoch; None: it is no time."""
    for form in FORMS:
        try:
            parsed = datetime.strptime(time, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return parsed.hour * HOUR + parsed.minute * 60.0 + parsed.second
    try:
        told = datetime.fromisoformat(time)
    except ValueError:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def clock(moment: Second) -> str:
    """A moment, UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")
