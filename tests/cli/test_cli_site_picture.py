"""Studied days on a terminal: columns as high as the power, the limit where it is, and lines that any terminal has."""

from __future__ import annotations

import pytest

from iso15118.cli.site_picture import blocks, plain_picture, show
from iso15118.study.report.documents import Study, study
from iso15118.value import replace
from tests.study.tiny import document


@pytest.fixture
def tiny() -> Study:
    return study(document())


def test_bars_of_plain_text(tiny: Study) -> None:
    head, *lines = plain_picture(tiny)
    assert head == "A tiny site, planned: most from the grid, kW (= cars, - all else, | limit)"
    # 48 characters are 10 kW; the limit is 8 kW. Where the sun helps, cars have what else is not needed.
    assert lines == [
        " Mon 1 10:00    10.0  " + "-" * 10 + "=" * 28 + "|" + "=" * 9,
        " Mon 1 10:15     1.0  " + "-" * 5 + " " * 33 + "|",
        " Mon 1 10:30     5.5  " + "-" * 7 + "=" * 19,
        " Mon 1 10:45     0.0",
    ]


def test_blocks_of_a_terminal(tiny: Study) -> None:
    picture = blocks(tiny, 30, rows=10)
    title, *rows = [line.plain for line in picture]
    assert title == "A tiny site, planned: power from the grid, kW"
    assert rows[0] == "      10  █████               "
    assert rows[2] == "          █████┄┄┄┄┄          "  # 8 kW
    assert rows[5].startswith("       5  █")
    assert rows[4] == "          █████     ▄▄▄▄▄     "
    assert rows[9][10:] == "███████████████     "
    styles = {span.style for span in picture[1].spans}
    assert "blue" in styles
    assert rows[10] == "          10:00"
    assert [row[:8].strip() for row in rows[11:]] == ["sun", "price", ""]


def test_a_limit_far_above_is_left_out(tiny: Study) -> None:
    assert not any("|" in line for line in plain_picture(replace(tiny, limit=(1e6,) * 4))[1:])


def test_many_steps_share_a_line(tiny: Study) -> None:
    many = replace(tiny, **{name: getattr(tiny, name) * 50 for name in ("grid", "limit", "load", "pv", "curtailed")}, evses={})
    assert len(plain_picture(many)) == 25


def test_a_pipe_gets_plain_lines(tiny: Study, capsys: pytest.CaptureFixture[str]) -> None:
    show(tiny)
    assert capsys.readouterr().out.splitlines() == plain_picture(tiny)
