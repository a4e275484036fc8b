"""The neutral JSON form of a message: an object an element, keys are wire names in schema order, attributes first.

Lists for what may occur more than once, absent elements left out, hexBinary in upper-case hex, base64Binary in base64, members of
a substitution group under their own element name. Simple content beside attributes has the key `value`; an element of several types
(`Relaxed`) is its text alone where it has no attribute.
"""

from __future__ import annotations

import binascii
from functools import cache
from typing import Any, TypeVar

from iso15118.errors import CodecError
from iso15118.exi.check import check
from iso15118.exi.grammar import ATTRIBUTE, CHARACTERS, Position, Value, fields
from iso15118.exi.message import Binary, Enumeration, Message, Relaxed

M = TypeVar("M", bound=Message)


@cache
def _ordered(cls: type[Message]) -> list[tuple[str, Position | list[Position]]]:
    """Fields in the order of the JSON form: attributes first, sorted by wire name."""
    items = list(fields(cls).items())
    attributes = [(n, p) for n, p in items if isinstance(p, Position) and p.kind == ATTRIBUTE]
    return sorted(attributes, key=lambda item: item[1].wire) + [item for item in items if item not in attributes]


def to_json(message: Message) -> dict[str, Any] | str:
    """The neutral form of a message, without its root's name. Ready for `json.dumps`."""
    result: dict[str, Any] = {}
    for name, position in _ordered(type(message)):
        value = getattr(message, name)
        if value is None or value == ():
            continue
        if isinstance(position, list):
            result[type(value).__name__] = to_json(value)
        elif position.many:
            result[position.wire] = [_to_plain(position.value, item) for item in value]
        else:
            result["value" if position.kind == CHARACTERS else position.wire] = _to_plain(position.value, value)
    if isinstance(message.content, Relaxed) and list(result) == ["value"]:
        return str(result["value"])
    return result


def _to_plain(kind: Value | None, value: Any) -> Any:
    if isinstance(value, Message):
        return to_json(value)
    if isinstance(kind, Binary):
        return value.hex().upper() if kind.hex else binascii.b2a_base64(value, newline=False).decode("ascii")
    return str(value) if isinstance(value, Enumeration) else value


def from_json(cls: type[M], data: Any) -> M:
    """The message of class `cls` that `data` describes. Raises CodecError with the path of the first thing wrong."""
    message = _build(cls, data)
    check(message)
    return message


def _build(cls: type[M], data: Any) -> M:
    if isinstance(cls.content, Relaxed) and isinstance(data, str):
        data = {"value": data}
    if not isinstance(data, dict):
        raise CodecError(f"{type(data).__name__} instead of an object")
    values: dict[str, Any] = {name: () if isinstance(p, Position) and p.many else None for name, p in fields(cls).items()}
    known = {}
    for name, position in fields(cls).items():
        for p in position if isinstance(position, list) else [position]:
            if p.field:
                known["value" if p.kind == CHARACTERS else p.wire] = (name, p)
    for key, item in data.items():
        if key not in known:
            raise CodecError(f"unknown; {cls.__name__} has {', '.join(known) or 'no content'}", path=str(key))
        name, position = known[key]
        if position.many:
            if not isinstance(item, list):
                raise CodecError(f"{type(item).__name__} instead of a list", path=key)
            values[name] = tuple(_from_plain(position.value, f"{key}[{i}]", one) for i, one in enumerate(item))
        else:
            values[name] = _from_plain(position.value, key, item)
    return cls(**values)


def _from_plain(kind: Value | None, wire: str, item: Any) -> Any:
    try:
        if isinstance(kind, Binary):
            return bytes.fromhex(item) if kind.hex else binascii.a2b_base64(item, strict_mode=True)
        if isinstance(kind, type) and issubclass(kind, Enumeration):
            return kind(item)
        if isinstance(kind, type) and issubclass(kind, Message):
            return _build(kind, item)
    except CodecError as error:
        raise error.inside(wire) from None
    except (TypeError, ValueError, binascii.Error):
        wanted = ("hexadecimal" if kind.hex else "base64") if isinstance(kind, Binary) else f"one of {', '.join(kind)}"  # type: ignore[arg-type]
        raise CodecError(f"{item!r} is not {wanted}", path=wire) from None
    return item
