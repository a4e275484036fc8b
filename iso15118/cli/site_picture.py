"""Studied days of a site on a terminal: power from the grid against its limit. Colours and blocks need `rich`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING, Final

from iso15118.service.log import one_line
from iso15118.study.report.documents import Gaps, Study, called
from iso15118.study.report.plot import DAY, clock, weekday
from iso15118.units import HOUR

if TYPE_CHECKING:
    from rich.text import Text

BARS: Final = " ▁▂▃▄▅▆▇█"
MARGIN: Final = 10
ROWS: Final = 10
WIDEST: Final = 110
LINES: Final = 24
"""Of plain text, at most."""
BAR: Final = 48
"""Characters of plain text for the most that is drawn."""


def show(study: Study, *, plain: bool = False) -> None:
    """Write the picture of a study: blocks on a terminal that has them, else plain lines."""
    if not plain and sys.stdout.isatty():
        try:
            from rich.console import Console
        except ImportError:
            print("(for colours: pip install 'chargeloop[cli]')")
        else:
            console = Console(highlight=False)
            if console.encoding.startswith("utf"):
                console.print(*blocks(study, min(WIDEST, console.width)), sep="\n")
                return
    print("\n".join(map(one_line, plain_picture(study))))


def blocks(study: Study, width: int, rows: int = ROWS) -> list[Text]:
    """Columns of power from the grid, cars above the rest, the limit as a line; strips of sun and price below."""
    from rich.text import Text

    columns = max(20, width - MARGIN)
    grid, cars, top = _columns(study, columns)
    limit = _limit(study, columns)
    lines = [Text(f"{study.title}, {called(study.policy)}: power from the grid, kW", "bold")]
    for row in range(rows, 0, -1):
        high, low = top * row / rows, top * (row - 1) / rows
        text = Text(f"{high:{MARGIN - 2}.0f}  " if row in (rows, rows // 2) else " " * MARGIN, "bright_black")
        cells = [_cell(value, cars[k], limit[k], low, high) for k, value in enumerate(grid)]
        for style, run in groupby(cells, key=lambda cell: cell[1]):
            text.append("".join(glyph for glyph, _ in run), style)
        lines.append(text)
    lines.append(Text(" " * MARGIN + _clock_line(study, columns), "bright_black"))
    if any(study.pv):
        lines.append(_strip("sun", study.generated, columns, "yellow", 0.0))
    cheap, dear = min(study.import_price), max(study.import_price)
    lines.append(_strip("price", study.import_price, columns, "magenta", cheap - (dear - cheap) / 8))
    key = Text(" " * MARGIN)
    for glyph, style, name in (("█", "blue", "cars"), ("█", "bright_black", "all else"), ("┄", "red", "limit")):
        key.append(glyph, style).append(f" {name}   ")
    return [*lines, key]


def _cell(value: float, cars: float, limit: float | None, low: float, high: float) -> tuple[str, str]:
    """Glyph and style of what a column shows between two levels."""
    rest = value - cars
    if value <= low:
        return ("┄", "red") if limit is not None and low < limit <= high else (" ", "")
    if low < rest < min(value, high):
        return _glyph(rest, low, high), "bright_black" + (" on blue" if value >= high else "")
    return _glyph(value, low, high), "bright_black" if rest >= min(value, high) else "blue"


def plain_picture(study: Study) -> list[str]:
    """A line for each part of the days: the most from the grid, and a bar of it; `=` for cars, `-` for all else, `|` the limit."""
    count = min(LINES, len(study.grid))
    grid, cars, top = _columns(study, count)
    limit = _limit(study, count)
    lines = [f"{study.title}, {called(study.policy)}: most from the grid, kW (= cars, - all else, | limit)"]
    for k, value in enumerate(grid):
        moment = study.start + (study.end - study.start) * k / count
        bar = "-" * round((value - cars[k]) / top * BAR)
        bar = bar.ljust(round(value / top * BAR), "=")
        bound = limit[k]
        if bound is not None and bound <= top:
            place = round(bound / top * BAR)
            bar = f"{bar[:place]:{place}}|{bar[place + 1 :]}"
        lines.append(f"{weekday(moment):>6} {clock(moment)} {value:7.1f}  {bar}".rstrip())
    return lines


def _columns(study: Study, count: int) -> tuple[list[float], list[float], float]:
    """Of each column: the most power from the grid, kW, and what of it went into cars then; and the top of the picture."""
    both = list(zip(study.grid, study.cars_power, strict=True))
    most = _gathered([max(0.0, watt / 1e3) for watt in study.grid], count, max)
    cars = []
    for begin, end in _parts(len(both), count):
        watt, into = max(both[begin:end])
        cars.append(max(0.0, min(watt, into) / 1e3))
    bound = max((value for value in _limit(study, count) if value is not None), default=0.0)
    top = max(0.1, *most)
    return most, cars, max(top, bound) if bound <= 2.5 * top else top


def _limit(study: Study, count: int) -> list[float | None]:
    return [None if watt is None else watt / 1e3 for watt in _lowest(study.limit, count)]


def _lowest(line: Gaps, count: int) -> Gaps:
    return tuple(min((value for value in line[begin:end] if value is not None), default=None) for begin, end in _parts(len(line), count))


def _gathered(line: Sequence[float], count: int, how: Callable[[Sequence[float]], float]) -> list[float]:
    return [how(line[begin:end]) for begin, end in _parts(len(line), count)]


def _parts(steps: int, count: int) -> list[tuple[int, int]]:
    """Begin and end of each of `count` columns; a step may fill several, and several may make one."""
    return [(k * steps // count, max(k * steps // count + 1, (k + 1) * steps // count)) for k in range(count)]


def _glyph(value: float, low: float, high: float) -> str:
    return BARS[min(8, max(0, round((value - low) / (high - low) * 8)))]


def _strip(name: str, line: Sequence[float], columns: int, style: str, low: float) -> Text:
    from rich.text import Text

    values = _gathered(line, columns, max)
    high = max(values)
    text = Text(f"{name:>{MARGIN - 2}}  ", "bright_black")
    return text.append("".join(_glyph(value, low, high) if high > low else BARS[0] for value in values), style)


def _clock_line(study: Study, columns: int) -> str:
    """Times of day below their columns, days where there are several."""
    hours = (study.end - study.start) / HOUR
    fits = columns / 9  # words
    step = HOUR * next((step for step in (1, 3, 6, 12) if hours / step <= fits), 24 * ceil(hours / 24 / fits))
    line = [" "] * (columns + 6)
    moment = study.start - study.start % step
    while moment < study.end:
        if moment >= study.start:
            place = int((moment - study.start) / (study.end - study.start) * columns)
            word = clock(moment) if moment % DAY or hours <= 30.0 else weekday(moment)
            line[place : place + len(word)] = word
        moment += step
    return "".join(line)[:columns].rstrip()
