"""Frozen values to and from plain JSON data, by their type annotations: snapshots, events and configurations in recordings.

Messages are not the business of this: they travel as their EXI octets.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from iso15118.errors import LocalError
from iso15118.value import Value, ValueType

T = TypeVar("T")


def plain(value: object) -> Any:
    """`value` as dicts, lists, texts, numbers and None. Enumerations by name, octets in hexadecimal, sets sorted."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, Value):
        return {name: plain(getattr(value, name)) for name in type(value).__fields__}
    raise LocalError(f"{type(value).__name__} has no plain form")


def build(kind: type[T], data: object) -> T:
    """The value of type `kind` whose plain form `data` is. Raises LocalError where it is none."""
    try:
        built: T = _build(kind, data, {})
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise LocalError(f"not the plain form of {getattr(kind, '__name__', kind)}: {error}") from None
    return built


def _build(kind: Any, data: Any, bound: dict[Any, Any]) -> Any:
    kind = bound.get(kind, kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if data is None and type(None) in arguments:
            return None
        if type(data) in arguments:  # one of several plain types
            return data
        some = [argument for argument in arguments if argument is not type(None)]
        (only,) = (
            some if len(some) == 1 else (argument for argument in some if isinstance(argument, ValueType) is isinstance(data, Mapping))
        )
        return _build(only, data, bound)
    if origin is Mapping:
        return {name: _build(arguments[1], item, bound) for name, item in data.items()}
    if origin is tuple and arguments == (float, Ellipsis):  # of thousands
        return tuple(map(float, data))
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_build(arguments[0], item, bound) for item in data)
        return tuple(_build(argument, item, bound) for argument, item in zip(arguments, data, strict=True))
    if origin is frozenset:
        return frozenset(_build(arguments[0], item, bound) for item in data)
    if isinstance(origin, ValueType):
        return _fill(origin, data, dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=True)))
    if isinstance(kind, ValueType):
        return _fill(kind, data, {})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind[data]
    if isinstance(kind, type) and issubclass(kind, tuple):  # a NamedTuple
        hints = _hints(kind)
        return kind(*(_build(hints[name], item, bound) for name, item in zip(kind._fields, data, strict=True)))  # type: ignore[attr-defined]
    if kind is bytes:
        return bytes.fromhex(data)
    if kind in (str, int, bool) and type(data) is not kind:
        raise TypeError(f"{data!r} is no {kind.__name__}")
    return data


def _fill(kind: Any, data: Any, bound: dict[Any, Any]) -> Any:
    hints = _hints(kind)
    return kind(**{name: _build(hints[name], item, bound) for name, item in data.items()})


@lru_cache(maxsize=64)
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
