from __future__ import annotations

import logging

import pytest

from iso15118.service.log import Log, one_line


def test_ten_lines_a_second_of_a_kind(caplog: pytest.LogCaptureFixture) -> None:
    now = 5.0
    log = Log(clock=lambda: now)
    for i in range(500):
        log.warning("flood", f"line {i}")
        log.warning("other", "rare") if i == 499 else None
    assert [r.message for r in caplog.records] == [*(f"line {i}" for i in range(10)), "rare"]
    now = 6.0
    log.warning("flood", "again")
    assert caplog.records[-1].message == "again (490 more lines like this were left out)"


def test_a_line_stays_one_line(caplog: pytest.LogCaptureFixture) -> None:
    Log().warning("peer", "EVCC\n2026 INFO forged\x1b[2J")
    assert caplog.records[0].message == "EVCC\\n2026 INFO forged\\x1b[2J"
    assert one_line("plain – ünïcode") == "plain – ünïcode"


def test_what_is_not_wanted_is_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="iso15118")
    log = Log(clock=lambda: 0.0)
    for _ in range(20):
        log.info("note", "nobody listens")
    caplog.set_level(logging.INFO, logger="iso15118")
    log.info("note", "now")
    assert [r.message for r in caplog.records] == ["now"]
