"""Faults planted in guard and procedures: what is drawn, that the nets find it, and the page that tells of it."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools.mutants import run, source
from tools.mutants.document import known, page, row
from tools.mutants.explained import EXPLAINED
from tools.mutants.nets import NETS
from tools.mutants.operators import OPERATORS, members
from tools.mutants.run import Trial, trial
from tools.mutants.source import MODULES, draw, everything, planted

pytestmark = pytest.mark.long

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"
FRESH = 0.8
"""Of the mutants of the page, which must still be there to be planted."""


def _stand(operator: str, code: str) -> set[str]:
    """What the operator puts in the place of the expression or statement `code`."""
    statement = ast.parse(code).body[0]
    node = statement.value if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Call) else statement
    whole = [ast.unparse(ast.fix_missing_locations(other)) for other in OPERATORS[operator](node)]
    if isinstance(node, ast.Expr):
        whole += [ast.unparse(other) for other in OPERATORS[operator](node.value)]
    return set(whole)


@pytest.mark.parametrize(
    ("operator", "code", "others"),
    [
        ("edge", "a < b", {"a <= b"}),
        ("edge", "a >= b", {"a > b"}),
        ("edge", "a is b", set()),
        ("turned", "a < b", {"a > b"}),
        ("turned", "a is b", {"a is not b"}),
        ("turned", "a not in b", {"a in b"}),
        ("logic", "a and b", {"a or b"}),
        ("logic", "a or b", {"a and b"}),
        ("logic", "not a", {"a"}),
        ("condition", "a < b", {"True", "False"}),
        ("operand", "a and b and c", {"a and b", "a and c", "b and c"}),
        ("operand", "min(a, b)", {"a", "b"}),
        ("sum or sign", "a + b", {"a - b"}),
        ("sum or sign", "a / b", {"a * b"}),
        ("sum or sign", "-a", {"a"}),
        ("sum or sign", "a + 1e-9", set()),
        ("extreme", "max(a, b)", {"min(a, b)"}),
        ("constant", "4.0", {"8.0", "2.0", "0.0"}),
        ("constant", "True", {"False"}),
        ("constant", "1e-9", set()),
        ("constant", "'text'", set()),
        ("left out", "self.faults.add(x)", {"pass"}),
        ("left out", "faults |= new", {"pass"}),
        ("left out", "{a, b}", {"{a}", "{b}"}),
        (
            "returned",
            "def f(a: Volt, b) -> Volt: return a + b",
            {"def f(a: Volt, b) -> Volt:\n    return " + each for each in ("0.0", "a")},
        ),
        ("member", "Insulation.VALID", {"Insulation.UNKNOWN", "Insulation.TESTING", "Insulation.VALID", "Insulation.FAULT"}),
        ("side", "ours.charge_power", {"ours.discharge_power"}),
        ("side", "theirs", {"ours"}),
    ],
)
def test_what_an_operator_makes(operator: str, code: str, others: set[str]) -> None:
    assert _stand(operator, code) == others


def test_members_are_those_of_the_package() -> None:
    from iso15118.errors import DeviceFault
    from iso15118.power import Contactor, Insulation, Pilot

    for kind in (DeviceFault, Contactor, Insulation, Pilot):
        assert members()[kind.__name__] == tuple(kind.__members__)


def test_the_draw() -> None:
    drawn = draw(1, 60)
    assert len(set(drawn)) == 60
    assert drawn == draw(1, 60)
    assert drawn != draw(2, 60)
    assert {each.module for each in drawn} == set(MODULES)
    assert {each.operator for each in drawn} == set(OPERATORS)


def test_a_mutant_differs_and_leaves_words_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = '''
def opens(state: Pilot, age: float) -> bool:
    """The contactor > 0."""
    if not isinstance(state, Pilot):
        raise TypeError(f"{state!r} < 1")
    return age > 1.0 and state is Pilot.C
'''
    (tmp_path / "made.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(source, "PACKAGE", tmp_path)
    _, edits = source._read("made")
    mutants = [edit.mutant for edit in edits]
    assert len({ast.unparse(planted(mutant)) for mutant in mutants} - {ast.unparse(ast.parse(code))}) == len(mutants) > 10
    assert not [each for each in mutants if "isinstance" in each.before or "TypeError" in each.before]
    for mutant in mutants:
        left = ast.unparse(planted(mutant))
        assert mutant.operator == "returned" or ("if not isinstance(state, Pilot):" in left and "The contactor > 0." in left)


def test_one_that_is_gone_is_told() -> None:
    with pytest.raises(LookupError, match=r"no such mutant any more: hal\.guard"):
        planted(draw(1, 1)[0]._replace(before="nonsense"))


def test_a_net_that_finds_nothing_says_so() -> None:
    silent = {str(each): each for each in everything()}["hal.bounds.over_voltage_trip: max_voltage <= upper  ->  max_voltage < upper"]
    assert trial(silent, ["law"]) == Trial(silent, "", "")


def test_one_that_comes_to_no_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LIMIT", 0.01)
    mutant = draw(1, 1)[0]
    assert trial(mutant, ["tests"]) == Trial(mutant, "tests", "it does not come to an end")


def test_the_page_is_still_true() -> None:
    """A mutant of each net that is still there is planted again: one that is found soon."""
    text = PAGE.read_text(encoding="utf-8")
    found, lines = known(text)
    assert len(found) >= FRESH * lines, 'the code has moved on; run: make mutants ARGS="--document"'
    some = [min((each for each in found if each.net == net), key=_soon) for net in NETS]
    with ThreadPoolExecutor(2) as pool:
        again = [*pool.map(lambda each: trial(each.mutant, [each.net]), some)]
    assert again == some
    assert all(row(each) in text for each in again)


def _soon(each: Trial) -> tuple[bool, bool, bool]:
    """Sorts by how long it takes to be found: what flows, and tests that come late, take long."""
    return each.what == "nothing flows", each.what != "nothing at all", not each.what.startswith(("hal/test_bounds", "procedures/"))


def test_who_was_found_by_nobody_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found, lines = known(text)
    missed = [each for each in found if not each.net]
    assert {str(each.mutant) for each in missed} <= EXPLAINED.keys()
    assert lines >= 50
    assert text.count("| nobody |\n") <= lines // 10
    if len(found) == lines:
        seed = int(text.partition("drawn by seed ")[2].partition(".")[0])
        assert text == page(seed, found), 'run: make mutants ARGS="--document"'
