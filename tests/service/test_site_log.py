"""A site's log: bounded, readable alone, and lived again to the bit."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.grid.meters import Reading
from iso15118.grid.planning import EvsePlan, SitePlan
from iso15118.grid.second import Kept, Known, second
from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.grid.tree import Tree
from iso15118.grid.visits import Visit
from iso15118.service.site_log import SiteLog, Story, changed, changes
from iso15118.value import replace

SITE = Site(
    name="works",
    circuits=(Circuit(name="grid", import_limit=30e3, metered=True), Circuit(name="feeder B", parent="grid", fuse=40.0, metered=True)),
    evses=tuple(Evse(name=str(n), circuit="feeder B", most=16.0, charge=11e3) for n in range(3)),
)


def written(path: Path, seconds: int, seed: int = 1, size: int = 10_000_000) -> SiteLog:
    """A site that lives for a while: loads move, cars come and go, a meter falls silent, a limit is said and withdrawn."""
    draw, log, kept, tree = random.Random(seed), SiteLog(path, SITE, "equal_share", size=size), Kept(), Tree(SITE)
    known = Known(now=100.0, moment=1_800_000_000.0, meters={}, draws={}, visits={})
    for k in range(seconds):
        now, moment = 100.0 + k + draw.random() / 10, 1_800_000_000.0 + k
        meters = dict(known.meters)
        if draw.random() < 0.8:
            other = 1.0 + 3.0 * draw.random()
            grants = sum(kept.allocated.currents.values())
            meters |= {name: Reading((other + grants, 2.0 + grants, other + grants), now) for name in ("grid", "feeder B")}
        visits = dict(known.visits)
        if draw.random() < 0.1:
            name = str(draw.randrange(3))
            if visits.pop(name, None) is None:
                visits[name] = Visit(evse=name, need=Need(9e3, 30e3, 0.0, 7e3, 11e3), arrival=moment, departure=moment + 7e3)
        signals = known.signals
        if draw.random() < 0.05:
            signals = () if signals else (Signal(id="dso", source="dso", kind=Kind.IMPORT_LIMIT, value=12e3),)
        known = replace(known, now=now, moment=moment, meters=meters, visits=visits, signals=signals)
        before = kept
        kept, done = second(tree, "equal_share", known, kept)
        log.saw(known, before, done)
    log.close()
    return log


def test_each_second_is_lived_again_to_the_bit(tmp_path: Path) -> None:
    written(tmp_path / "log", 400)
    story = Story(tmp_path / "log")
    assert story.site == SITE
    lived = list(story.replayed())
    assert len(lived) == 400
    assert all(json.dumps(then, sort_keys=True) == json.dumps(now, sort_keys=True) for _, _, then, now in lived)
    powers = {grant["power"] for _, _, then, _ in lived for grant in then["grants"].values()}
    assert len(powers) > 20


def test_a_second_that_was_tampered_with_is_found(tmp_path: Path) -> None:
    written(tmp_path / "log", 50)
    text = (tmp_path / "log").read_text()
    (tmp_path / "log").write_text(text.replace('"power":', '"power":1', 1))
    assert any(then != now for _, _, then, now in Story(tmp_path / "log").replayed())


def test_a_full_file_makes_way_and_each_can_be_read_alone(tmp_path: Path) -> None:
    written(tmp_path / "log", 600, size=40_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    for name in ("log", "log.1"):
        assert (tmp_path / name).stat().st_size < 50_000
        assert all(then == now for _, _, then, now in Story(tmp_path / name).replayed())


def test_a_second_takes_little_room(tmp_path: Path) -> None:
    """Three cars; a day of this is some 60 MB."""
    written(tmp_path / "log", 400)
    assert (tmp_path / "log").stat().st_size / 400 < 1000


def test_a_line_cut_off_by_a_loss_of_power_is_the_end(tmp_path: Path) -> None:
    written(tmp_path / "log", 20)
    octets = (tmp_path / "log").read_bytes()
    (tmp_path / "log").write_bytes(octets[:-30])
    story = Story(tmp_path / "log")
    assert len(list(story.replayed())) == 19
    assert story.torn


@pytest.mark.parametrize(
    ("text", "told"), [("", "line 1: no head"), ("{}\n", "line 1: no head"), ("[]\n", "line 1: no head"), ("\udcff", "cannot be read")]
)
def test_what_is_no_log(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "log").write_text(text, errors="surrogateescape")
    with pytest.raises(LocalError, match=told):
        Story(tmp_path / "log")


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    written(tmp_path / "log", 5)
    lines = (tmp_path / "log").read_text().splitlines()
    lines[3] = "{"
    (tmp_path / "log").write_text("\n".join(lines))
    with pytest.raises(LocalError, match="line 4: no JSON"):
        list(Story(tmp_path / "log").seconds())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"a": 1}),
        ({"a": 1}, {}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}),
        ({"a": {"b": 1}}, {"a": None}),
        ({"a": None}, {"a": {}}),
        ({"a": {"b": 1}}, {"a": {}}),
        ({"a": 1}, {"a": True}),
        ({"a": 1.0}, {"a": 1}),
        ({"a": [1, 2]}, {"a": [1]}),
    ],
)
def test_changes(before: dict[str, Any], after: dict[str, Any]) -> None:
    told = json.loads(json.dumps(changes(before, after)))
    assert json.dumps(changed(before, told)) == json.dumps(after)
    assert changes(after, after) == {}


def test_the_last_plan_is_found_without_living_through_it_all(tmp_path: Path) -> None:
    def plan(made: float, power: float) -> SitePlan:
        car = EvsePlan(evse="1", power=(power, 0.0), energy=(1.0, 1.0))
        edges = (made, made + 900.0, made + 1800.0)
        return SitePlan(
            made=made, edges=edges, evses=(car,), batteries={}, grid=(0.0,) * 2, curtailed=(0.0,) * 2, price=(0.1,) * 2, peak=0.0, cost=1.0
        )

    log, kept, tree = SiteLog(tmp_path / "log", SITE, "cheapest"), Kept(), Tree(SITE)
    known = Known(now=0.0, moment=1_800_000_000.0, meters={}, draws={}, visits={})
    for k, made in enumerate((None, plan(1_800_000_000.0, 5e3), None, plan(1_800_000_003.0, 5e3), plan(1_800_000_004.0, 6e3))):
        known = replace(known, now=float(k), moment=1_800_000_000.0 + k, plan=made)
        before = kept
        kept, done = second(tree, "cheapest", known, kept)
        log.saw(known, before, done)
        assert Story(tmp_path / "log").last_plan() == made
    log.close()
