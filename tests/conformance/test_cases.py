"""The conformance cases as data, and how a run of the tests is judged by them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.cases import Case, Exceptions, Verdict, as_json, as_markdown, read_cases, read_exceptions, table
from tools.conformance import named

pytestmark = pytest.mark.long

CASES = read_cases()
ONE = Case("SES-01", "7.5", "SECC", ("V2G20-2106",), "SessionID zero: a new one | fresh")
NONE = Exceptions({}, frozenset())


def test_every_case_stands_in_its_section() -> None:
    families = "V2G SDP TLS SAP SES SEQ AUT SVC CPD SCH CAB/PRE PWR CLP BPT NOT/REN/PAU/STP TIM/MAL DER/MCS/WPT/ACD".split()
    for section, family in enumerate(families, 1):
        ids = [case.id for case in CASES.values() if case.section == f"7.{section}"]
        assert ids
        assert {id_[:3] for id_ in ids} == set(family.split("/"))
        for prefix in family.split("/"):
            numbers = sorted(int(id_[4:]) for id_ in ids if id_.startswith(prefix))
            assert numbers == list(range(1, len(numbers) + 1)), f"a gap in {prefix}"
    assert len(CASES) == 262


def test_requirements_are_ids() -> None:
    assert [r for case in CASES.values() for r in case.requirements if not re.fullmatch(r"V2G20-\d+", r)] == []


def test_an_exception_is_of_a_case_and_has_a_reason() -> None:
    exceptions = read_exceptions()
    assert exceptions.reasons.keys() | exceptions.pending <= CASES.keys()
    assert not exceptions.reasons.keys() & exceptions.pending
    assert all(len(reason) > 20 for reason in exceptions.reasons.values())


@pytest.mark.parametrize(
    ("exceptions", "tried", "verdict"),
    [
        (NONE, {}, Verdict.MISSING),
        (NONE, {"SES-01": {"test_a": True}}, Verdict.PASSED),
        (NONE, {"SES-01": {"test_a": True, "test_b": False}}, Verdict.FAILED),
        (Exceptions({"SES-01": "why"}, frozenset()), {}, Verdict.EXCEPTION),
        (Exceptions({"SES-01": "why"}, frozenset()), {"SES-01": {"test_a": True}}, Verdict.PASSED),
        (Exceptions({}, frozenset({"SES-01"})), {}, Verdict.PENDING),
    ],
)
def test_a_case_has_a_verdict(exceptions: Exceptions, tried: dict[str, dict[str, bool]], verdict: Verdict) -> None:
    (row,) = table({"SES-01": ONE}, exceptions, tried)
    assert row.verdict is verdict
    assert json.loads(as_json([row]))[0]["verdict"] == verdict
    assert f"| SES-01 | V2G20-2106 | SECC | {verdict} | SessionID zero: a new one \\| fresh |" in as_markdown([row])


def test_a_broken_line_is_no_case(tmp_path: Path) -> None:
    path = tmp_path / "cases.tsv"
    path.write_text("id\nSES-01\t7.5\tcar\t\tsaid\n")
    with pytest.raises(ValueError, match="SES-01"):
        read_cases(path)


MARKED = "import pytest\n@pytest.mark.case({})\ndef test_one(): assert {}\n"


def run_pytest(folder: Path, source: str, *arguments: str) -> tuple[int, str, dict[str, str]]:
    """A run of one test file under the rule: how it ended, what it said, and the verdicts it wrote."""
    hooks = Path(__file__).parents[1].joinpath("conftest.py").read_text()
    (folder / "checks").mkdir(exist_ok=True)
    (folder / "checks" / "conftest.py").write_text(hooks)
    (folder / "checks" / "test_one.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\ntestpaths = checks\nmarkers = case\naddopts = --import-mode=importlib\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--conformance=out/table", *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    verdicts = {row["id"]: row["verdict"] for row in json.loads((folder / "out" / "table.json").read_text())}
    assert (folder / "out" / "table.md").read_text().startswith("# Conformance: 262 cases")
    return run.returncode, run.stdout, verdicts


@pytest.mark.parametrize("arguments", [("-n", "0"), ("-n", "1")], ids=["one process", "xdist"])
def test_a_whole_run_fails_over_a_case_that_nobody_proves(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, said, verdicts = run_pytest(tmp_path, MARKED.format('"SES-01", "SES-02"', True), *arguments)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "SES-05: no test has proved it" in said
    assert "SES-01" not in said
    assert (verdicts["SES-01"], verdicts["SES-02"], verdicts["SES-05"], verdicts["TLS-10"]) == ("passed", "passed", "missing", "exception")


def test_a_part_of_the_tests_is_not_judged(tmp_path: Path) -> None:
    code, said, verdicts = run_pytest(tmp_path, MARKED.format('"SES-01"', True), "-n", "0", "checks/test_one.py")
    assert code == pytest.ExitCode.OK, said
    assert verdicts["SES-01"] == "passed"


def test_a_case_whose_test_fails_has_failed(tmp_path: Path) -> None:
    code, _, verdicts = run_pytest(tmp_path, MARKED.format('"SES-01"', False), "-n", "0", "checks/test_one.py")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert verdicts["SES-01"] == "failed"


@pytest.mark.parametrize("arguments", [("-n", "0"), ("-n", "1")], ids=["one process", "xdist"])
def test_an_unknown_case_fails_any_run(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, said, _ = run_pytest(tmp_path, MARKED.format('"SES-99"', True), *arguments, "checks/test_one.py")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "SES-99: no such case" in said


def test_the_markers_of_a_file_are_read_without_running_it() -> None:
    source = 'X = pytest.param(1, marks=pytest.mark.case("SES-02"))\n@pytest.mark.case("SES-01", "SES-05")\ndef test(): ...\n'
    assert named(source) == {"SES-01", "SES-02", "SES-05"}


def test_the_rows_of_the_matrix_name_cases_too() -> None:
    assert named('A = [Row("SES-01 SES-05", 1), *both("V2G-07", 2), other("SES-09")]') == {"SES-01", "SES-05", "V2G-07"}
