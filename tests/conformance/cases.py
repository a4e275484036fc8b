"""The conformance cases as data, and what a run of the tests says of each.

`cases.tsv` has every case: its section, the role under test, the requirements it rests on, and in short what happens and what is expected.
`exceptions.toml` has those that no test proves, each with its reason, and those whose test is still to be written. A test names the cases
that it proves: `@pytest.mark.case("SES-05")`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
CASES = HERE / "cases.tsv"
EXCEPTIONS = HERE / "exceptions.toml"


class Case(NamedTuple):
    """One case. `role`: whose behaviour is tried, SECC, EVCC or both."""

    id: str
    section: str
    role: str
    requirements: tuple[str, ...]
    statement: str


class Exceptions(NamedTuple):
    """Cases that need no test to pass the run: `reasons` for good or until another part exists, `pending` until the test is written."""

    reasons: Mapping[str, str]
    pending: frozenset[str]


class Verdict(StrEnum):
    """What is known of a case."""

    PASSED = "passed"
    FAILED = "failed"
    EXCEPTION = "exception"
    PENDING = "pending"
    MISSING = "missing"
    """Neither a test that passed nor a line in the exceptions: the run fails."""


class Row(NamedTuple):
    """A line of the conformance table."""

    case: Case
    verdict: Verdict
    tests: tuple[str, ...]
    reason: str


def read_cases(path: Path = CASES) -> dict[str, Case]:
    """By id, in the order of the file. Raises ValueError for a line that is no case, or for an id that is there twice."""
    found: dict[str, Case] = {}
    for line in path.read_text().splitlines()[1:]:
        id_, section, role, requirements, statement = line.split("\t")
        if id_ in found or role not in ("SECC", "EVCC", "both") or not statement:
            raise ValueError(f"{path.name}: {id_} is there twice, or has no role or statement")
        found[id_] = Case(id_, section, role, tuple(requirements.split()), statement)
    return found


def read_exceptions(path: Path = EXCEPTIONS) -> Exceptions:
    """What `path` excepts."""
    read = tomllib.loads(path.read_text())
    reasons = {id_: group["reason"] for group in read["exception"] for id_ in group["cases"]}
    return Exceptions(reasons, frozenset(read["pending"]))


def table(cases: Mapping[str, Case], exceptions: Exceptions, tried: Mapping[str, Mapping[str, bool]]) -> list[Row]:
    """A row a case. `tried`: of each case the tests that named it, and whether each passed."""
    rows = []
    for case in cases.values():
        tests = tried.get(case.id, {})
        if tests:
            verdict = Verdict.PASSED if all(tests.values()) else Verdict.FAILED
        elif case.id in exceptions.reasons:
            verdict = Verdict.EXCEPTION
        else:
            verdict = Verdict.PENDING if case.id in exceptions.pending else Verdict.MISSING
        rows.append(Row(case, verdict, tuple(sorted(tests)), exceptions.reasons.get(case.id, "")))
    return rows


def as_markdown(rows: Iterable[Row]) -> str:
    """The table for people, with a summary above it."""
    rows = list(rows)
    counts = ", ".join(f"{sum(row.verdict is v for row in rows)} {v}" for v in Verdict if any(row.verdict is v for row in rows))
    lines = [f"# Conformance: {len(rows)} cases, {counts}", "", "| case | requirements | role | verdict | what | tests |"]
    lines.append("|---|---|---|---|---|---|")
    for case, verdict, tests, reason in rows:
        shown = "<br>".join(f"`{test}`" for test in tests)
        noted = f"{'<br>' if shown else ''}{reason}" if reason else ""
        what = case.statement.replace("|", "\\|")
        lines.append(f"| {case.id} | {' '.join(case.requirements)} | {case.role} | {verdict} | {what} | {shown}{noted} |")
    return "\n".join([*lines, ""])


def as_json(rows: Iterable[Row]) -> str:
    """The same for machines."""
    plain = [{**row.case._asdict(), "verdict": row.verdict, "tests": row.tests, "reason": row.reason} for row in rows]
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"
