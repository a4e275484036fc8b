"""The picture of a session: it fits its terminal, and shows what it is given."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from iso15118.cli import view
from iso15118.cli.demo import play
from iso15118.cli.view import HEIGHT, WIDTH, picture
from iso15118.cli.watch import LADDER, Line, Scene
from iso15118.cli.words import direction
from iso15118.power import Limits
from iso15118.sequence.phases import Phase
from iso15118.value import replace

ROOT = Path(__file__).parents[2]
RATED = Limits(150.0, 500.0, 125.0, 50_000.0, 125.0, 50_000.0)
SCENE = Scene(
    at=754.0,
    length=1800.0,
    phase=Phase.CHARGE_LOOP,
    passed=frozenset(LADDER[:12]),
    service="DC_BPT",
    mode="Scheduled",
    soc=60.0,
    soc_start=50.0,
    voltage=365.0,
    current=100.0,
    power=36_500.0,
    rated=RATED,
    ours=replace(RATED, discharge_power=25_000.0),
    theirs=Limits(300.0, 420.0, 250.0, 92_000.0, 150.0, 53_000.0),
    shaped="the site's limit: other cars",
    charged=6543.0,
    discharged=21.0,
    lines=(Line(1.0, "DC_PreCharge", 2, 29, 26, 0.0004), Line(700.0, "a remark"), Line(754.0, "DC_ChargeLoop", 3012, 77, 62, 0.00021)),
    curve=tuple((40_000.0 - 1000.0 * i, 50.0 + i / 10) for i in range(81)),
)


def drawn(scene: Scene, width: int = 100, height: int = 30) -> list[str]:
    """The lines of the picture, without colours."""
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=False, legacy_windows=False)
    console.print(picture(scene, width, height))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text.splitlines()


@pytest.mark.parametrize(("width", "height"), [(WIDTH, HEIGHT), (80, 24), (100, 30), (132, 43), (250, 70)])
@pytest.mark.parametrize("phase", [Phase.APP_PROTOCOL, Phase.CHARGE_LOOP, Phase.SESSION_STOP, Phase.ENDED])
def test_it_fits(width: int, height: int, phase: Phase) -> None:
    lines = drawn(replace(SCENE, phase=phase), width, height)
    assert len(lines) < height
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= width
    if phase is not Phase.ENDED:
        assert any(f"▶ {phase} " in line for line in lines)


def test_it_shows_what_it_is_given() -> None:
    text = "\n".join(drawn(SCENE))
    for words in (
        "✔ PowerDelivery",
        "▶ ChargeLoop",
        "· WeldingDetection",
        " 60.0 %",
        "+36.5 kW",
        "365.0 V  +100.0 A   into the vehicle ▶▶",
        "125 A 50 kW in   125 A 25 kW out",
        "250 A 92 kW in   150 A 53 kW out",
        "the site's limit: other cars",
        "6.543 kWh in   0.021 kWh out",
        "DC_ChargeLoop ×3012",
        "77 →  62 B   0.21 ms",
        "a remark",
        "DC_BPT · Scheduled · 12:34 of 30 min",
    ):
        assert words in text, words
    assert "…" not in text


def test_at_80_columns_nothing_is_cut() -> None:
    text = "\n".join(drawn(replace(SCENE, power=-45_000.0, current=-125.0), 80, 24))
    assert "365.0 V  -125.0 A   ◀◀ out of the car" in text
    assert "DC_ChargeLoop ×3012" in text
    assert "…" not in text


def bar(lines: list[str], label: str) -> str:
    (line,) = [line for line in lines if f"│ {label} " in line]
    return line


@pytest.mark.parametrize(("power", "arrow"), [(36_500.0, "into the vehicle ▶▶"), (-25_000.0, "◀◀ out of the vehicle"), (3.0, "at rest")])
def test_power_has_a_direction(power: float, arrow: str) -> None:
    lines = drawn(replace(SCENE, power=power, current=power / 365))
    assert arrow in "\n".join(lines)
    assert direction(power) in arrow
    left, right = bar(lines, "Power").rsplit("│", 1)[0].rsplit("│", 1)
    assert (left.count("█") > 0, right.count("█") > 0) == (power < -50, power > 50)


def test_the_power_bar_ends_at_the_limit() -> None:
    """Out of the vehicle half of what the charger can do at all is allowed, into it all."""
    left, right = bar(drawn(replace(SCENE, power=0.0)), "Power").rsplit("│", 1)[0].rsplit("│", 1)
    assert right.count("░") == 2 * left.count("░")


def test_the_gauge_is_as_full_as_the_battery() -> None:
    gauge = bar(drawn(SCENE), "Battery")
    full, empty = gauge.count("█") + gauge.count("▓"), gauge.count("░")
    assert full / (full + empty) == pytest.approx(0.6, abs=0.02)
    assert gauge.count("▓") == 1  # where it began


def test_the_curve_rises_and_falls_about_its_axis() -> None:
    lines = drawn(SCENE)
    top = next(i for i, line in enumerate(lines) if "+40 kW" in line)
    bottom = next(i for i, line in enumerate(lines) if "-40 kW" in line)
    assert bottom - top == 3
    assert lines[top].index("█") < lines[top + 1].rindex("█") < lines[bottom].index("█")


@pytest.mark.parametrize(("width", "height"), [(10, 3), (40, 10), (1, 1)])
def test_a_terminal_that_shrinks_meanwhile_is_survived(width: int, height: int) -> None:
    assert drawn(SCENE, width, height)


def test_few_rows_show_the_ladder_around_the_present_phase() -> None:
    lines = drawn(replace(SCENE, phase=Phase.SESSION_STOP), 80, 14)
    text = "\n".join(lines)
    assert len(lines) < 14
    assert "▶ SessionStop" in text
    assert "supportedAppProtocol" not in text


@pytest.mark.parametrize(
    ("width", "height", "terminal", "encoding", "shown"),
    [
        (80, 24, True, "utf-8", True),
        (WIDTH - 1, 24, True, "utf-8", False),
        (80, HEIGHT - 1, True, "utf-8", False),
        (80, 24, False, "utf-8", False),
        (80, 24, True, "iso8859-1", False),
    ],
)
def test_only_a_terminal_that_can_is_drawn_on(
    width: int, height: int, terminal: bool, encoding: str, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    made = Console(width=width, height=height, file=file, force_terminal=terminal, _environ={"TERM": "xterm"})
    monkeypatch.setattr("rich.console.Console", lambda: made)
    live = view.live()
    assert (live is not None) is shown
    if live is not None:
        live.close(None)


def test_a_whole_session_is_drawn() -> None:
    out = io.StringIO()
    console = Console(width=80, height=24, file=out, force_terminal=True, legacy_windows=False, _environ={"TERM": "xterm"})
    summary = play(mode="scheduled", length=30.0, faults={}, record=None, view=view.LiveView(console), paced=False)
    view.show_summary(summary, console)
    text = out.getvalue()
    for phase in LADDER[1:]:
        assert f"▶ {phase}" in text, phase
    assert summary.verdict in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") > 0  # the cursor is given back


def test_the_picture_in_the_manual() -> None:
    """`tools/capture_demo.py` draws it: a moment of discharge, small, and without a trace of the machine it was drawn on."""
    path = ROOT / "docs" / "demo.svg"
    svg = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 100_000
    assert "ChargeLoop" in svg
    assert "out&#160;of&#160;the&#160;vehicle" in svg
    assert "/home" not in svg
    assert "/root" not in svg
    assert svg.count("http") == svg.count("http://www.w3.org/") + svg.count("https://www.textualize.io")
