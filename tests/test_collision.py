"""The unrelated distribution `iso15118` beside ours: found by listing, refused in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from iso15118._collision import refuse_foreign_distribution, stop_if_foreign

ROOT = Path(__file__).parents[1]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site-packages folder with a few ordinary distributions, ours among them."""
    folder = tmp_path / "site-packages"
    for name in ("chargeloop-0.1.0.dist-info", "iso15118", "iso15118_extras-2.0.dist-info", "pydantic-2.9.0.dist-info"):
        (folder / name).mkdir(parents=True)
    return folder


def test_alone(site: Path) -> None:
    assert refuse_foreign_distribution([str(site)]) is None


@pytest.mark.parametrize("name", ["iso15118-0.31.2.dist-info", "iso15118-0.31.2-py3.11.egg-info"])
def test_found(site: Path, name: str) -> None:
    (site / name).mkdir()
    line = refuse_foreign_distribution(["/no/such/folder", str(site)])
    assert line is not None
    assert "\n" not in line
    assert "iso15118 0.31.2" in line
    assert str(site) in line


def test_what_is_no_directory_is_passed_over(tmp_path: Path) -> None:
    archive = tmp_path / "python311.zip"
    archive.touch()
    assert refuse_foreign_distribution([str(archive), str(tmp_path / "absent")]) is None


def test_the_folder_of_our_own_package_is_looked_at(site: Path) -> None:
    (site / "iso15118-0.31.2.dist-info").mkdir()
    with pytest.raises(ImportError, match=r"iso15118 0\.31\.2"):
        stop_if_foreign([], ["program.py"], ["python", "program.py"], home=str(site))


@pytest.mark.parametrize(
    ("argv", "orig_argv"),
    [
        (["/usr/bin/chargeloop", "demo"], ["python", "/usr/bin/chargeloop", "demo"]),
        (["-m", "demo"], ["python", "-m", "iso15118", "demo"]),
        (["/lib/site-packages/iso15118/__main__.py", "demo"], ["python", "-m", "iso15118", "demo"]),
        (["-m", "demo"], ["python", "-X", "dev", "-Im", "iso15118", "demo"]),
    ],
)
def test_the_command_line_ends_with_code_2(site: Path, argv: list[str], orig_argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (site / "iso15118-0.31.2.dist-info").mkdir()
    with pytest.raises(SystemExit) as stopped:
        stop_if_foreign([str(site)], argv, orig_argv)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "orig_argv"),
    [
        ([""], ["python"]),
        (["-c"], ["python", "-c", "import iso15118"]),
        (["-m"], ["python", "-m", "depot"]),
        (["-m"], ["python", "-m", "pytest", "-m", "iso15118"]),
        (["controller.py"], ["python", "controller.py", "-m", "iso15118"]),
    ],
)
def test_an_importer_gets_an_import_error(site: Path, argv: list[str], orig_argv: list[str]) -> None:
    (site / "iso15118-0.31.2.dist-info").mkdir()
    with pytest.raises(ImportError):
        stop_if_foreign([str(site)], argv, orig_argv)


def python(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])}
    return subprocess.run([sys.executable, *arguments], cwd=site, env=environment, capture_output=True, text=True, check=False)


def test_for_real_as_a_module(site: Path) -> None:
    assert python(site, "-m", "iso15118", "--version").returncode == 0
    (site / "iso15118-0.31.2.dist-info").mkdir()
    run = python(site, "-m", "iso15118", "--version")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert run.stderr.startswith("chargeloop: the unrelated distribution iso15118 0.31.2")


def test_for_real_as_the_console_script(site: Path, tmp_path: Path) -> None:
    script = tmp_path / "chargeloop"
    script.write_text("import sys\nfrom chargeloop import main\nsys.exit(main())\n")
    (site / "iso15118-0.31.2.dist-info").mkdir()
    run = python(site, str(script), "--version")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)


def test_for_real_as_the_console_script_of_an_editable_installation(site: Path, tmp_path: Path) -> None:
    """There the other distribution's folder stands before ours, and none of our package is ever loaded."""
    script = tmp_path / "chargeloop"
    script.write_text("import sys\nfrom chargeloop import main\nsys.exit(main())\n")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    command = [sys.executable, str(script), "--version"]
    (site / "iso15118" / "__init__.py").write_text("")
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1), run.stderr
    assert run.stderr.startswith(f"chargeloop: another package of the name iso15118 stands in {site / 'iso15118'}, before ours")
    (site / "iso15118" / "__init__.py").unlink()
    (site / "iso15118").rmdir()
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def test_the_console_script_is_the_module_of_our_own_name() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"chargeloop": "chargeloop:main"}


def test_for_real_as_an_import(site: Path) -> None:
    (site / "iso15118-0.31.2.dist-info").mkdir()
    run = python(site, "-c", "import iso15118")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("ImportError: chargeloop: the unrelated distribution")


def test_for_real_with_our_first_file_overwritten(site: Path, tmp_path: Path) -> None:
    """Installed after ours into the same folder, the other distribution leaves its own `__init__` there."""
    shutil.copy(ROOT / "chargeloop.py", site)
    shutil.copytree(ROOT / "iso15118", site / "iso15118", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (site / "iso15118" / "__init__.py").write_text("")
    (site / "iso15118-0.31.2.dist-info").mkdir()
    script = tmp_path / "chargeloop"
    script.write_text("import sys\nfrom chargeloop import main\nsys.exit(main())\n")
    environment = os.environ | {"PYTHONPATH": str(site)}
    run = subprocess.run([sys.executable, str(script), "--version"], env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1), run.stderr


def test_it_costs_less_than_2_ms() -> None:
    def once() -> float:
        began = time.perf_counter()
        stop_if_foreign(sys.path, sys.argv, sys.orig_argv)
        return time.perf_counter() - began

    assert min(once() for _ in range(20)) < 0.002
