"""What `docs/bench.md` says is so: its tests pass, its scenario plays, its tables name all there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iso15118.cli import main
from iso15118.service.config.misbehaviour import KINDS, load
from iso15118.service.config.scenario import ThenTable, VisitTable
from iso15118.service.scenario import Ask
from iso15118.sim import misbehaviour
from iso15118.sim.misbehaviour import Misbehaviour

pytestmark = pytest.mark.long

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parents[2] / "docs" / "bench.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def test_the_tests_of_the_page_pass(pytester: pytest.Pytester) -> None:
    [source] = blocks("python")
    pytester.makepyfile(test_of_the_page=source)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=source.count("\nasync def test_"))


def test_the_scenario_of_the_page_plays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario, wrong = blocks("toml")
    path = tmp_path / "scenario.toml"
    path.write_text(scenario, encoding="utf-8")
    assert main(["scenario", str(path), "--pair"]) == 0
    assert capsys.readouterr().out.endswith("OK: 8 sessions ended as expected\n")
    path.write_text(wrong, encoding="utf-8")
    assert len(load(path)) == 1


def test_the_tables_of_the_page_are_whole() -> None:
    kinds = {name for name, kind in vars(misbehaviour).items() if isinstance(kind, type) and kind.__base__ is Misbehaviour}
    stay = set(VisitTable.model_fields) - set(VisitTable.__mro__[1].model_fields)  # type: ignore[attr-defined]
    deeds = set(ThenTable.model_fields)
    missing = [word for word in {*KINDS, *kinds, *stay, *deeds, *(ask.value for ask in Ask)} if word not in PAGE]
    assert not missing
