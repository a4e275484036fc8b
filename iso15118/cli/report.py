"""Lines of a program that runs for long: each with the time of day, from the log and from what is seen of a session."""

from __future__ import annotations

import logging
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iso15118.cli.words import MINUTE, direction
from iso15118.errors import LocalError
from iso15118.sequence.phases import Phase
from iso15118.service.log import one_line
from iso15118.service.seen import Exchanged, PhaseChanged, Seen
from iso15118.units import KW, Ampere, Second, Volt, Watt

if TYPE_CHECKING:
    from iso15118.service.misbehave import Wiring

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def write(text: str) -> None:
    """One line, at once. A reader that has gone is no reason to disturb a session."""
    with suppress(OSError):
        sys.stdout.write(f"{one_line(text)}\n")
        sys.stdout.flush()


def say(text: str) -> None:
    """The same with the time of day."""
    write(f"{time.strftime('%H:%M:%S')}  {text}")


@dataclass(slots=True)
class SessionLines:
    """A watcher: a line a phase, and a line a minute of the charge loop. `measured`: voltage, current and power (+ into the vehicle)."""

    name: str
    measured: Callable[[], tuple[Volt, Ampere, Watt]]
    _phase: Phase | None = None
    _due: Second = 0.0

    def __call__(self, seen: Seen) -> None:
        if isinstance(seen, PhaseChanged):
            self._phase, self._due = seen.after, seen.at + MINUTE
            say(f"{self.name}: {seen.after}")
        elif isinstance(seen, Exchanged) and self._phase is Phase.CHARGE_LOOP and seen.at >= self._due:
            self._due += MINUTE
            voltage, current, power = self.measured()
            say(f"{self.name}:   {voltage:5.1f} V  {current:+6.1f} A  {power / KW:+5.1f} kW  {direction(power)}")


class _LogLines(logging.Handler):
    """The log of the shell, a line each; what an error was, but not where in our sources."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        told = "" if error is None else f": {type(error).__name__}: {error}"
        rank = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        say(f"{rank}{record.getMessage()}{told}")


@contextmanager
def shown_log(level: str) -> Iterator[None]:
    """The log from `level` upwards appears among the lines; behind it the log is as it was."""
    logger, handler = logging.getLogger("iso15118"), _LogLines()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(LEVELS[level])
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


@contextmanager
def hidden_log() -> Iterator[None]:
    """The log appears nowhere: there is nothing but the result to be printed."""
    logger, handler = logging.getLogger("iso15118"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def writable(name: str, option: str = "--record") -> Path:
    """The path of a recording to be, that `option` has named.

    Raises LocalError now, rather than after the session, if it cannot be written.
    """
    path = Path(name)
    new = not path.exists()
    try:
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        raise LocalError(f"{option} {name}: cannot be written: {error.strerror}") from None
    return path


def misbehaviour(arguments: Namespace) -> Wiring | None:
    """What `--misbehave` names, None without it. Raises LocalError on a wrong file."""
    if arguments.misbehave is None:
        return None
    from iso15118.service.config.misbehaviour import load  # an honest side starts without it
    from iso15118.service.misbehave import misbehaving

    return misbehaving(*load(Path(arguments.misbehave)))
