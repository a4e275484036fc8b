"""What a peer may do wrong, as data: for a car that tests chargers, and a charger that tests cars.

A misbehaviour names a message of its own side and which of them is meant; `service.misbehave` plays it, between a session and its
connection. The session itself is honest and knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from iso15118.errors import LocalError
from iso15118.units import Second
from iso15118.value import Value


class Misbehaviour(Value, kw_only=True):
    """The base: when it happens."""

    at: str
    """A message that this side says, by its name: DC_ChargeLoopReq."""
    nth: int = 1
    """The first of them that is meant, counted from 1 in each connection."""
    times: int = 1
    """How many of them in a row; 0: all from there on."""

    def __post_init__(self) -> None:
        if self.nth < 1 or self.times < 0:
            raise LocalError(f"{self}: nth is at least 1, times at least 0")

    def meant(self, name: str, count: int) -> bool:
        """True for the `count`th message called `name` where this is its moment."""
        return name == self.at and count >= self.nth and (not self.times or count < self.nth + self.times)


class Silent(Misbehaviour, kw_only=True):
    """The message is not said, nor any later one: the side hangs with its connection open and its metal as it stands."""


class Late(Misbehaviour, kw_only=True):
    """The message leaves `by` seconds later; the side's own wait for an answer begins then."""

    by: Second


class Ident(StrEnum):
    """Ways for a SessionID to be wrong."""

    BIT = "bit"
    """The lowest bit of its last octet is the other one."""
    ZERO = "zero"
    SHORT = "short"
    """Seven octets, which the schema forbids."""
    LONG = "long"
    """Nine."""


class WrongSession(Misbehaviour, kw_only=True):
    """The message bears another SessionID. It must have a header."""

    how: Ident = Ident.BIT


class Instead(Misbehaviour, kw_only=True):
    """Another message stands in place of this one."""

    say: str
    """Its name, for the smallest message of that class; or its JSON, as `chargeloop exi` writes it. A header left out is filled in."""
    payload_type: int | None = None
    """On this stream; None: where it belongs."""


class WrongValues(Misbehaviour, kw_only=True):
    """Elements of the message have other values: still a valid message, but one that lies."""

    values: Mapping[str, object]
    """Name of an element, or its path with dots, to its JSON. A number will do where a RationalNumber stands; None leaves it out."""


class Garbled(Misbehaviour, kw_only=True):
    """The payload is not what the session wrote; its header is right."""

    octets: bytes | None = None
    """In its place."""
    keep: int | None = None
    """Only so many octets of it."""
    flip: tuple[int, ...] = ()
    """These bits are the other ones, counted from 0; those behind the end are passed over."""


class Framed(Misbehaviour, kw_only=True):
    """The V2GTP header is wrong: other values stand in it, the payload is what it was."""

    extra: bool = False
    """The right frame follows."""

    payload_type: int | None = None
    length: int | None = None
    version: int | None = None
    """Version and inverse version as one number; 0x01FE is right."""


class Half(Misbehaviour, kw_only=True):
    """Only the first `octets` of the frame are written, header included; then the side hangs as if `Silent`."""

    octets: int


class Duplicate(Misbehaviour, kw_only=True):
    """The frame is written `copies` times more."""

    copies: int = 1


class Gone(Misbehaviour, kw_only=True):
    """In place of the message the connection goes."""

    reset: bool = False
    """By a reset; else it is closed, as if in order."""


class Deaf(Misbehaviour, kw_only=True):
    """From this message on nothing is read from the connection, and the message is said again and again, every `every` seconds."""

    every: Second = 0.1
