"""How long this side takes with its words, held against the performance times: what is late is counted and told, and never ends a session.

A charger's time runs from a request to its answer, a car's from an answer to its next request. Not here: the timeouts, which belong to the
session (`sequence.timers`).
"""

from __future__ import annotations

from collections import Counter
from functools import cache

from iso15118.exi import Message
from iso15118.messages.catalogue import response_of
from iso15118.sequence.streams import Stream
from iso15118.sequence.timers import times
from iso15118.units import Second

MARGIN: Second = 0.005
"""A word that is due at a deadline, as our car's is in the charge loop, is not late for a turn of the event loop."""


@cache
def _asks(cls: type[Message]) -> bool:
    return response_of(cls) is not None


class Punctuality:
    """One side of one session. `late`: how many messages of each name left after their performance time."""

    __slots__ = ("_asked", "_heard", "late")

    def __init__(self) -> None:
        self.late: Counter[str] = Counter()
        self._heard: dict[Stream, tuple[type[Message], Second]] = {}
        self._asked: dict[Stream, type[Message]] = {}

    def heard(self, stream: Stream, message: type[Message], at: Second) -> None:
        """A message came; its last octets at `at` (monotonic s)."""
        self._heard[stream] = message, at

    def said(self, stream: Stream, message: type[Message], at: Second) -> None:
        """A message left."""
        before = self._asked.get(stream)
        if _asks(message):
            self._asked[stream] = message
        found = self._heard.pop(stream, None)
        if found is None:
            return
        heard, since = found
        # A car is judged by the row of the request that was answered: what follows the charge loop is due as soon as its next turn.
        answers = _asks(heard)
        row = times(heard) if answers else times(before or message)
        if at - since > (row.answer_time if answers else row.ask_time) + MARGIN:
            self.late[message.__name__] += 1

    @property
    def told(self) -> str:
        """In words; empty: nothing was late."""
        return ", ".join(f"{name} {count}" for name, count in sorted(self.late.items()))
