"""What happens to a session. Closed vocabulary of `step`; both roles share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from iso15118.errors import CodecError
from iso15118.exi import Message
from iso15118.sequence.timers import Timer


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection stands. The charger starts to wait, the car starts to speak."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole, valid message came, on this V2GTP payload type."""

    message: Message
    payload_type: int


@dataclass(frozen=True, slots=True)
class Garbled:
    """A frame came that is not a message."""

    error: CodecError


@dataclass(frozen=True, slots=True)
class Sent:
    """The last message has left this machine."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A timer that was armed has run out."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Tick:
    """Every 100 ms, and at once when metal reports something new: set-points are renewed or withdrawn."""


@dataclass(frozen=True, slots=True)
class StopWanted:
    """Someone on this side (operator, site, driver, a signal to the process) wants the session to end in order."""

    why: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is gone: the peer's end, a reset, a failed write."""

    why: str


Event: TypeAlias = Connected | Received | Garbled | Sent | Elapsed | Tick | StopWanted | Closed
