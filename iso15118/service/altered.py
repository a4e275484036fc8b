"""What misbehaviour makes of messages and octets: pure functions for `misbehave`."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from iso15118.errors import CodecError, LocalError
from iso15118.exi import Message, from_json, to_json
from iso15118.exi.grammar import Position, fields
from iso15118.exi.message import Binary, Enumeration, Integer, Text
from iso15118.messages.catalogue import PAYLOADS, SCHEMAS
from iso15118.messages.v20.common import Header
from iso15118.messages.v20.rational import rational
from iso15118.sim.misbehaviour import Framed, Garbled, Ident
from iso15118.wire.v2gtp import HEADER

_HEADER: Final = struct.Struct(">HHI")


def named(message: str) -> type[Message]:
    """The class of a message by its name. Raises LocalError where there is none."""
    for name in dict.fromkeys(PAYLOADS.values()):
        if message in SCHEMAS[name].roots and message.endswith(("Req", "Res")):
            return SCHEMAS[name].roots[message]
    raise LocalError(f"there is no message {message!r}; such as DC_ChargeLoopReq, SessionSetupRes")


def said(say: str, header: Header | None) -> Message:
    """The message that `say` names or writes, with `header` where it says none. Raises LocalError."""
    if not say.lstrip().startswith("{"):
        made: Message = minimal(named(say))
        return made.but(header=header) if header is not None and "header" in type(made).__fields__ else made
    try:
        [(name, data)] = json.loads(say).items()
        cls = named(name)
        if "header" in cls.__fields__ and "Header" not in data:
            data = {"Header": to_json(header or minimal(Header)), **data}
        return from_json(cls, data)
    except (ValueError, AttributeError, TypeError) as error:
        raise LocalError(f'no message: {say!r:.100}; the JSON of one is {{"<name>": {{...}}}}: {error}') from None
    except CodecError as error:
        raise LocalError(f"no message: {say!r:.100}: {error}") from None


def minimal(cls: type[Message]) -> Any:
    """The smallest message of a class: no optional element, the first of what may be chosen, numbers at or near 0."""
    chosen = {group[0] for group in cls.choice if "" not in group}
    wanted = [name for name in cls.__fields__ if name not in cls.__defaults__ or name in chosen]
    return cls(**{name: _smallest(fields(cls)[name]) for name in wanted})


def _smallest(field: Position | list[Position]) -> object:
    position = next(each for each in field if each.field) if isinstance(field, list) else field
    kind: object
    match position.value:
        case Integer(low, high):
            kind = max(low if low is not None else 0, min(0, high if high is not None else 0))
        case Text(_, least):
            kind = "x" * least
        case Binary(_, least):
            kind = bytes(least)
        case type() as cls if issubclass(cls, Message):
            kind = minimal(cls)
        case type() as cls if issubclass(cls, Enumeration):
            kind = next(iter(cls))
        case _:
            kind = False
    return (kind,) * position.min if position.many else kind


def changed(message: Message, values: Mapping[str, object]) -> Message:
    """`message` with other values in some of its elements. Raises LocalError for an element it has not, CodecError for a wrong value."""
    for path, value in values.items():
        message = _changed(message, path, value)
    return message


def _changed(message: Message, path: str, value: object) -> Message:
    data: Any = to_json(message)
    *parents, name = path.split(".")
    place = _place(data, parents, name)
    if place is None and not parents and name in _elements(type(message)):
        place = data  # one that was left out
    if place is None:
        raise LocalError(f"{type(message).__name__} has no element {path}")
    rationals = isinstance(place.get(name), dict)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    place[name] = to_json(rational(value)) if number and rationals else value  # type: ignore[arg-type]
    if value is None:
        del place[name]
    try:
        return from_json(type(message), data)
    except CodecError:
        if not number or rationals:
            raise
        place[name] = to_json(rational(value))  # type: ignore[arg-type]
        return from_json(type(message), data)


def _elements(cls: type[Message]) -> set[str]:
    """The names of what stands directly in a message of this class."""
    return {position.wire for field in fields(cls).values() for position in (field if isinstance(field, list) else [field])}


def _place(data: Any, parents: Sequence[str], name: str) -> dict[str, Any] | None:
    """The object of the neutral form in which the element stands or, by its path, is to stand."""
    if parents:
        for parent in parents:
            data = data.get(parent) if isinstance(data, dict) else None
        return data if isinstance(data, dict) else None
    if isinstance(data, list):
        return next((found for item in data if (found := _place(item, (), name)) is not None), None)
    if not isinstance(data, dict):
        return None
    return data if name in data else _place(list(data.values()), (), name)


def other_session(message: Message, how: Ident) -> Message:
    """The message with a SessionID that is no valid one, of the right length. Raises LocalError where it bears none."""
    header: Header | None = getattr(message, "header", None)
    if header is None:
        raise LocalError(f"{type(message).__name__} has no SessionID")
    own = header.session_id
    other = bytes(len(own)) if how is Ident.ZERO else own[:-1] + bytes([own[-1] ^ 1])
    return message.but(header=header.but(session_id=other))


def other_length(body: bytes, session_id: bytes, how: Ident) -> bytes:
    """The payload with a SessionID an octet shorter or longer: EXI writes its length, in eight bits, before it. Raises LocalError."""
    other = session_id[:-1] if how is Ident.SHORT else session_id + b"\x01"
    bits = "".join(f"{octet:08b}" for octet in body)
    here, there = (f"{len(each):08b}" + "".join(f"{octet:08b}" for octet in each) for each in (session_id, other))
    if here not in bits:
        raise LocalError("the message has no SessionID")
    bits = bits.replace(here, there, 1)
    return bytes(int(bits[i : i + 8].ljust(8, "0"), 2) for i in range(0, len(bits), 8))


def garbled(body: bytes, how: Garbled) -> bytes:
    """What becomes of a payload."""
    octets = bytearray(body if how.octets is None else how.octets)
    for bit in how.flip:
        if bit < 8 * len(octets):
            octets[bit // 8] ^= 0x80 >> bit % 8
    return bytes(octets if how.keep is None else octets[: how.keep])


def framed(frame: bytes, body: bytes) -> bytes:
    """Another payload under the same header, its length right."""
    versions, payload_type, _ = _HEADER.unpack_from(frame)
    return _HEADER.pack(versions, payload_type, len(body)) + body


def headed(frame: bytes, how: Framed) -> bytes:
    """The same payload under another header."""
    given = (how.version, how.payload_type, how.length)
    there = _HEADER.unpack_from(frame)
    return _HEADER.pack(*(old if new is None else new for old, new in zip(there, given, strict=True))) + frame[HEADER:]
