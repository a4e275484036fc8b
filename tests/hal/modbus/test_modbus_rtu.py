"""A serial line: worked frames of an Eastron SDM630 over a pseudo terminal, and what is no frame."""

from __future__ import annotations

import os
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from iso15118.hal.modbus.line import Line, LineKeys
from iso15118.hal.modbus.registers import Point

pytestmark = pytest.mark.long

ASKED = bytes.fromhex("01 04 00 34 00 02 30 05")
ANSWER = bytes.fromhex("01 04 04 C5 E6 00 00 26 BF")
POWER = {"power": Point(0x34, type="f32")}


@contextmanager
def wire(answers: list[bytes], heard: list[bytes]) -> Iterator[str]:
    """A serial device whose other end gives one answer after the other, the last again and again."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    over = threading.Event()

    def answer() -> None:
        with suppress(OSError):  # of a line whose other end is closed
            while not over.is_set():
                heard.append(os.read(ours, 256))
                os.write(ours, answers.pop(0) if len(answers) > 1 else answers[0])

    threading.Thread(target=answer, name="device", daemon=True).start()
    try:
        yield os.ttyname(theirs)
    finally:
        over.set()
        os.close(theirs)


def test_a_value_over_a_serial_line() -> None:
    heard: list[bytes] = []
    with wire([ANSWER], heard) as device:
        line = Line(POWER, LineKeys(device=device, every=0.05))
        assert line.first(3.0), line.why
        assert line.latest["power"].value == -7360.0
        assert heard[0] == ASKED
        line.close()


@pytest.mark.parametrize(
    "wrong",
    [
        ANSWER[:-1] + b"\x00",  # the CRC
        ANSWER[:5],  # cut off
        bytes.fromhex("01 84 02 C2 C1"),  # an exception: illegal data address
        b"\xff" * 40,
        bytes.fromhex("02 04 04 C5 E6 00 00 15 BF"),  # of another device
    ],
    ids=["crc", "cut", "exception", "noise", "another unit"],
)
def test_what_is_no_answer_is_no_value_and_the_next_one_is(wrong: bytes) -> None:
    with wire([wrong, ANSWER], []) as device:
        line = Line(POWER, LineKeys(device=device, every=0.05))
        for _ in range(100):
            if line.why:
                break
            time.sleep(0.02)
        assert "power" not in line.latest
        assert line.first(5.0), line.why
        assert line.latest["power"].value == -7360.0
        line.close()
