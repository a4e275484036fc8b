"""What survives power: transactions and latched faults in an append-only file, written by a thread of its own.

Whoever says something never waits for a disk. A disk that is full, fails or has lost the file is one event in the log; what has been said
is kept meanwhile and written when there is room again. The words are those of `ledger_records`, the file is `ledger_file`; what is said of
an outlet: `ledger_outlet`. Not a record of messages (`recorder`), nor of what was seen (`journal`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from iso15118.errors import DeviceFault
from iso15118.service.ledger_file import LedgerFile
from iso15118.service.ledger_records import POWER_LOST, Books, Closed, Flowed, Found, Latched, Opened, Record, Reset, line, read
from iso15118.service.log import Log
from iso15118.units import Second, WattHour

LARGEST: Final = 1024 * 1024
"""Octets of the file; with more it is rewritten without what has been said since in fewer words, and without what is oldest."""
WAITING: Final = 1024
"""Records that may wait for a disk that hangs; a new reading of a transaction takes the place of the last."""
RETRY: Final[Second] = 5.0
"""Between two tries to write to a disk that has failed."""
PATIENCE: Final[Second] = 1.0
"""What is still to be written at the end may take so long."""


class Ledger:
    """One file. Its methods are for one thread, none of them waits; `close` at the end may.

    A transaction that was open when the last program ended without a word is closed at the start, at its last reading.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], Second] = time.time,
        retry: Second = RETRY,
        largest: int = LARGEST,
        file: Callable[[Path], LedgerFile] = LedgerFile,
        log: Log | None = None,
    ) -> None:
        """`clock`: s since the epoch. Raises LocalError for a file that cannot be read, or that another program writes."""
        self.healthy = True
        """What has been said is written, or about to be."""
        self.lost = 0
        """Records that were given up, because the disk hung for too long."""
        self._path, self._clock, self._retry, self._largest, self._log = path, clock, retry, largest, log or Log()
        self._file = file(path)
        found = read(self._file.open())
        self._books = Books()
        """The thread's, once it runs."""
        for record in found.records:
            self._books.add(record)
        self._number = self._books.newest
        self._latches = tuple(self._books.latches.values())
        self._waiting: dict[object, Record] = {}
        self._news = threading.Condition()
        self._ending = False
        self._damaged = b"".join(part + b"\n" for part in found.damaged)
        self._behind = not self._file.there or bool(found.damaged or found.torn)
        """The file has to be rewritten before anything is appended."""
        mended = b"".join(map(line, found.records)) if self._behind else b""
        self._again = 0.0
        """Monotonic s, not before which a disk that has failed is tried again."""
        self._tell(found)
        self._power_lost()
        self._thread = threading.Thread(target=self._run, args=(mended,), name="ledger", daemon=True)
        self._thread.start()

    def latches(self, outlet: str) -> tuple[Latched, ...]:
        """The faults of an outlet that nobody had reset when the last program ended."""
        return tuple(latched for latched in self._latches if latched.outlet == outlet)

    @property
    def latched(self) -> frozenset[str]:
        """The outlets with such faults."""
        return frozenset(latched.outlet for latched in self._latches)

    # What happens.

    def opened(
        self, outlet: str, charged: WattHour, discharged: WattHour, *, meter: str, vehicle: str, contract: str, session: str
    ) -> Opened:
        """Energy may flow from now on. The transaction, for what follows."""
        record = Opened(self._next(), self._clock(), outlet, vehicle, contract, session, meter, charged, discharged)
        self._put(record.number, record)
        return record

    def flowed(self, opened: Opened, charged: WattHour, discharged: WattHour) -> None:
        """The meter of a transaction has come so far."""
        self._put((opened.number, Flowed), Flowed(self._next(), self._clock(), opened.number, charged, discharged))

    def closed(self, opened: Opened, charged: WattHour, discharged: WattHour, why: str, *, clean: bool) -> None:
        """It is over; once a transaction."""
        at = self._clock()
        record = Closed(self._next(), at, opened, at, charged, discharged, why, clean)
        self._put(record.number, record)

    def latch(self, outlet: str, fault: DeviceFault) -> Latched:
        """A fault that needs a person. The latch, for `reset`."""
        record = Latched(self._next(), self._clock(), outlet, fault)
        self._put(record.number, record)
        return record

    def reset(self, latched: Latched) -> None:
        """A person has looked."""
        record = Reset(self._next(), self._clock(), latched)
        self._put(record.number, record)

    def close(self, patience: Second = PATIENCE) -> None:
        """Nothing more is said. Waits up to `patience` seconds for what is still to be written."""
        with self._news:
            self._ending = True
            self._news.notify()
        self._thread.join(patience)
        if self._thread.is_alive():
            self._log.error("ledger", f"ledger {self._path}: not written to its end within {patience:g} s")

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _put(self, key: object, record: Record) -> None:
        """What has the same key, and still waits, is out of date."""
        with self._news:
            self._waiting.pop(key, None)
            self._waiting[key] = record
            given_up = len(self._waiting) > WAITING
            if given_up:  # the oldest, but rather not a latch
                self._waiting.pop(next((key for key, old in self._waiting.items() if not isinstance(old, Latched)), key))
                self.lost += 1
            self._news.notify()
        if given_up and self.lost == 1:
            self._log.error("ledger", f"ledger {self._path}: the disk hangs: {WAITING} records wait for it, older ones are given up")

    # The start.

    def _tell(self, found: Found) -> None:
        if found.torn:
            self._log.warning("ledger", f"ledger {self._path}: the last record was torn, and is left out ({len(found.torn)} octets)")
        if found.damaged:
            told = f"kept aside in {self._path.name}.damaged; all others hold"
            self._log.error("ledger", f"ledger {self._path}: damaged records: {len(found.damaged)}, {told}")

    def _power_lost(self) -> None:
        """Close what was open, once: this record is in the file, or the transaction is still open at the next start."""
        for transaction in self._books.going_on.values():
            opened, last = transaction.opened, transaction.last
            record = Closed(self._next(), self._clock(), opened, last.at, last.charged, last.discharged, POWER_LOST, clean=False)
            self._waiting[record.number] = record
            told = "was open when the charger ended without a word: closed at its last reading"
            self._log.warning("ledger", f"{opened.outlet}: transaction {opened.number} {told}")

    # The thread.

    def _run(self, mended: bytes) -> None:
        """`mended`: what is first to be put in the place of a file that is not there, or damaged."""
        try:
            if self._behind:
                self._write(b"", mended)
            while self._turn():
                pass
        except Exception as defect:  # the end of this thread: said like a disk that fails
            self.healthy = False
            self._log.error("ledger", f"ledger {self._path}: nothing is written any more", error=defect)
        self._file.close()

    def _turn(self) -> bool:
        """Write what has come, once something has, or once it is time to try again. False: that was the last."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._ending, None if self.healthy else self._retry)
            waiting, self._waiting = self._waiting, {}
            ending = self._ending
        said = b"".join(map(self._books.add, waiting.values()))
        if self.healthy or ending or time.monotonic() >= self._again:
            self._write(said)
        return not ending

    def _write(self, said: bytes, whole: bytes = b"") -> None:
        """Append what is said; or put `whole`, else all that is known, in the place of a file that is not there, damaged or too long."""
        try:
            if self._damaged:
                self._file.keep_aside(self._damaged)
                self._damaged = b""
            if self._behind or self._file.size > self._largest:
                self._file.rewrite(whole or self._books.compact(self._largest // 2))
            elif said:
                self._file.append(said)
        except OSError as error:
            self._behind, self._again = True, time.monotonic() + self._retry
            if self.healthy:
                self.healthy = False
                told = f"ledger {self._path}: not written: {error.strerror}; what is said is kept in memory until it can be"
                self._log.error("ledger", told)
            return
        self._behind = False
        if not self.healthy:
            self.healthy = True
            self._log.info("ledger", f"ledger {self._path}: written again")
