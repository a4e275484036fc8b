"""What the shell says to people: single lines, rate-limited by class, so that no peer can fill a disk or slow the charger down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from iso15118.units import Second

RATE: Final = 10
"""Lines of one class in a second; the rest is counted."""

_LOGGER: Final = logging.getLogger("iso15118")


class Log:
    """A voice with a memory of how much it has said. `kind` names the class of a line: a word of ours, never one of a peer."""

    __slots__ = ("_clock", "_logger", "_said", "_suppressed", "rate")

    def __init__(self, *, rate: int = RATE, clock: Callable[[], Second] = time.monotonic, logger: logging.Logger = _LOGGER) -> None:
        """`rate`: lines of one kind in any second."""
        self.rate = rate
        self._clock = clock
        self._logger = logger
        self._said: dict[str, tuple[Second, int]] = {}
        self._suppressed: dict[str, int] = {}

    def info(self, kind: str, text: str) -> None:
        """Something a person may want to read."""
        self._say(logging.INFO, kind, text)

    def warning(self, kind: str, text: str) -> None:
        """Something that is not as it should be, and was dealt with."""
        self._say(logging.WARNING, kind, text)

    def error(self, kind: str, text: str, *, error: BaseException | None = None) -> None:
        """Something that has to be put right here. `error`: a defect, told with its traceback."""
        self._say(logging.ERROR, kind, text, error)

    def _say(self, level: int, kind: str, text: str, error: BaseException | None = None) -> None:
        if not self._logger.isEnabledFor(level):
            return
        now = self._clock()
        since, count = self._said.get(kind, (now, 0))
        if now - since >= 1.0:
            since, count = now, 0
        if count >= self.rate:
            self._suppressed[kind] = self._suppressed.get(kind, 0) + 1
            return
        self._said[kind] = (since, count + 1)
        more = self._suppressed.pop(kind, 0)
        told = f" ({more} more lines like this were left out)" if more else ""
        self._logger.log(level, "%s%s", one_line(text), told, exc_info=error)


def one_line(text: str) -> str:
    """`text` with everything escaped that could forge a second line or move a cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
