"""`python -m tools.faults [--only WORD] [--document]`."""

from __future__ import annotations

import argparse
import logging
import sys
from itertools import product
from pathlib import Path

from tools.faults.catalogue import BREAKAGES
from tools.faults.document import cells, page, row
from tools.faults.play import PHASES

TARGET = Path(__file__).parents[2] / "docs" / "faults.md"


def main() -> int:
    """Plays all of them. 1 where one cell is not as its class says."""
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description="Every fault in every phase, and what becomes of metal.")
    parser.add_argument("--only", metavar="WORD", default="", help="faults with this in their name")
    parser.add_argument("--document", action="store_true", help="write docs/faults.md")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    rows, wrong = [], 0
    for breakage in BREAKAGES:
        if options.only not in breakage.name:
            continue
        found = cells(breakage)
        rows.append(row(breakage, found))
        print(rows[-1], flush=True)
        for (phase, discharging), each in zip(product(PHASES, (False, True)), found, strict=True):
            if problem := each.problem(breakage):
                wrong += 1
                print(f"  {phase.name}, {'discharging' if discharging else 'charging'}: {problem}")
    print(f"{len(rows) * len(PHASES) * 2} cells, {wrong} not as their class says")
    if options.document and not options.only and not wrong:
        TARGET.write_text(page(rows), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
