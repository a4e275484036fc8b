"""Pictures of runs as SVG: what a site draws over time, policy above policy on the same scale, and the price below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from iso15118.units import HOUR

WIDTH: Final = 900
LEFT: Final = 56
PANEL: Final = 170
STRIP: Final = 60
GAP: Final = 34
DAYS: Final = 3
COLOURS: Final = {"load": "#9aa5b1", "cars": "#2f7ed8", "batteries": "#3aa76d", "pv": "#e8b93b", "grid": "#1c2733", "limit": "#c43d3d"}


def picture(title: str, runs: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Documents of `results` of the same scenario, each with its name, as one SVG: their first three days."""
    runs = [(name, _first(document)) for name, document in runs]
    stacks = [_stacked(document) for _, document in runs]
    top = max(max(max(stack["grid"]), *(a + b + c for a, b, c in zip(*_up(stack), strict=True))) for stack in stacks)
    low = min(min(0.0, *stack["grid"], *(-x for x in stack["pv"])) for stack in stacks)
    limits = [limit for limit in runs[0][1]["series"]["limit"] if limit is not None]
    top = max(top, min(max(limits), 1.2 * top) if limits else 0.0) * 1.05
    height = 40 + len(runs) * (PANEL + GAP) + STRIP + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12" fill="#1c2733">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    at = 40
    for (name, document), stack in zip(runs, stacks, strict=True):
        parts += _panel(
            at, f"{name}: {document['figures']['cost']:.0f} EUR, peak {document['figures']['peak_kw']:.0f} kW", document, stack, top, low
        )
        at += PANEL + GAP
    parts += _prices(at, runs[0][1])
    parts += _legend(height - 12)
    return "\n".join([*parts, "</svg>", ""])


def _first(document: dict[str, Any]) -> dict[str, Any]:
    """What a document tells of its first days."""
    count = round(DAYS * 24.0 * HOUR / document["step"])
    cut = {"series": {name: values[:count] for name, values in document["series"].items()}}
    for kind in ("evses", "batteries"):
        cut[kind] = {name: {"power": unit["power"][:count]} for name, unit in document[kind].items()}
    return document | cut


def _stacked(document: dict[str, Any]) -> dict[str, list[float]]:
    """kW of each kind."""
    series, count = document["series"], len(document["series"]["grid"])

    def total(units: dict[str, Any]) -> list[float]:
        return [sum(unit["power"][k] for unit in units.values()) / 1e3 for k in range(count)]

    kinds = {name: [value / 1e3 for value in series[name]] for name in ("load", "pv", "grid")}
    return kinds | {"cars": total(document["evses"]), "batteries": total(document["batteries"])}


def _up(stack: dict[str, list[float]]) -> tuple[list[float], list[float], list[float]]:
    cars, batteries = ([max(0.0, value) for value in stack[name]] for name in ("cars", "batteries"))
    return stack["load"], cars, batteries


def _x(k: float, count: int) -> float:
    return LEFT + (WIDTH - LEFT - 10) * k / count


def _area(lower: Sequence[float], upper: Sequence[float], zero: float, unit: float, colour: str) -> str:
    """A filled band in steps."""
    there, back = _steps(upper, zero, unit), _steps(lower[::-1], zero, unit, back=True)
    return f'<path d="M{there}L{back}Z" fill="{colour}" fill-opacity="0.75"/>'


def _line(values: Sequence[float], zero: float, unit: float, style: str) -> str:
    return f'<path d="M{_steps(values, zero, unit)}" fill="none" {style}/>'


def _steps(values: Sequence[float], zero: float, unit: float, *, back: bool = False) -> str:
    """A curve in steps, from left to right or back: of what is equal, the ends only."""
    count = len(values)
    heights = [f"{zero - unit * value:.1f}" for value in values]
    parts = [f"{_x(count if back else 0, count):.1f},{heights[0]}"]
    for k in range(1, count):
        if heights[k] != heights[k - 1]:
            parts.append(f"H{_x(count - k if back else k, count):.1f}V{heights[k]}")
    return "".join([*parts, f"H{_x(0 if back else count, count):.1f}"])


def _panel(at: float, name: str, document: dict[str, Any], stack: dict[str, list[float]], top: float, low: float) -> list[str]:
    unit = PANEL / (top - low)
    zero = at + unit * top
    nothing = [0.0] * len(stack["grid"])
    parts = [f'<text x="{LEFT}" y="{at - 4}">{escape(name)}</text>']
    for kw in _ticks(low, top):
        y = zero - unit * kw
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e7eb"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{kw:g}</text>')
    lower = nothing
    for kind, values in zip(("load", "cars", "batteries"), _up(stack), strict=True):
        upper = [a + b for a, b in zip(lower, values, strict=True)]
        parts.append(_area(lower, upper, zero, unit, COLOURS[kind]))
        lower = upper
    lower = nothing
    for kind, values in (("pv", stack["pv"]), ("cars", stack["cars"]), ("batteries", stack["batteries"])):
        upper = [a - (b if kind == "pv" else max(0.0, -b)) for a, b in zip(lower, values, strict=True)]
        clipped = [max(low, value) for value in upper]
        parts.append(_area([max(low, value) for value in lower], clipped, zero, unit, COLOURS[kind]))
        lower = upper
    parts.append(_line(stack["grid"], zero, unit, f'stroke="{COLOURS["grid"]}" stroke-width="1.2"'))
    limits = [min(top, (limit if limit is not None else 1e12) / 1e3) for limit in document["series"]["limit"]]
    if min(limits) < top:
        parts.append(_line(limits, zero, unit, f'stroke="{COLOURS["limit"]}" stroke-dasharray="5 3"'))
    return parts


def _ticks(low: float, top: float) -> list[float]:
    step = next(
        step for exponent in range(-2, 7) for step in (10.0**exponent, 2 * 10.0**exponent, 5 * 10.0**exponent) if (top - low) / step <= 6
    )
    first = int(low / step) - 1
    return [k * step for k in range(first, int(top / step) + 1) if low <= k * step <= top]


def _prices(at: float, document: dict[str, Any]) -> list[str]:
    prices = document["series"]["import_price"]
    low, top = min(0.0, *prices), max(prices) * 1.05
    unit = STRIP / (top - low)
    count, step, start = len(prices), document["step"], document["start"]
    parts = [f'<text x="{LEFT}" y="{at - 4}">import price, {top / 1.05:.2f} EUR/kWh at most</text>']
    parts.append(_line(prices, at + STRIP + unit * low, unit, 'stroke="#7a4fb5" stroke-width="1.2"'))
    for k in range(count + 1):
        moment = start + k * step
        if moment % (12 * HOUR) == 0.0:
            label = datetime.fromtimestamp(moment, UTC).strftime("%a %Hh")
            parts.append(f'<text x="{_x(k, count):.1f}" y="{at + STRIP + 14}" text-anchor="middle" font-size="10">{label}</text>')
    return parts


def _legend(y: float) -> list[str]:
    names = {"load": "other load", "cars": "cars", "batteries": "battery", "pv": "photovoltaics", "grid": "grid", "limit": "limit"}
    parts = []
    for number, (kind, name) in enumerate(names.items()):
        x = LEFT + 120 * number
        parts.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{COLOURS[kind]}"/><text x="{x + 14}" y="{y}">{name}</text>')
    return parts
