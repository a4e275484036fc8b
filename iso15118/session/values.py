"""The next value from the last one, on the path that runs every 0.25 s: what `dataclasses.replace` does, in a third of its time."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, TypeVar

V = TypeVar("V")

_set = object.__setattr__


_readers: dict[type, tuple[tuple[str, ...], Any]] = {}
"""A class to its field names, and what reads them all at once."""


def changed(value: V, **changes: Any) -> V:
    """A copy of a frozen, slotted dataclass with some fields replaced. Raises AttributeError on a field it does not have."""
    cls = value.__class__
    if cls not in _readers:
        fields: tuple[str, ...] = cls.__slots__  # type: ignore[attr-defined]
        _readers[cls] = fields, attrgetter(*fields)
    names, read = _readers[cls]
    new = object.__new__(cls)
    for name, old in zip(names, read(value), strict=True):
        _set(new, name, old)
    for name, now in changes.items():
        _set(new, name, now)
    return new
