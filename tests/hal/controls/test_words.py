"""`hal.controls.words`: spelled out, so that a microcontroller can be written against it."""

from __future__ import annotations

import struct
from math import isnan, nan
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import CodecError
from iso15118.hal.controls.levels import contactor_state
from iso15118.hal.controls.words import BoardState, Input, Levels, Order
from iso15118.hal.frames import Frames, Word
from iso15118.power import Contactor, Pilot


def framed(word: int, body: bytes) -> bytes:
    inner = struct.pack(">HB", 1 + len(body), word) + body
    return b"\xc5\x5c" + inner + struct.pack(">I", crc32(inner))


def test_levels_octets() -> None:
    levels = Levels(7, 0.3, Order.CONTACTOR | Order.LOCK, 5.0)
    assert levels.to_bytes() == framed(6, struct.pack(">IHBH", 7, 300, 3, 500))


def test_board_octets() -> None:
    state = BoardState(7, Input.PLUS_CLOSED | Input.MINUS_CLOSED | Input.LOCKED, Pilot.C, 400.0, 31.5, 32.0)
    assert state.to_bytes() == framed(20, struct.pack(">IHBfff", 7, 0b11010, 2, 400.0, 31.5, 32.0))


def test_the_octets_of_the_page() -> None:
    page = (Path(__file__).parents[3] / "hw" / "control-board.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if line.startswith("C5 5C"))
    told = bytes.fromhex(line.partition("LEVELS")[0])
    assert told == Levels(7, 0.3, Order.CONTACTOR | Order.LOCK, 5.0).to_bytes()


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 65535).map(lambda ms: ms / 1000),
    st.integers(0, 3).map(Order),
    st.integers(0, 10000).map(lambda cent: cent / 100),
)
def test_levels_come_back(number: int, life: float, orders: Order, duty: float) -> None:
    levels = Levels(number, life, orders, duty)
    [(word, body)] = Frames().feed(levels.to_bytes())
    assert (word, Levels.from_bytes(body)) == (Word.LEVELS, levels)


@given(st.integers(0, 511).map(Input), st.sampled_from(Pilot), st.floats(width=32, allow_nan=False))
def test_a_state_comes_back(inputs: Input, pilot: Pilot, voltage: float) -> None:
    state = BoardState(1, inputs, pilot, voltage, 25.0, 0.0)
    [(word, body)] = Frames().feed(state.to_bytes())
    assert (word, BoardState.from_bytes(body)) == (Word.BOARD, state)


def test_what_is_not_measured_is_no_number() -> None:
    [(_, body)] = Frames().feed(BoardState(1, Input(0), Pilot.A, nan, nan, 0.0).to_bytes())
    assert isnan(BoardState.from_bytes(body).voltage)


@pytest.mark.parametrize("body", [b"", b"\0" * 8, b"\0" * 10, struct.pack(">IHBH", 1, 300, 4, 0), struct.pack(">IHBH", 1, 300, 0, 10001)])
def test_levels_that_are_none(body: bytes) -> None:
    with pytest.raises(CodecError, match="a LEVELS"):
        Levels.from_bytes(body)


@pytest.mark.parametrize("body", [b"", b"\0" * 18, struct.pack(">IHBfff", 1, 512, 0, 0, 0, 0), struct.pack(">IHBfff", 1, 0, 6, 0, 0, 0)])
def test_states_that_are_none(body: bytes) -> None:
    with pytest.raises(CodecError, match="a BOARD"):
        BoardState.from_bytes(body)


@pytest.mark.parametrize("plus", [Input(0), Input.PLUS_OPEN, Input.PLUS_CLOSED, Input.PLUS_OPEN | Input.PLUS_CLOSED])
@pytest.mark.parametrize("minus", [Input(0), Input.MINUS_OPEN, Input.MINUS_CLOSED, Input.MINUS_OPEN | Input.MINUS_CLOSED])
def test_only_two_poles_that_agree_are_a_state(plus: Input, minus: Input) -> None:
    expected = {Input.PLUS_OPEN | Input.MINUS_OPEN: Contactor.OPEN, Input.PLUS_CLOSED | Input.MINUS_CLOSED: Contactor.CLOSED}
    assert contactor_state(plus | minus | Input.LOCKED) is expected.get(plus | minus, Contactor.MOVING)
