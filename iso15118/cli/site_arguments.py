"""The arguments of `chargeloop site`: here and not beside the commands, so that help imports none of them."""

from __future__ import annotations

import argparse
from typing import Final

HELP: Final = "Sites of many outlets: what is planned, what was decided and why, simulated days and what they cost."
CAR: Final = "EVSE,KWH,HH:MM"


def add(parser: argparse.ArgumentParser) -> None:
    """Those of all actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    plan = actions.add_parser("plan", help="plan the next day of a site")
    plan.add_argument("file", metavar="SITE.toml", help="a site's file, with prices")
    plan.add_argument("--car", action="append", default=[], metavar=CAR, help="a car at this outlet wants so much until then (UTC)")
    plan.add_argument("--at", metavar="TIME", help="plan from this date and time on, in place of now")
    plan.add_argument("--policy", metavar="NAME", help="in place of that of the file")
    plan.add_argument("--json", action="store_true", help="the plan as JSON")
    explain = actions.add_parser("explain", help="what set the power of an outlet at a time")
    explain.add_argument("log", metavar="LOG", help="what `log` names in a site's file")
    explain.add_argument("evse", metavar="EVSE", help="the outlet's name")
    explain.add_argument("time", metavar="TIME", help="UTC: 02:15 or 02:15:30, the last one in the log, or a date and time")
    replay = actions.add_parser("replay", help="live a site's log again: exit code 1 if a second decides otherwise, or the log breaks off")
    replay.add_argument("log", metavar="LOG", help="what `log` names in a site's file")
    add_study(actions)
    add_report(actions)


def add_study(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What is simulated: `site_study`."""
    simulate = actions.add_parser("simulate", help="days of a site under one policy", description=_SIMULATE)
    simulate.add_argument("scenario", metavar="SCENARIO", help="such as workplace; a wrong name tells which there are")
    simulate.add_argument(
        "--policy", default="planner", metavar="NAME", help="of a station's policies, or planner, foreseen, perfect (planner)"
    )
    _common(simulate)
    simulate.add_argument("--resolution", choices=("1s", "15min"), default="15min", help="steps of plans, or each second (15min)")
    simulate.add_argument("--csv", metavar="DIR", help="series and visits of one's own (docs/scenarios.md)")
    simulate.add_argument("--json", metavar="FILE", help="write the whole run")
    simulate.add_argument("--html", metavar="FILE", help="write the run as one web page")
    compare = actions.add_parser("compare", help="a planner beside what it is measured against", description=_COMPARE)
    compare.add_argument("scenario", metavar="SCENARIO")
    _common(compare)
    compare.add_argument("--csv", metavar="DIR", help="series and visits of one's own (docs/scenarios.md)")
    compare.add_argument("--html", metavar="FILE", help="write the planned days, beside the others, as one web page")
    hosting = actions.add_parser("hosting", help="how many cars a connection carries", description=_HOSTING)
    hosting.add_argument("scenario", metavar="SCENARIO|SITE.toml", help="of a site's file, the limit of its connection")
    hosting.add_argument("--cars", default="workplace", metavar="SCENARIO", help="whose cars and other load come to SITE.toml (workplace)")
    hosting.add_argument("--limit", type=_kilowatts, metavar="KW", help="of the connection, in place of the scenario's")
    hosting.add_argument("--days", type=_count, default=20, metavar="N", help="each of its own seed (20)")
    hosting.add_argument("--plain", action="store_true", help="lines of text: no colours, no moving view")


def add_report(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What is shown of it: `site_report`."""
    report = actions.add_parser("report", help="one web page of simulated days", description=_REPORT)
    report.add_argument("documents", nargs="+", metavar="DOC.json", help="what `site simulate --json` has written")
    report.add_argument("-o", "--output", required=True, metavar="FILE.html", help="the page")


def _common(action: argparse.ArgumentParser) -> None:
    action.add_argument("--seed", type=_count, default=1, metavar="N", help="what chance begins with (1)")
    action.add_argument("--days", type=_count, metavar="N", help="as many as the scenario has by default")
    action.add_argument("--plain", action="store_true", help="lines of text: no colours, no moving view")


_SIMULATE = """Simulates a site: cars that come and go, load, sun, prices, and a controller that knows forecasts only. Exit code 1 if a
limit was exceeded that could have been kept."""
_COMPARE = "The same days unmanaged, in equal shares, planned, and with everything known in advance: cost, peak, service."
_REPORT = """Power, prices, costs, outlets, cars and lines of the same days under one policy or several, as a page that needs nothing else.
It is about the first document that is no baseline (unmanaged, equal_share, perfect), and compares it with the others."""
_HOSTING = """The most cars with which 99 of 100 days break no limit and 99 of 100 departures are satisfied: unmanaged, in equal shares, and
planned, on days of a scenario whose cars are multiplied."""


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _kilowatts(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no power in kW")
    return value * 1e3
