"""`python -m tools.trials [--trials 20] [--way WAY]`."""

from __future__ import annotations

import argparse
import sys

from tools.trials.run import OPEN, WAYS, ZERO, trials


def main() -> int:
    """The longest of each way. 1 where one was later than it may be."""
    parser = argparse.ArgumentParser(prog="python -m tools.trials", description="A charger that is gone, and its metal.")
    parser.add_argument("--trials", type=int, default=20, metavar="N", help="of each way, charging and discharging (default 20)")
    parser.add_argument("--way", choices=WAYS, action="append", help="this way (may be given several times); default: all")
    options = parser.parse_args()
    found = trials(tuple(options.way or WAYS), max(1, options.trials))
    print(f"{'way':10} {'A':>5} {'trials':>7} {'0 A, most s':>12} {'open, most s':>13}")
    for way in WAYS:
        for current in sorted({each.current for each in found if each.way == way}):
            some = [each for each in found if (each.way, each.current) == (way, current)]
            zero, opened = max(each.zero for each in some), max(each.open for each in some)
            print(f"{way:10} {current:+5.0f} {len(some):7} {zero:12.3f} {opened:13.3f}")
    late = [each for each in found if not each.good]
    print(f"{len(found)} trials, {len(late)} later than {ZERO:g} s to 0 A or {OPEN:g} s to an open contactor")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
