"""Built-in values: the examples of the format, bounds, and that no length is believed before it is checked."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import CodecError
from iso15118.exi import bits


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (300, "ac02"),
        (2**14 - 1, "ff7f"),
        (2**14, "808001"),
        (2**21 - 1, "ffff7f"),
        (2**21, "80808001"),
        (2**64 - 1, "ffffffffffffffffff01"),
    ],
)
def test_unsigned(value: int, octets: str) -> None:
    written = bits.write_unsigned(value, 0, None)
    assert bits.to_bytes(written).hex() == octets
    assert bits.read_unsigned(written, 0, 0, 2**64 - 1, "x") == (value, len(written))


@pytest.mark.parametrize(("value", "written"), [(-1, "1" + "0" * 8), (4000, "01010000000011111"), (-32768, "1" + "1" * 16 + "00000001")])
def test_integer(value: int, written: str) -> None:
    assert bits.write_integer(value, -32768, 32767) == written
    assert bits.read_integer(written, 0, -32768, 32767, "x") == (value, len(written))


@pytest.mark.parametrize(("text", "octets"), [("", "02"), ("é", "03e901"), ("€", "03ac41"), ("\U0001f600", "0380ec07"), ("ab", "046162")])
def test_text_counts_code_points(text: str, octets: str) -> None:
    written = bits.write_text(text, 0, None)
    assert bits.to_bytes(written).hex() == octets
    assert bits.read_text(written, 0, 0, None, "x") == (text, len(written))


@given(st.integers(), st.integers(0, 7))
def test_integers_come_back(value: int, offset: int) -> None:
    if value.bit_length() > 7 * bits.UNBOUNDED_OCTETS - 1:
        return
    s = "0" * offset + bits.write_integer(value, None, None)
    assert bits.read_integer(s, offset, None, None, "x") == (value, len(s))


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="￾￿")), st.binary(), st.integers(0, 7))
def test_strings_and_octets_come_back(text: str, data: bytes, offset: int) -> None:
    s = "1" * offset + bits.write_text(text, 0, None) + bits.write_binary(data, 0, None)
    read, p = bits.read_text(s, offset, 0, None, "x")
    assert (read, bits.read_binary(s, p, 0, None, "x")) == (text, (data, len(s)))


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("8000", "longer than it needs"),
        ("808000", "longer than it needs"),
        ("ff80", "stream ends"),
        ("ff", "stream ends"),
        ("ffffffffffffffffffffff01", "more octets"),
        ("ffffffffffffffffffff01", "more octets"),
    ],
)
def test_unsigned_is_canonical_and_capped(octets: str, why: str) -> None:
    with pytest.raises(CodecError, match=why):
        bits.read_unsigned(bits.to_bits(bytes.fromhex(octets)), 0, 0, 2**64 - 1, "x")


@pytest.mark.parametrize(("octets", "why"), [("00", "table hit"), ("01", "table hit"), ("0461", "announced"), ("0300", "not allow")])
def test_bad_text(octets: str, why: str) -> None:
    with pytest.raises(CodecError, match=why):
        bits.read_text(bits.to_bits(bytes.fromhex(octets)), 0, 0, None, "x")


def test_a_huge_length_allocates_nothing() -> None:
    stream = bits.to_bits(bytes.fromhex("feffffff0f") + bytes(16))
    tracemalloc.start()
    for read in (bits.read_text, bits.read_binary):
        with pytest.raises(CodecError, match="announced"):
            read(stream, 0, 0, None, "x")  # type: ignore[operator]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16_384


@pytest.mark.parametrize(
    ("write", "arguments", "error"),
    [
        (bits.write_unsigned, (-1, 0, 9), ValueError),
        (bits.write_unsigned, (10, 0, 9), ValueError),
        (bits.write_unsigned, (True, 0, 9), TypeError),
        (bits.write_integer, (4, -3, 3), ValueError),
        (bits.write_text, ("abc", 0, 2), ValueError),
        (bits.write_text, ("\x00", 0, 2), ValueError),
        (bits.write_text, (b"a", 0, 2), TypeError),
        (bits.write_binary, (b"abc", 0, 2), ValueError),
        (bits.write_binary, ("a", 0, 2), TypeError),
    ],
)
def test_writers_hold_to_the_facets(write: object, arguments: tuple[object, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        write(*arguments)  # type: ignore[operator]


def test_numbers_of_two_octets_are_learnt_with_what_stands_before() -> None:
    known: dict[str, int] = {}
    s = "00" + "".join(bits.write_unsigned(value, 0, None) for value in (900, 7, 20_000))
    assert bits.learn_unsigned(known, 2, s, 2, 0, 2**32 - 1, "x") == (900, 18)
    assert bits.learn_unsigned(known, 2, s, 18, 0, 2**32 - 1, "x") == (7, 26)
    assert bits.learn_unsigned(known, 2, s, 26, 0, 2**32 - 1, "x") == (20_000, 50)
    assert known == {s[:18]: 900}
