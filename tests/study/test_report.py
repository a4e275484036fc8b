"""A report shows what its documents say: every section, heights and widths that can be reckoned, nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html import escape
from pathlib import Path

import pytest

from iso15118.study.report import report
from iso15118.study.report.costs import scorecard, steps, waterfall
from iso15118.study.report.day import MOST, coarse, layers, phase_bars, phases, power, power_legend, power_told, prices, unbalance
from iso15118.study.report.documents import Study, study
from iso15118.study.report.fleet import bounds, chosen, fan, gantt, ready, reason, runs
from iso15118.study.report.plot import COLOURS, WIDE, Plot, ticks
from iso15118.value import replace
from tests.study.tiny import START, STEP, document

SECTIONS = ("key", "power", "prices", "beside", "costs", "outlets", "cars", "phases", "days")


@pytest.fixture
def tiny() -> Study:
    return study(document())


@pytest.fixture
def others() -> list[Study]:
    unmanaged = document("unmanaged", cost=100.0, energy_cost=45.0, demand_cost=55.0, wear_cost=0.0)
    return [study(unmanaged), study(document("equal_share", cost=90.0)), study(document("perfect", cost=40.0))]


def svg(text: str) -> ET.Element:
    return ET.fromstring(text)


def path(element: ET.Element, style: str) -> list[tuple[float, float]]:
    """The corners of a path of levels or points."""
    drawn = next(one.get("d", "") for one in element.iter("path") if one.get("class") == style)
    x = y = 0.0
    corners = []
    for word in re.findall(r"[MLHV][^MLHVZ]*", drawn):
        numbers = [float(number) for number in word[1:].split()]
        x, y = {"H": (numbers[0], y), "V": (x, numbers[0])}.get(word[0], (numbers[0], numbers[-1]))
        corners.append((x, y))
    return corners


def value(plot: Plot, y: float) -> float:
    return plot.high - y / plot.height * (plot.high - plot.low)


def test_the_line_of_the_grid_has_a_level_a_step(tiny: Study) -> None:
    plot = power(tiny)
    corners = path(svg(plot.svg("")), "grid")
    assert [x for x, _ in corners] == [0, 250, 250, 500, 500, 750, 750, WIDE]
    assert [round(value(plot, y), 1) for _, y in corners[::2]] == [10.0, 1.0, 5.5, -2.0]


def test_the_limit_is_drawn_where_there_is_one(tiny: Study) -> None:
    plot = power(tiny)
    corners = path(svg(plot.svg("")), "limit bold dashed")
    assert corners[-1][0] == 500
    assert {round(value(plot, y), 1) for _, y in corners} == {8.0}


def test_a_limit_far_above_everything_does_not_flatten_the_picture(tiny: Study) -> None:
    far = replace(tiny, limit=(1e6,) * 4)
    assert power(far).high < 12.0
    assert path(svg(power(far).svg("")), "limit bold dashed") == []
    assert "limit dashed" not in power_legend(far, power(far))
    assert "limit dashed" in power_legend(tiny, power(tiny))


def test_what_takes_stands_above_zero_and_what_gives_below(tiny: Study) -> None:
    stack = {name: (style, lower, upper) for style, name, lower, upper in layers(tiny)}
    assert list(stack) == ["load", "cars charging", "sun", "cars giving", "battery giving"]
    assert stack["load"][2] == [2.0, 2.0, 2.0, 2.0]
    assert stack["cars charging"][1:] == ([2.0, 2.0, 2.0, 2.0], [10.0, 2.0, 10.0, 2.0])
    assert stack["sun"][2] == [0.0, -1.0, -0.5, 0.0]  # what was not taken is not shown
    assert stack["cars giving"][2] == [0.0, -1.0, -4.5, -4.0]  # while another one charges
    assert stack["battery giving"][1:] == ([0.0, -1.0, -4.5, -4.0], [0.0, -1.0, -4.5, -5.0])


def test_an_area_lies_between_its_edges(tiny: Study) -> None:
    plot = power(tiny)
    corners = path(svg(plot.svg("")), "fill-car")
    assert [round(value(plot, y), 1) for _, y in corners[:8:2]] == [10.0, 2.0, 10.0, 2.0]
    assert {round(value(plot, y), 1) for _, y in corners[8:]} == {2.0}


def test_a_step_above_its_limit_is_marked_and_every_step_told(tiny: Study) -> None:
    element = svg(power(tiny).svg(""))
    marks = [one for one in element.iter("rect") if one.get("class") == "fill-limit"]
    assert [(one.get("x"), one.get("width")) for one in marks] == [("0.0", "250.0")]
    assert marks[0][0].text == "Mon 1 10:00: 2.0 kW above a limit"
    assert power_told(tiny)[3] == "Mon 1 10:45: grid -2.0 kW, cars -4.0, load 2.0, sun 0.0, battery -1.0"


def test_an_internal_price_beyond_all_others_stays_at_the_edge(tiny: Study) -> None:
    plot = prices(tiny)
    assert [round(value(plot, y), 3) for _, y in path(svg(plot.svg("")), "import")[::2]] == [0.2, 0.3, 0.2, 0.1]
    internal = path(svg(plot.svg("")), "internal dashed")
    assert internal[0][0] == 250  # there was no plan before
    assert [round(value(plot, y), 2) for _, y in internal[::2]] == [0.25, 0.6, 0.1]


def test_lines_of_the_connection_beside_the_fuse(tiny: Study) -> None:
    assert phases(tiny) == [(20.0, 2 * STEP, STEP), (10.0, 0.0, 0.0), (10.0, 0.0, 0.0)]
    assert unbalance(tiny) == (10.0, (10 + 1 + 8 + 0) / 4)
    element = svg(phase_bars(tiny))
    assert [(one.get("class"), one.get("width")) for one in element.iter("rect")] == [
        ("fill-limit", "95.24%"),  # 20 of 21 A
        ("fill-car", "47.62%"),
        ("fill-car", "47.62%"),
    ]
    assert element.get("aria-label") == "the most each line has carried: L1 20 A, L2 10 A, L3 10 A; fuse 16 A"


def test_outlets_wait_charge_and_give(tiny: Study) -> None:
    assert list(runs(tiny, "left")) == [(START, START + STEP, 2_000.0), (START + 2 * STEP, START + 3 * STEP, 2_000.0)]
    assert list(runs(tiny, "right")) == [(START + 2 * STEP, START + 4 * STEP, -2_000.0)]
    boxes = [(one.get("class"), one.get("x"), one.get("width"), one[0].text) for one in svg(gantt(tiny).svg("")).iter("rect")]
    assert ("fill-car", "0.0", "250.0", "Ada, 10:00 to 10:15: charging 2.0 kWh") in boxes
    assert ("fill-idle", "250.0", "750.0", "Bob & <b>Co</b>, 10:15 to 11:00: plugged in") in boxes
    assert ("fill-waiting", "0.0", "250.0", "Bob & <b>Co</b>, 10:00 to 10:15: waiting") in boxes
    assert ("fill-giving", "500.0", "500.0", "Bob & <b>Co</b>, 10:30 to 11:00: giving 2.0 kWh") in boxes


def test_the_energy_of_a_car(tiny: Study) -> None:
    ada, bob = tiny.stays
    assert tiny.course(ada) == [(START + k * STEP, wh) for k, wh in enumerate((10e3, 12e3, 12e3, 14e3, 14e3))]
    assert tiny.course(bob)[0] == (START + STEP, 30e3)
    plot = fan(tiny, ada)
    assert [(x, round(value(plot, y))) for x, y in path(svg(plot.svg("")), "car bold")] == [
        (0, 10),
        (250, 12),
        (500, 12),
        (750, 14),
        (1000, 14),
    ]
    assert [round(value(plot, y)) for _, y in path(svg(plot.svg("")), "waiting dashed")] == [10, 10, 12, 14, 14]
    slower = fan(replace(tiny, plan_step=2 * STEP), ada)
    assert [(x, round(value(plot, y))) for x, y in path(svg(slower.svg("")), "waiting dashed")] == [(0, 10), (500, 10), (1000, 12)]
    # From 10 kWh with 8 kW at most: 14 half an hour before it leaves is early enough, and 18 at the end is the most.
    assert bounds(ada, [START, START + 1_800.0, START + 3_600.0]) == [
        (START, 10e3, 10e3),
        (START + 1_800.0, 10e3, 14e3),
        (START + 3_600.0, 14e3, 18e3),
    ]
    assert bounds(bob, [bob.plugged])[0][1] == 22e3  # one that gives may go down: to 32 kWh it has an hour and a quarter


def test_the_reason_says_when_or_why_not(tiny: Study) -> None:
    ada, bob = tiny.stays
    assert (ready(tiny, ada), ready(tiny, bob)) == (START + 3 * STEP, None)
    assert reason(tiny, ada) == "ready 10:45, 15 min before it leaves"
    assert reason(tiny, bob) == "leaves with 28.0 of 32.0 kWh, 30 min before it said"
    assert (
        reason(tiny, replace(bob, reach=31_000.0, declared=bob.left)) == "leaves with 28.0 of 32.0 kWh: full power all the time gives 31.0"
    )


def test_who_left_short_is_shown_before_others(tiny: Study) -> None:
    many = replace(tiny, stays=(*(replace(tiny.stays[0], came=START + k) for k in range(30)), replace(tiny.stays[1], came=START + 99)))
    shown = chosen(many)
    assert len(shown) == 24
    assert shown[-1].user == tiny.stays[1].user


def test_the_waterfall_leads_from_one_bill_to_the_other(tiny: Study, others: list[Study]) -> None:
    assert steps(others[0], tiny) == [
        ("unmanaged", 0.0, 100.0),
        ("energy", 100.0, 95.0),
        ("demand charge", 95.0, 58.0),
        ("wear", 58.0, 60.0),
        ("planned", 0.0, 60.0),
    ]
    boxes = [
        (one.get("class"), float(one.get("x", "")[:-1]), float(one.get("width", "")[:-1]))
        for one in svg(waterfall(others[0], tiny)).iter("rect")
    ]
    scale = boxes[0][2] / (100.0 - 43.3)  # bars begin at 58 - 0.35 * 42
    assert [style for style, _, _ in boxes] == ["fill-idle", "fill-saved", "fill-saved", "fill-spent", "fill-car"]
    assert [round(width / scale, 1) for _, _, width in boxes] == [56.7, 5.0, 37.0, 2.0, 16.7]


def test_the_scorecard_is_text(tiny: Study, others: list[Study]) -> None:
    rows = {row[0]: row[1:] for row in scorecard([*others, tiny])}
    assert rows[""] == ["unmanaged", "equal share", "perfect foresight", "planned"]
    assert rows["cost, EUR"] == ["100.00", "90.00", "40.00", "60.00"]
    assert rows["captured of what can be saved, %"] == ["(-20)", "(0)", "(100)", "(60)"]  # all broke a limit
    fair = [
        study(document(policy, cost=cost, violation_kwh=0.0, satisfied=99.5)) for policy, cost in (("equal_share", 90.0), ("perfect", 40.0))
    ]
    assert scorecard(fair)[-1] == ["captured of what can be saved, %", "0", "100"]
    assert "own use of the sun, %" not in rows  # nobody has it


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("shade", [0, 1], ids=["light", "dark"])
def test_colours_stand_out(shade: int) -> None:
    back = COLOURS["back"][shade]
    found = {name: contrast(pair[shade], back) for name, pair in COLOURS.items() if name not in ("back", "line")}
    assert not [name for name, ratio in found.items() if ratio < (4.5 if name in ("fore", "soft") else 3.0)]


@pytest.mark.parametrize(
    ("low", "high", "there"), [(0, 104, [0, 20, 40, 60, 80, 100]), (-2.1, 10.4, [0, 5, 10]), (0, 0.3, [0, 0.1, 0.2, 0.3])]
)
def test_axes_have_round_numbers(low: float, high: float, there: list[float]) -> None:
    assert ticks(low, high) == there


def repeated(one: Study, times: int) -> Study:
    """Its steps over and over."""
    lines = {name: getattr(one, name) * times for name in Study.__fields__ if name != "stays" and isinstance(getattr(one, name), tuple)}
    by_name = {part: {name: line * times for name, line in getattr(one, part).items()} for part in ("evses", "cars", "batteries")}
    return replace(one, **lines, **by_name)


def test_a_picture_of_many_steps_is_drawn_of_means(tiny: Study) -> None:
    seen = coarse(repeated(tiny, MOST))
    assert (len(seen.grid), seen.step, seen.end) == (MOST, 4 * STEP, tiny.start + 4 * MOST * STEP)
    assert (seen.grid[0], seen.excess[0], seen.evses["left"][0], seen.cars["left"][0]) == (3_625.0, 2_000.0, 4_000.0, 14_000.0)
    assert coarse(tiny) is tiny


def test_the_page_has_every_section_and_needs_nothing_else(tiny: Study, others: list[Study]) -> None:
    page = report(tiny, others)
    assert re.findall(r'<section id="(\w+)"', page) == list(SECTIONS)
    assert not re.search(r"(?:src|href|url)\s*[=(]|@import|<script", page)
    pictures = re.findall(r'<svg class="plot".*?\n</svg>(?=</figure>|\n</figure>)', page, re.DOTALL)
    assert len(pictures) == page.count("<figure") == 8  # power, prices, beside, waterfall, outlets, two cars, lines
    for picture in pictures:
        assert svg(picture).get("role") == "img"
        assert svg(picture).get("aria-label")
    assert "40.00 EUR (40 %) less than unmanaged" in page
    assert "limit 8 kW" in page
    assert "1 of 2 left short" in page


def test_alone_it_compares_with_nothing(tiny: Study) -> None:
    page = report(tiny)
    assert re.findall(r'<section id="(\w+)"', page) == [name for name in SECTIONS if name != "beside"]
    assert "unmanaged" not in page


def test_nothing_of_a_document_is_taken_for_html() -> None:
    evil = "<script>alert(1)</script>\"'&"
    told = document()
    told |= {"title": evil, "scenario": evil, "policy": evil, "currency": evil}
    told["evses"][evil] = told["evses"].pop("left")
    told["stays"][0] |= {"evse": evil, "user": evil}
    page = report(study(told), [study(document("unmanaged") | {"scenario": evil, "currency": evil})])
    assert "<script" not in page
    assert "<b>Co" not in page
    assert page.count("&lt;script&gt;") > 10


def test_a_site_without_fuse_limit_cars_or_sun() -> None:
    told = document()
    told["fuse"], told["evses"], told["stays"], told["batteries"] = None, {}, [], {}
    told["series"] |= {"limit": [None] * 4, "pv": [0.0] * 4, "curtailed": [0.0] * 4, "internal_price": None, "excess": [0.0] * 4}
    page = report(study(told))
    assert "no limit" in page
    assert "sun" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).split('<section id="days"')[0]


BROWSER = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=5000 --dump-dom""".split()
READER = """<script>
const seen = {};
addEventListener("load", () => {
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, root = page.documentElement, plots = [...page.querySelectorAll(".plot")];
    const words = plots.map(plot => [...plot.querySelectorAll("text:not(.end)")].filter(word => word.getAttribute("y") > 50)
      .map(word => word.getBoundingClientRect()).filter(box => box.width));
    seen[frame.width] = {
      beyond: root.scrollWidth - root.clientWidth,
      sections: [...page.querySelectorAll("section")].filter(one => one.getBoundingClientRect().height > 30).map(one => one.id),
      flat: plots.filter(plot => plot.getBoundingClientRect().width < 200 || plot.getBoundingClientRect().height < 30).length,
      overlaps: words.flatMap(boxes => boxes.slice(1).filter((box, k) => box.top === boxes[k].top && box.left < boxes[k].right)).length,
    };
  }
  document.title = JSON.stringify(seen);
});
</script>"""


@pytest.mark.long
def test_the_page_in_a_browser(tiny: Study, others: list[Study], tmp_path: Path) -> None:
    """On a telephone and on a desk nothing stands out of the page, no words of an axis overlap, and nobody complains."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium")
    day, *more = (repeated(one, 24) for one in (tiny, *others))
    page = escape(report(day, more))
    frames = "".join(f'<iframe width="{width}" height="800" srcdoc="{page}"></iframe>' for width in (390, 1200))
    (tmp_path / "read.html").write_text(f"<!doctype html><meta charset=utf-8><title></title>{READER}{frames}", encoding="utf-8")
    command = [browser, *BROWSER, f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "read.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    found = re.search(r"<title>(.*?)</title>", done.stdout)
    assert found is not None
    for seen in json.loads(found[1]).values():
        assert seen == {"beyond": 0, "sections": list(SECTIONS), "flat": 0, "overlaps": 0}
    assert "CONSOLE" not in done.stderr
