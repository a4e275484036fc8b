"""Draws docs/site.svg: a seeded day of a workplace, unmanaged above and planned below. Needs the extra `grid`."""

from __future__ import annotations

from html import escape
from pathlib import Path

from iso15118.study.baselines import planner, studied
from iso15118.study.metrics import row
from iso15118.study.report.day import power
from iso15118.study.report.documents import Study, called, study
from iso15118.study.report.plot import BOTTOM, LEFT, STYLE, TOP, colours
from iso15118.study.results import document
from iso15118.study.run import simulate
from iso15118.study.scenarios import scenario

SCENARIO, SEED, DAYS = "workplace", 1, 1
WIDTH, PLOT = 860, 170
KEYS = (
    ("fill-car", "cars charging"),
    ("fill-load", "load"),
    ("fill-sun", "sun"),
    ("grid", "from the grid"),
    ("limit dashed bold", "limit of the connection"),
)


def studies() -> tuple[Study, Study]:
    """The day, unmanaged and planned."""
    told = scenario(SCENARIO, SEED, DAYS)
    runs = []
    for policy in (studied("unmanaged"), planner(told)):
        record = simulate(told, policy)
        runs.append(study(document(told, policy.name, record, row(told, record))))
    return runs[0], runs[1]


def picture(above: Study, below: Study) -> str:
    """One SVG of both, on the same scale."""
    top = max(max(a + b for a, b in zip(one.cars_power, one.load, strict=True)) for one in (above, below)) / 1e3
    parts, y = [], 0
    for one in (above, below):
        missing = sum(not stay.satisfied for stay in one.stays)
        words = f"{called(one.policy)}: {one.total('cost'):.0f} {one.currency}, peak {one.total('peak_kw'):.0f} kW, "
        words += f"{len(one.stays) - missing} of {len(one.stays)} cars satisfied"
        parts.append(f'<text class="heading" x="{LEFT}" y="{y + 22}">{escape(words)}</text>\n{power(one, PLOT, top).framed(WIDTH, y + 16)}')
        y += 16 + TOP + PLOT + BOTTOM
    for place, (style, name) in enumerate(KEYS):
        x = LEFT + place * 150
        mark = f'<rect class="{style}" x="{x}" y="{y + 8}" width="18" height="12"/>'
        if not style.startswith("fill"):
            mark = f'<line class="{style}" x1="{x}" x2="{x + 18}" y1="{y + 14}" y2="{y + 14}"/>'
        parts.append(f'<g class="plot">{mark}<text x="{x + 24}" y="{y + 18}">{name}</text></g>')
    height = y + 32
    label = f"power of a workplace over a day, {called(above.policy)} and {called(below.policy)}"
    style = f"{colours('svg')}{STYLE}text {{ font: 12px system-ui, sans-serif }} .heading {{ font: 600 14px system-ui; fill: var(--fore) }}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">\n'
        f'<style>{style}</style>\n<rect width="{WIDTH}" height="{height}" style="fill: var(--back)"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "site.svg").write_text(picture(*studies()), encoding="utf-8")
