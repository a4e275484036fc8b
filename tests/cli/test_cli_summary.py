"""The arithmetic of the verdict, apart from any session."""

from __future__ import annotations

import pytest

from iso15118.cli.lines import summary_lines
from iso15118.cli.summary import Balance, Summary, as_json, clock, energies
from iso15118.value import replace

INTO = Balance(meter=1010.0, stored=1000.0, heat=10.0, outward=False)
OUT = Balance(meter=990.0, stored=1000.0, heat=10.0, outward=True)
GOOD = Summary(
    mode="scheduled",
    clean=True,
    why="done",
    into=INTO,
    out=OUT,
    soc=(48.0, 62.0, 49.0),
    loops=100,
    messages=250,
    octets=15_000,
    p50=0.0002,
    p99=0.0009,
    longest=0.0123,
    codec_share=0.25,
    virtual=1802.0,
    wall=4.2,
)


def test_heat_is_added_on_the_way_in_and_taken_off_on_the_way_out() -> None:
    assert (INTO.battery, OUT.battery) == (1010.0, 990.0)
    assert (INTO.difference, OUT.difference) == (0.0, 0.0)


@pytest.mark.parametrize(("meter", "agrees"), [(1020.0, True), (1020.1, False), (980.0, True), (979.9, False), (1050.0, False)])
def test_two_percent(meter: float, agrees: bool) -> None:
    assert Balance(meter, 1000.0, 0.0, outward=False).agrees is agrees


def test_nothing_to_compare_is_no_agreement() -> None:
    nothing = Balance(0.0, 0.0, 0.0, outward=True)
    assert not nothing.agrees
    assert not replace(GOOD, out=nothing).ok
    assert energies(replace(GOOD, out=nothing))[2][3:] == ("-", "NOT OK")


@pytest.mark.parametrize(
    ("summary", "verdict"),
    [
        (GOOD, "OK: meter and battery agree within 2 % both ways"),
        (replace(GOOD, into=replace(INTO, meter=1061.0)), "NOT OK: energy in by the meter and by the battery differ by more than 2 %"),
        (replace(GOOD, out=replace(OUT, meter=900.0)), "NOT OK: energy out by the meter and by the battery differ by more than 2 %"),
        (replace(GOOD, clean=False, why="no request"), "NOT OK: the session did not end in order: no request"),
    ],
)
def test_verdict(summary: Summary, verdict: str) -> None:
    assert summary.verdict == verdict
    assert summary.ok is verdict.startswith("OK")
    assert summary_lines(summary)[-1] == verdict
    assert as_json(summary)["ok"] is summary.ok


def test_the_text_says_it_all_in_80_columns() -> None:
    text = summary_lines(replace(GOOD, record="demo.jsonl"))
    assert max(map(len, text)) <= 80
    for words in (
        "1.010 kWh",
        "0.990 kWh",
        "48.0 % -> 62.0 % -> 49.0 %",
        "250, 100 charge loops, 15 kB",
        "p99 0.90 ms",
        "30:02",
        "demo.jsonl",
    ):
        assert any(words in line for line in text), words


@pytest.mark.parametrize(("seconds", "told"), [(0.0, "00:00"), (59.9, "00:59"), (61.0, "01:01"), (3600.0, "60:00"), (-1.0, "00:00")])
def test_clock(seconds: float, told: str) -> None:
    assert clock(seconds) == told
