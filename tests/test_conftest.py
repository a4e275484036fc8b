"""The rule that a skip fails the run where CI is set, tried on a project of one file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

RUNS = "def test_runs(): pass\n"
SKIPS = "import pytest\ndef test_skips(): pytest.skip('no such device')\n"
SKIPS_ALL = "import pytest\npytest.skip('not here', allow_module_level=True)\n"


def run_pytest(folder: Path, source: str, *arguments: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_one.py").write_text(source)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment = ours | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "1")], ids=["one process", "xdist"])
@pytest.mark.parametrize(("skipping", "reason"), [(SKIPS, "no such device"), (SKIPS_ALL, "not here")], ids=["test", "module"])
def test_a_skip_fails_where_ci_is_set(tmp_path: Path, skipping: str, reason: str, arguments: tuple[str, ...]) -> None:
    run = run_pytest(tmp_path, skipping, *arguments, ci="true")
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout
    assert "skipped tests fail the run (CI is set)" in run.stdout
    assert reason in run.stdout


def test_a_skip_is_only_reported_elsewhere(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, RUNS + SKIPS, ci="")
    assert run.returncode == pytest.ExitCode.OK, run.stdout
    assert "1 passed, 1 skipped" in run.stdout


def test_no_skip_no_failure(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, RUNS, ci="true")
    assert run.returncode == pytest.ExitCode.OK, run.stdout
    assert "skipped" not in run.stdout
