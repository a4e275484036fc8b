"""The words of a guard that lives elsewhere: whole, in pieces, and in noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import CodecError, DeviceFault
from iso15118.hal import frames
from iso15118.hal.frames import LONGEST, SYNC, Frames, Word
from iso15118.hal.watchdog import NOTHING
from iso15118.power import FAULTS, AcTarget, Command, Setpoint, Telemetry
from iso15118.units import PerPhase

WANTED = Command(7, 0.3, Setpoint(400.0, -20.0, 0.0, contactor=True, lock=True, bidirectional=True))
AC = Command(8, 0.3, Setpoint(contactor=True, target=AcTarget(PerPhase(1e3, 2e3, 3e3), PerPhase(-1.0, 0.0, 1.0))))
TOLD = Telemetry(3, 2, NOTHING, frozenset({DeviceFault.CONTACTOR, DeviceFault.REVERSE_POWER}))
words = st.tuples(st.sampled_from(Word), st.binary(max_size=200))


def test_each_word_says_what_it_said() -> None:
    assert _only(frames.command(WANTED, 12.5), Word.COMMAND, frames.read_command) == (WANTED, 12.5)
    assert _only(frames.command(AC, 1e6), Word.COMMAND, frames.read_command) == (AC, 1e6)
    assert _only(frames.numbered(Word.RESET, 2**32 - 1), Word.RESET, frames.read_numbered) == (2**32 - 1, 0)
    report = _only(frames.report(5, -20.5, TOLD), Word.TELEMETRY, frames.read_report)
    assert (report.heard, report.demanded, report.telemetry.faults, report.telemetry.number) == (5, -20.5, TOLD.faults, 3)
    for fault in FAULTS:
        number, argument = _only(frames.trip(9, fault), Word.TRIP, frames.read_numbered)
        assert (number, frames.fault(argument)) == (9, fault)


def _only(octets: bytes, word: Word, read):  # type: ignore[no-untyped-def]
    [(found, body)] = Frames().feed(octets)
    assert found is word
    return read(body)


def test_the_octets_of_a_frame_are_these() -> None:
    assert frames.numbered(Word.TRIP, 1, 5).hex(" ") == "c5 5c 00 06 04 00 00 00 01 05 " + _crc("0006040000000105")


def _crc(inner: str) -> str:
    from binascii import crc32

    return crc32(bytes.fromhex(inner)).to_bytes(4, "big").hex(" ")


@given(st.lists(words, max_size=8), st.lists(st.integers(1, 40), max_size=200))
def test_however_it_is_cut(said: list[tuple[Word, bytes]], cuts: list[int]) -> None:
    octets, found, reader = b"".join(frames.frame(*each) for each in said), [], Frames()
    for cut in [*cuts, len(octets)]:
        found += list(reader.feed(octets[:cut]))
        octets = octets[cut:]
    assert found == said
    assert reader.passed_over == 0


@given(st.lists(st.one_of(words, st.binary(min_size=1, max_size=30)), max_size=12))
def test_noise_between_frames_costs_no_frame(line: list[tuple[Word, bytes] | bytes]) -> None:
    """But for noise that looks like the beginning of a long one, which waits for it to come."""
    octets = b"".join(each.replace(SYNC[:1], b"\0") if isinstance(each, bytes) else frames.frame(*each) for each in line)
    assert list(Frames().feed(octets)) == [each for each in line if not isinstance(each, bytes)]


@given(words, st.data())
def test_a_bit_that_is_wrong_makes_it_none(said: tuple[Word, bytes], data: st.DataObject) -> None:
    octets = bytearray(frames.frame(*said))
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit // 8] ^= 1 << bit % 8
    assert [each for each in Frames().feed(bytes(octets)) if each == said] == []


def test_a_frame_that_claims_too_much_is_passed_over() -> None:
    good = frames.numbered(Word.RESET, 1)
    for length in (0, LONGEST + 1, 65_535):
        reader = Frames()
        assert [word for word, _ in reader.feed(SYNC + length.to_bytes(2, "big") + good)] == [Word.RESET]
        assert reader.passed_over == 4


def test_a_word_nobody_knows_is_left_out() -> None:
    strange = bytearray(frames.frame(Word.NOTE, b"x"))
    strange[4] = 200
    strange[-4:] = bytes.fromhex(_crc(strange[2:-4].hex()).replace(" ", ""))
    assert [word for word, _ in Frames().feed(bytes(strange) + frames.frame(Word.HELLO))] == [Word.HELLO]


@pytest.mark.parametrize(
    ("read", "body"),
    [(frames.read_command, b""), (frames.read_command, bytes(9)), (frames.read_numbered, bytes(4)), (frames.read_report, bytes(8))],
)
def test_a_body_that_is_none(read, body: bytes) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CodecError):
        read(body)


def test_what_cannot_be_said() -> None:
    with pytest.raises(CodecError):
        frames.frame(Word.NOTE, bytes(LONGEST))
    with pytest.raises(CodecError, match="fault 99"):
        frames.fault(99)
