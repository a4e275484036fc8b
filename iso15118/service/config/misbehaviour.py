"""Misbehaviours in a file: a table each, `at` a message, and what is done to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from iso15118.errors import LocalError
from iso15118.service.config.toml import Flag, Positive, Table, Text, read
from iso15118.service.misbehave import misbehaving
from iso15118.sim import misbehaviour as sim
from iso15118.sim.misbehaviour import Misbehaviour

Count = Annotated[int, Field(ge=1, description="a whole number >= 1")]
Natural = Annotated[int, Field(ge=0, description="a whole number >= 0")]
Hexadecimal = Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})*$", description="hexadecimal octets")]
Word = Annotated[int, Field(ge=0, le=0xFFFF, description="a whole number of 16 bits")]
Length = Annotated[int, Field(ge=0, le=0xFFFF_FFFF, description="a whole number of 32 bits")]


class MisbehaviourTable(Table):
    """One of them: keys of one kind only."""

    at: Text
    """A message of the side that misbehaves."""
    nth: Count = 1
    """Which of them in each connection."""
    times: Natural = 1
    """How many in a row; 0: all from there on."""
    silent: Flag | None = None
    """It is not said, nor any later one."""
    late: Positive | None = None
    """It leaves so many seconds later."""
    session_id: Annotated[Literal["bit", "zero", "short", "long"] | None, Field(description='"bit", "zero", "short" or "long"')] = None
    """It bears another SessionID."""
    instead: Text | None = None
    """It is another one: the smallest of that name, or JSON."""
    values: Annotated[dict[str, Any] | None, Field(description="a table of elements and their values")] = None
    """Elements by name or path with dots, and what they are to be."""
    octets: Hexadecimal | None = None
    """These octets in its place."""
    keep: Natural | None = None
    """Only so many of its octets."""
    flip: Annotated[list[Natural] | None, Field(description="a list of bits, counted from 0")] = None
    """These bits the other way."""
    payload_type: Word | None = None
    """In the V2GTP header."""
    length: Length | None = None
    """In the V2GTP header."""
    version: Word | None = None
    """In the V2GTP header."""
    extra: Flag | None = None
    """Besides the right frame, before it."""
    half: Natural | None = None
    """It breaks off after so many octets of its frame."""
    copies: Count | None = None
    """It is said so many times more."""
    gone: Annotated[Literal["close", "reset"] | None, Field(description='"close" or "reset"')] = None
    """It is not said; the connection goes."""
    deaf: Positive | None = None
    """It is said every so many seconds, and nothing is read any more."""


KINDS = {
    "silent": (),
    "late": (),
    "session_id": (),
    "instead": ("payload_type",),
    "values": (),
    "octets": ("keep", "flip"),
    "keep": ("flip",),
    "flip": (),
    "half": (),
    "copies": (),
    "gone": (),
    "deaf": (),
    "payload_type": ("length", "version", "extra"),
    "length": ("version", "extra"),
    "version": ("extra",),
}
"""What a table may be, by its first key here, and the keys that may stand beside it."""


class MisbehaviourFile(Table):
    """Misbehaviours on their own, for a charger."""

    misbehaviour: Annotated[list[MisbehaviourTable], Field(min_length=1, description="at least one [[misbehaviour]] table")]
    """What is done wrong."""


def load(path: Path) -> tuple[Misbehaviour, ...]:
    """The misbehaviours in the file `path`. Raises LocalError."""
    return misbehaviours(f"{path}: ", read(path, MisbehaviourFile).misbehaviour)


def misbehaviours(where: str, tables: Sequence[MisbehaviourTable]) -> tuple[Misbehaviour, ...]:
    """The values that tables describe. Raises LocalError; `where`: file, and what holds the tables."""
    found = tuple(_misbehaviour(f"{where}misbehaviour[{i}]", table) for i, table in enumerate(tables))
    try:
        misbehaving(*found)
    except LocalError as error:
        raise LocalError(f"{where}misbehaviour: {error}") from None
    return found


def _misbehaviour(where: str, table: MisbehaviourTable) -> Misbehaviour:
    given = said(table) - {"at", "nth", "times"}
    kind = next((key for key in KINDS if key in given), None)
    if kind is None:
        raise LocalError(f"{where}: nothing happens at {table.at}; allowed: one of {', '.join(KINDS)}")
    if wrong := given - {kind, *KINDS[kind]}:
        raise LocalError(f"{where}.{min(wrong)}: stands beside {kind}; allowed beside it: {', '.join(KINDS[kind]) or 'nothing'}")
    when: dict[str, Any] = {"at": table.at, "nth": table.nth, "times": table.times}
    match kind:
        case "silent":
            return sim.Silent(**when)
        case "late":
            return sim.Late(**when, by=table.late or 0.0)
        case "session_id":
            return sim.WrongSession(**when, how=sim.Ident(table.session_id or "bit"))
        case "instead":
            return sim.Instead(**when, say=table.instead or "", payload_type=table.payload_type)
        case "values":
            return sim.WrongValues(**when, values=table.values or {})
        case "octets" | "keep" | "flip":
            octets = None if table.octets is None else bytes.fromhex(table.octets)
            return sim.Garbled(**when, octets=octets, keep=table.keep, flip=tuple(table.flip or ()))
        case "half":
            return sim.Half(**when, octets=table.half or 0)
        case "copies":
            return sim.Duplicate(**when, copies=table.copies or 1)
        case "gone":
            return sim.Gone(**when, reset=table.gone == "reset")
        case "deaf":
            return sim.Deaf(**when, every=table.deaf or 0.1)
        case _:
            header: dict[str, Any] = {"payload_type": table.payload_type, "length": table.length, "version": table.version}
            return sim.Framed(**when, **header, extra=bool(table.extra))


def said(table: Table) -> set[str]:
    """The keys of a table that say something: those left out, and flags that are false, do not."""
    return {key for key in type(table).model_fields if not (getattr(table, key) is None or getattr(table, key) is False)}
