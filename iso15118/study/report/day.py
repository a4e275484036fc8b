"""Pictures of a site's connection: power, prices and phases over its days, and beside other policies. Neighbour: `fleet` with its cars."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil
from typing import Final, NamedTuple, TypeVar

from iso15118.study.report.documents import Line, Study, called, kilowatts
from iso15118.study.report.plot import Plot, clock, legend, weekday
from iso15118.units import Second
from iso15118.value import replace

MOST: Final = 800
"""Steps of a picture; more are drawn as means of several."""
NEAR: Final = 2.5
"""A limit more times higher than all there is would flatten the picture: it is not drawn."""
DEAR: Final = 2.0
"""An internal price more times higher than any that is paid is drawn at the edge: it says that a limit is reached."""
THRESHOLD: Final = 0.8
"""Of a fuse; what is above it for long makes it warm."""
_STYLES: Final = {"unmanaged": "waiting", "equal_share": "import dashed", "perfect": "battery dotted bold"}
"""Of the lines of baselines beside the policy."""

T = TypeVar("T")
Layer = tuple[str, str, list[float], list[float]]
"""Style, name, lower and upper edge of each step in kW."""


def coarse(study: Study) -> Study:
    """The same in steps that are few enough to be seen: means, and the worst excess. What is left over at the end is left out."""
    several = ceil(len(study.grid) / MOST)
    if several == 1:
        return study
    starts = range(0, len(study.grid) - several + 1, several)

    def means(line: Line) -> Line:
        return tuple(sum(line[k : k + several]) / several for k in starts)

    def ends(line: Sequence[T]) -> tuple[T, ...]:
        return tuple(line[k + several - 1] for k in starts)

    return replace(
        study,
        step=study.step * several,
        load=means(study.load),
        pv=means(study.pv),
        curtailed=means(study.curtailed),
        grid=means(study.grid),
        limit=ends(study.limit),
        excess=tuple(max(study.excess[k : k + several]) for k in starts),
        import_price=means(study.import_price),
        export_price=means(study.export_price),
        internal_price=ends(study.internal_price),
        currents=ends(study.currents),
        batteries={name: means(line) for name, line in study.batteries.items()},
        evses={name: means(line) for name, line in study.evses.items()},
        cars={name: ends(line) for name, line in study.cars.items()},
    )


def layers(study: Study) -> list[Layer]:
    """What takes power, one on the other upwards from zero, and what gives it, downwards. Only what there is."""
    count = len(study.grid)
    cars, batteries = study.evses.values(), study.batteries.values()
    takes = (("load", "load", [study.load]), ("car", "cars charging", cars), ("battery", "battery charging", batteries))
    sun = [tuple(-watt for watt in study.generated)]
    gives = (("sun", "sun", sun), ("giving", "cars giving", cars), ("battery", "battery giving", batteries))
    made: list[Layer] = []
    for sign, members in ((1.0, takes), (-1.0, gives)):
        edge = [0.0] * count
        for style, name, lines in members:
            further = [before + sum(sign * max(0.0, sign * line[k]) for line in lines) / 1e3 for k, before in enumerate(edge)]
            if further != edge:
                made.append((style, name, edge, further))
            edge = further
    return made


def power(study: Study, height: int = 260, most: float = 0.0) -> Plot:
    """Everything at the connection, kW: areas of what takes and gives, the line of what the grid gives, and its limit. The axis reaches
    `most` at least."""
    stack, grid = layers(study), kilowatts(study.grid)
    limit = [None if watt is None else watt / 1e3 for watt in study.limit]
    high = max([1.0, most, *grid, *(top for layer in stack for top in layer[3])]) * 1.04
    low = min([0.0, *grid, *(bottom for layer in stack for bottom in layer[3])]) * 1.04
    limit = [value if value is not None and value <= NEAR * high else None for value in limit]
    plot = Plot(study.start, study.end, low, max([high, *(1.04 * value for value in limit if value is not None)]), height)
    plot.values("kW")
    plot.times()
    for style, _, lower, upper in stack:
        plot.layer(lower, upper, study.step, style)
    plot.levels(grid, study.step, "grid")
    plot.levels(limit, study.step, "limit bold dashed")
    for k, excess in enumerate(study.excess):
        if excess > 0.0:
            begin = study.start + k * study.step
            plot.bar(begin, begin + study.step, -8.0, 6.0, "fill-limit", f"{when(study, k)}: {excess / 1e3:.1f} kW above a limit")
    return plot


def power_told(study: Study) -> list[str]:
    """The same in words, step by step."""
    cars, battery, sun = study.cars_power, study.battery_power, study.generated
    titles = []
    for k, watt in enumerate(study.grid):
        bound = study.limit[k]
        told = f"{when(study, k)}: grid {watt / 1e3:.1f} kW" + ("" if bound is None else f" of {bound / 1e3:.0f}")
        told += f", cars {cars[k] / 1e3:.1f}, load {study.load[k] / 1e3:.1f}" + (f", sun {sun[k] / 1e3:.1f}" if any(sun) else "")
        titles.append(told + (f", battery {battery[k] / 1e3:+.1f}" if study.batteries else ""))
    return titles


def power_legend(study: Study, plot: Plot) -> str:
    """Of that picture."""
    entries = [(f"fill-{style}", name) for style, name, _, _ in layers(study)]
    entries += [("grid", "from the grid")]
    entries += [("limit dashed", "limit")] if any(limit is not None and limit / 1e3 <= plot.high for limit in study.limit) else []
    entries += [("fill-limit", "above a limit")] if any(study.excess) else []
    return legend(entries)


def when(study: Study, k: int) -> str:
    """The beginning of a step, in words."""
    moment = study.start + k * study.step
    return f"{weekday(moment)} {clock(moment)}"


def prices(study: Study) -> Plot:
    """What a kWh costs at each time: bought, sold, and what one more would cost by the plan."""
    internal = study.internal_price
    paid = [*study.import_price, *study.export_price]
    high = max(0.01, max(paid), min(DEAR * max(paid), max((price for price in internal if price is not None), default=0.0)))
    low = min([0.0, *paid])
    plot = Plot(study.start, study.end, low, high * 1.08, 110)
    plot.values(f"{study.currency}/kWh")
    plot.times()
    plot.levels(study.export_price, study.step, "export")
    plot.levels(study.import_price, study.step, "import")
    plot.levels([None if price is None else min(high, max(low, price)) for price in internal], study.step, "internal dashed")
    titles = []
    for k, price in enumerate(study.import_price):
        inside = internal[k]
        told = "" if inside is None else f", internal {inside:.3f}"
        titles.append(f"{when(study, k)}: import {price:.3f}, export {study.export_price[k]:.3f}{told} {study.currency}/kWh")
    plot.moments(titles, study.step)
    return plot


def prices_legend(study: Study) -> str:
    """Of that picture."""
    entries = [("import", "import"), ("export", "export")]
    there = [price for price in study.internal_price if price is not None]
    if there:
        entries.append(("internal dashed", f"internal, of one kWh more by the plan: at most {max(there):.2f}"))
    return legend(entries)


def beside(study: Study, others: Sequence[Study]) -> tuple[Plot, str]:
    """The power from the grid under each policy, and the legend."""
    everybody = [*others, study]
    lines = [kilowatts(one.grid) for one in everybody]
    high = max([1.0, *(value for line in lines for value in line)])
    limit = [None if watt is None or watt / 1e3 > NEAR * high else watt / 1e3 for watt in study.limit]
    top = max([high, *(value for value in limit if value is not None)])
    plot = Plot(study.start, study.end, min([0.0, *(value for line in lines for value in line)]) * 1.04, top * 1.04, 200)
    plot.values("kW")
    plot.times()
    plot.levels(limit, study.step, "limit bold dashed")
    styles = [_STYLES.get(one.policy, "car bold") for one in everybody]
    for one, line, style in zip(everybody, lines, styles, strict=True):
        plot.levels(line, one.step, style)
    entries = [(style, called(one.policy)) for one, style in zip(everybody, styles, strict=True)]
    return plot, legend([*entries, *([("limit dashed", "limit")] if any(value is not None for value in limit) else [])])


class Phase(NamedTuple):
    """What a line of the connection has carried."""

    most: float
    """A, magnitude."""
    warm: Second
    """How long more than 80 % of its fuse; 0.0: it has none."""
    over: Second
    """How long more than its fuse."""


def phases(study: Study) -> list[Phase]:
    """L1, L2, L3."""
    fuse = study.fuse or float("inf")
    lines = [[abs(current[line]) for current in study.currents] for line in range(3)]
    return [
        Phase(max(line), study.step * sum(a > THRESHOLD * fuse for a in line), study.step * sum(a > fuse * (1 + 1e-6) for a in line))
        for line in lines
    ]


def unbalance(study: Study) -> tuple[float, float]:
    """A between the line that carries most and that which carries least: at most, and in the mean."""
    apart = [max(current) - min(current) for current in study.currents]
    return max(apart), sum(apart) / len(apart)


def phase_bars(study: Study) -> str:
    """The most that each line has carried, against the fuse."""
    told = phases(study)
    top = max([1.0, study.fuse or 0.0, *(phase.most for phase in told)]) * 1.05
    rows = []
    for k, phase in enumerate(told):
        y = k * 34
        style = "fill-limit" if phase.over else "fill-waiting" if phase.warm else "fill-car"
        rows.append(f'<text class="name end" x="-8" y="{y + 17}">L{k + 1}</text>')
        rows.append(f'<rect class="{style}" x="0" y="{y + 2}" width="{phase.most / top:.2%}" height="22"/>')
        rows.append(f'<text class="on" x="8" y="{y + 17}">{phase.most:.0f} A</text>')
    label = "the most each line has carried: " + ", ".join(f"L{k + 1} {phase.most:.0f} A" for k, phase in enumerate(told))
    if study.fuse is not None:
        for part, style, words in ((THRESHOLD, "limit dotted", f"{THRESHOLD:.0%}"), (1.0, "limit bold", f"fuse {study.fuse:g} A")):
            x = f"{part * study.fuse / top:.2%}"
            rows.append(f'<line class="{style}" x1="{x}" x2="{x}" y1="-4" y2="100"/><text class="end" x="{x}" y="-8">{words}</text>')
        label += f"; fuse {study.fuse:g} A"
    return f'<svg class="plot" role="img" aria-label="{escape(label)}" height="100">\n{"".join(rows)}\n</svg>\n'
