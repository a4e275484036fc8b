"""Documents from files are read strictly: what is wrong is told in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.study.report.documents import arranged, called, read, study
from tests.study.tiny import document


def test_a_document_is_read(tmp_path: Path) -> None:
    (tmp_path / "day.json").write_text(json.dumps(document()), encoding="utf-8")
    told = read(tmp_path / "day.json")
    assert told == study(document())
    assert (told.grid, told.cars["right"][0], told.stays[1].planned, told.fuse) == ((10e3, 1e3, 5.5e3, -2e3), None, None, 16.0)
    assert told.cars_power == (8e3, 0.0, 4e3, -4e3)
    assert told.generated == (0.0, 1e3, 500.0, 0.0)


def broken(*path: str | int, value: Any = KeyError) -> dict[str, Any]:
    """With another value at a place, or without it."""
    told: Any = document()
    place = told
    for word in path[:-1]:
        place = place[word]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return told  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (broken("format"), "is no study: `format` has to be 'chargeloop study 1' (chargeloop site simulate --json writes it)"),
        ([], "is no study: `format` has to be 'chargeloop study 1' (chargeloop site simulate --json writes it)"),
        (broken("title"), "is no whole study: the document lacks 'title'"),
        (broken("step", value="15 min"), "is no whole study: the document: '15 min' is no number"),
        (broken("step", value=0), "is no whole study: series: there is no step, or none of any length"),
        (broken("series", "load"), "is no whole study: series.load lacks 'load'"),
        (broken("series", "load", value=[1.0]), "is no whole study: series.load: 1 values in the place of 4"),
        (broken("series", "grid", 0, value=float("nan")), "is no whole study: series.grid: nan is no number"),
        (broken("series", "currents", 1, value=[1.0]), "is no whole study: series.currents: 1 values in the place of 3"),
        (broken("evses", "left", "power", 0, value=None), "is no whole study: evses: None is no number"),
        (broken("stays", 0, "target"), "is no whole study: stays lacks 'target'"),
        (broken("figures", "cost", value=None), "is no whole study: figures: None is no number"),
        (broken("batteries", value=3), "is no whole study: batteries: 'int' object has no attribute 'items'"),
    ],
)
def test_what_is_no_whole_study_is_said(told: Any, message: str, tmp_path: Path) -> None:
    (tmp_path / "day.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(LocalError) as error:
        read(tmp_path / "day.json")
    assert str(error.value) == f"{tmp_path / 'day.json'}: {message}"


def test_no_file_and_no_json(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"gone\.json: cannot be read: No such file or directory$"):
        read(tmp_path / "gone.json")
    (tmp_path / "text").write_bytes(b"\xff{")
    with pytest.raises(LocalError, match=r"text: is no JSON: "):
        read(tmp_path / "text")


def test_a_report_is_about_what_is_no_baseline() -> None:
    told = [study(document(policy)) for policy in ("perfect", "planner", "unmanaged")]
    main, others = arranged(told)
    assert (main.policy, [other.policy for other in others]) == ("planner", ["unmanaged", "perfect"])
    assert arranged(told[:1]) == (told[0], ())
    assert [called(one.policy) for one in told] == ["perfect foresight", "planned", "unmanaged"]


def test_days_that_cannot_be_compared() -> None:
    main = study(document())
    with pytest.raises(LocalError, match="unmanaged is a study of other days than planner: one report needs one scenario, seed and length"):
        arranged([main, study(document("unmanaged") | {"seed": 2})])
    with pytest.raises(LocalError, match="there are two studies of planner: one report shows each policy once"):
        arranged([main, main])
    with pytest.raises(LocalError, match="a report needs a study"):
        arranged([])
