"""What holds for every test: where CI is set in the environment, a skipped test is a failed run. And `codec`: a test runs with both.

A skip on the machine that decides is a test nobody runs. Elsewhere a skip is only reported, as usual.
"""

from __future__ import annotations

import gc
import importlib.util
import os
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import settings

from iso15118.exi import plan
from tests.conformance.run import Conformance
from tools.compiled.build import build, compiler


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--conformance", metavar="PATH", help="write what became of every conformance case to PATH.md and PATH.json")


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile("here", deadline=None)  # a busy machine is no reason to fail: figures are for tools/bench
    settings.load_profile("here")
    config.pluginmanager.register(Conformance(config))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits comes last, side by side, when nothing else wants the processors."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is not None)


def pytest_collection_finish() -> None:
    """Twenty thousand tests are no garbage: no search for it looks at them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The compiled codec, built for this run."""
    if compiler() is None:
        pytest.skip("no C compiler for the compiled codec")
    spec = importlib.util.spec_from_file_location("iso15118.exi._compiled", build(tmp_path_factory.mktemp("compiled"), "-Werror"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["pure", "compiled"])
def codec(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs with the pure codec, then with the compiled one."""
    before = plan.used()
    plan.use(None if request.param == "pure" else request.getfixturevalue("compiled"))
    yield request.param
    plan.use(before)


def _skipped(config: pytest.Config) -> list[pytest.TestReport]:
    """The reports of skipped tests and modules, on the process that prints the summary; none where skips are allowed."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI", "").lower() not in ("1", "true", "yes") or reporter is None:
        return []
    return list(reporter.stats.get("skipped", []))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skipped(session.config) and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = _skipped(config)
    if not skipped:
        return
    terminalreporter.section("skipped tests fail the run (CI is set)", red=True, bold=True)
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.line(f"{report.nodeid}: {reason}")
    terminalreporter.line("Make the test run here, or do not collect it where it has no meaning.")
