"""Walks cars against the charger: make walks ARGS="--walks 10000"

Each walk is made of its number, so that one that found something can be walked again: --first N --walks 1.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from iso15118.session.services import ControlMode, ServiceID
from tools.walks.walk import Result, walk

KINDS = tuple(
    (kind, mode)
    for kind in (ServiceID.DC, ServiceID.DC_BPT, ServiceID.MCS, ServiceID.MCS_BPT, ServiceID.AC, ServiceID.AC_BPT)
    for mode in ControlMode
)


def walked(number: int) -> tuple[int, Result]:
    """The walk of this number; the services and modes take turns."""
    kind, mode = KINDS[number % len(KINDS)]
    return number, walk(f"walk {number}", kind, mode)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.walks", description="random walks of misbehaving cars against the charger")
    parser.add_argument("--walks", type=int, default=10_000, help="how many (10000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
    arguments = parser.parse_args()
    began, phases, wrong, powered, gave = time.perf_counter(), Counter[str](), 0, 0, 0
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for number, result in pool.map(walked, range(arguments.first, arguments.first + arguments.walks), chunksize=50):
            phases.update(phase.name for phase in result.phases)
            powered += result.most > 5
            gave += result.least < -5
            for violation in result.violations:
                wrong += 1
                kind, mode = KINDS[number % len(KINDS)]
                print(f"walk {number} ({kind.name}, {mode.name}) at {violation.at:.2f} s: {violation.rule}")
    print(", ".join(f"{name} {count}" for name, count in phases.most_common()))
    seconds = time.perf_counter() - began
    print(f"{arguments.walks} walks in {seconds:.0f} s; charged in {powered}, discharged in {gave}; {wrong} violations")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
