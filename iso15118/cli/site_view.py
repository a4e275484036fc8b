"""The live view of a site's day on a terminal. Needs `rich`, the extra `cli`.

`picture` is pure: a scene and a width give what is drawn. `LiveSite` draws it again and again.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from iso15118.cli.chart import BARS, DIM, INTO, OUT
from iso15118.units import KW, Second, Watt

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from iso15118.cli.site_demo import Car, Scene

WIDTH: Final = 90
HEIGHT: Final = 20
"""The smallest terminal that is drawn on."""
WIDEST: Final = 120
FRAME: Final[Second] = 1 / 8
BAR: Final = 8
"""Columns of each half of a car's power."""
COLUMNS: Final = (
    ("outlet", 9, False),
    ("kW", 5, True),
    ("gives    takes", 2 * BAR + 1, False),
    ("may", 5, True),
    ("battery", 16, False),
    ("until", 5, True),
)
"""Name, width, to the right?"""


class LiveSite:
    """The picture, drawn over itself at most `1 / FRAME` times a second."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self._console = console
        self._drawn = 0.0
        self._scene: Scene | None = None
        self._live: Live = Live(console=console, auto_refresh=False)
        self._live.start()

    def look(self, scene: Scene) -> None:
        """Draw, if it is time to."""
        self._scene = scene
        if perf_counter() - self._drawn >= FRAME:
            self._draw(scene)
            self._drawn = perf_counter()

    def close(self) -> None:
        """Leave the last picture standing."""
        if self._scene is not None:
            self._draw(self._scene)
        self._live.stop()

    def _draw(self, scene: Scene) -> None:
        self._live.update(picture(scene, self._console.width), refresh=True)


def live() -> LiveSite | None:
    """A view on standard output; None where the terminal is too small, cannot move its cursor or has no blocks.

    Raises ImportError without `rich`.
    """
    from rich.console import Console

    console = Console()
    moves = console.is_terminal and not console.is_dumb_terminal and console.encoding.startswith("utf")
    return LiveSite(console) if moves and console.width >= WIDTH and console.height >= HEIGHT else None


def picture(scene: Scene, width: int) -> RenderableType:
    """The scene on a terminal of this width."""
    from rich import box
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    from iso15118.cli.site_demo import clock

    width = min(width, WIDEST)
    table = Table(box=None, padding=(0, 1, 0, 0), header_style=DIM, show_edge=False)
    rest = width - 4 - sum(columns + 1 for _, columns, _ in COLUMNS)
    for name, columns, right in (*COLUMNS, ("", rest, False)):
        table.add_column(name, width=columns, justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
    for car in scene.cars:
        if car.there:
            told = Text.assemble((f"{car.mode:<12}", DIM), car.why if car.state == "waits" else car.state)
            may = f"{car.allowed / KW:+.1f}"
            table.add_row(car.name, f"{car.power / KW:+.1f}", _power(car.power), may, _battery(car), clock(car.leaves), told)
        else:
            table.add_row(Text(car.name, DIM), "", Text(" " * BAR + "·", DIM))
    size = width - 34
    facts = Text.assemble(
        (f"{'Grid':9}", DIM),
        f"{scene.grid / KW:6.1f} of {scene.limit / KW:g} kW  ",
        _share(scene.grid, scene.limit, size),
        "\n",
        (f"{'Site':9}", DIM),
        f"load {scene.load / KW:.1f} kW   sun {scene.sun / KW:.1f} kW   {scene.price:.3f} EUR/kWh\n",
        (f"{'Day':9}", DIM),
        _day(scene, width - 13),
        "\n",
        (f"{'Sessions':9}", DIM),
        f"{scene.messages} messages   schedules anew {scene.renegotiated} times   policy {scene.policy}\n",
    )
    return Panel(
        Group(facts, table),
        title=f"[bold]chargeloop[/] demo, {clock(scene.at)}",
        title_align="left",
        subtitle=f"1 s of the sessions = {scene.pace:g} s of the site",
        subtitle_align="right",
        width=width,
        box=box.ROUNDED,
        border_style=DIM,
    )


def _power(power: Watt, most: Watt = 11_040.0) -> Text:
    """A bar from the middle: to the right into the car, to the left out of it."""
    from rich.text import Text

    cells = min(BAR, round(BAR * abs(power) / most))
    if power < 0.0:
        return Text.assemble(" " * (BAR - cells), ("█" * cells, OUT), ("·", DIM), " " * BAR)
    return Text.assemble(" " * BAR, ("·", DIM), ("█" * cells, INTO), " " * (BAR - cells))


def _battery(car: Car) -> Text:
    """Ten cells, a mark at the target."""
    from rich.text import Text

    full, mark = round(car.soc / 10), min(9, int(car.target / 10))
    cells = "".join("█" if i < full else "▏" if i == mark else "░" for i in range(10))
    return Text.assemble((cells[:full], INTO), (cells[full:], DIM), f" {car.soc:3.0f} %")


def _share(power: Watt, limit: Watt, size: int) -> Text:
    """How much of the limit is used."""
    from rich.text import Text

    cells = max(0, min(size, round(size * power / limit))) if limit else 0
    return Text.assemble(("█" * cells, "blue" if power <= 0.97 * limit else "red"), ("░" * (size - cells), DIM))


def _day(scene: Scene, size: int) -> Text:
    """What the connection gave in each step so far."""
    from rich.text import Text

    steps = min(size, max(len(scene.history), round((scene.end - scene.start) / 900.0)))
    cells = [BARS[max(0, min(len(BARS) - 1, round((len(BARS) - 1) * power / scene.limit)))] for power in scene.history[-steps:]]
    return Text.assemble(("".join(cells), "blue"), ("·" * (steps - len(cells)), DIM))
