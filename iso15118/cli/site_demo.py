"""`chargeloop demo --site workplace`: a day of ten cars with real sessions on a small connection, led by plans, next to the day unmanaged.

Everything between cars and outlets is real, as in the other demo; the unmanaged day is simulated without sessions. What is shown is looked
at, never steered by.
"""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from iso15118.cli.report import writable, write
from iso15118.errors import LocalError
from iso15118.grid.policies import policy
from iso15118.session.services import ControlMode
from iso15118.study.live import PACE, Live, played
from iso15118.study.metrics import Row, row
from iso15118.study.record import Record
from iso15118.study.results import document
from iso15118.study.run import simulate
from iso15118.study.scenarios import Scenario
from iso15118.study.showcase import showcase
from iso15118.units import HOUR, KW, Second, Watt

POLICY: Final = "v2h_backup"
BASELINES: Final = ("unmanaged", "equal_share")
SEED: Final = 1
SHOWN: Final[Second] = 40.0
"""Real seconds in which the day is shown."""
MOVES: Final[Watt] = 100.0
"""Below it nothing flows."""
FIGURES: Final = (
    ("cost, EUR", "cost", 2),
    ("  energy", "energy_cost", 2),
    ("  demand charge of the day", "demand_cost", 2),
    ("  wear of cars that gave", "wear_cost", 2),
    ("highest quarter of an hour, kW", "peak_kw", 1),
    ("above the limits, kWh", "violation_kwh", 2),
    ("drivers satisfied, %", "satisfied", 0),
    ("given back by cars, kWh", "v2x_kwh", 1),
    ("own sun used, %", "self_consumption", 0),
)


class Car(NamedTuple):
    """An outlet at a moment."""

    name: str
    there: bool
    mode: str = ""
    state: str = ""
    power: Watt = 0.0
    allowed: Watt = 0.0
    soc: float = 0.0
    target: float = 0.0
    leaves: Second = 0.0
    why: str = ""


class Scene(NamedTuple):
    """The site at a moment. Powers + into the site and the cars."""

    at: Second
    start: Second
    end: Second
    pace: float
    grid: Watt
    limit: Watt
    load: Watt
    sun: Watt
    price: float
    cars: tuple[Car, ...]
    messages: int
    renegotiated: int
    history: tuple[Watt, ...]
    """At the connection, in each step so far."""
    policy: str


class Board(Protocol):
    """Where the day is shown."""

    def look(self, scene: Scene) -> None:
        """A moment of it."""

    def close(self) -> None:
        """It is over."""


class Lines:
    """A line of text each hour."""

    def __init__(self) -> None:
        self._next: Second | None = None

    def look(self, scene: Scene) -> None:
        """If an hour has passed."""
        if self._next is None:
            write(heading(scene))
            self._next = scene.start + HOUR
        if scene.at >= self._next:
            self._next += HOUR
            write(line_of(scene))

    def close(self) -> None:
        """Nothing is left to say."""


def heading(scene: Scene) -> str:
    """What is shown, and how fast."""
    return (
        f"{len(scene.cars)} outlets on {scene.limit / KW:g} kW, policy {scene.policy}; "
        f"one second of the sessions is {scene.pace:g} s of the site, batteries are as many times smaller"
    )


def line_of(scene: Scene) -> str:
    """The site in one line."""
    there = [car for car in scene.cars if car.there]
    charging, giving = sum(car.power > MOVES for car in there), sum(car.power < -MOVES for car in there)
    return (
        f"{clock(scene.at)}  grid {scene.grid / KW:5.1f} of {scene.limit / KW:g} kW  "
        f"load {scene.load / KW:4.1f}  sun {scene.sun / KW:4.1f}  cars {sum(car.power for car in there) / KW:+5.1f}  "
        f"{len(there):2} there, {charging} charging, {giving} giving back  {scene.price:.3f} EUR/kWh"
    )


def clock(moment: Second) -> str:
    """Of the site."""
    return time.strftime("%H:%M", time.gmtime(moment))


def scene_of(live: Live) -> Scene:
    """What is to be seen at this moment."""
    told, site, now = live.told, live.site, live.clock()
    cars = []
    for evse in told.site.evses:
        seat, budget = live.seats.get(evse.name), site.budgets.get(evse.name)
        charger = None if seat is None else seat.pair.charger
        if seat is None or charger is None or budget is None:
            cars.append(Car(evse.name, there=False))
            continue
        capacity, power = seat.stay.capacity, seat.power
        state = "charges" if power > MOVES else "gives back" if power < -MOVES else "waits"
        cars.append(
            Car(
                evse.name,
                there=True,
                mode="own profile" if seat.mode is ControlMode.SCHEDULED else "led, V2G" if seat.stay.discharge else "led",
                state=state if charger.session.phase.loop else str(charger.session.phase),
                power=power,
                allowed=budget.charge - budget.discharge,
                soc=100.0 * seat.stored / capacity,
                target=100.0 * seat.stay.target / capacity,
                leaves=seat.stay.declared,
                why=budget.why,
            )
        )
    seats = [seat.pair.charger for seat in live.seats.values() if seat.pair.charger is not None]
    return Scene(
        at=now,
        start=told.start,
        end=told.end,
        pace=live.pace,
        grid=live.flow.grid,
        limit=told.site.root.import_limit or 0.0,
        load=live.flow.load,
        sun=live.flow.sun,
        price=told.prices.import_price.at(now) or 0.0,
        cars=tuple(cars),
        messages=live.messages + sum(charger.messages_in + charger.messages_out for charger in seats),
        renegotiated=live.renegotiated + sum(site.renegotiated.get(name, 0) for name in live.seats),
        history=tuple(live.record.grid),
        policy=site.policy,
    )


def run(arguments: Namespace) -> int:
    """The day; 0 if every session ended in order and no limit was broken. Raises LocalError without the extra `grid`."""
    html = None if arguments.html is None else writable(arguments.html, "--html")
    board = None if arguments.json else _board(plain=arguments.plain)
    paced = not (arguments.fast or arguments.json)
    told = showcase(SEED)
    live, record, seconds = play(told, look=None if board is None else board.look, shown=SHOWN if paced else None)
    if board is not None:
        board.close()
    figures = {POLICY: row(told, record)}
    others = {name: simulate(told, policy(name)) for name in BASELINES}
    figures |= {name: row(told, other) for name, other in others.items()}
    ok = not live.unclean and not figures[POLICY]["violation_kwh"]
    if arguments.json:
        print(
            json.dumps(
                {"ok": ok, "messages": live.messages, "renegotiated": live.renegotiated, "unclean": live.unclean, "figures": figures}
            )
        )
    else:
        for line in summary(live, figures, seconds):
            write(line)
    if html is not None:
        _page(html, told, {POLICY: record, **others}, figures)
    return 0 if ok else 1


def play(told: Scenario, *, look: Callable[[Scene], None] | None, shown: Second | None) -> tuple[Live, Record, Second]:
    """The day, what was recorded of it, and how many real seconds it took. `shown`: in so many; None: as fast as it goes."""
    began = time.monotonic()
    live = played(
        told,
        POLICY,
        look=lambda live: None if look is None else look(scene_of(live)),
        speed=None if shown is None else (told.end - told.start) / PACE / shown,
    )
    return live, live.record, time.monotonic() - began


def summary(live: Live, figures: dict[str, Row], seconds: Second) -> list[str]:
    """The table of figures, and what the sessions were like."""
    names = [*BASELINES, POLICY]
    heads = ["", *(f"{name}" for name in names)]
    rows = [[title, *(_told(figures[name][key], digits) for name in names)] for title, key, digits in FIGURES]
    widths = [max(len(cells[i]) for cells in (heads, *rows)) for i in range(len(heads))]
    lines = ["", *("  ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]).rstrip() for cells in (heads, *rows))]
    count = len(live.record.outcomes)
    ended = "all ended in order" if not live.unclean else "; ".join(live.unclean)
    lines += [
        "",
        f"{POLICY}: {live.messages} messages in {count} sessions, {ended}; schedules negotiated anew {live.renegotiated} times; "
        f"in no second more than {live.highest / KW:.1f} kW; {seconds:.0f} s",
        f"{' and '.join(BASELINES)}: simulated without sessions",
    ]
    saved = float(figures["unmanaged"]["cost"] or 0.0) - float(figures[POLICY]["cost"] or 0.0)
    lines.append(f"{saved:.2f} EUR less than unmanaged")
    return lines


def _told(value: float | int | str | None, digits: int) -> str:
    return "-" if value is None else f"{float(value):.{digits}f}"


def _page(path: Path, told: Scenario, records: dict[str, Record], figures: dict[str, Row]) -> None:
    from iso15118.cli.site_report import save
    from iso15118.study.report.documents import study

    save(path, [study(document(told, name, record, figures[name])) for name, record in records.items()])


def _board(*, plain: bool) -> Board:
    """The live view on a terminal that is large enough, with `rich` installed; else lines."""
    import sys

    if not plain and sys.stdout.isatty():
        from iso15118.cli import site_view

        try:
            board = site_view.live()
        except ImportError:
            print("(for the live view: pip install 'chargeloop[cli]')")
        else:
            if board is not None:
                return board
    return Lines()


def check(arguments: Namespace) -> None:
    """Raises LocalError on options of the other demo beside a site."""
    for name in ("board", "minutes", "record", "pcap"):
        if getattr(arguments, name) is not None:
            raise LocalError(f"--{name} with --site; allowed: --fast, --plain, --json, --html")
