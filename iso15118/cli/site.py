"""`chargeloop site ACTION`: which file an action is in."""

from __future__ import annotations

from argparse import Namespace


def run(arguments: Namespace) -> int:
    """Do it; the exit code."""
    match arguments.action:
        case "simulate":
            from iso15118.cli import site_study

            return site_study.simulated(arguments)
        case "compare":
            from iso15118.cli import site_study

            return site_study.compared(arguments)
        case "report":
            from iso15118.cli import site_report

            return site_report.run(arguments)
        case _:
            from iso15118.cli import site_study

            return site_study.hosted(arguments)
