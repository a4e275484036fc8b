"""The table goes on where it was broken off, and its page says what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.study.baselines import studied
from iso15118.study.hosting import carried, crowd, most
from iso15118.study.metrics import row
from iso15118.study.page import page
from iso15118.study.pictures import picture
from iso15118.study.results import document
from iso15118.study.run import simulate
from iso15118.study.scenarios import scenario
from iso15118.study.table import Task, done, fill_table, lines, means, tasks


def test_what_is_there_is_not_done_again(tmp_path: Path) -> None:
    table = tmp_path / "table.jsonl"
    wanted = [Task("home_v1g", policy, seed, days=1) for seed in (1, 2) for policy in ("equal_share", "unmanaged", "perfect")]
    first = done(wanted[0], tmp_path) | {"cost": 123.0}
    table.write_text(json.dumps(first) + "\n" + '{"scenario": "home_v1', encoding="utf-8")
    seen: list[int] = []
    fill_table(table, wanted, 1, lambda count, total: seen.append(count))
    found = lines(table)
    assert len(found) == 6
    assert found[0]["cost"] == 123.0, "what was there is kept, and a line that was cut off is made anew"
    assert seen == [2, 3, 4, 5, 6]
    assert means(found, "home_v1g")["unmanaged"]["seeds"] == 2
    text = page(found, 4, 10)
    assert "4 of 10 runs are missing" in text
    assert "## S1 home, charging only" in text


def test_early_seeds_come_first() -> None:
    found = list(tasks(3, 1))
    assert [task.seed for task in found] == sorted(task.seed for task in found)
    assert len({task.key for task in found}) == len(found)


def test_a_damaged_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("nonsense\n{}\n", encoding="utf-8")
    with pytest.raises(LocalError, match="line 1: no JSON"):
        lines(tmp_path / "t")


def test_a_run_is_a_document_and_a_picture() -> None:
    told = scenario("v2b", 1, 1)
    record = simulate(told, studied("equal_share"))
    found = document(told, "equal_share", record, row(told, record))
    again = json.loads(json.dumps(found))
    assert len(again["series"]["grid"]) == len(again["evses"]["outlet 1"]["power"]) == len(again["batteries"]["battery"]["stored"]) == 96
    assert {stay["user"] for stay in again["stays"]} == {stay.user for stay in told.stays}
    figures = found["figures"]
    parts = ("energy_cost", "demand_cost", "wear_cost", "stored_cost")
    assert figures["cost"] == pytest.approx(sum(figures[part] for part in parts))
    drawn = picture(told.title, [("equal share", found), ("again", found)])
    assert drawn.startswith("<svg")
    assert drawn.count("equal share: ") == 1


def test_how_many_cars_a_connection_carries() -> None:
    told = crowd("apartment", 45, 1, 40_000.0)
    assert len(told.site.evses) == 45
    assert {stay.evse for stay in told.stays} == {evse.name for evse in told.site.evses}
    few, many = carried("apartment", "unmanaged", 2, 3, 40_000.0), carried("apartment", "unmanaged", 40, 3, 40_000.0)
    assert few.enough
    assert not many.enough
    unmanaged, shared = most("apartment", "unmanaged", 3, 40_000.0), most("apartment", "equal_share", 3, 40_000.0)
    assert unmanaged is not None
    assert shared is not None
    assert shared.cars > 2 * unmanaged.cars
    with pytest.raises(LocalError, match="cars take any outlet that is free"):
        crowd("public_dc", 3, 1)
