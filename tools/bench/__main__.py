"""`python -m tools.bench [--only codec|java|answer|tls|...] [--json FILE] [--repeats N] [--quick] [--check]`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tools.bench.measure import Progress, Table

BENCHES = ("codec", "java", "answer", "tls", "start", "pair", "site", "plan")
LONG = ("fleet", "tls_fleet", "board")
"""Take minutes and want the machine for themselves: only where they are asked for."""
CALLS = 2_000


def main() -> int:
    """Runs the benches and prints their tables. 1 where --check is given and a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="How fast, beside baselines of the same run.")
    parser.add_argument(
        "--only",
        choices=(*BENCHES, *LONG),
        action="append",
        help=f"this bench (may be given several times); default: all but {', '.join(LONG)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="of each measurement; the median is shown (default 5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: to see that it runs, not how fast")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    options = parser.parse_args()
    repeats, calls = max(1, options.repeats), CALLS // 10 if options.quick else CALLS
    progress, tables = Progress(), []
    print(f"Python {platform.python_version()}, {platform.machine()}; {time.strftime('%Y-%m-%d %H:%M')}")
    for name in (*BENCHES, *LONG):
        if name not in (options.only or BENCHES):
            continue
        bench: Callable[[int, int, Progress], Table] = import_module(f"tools.bench.{name}").bench
        table = bench(repeats, calls, progress)
        progress()
        print(f"\n{table.text()}", flush=True)
        tables.append(table)
    if options.json:
        about = {"python": platform.python_version(), "machine": platform.machine(), "time": time.time(), "repeats": repeats}
        options.json.write_text(json.dumps({"about": about, **{t.name: t.json() for t in tables}}, indent=1) + "\n", encoding="utf-8")
    missed = [goal for table in tables for goal in table.goals if not goal.met]
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
