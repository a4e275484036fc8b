"""`python -m tools.fuzz [--schema NAME]... [--frames N] [--seed S] [--pure]`: a campaign over every schema, or those named.

Exit code 1 where a frame broke the codec (it is added to the regressions, so that the tests know it from then on), where a
rejection took too long or where memory grew.
"""

from __future__ import annotations

import argparse
import sys
import time
from random import SystemRandom

from iso15118.exi import plan
from iso15118.messages.catalogue import SCHEMAS
from tools.bench.measure import Goal, Progress, Row, Table, micro
from tools.fuzz.campaign import Found, campaign
from tools.fuzz.corpus import keep, seeds

LONGEST = 0.005
MOST = 8 * 2**20


def main() -> int:
    """Runs the campaign and prints its table."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description="Mutated frames against the codec.")
    parser.add_argument("--schema", choices=list(SCHEMAS), action="append", help="this set (may be given several times); default: all")
    parser.add_argument("--frames", type=int, default=10_000, metavar="N", help="per schema (default 10000)")
    parser.add_argument("--seed", type=int, help="the same seed gives the same frames; default: another one each time")
    parser.add_argument("--pure", action="store_true", help="without the compiled codec where it is built")
    options = parser.parse_args()
    seed = SystemRandom().randrange(2**32) if options.seed is None else options.seed
    if options.pure:
        plan.use(None)
    print(f"seed {seed}, {'pure' if plan.used() is None else 'compiled'} codec, {options.frames} frames a schema")
    progress, rows, goals, failed = Progress(), [], [], False
    for name, fragment, streams in seeds():
        if options.schema and name not in options.schema:
            continue
        label = f"{name}, fragments" if fragment else name
        began = time.perf_counter()
        found = campaign(
            SCHEMAS[name],
            streams,
            frames=options.frames,
            seed=seed,
            fragments=fragment,
            progress=lambda n, label=label: progress(f"{label}: {n} of {options.frames}"),  # type: ignore[misc]
        )
        rows.append(_row(label, found, time.perf_counter() - began))
        goals += [
            Goal(f"{label}: p99 of a rejection", found.rejection(0.99) * 1e3, LONGEST * 1e3, "ms"),
            Goal(f"{label}: memory grown", found.growth / 2**20, MOST / 2**20, "MB"),
        ]
        for stream, why in found.broken:
            failed = True
            keep(name, stream, why, fragment=fragment)
            print(f"BROKEN {label} {stream.hex()}: {why}", file=sys.stderr)
    progress()
    missed = tuple(goal for goal in goals if not goal.met)
    heads = ("schema", "frames", "read", "broken", "rejection p50 us", "p99 us", "longest us", "grown MB", "s")
    print(Table("fuzz", "what became of mutated streams", heads, tuple(rows), goals=missed).text())
    return 1 if failed or missed else 0


def _row(label: str, found: Found, seconds: float) -> Row:
    times = (micro(found.rejection(0.5)), micro(found.rejection(0.99)), micro(found.slowest[0]))
    grown = f"{found.growth / 2**20:.1f}"
    return Row((label, str(found.frames), str(found.accepted), str(len(found.broken)), *times, grown, f"{seconds:.1f}"))


if __name__ == "__main__":
    sys.exit(main())
