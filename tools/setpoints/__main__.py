"""`python -m tools.setpoints [--ticks 1000000] [--seed N]`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tools.setpoints.run import Bench

STEP = 20_000


def main() -> int:
    """1 where the law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tools.setpoints", description="What a guard tells a supply, judged turn by turn.")
    parser.add_argument("--ticks", type=int, default=1_000_000, metavar="N", help="turns of 10 ms (default 1000000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of what happens (default 1)")
    options = parser.parse_args()
    bench = Bench(options.seed)
    for done in range(0, options.ticks, STEP):
        bench.run(min(STEP, options.ticks - done))
        if sys.stderr.isatty():
            print(f"\r\x1b[K{done + STEP} turns, {len(bench.law.violations)} violations", end="", file=sys.stderr, flush=True)
    into, out = bench.flowed
    print(f"{options.ticks} turns: {into} with a current in, {out} out; {bench.faults} faults; {len(bench.law.violations)} violations")
    for rule, times in Counter(each.rule for each in bench.law.violations).most_common():
        first = next(each for each in bench.law.violations if each.rule == rule)
        print(f"  {rule}: {times} times, first at {first.at:.2f} s")
    return 1 if bench.law.violations else 0


if __name__ == "__main__":
    sys.exit(main())
