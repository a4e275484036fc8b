"""`chargeloop hal check CONFIG.toml`: the metal of a charger, without a car."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from iso15118.cli.report import write
from iso15118.service.checkup import contradictions, examine
from iso15118.service.config import load_secc


def check(arguments: Namespace) -> int:
    """Each outlet, device by device; 0 where all is as it has to be, else 1. Raises LocalError for metal that cannot be had."""
    wrong = 0
    for evse in load_secc(Path(arguments.config)).station.evses:
        write(f"{evse.name}: board {evse.board.name}, family {evse.board.family}")
        against = list(contradictions(evse))
        for what in against:
            write(f"  NO   {what}")
        wrong += len(against)
        for found in examine(evse):
            mark = "NO " if found.problem else "yes"
            write(f"  {mark}  {found.device:10} {found.told}{f': {found.problem}' if found.problem else ''}")
            wrong += bool(found.problem)
    write("all as it has to be" if not wrong else f"{wrong} not as it has to be")
    return 1 if wrong else 0
