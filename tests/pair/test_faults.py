"""Every fault in every phase of a session, charging and discharging, and the page that tells of it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from iso15118.errors import DeviceFault
from tools.faults.catalogue import BREAKAGES, Breakage, Severity, plant
from tools.faults.document import cells, page, row
from tools.faults.play import PHASES, cell

pytestmark = pytest.mark.long

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_a_fault_in_every_phase(breakage: Breakage) -> None:
    found = cells(breakage)
    wrong = {
        f"{phase.name}, {'discharging' if discharging else 'charging'}": problem
        for (phase, discharging), each in zip(product(PHASES, (False, True)), found, strict=True)
        if (problem := each.problem(breakage))
    }
    assert wrong == {}
    assert any(each.flowed for each in found)
    assert row(breakage, found) in PAGE.read_text(encoding="utf-8"), "run: python -m tools.faults --document"


def test_the_page_is_the_one_that_is_written() -> None:
    there = PAGE.read_text(encoding="utf-8")
    rows = [line for line in there.splitlines() if line.startswith(tuple(f"| {each.name} | " for each in BREAKAGES))]
    assert len(rows) == len(BREAKAGES)
    assert there == page(rows), "run: python -m tools.faults --document"


def test_there_are_enough_of_them() -> None:
    assert len({each.name for each in BREAKAGES}) == len(BREAKAGES) >= 30
    assert len(PHASES) >= 12


@pytest.mark.parametrize(
    "wrong",
    [
        Breakage("nothing at all", Severity.EMERGENCY, plant()),
        Breakage("another fault", Severity.EMERGENCY, plant(supply_dead=True), DeviceFault.METER),
        Breakage("a warning that is none", Severity.WARNING, plant(supply_dead=True)),
    ],
    ids=lambda breakage: breakage.name,
)
def test_the_matrix_would_see_it(wrong: Breakage) -> None:
    from iso15118.sequence.phases import Phase

    assert cell(wrong, Phase.CHARGE_LOOP, discharging=True).problem(wrong)
