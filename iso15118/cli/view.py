"""The live view of a session on a terminal, and its summary as a table. The only module that needs `rich`, the extra `cli`.

`picture` is pure: a scene and a size give what is drawn. `LiveView` draws it again and again.
"""

from __future__ import annotations

from time import perf_counter, sleep
from typing import TYPE_CHECKING, Final

from iso15118.cli.chart import DIM, INTO, LABEL, OUT, gauge, labelled, power_bar, power_curve, soc_curve
from iso15118.cli.summary import Summary, clock, energies, facts
from iso15118.cli.watch import LADDER, Line, Scene, Watch
from iso15118.cli.words import AT_REST, direction
from iso15118.power import Limits
from iso15118.units import KW, KWH, Second, Watt

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.text import Text

WIDTH: Final = 76
HEIGHT: Final = 20
"""The smallest terminal that is drawn on."""
WIDEST: Final = 120
FRAME: Final[Second] = 1 / 12
BREATH: Final[Second] = 0.001
"""After the work of drawing: who else waits for the processor shall have it now, and not in the middle of an answer."""
ROOMY: Final = 60
"""Columns of the body from which an exchange is shown with its sizes."""
RUNGS: Final = 26
"""Columns of the ladder of phases."""


class LiveView:
    """The picture, drawn over itself at most `1 / FRAME` times a second."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self._console = console
        self._drawn = 0.0
        self._live: Live = Live(console=console, auto_refresh=False)
        self._live.start()

    def look(self, watch: Watch, *, now: bool = False) -> None:
        """Draw, if it is time to, or `now`."""
        if now or perf_counter() - self._drawn >= FRAME:
            self._draw(watch)
            sleep(BREATH)
            self._drawn = perf_counter()

    def close(self, watch: Watch | None) -> None:
        """Leave the last picture standing."""
        if watch is not None and watch.pair.charger is not None:
            self._draw(watch)
        self._live.stop()

    def _draw(self, watch: Watch) -> None:
        width, height = self._console.size
        self._live.update(picture(watch.scene(), width, height), refresh=True)


def live() -> LiveView | None:
    """A view on standard output; None where the terminal is too small, cannot move its cursor or has no blocks.

    Raises ImportError without `rich`.
    """
    from rich.console import Console

    console = Console()
    moves = console.is_terminal and not console.is_dumb_terminal and console.encoding.startswith("utf")
    if not moves or console.width < WIDTH or console.height < HEIGHT:
        return None
    return LiveView(console)


def picture(scene: Scene, width: int, height: int) -> RenderableType:
    """The scene on a terminal of this size, one line less high, so that the cursor has a place."""
    from rich import box
    from rich.panel import Panel
    from rich.table import Table

    width = min(width, WIDEST)
    rows = max(1, min(height - 3, 24))
    columns = max(20, width - 4 - RUNGS - 3)
    grid = Table.grid(padding=0)
    grid.add_column(width=RUNGS)
    grid.add_column(width=3)
    grid.add_column(width=columns)
    side, body = _ladder(scene, rows), _body(scene, columns, rows)
    for i in range(rows):
        grid.add_row(side[i] if i < len(side) else "", f"[{DIM}] │ [/]", body[i] if i < len(body) else "")
    told = " · ".join(word for word in (scene.service, scene.mode, f"{clock(scene.at)} of {scene.length / 60:g} min") if word)
    return Panel(
        grid,
        title="[bold]chargeloop[/] demo, virtual time",
        title_align="left",
        subtitle=told,
        subtitle_align="right",
        width=width,
        box=box.ROUNDED,
        border_style=DIM,
    )


def _ladder(scene: Scene, rows: int) -> list[Text]:
    """The phases: passed, present, to come. Where there is no room for all, those around the present one."""
    from rich.text import Text

    lines = []
    for phase in LADDER:
        if phase is scene.phase:
            lines.append(Text(f"▶ {phase}", "bold"))
        elif phase in scene.passed:
            lines.append(Text.assemble(("✔ ", INTO), (str(phase), DIM)))
        else:
            lines.append(Text(f"· {phase}", DIM))
    here = LADDER.index(scene.phase) if scene.phase in LADDER else len(LADDER)
    top = min(max(0, here - rows + 3), max(0, len(lines) - rows))
    return lines[top : top + rows]


def _body(scene: Scene, width: int, rows: int) -> list[Text]:
    """The figures, the curves, and in what is left the last exchanges."""
    from rich.text import Text

    tall = rows >= 22
    lines = [
        gauge(scene, width),
        power_bar(scene, width),
        labelled("Output", f"{scene.voltage:.1f} V  {scene.current:+.1f} A", _arrow(scene.power, brief=width < ROOMY)),
        labelled("Charger", _window(scene.ours)),
        labelled("Car", "-" if scene.theirs is None else _window(scene.theirs)),
        labelled("Set by", scene.shaped or "-"),
        labelled("Meter", f"{scene.charged / KWH:.3f} kWh in   {scene.discharged / KWH:.3f} kWh out"),
        Text(""),
        *power_curve(scene, width, 2 if tall else 1),
        *soc_curve(scene, width, 2 if tall else 1),
        Text(""),
    ]
    room = rows - len(lines)
    return lines + [_exchange(line, width) for line in scene.lines[-room:]]


def _window(limits: Limits) -> str:
    into = f"{limits.charge_current:.0f} A {limits.charge_power / KW:.0f} kW in"
    return f"{into}   {limits.discharge_current:.0f} A {limits.discharge_power / KW:.0f} kW out"


def _arrow(power: Watt, *, brief: bool) -> Text:
    from rich.text import Text

    if abs(power) < AT_REST:
        return Text("at rest", DIM)
    words = direction(power).replace("vehicle", "car") if brief else direction(power)
    return Text(f"{words} ▶▶", INTO) if power > 0 else Text(f"◀◀ {words}", OUT)


def _exchange(line: Line, width: int) -> Text:
    """A kind of exchange with its sizes and the charger's last answer time, or a remark."""
    from rich.text import Text

    if not line.count:
        return Text(f"{clock(line.at):{LABEL}}{line.text}", "yellow", no_wrap=True, overflow="ellipsis")
    times = f" ×{line.count}" if line.count > 1 else ""
    octets = f"{line.asked:>4} → {line.answered:>3} B" if width >= ROOMY else ""
    figures = f"{octets}{line.answer * 1e3:7.2f} ms"
    return labelled(clock(line.at), f"{line.text + times:{max(1, width - LABEL - len(figures))}}{figures}")


def show_summary(summary: Summary, console: Console | None = None) -> None:
    """The energies as a table, the other figures, the verdict."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = console or Console()
    heading, *rows = energies(summary)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(heading):
        table.add_column(name, justify="right" if i else "left")
    for row in rows:
        table.add_row(*row[:-1], f"[bold {INTO if row[-1] == 'OK' else 'red'}]{row[-1]}[/]")
    figures = Table.grid(padding=(0, 2))
    figures.add_column(style=DIM)
    for name, value in facts(summary):
        figures.add_row(name, value)
    verdict = Text(summary.verdict, f"bold {INTO if summary.ok else 'red'}")
    for part in (table, figures, "", verdict):
        console.print(part, highlight=False)
