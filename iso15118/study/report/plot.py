"""What pictures are drawn of: plots over time as SVG whose curves stretch to any width while their words keep their size.

A plot is an `<svg>` without a viewBox: words stand in it by per cent and pixels, and curves in an inner `<svg>` that is stretched. Around
it there is room for the axes: `LEFT`, `RIGHT`, `TOP` and `BOTTOM` pixels, which the page's style leaves, or `framed`. No neighbours: what
is drawn is `day`'s and `fleet`'s, and the page is `report`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import ceil, floor, log10
from time import gmtime, strftime
from typing import Final

from iso15118.units import HOUR, Second

LEFT, RIGHT, TOP, BOTTOM = 46, 14, 22, 26
WIDE: Final = 1000
"""Of the stretched curves; no unit."""
DAY: Final = 24 * HOUR
COLOURS: Final = {
    "back": ("#ffffff", "#14171c"),
    "fore": ("#1c2026", "#e6e8ec"),
    "soft": ("#59626e", "#a3acb8"),
    "line": ("#d9dde3", "#333a44"),
    "car": ("#1f77b4", "#4aa3e0"),
    "load": ("#848e99", "#6d7885"),
    "sun": ("#c68500", "#d99a1c"),
    "battery": ("#2a9d6f", "#35b583"),
    "giving": ("#c4559b", "#e07bb9"),
    "grid": ("#1c2026", "#f4f5f7"),
    "limit": ("#c8321f", "#ff7565"),
    "import": ("#6f42c1", "#b392f0"),
    "export": ("#b07a00", "#e3b341"),
    "internal": ("#0b7285", "#4fc3d9"),
    "waiting": ("#c65d1e", "#f0a04b"),
    "idle": ("#8496ab", "#5b6a7a"),
    "saved": ("#2a9d6f", "#35b583"),
    "spent": ("#c8321f", "#ff7565"),
}
"""Of each kind of thing, in light and in dark: the same in every picture."""


def colours(selector: str) -> str:
    """`COLOURS` as style, light, or dark where that is preferred."""
    light, dark = ("; ".join(f"--{name}: {pair[shade]}" for name, pair in COLOURS.items()) for shade in (0, 1))
    return f"{selector} {{ {light} }}\n@media (prefers-color-scheme: dark) {{ {selector} {{ {dark} }} }}\n"


STYLE: Final = """
.plot { overflow: visible; font: 12px system-ui, sans-serif }
.plot text { fill: var(--soft) } .plot .name { fill: var(--fore) } .plot .end { text-anchor: end } .plot .middle { text-anchor: middle }
.plot path, .plot line { vector-effect: non-scaling-stroke; fill: none; stroke-width: 1.6 } .plot .axis { stroke: var(--line);
stroke-width: 1 }
.plot .zero { stroke: var(--soft); stroke-width: 1 } .plot .thin { stroke-width: 1.2 } .plot .bold { stroke-width: 2.4 }
.plot .dashed { stroke-dasharray: 5 4 } .plot .dotted { stroke-dasharray: 2 3 } .plot .faint { opacity: .22 }
.plot .moment { fill: transparent } .plot .moment:hover { fill: var(--soft); fill-opacity: .25 }
""" + "".join(
    f".plot .fill-{name} {{ fill: var(--{name}); stroke: none }} .plot .{name} {{ stroke: var(--{name}) }}"
    f".key.{name} {{ border-color: var(--{name}) }} .key.fill-{name} {{ background: var(--{name}) }}\n"
    for name in COLOURS
    if name not in ("back", "fore", "soft", "line")
)


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round values within, `count` or some more or fewer."""
    rough = (high - low) / count
    power = 10.0 ** floor(log10(rough))
    step = power * next(factor for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * 0.7)
    return [round(k * step, 10) for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def stairs(values: Sequence[float | None], x: Sequence[float], y: Sequence[float]) -> str:
    """A path with a level from each of `x` to the next; `y` are those of the values, and it breaks where there is no value."""
    path, before = "", None
    for k, value in enumerate(values):
        if value is not None:
            path += f"M{x[k]:.1f} {y[k]:.1f}" if before is None else f"V{y[k]:.1f}"
            path += f"H{x[k + 1]:.1f}"
        before = value
    return path


class Plot:
    """Marks and words over `start` to `end` (s since the epoch) and from `low` to `high`, `height` pixels high."""

    def __init__(self, start: Second, end: Second, low: float, high: float, height: int = 240) -> None:
        self.start, self.end, self.low, self.high, self.height = start, end, low, high, height
        self._marks: list[str] = []
        self._words: list[str] = []

    def x(self, moment: Second) -> float:
        """Of a moment, 0 to `WIDE`."""
        return (moment - self.start) / (self.end - self.start) * WIDE

    def y(self, value: float) -> float:
        """Of a value: pixels from above."""
        return (self.high - value) / (self.high - self.low) * self.height

    def mark(self, svg: str) -> None:
        """Put into the stretched part, above what is there."""
        self._marks.append(svg)

    def word(self, svg: str) -> None:
        """Put beside it."""
        self._words.append(svg)

    def levels(self, values: Sequence[float | None], step: Second, style: str) -> None:
        """A line of one level a step; None: it is broken."""
        x = [self.x(self.start + k * step) for k in range(len(values) + 1)]
        path = stairs(values, x, [0.0 if value is None else self.y(value) for value in values])
        self.mark(f'<path class="{style}" d="{path}"/>')

    def layer(self, lows: Sequence[float], highs: Sequence[float], step: Second, style: str) -> None:
        """The area between two such lines."""
        x = [self.x(self.start + k * step) for k in range(len(lows) + 1)]
        above = stairs(highs, x, [self.y(value) for value in highs])
        below = [f"V{self.y(low):.1f}H{x[k]:.1f}" for k, low in reversed(list(enumerate(lows)))]
        self.mark(f'<path class="fill-{style}" d="{above}{"".join(below)}Z"/>')

    def curve(self, points: Iterable[tuple[Second, float]], style: str) -> None:
        """A line through points."""
        self.mark(f'<path class="{style}" d="M{"L".join(f"{self.x(t):.1f} {self.y(value):.1f}" for t, value in points)}"/>')

    def upright(self, moment: Second, style: str, title: str) -> None:
        """A line from bottom to top at a moment."""
        x = f"{self.x(moment):.1f}"
        self.mark(f'<line class="{style}" x1="{x}" x2="{x}" y1="0" y2="{self.height}"><title>{escape(title)}</title></line>')

    def bar(self, begin: Second, end: Second, top: float, height: float, style: str, title: str) -> None:
        """A box over some time, `top` pixels from above."""
        left, right = self.x(max(begin, self.start)), self.x(min(end, self.end))
        box = f'x="{left:.1f}" width="{max(0.0, right - left):.1f}" y="{top:.1f}" height="{height:.1f}"'
        self.mark(f'<rect class="{style}" {box}><title>{escape(title)}</title></rect>')

    def moments(self, titles: Sequence[str], step: Second) -> None:
        """What is said of each step where somebody points at it."""
        for k, title in enumerate(titles):
            self.bar(self.start + k * step, self.start + (k + 1) * step, 0.0, self.height, "moment", title)

    def values(self, unit: str, count: int = 4) -> None:
        """The axis of values at the left, its unit above; and lines across."""
        for value in ticks(self.low, self.high, count):
            y = f"{self.y(value):.1f}"
            self.mark(f'<line class="{"axis" if value else "zero"}" x1="0" x2="{WIDE}" y1="{y}" y2="{y}"/>')
            self.word(f'<text class="end" x="-6" y="{y}" dy=".35em">{value:g}</text>')
        self.word(f'<text x="{10 - LEFT}" y="-10">{escape(unit)}</text>')

    def times(self, *, words: bool = True) -> None:
        """The axis of time below: hours, or days. Every other word is of the class `minor`: there may be no room for it."""
        hours = (self.end - self.start) / HOUR
        days = max(1, ceil(hours / 24 / 7))
        step = HOUR if hours <= 8 else 3 * HOUR if hours <= 30 else 6 * HOUR if hours <= 60 else 12 * HOUR if hours <= 100 else DAY * days
        origin = self.start - self.start % DAY
        for k in range(ceil((self.start - origin) / step), floor((self.end - origin) / step) + 1):
            moment = origin + k * step
            x = self.x(moment)
            self.mark(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{self.height}"/>')
            if words and (step < DAY or moment < self.end):
                anchor = "end" if x > (0.94 * WIDE if step >= DAY else WIDE - 1.0) else "" if x < 1.0 or step >= DAY else "middle"
                text = strftime("%H:%M", gmtime(moment)) if step < DAY and (moment % DAY or hours <= 30) else weekday(moment)
                rank = " minor" if k % 2 else ""
                self.word(f'<text class="{anchor}{rank}" x="{x / WIDE:.2%}" y="{self.height + 17}">{text}</text>')

    def inside(self) -> str:
        """Both, for an element of this height and any width."""
        return (
            f'<svg viewBox="0 0 {WIDE} {self.height}" width="100%" height="{self.height}" preserveAspectRatio="none" overflow="visible">\n'
            + "\n".join(self._marks)
            + "\n</svg>\n"
            + "\n".join(self._words)
        )

    def svg(self, label: str) -> str:
        """The picture in a page; `label` says what one sees to those who do not."""
        return f'<svg class="plot" role="img" aria-label="{escape(label)}" height="{self.height}">\n{self.inside()}\n</svg>\n'

    def framed(self, width: int, top: int = 0) -> str:
        """The picture within a larger one of `width` pixels, `top` pixels from above, with its axes."""
        inner = f'x="{LEFT}" y="{top + TOP}" width="{width - LEFT - RIGHT}" height="{self.height}" overflow="visible"'
        return f'<svg class="plot" {inner}>\n{self.inside()}\n</svg>\n'


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """Of a picture in a page: a style of `key` and what it stands for."""
    keys = " ".join(f'<span><i class="key {style}"></i>{escape(name)}</span>' for style, name in entries)
    return f'<p class="legend">{keys}</p>\n'


def clock(moment: Second) -> str:
    """Time of day."""
    return strftime("%H:%M", gmtime(moment))


def weekday(moment: Second) -> str:
    """Day of the week and of the month."""
    return strftime("%a ", gmtime(moment)) + str(gmtime(moment).tm_mday)
