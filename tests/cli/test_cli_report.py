"""Lines of a program that runs for long."""

from __future__ import annotations

import io
import logging
import re
import sys

import pytest

from iso15118.cli.report import LEVELS, SessionLines, say, shown_log
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.sequence.phases import Phase
from iso15118.service.seen import Direction, Exchanged, PhaseChanged

LOGGER = logging.getLogger("iso15118")


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines, without their time of day."""
    lines = capsys.readouterr().out.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d  ", line) for line in lines)
    return [line[10:] for line in lines]


def test_a_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("first\nsecond \x1b[2J")
    assert said(capsys) == [r"first\nsecond \x1b[2J"]


def test_a_reader_that_has_gone_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    with shown_log("info"):
        say("nobody hears")
        LOGGER.warning("nobody hears")


@pytest.mark.parametrize(("level", "heard"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_log_from_a_level_upwards(level: str, heard: int, capsys: pytest.CaptureFixture[str]) -> None:
    before = LOGGER.level, LOGGER.handlers[:]
    with shown_log(level):
        for number in LEVELS.values():
            LOGGER.log(number, "told")
    assert (LOGGER.level, LOGGER.handlers) == before
    assert said(capsys) == ["told", "told", "warning: told", "error: told"][4 - heard :]


def test_a_defect_is_named_and_not_traced(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_log("error"):
        LOGGER.error("session given up", exc_info=ZeroDivisionError("by nought"))
    assert said(capsys) == ["error: session given up: ZeroDivisionError: by nought"]


def test_a_line_a_phase_and_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    lines = SessionLines("E1", lambda: (400.0, -50.0, -20e3))
    message = supportedAppProtocolReq(app_protocol=())
    lines(PhaseChanged(5.0, Phase.POWER_DELIVERY, Phase.CHARGE_LOOP))
    for i in range(541):
        lines(Exchanged(5.0 + i / 4, Direction.IN, 0x8004, message, b""))
    lines(PhaseChanged(140.0, Phase.CHARGE_LOOP, Phase.WELDING_DETECTION))
    lines(Exchanged(999.0, Direction.IN, 0x8004, message, b""))
    state = "E1:   400.0 V   -50.0 A  -20.0 kW  out of the vehicle"
    assert said(capsys) == ["E1: ChargeLoop", state, state, "E1: WeldingDetection"]
