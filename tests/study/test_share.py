"""Shares of a step, by hand."""

from __future__ import annotations

from math import inf

import pytest

from iso15118.grid.signals import Kind, Signal
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.study.share import Row, Tree, fill, limit_of, serve


def test_what_is_short_is_shared_by_weight() -> None:
    given: dict[str, float] = {}
    fill({"a": 10.0, "b": 10.0, "c": 1.0}, {"a": 1.0, "b": 2.0, "c": 1.0}, [Row("r", 10.0, {"a": 1.0, "b": 1.0, "c": 1.0})], given)
    assert given == pytest.approx({"a": 3.0, "b": 6.0, "c": 1.0})


def test_a_full_feeder_leaves_the_rest_to_others() -> None:
    rows = [Row("main", 12.0, {"a": 1.0, "b": 1.0, "c": 1.0}), Row("feeder", 4.0, {"a": 1.0, "b": 1.0})]
    given: dict[str, float] = {}
    fill({"a": 9.0, "b": 9.0, "c": 9.0}, dict.fromkeys("abc", 1.0), rows, given)
    assert given == pytest.approx({"a": 2.0, "b": 2.0, "c": 8.0})


def test_the_first_is_served_first() -> None:
    rows = [Row("main", 12.0, {"a": 1.0, "b": 2.0})]
    given: dict[str, float] = {}
    serve(["b", "a"], {"a": 5.0, "b": 5.0}, rows, given)
    assert given == pytest.approx({"b": 5.0, "a": 2.0})
    assert rows[0].room == pytest.approx(0.0)


def test_rows_are_limits_less_what_flows() -> None:
    site = Site(
        name="s",
        circuits=(Circuit(name="grid", import_limit=50_000.0, fuse=80.0), Circuit(name="feeder", parent="grid", import_limit=10_000.0)),
        evses=(Evse(name="one", circuit="feeder", lines=(1,)), Evse(name="three", circuit="grid", dc=True, efficiency=0.5)),
    )
    rows = {row.name: row for row in Tree(site, {"one": 1}).rows({"grid": 6_900.0}, (), 0.0, 1.0)}
    assert rows["grid"].room == pytest.approx(43_100.0)
    assert rows["grid"].parts == {"one": 1.0, "three": 2.0}
    assert rows["feeder"].room == pytest.approx(10_000.0)
    assert rows["L1 of grid"].parts == pytest.approx({"three": 2.0 / 3.0})
    assert rows["L2 of grid"].parts == pytest.approx({"one": 1.0, "three": 2.0 / 3.0})
    assert rows["L2 of grid"].room == pytest.approx(80.0 * 230.0 - 2_300.0)


def test_a_signal_tightens_a_limit() -> None:
    circuit = Circuit(name="grid", import_limit=50_000.0)
    signal = Signal(id="e", source="u", kind=Kind.IMPORT_LIMIT, value=20_000.0, start=10.0, end=20.0)
    assert limit_of(circuit, (signal,), 5.0) == 50_000.0
    assert limit_of(circuit, (signal,), 15.0) == 20_000.0
    assert limit_of(Circuit(name="grid"), (), 0.0) == inf
