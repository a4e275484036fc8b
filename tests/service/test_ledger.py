"""A ledger over disks that tear, fill up, hang and come back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from iso15118.errors import DeviceFault, LocalError
from iso15118.service.ledger import WAITING, Ledger
from iso15118.service.ledger_file import LedgerFile
from iso15118.service.ledger_records import Closed, Latched, Opened, Record, Reset, line, read
from tests.service.meeting import told

CAR = {"meter": "SIM-0001", "vehicle": "WMIV1", "contract": "", "session": "00aa"}
PATIENCE = 5.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def ledger(path: Path) -> Iterator[Callable[..., Ledger]]:
    """Makes ledgers over `path`, which are closed in the end."""
    made: list[Ledger] = []

    def make(**words: Any) -> Ledger:
        made.append(Ledger(path, clock=lambda: 100.0, retry=0.02, **words))
        return made[-1]

    yield make
    for each in made:
        each.close()


def until(done: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.002)


def records(path: Path) -> tuple[Record, ...]:
    """What is in the file, which is whole."""
    found = read(path.read_bytes())
    assert (found.damaged, found.torn) == ((), b"")
    return found.records


def session(ledger: Ledger, *, closed: bool = True) -> Opened:
    opened = ledger.opened("one", 10.0, 1.0, **CAR)
    ledger.flowed(opened, 12.0, 1.0)
    if closed:
        ledger.closed(opened, 14.0, 1.5, "session stopped", clean=True)
    return opened


def test_what_was_said_is_there_afterwards(path: Path, ledger: Callable[..., Ledger]) -> None:
    first = ledger()
    opened = session(first)
    latched = first.latch("one", DeviceFault.SUPPLY)
    first.close()
    assert [type(record).__name__ for record in records(path)] == ["Opened", "Flowed", "Closed", "Latched"]
    second = ledger()
    assert second.latches("one") == (latched,)
    assert (second.latches("two"), second.latched) == ((), {"one"})
    second.reset(latched)
    again = session(second)
    second.close()
    assert (opened.number, again.number) == (1, 6)
    assert [record.number for record in records(path)] == list(range(1, 9))
    assert ledger().latches("one") == ()


def test_what_was_open_is_closed_once_at_its_last_reading(
    path: Path, ledger: Callable[..., Ledger], caplog: pytest.LogCaptureFixture
) -> None:
    first = ledger()
    opened = session(first, closed=False)
    first.close()
    for _ in range(3):
        ledger().close()
    assert [record for record in records(path) if isinstance(record, Closed)] == [
        Closed(3, 100.0, opened, 100.0, 12.0, 1.0, "power lost", False)
    ]
    assert told(caplog) == ["one: transaction 1 was open when the charger ended without a word: closed at its last reading"]


def test_killed_again_while_starting_it_is_still_closed_once(path: Path, ledger: Callable[..., Ledger]) -> None:
    """Wherever the start was cut off in what it had to write."""
    first = ledger()
    session(first, closed=False)
    first.close()
    before = path.read_bytes()
    ledger().close()
    after = path.read_bytes()
    for length in range(len(before), len(after) + 1, 2):
        path.write_bytes(after[:length])
        ledger().close()
        assert [type(record).__name__ for record in records(path)] == ["Opened", "Flowed", "Closed"], length


def test_a_torn_or_flipped_last_record_is_left_out_and_the_others_hold(
    path: Path, ledger: Callable[..., Ledger], caplog: pytest.LogCaptureFixture
) -> None:
    """Truncated at each octet of it, and with one bit flipped at each."""
    first = ledger()
    session(first)
    latched = first.latch("one", DeviceFault.EMERGENCY_STOP)
    first.close()
    whole = path.read_bytes()
    *earlier, last = records(path)
    text = line(last)
    spoilt = [text[:length] for length in range(1, len(text))]
    spoilt += [text[:place] + bytes([text[place] ^ 1 << place % 8]) + text[place + 1 :] for place in range(len(text))]
    for number, octets in enumerate(spoilt):
        path.write_bytes(whole[: -len(text)] + octets)
        again = ledger()
        again.close()
        assert records(path) == tuple(earlier), number
        assert again.latches("one") == ()
    assert last == latched
    assert sum("the last record was torn, and is left out" in text for text in told(caplog)) >= 10  # the log says so much in a second


def test_a_damaged_record_in_the_middle_is_kept_aside_and_said_once(
    path: Path, ledger: Callable[..., Ledger], caplog: pytest.LogCaptureFixture
) -> None:
    first = ledger()
    session(first)
    first.close()
    lines = path.read_bytes().splitlines(keepends=True)
    bad = lines[1].replace(b"12.0", b"99.0")
    path.write_bytes(lines[0] + bad + lines[2])
    for _ in range(2):
        ledger().close()
    assert path.read_bytes() == lines[0] + lines[2]
    assert path.with_name("ledger.damaged").read_bytes() == bad
    assert told(caplog) == [f"ledger {path}: damaged records: 1, kept aside in ledger.damaged; all others hold"]


class Synced(LedgerFile):
    """Remembers what was on the disk each time that it was said to be."""

    seen: list[bytes]

    def append(self, octets: bytes) -> None:
        super().append(octets)
        self.seen.append(self.path.read_bytes())

    def rewrite(self, octets: bytes) -> None:
        super().rewrite(octets)
        self.seen.append(self.path.read_bytes())


def test_what_a_power_cut_leaves_is_consistent(path: Path, ledger: Callable[..., Ledger]) -> None:
    """Everything after any sync is lost: what is left says what had been said up to then, and no more."""
    Synced.seen = []
    first = ledger(file=Synced, largest=3_000)
    said: list[Record] = []
    for turn in range(12):
        opened = first.opened("one", turn * 10.0, 0.0, **CAR)
        until(lambda opened=opened: line(opened) in b"".join(Synced.seen[-1:]))
        first.flowed(opened, turn * 10.0 + 1.0, 0.0)
        first.closed(opened, turn * 10.0 + 2.0, 0.0, "over", clean=True)
        said.append(opened)
        until(lambda: b'"closed"' in Synced.seen[-1].splitlines()[-1])
    first.close()
    assert len(Synced.seen) > 24
    for left in Synced.seen:
        path.write_bytes(left)
        ledger().close()
        found = records(path)
        closed = [record.opened.number for record in found if isinstance(record, Closed)]
        opened_ones = {record.number for record in found if isinstance(record, Opened)}
        assert closed == sorted(set(closed))
        assert opened_ones <= set(closed)
        assert {record.number for record in said} >= set(closed)


class Full(LedgerFile):
    """A disk without room, as long as `room` is False: a part of what is written goes there, then the system says no."""

    room = False

    def _fill(self, octets: bytes) -> None:
        if self._file is not None:
            os.write(self._file, octets[: len(octets) // 2])
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(octets)

    def append(self, octets: bytes) -> None:
        if not self.room:
            self._fill(octets)
        super().append(octets)

    def rewrite(self, octets: bytes) -> None:
        if not self.room:
            self._fill(b"x")
        super().rewrite(octets)


@pytest.mark.parametrize("at_start", [True, False])
def test_a_full_disk_is_said_once_and_caught_up_with_when_there_is_room(
    path: Path, ledger: Callable[..., Ledger], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, at_start: bool
) -> None:
    caplog.set_level("INFO", logger="iso15118")
    monkeypatch.setattr(Full, "room", not at_start)
    first = ledger(file=Full)
    if not at_start:
        session(first)
        until(lambda: path.exists() and len(records(path)) == 3)
        Full.room = False
    opened = session(first, closed=False)
    until(lambda: not first.healthy)
    slowest = 0.0
    for turn in range(200):
        began = time.perf_counter()
        first.flowed(opened, 12.0 + turn, 1.0)
        slowest = max(slowest, time.perf_counter() - began)
        if turn % 10 == 0:
            time.sleep(0.002)
    assert slowest < 0.02  # some microseconds, unless the machine is busy: a disk would take its time
    latched = first.latch("one", DeviceFault.CONTACTOR)
    time.sleep(0.06)
    assert not first.healthy
    Full.room = True
    until(lambda: first.healthy)
    last = records(path)
    assert [record for record in last if isinstance(record, Latched)] == [latched]
    assert last[-2].number == latched.number - 1  # the newest reading
    assert len([record for record in last if isinstance(record, Closed)]) == (0 if at_start else 1)
    first.closed(opened, 300.0, 1.0, "over", clean=True)
    first.close()
    assert records(path)[-1].number == latched.number + 1
    why = "No space left on device; what is said is kept in memory until it can be"
    assert told(caplog) == [f"ledger {path}: not written: {why}", f"ledger {path}: written again"]


def test_a_file_that_vanishes_comes_again_with_all_that_is_known(
    path: Path, ledger: Callable[..., Ledger], caplog: pytest.LogCaptureFixture
) -> None:
    first = ledger()
    opened = session(first, closed=False)
    until(lambda: path.exists() and len(records(path)) >= 2)
    path.unlink()
    first.flowed(opened, 13.0, 1.0)
    until(lambda: path.exists() and first.healthy)
    assert [record.number for record in records(path)] == [1, 3]
    assert len(told(caplog)) == 1


class Hanging(LedgerFile):
    """A disk that does not answer until it is let go."""

    gate = threading.Event()

    def append(self, octets: bytes) -> None:
        self.gate.wait(PATIENCE)
        super().append(octets)


def test_a_disk_that_hangs_holds_up_nobody(path: Path, ledger: Callable[..., Ledger], caplog: pytest.LogCaptureFixture) -> None:
    path.touch()
    Hanging.gate.clear()
    first = ledger(file=Hanging)
    held = first.latch("one", DeviceFault.SUPPLY)
    until(lambda: not first._waiting)  # it hangs with this one
    latched = first.latch("two", DeviceFault.SUPPLY)
    opened = first.opened("one", 0.0, 0.0, **CAR)
    for turn in range(3 * WAITING):
        first.flowed(opened, float(turn), 0.0)
    assert first.lost == 0
    for _ in range(WAITING):
        first.opened("one", 0.0, 0.0, **CAR)
    assert first.lost == 3  # transactions, never a latch
    first.close(patience=0.01)
    hangs, unwritten = told(caplog)
    assert "the disk hangs: 1024 records wait for it" in hangs
    assert "not written to its end within 0.01 s" in unwritten
    Hanging.gate.set()
    first.close()
    found = records(path)
    assert [record for record in found if isinstance(record, Latched)] == [held, latched]
    assert len(found) == WAITING + 1


def test_it_does_not_grow_for_ever_and_its_numbers_go_on_rising(path: Path, ledger: Callable[..., Ledger]) -> None:
    first = ledger(largest=4_000)
    latched = first.latch("one", DeviceFault.SUPPLY)
    sizes, numbers = [], [0]
    for _ in range(30):
        opened = session(first)
        until(
            lambda opened=opened: (
                path.exists() and any(isinstance(record, Closed) and record.opened == opened for record in read(path.read_bytes()).records)
            )
        )
        sizes.append(path.stat().st_size)
        numbers.append(records(path)[-1].number)
    assert max(sizes) < 5_000
    assert numbers == sorted(set(numbers))
    first.reset(latched)
    first.close()
    found = records(path)
    assert isinstance(found[-1], Reset)
    assert [record.number for record in found] == sorted(record.number for record in found)
    assert isinstance(found[-2], Closed)


def test_two_programs_do_not_write_one_file(path: Path, ledger: Callable[..., Ledger]) -> None:
    first = ledger()
    until(path.exists)
    with pytest.raises(LocalError, match="another program"):
        ledger()
    first.close()
    ledger()


def test_a_defect_in_the_thread_is_said_and_holds_up_nobody(ledger: Callable[..., Ledger], caplog: pytest.LogCaptureFixture) -> None:
    class Defect(LedgerFile):
        def rewrite(self, octets: bytes) -> None:
            raise ZeroDivisionError

    first = ledger(file=Defect)
    until(lambda: not first.healthy)
    session(first)
    first.close()
    assert "nothing is written any more" in told(caplog)[0]
