"""The file of a ledger on its disk: what has been appended or rewritten is there, whatever becomes of power, or an OSError says so.

It is rewritten beside itself, and takes its own place in one step. All of this waits for the disk: it is done by the thread of `ledger`,
but for `open`, at the start.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from iso15118.errors import LocalError

APPENDING: Final = os.O_WRONLY | os.O_APPEND
MODE: Final = 0o640
ASIDE: Final = 1024 * 1024
"""Octets of damaged parts that are kept: more of them say nothing new."""


class LedgerFile:
    """One file. While it is open no other program of ours writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        """A link stays one: what it leads to is rewritten."""
        self.size = 0
        self._file: int | None = None

    def open(self) -> bytes:
        """What is in it; nothing where it is not there yet. Raises LocalError where that cannot be known, or another program has it."""
        try:
            if self.path.exists() and not self.path.is_file():
                raise LocalError(f"ledger {self.path}: is no file; allowed: a file, or a free name in a folder that is there")
            octets = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise LocalError(f"ledger {self.path}: cannot be read: {error.strerror}") from None
        try:
            self._file = _locked(os.open(self.path, APPENDING))
        except BlockingIOError:
            raise LocalError(f"ledger {self.path}: another program writes it; allowed: one of its own for each charger") from None
        except OSError:  # not there yet, or not to be written: that is said when it is
            pass
        self.size = len(octets)
        return octets

    @property
    def there(self) -> bool:
        """There is a file to append to."""
        return self._file is not None

    def append(self, octets: bytes) -> None:
        """Raises OSError where they are not on the disk, or only in part; then it is time to `rewrite`."""
        if self._file is None:
            raise _missing(self.path)
        _write(self._file, octets)
        self.size += len(octets)
        if not os.path.samestat(os.fstat(self._file), os.stat(self.path)):
            raise _missing(self.path)

    def rewrite(self, octets: bytes) -> None:
        """Put a file with these octets in its place. Raises OSError; then what was there still is."""
        beside = self.path.with_name(f"{self.path.name}.new")
        file = os.open(beside, APPENDING | os.O_CREAT | os.O_TRUNC, MODE)
        try:
            _write(_locked(file), octets)
            os.replace(beside, self.path)
        except BaseException:
            with suppress(OSError):
                os.close(file)
                os.unlink(beside)
            raise
        self.close()
        self._file, self.size = file, len(octets)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # its new name, too
        finally:
            os.close(folder)

    def keep_aside(self, octets: bytes) -> None:
        """Append damaged parts to a file beside it, `.damaged`. Raises OSError."""
        aside = os.open(self.path.with_name(f"{self.path.name}.damaged"), APPENDING | os.O_CREAT, MODE)
        try:
            _write(aside, octets[: max(0, ASIDE - os.fstat(aside).st_size)])
        finally:
            os.close(aside)

    def close(self) -> None:
        """Let go of it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _missing(path: Path) -> OSError:
    return FileNotFoundError(errno.ENOENT, "its name is no longer that of the file", str(path))


def _locked(file: int) -> int:
    """`file`, which is ours as long as it is open. Raises BlockingIOError where it is another program's, and closes it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise
    except OSError:  # a file system without locks
        pass
    return file


def _write(file: int, octets: bytes) -> None:
    """All of them, and on the disk."""
    left = memoryview(octets)
    while left:
        left = left[os.write(file, left) :]
    os.fsync(file)
