"""Lines of a program that runs for long."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Iterator

import pytest

from iso15118.cli.report import LEVELS, SessionLines, say, show_log
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.sequence.phases import Phase
from iso15118.service.seen import Direction, Exchanged, PhaseChanged

LOGGER = logging.getLogger("iso15118")


@pytest.fixture(autouse=True)
def quiet_afterwards() -> Iterator[None]:
    """The log is the process's: give it back as it was."""
    handlers, level = LOGGER.handlers[:], LOGGER.level
    yield
    LOGGER.handlers[:] = handlers
    LOGGER.setLevel(level)


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
    show_log("info")
    say("nobody hears")
    LOGGER.warning("nobody hears")


@pytest.mark.parametrize(("level", "heard"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_log_from_a_level_upwards(level: str, heard: int, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # asked for again: still each line once
        show_log(level)
    for number in LEVELS.values():
        LOGGER.log(number, "told")
    assert said(capsys) == ["told", "told", "warning: told", "error: told"][4 - heard :]


def test_a_defect_is_named_and_not_traced(capsys: pytest.CaptureFixture[str]) -> None:
    show_log("error")
    try:
        raise ZeroDivisionError("by nought")
    except ZeroDivisionError as defect:
        LOGGER.error("session given up", exc_info=defect)
    assert said(capsys) == ["error: session given up: ZeroDivisionError: by nought"]


def test_a_line_a_phase_and_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    lines = SessionLines("E1", lambda: (400.0, -50.0))
    message = supportedAppProtocolReq(app_protocol=())
    lines(PhaseChanged(5.0, Phase.POWER_DELIVERY, Phase.CHARGE_LOOP))
    for i in range(541):
        lines(Exchanged(5.0 + i / 4, Direction.IN, 0x8004, message, b""))
    lines(PhaseChanged(140.0, Phase.CHARGE_LOOP, Phase.WELDING_DETECTION))
    lines(Exchanged(999.0, Direction.IN, 0x8004, message, b""))
    state = "E1:   400.0 V   -50.0 A  -20.0 kW  out of the vehicle"
    assert said(capsys) == ["E1: ChargeLoop", state, state, "E1: WeldingDetection"]
