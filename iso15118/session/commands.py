"""What a session wants done. Closed vocabulary of `step`; the shell performs, in this order, and never answers back but by events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from iso15118.exi import Message
from iso15118.power import Setpoint, VehicleSetpoint
from iso15118.sequence.timers import Timer


@dataclass(frozen=True, slots=True)
class Send:
    """Encode and write. `Sent` follows when the write is complete."""

    message: Message
    payload_type: int


@dataclass(frozen=True, slots=True)
class Arm:
    """Start (or start anew) a timer."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class Disarm:
    """Stop a timer; nothing happens if it does not run."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Apply:
    """The wanted state of metal, whole, for the next 300 ms: a charger's `Setpoint` or a car's `VehicleSetpoint`."""

    setpoint: Setpoint | VehicleSetpoint


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should read: a deviation of the peer, a refusal and its reason."""

    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection. `clean`: the session ended in order (SessionStop)."""

    why: str
    clean: bool = False


Command: TypeAlias = Send | Arm | Disarm | Apply | Note | Close
