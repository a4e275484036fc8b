"""`python -m tools.mutants [--seed N] [--count 60] [--jobs 2] [--document]`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tools.mutants.document import page
from tools.mutants.explained import EXPLAINED
from tools.mutants.nets import CHECKERS
from tools.mutants.run import trials
from tools.mutants.source import draw, everything

TARGET = Path(__file__).parents[2] / "docs" / "mutants.md"
ENOUGH = 0.9
"""Of the mutants, which the whole net has to find."""


def main() -> int:
    """Draws, plants, and lets the nets look. 1 where too many are found by nobody, or one that is not explained, or the net cries wolf."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants", description="Faults planted in guard and procedures, and who finds them."
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the draw (default 1)")
    parser.add_argument("--count", type=int, default=60, metavar="N", help="mutants (default 60)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="at a time (default: one a core)")
    parser.add_argument("--only", default="", metavar="WORD", help="those of the draw with this in their text")
    parser.add_argument("--document", action="store_true", help="write docs/mutants.md")
    options = parser.parse_args()
    drawn = [mutant for mutant in draw(options.seed, options.count) if options.only in str(mutant)]
    began, found, whole = time.monotonic(), [], True
    for done, each in enumerate(trials((*drawn, None), options.jobs), 1):
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
        if each.mutant is None:
            whole = not each.net
            if not whole:
                print(f"the code as it is, without a mutant: {each.net}: {each.what}")
            continue
        found.append(each)
        print(f"{each.net or 'NOBODY':7} line {everything()[each.mutant]:3} {each.mutant.operator:12} {each.mutant}", flush=True)
        print(f"        {each.what or EXPLAINED.get(str(each.mutant), 'not explained')}", flush=True)
        if sys.stderr.isatty():
            print(f"{done} of {len(drawn)}, {time.monotonic() - began:.0f} s", end="", file=sys.stderr, flush=True)
    missed = [each for each in found if not each.net]
    checked = sum(each.net in CHECKERS for each in found)
    known = all(str(each.mutant) in EXPLAINED for each in missed)
    print(f"{len(found)} mutants: {checked} found by the checkers, {len(found) - len(missed)} by the whole net, {len(missed)} by nobody")
    good = whole and known and len(found) - len(missed) >= ENOUGH * len(found)
    if options.document and not options.only and good:
        TARGET.write_text(page(options.seed, found), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
