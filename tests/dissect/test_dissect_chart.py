from __future__ import annotations

import json
from typing import Any

import pytest

from iso15118.dissect.chart import LANE, arrow, chart
from iso15118.dissect.gist import gist, number
from iso15118.dissect.lines import lines
from iso15118.dissect.transcript import Said, StreamSeen, Transcript

READY: dict[str, Any] = {
    "Header": {"SessionID": "00"},
    "ResponseCode": "OK",
    "EVSEPresentVoltage": {"Exponent": -1, "Value": 4003},
    "Dynamic_DC_CLResControlMode": {"EVSEMaximumChargePower": {"Exponent": 3, "Value": 50}},
    "EVSEPowerLimitAchieved": False,
}
ASKED = Said(
    time=10.0, packet=4, stream=0, from_car=True, payload_type=0x8004, schema="DC", name="DC_ChargeLoopReq", content={"Header": {}}
)
ANSWERED = Said(time=10.0025, packet=5, stream=0, from_car=False, payload_type=0x8004, schema="DC", name="DC_ChargeLoopRes", content=READY)
REFUSED = Said(time=10.1, packet=6, from_car=False, name="SessionStopRes", content={"ResponseCode": "FAILED_UnknownSession"})
BROKEN = Said(time=10.2, packet=7, from_car=True, octets=b"\1\xfe", problem="not\na message\x1b[2J")
ALL = Transcript(
    said=(ASKED, ANSWERED, REFUSED, BROKEN), streams=(StreamSeen("[fe80::1]:1", "[fe80::2]:2"),), problems=("odd",), notes=("more",)
)


def test_a_message_at_a_glance() -> None:
    assert gist(ANSWERED) == "OK  EVSEPresentVoltage=400.3  EVSEMaximumChargePower=50000  EVSEPowerLimitAchieved=false"
    assert gist(ANSWERED, 30) == "OK  EVSEPresentVoltage=400.3"
    assert gist(BROKEN) == BROKEN.problem
    din = {"Body": {"PreChargeReq": {"EVTargetVoltage": {"Multiplier": -1, "Unit": "V", "Value": 4000}, "List": [1, 2], "Text": "x" * 60}}}
    assert gist(Said(content=din)) == f"EVTargetVoltage=400 V  List[2]  Text={'x' * 23}…"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"Exponent": 0, "Value": 0}, "0"),
        ({"Exponent": -3, "Value": -1500}, "-1.5"),
        ({"Exponent": 127, "Value": 1}, "1" + "0" * 127),
        ({"Exponent": "a", "Value": 1}, ""),
        ({"Value": 1}, ""),
    ],
)
def test_scaled_numbers_are_read_exactly(value: dict[str, Any], said: str) -> None:
    assert number(value) == said


def test_a_line_a_frame_with_times_and_arrows() -> None:
    text = list(chart(ALL, width=120))
    assert text[0] == "connection 1: car [fe80::1]:1, charger [fe80::2]:2, TCP"
    assert text[2].startswith("     4     0.0000      +0.0 │ DC_ChargeLoopReq ───")
    assert text[3].startswith("     5     0.0025      +2.5 │◀───")
    assert "─ DC_ChargeLoopRes │ OK  EVSEPresentVoltage=400.3" in text[3]
    assert "SessionStopRes ✗ │ FAILED_UnknownSession" in text[4]
    assert text[5].endswith("│ not?a message?[2J")
    assert text[6:] == ["problem: odd", "more"]
    assert all(len(line) <= 120 for line in text)


def test_text_without_a_clock_counts_lines() -> None:
    text = list(chart(Transcript(said=(Said(packet=3, name="X", content={}),))))
    assert text[0].startswith("  line")
    assert text[1].startswith("     3 │")


def test_what_failed_is_red_where_there_are_colours() -> None:
    red = [line for line in chart(ALL, colour=True) if line.startswith("\x1b[31m")]
    assert len(red) == 3
    assert not any("\x1b" in line for line in chart(ALL))


@pytest.mark.parametrize("from_car", [True, False, None])
@pytest.mark.parametrize("name", ["X", "DC_ChargeParameterDiscoveryReq", "N" * 100])
def test_arrows_have_one_width(from_car: bool | None, name: str) -> None:
    for problem in ("", "x"):
        assert len(arrow(Said(from_car=from_car, name=name, content={"ResponseCode": "FAILED"}, problem=problem))) == LANE


def test_json_lines() -> None:
    stream, asked, answered, _, broken, problem = (json.loads(line) for line in lines(ALL))
    assert stream == {"stream": 0, "car": "[fe80::1]:1", "charger": "[fe80::2]:2", "how": "TCP"}
    assert asked == {
        "packet": 4,
        "time": 10.0,
        "stream": 0,
        "from": "car",
        "payload_type": "0x8004",
        "schema": "DC",
        "message": {"DC_ChargeLoopReq": {"Header": {}}},
        "octets": "",
    }
    assert answered["message"]["DC_ChargeLoopRes"] == READY
    assert (broken["problem"], broken["octets"], "message" in broken) == (BROKEN.problem, "01fe", False)
    assert problem == {"problem": "odd"}
    assert all(line.isascii() and "\n" not in line for line in lines(ALL))
