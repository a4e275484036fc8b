"""Gathers, in a run of the tests, what became of every conformance case; the whole run fails over a case that nobody has proved.

The ids travel with the reports of the tests, so that it works in one process and with xdist alike. A run over a part of the tests is not
judged, but `--conformance=PATH` writes the table of any run, as PATH.md and PATH.json.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.cases import Verdict, as_json, as_markdown, read_cases, read_exceptions, table

PROPERTY = "conformance case"


class Conformance:
    """The pytest plugin."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.cases = read_cases()
        self.tried: dict[str, dict[str, bool]] = {}
        self.deselected = False
        self.told: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            item.user_properties += [(PROPERTY, id_) for marker in item.iter_markers("case") for id_ in marker.args]

    def pytest_deselected(self) -> None:
        self.deselected = True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return  # set up or taken down
        for name, id_ in report.user_properties:
            if name == PROPERTY:
                tests = self.tried.setdefault(str(id_), {})
                test = report.nodeid.partition("[")[0]
                tests[test] = report.passed and tests.get(test, True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self.config, "workerinput"):
            return
        rows = table(self.cases, read_exceptions(), self.tried)
        if path := self.config.getoption("--conformance"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(f"{path}.md").write_text(as_markdown(rows))
            Path(f"{path}.json").write_text(as_json(rows))
        unknown = self.tried.keys() - self.cases.keys()
        self.told = [f"{id_}: no such case, but {test} names it" for id_ in unknown for test in self.tried[id_]]
        if self.whole:
            missing = [row.case for row in rows if row.verdict is Verdict.MISSING]
            self.told += [f"{case.id}: no test has proved it: {case.statement}" for case in missing]
        if self.told and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.told:
            terminalreporter.section("conformance cases that fail the run", red=True, bold=True)
            for line in sorted(self.told):
                terminalreporter.line(line)
            terminalreporter.line("Mark the test that proves it, or give the reason in tests/conformance/exceptions.toml.")

    @property
    def whole(self) -> bool:
        """Was the whole of the tests run?"""
        option = self.config.option
        narrowed = option.keyword or option.markexpr or option.collectonly or self.deselected
        stopped = option.maxfail
        return self.config.args_source is pytest.Config.ArgsSource.TESTPATHS and not narrowed and not stopped
