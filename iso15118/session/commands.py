"""What a session wants done. Closed vocabulary of `step`; the shell performs, in this order, and never answers back but by events."""

from __future__ import annotations

from typing import TypeAlias

from iso15118.exi import Message
from iso15118.power import Setpoint, VehicleSetpoint
from iso15118.sequence.timers import Timer
from iso15118.session.consult import Question
from iso15118.session.value_added import Selected
from iso15118.value import Value


class Send(Value):
    """Encode and write. `Sent` follows when the write is complete."""

    message: Message
    payload_type: int


class Arm(Value):
    """Start (or start anew) a timer."""

    timer: Timer
    seconds: float


class Disarm(Value):
    """Stop a timer; nothing happens if it does not run."""

    timer: Timer


class Apply(Value):
    """The wanted state of metal, whole, for the next 300 ms: a charger's `Setpoint` or a car's `VehicleSetpoint`."""

    setpoint: Setpoint | VehicleSetpoint


class Provide(Value):
    """The value-added services taken, whole: the charger serves and the car uses these and no others; empty: none any more."""

    selected: tuple[Selected, ...]


class Consult(Value):
    """Ask those who hold keys and trust. `Consulted` follows, unless the session ends before; meanwhile it goes on."""

    question: Question


class Note(Value):
    """Something a person should read: a deviation of the peer, a refusal and its reason."""

    text: str
    serious: bool = False
    """Power was taken away for it."""


class Close(Value):
    """Close the connection. `clean`: the session ended in order (SessionStop)."""

    why: str
    clean: bool = False


Command: TypeAlias = Send | Arm | Disarm | Apply | Provide | Consult | Note | Close
