"""Which conformance cases no test names yet: python tools/conformance.py

Reads the markers in tests/ without running anything. `--pending` writes the cases that have neither a test nor a reason into the pending
list of tests/conformance/exceptions.toml, in place of what stands there; when nothing is missing the list is empty.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.conformance.cases import EXCEPTIONS, Case, read_cases, read_exceptions  # noqa: E402

ROWS = ("Row", "both")
"""What makes rows of the matrix; the first argument says the cases."""


def named(source: str) -> set[str]:
    """The case ids in the markers of a test file, and in the rows of the matrix."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    marks = [argument for call in calls if ast.unparse(call.func) == "pytest.mark.case" for argument in call.args]
    rows = [call.args[0] for call in calls if ast.unparse(call.func) in ROWS and call.args]
    return {id_ for argument in (*marks, *rows) if isinstance(argument, ast.Constant) for id_ in str(argument.value).split()}


def untested() -> list[Case]:
    """The cases without a test and without a reason, in order."""
    files = [*(ROOT / "tests").rglob("test_*.py"), ROOT / "tests" / "pair" / "matrix.py"]
    tested = set().union(*(named(path.read_text()) for path in files))
    reasons = read_exceptions().reasons
    return [case for case in read_cases().values() if case.id not in tested and case.id not in reasons]


def main() -> int:
    parser = argparse.ArgumentParser(description="conformance cases that no test names yet")
    parser.add_argument("--pending", action="store_true", help="write them into tests/conformance/exceptions.toml as pending")
    arguments = parser.parse_args()
    missing = untested()
    for case in missing:
        print(f"{case.id}  {case.role:4}  {case.statement}")
    print(f"{len(missing)} of {len(read_cases())} cases have neither a test nor a reason")
    if arguments.pending:
        ids = "".join(f'\n    "{case.id}",' for case in missing)
        text = re.sub(r"^pending = \[.*?\]", f"pending = [{ids}{chr(10) if ids else ''}]", EXCEPTIONS.read_text(), flags=re.M | re.S)
        EXCEPTIONS.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
