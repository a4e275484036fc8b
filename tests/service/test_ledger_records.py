"""The lines of a ledger: torn and flipped at each octet, and what all of them together say."""

from __future__ import annotations

import json
from zlib import crc32

import pytest

from iso15118.errors import DeviceFault
from iso15118.service.ledger_records import Books, Closed, Flowed, Latched, Opened, Record, Reset, line, parse, read

OPENED = Opened(1, 100.0, "one", "WMIV1", "DEX1", "00aa", "SIM-0001", 10.0, 1.0)
FLOWED = Flowed(2, 101.5, 1, 12.5, 1.0)
LATCHED = Latched(3, 102.0, "one", DeviceFault.SUPPLY)
CLOSED = Closed(4, 103.0, OPENED, 103.0, 14.0, 1.25, "session stopped", True)
RESET = Reset(5, 104.0, LATCHED)
ALL: tuple[Record, ...] = (OPENED, FLOWED, LATCHED, CLOSED, RESET)


def file(*records: Record) -> bytes:
    return b"".join(map(line, records))


def books(*records: Record) -> Books:
    made = Books()
    for record in records:
        made.add(record)
    return made


@pytest.mark.parametrize("record", ALL, ids=lambda record: type(record).__name__)
def test_a_line_is_json_with_its_checksum(record: Record) -> None:
    text = line(record)
    said = json.loads(text)
    assert list(said) == ["crc", type(record).__name__.lower()]
    assert said["crc"] == f"{crc32(text[18:-1]):08x}"
    assert parse(text[:-1]) == record
    assert read(text) == ((record,), (), b"")


@pytest.mark.parametrize("last", ALL, ids=lambda record: type(record).__name__)
def test_a_record_torn_at_any_octet_costs_itself_alone(last: Record) -> None:
    before, text = (OPENED, LATCHED), line(last)
    for length in range(1, len(text)):
        assert read(file(*before) + text[:length]) == (before, (), text[:length]), length


@pytest.mark.parametrize("last", ALL, ids=lambda record: type(record).__name__)
def test_a_bit_flipped_in_any_octet_of_the_last_record_costs_itself_alone(last: Record) -> None:
    before, text = (OPENED, LATCHED), line(last)
    for place in range(len(text)):
        for bit in range(8):
            flipped = bytearray(text)
            flipped[place] ^= 1 << bit
            found = read(file(*before) + flipped)
            assert found.records == before, (place, bit)
            assert b"".join(part + b"\n" for part in found.damaged) + found.torn == flipped


def test_a_bit_flipped_in_the_middle_costs_that_record_alone() -> None:
    """Also where it is the end of its line: the next record is found again."""
    text = line(FLOWED)
    for place in range(len(text)):
        for bit in range(8):
            flipped = bytearray(text)
            flipped[place] ^= 1 << bit
            found = read(file(OPENED) + flipped + file(CLOSED))
            assert found.records == (OPENED, CLOSED), (place, bit)
            assert found.damaged
            assert not found.torn


@pytest.mark.parametrize(
    "said", [b"[]}", b'"opened":{}}', b'"nobody":{}}', b'"latched":{"number":1,"at":1.0,"outlet":"1","fault":"X"}}', b"1}"]
)
def test_what_is_whole_and_no_record_of_ours_is_damaged(said: bytes) -> None:
    assert parse(b'{"crc":"%08x",%s' % (crc32(said), said)) is None


def test_what_is_said_together() -> None:
    found = books(OPENED, FLOWED, LATCHED)
    assert found.newest == 3
    assert found.going_on[1].last == FLOWED
    assert found.latches == {("one", DeviceFault.SUPPLY): LATCHED}
    found = books(*ALL)
    assert (found.going_on, found.latches, found.newest) == ({}, {}, 5)


def test_a_reading_of_an_unknown_transaction_says_nothing() -> None:
    assert books(FLOWED).going_on == {}


def test_compact_says_the_same_in_fewer_lines() -> None:
    later = Flowed(6, 105.0, 1, 13.0, 1.0)
    assert books(OPENED, FLOWED, LATCHED, later).compact() == file(OPENED, LATCHED, later)
    assert books(*ALL).compact() == file(CLOSED, RESET)


def test_compact_leaves_out_what_is_oldest_but_never_what_goes_on() -> None:
    past = [Closed(10 + i, 103.0, OPENED, 103.0, 14.0, 1.25, "over", True) for i in range(50)]
    found = books(LATCHED, *past, Opened(90, 200.0, "one", "", "", "", "", 0.0, 0.0))
    text = found.compact(5 * len(line(past[0])))
    kept = read(text).records
    assert kept == (LATCHED, *past[-5:], Opened(90, 200.0, "one", "", "", "", "", 0.0, 0.0))
    assert found.compact(0) == text.replace(file(*past[-5:-1]), b"")  # the newest of them stays: numbers go on rising
