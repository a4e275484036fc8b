"""`python -m tools.tlscases [--only WORD] [--engine NAME] [--list] [--document]`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from iso15118.pki.tree import make_tree
from iso15118.service.tls.choose import candidates
from tools.tlscases.bench import charger
from tools.tlscases.cases import BOTH, CASES
from tools.tlscases.document import page
from tools.tlscases.run import Result, judge
from tools.tlscases.scripts import UNMET, scripts

TARGET = Path(__file__).parents[2] / "docs" / "tls_cases.md"
PROMPT = 0.1
"""The goal: s from the octet that is wrong to the alert."""


def main() -> int:
    """Plays them all and says what came of them. 1 where something is not as it has to be."""
    engines = dict(candidates())
    parser = argparse.ArgumentParser(prog="python -m tools.tlscases", description="The charger's TLS against cases of tlsfuzzer.")
    parser.add_argument("--only", metavar="WORD", default="", help="cases with this in the name of their script or their own")
    parser.add_argument("--engine", choices=engines, help="this one alone; default: all that are installed")
    parser.add_argument("--list", action="store_true", help="say which cases there are, and play none")
    parser.add_argument("--document", action="store_true", help="write docs/tls_cases.md, and play none")
    options = parser.parse_args()
    if options.document:
        TARGET.write_text(page(), encoding="utf-8")
        return 0
    wanted = [case for case in CASES if options.only in case.script or options.only in case.what]
    if options.list or not wanted:
        for name, cases in scripts().items():
            print(f"{name}: {len(cases)} cases" if cases else f"{name}: left out")
        return 0 if options.list else 2
    results: list[Result] = []
    for name, make in engines.items():
        if options.engine in (None, name):
            results += _all(name, make(), wanted)
    wrong, slowest = [result for result in results if result.problem], max(result.seconds for result in results)
    print(f"{len(results)} played, {len(wrong)} not as it has to be; the longest time to an alert {slowest * 1e3:.1f} ms")
    if slowest > PROMPT:
        print(f"goal MISSED: at most {PROMPT * 1e3:.0f} ms")
    return 1 if wrong else 0


def _all(name: str, engine: object, wanted: list) -> list[Result]:  # type: ignore[type-arg]
    results = []
    for curve in BOTH:
        tree = make_tree(curve, now=datetime.now(UTC))
        with charger(engine, tree) as listening:  # type: ignore[arg-type]
            for case in wanted:
                if curve not in case.curves or (name, case.script) in UNMET:
                    continue
                result = judge(case, listening, tree, curve)
                results.append(result)
                if sys.stderr.isatty():
                    print(f"\r\x1b[K{name}, {curve}: {case.script}", end="", file=sys.stderr, flush=True)
                if result.problem:
                    print(f"{name}, {curve}: {case.script}: {case.what}: {result.problem}")
    return results


if __name__ == "__main__":
    sys.exit(main())
