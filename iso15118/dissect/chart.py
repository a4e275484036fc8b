"""The transcript as a sequence chart of text: a line a frame, an arrow between car and charger, what it said beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from iso15118.dissect.gist import gist
from iso15118.dissect.transcript import Said, Transcript

LANE: Final = 40
"""Characters between the two lifelines."""
NARROWEST: Final = 24
"""Characters for what was said, however narrow the terminal."""
_RED, _DIM, _PLAIN = "\x1b[31m", "\x1b[2m", "\x1b[0m"


def chart(transcript: Transcript, *, width: int = 120, colour: bool = False) -> Iterator[str]:
    """One line each, without its end; no longer than `width` where that is reasonable. `colour`: mark what failed in red."""
    for number, stream in enumerate(transcript.streams, 1):
        yield f"connection {number}: car {stream.client}, charger {stream.server}, {stream.how}"
    timed = any(each.time is not None for each in transcript.said)
    if transcript.said:
        columns = f"{'packet':>6} {'s':>10} {'ms':>9}" if timed else f"{'line':>6}"
        yield f"{columns}  {'car':{LANE - 7}}charger"
    began = before = next((each.time for each in transcript.said if each.time is not None), 0.0)
    for each in transcript.said:
        head = f"{each.packet:>6}"
        if timed:
            time = before if each.time is None else each.time
            head += f" {time - began:>10.4f} {f'+{(time - before) * 1e3:.1f}':>9}"
            before = time
        line = f"{head} │{arrow(each)}│ "
        room = max(width - len(line), NARROWEST)
        said = "".join(c if c.isprintable() else "?" for c in gist(each, room))
        bad = each.failed or bool(each.problem)
        yield f"{_RED}{line}{said}{_PLAIN}" if bad and colour else f"{line}{said}"
    for problem in transcript.problems:
        yield f"{_RED if colour else ''}problem: {problem}{_PLAIN if colour else ''}"
    for note in transcript.notes:
        yield f"{_DIM if colour else ''}{note}{_PLAIN if colour else ''}"


def arrow(said: Said) -> str:
    """The lane between the lifelines, `LANE` characters."""
    if said.problem:
        name = {True: "car: ", False: "charger: ", None: ""}[said.from_car] + "not read"
        return f" ✗ {name} ".ljust(LANE, "·")
    name = f"{said.name[: LANE - 6]}{' ✗' if said.failed else ''}"
    match said.from_car:
        case True:
            return f" {name} ".ljust(LANE - 1, "─") + "▶"
        case False:
            return "◀" + f" {name} ".rjust(LANE - 1, "─")
        case _:
            return f" {name} ".center(LANE, "─")
