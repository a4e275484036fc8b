"""What the view draws of block characters: gauge, bar and curves. Pure: a scene and a width give lines. Needs `rich`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from iso15118.cli.watch import POINTS, Scene
from iso15118.cli.words import AT_REST
from iso15118.units import KW, Watt

if TYPE_CHECKING:
    from rich.text import Text

INTO, OUT, DIM = "green", "magenta", "bright_black"
BARS: Final = " ▁▂▃▄▅▆▇█"
HANGING: Final = " ▔▔▀▀▀▀██"
LABEL: Final = 9


def labelled(label: str, *words: str | Text) -> Text:
    """One line of the body: what it is, and what there is to say."""
    from rich.text import Text

    text = Text(f"{label:{LABEL}}", DIM, end="", no_wrap=True, overflow="ellipsis")
    for i, word in enumerate(words):
        text.append("   " if i else "")
        text.append(word if isinstance(word, Text) else Text(word, "default"))
    return text


def gauge(scene: Scene, width: int) -> Text:
    """The battery: full blocks for what it holds, a mark where it began."""
    from rich.text import Text

    size = width - LABEL - 9
    filled, began = round(size * scene.soc / 100), min(size - 1, round(size * scene.soc_start / 100))
    cells = "█" * filled + "░" * (size - filled)
    cells = cells[:began] + ("▓" if began < filled else "▏") + cells[began + 1 :]
    text = labelled("Battery", f"{scene.soc:5.1f} %  ")
    text.append(Text(cells[:filled], INTO))
    text.append(Text(cells[filled:], DIM))
    return text


def power_bar(scene: Scene, width: int) -> Text:
    """A bar from the middle, to the right into the vehicle, to the left out of it. The ends are what the charger can do at all; shaded
    is what the present limits leave of it."""
    from rich.text import Text

    half = (width - LABEL - 9 - 1) // 2

    def cells(power: Watt, rated: Watt) -> int:
        return min(half, round(half * power / max(rated, 1.0))) if power >= AT_REST else 0

    left, right = cells(-scene.power, scene.rated.discharge_power), cells(scene.power, scene.rated.charge_power)
    low = max(left, cells(scene.ours.discharge_power, scene.rated.discharge_power))
    high = max(right, cells(scene.ours.charge_power, scene.rated.charge_power))
    text = labelled("Power", f"{scene.power / KW:+5.1f} kW ")
    text.append(_bars(" " * (half - low) + "░" * (low - left), DIM))
    text.append(Text("█" * left, OUT))
    text.append(Text("│"))
    text.append(Text("█" * right, INTO))
    text.append(Text("░" * (high - right), DIM))
    return text


def _samples(scene: Scene, columns: int) -> list[tuple[Watt, float]]:
    """The curve at `columns` points over the session's length, as far as it has come."""
    picked = [i * POINTS // columns for i in range(columns)]
    return [scene.curve[i] for i in picked if i < len(scene.curve)]


def power_curve(scene: Scene, width: int, rows: int) -> list[Text]:
    """Above the axis into the vehicle, below it out; `rows` each way."""

    samples = _samples(scene, width - LABEL)
    top = max([1.0, *(abs(power) for power, _ in samples)])
    steps = [round(power / top * rows * 8) for power, _ in samples]
    lines = []
    for i in range(rows, 0, -1):  # upwards
        cells = "".join(BARS[min(8, max(0, step - (i - 1) * 8))] for step in steps)
        lines.append(labelled(f"+{top / KW:.0f} kW" if i == rows else "", _bars(cells, INTO)))
    for i in range(1, rows + 1):  # downwards: the glyphs that hang from the top are few
        cells = "".join(HANGING[min(8, max(0, -step - (i - 1) * 8))] for step in steps)
        lines.append(labelled(f"-{top / KW:.0f} kW" if i == rows else "", _bars(cells, OUT)))
    return lines


def _bars(cells: str, style: str) -> Text:
    """The glyphs in their colour, gaps between them in none: what is drawn to scale elsewhere (SVG) then keeps its place."""
    from rich.text import Text

    text = Text()
    for run in re.findall(r" +|[^ ]+", cells):
        text.append(run, None if run[0] == " " else style)
    return text


def soc_curve(scene: Scene, width: int, rows: int) -> list[Text]:
    """State of charge, between its lowest and its highest."""

    socs = [soc for _, soc in _samples(scene, width - LABEL)]
    low, high = (min(socs), max(socs)) if socs else (scene.soc, scene.soc)
    steps = [1 + round((soc - low) / max(high - low, 1.0) * (rows * 8 - 1)) for soc in socs]
    lines = []
    for i in range(rows, 0, -1):
        cells = "".join(BARS[min(8, max(0, step - (i - 1) * 8))] for step in steps)
        label = f"{low:.0f}-{high:.0f} %" if rows == 1 else f"{high if i == rows else low:.0f} %"
        lines.append(labelled(label, _bars(cells, "cyan")))
    return lines
