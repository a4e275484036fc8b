"""Fills the scenario table (build/study/table.jsonl; what is there is kept) and writes docs/scenarios.md from it.

python tools/study.py                 run what is missing, then write
python tools/study.py --write         write from what is there
python tools/study.py --fresh         begin anew
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import monotonic

from iso15118.study.page import write
from iso15118.study.scenarios import NAMES
from iso15118.study.table import fill_table, tasks

ROOT = Path(__file__).parents[1]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="runs of each scenario at the resolution of plans")
    parser.add_argument("--proofs", type=int, default=3, help="runs of each scenario second by second")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES), help="scenarios")
    parser.add_argument("--file", type=Path, default=ROOT / "build" / "study" / "table.jsonl")
    parser.add_argument("--write", action="store_true", help="run nothing")
    parser.add_argument("--fresh", action="store_true", help="forget what is there")
    told = parser.parse_args()
    wanted = list(tasks(told.seeds, told.proofs, tuple(told.only)))
    if told.fresh:
        told.file.unlink(missing_ok=True)
    if not told.write:
        began = monotonic()

        def progress(count: int, total: int) -> None:
            sys.stderr.write(f"\r{count} of {total} runs, {(monotonic() - began) / 60.0:.0f} min ")
            sys.stderr.flush()

        fill_table(told.file, wanted, told.jobs, progress)
        sys.stderr.write("\n")
    write(ROOT / "docs", told.file, wanted)


if __name__ == "__main__":
    main()
