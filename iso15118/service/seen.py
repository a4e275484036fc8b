"""What a conversation lets others see: values for views, logs and recorders. Looking on changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from iso15118.exi import Message
from iso15118.sequence.phases import Phase
from iso15118.units import Second
from iso15118.value import Value


class Direction(StrEnum):
    """Seen from here."""

    IN = "in"
    OUT = "out"


class Exchanged(Value):
    """A message came or went. `raw`: its EXI octets, without the V2GTP header; `at`: monotonic seconds, as everywhere here."""

    at: Second
    direction: Direction
    payload_type: int
    message: Message
    raw: bytes


class PhaseChanged(Value):
    """The session went on."""

    at: Second
    before: Phase
    after: Phase


class Noted(Value):
    """The session has something to say to people."""

    at: Second
    text: str


class Ended(Value):
    """The connection is gone. `clean`: in order, by SessionStop; `why`: in words; `phase`: where the session stood, before ENDED.

    `late`: how many messages of each name left here after their performance time, by name.
    """

    at: Second
    why: str
    clean: bool
    phase: Phase
    late: tuple[tuple[str, int], ...] = ()


Seen: TypeAlias = Exchanged | PhaseChanged | Noted | Ended
Watcher: TypeAlias = Callable[[Seen], None]
"""Called in the loop's thread, between two frames: it must be quick. One that raises is dropped."""
