"""`chargeloop replay FILE`: live a recorded session again, and see that the same inputs make the same commands."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from iso15118.cli.report import say
from iso15118.service.replay import replay


def run(arguments: Namespace) -> int:
    """0 if every turn decides as recorded and the recording is whole, else 1. Raises LocalError on what is no recording."""
    result = replay(Path(arguments.file))
    who = f"{result.head.role} {result.head.name}".strip()
    verdict = "all decide as recorded" if result.equal else f"turn {result.different} decides otherwise"
    say(f"{who}: {result.turns} turns lived again, {verdict}; {result.session.phase} at the end")
    if result.remark:
        say(result.remark)
    return 0 if result.equal and result.complete else 1
