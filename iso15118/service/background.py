"""A file that is written while things go on, by a thread of its own: what is handed over never waits for a disk.

A disk that fails, or is too slow, is said once and disturbs nothing. Used by what records sessions and what captures packets.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from iso15118.service.log import Log

QUEUE: Final = 8192
"""Items that may wait for a slow disk."""
LARGEST: Final = 256 * 1024 * 1024
"""Octets of one file."""

T = TypeVar("T")


class _End:
    """What is put last."""

    def __init__(self, why: str) -> None:
        self.why = why


class Background(Generic[T]):
    """Such a file. `put` items, then `close`."""

    def __init__(
        self,
        path: Path,
        render: Callable[[T], bytes],
        *,
        opening: bytes = b"",
        ending: Callable[[str], bytes] = lambda why: b"",
        largest: int = LARGEST,
        waiting: int = QUEUE,
        log: Log | None = None,
    ) -> None:
        """`render` makes an item's octets, `ending` the last ones out of the reason for the end, both in the thread.

        `largest`: octets after which no more is written. `waiting`: items that may queue up.
        """
        self.lost = 0
        """Items that were not written, because the disk was too slow, or failed."""
        self._path = path
        self._render = render
        self._opening = opening
        self._ending = ending
        self._largest = largest
        self._log = log or Log()
        self._queue: queue.Queue[T | _End] = queue.Queue(waiting)
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand over one item. After the first that does not fit nothing more is taken: a file with a gap would mislead."""
        if self._broken:
            self.lost += 1
            return
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.lost += 1
            self._give_up("the disk is too slow")

    def close(self, why: str, *, patience: float = 0.0) -> None:
        """No more comes. Waits up to `patience` seconds for what is still to be written."""
        try:
            self._queue.put_nowait(_End(why))
        except queue.Full:
            self._broken = True
        if patience:
            self._thread.join(patience)

    def _give_up(self, why: str) -> None:
        if not self._broken:
            self._broken = True
            self._log.error("recording stopped", f"recording {self._path} stopped: {why}")

    def _run(self) -> None:
        try:
            with self._path.open("wb") as file:
                octets = file.write(self._opening)
                while (item := self._next()) is not None:
                    octets += file.write(self._ending(item.why) if isinstance(item, _End) else self._render(item))
                    if isinstance(item, _End):
                        return
                    if octets > self._largest:
                        self._give_up(f"{self._largest} octets are enough")
                        return
                    if self._queue.empty():
                        file.flush()
        except OSError as error:
            self._give_up(str(error.strerror))
        except Exception as defect:  # the end of this thread: what cannot be rendered is said like a disk that fails
            self._give_up(f"{type(defect).__name__}: {defect}")

    def _next(self) -> T | _End | None:
        """What comes next; None when nothing more will."""
        while True:
            try:
                return self._queue.get(timeout=1.0)
            except queue.Empty:
                if self._broken:
                    return None
