"""Says what is wrong with a message: the facets of its class, walked one by one. The coders only notice; this explains."""

from __future__ import annotations

from typing import Any

from iso15118.errors import CodecError
from iso15118.exi.bits import write_binary, write_integer, write_text
from iso15118.exi.grammar import Position, Value, fields
from iso15118.exi.message import Binary, Enumeration, Integer, Message, Text


def check(message: Message) -> None:
    """Raises CodecError naming the first element (path outermost first) that breaks a facet of its type."""
    cls = type(message)
    for name, position in fields(cls).items():
        value = getattr(message, name)
        if isinstance(position, list):
            _check_group(position, name, value)
        elif position.many:
            _check_list(position, value)
        elif value is not None:
            _check_value(position.value, position.wire, value)
        elif position.min and not any(name in group for group in cls.choice):
            raise CodecError("missing", path=position.wire)
    for group in cls.choice:
        present = [name for name in group if name and getattr(message, name) is not None]
        if len(present) > 1 or (not present and "" not in group):
            raise CodecError(f"exactly one of {', '.join(filter(None, group))} is needed, not {len(present)}")


def _check_group(positions: list[Position], name: str, value: Any) -> None:
    if value is None:
        if positions[0].min:
            raise CodecError("missing", path=name)
        return None
    for position in positions:
        if position.value is type(value):
            return _check_value(position.value, position.wire, value)
    raise CodecError(f"{type(value).__name__} is none of {', '.join(p.wire for p in positions if p.field)}", path=name)


def _check_list(position: Position, value: Any) -> None:
    if not isinstance(value, tuple):
        raise CodecError(f"{type(value).__name__} instead of a tuple", path=position.wire)
    if len(value) < position.min or (position.max is not None and len(value) > position.max):
        raise CodecError(f"{len(value)} items are not within {position.min}..{position.max or 'any'}", path=position.wire)
    for index, item in enumerate(value):
        _check_value(position.value, f"{position.wire}[{index}]", item)


def _check_value(kind: Value | None, wire: str, value: Any) -> None:
    if isinstance(kind, type) and issubclass(kind, Message):
        if type(value) is not kind:
            raise CodecError(f"{type(value).__name__} instead of {kind.__name__}", path=wire)
        try:
            return check(value)
        except CodecError as error:
            raise error.inside(wire) from None
    try:
        match kind:
            case Integer(low, high):
                write_integer(value, low, high)
            case Text(high, low):
                write_text(value, low, high)
            case Binary(high, low):
                write_binary(value, low, high)
            case _ if kind is bool and isinstance(value, bool):
                pass
            case _ if isinstance(kind, type) and issubclass(kind, Enumeration):
                kind(value)
            case _:
                raise TypeError
    except (TypeError, ValueError):
        raise CodecError(f"{value!r} is not {_words(kind)}", path=wire) from None


def _words(kind: Value | None) -> str:
    match kind:
        case Integer(low, high):
            return f"an integer within {low}..{high}"
        case Text(high, low):
            return f"a string of {low}..{'any' if high is None else high} legal characters"
        case Binary(high, low):
            return f"{low}..{'any' if high is None else high} octets"
        case _ if isinstance(kind, type) and issubclass(kind, Enumeration):
            return f"one of {', '.join(kind)}"
        case _:
            return "a boolean"
