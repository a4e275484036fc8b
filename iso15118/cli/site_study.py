"""`chargeloop site simulate | compare | hosting`: simulated days of a site. A table with `rich` where it is installed, else lines."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from iso15118.cli.report import writable, write
from iso15118.cli.site_picture import show
from iso15118.cli.site_report import save
from iso15118.errors import LocalError
from iso15118.grid.site import PHASES, VOLTAGE
from iso15118.study.baselines import STUDIED, planner, studied
from iso15118.study.hosting import MOST, Carried, most
from iso15118.study.metrics import SERVICE, Row, captured, row
from iso15118.study.proof import prove
from iso15118.study.report.costs import scorecard
from iso15118.study.report.documents import study
from iso15118.study.reserve import follow
from iso15118.study.results import document
from iso15118.study.run import Progress
from iso15118.study.scenarios import Scenario, scenario
from iso15118.study.table import FORESEEN, PERFECT, PLANNER, run
from iso15118.study.tables import read
from iso15118.units import KW, Watt

OFTEN: Final = 0.2
"""s between two signs of progress."""
COMPARED: Final = ("unmanaged", "equal_share", PLANNER, PERFECT)


def _told(arguments: Namespace) -> Scenario:
    told = scenario(arguments.scenario, arguments.seed, arguments.days)
    return told if arguments.csv is None else read(Path(arguments.csv), told)


def _progress(what: str, arguments: Namespace) -> Progress | None:
    """Says on a terminal how far it is."""
    if arguments.plain or not sys.stderr.isatty():
        return None
    began, last = monotonic(), 0.0

    def show(done: int, total: int) -> None:
        nonlocal last
        now = monotonic()
        if done == total:
            sys.stderr.write("\r\033[K")
        elif now - last > OFTEN:
            left = (now - began) / done * (total - done)
            sys.stderr.write(f"\r\033[K{what}: {100 * done // total} %, {left:.0f} s to go")
            last = now
        sys.stderr.flush()

    return show


def simulated(arguments: Namespace) -> int:
    """One policy; 1 if it broke a limit that it could have kept."""
    told = _told(arguments)
    known = (*STUDIED, PLANNER, FORESEEN, PERFECT)
    if arguments.policy not in known:
        raise LocalError(f"--policy {arguments.policy}: there is none of that name; there are: {', '.join(known)}")
    target = None if arguments.json is None else writable(arguments.json, "--json")
    page = None if arguments.html is None else writable(arguments.html, "--html")
    progress = _progress(f"{told.name}, {arguments.policy}", arguments)
    if told.name == "fcr" and arguments.policy == PLANNER and arguments.resolution == "1s":
        if target is not None or page is not None:
            raise LocalError("fcr --resolution 1s gives figures alone: leave --json and --html out")
        figures = follow(told, planner(told), progress=progress)
        _table(told, ["figure", "value"], [[name, _number(value)] for name, value in figures.items()], arguments)
        return 0
    if arguments.resolution == "1s":
        if arguments.policy in (FORESEEN, PERFECT):
            raise LocalError(f"--policy {arguments.policy} --resolution 1s: only in steps of plans")
        record, seconds = prove(told, planner(told) if arguments.policy == PLANNER else studied(arguments.policy), progress=progress)
    else:
        told, record = run(told, arguments.policy, progress)
        seconds = {}
    figures = {**row(told, record), **seconds}
    whole = document(told, arguments.policy, record, figures)
    if target is not None:
        target.write_text(json.dumps(whole), encoding="utf-8")
    seen = study(whole)
    show(seen, plain=arguments.plain)
    lines = [*scorecard([seen])[1:], *([name, _number(value)] for name, value in seconds.items())]
    _table(told, ["figure", arguments.policy], lines, arguments)
    if page is not None:
        save(page, [seen])
    return 1 if float(figures["violation_kwh"] or 0.0) > 0.0 else 0


def compared(arguments: Namespace) -> int:
    """A planner beside what it is measured against."""
    told = _told(arguments)
    page = None if arguments.html is None else writable(arguments.html, "--html")
    rows: dict[str, Row] = {}
    studies = []
    for policy in COMPARED:
        after, record = run(told, policy, _progress(f"{told.name}, {policy}", arguments))
        rows[policy] = row(after, record)
        if page is not None:
            studies.append(study(document(after, policy, record, rows[policy])))
    share, perfect = (float(rows[policy]["cost"] or 0.0) for policy in ("equal_share", PERFECT))
    lines = []
    for policy, figures in rows.items():
        cost = float(figures["cost"] or 0.0)
        part = captured(cost, share, perfect)
        fair = not figures["violation_kwh"] and float(figures["satisfied"] or 0.0) >= SERVICE
        got = "-" if part is None else f"{part:.1f} %" if fair else f"({part:.0f} %)"
        told_of = [_number(figures[name]) for name in ("cost", "peak_kw", "violation_kwh", "satisfied", "unserved_kwh")]
        lines.append([policy, *told_of, got])
    _table(
        told, ["policy", told.prices.currency, "peak kW", "over the limit kWh", "satisfied %", "unserved kWh", "captured"], lines, arguments
    )
    if any(line[-1].startswith("(") for line in lines):
        write(f"In brackets: it broke a limit, or satisfied less than {SERVICE:.0f} % of departures, and so scores nothing.")
    if page is not None:
        save(page, studies)
    return 0


def hosted(arguments: Namespace) -> int:
    """How many cars the connection carries, by policy."""
    name, limit = arguments.scenario, arguments.limit
    if name.endswith(".toml"):
        name, limit = arguments.cars, limit or _carried_by(Path(name))
    told = scenario(name, 1, 1)
    lines, found = [], {}
    for policy in ("unmanaged", "equal_share", PLANNER):
        looked = _looked(policy, arguments)
        best = most(name, policy, arguments.days, limit, looked)
        found[policy] = 0 if best is None else best.cars
        lines.append(
            [policy, _most(best), "-" if best is None else f"{100 * best.over:.0f}", "-" if best is None else f"{100 * best.satisfied:.1f}"]
        )
    _table(told, ["policy", "cars", "% of days over a limit", "% of departures satisfied"], lines, arguments)
    limit = limit or told.site.root.import_limit or 0.0
    write(
        f"On {arguments.days} days this connection of {limit / KW:g} kW carries {found['unmanaged']} cars unmanaged, "
        f"{found['equal_share']} in equal shares, {found[PLANNER]} planned."
    )
    return 0


def _carried_by(path: Path) -> Watt:
    """W that the connection of a site's file carries. Raises LocalError."""
    from iso15118.service.config.site import load

    root = load(path).site.root
    fuse = None if root.fuse is None else PHASES * VOLTAGE * root.fuse
    known = [limit for limit in (root.import_total, fuse) if limit is not None]
    if not known:
        raise LocalError(f"{path}: circuit {root.name} has no limit: it carries as many cars as come; or say one with --limit")
    return min(known)


def _most(best: Carried | None) -> str:
    return "0" if best is None else f"{best.cars} and more" if best.cars >= MOST // 2 else str(best.cars)


def _looked(policy: str, arguments: Namespace) -> Callable[[Carried], None] | None:
    if arguments.plain or not sys.stderr.isatty():
        return None

    def show(found: Carried) -> None:
        sys.stderr.write(f"\r\033[K{policy}: {found.cars} cars {'are carried' if found.enough else 'are too many'}")
        sys.stderr.flush()

    return show


def _number(value: float | int | str | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _table(told: Scenario, head: Sequence[str], lines: Sequence[Sequence[str]], arguments: Namespace) -> None:
    title = f"{told.title}, seed {told.seed}, {told.days:g} days"
    if not arguments.plain and sys.stdout.isatty():
        try:
            from rich.console import Console
            from rich.table import Table
        except ImportError:
            pass
        else:
            sys.stderr.write("\r\033[K")
            table = Table(title=title)
            for number, name in enumerate(head):
                table.add_column(name, justify="right" if number else "left")
            for line in lines:
                table.add_row(*line)
            Console().print(table)
            return
    widths = [max(len(line[k]) for line in (head, *lines)) for k in range(len(head))]
    write(title)
    for line in (head, *lines):
        write(
            "  ".join(
                word.rjust(width) if k else word.ljust(width) for k, (word, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
        )
