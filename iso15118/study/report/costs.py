"""What a policy costs beside others: the steps from one bill to the other as a picture, and figures of all as a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from iso15118.study.metrics import SERVICE, captured
from iso15118.study.report.documents import Study, called

PARTS: Final = (("energy_cost", "energy"), ("demand_cost", "demand charge"), ("wear_cost", "wear"), ("stored_cost", "stored"))
FIGURES: Final = (
    ("cost", "cost", "CURRENCY", 2),
    ("energy_cost", "of it energy", "CURRENCY", 2),
    ("demand_cost", "of it demand charge", "CURRENCY", 2),
    ("wear_cost", "of it wear of batteries", "CURRENCY", 2),
    ("stored_cost", "of it what is stored less than at the start", "CURRENCY", 2),
    ("peak_kw", "peak", "kW", 1),
    ("import_kwh", "from the grid", "kWh", 0),
    ("export_kwh", "to the grid", "kWh", 0),
    ("violation_kwh", "above limits", "kWh", 2),
    ("departures", "departures", "", 0),
    ("satisfied", "satisfied, of what was possible", "%", 1),
    ("satisfied_all", "satisfied, of all", "%", 1),
    ("unserved_kwh", "missing", "kWh", 1),
    ("self_consumption", "own use of the sun", "%", 0),
    ("v2x_kwh", "given by cars", "kWh", 1),
    ("cycles", "cycles of these cars", "", 2),
    ("jain", "fairness (Jain)", "", 3),
    ("changes_per_hour", "changes of set-points", "per hour", 1),
    ("waited_minutes", "waited", "min", 1),
    ("lost", "left without charging", "", 0),
    ("plan_ms", "a plan takes", "ms", 0),
)
"""Key, name, unit, decimals."""
_ROW: Final = 30


def told(study: Study, key: str, decimals: int) -> str:
    """A figure as text, never as a negative zero."""
    value = study.figures.get(key)
    return f"{round(value, decimals) + 0.0:.{decimals}f}" if isinstance(value, int | float) else "-"


def scorecard(studies: Sequence[Study]) -> list[list[str]]:
    """Rows of text: a head, then a figure each with its unit. Figures that nobody has, or that are 0 for all, are left out. In
    brackets: what a run would have captured that broke a limit or sent too many away short."""
    rows = [["", *(called(study.policy) for study in studies)]]
    for key, name, unit, decimals in FIGURES:
        if any(study.figures.get(key) for study in studies) or key == "violation_kwh":
            unit = studies[0].currency if unit == "CURRENCY" else unit
            rows.append([f"{name}, {unit}" if unit else name, *(told(study, key, decimals) for study in studies)])
    costs = {study.policy: study.total("cost") for study in studies}
    if {"equal_share", "perfect"} <= costs.keys():
        parts = [captured(cost, costs["equal_share"], costs["perfect"]) for cost in costs.values()]
        fair = [not study.total("violation_kwh") and study.total("satisfied") >= SERVICE for study in studies]
        words = ["-" if part is None else f"{part:.0f}" if holds else f"({part:.0f})" for part, holds in zip(parts, fair, strict=True)]
        rows.append(["captured of what can be saved, %", *words])
    return rows


def steps(before: Study, after: Study) -> list[tuple[str, float, float]]:
    """From one bill to the other: what it is, and from where to where. The first and the last begin at 0."""
    level = before.total("cost")
    made = [(called(before.policy), 0.0, level)]
    for key, name in PARTS:
        change = after.total(key) - before.total(key)
        if abs(change) >= 0.005:
            made.append((name, level, level + change))
            level += change
    return [*made, (called(after.policy), 0.0, after.total("cost"))]


def waterfall(before: Study, after: Study) -> str:
    """These steps as bars, what is saved and what is spent more in their own colours."""
    made = steps(before, after)
    levels = [level for _, begin, end in made[1:-1] for level in (begin, end)] + [made[0][2], made[-1][2]]
    least, most = min(levels), max(levels)
    low = least - 0.35 * (most - least) if least - 0.35 * (most - least) > 0.4 * most else min(0.0, least)
    high = max(0.0, most)
    room = (high - low) * 1.2 or 1.0  # what stands right of the longest bar

    def x(value: float) -> float:
        return 100.0 * (max(value, low) - low) / room

    rows = []
    for k, (name, begin, end) in enumerate(made):
        total = k in (0, len(made) - 1)
        y = k * _ROW
        style = "fill-idle" if k == 0 else "fill-car" if total else "fill-saved" if end < begin else "fill-spent"
        left, right = sorted((x(begin), x(end)))
        value = f"{end:.2f}" if total else f"{end - begin:+.2f}"
        rows.append(f'<text class="name end" x="-8" y="{y + 18}">{escape(name)}</text>')
        rows.append(f'<rect class="{style}" x="{left:.2f}%" width="{max(0.3, right - left):.2f}%" y="{y + 3}" height="{_ROW - 8}"/>')
        rows.append(f'<text class="name" x="{right:.2f}%" dx="6" y="{y + 18}">{value}</text>')
    zero = f'<line class="zero" x1="{x(0.0):.2f}%" x2="{x(0.0):.2f}%" y1="0" y2="{len(made) * _ROW}"/>' if low <= 0.0 else ""
    label = f"{after.currency}: " + ", ".join(f"{name} {end if begin == 0.0 else end - begin:.2f}" for name, begin, end in made)
    cut = f'<text x="0" y="{len(made) * _ROW + 14}">bars begin at {low:.0f} {escape(after.currency)}</text>' if low > 0.0 else ""
    return f'<svg class="plot" role="img" aria-label="{escape(label)}" height="{len(made) * _ROW}">\n{"".join(rows)}{zero}{cut}\n</svg>\n'
