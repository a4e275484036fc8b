"""What people read is true: the README's driver drives, the drawn sequence is the table's."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from iso15118.hal import protocols
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.registry import Family
from iso15118.power import Command, Contactor, Setpoint
from iso15118.service.evse import Evse
from iso15118.service.station import Station
from iso15118.value import replace
from tools.document_configuration import page as configuration_page
from tools.document_grid_functions import pages as grid_pages
from tools.document_messages import pages
from tools.document_pki import page as pki_page
from tools.document_policy import page as policy_page
from tools.draw_sequence import page
from tools.tlscases.document import page as tls_cases_page

ROOT = Path(__file__).parents[1]


def test_the_drawn_sequence_is_the_table() -> None:
    assert (ROOT / "docs" / "sequence.md").read_text(encoding="utf-8") == page(), "run: python tools/draw_sequence.py"


def test_the_page_of_policy_is_the_tables() -> None:
    there = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    assert there == policy_page(), "run: python tools/document_policy.py"


def test_the_page_and_pictures_of_grid_functions_are_the_profiles() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("grid_functions*")}
    assert there == grid_pages(), "run: python tools/document_grid_functions.py"


def test_the_page_of_certificates_is_the_profiles() -> None:
    assert (ROOT / "docs" / "pki.md").read_text(encoding="utf-8") == pki_page(), "run: python tools/document_pki.py"


def test_the_page_of_tls_cases_is_the_cases() -> None:
    there = (ROOT / "docs" / "tls_cases.md").read_text(encoding="utf-8")
    assert there == tls_cases_page(), "run: python -m tools.tlscases --document"


def test_the_page_of_configuration_is_the_tables() -> None:
    there = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert there == configuration_page(), "run: python tools/document_configuration.py"


def test_every_key_means_something() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", configuration_page(), re.MULTILINE)
    assert len(rows) > 200
    assert not [key for key, meaning in rows if not meaning.strip()]


def test_what_is_covered_is_proved_by_tests_that_are_there() -> None:
    text = (ROOT / "docs" / "covered.md").read_text(encoding="utf-8")
    proofs = re.findall(r"\[(test_\w+)\]\(\.\./(tests/[\w/]+\.py)\)", text)
    assert len(proofs) == text.count("[test_") > 80
    missing = [
        (name, path)
        for name, path in proofs
        if not (ROOT / path).is_file() or not re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not missing


def test_what_is_covered_names_keys_that_are_there() -> None:
    text = (ROOT / "docs" / "covered.md").read_text(encoding="utf-8")
    keys = {key for line in text.splitlines() if "[test_" in line for key in re.findall(r"`([a-z_]+)`", line.rsplit(" | ", 1)[1])}
    known = set(re.findall(r"^\| `(\w+)` \|", configuration_page(), re.MULTILINE))
    assert len(keys) > 30
    assert keys <= known
    doors = re.findall(r"`(Station|Evse)\.(\w+)`", text)
    assert not [name for side, name in doors if not hasattr({"Station": Station, "Evse": Evse}[side], name)]


PAGES = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("hw/**/*.md"), *ROOT.glob("tools/**/*.md")))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]


def test_the_pages_of_messages_are_the_classes() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "messages").iterdir()}
    wanted = pages()
    assert sorted(there) == sorted(wanted)
    stale = [name for name, text in wanted.items() if there[name] != text]
    assert not stale, "run: python tools/document_messages.py"


def anchors(text: str) -> list[str]:
    """The anchors that a code-hosting site gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_links_of_the_pages_of_messages_lead_somewhere() -> None:
    folder = ROOT / "docs" / "messages"
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    targets = {name: anchors(text) for name, text in texts.items()}
    assert not [name for name, found in targets.items() if len(set(found)) < len(found)]  # a second one of a name would be numbered
    links = [(name, link) for name, text in texts.items() for link in re.findall(r"\]\(([^)]+)\)", text)]
    dead = []
    for name, link in links:
        target, _, anchor = link.partition("#")
        there = not target or (folder / target).is_file()
        if not there or (anchor and anchor not in targets[target or name]):
            dead.append((name, link))
    assert len(links) > 1000
    assert not dead


def driver() -> str:
    [block] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return block


def test_the_drivers_class_is_as_short_as_promised() -> None:
    lines = [line for line in driver().splitlines() if line.strip() and not line.startswith(("from", "import"))]
    assert len(lines) <= 20


def test_the_readmes_driver_drives() -> None:
    """Made from a board file alone, as `hal.registry` makes every family, with the family's own table in it."""
    space: dict[str, object] = {}
    exec(compile(driver(), "README.md", "exec", dont_inherit=True), space)
    family: Family = space["acme"]  # type: ignore[assignment]
    limits = replace(Board().limits, charge_current=32.0)
    outlet = family(Board(family="acme", limits=limits, settings={"port": "can0"}))
    assert isinstance(outlet, protocols.Outlet)
    assert isinstance(outlet.supply, protocols.DcSupply)
    assert outlet.supply.abilities.limits == limits
    bus = outlet.supply.bus  # type: ignore[attr-defined]
    guard = Guard(outlet)
    for turn in range(200):
        bus.taken_at = turn * 0.01
        hold = Setpoint(voltage=400.0, trickle=2.0, contactor=True, lock=True)
        guard.command(Command(turn + 1, 0.3, hold), turn * 0.01)
        telemetry = guard.cycle(turn * 0.01)
    assert not telemetry.faults
    assert telemetry.reading.contactor.value is Contactor.CLOSED
    assert bus.wanted == (400.0, 2.0)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_files_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"`((?:iso15118|tests|tools|hw|docs)/[\w/.]+\.\w+)`", text)
    missing = [path for path in named if not (ROOT / path).exists()]
    assert not missing


def test_the_picture_of_a_site_shows_both_days() -> None:
    """Which day it is follows from a solver and is not drawn anew here."""
    picture = ET.parse(ROOT / "docs" / "site.svg").getroot()
    name = "{http://www.w3.org/2000/svg}"
    headings = [text.text or "" for text in picture.iter(f"{name}text") if text.get("class") == "heading"]
    assert [re.sub(r"[\d.]+", "N", heading) for heading in headings] == [
        "unmanaged: N EUR, peak N kW, N of N cars satisfied",
        "planned: N EUR, peak N kW, N of N cars satisfied",
    ]
    costs, peaks = zip(*([float(number) for number in re.findall(r"\d+", heading)[:2]] for heading in headings), strict=True)
    assert costs[1] < costs[0]
    assert peaks[1] < 100.0 < peaks[0]
    drawn = [path.get("class") for path in picture.iter(f"{name}path")]
    assert [drawn.count(style) for style in ("fill-car", "fill-load", "fill-sun", "grid", "limit bold dashed")] == [2] * 5
