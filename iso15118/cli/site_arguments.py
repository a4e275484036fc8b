"""The arguments of `chargeloop site`: here and not beside the commands, so that help imports none of them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Final

HELP: Final = "Sites: what is planned, what was decided and why."
CAR: Final = "EVSE,KWH,HH:MM"


def add(parser: ArgumentParser) -> None:
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
