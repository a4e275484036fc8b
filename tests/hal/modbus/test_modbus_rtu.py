"""A serial line: worked frames of an Eastron SDM630 over a pseudo terminal, and what is no frame."""

from __future__ import annotations

import os
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from pymodbus.framer import FramerRTU

from iso15118.hal.modbus.line import Client, Line, LineKeys, RefusedError
from iso15118.hal.modbus.registers import Point

pytestmark = [pytest.mark.long, pytest.mark.waits]

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


@pytest.mark.parametrize(
    ("function", "address", "unit", "asked", "answer", "words"),
    [
        (3, 1000, 3, "03 03 03 E8 00 04 C5 9B", "03 03 08 48 74 24 00 00 02 00 47 48 E8", [0x4874, 0x2400, 0x0002, 0x0047]),
        (4, 2000, 1, "01 04 07 D0 00 03 B0 86", "01 04 06 09 C4 00 01 01 90 C1 E7", [2500, 1, 400]),
    ],
    ids=["Bender", "Dold"],
)
def test_insulation_monitors_are_asked(function: int, address: int, unit: int, asked: str, answer: str, words: list[int]) -> None:
    heard: list[bytes] = []
    with wire([bytes.fromhex(answer)], heard) as device:
        client = Client(LineKeys(device=device, unit=unit))
        assert client.words(address, len(words), unit, function) == words
        client.close()
    assert heard[0] == bytes.fromhex(asked)


@pytest.mark.parametrize(
    ("function", "address", "word", "unit", "told", "answer"),
    [
        (16, 8005, 0x5445, 3, "03 10 1F 45 00 01 02 54 45 A0 57", "03 10 1F 45 00 01"),
        (16, 3026, 1, 3, "03 10 0B D2 00 01 02 00 01 D6 42", "03 10 0B D2 00 01"),
        (6, 0, 0x10, 1, "01 06 00 00 00 10 88 06", "01 06 00 00 00 10"),
    ],
    ids=["Bender's self test", "its enable", "Dold's self test"],
)
def test_insulation_monitors_are_told(function: int, address: int, word: int, unit: int, told: str, answer: str) -> None:
    heard: list[bytes] = []
    frame = bytes.fromhex(answer)
    with wire([frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")], heard) as device:
        client = Client(LineKeys(device=device, unit=unit))
        client.write(address, [word], unit, function)
        client.close()
    assert heard[0] == bytes.fromhex(told)


def test_a_device_that_refuses_says_so() -> None:
    with wire([bytes.fromhex("01 84 02 C2 C1")], []) as device:
        client = Client(LineKeys(device=device))
        with pytest.raises(RefusedError, match="register 0x34"):
            client.words(0x34, 2, 1, 4)
        client.close()


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (16, "03 10 1F 46 00 01"),  # another register
        (16, "03 10 1F 45 00 02"),  # more of them
        (16, "03 03 02 54 45"),  # the answer to something else
        (6, "03 06 1F 45 54 46"),  # another value
    ],
)
def test_a_device_that_has_not_taken_what_it_was_told(function: int, answer: str) -> None:
    frame = bytes.fromhex(answer)
    with wire([frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")], []) as device:
        client = Client(LineKeys(device=device))
        with pytest.raises(OSError, match="register 0x1f45"):
            client.write(8005, [0x5445], 3, function)
        client.close()
