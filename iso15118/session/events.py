"""What happens to a session. Closed vocabulary of `step`; both roles share it."""

from __future__ import annotations

from typing import TypeAlias

from iso15118.errors import CodecError
from iso15118.exi import Message
from iso15118.messages.v20.common import EVSENotification
from iso15118.sequence.streams import Stream
from iso15118.sequence.timers import Timer
from iso15118.session.consult import Advice
from iso15118.value import Value


class Connected(Value):
    """The connection stands. The charger starts to wait, the car starts to speak. `secure`: over TLS 1.3 with both sides' certificates."""

    secure: bool = False
    peer: bytes = b""
    """SHA-512 of the peer's certificate, where there is one."""


class Received(Value):
    """A whole, valid message came, on this V2GTP payload type."""

    message: Message
    payload_type: int


class Garbled(Value):
    """A frame came that is not a message."""

    error: CodecError


class Sent(Value):
    """The last message on this stream has left this machine."""

    stream: Stream = Stream.MAIN


class Elapsed(Value):
    """A timer that was armed has run out."""

    timer: Timer


class Tick(Value):
    """Every 100 ms, and at once when metal reports something new: set-points are renewed or withdrawn."""


class StopWanted(Value):
    """Someone on this side (operator, site, driver, a signal to the process) wants the session to end in order."""

    why: str


class NotificationWanted(Value):
    """Someone on the charger's side wants something of the car beside an end: a pause, a renegotiation, a reading confirmed.

    On the car's side: a new schedule, which either side may want.
    """

    notification: EVSENotification
    why: str = ""


class Consulted(Value):
    """The answer to the question of this number."""

    number: int
    advice: Advice


class Closed(Value):
    """The connection is gone: the peer's end, a reset, a failed write."""

    why: str


Event: TypeAlias = Connected | Received | Garbled | Sent | Elapsed | Tick | StopWanted | NotificationWanted | Consulted | Closed
